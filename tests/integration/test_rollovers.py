# SPDX-License-Identifier: ISC
"""Every change of keys in real time, in the registry's world (registrar.py): zoned signs and serves, its zone-probe looks,
the registrar follows CDS or types what `zonegen --ds` prints, and three validators ask all the while. Nothing may be bogus."""

import json
import sys
import time

import pytest

import harness
from harness import scratch, wait_until
from registrar import PARENTS
from rolling import ZONE, asked, config, policy, rolling
from watch import ANSWER, Watch, what_it_says

sys.path.insert(0, str(harness.SOURCE / "tests/chaos"))
import rolls  # noqa: E402


@pytest.fixture(scope="module")
def world():
    with scratch() as directory, rolling(directory) as a_world:
        yield a_world


def test_a_new_zone_is_offered_in_its_time(world):
    registry, box = world
    registry.registrar.enter(ZONE, box.until_offered())
    box.until_settled([(13, "csk")], set(), 30)
    assert box.ds_state() == "in"


def tags(box):
    return [key["tag"] for key in box.zone()["keys"]]


def test_a_parent_that_is_told_to_look_follows(world):
    """It looks at no other time (RFC 9859)."""
    registry, box = world
    old = tags(box)
    registry.registrar.automate(ZONE)
    with Watch(registry.validators(), asked()) as watch:
        assert watch.secure(ZONE)
        begun = time.monotonic()
        done = box.zonebox("roll", ZONE, "--yes")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: tags(box) != old, lambda: json.dumps(box.zone()), 20)
        box.until_settled([(13, "csk")], set(), 60)
        took = time.monotonic() - begun
        assert watch.secure(ZONE)
        watch.round()
    assert watch.bogus == [] and watch.wrong == []
    assert took < 60
    (key,) = box.zone()["keys"]
    assert key["state"] == "active" and key["ds"] == "in" and [key["tag"]] != old
    assert all([ds.key_tag for ds in registry.ds(ZONE, server)] == [key["tag"]] for server in PARENTS)
    assert "parent-notified" in box.program.log()
    assert box.zone()["served"]["ok"] == 3 and box.zone()["error"] is None


CHANGES = [
    ("csk-to-ksk-and-zsk", lambda box: box.write_config(config(policy(keys="ksk+zsk"))), [(13, "ksk"), (13, "zsk")]),
    ("zsk-roll", lambda box: box.zonebox("roll", ZONE, "--zsk", "--yes"), [(13, "ksk"), (13, "zsk")]),
    ("ksk-roll", lambda box: box.zonebox("roll", ZONE, "--ksk", "--yes"), [(13, "ksk"), (13, "zsk")]),
    ("nsec3", lambda box: box.write_config(config(policy(keys="ksk+zsk", denial="nsec3"))), [(13, "ksk"), (13, "zsk")]),
    ("algorithm", lambda box: box.write_config(config(policy(15, keys="ksk+zsk"))), [(15, "ksk"), (15, "zsk")]),
    ("ksk-double-ds", lambda box: (box.write_config(config(policy(15, keys="ksk+zsk", ksk_rollover="double-ds"))),
                                   box.zonebox("roll", ZONE, "--ksk", "--yes"))[1], [(15, "ksk"), (15, "zsk")]),
    ("csk-of-rsa", lambda box: box.write_config(config(policy(8))), [(8, "csk")]),
]


@pytest.mark.parametrize("change, expected", [pytest.param(change, expected, id=name) for name, change, expected in CHANGES])
def test_a_change_of_keys_is_never_bogus(world, change, expected):
    registry, box = world
    before = set(tags(box))
    registry.registrar.automate(ZONE, every=1)
    with Watch(registry.validators(), asked()) as watch:
        begun = time.monotonic()
        done = change(box)
        assert done is None or done.returncode == 0, done.stderr
        if done is not None:  # it was ordered
            wait_until(lambda: set(tags(box)) - before, lambda: json.dumps(box.zone()), 20)
        box.until_settled(expected, set())
        took = time.monotonic() - begun
        assert watch.secure(ZONE)
        watch.round()
    assert watch.bogus == [] and watch.wrong == []
    assert took < 60
    assert all(registry.ds(ZONE, server) for server in PARENTS)


def has_keys(validator):
    return what_it_says(ZONE, "DNSKEY", validator.ask(ZONE, "DNSKEY")) == ANSWER


def test_retired_and_signed_again(world):
    registry, box = world
    keys = [(key["algorithm"], key["role"]) for key in box.zone()["keys"]]
    registry.registrar.automate(ZONE, every=1)
    with Watch(registry.validators(), asked(types=("MX", "TXT"))) as watch:
        assert box.zonebox("retire", ZONE, "--yes").returncode == 0
        wait_until(lambda: box.zone()["dnssec"] == "unsigned", lambda: json.dumps(box.zone(), indent=1), 60)
        assert not registry.ds(ZONE)
        wait_until(lambda: not any(has_keys(validator) for validator in watch.validators), "no cache has its keys any more")
        watch.round()
    assert watch.bogus == [] and watch.wrong == []
    assert box.zonebox("retire", "--undo", ZONE, "--yes").returncode == 0
    registry.registrar.enter(ZONE, box.until_offered())
    box.until_settled(keys, set(), 40)
    with Watch(registry.validators(), asked()) as watch:
        assert watch.secure(ZONE)
    assert watch.bogus == [] and watch.wrong == []


def test_killed_in_the_middle_of_rollovers():
    with scratch() as directory:
        killed = rolls.rolls(directory, kills=25, seed=20261122)
    assert sum(killed.values()) >= 25 and killed["zone-signer"] > 10
