# SPDX-License-Identifier: ISC
"""The short forms of tests/chaos/chaos.py, where programs are killed at random while clients ask and zones change, and of
tests/chaos/flood.py."""

import sys

import harness

sys.path.insert(0, str(harness.SOURCE / "tests/chaos"))
import chaos  # noqa: E402
import flood  # noqa: E402


def test_clients_that_repeat_once_get_right_answers_whatever_is_killed(directory):
    world = chaos.chaos(directory / "box", kills=40, seed=20261122, clients=4)
    assert not world.wrong, world.wrong
    assert all(world.killed[name] > 3 for name in chaos.PROGRAMS), world.killed
    assert all(count > 20 for count in world.asked.values()), world.asked


def test_honest_clients_are_answered_beside_a_flood(directory):
    wrong, happened = flood.flood(directory / "box", seconds=3, networks=5000, seed=20261123)
    assert not wrong, (wrong, happened)
