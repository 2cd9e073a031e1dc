# SPDX-License-Identifier: ISC
"""zonebox roll, retire and move: what is told before, what is ordered and what is not, and that an order is not lost."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import time

import pytest

from harness import BIN, CONFIG, Box, run, scratch, wait_until

DOMAINS = """\
domains:
  - {name: quick.example, ttl: {default: 2, soa: 2, ns: 2, dnskey: 2, negative: 2}}
  - {name: split.example, dnssec: {keys: ksk+zsk}}
  - {name: sub.quick.example, zone: parent}
  - {name: plain.example, dnssec: no}
  - {name: far.example, mode: external}
"""


def zonebox(box, *arguments):
    """Where nobody can be asked."""
    return run(BIN / "zonebox", "--config", box.config, *arguments, check=False)


def zone_status(box, zone="quick.example"):
    signer = json.loads(zonebox(box, "status", "--json", zone).stdout)["programs"].get("zone-signer", {})
    return next(iter(signer.get("zones", [])), None)


def keys(box, zone="quick.example"):
    """The tags of those that stay, of those that leave, of those that are compromised."""
    listed = zone_status(box, zone)["keys"]
    return ({key["tag"] for key in listed if not key["leaving"]}, {key["tag"] for key in listed if key["leaving"]},
            {key["tag"] for key in listed if key["compromised"]})


def order_of(box, zone="quick.example"):
    life = (zone_status(box, zone) or {}).get("life")
    return life and life["order"]


def restart_signer(box):
    """Killed, and started again by zoned."""
    status = json.loads(zonebox(box, "status", "--json").stdout)
    pid = next(program["pid"] for program in status["zoned"]["programs"] if program["name"] == "zone-signer")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: zone_status(box) is not None and zone_status(box)["serial"], "zone-signer is there again")


def on_a_terminal(box, answer, *arguments):
    """What stands on the terminal, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(BIN / "zonebox", ["zonebox", "--config", str(box.config), *arguments])
    text, answered, deadline = b"", False, time.monotonic() + 20
    with contextlib.suppress(OSError):  # EIO: it has ended
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            octets = os.read(terminal, 4096)
            if octets == b"":
                break
            text += octets
            if b"[y/N]" in text and not answered:
                answered = os.write(terminal, answer) > 0
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return text.decode().replace("\r\n", "\n"), code


@contextlib.contextmanager
def started(directory):
    with Box(directory, CONFIG.replace("domains:\n", DOMAINS)) as box:
        box.start().wait_served("quick.example", "split.example", "plain.example")
        wait_until(lambda: zone_status(box)["life"], "its keys are remembered")
        yield box


@pytest.fixture
def running(directory):
    with started(directory / "box") as box:
        yield box


@pytest.fixture(scope="module")
def shared():
    """Nothing is ordered there."""
    with scratch() as directory, started(directory / "box") as box:
        yield box


# ── The plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", [["roll"], ["roll", "--algorithm", "ed25519"], ["retire"], ["move"]])
def test_the_plan_comes_first_and_nothing_is_ordered_where_nobody_can_be_asked(shared, command):
    before = keys(shared)
    dry = zonebox(shared, *command, "--dry-run", "Quick.Example.")
    assert dry.returncode == 0 and dry.stderr == ""
    assert re.search(r"^  now  +\S", dry.stdout, re.M), dry.stdout
    assert max(map(len, dry.stdout.splitlines())) <= 80
    mute = zonebox(shared, *command, "quick.example")
    assert mute.returncode == 2 and "--yes" in mute.stderr and len(mute.stderr.splitlines()) == 1
    assert mute.stdout.split() == dry.stdout.replace("Quick.Example", "quick.example").split()
    assert keys(shared) == before and order_of(shared) is None


def test_on_a_terminal_it_asks(running):
    text, code = on_a_terminal(running, b"\n", "retire", "quick.example")
    assert code == 1 and "Start? [y/N]" in text and text.endswith("Nothing was ordered.\n")
    assert order_of(running) is None
    text, code = on_a_terminal(running, b"y\n", "retire", "quick.example")
    assert code == 0 and "It is ordered" in text
    assert order_of(running) == "retire"


def test_who_moves_is_told_of_the_delegation(shared):
    text = " ".join(zonebox(shared, "move", "--dry-run", "quick.example").stdout.split())
    assert "changed at the registrar when quick.example is unsigned" in text
    assert "for 2 d after that" in text and "To stay secure instead" in text
    free = zonebox(shared, "move", "plain.example")
    assert free.returncode == 0 and "at any time" in free.stdout and "[y/N]" not in free.stdout


# ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_roll_replaces_the_keys_and_is_not_lost(running):
    (old,), _, _ = keys(running)
    done = zonebox(running, "roll", "--compromised", "--yes", "quick.example")
    assert done.returncode == 0, done.stderr
    restart_signer(running)
    wait_until(lambda: keys(running)[0] - {old}, "there is a new key")
    stay, leave, compromised = keys(running)
    assert old not in stay and leave <= {old} and compromised <= {old}


def test_one_of_two_keys_is_replaced_alone(running):
    before = {key["role"]: key["tag"] for key in zone_status(running, "split.example")["keys"]}
    assert zonebox(running, "roll", "--zsk", "--yes", "split.example").returncode == 0
    wait_until(lambda: len(keys(running, "split.example")[0] - set(before.values())) == 1, "there is a new ZSK")
    assert before["ksk"] in keys(running, "split.example")[0]
    again = zonebox(running, "roll", "--zsk", "--yes", "split.example")
    leaves = keys(running, "split.example")[1]
    assert (again.returncode, "in a rollover already" in again.stderr) == (1, True) or before["zsk"] not in leaves


@pytest.mark.parametrize("command", ["retire", "move"])
def test_to_be_unsigned_can_be_taken_back(running, command):
    assert zonebox(running, command, "--yes", "quick.example").returncode == 0
    assert order_of(running) == command
    restart_signer(running)
    assert order_of(running) == command
    text = " ".join(zonebox(running, "status", "quick.example").stdout.split())
    assert "ordered: " in text
    again = zonebox(running, command, "--yes", "quick.example")
    assert again.returncode == 1 and "ordered already" in again.stderr and "--undo" in again.stderr
    assert zonebox(running, "roll", "--yes", "quick.example").returncode == 1
    undone = zonebox(running, command, "--undo", "--yes", "quick.example")
    assert undone.returncode == 0 and "stays signed" in undone.stdout
    wait_until(lambda: order_of(running) is None and keys(running)[0], "it has keys again")
    nothing = zonebox(running, command, "--undo", "--yes", "quick.example")
    assert nothing.returncode == 1 and "nothing to take back" in nothing.stderr


@pytest.mark.parametrize("arguments, code, words", [
    (["roll"], 2, "roll wants DOMAIN"),
    (["roll", "a.example", "b.example"], 2, "roll takes DOMAIN and no more"),
    (["roll", "--undo", "quick.example"], 2, "roll takes no --undo"),
    (["retire", "--zsk", "quick.example"], 2, "retire takes no --zsk"),
    (["status", "--yes"], 2, "status takes no --yes"),
    (["roll", "--yes", "--dry-run", "quick.example"], 2, "either --yes or --dry-run"),
    (["roll", "--ksk", "--zsk", "quick.example"], 2, "all keys"),
    (["roll", "--ksk", "--algorithm", "ed25519", "quick.example"], 2, "all keys"),
    (["roll", "--algorithm", "rsasha1", "quick.example"], 2, "there are rsasha256, ecdsap256sha256, ed25519"),
    (["roll", "--zsk", "quick.example"], 1, "without --zsk"),
    (["roll", "nobody.example"], 1, "no zone of this box"),
    (["roll", "\x1b[31m"], 1, "no zone of this box"),
    (["roll", "\udcff"], 1, "UTF-8"),
    (["roll", "sub.quick.example"], 1, "part of the zone quick.example"),
    (["retire", "far.example"], 1, "mode: external"),
    (["retire", "plain.example"], 1, "dnssec: no"),
])
def test_what_cannot_be_is_one_line_with_what_can(shared, arguments, code, words):
    done = zonebox(shared, *arguments)
    assert done.returncode == code and words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stdout == "" and "\x1b" not in done.stderr


def test_without_a_signer_nothing_is_promised(box):
    done = zonebox(box, "roll", "--yes", "example.com")
    assert done.returncode == 1 and done.stdout == "" and "zone-signer does not run" in done.stderr


# ── Status ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_key_has_a_state_and_a_life(shared):
    text = zonebox(shared, "status", "split.example").stdout
    listed = zone_status(shared, "split.example")["keys"]
    assert {key["role"] for key in listed} == {"ksk", "zsk"}
    for key in listed:
        assert f"      {key['role'].upper()} {key['tag']}: {key['state']} since " in text, text
    assert len(re.findall(r"^        published, signs .+ -\* now", text, re.M)) == 2, text
    assert re.search(r"^      DS: ", text, re.M)
    own = [line for line in text.splitlines() if line.startswith("      ")]
    assert max(map(len, own)) <= 80 and text.isascii()
