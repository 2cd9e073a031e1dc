# SPDX-License-Identifier: ISC
"""zoned with the real zone-signer and zone-server."""

import fcntl
import os
import pathlib
import select
import signal
import socket
import time

from harness import CONFIG, make_certificate, query, serial, wait_until, within


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_pids(parent):
    """(pid, name) of the children that run, from /proc."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue  # ended meanwhile
        state, ppid = rest.split()[:2]
        if int(ppid) == parent and state != "Z":
            found.append((int(path.parent.name), head.partition("(")[2]))
    return found


def test_real_children_end_in_time_and_after_a_kill(box):
    def ending():
        box.start().wait_served("example.com", "example.net")
        before = time.monotonic()
        assert box.stop() == 0
        return time.monotonic() - before

    within(2, ending)
    box.start().wait_served("example.com")
    children = child_pids(box.program.pid)
    assert sorted(name for _, name in children) == ["zone-server", "zone-server", "zone-signer"]
    box.program.signal(signal.SIGKILL)
    box.program.wait()
    wait_until(lambda: not any(is_alive(pid) for pid, _ in children), "all children are gone", 5)
    box.program = None


def test_a_real_worker_killed_under_load_loses_at_most_what_it_had_in_hand(box):
    box.start().wait_served("example.com")
    wanted = bytes.fromhex("000000000001000000000000") + b"\x07example\x03com\x00" + bytes.fromhex("00060001")
    askers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(16)]
    sent = received = 0
    kills = 0
    try:
        for turn in range(300):
            for asker in askers:
                asker.sendto(wanted, ("127.0.0.1", box.port))
                sent += 1
            if turn % 100 == 50:
                victim = next(pid for pid, name in child_pids(box.program.pid) if name == "zone-server")
                os.kill(victim, signal.SIGKILL)
                kills += 1
            deadline = time.monotonic() + (0.02 if turn < 299 else 5.0)
            while received < sent and time.monotonic() < deadline:
                for ready in select.select(askers, [], [], 0.01)[0]:
                    ready.recv(2048)
                    received += 1
    finally:
        for asker in askers:
            asker.close()
    assert kills == 3
    assert sent - received <= kills * 64  # a batch is at most that


def test_a_dead_signer_is_back_and_goes_on_where_it_was(box):
    box.start().wait_served("example.com")
    before = serial(box.port, "example.com")
    victim = next(pid for pid, name in child_pids(box.program.pid) if name == "zone-signer")
    os.kill(victim, signal.SIGKILL)
    assert query(box.port, "example.com", "MX").answer
    box.program.wait_log("child-died child=zone-signer")
    box.tlsa = make_certificate(box.tls, new_key=True)
    wait_until(lambda: serial(box.port, "example.com") > before, "the new signer published")
    (tlsa,) = query(box.port, "_25._tcp.box.example.com", "TLSA").answer
    assert box.tlsa in tlsa.to_text().lower()


def test_as_many_addresses_as_zoned_binds_are_served(box):
    """127.0.0.0/8 is all loopback: 128 addresses there, and more sockets than a soft limit of 1024 allows."""
    many = ", ".join(f'"127.0.1.{i}@{{port}}"' for i in range(1, 128))
    box.write_config(CONFIG.replace('"::1@{port}"', many).replace("workers: 2", "workers: 5"))
    box.start().wait_served("example.com")
    assert query(box.port, "example.com", "SOA", host="127.0.1.127").answer
    assert query(box.port, "example.com", "SOA", host="127.0.1.64", tcp=True).answer


def test_a_signer_waits_for_one_that_is_just_ending(box):
    box.start().wait_served("example.com")
    box.stop()
    with open(box.state / "state" / "signer.lock", "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        box.start().program.wait_log("child-started child=zone-signer")
        time.sleep(0.3)  # it has met the lock by then, or comes later: both must do
    box.wait_served("example.com")
    assert "child-died" not in box.program.log()
