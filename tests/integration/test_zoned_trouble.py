# SPDX-License-Identifier: ISC
"""Resources end, in one program or in zoned itself: the others go on, and all is back when there is room again."""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

from harness import CONFIG, control_ask, query, serial, wait_until
from test_zoned_real import child_pids, is_alive


def descriptors(pid):
    return {int(path.name) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()}


def limit(pid, what, most):
    """Lowers or raises the soft limit of a running process, as its own user, who alone may everywhere."""
    user, group = (int(re.search(f"^{name}:\t(\\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1])
                   for name in ("Uid", "Gid"))
    other = {"user": user, "group": group, "extra_groups": []} if user != os.geteuid() else {}
    subprocess.run(["prlimit", "--pid", str(pid), f"--{what}={most}:"], check=True, **other)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answers(box, count=40):
    """How many of so many queries, each from another port, are answered the first time."""
    good = 0
    for _ in range(count):
        good += bool(query(box.port, "example.com", "SOA", timeout=5).answer)
    return good


def servers(box):
    return [pid for pid, name in child_pids(box.program.pid) if name == "zone-server"]


def test_a_worker_without_descriptors_keeps_its_clients_waiting_and_nobody_else(box):
    box.start().wait_served("example.com")
    poor, other = servers(box)
    limit(poor, "nofile", max(descriptors(poor)) + 1)
    connections = [socket.create_connection(("127.0.0.1", box.port), timeout=20) for _ in range(24)]
    assert answers(box) == 40  # UDP needs none
    used = cpu_seconds(poor)
    time.sleep(1)
    assert cpu_seconds(poor) - used < 0.5  # it does not spin on what it cannot accept
    limit(poor, "nofile", 1000)
    wanted = bytes.fromhex("000000000001000000000000") + b"\x07example\x03com\x00" + bytes.fromhex("00060001")
    for connection in connections:
        with connection:
            connection.sendall(len(wanted).to_bytes(2, "big") + wanted)
            assert select.select([connection], [], [], 20)[0]
    assert is_alive(poor) and is_alive(other)


def test_a_worker_without_memory_dies_alone_or_goes_on(box):
    box.start().wait_served("example.com")
    poor, other = servers(box)
    limit(poor, "as", 1)
    connections = [socket.create_connection(("127.0.0.1", box.port), timeout=20) for _ in range(200)]
    for connection in connections:
        connection.close()
    wait_until(lambda: len(servers(box)) == 2 and answers(box, 10) == 10, "all is served", 30)
    assert is_alive(other)
    assert serial(box.port, "example.com")


def test_a_signer_without_memory_does_not_stop_what_is_served(box):
    box.start().wait_served("example.com")
    (signer,) = [pid for pid, name in child_pids(box.program.pid) if name == "zone-signer"]
    limit(signer, "as", 1)
    before = serial(box.port, "example.com")
    box.write_config(CONFIG + "ttl: {default: 555}\n")
    assert answers(box) == 40
    wait_until(lambda: serial(box.port, "example.com") != before, "a signer with memory published", 30)


def test_zoned_without_descriptors_neither_spins_nor_dies(stage):
    stage.start().ready()
    victim = stage.workers()[0]["pid"]
    limit(stage.zoned.pid, "nofile", 4)
    os.kill(victim, signal.SIGKILL)
    stage.zoned.wait_log("child-not-started")
    used, since = cpu_seconds(stage.zoned.pid), time.monotonic()
    assert any(stage.ask(timeout=0.3) for _ in range(20))  # the other worker has its share; zoned cannot tell it more
    stage.zoned.wait_log("in-ms=1600")
    assert cpu_seconds(stage.zoned.pid) - used < (time.monotonic() - since) / 2
    limit(stage.zoned.pid, "nofile", 1000)
    wait_until(lambda: len(stage.workers()) == 2, "the worker is back")
    assert control_ask(stage.box.directory / "control" / "zoned.sock", "status")["ok"]


def test_a_change_while_zoned_has_no_descriptors_is_taken_over_later(stage):
    stage.start().ready()
    old = {w["pid"] for w in stage.workers()}
    limit(stage.zoned.pid, "nofile", 4)
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 2\n  tcp-idle: 33s"))
    wait_until(lambda: "config-wrong" in stage.zoned.log() or "child-not-started" in stage.zoned.log(), "it is said")
    assert {w["pid"] for w in stage.workers()} == old and stage.ask() in old
    limit(stage.zoned.pid, "nofile", 1000)
    stage.zoned.signal(signal.SIGHUP)
    wait_until(lambda: len(stage.workers()) == 2 and not old & {w["pid"] for w in stage.workers()}, "others", 30)


def test_each_worker_has_its_share_of_the_quotas(box):
    def shares(in_all, per_address):
        box.write_config(CONFIG.replace("workers: 2", f"workers: 2\n  tcp-connections: {in_all}\n"
                                                      f"  tcp-connections-per-address: {per_address}"))
        return [f"--tcp-connections\0{in_all // 2}\0".encode(), b"--tcp-connections-per-address\0"]

    in_all, per_address = shares(300, 41)
    box.start().wait_served("example.com")
    for pid in servers(box):
        said = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        assert in_all in said and per_address + b"21\0" in said
    before = servers(box)
    in_all, per_address = shares(100, 10)  # a share of an address is not below 8
    wait_until(lambda: len(now := servers(box)) == 2 and not set(now) & set(before), "the workers are others")
    for pid in servers(box):
        said = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        assert in_all in said and per_address + b"8\0" in said
