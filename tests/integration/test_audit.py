# SPDX-License-Identifier: ISC
"""What is served has a signature that does not verify, though nothing else is wrong with it: the audit finds it, a person
hears of it, and the zone is made anew."""

import json
import os
import signal
import sys

import dns.flags
import pytest

import harness
from harness import BIN, CONFIG, SPOIL_STORE, Box, query, run, serial, wait_until

sys.path.insert(0, str(harness.SOURCE / "tests/chaos"))
from rolls import child  # noqa: E402


@pytest.fixture
def box(directory):
    alarms = directory / "alarms"
    alarms.mkdir(mode=0o777)
    os.chmod(alarms, 0o777)
    with Box(directory / "box", CONFIG + f"on-alarm: 'cat >> {alarms}/lines'\n") as a_box:
        a_box.alarms = alarms / "lines"
        yield a_box


def audit(box):
    done = run(BIN / "zonebox", "--config", box.config, "status", "--json", check=False)
    return json.loads(done.stdout)["programs"].get("zone-signer", {}).get("audit") or {}


def verified(box, zone):
    path = box.directory / "served"
    path.write_text(box.zonegen("--dump", "--signed", zone).stdout)
    return run("ldns-verify-zone", path, check=False).returncode == 0


def test_a_bad_signature_is_found_told_and_mended(box):
    box.start().wait_served("example.com", "example.net")
    wait_until(lambda: audit(box).get("zones") == 2, lambda: f"{audit(box)}:\n{box.program.log()}")
    assert verified(box, "example.com") and audit(box)["failures"] == 0
    before = serial(box.port, "example.com")
    run(SPOIL_STORE, box.state / "serve", "example.com")
    assert not verified(box, "example.com")
    assert query(box.port, "example.com", "SOA", dnssec=True).flags & dns.flags.AA  # nobody has noticed
    os.kill(child(box.program.pid, "zone-signer"), signal.SIGKILL)  # the next one does not wait for a day
    wait_until(lambda: (serial(box.port, "example.com") or 0) > before, box.program.log)
    wait_until(lambda: verified(box, "example.com"), box.program.log)
    wait_until(lambda: audit(box).get("failures") == 1, lambda: f"{audit(box)}")
    assert "serve-written-by-others" not in box.program.log()
    wait_until(lambda: box.alarms.exists() and "audit-failed" in box.alarms.read_text(), box.program.log)
    assert run(BIN / "zonebox", "--config", box.config, "status", check=False).returncode == 0
