# SPDX-License-Identifier: ISC
"""zone-signer with a clock that jumps while it runs, or is plainly wrong when it starts.

The clock is set with tests/support/fake_clock.c; the rest of the machine keeps its own. See decision 027.
"""

import struct
import time

import dns.rdatatype
import dns.zone
import pytest

from harness import BIN, Box, Program, control_ask, control_socket, run, scratch, wait_until

DAY = 86400
SHIM = BIN.parent / "tests" / "libfake_clock.so"


class Clock:
    """How far the signer's clock is ahead, and whether the kernel says that it is synchronised."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, ahead, synchronised=False):
        octets = struct.pack("=qq", ahead, int(synchronised))
        if not self.path.exists():
            self.path.write_bytes(octets)
        with open(self.path, "r+b") as file:  # in place: it is mapped
            file.write(octets)


class Signer:
    """zone-signer alone on the box, with that clock."""

    def __init__(self, box, clock):
        self.socket = box.directory / "signer.sock"
        self.socket.unlink(missing_ok=True)
        listener = control_socket(self.socket)
        self.program = Program(BIN / "zone-signer", "--config", box.config, "--control", listener.fileno(),
                               log=box.directory / "signer.log", pass_fds=[listener.fileno()],
                               env={"LD_PRELOAD": str(SHIM), "FAKE_CLOCK": str(clock.path),
                                    "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})
        listener.close()

    def look(self):
        """The clock is looked at each minute; now."""
        assert control_ask(self.socket, "reload")["ok"]

    def status(self):
        return control_ask(self.socket, "status")

    def wait(self, what):
        def said():
            self.look()
            return self.program.log().count(what[0]) >= what[1]
        wait_until(said, lambda: f"{what}:\n{self.program.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.program.stop()


@pytest.fixture
def box():
    with scratch() as directory:
        yield Box(directory / "box")


@pytest.fixture
def clock(box):
    return Clock(box.directory / "clock")


def published(box):
    done = box.zonegen("--dump", "--signed", "example.com", check=False)
    return dns.zone.from_text(done.stdout, origin="example.com", relativize=False) if done.returncode == 0 else None


def serial_of(box):
    zone = published(box)
    return zone.get_soa().serial if zone is not None else None


def signature_times(box):
    """The latest inception and the earliest expiration in the zone."""
    found = [rdata for _, _, rdata in published(box).iterate_rdatas() if rdata.rdtype == dns.rdatatype.RRSIG]
    return max(sig.inception for sig in found), min(sig.expiration for sig in found)


def test_a_jump_far_ahead_leaves_signatures_good_by_both_clocks(box, clock):
    with Signer(box, clock) as signer:
        wait_until(lambda: serial_of(box), lambda: f"published:\n{signer.program.log()}")
        before = serial_of(box)
        clock.set(90 * DAY)
        signer.wait(("clock-wrong", 1))
        wait_until(lambda: serial_of(box) != before, lambda: f"signed again:\n{signer.program.log()}")
        now = time.time()
        inception, expiration = signature_times(box)
        assert inception < now < now + 90 * DAY < expiration
        assert any("clock" in line for line in signer.status()["errors"])
        assert serial_of(box) < now + DAY, "the serial does not follow the wrong clock"
        clock.set(0)
        signer.wait(("clock-good-again", 1))
        inception, expiration = signature_times(box)
        assert inception < time.time() < expiration
        assert not any("clock" in line for line in signer.status()["errors"])


def test_a_clock_plainly_wrong_at_boot_changes_nothing(box, clock):
    with Signer(box, clock) as signer:
        wait_until(lambda: serial_of(box), lambda: f"published:\n{signer.program.log()}")
        wait_until(lambda: signer.status()["waiting"] == 0, "all is published")
    before = serial_of(box), signature_times(box)
    clock.set(-int(time.time()) + 1000)
    with Signer(box, clock) as signer:
        signer.wait(("clock-wrong", 1))
        signer.look()
        assert (serial_of(box), signature_times(box)) == before
        box.write_config(box.config.read_text().replace("domains:\n", "domains:\n  - example.org\n"))  # it works on
        signer.wait(("zone-published zone=example.org", 1))
        run_judges(box)
        clock.set(0, synchronised=True)
        signer.wait(("clock-good-again", 1))
        assert not any("clock" in line for line in signer.status()["errors"])
    assert serial_of(box) >= before[0]


def run_judges(box):
    path = box.directory / "signed"
    path.write_text(box.zonegen("--dump", "--signed", "example.org").stdout)
    run("ldns-verify-zone", path)


def test_what_is_served_is_verified_soon(box, clock):
    with Signer(box, clock) as signer:
        wait_until(lambda: serial_of(box), lambda: f"published:\n{signer.program.log()}")
        wait_until(lambda: signer.status()["audit"]["zones"] == signer.status()["zone-count"],
                   lambda: f"audited: {signer.status()}")
        audit = signer.status()["audit"]
        assert audit["failures"] == 0 and audit["signatures"] > 10 and audit["oldest"] <= time.time() + 1
