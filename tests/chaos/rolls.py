#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Kills zone-signer and zone-probe again and again while keys roll, one change after the other.

    tests/chaos/rolls.py [--kills N] [--seed S]     (as root: it makes a network namespace; programs as for chaos.py)

What must hold, and ends the run with an AssertionError when it does not: three validators (tests/integration/validators.py)
find nothing bogus and nothing wrong, the judges (judges.py) agree to each version of the zone, no key file is left half
written, and every change ends as it should when the killing is over.
"""

import argparse
import collections
import itertools
import os
import pathlib
import random
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
from harness import scratch  # noqa: E402
from rolling import ZONE, asked, config, policy, rolling  # noqa: E402
from watch import Watch  # noqa: E402

# Each follows from the one before by a rollover of its own kind.
POLICIES = [
    (policy(keys="ksk+zsk"), [(13, "ksk"), (13, "zsk")]),
    (policy(15, keys="ksk+zsk", ksk_rollover="double-ds"), [(15, "ksk"), (15, "zsk")]),
    (policy(15, denial="nsec3"), [(15, "csk")]),
    (policy(13), [(13, "csk")]),
]
TARGETS = ("zone-signer", "zone-signer", "zone-signer", "zone-probe")


def child(parent, name):
    """The pid of the process of that name that the parent has started, or None."""
    for path in pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        try:
            if pathlib.Path(f"/proc/{path}/comm").read_text().strip() == name:
                return int(path)
        except FileNotFoundError:
            continue
    return None


class Killer(threading.Thread):
    def __init__(self, box, kills, seed):
        super().__init__()
        self.box, self.left, self.random = box, kills, random.Random(seed)
        self.killed = collections.Counter()
        self.ending = threading.Event()

    def run(self):
        while self.left > 0 and not self.ending.wait(self.random.choice((0.02, 0.1, 0.4, 1.2)) * self.random.random() * 2):
            name = self.random.choice(TARGETS)
            pid = child(self.box.program.pid, name)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.killed[name] += 1
                self.left -= 1


def whole_files(box):
    """Are all key files there in pairs, with their ends?"""
    for path in (box.state / "keys").glob("K*.private"):
        text = path.read_text()
        assert text.startswith("Private-key-format: v1.") and text.endswith("\n"), path
        assert path.with_suffix(".key").read_text().rstrip(), path


def rolls(directory, kills, seed):
    with rolling(directory) as (registry, box):
        registry.registrar.enter(ZONE, box.until_offered())
        box.until_settled([(13, "csk")], set())
        registry.registrar.automate(ZONE, every=1)
        killer = Killer(box, kills, seed)
        with Watch(registry.validators(), asked()) as watch:
            killer.start()
            try:
                for words, expected in itertools.cycle(POLICIES):
                    box.write_config(config(words))
                    box.until_settled(expected, set(), 240)
                    whole_files(box)
                    if not killer.is_alive():
                        break
            finally:
                killer.ending.set()
                killer.join()
            assert watch.secure(ZONE)
            watch.round()
        assert watch.bogus == [] and watch.wrong == []
        return killer.killed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with scratch() as directory:
        print(dict(rolls(directory, options.kills, options.seed)))


if __name__ == "__main__":
    main()
