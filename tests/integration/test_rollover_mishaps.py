# SPDX-License-Identifier: ISC
"""What befalls a box in the middle of a rollover: its disk is full, a key file is gone, unreadable, cut off or another one,
a second signer is started. The zone stays good for three validators, which ask all the while; one line says what is wrong,
however long it lasts; and when the cause is gone the rollover goes on from where it was."""

import contextlib
import json
import os
import re
import shutil
import sys
import time

import pytest

import harness
from harness import BIN, fill, run, scratch, wait_until
from rolling import DNSKEY_TTL, ZONE, asked, rolling
from watch import Watch

sys.path.insert(0, str(harness.SOURCE / "tests/chaos"))
from rolls import child  # noqa: E402


class World:
    def __init__(self, box, watch):
        self.box, self.watch = box, watch

    def lines(self, words, level="error", begin=0):
        """The lines of that level since then with one of these words."""
        return [line for line in self.box.program.log()[begin:].splitlines()
                if line.startswith(level) and re.search(words, line)]

    def look(self):
        assert self.box.zonebox("reload").returncode == 0

    def is_well(self):
        zone = self.box.zone()
        return zone is not None and zone["error"] is None

    def is_rolling(self):
        keys = self.box.zone()["keys"]
        return any(key["leaving"] for key in keys) and any(key["published"] and not key["leaving"] for key in keys)

    def roll(self):
        """It is in the middle of a rollover: of the one before, or of the next."""
        if not self.is_rolling():
            assert self.box.zonebox("roll", ZONE, "--yes").returncode == 0
            wait_until(self.is_rolling, lambda: json.dumps(self.box.zone()["keys"]))

    def files(self, suffix):
        """A file of the key that the zone rolls to."""
        tag = next(key["tag"] for key in self.box.zone()["keys"] if key["published"] and not key["leaving"])
        return self.box.state / "keys" / f"K{ZONE}.+013+{tag:05}.{suffix}"


@pytest.fixture(scope="module")
def world():
    with scratch() as directory, rolling(directory, disk="8m") as (registry, box):
        registry.registrar.enter(ZONE, box.until_offered())
        box.until_settled([(13, "csk")], set(), 30)
        registry.registrar.automate(ZONE, every=1)
        with Watch(registry.validators(), asked()) as watch:
            yield World(box, watch)


# ── Mishaps: from begin to end something is wrong ────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def moved(path):
    away = path.with_name(f"away-{path.name}")
    os.rename(path, away)
    yield
    os.rename(away, path)


@contextlib.contextmanager
def rewritten(path, change):
    kept = path.with_name(f"kept-{path.name}")
    shutil.copy2(path, kept)
    os.chown(kept, path.stat().st_uid, path.stat().st_gid)
    path.write_text(change(path.read_text()))
    yield
    os.rename(kept, path)


@contextlib.contextmanager
def closed(path):
    mode = path.stat().st_mode
    path.chmod(0)
    yield
    path.chmod(mode)


@contextlib.contextmanager
def full(world):
    filler = world.box.state / "filler"
    fill(filler)
    yield
    filler.unlink()


def as_signer(*argv, check=True):
    user = harness.USERS["signer"]
    return run("setpriv", "--reuid", user, "--regid", user, "--clear-groups", *argv, check=check)


@contextlib.contextmanager
def limited(world):
    """No file of zone-signer may grow."""
    def limit(size):
        as_signer("prlimit", "--pid", child(world.box.program.pid, "zone-signer"), f"--fsize={size}:")

    limit(0)
    yield
    limit("unlimited")


def another_key(directory):
    made = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ZONE, cwd=directory).stdout.strip()
    return lambda suffix: (directory / f"{made}.{suffix}").read_text()


MISHAPS = {
    "private-part-gone": lambda world: moved(world.files("private")),
    "private-part-cut-off": lambda world: rewritten(world.files("private"), lambda text: text[:len(text) // 2]),
    "private-part-empty": lambda world: rewritten(world.files("private"), lambda text: ""),
    "private-part-of-another":
        lambda world: rewritten(world.files("private"), lambda text: another_key(world.box.directory)("private")),
    "public-part-of-another": lambda world: rewritten(world.files("key"), lambda text: another_key(world.box.directory)("key")),
    "private-part-unreadable": lambda world: closed(world.files("private")),
    "directory-unreadable": lambda world: closed(world.box.state / "keys"),
    "disk-full": full,
    "files-limited": limited,
}


@pytest.mark.parametrize("mishap", MISHAPS)
def test_the_zone_stays_good_and_the_rollover_goes_on(world, mishap):
    box = world.box
    world.roll()
    begin = len(box.program.log())
    with MISHAPS[mishap](world):
        world.look()
        wait_until(lambda: world.lines("zone-kept|cannot-publish", begin=begin), box.program.log, 30)
        assert not world.is_well() or world.box.zonebox("status").returncode == 1
        until = time.monotonic() + DNSKEY_TTL
        wait_until(lambda: time.monotonic() > until, "longer than anything is cached")
        world.look()
        world.watch.round()
    world.look()
    wait_until(lambda: world.lines("zone-good-again|can-publish-again", "notice", begin), box.program.log, 30)
    wait_until(world.is_well, lambda: json.dumps(box.zone()))
    said = world.lines("", begin=begin)
    assert 1 <= len(said) == len(set(said)) <= 3, said  # of a disk that is full, one for each kind of file
    assert world.watch.secure(ZONE)
    assert world.watch.bogus == [] and world.watch.wrong == []


def test_a_second_signer_is_told_and_changes_nothing(world):
    box = world.box
    world.roll()
    begin = len(box.program.log())
    done = as_signer(BIN / "zone-signer", "--config", box.config, "--once", check=False)
    assert done.returncode == 1 and len(re.findall("^error", done.stderr, re.M)) == 1
    assert f"pid {child(box.program.pid, 'zone-signer')}" in done.stderr
    assert world.lines("", begin=begin) == [] and world.is_well()


def test_in_the_end_there_is_one_key_and_its_ds(world):
    world.box.until_settled([(13, "csk")], set(), 90)
    assert world.watch.secure(ZONE)
    assert world.watch.bogus == [] and world.watch.wrong == []
