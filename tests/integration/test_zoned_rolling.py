# SPDX-License-Identifier: ISC
"""No query is lost while programs are replaced, and what a worker that is down left in its sockets is answered."""

import os
import signal
import socket
import time

import dns.exception
import dns.message
import dns.query
import pytest

from harness import CONFIG, Threads, free_port, serial, wait_until
from test_zoned_real import child_pids


class Load:
    """Asks over UDP, each time from another port, and over TCP; remembers what got no answer the first time."""

    def __init__(self, port, askers=4):
        self.port = port
        self.asked = 0
        self.lost = []
        self.askers = askers
        self.threads = Threads()

    def ask(self, tcp):
        message = dns.message.make_query("example.com", "SOA")
        message.flags = 0
        try:
            answer = (dns.query.tcp if tcp else dns.query.udp)(message, "127.0.0.1", timeout=10, port=self.port)
            if not answer.answer:
                self.lost.append(answer.to_text())
        except (OSError, EOFError, dns.exception.DNSException) as error:
            self.lost.append(f"{'TCP' if tcp else 'UDP'}: {error!r}")
        self.asked += 1

    def __enter__(self):
        for number in range(self.askers):
            self.threads.start(self.ask, number == 0)
        return self

    def __exit__(self, *exc):
        self.threads.stop()


def servers(box):
    return {pid for pid, name in child_pids(box.program.pid) if name == "zone-server"}


def test_replacing_all_workers_again_and_again_loses_no_query(box):
    box.start().wait_served("example.com")
    with Load(box.port) as load:
        for turn in range(4):
            before = servers(box)
            box.write_config(CONFIG.replace("workers: 2", f"workers: 2\n  tcp-idle: {20 + turn}s"))
            wait_until(lambda: len(servers(box)) == 2 and not servers(box) & before, "other workers", 30)
    assert load.asked > 100 and load.lost == []
    assert "child-died" not in box.program.log() and "child-killed" not in box.program.log()


def test_more_workers_and_addresses_come_without_a_gap(box):
    box.start().wait_served("example.com")
    second = free_port()
    with Load(box.port) as load:
        before = servers(box)
        box.write_config(CONFIG.replace('"::1@{port}"', f'"::1@{{port}}", "127.0.0.1@{second}"')
                         .replace("workers: 2", "workers: 3"))
        wait_until(lambda: len(servers(box)) == 3 and not servers(box) & before, "three other workers", 30)
        wait_until(lambda: serial(second, "example.com"), "the new address is served")
    assert load.lost == []


def test_fewer_workers_lose_no_query_either(box):
    box.write_config(CONFIG.replace("workers: 2", "workers: 4"))
    box.start().wait_served("example.com")
    with Load(box.port) as load:
        box.write_config(CONFIG.replace("workers: 2", "workers: 1"))
        wait_until(lambda: len(servers(box)) == 1, "one worker", 30)
    assert load.lost == []


def test_what_waits_for_a_worker_that_was_killed_is_answered(box):
    """The victim is stopped first, so that queries do wait in its sockets."""
    box.start().wait_served("example.com")
    victim = min(servers(box))
    os.kill(victim, signal.SIGSTOP)
    wanted = bytes.fromhex("000000000001000000000000") + b"\x07example\x03com\x00" + bytes.fromhex("00060001")
    askers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(64)]
    try:
        for asker in askers:
            asker.settimeout(20)
            asker.sendto(wanted, ("127.0.0.1", box.port))
        connections = [socket.create_connection(("127.0.0.1", box.port), timeout=20) for _ in range(16)]
        for connection in connections:
            connection.sendall(len(wanted).to_bytes(2, "big") + wanted)
        os.kill(victim, signal.SIGKILL)
        for asker in askers:
            assert asker.recv(2048)[3] & 0xF == 0
        for connection in connections:
            assert len(connection.recv(2048)) > 40
            connection.close()
    finally:
        for asker in askers:
            asker.close()


def asked(stage, pid):
    return [(e["request"].get("from"), e["request"]["count"]) for e in stage.events("asked", "zone-server")
            if e["pid"] == pid and e["request"]["command"] == "drain"]


def test_a_worker_that_is_down_is_drained_by_its_neighbour_until_it_is_back(stage):
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 3"))
    stage.start().ready(3)
    wait_until(lambda: all(not orders or orders[-1][1] == 0 for orders in (asked(stage, w["pid"]) for w in stage.workers())),
               "no drains are left from the start")
    neighbour, victim = (next(int(line.rpartition("pid=")[2]) for line in stage.zoned.log().splitlines()
                              if f"child-started child=zone-server.{i} " in line) for i in (0, 1))
    already = len(asked(stage, neighbour))
    stage.tell("crash")
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: asked(stage, neighbour)[already:] == [(0, 4)], "the neighbour drains four sockets")
    stage.zoned.wait_log("child=zone-server.1 in-ms=400")
    assert all(stage.ask(timeout=2) for _ in range(30))
    stage.forget("crash")
    wait_until(lambda: asked(stage, neighbour)[already:] == [(0, 4), (0, 0)], "and no more when it is back")


def test_a_successor_that_is_never_ready_leaves_the_old_one_serving(stage):
    stage.start().ready()
    old = {w["pid"] for w in stage.workers()}
    stage.tell("mute")
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 2\n  tcp-idle: 33s"))
    stage.zoned.wait_log("child-not-ready child=zone-server.0")
    assert {stage.ask() for _ in range(10)} <= old
    stage.forget("mute")
    wait_until(lambda: len(stage.workers()) == 2 and not old & {w["pid"] for w in stage.workers()}, "new ones", 30)
    assert "child-died" not in stage.zoned.log()


def test_settings_that_no_worker_starts_with_leave_the_old_ones_serving(stage):
    stage.start().ready()
    old = {w["pid"] for w in stage.workers()}
    stage.tell("crash")
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 2\n  tcp-idle: 33s"))
    stage.zoned.wait_log("in-ms=800")
    assert {w["pid"] for w in stage.workers()} == old and stage.ask() in old
    stage.zoned.signal(signal.SIGTERM)
    assert stage.zoned.wait() == 0


@pytest.mark.parametrize("victims", ["server", "signer"])
def test_steady_programs_are_back_at_once(stage, victims):
    """However often they are killed, if they ran for a second."""
    stage.start().ready()
    for _ in range(3):
        running = stage.workers() if victims == "server" else stage.signers()
        wait_until(lambda: time.time() - os.stat(f"/proc/{running[0]['pid']}").st_ctime > 1.1, "a steady run")
        os.kill(running[0]["pid"], signal.SIGKILL)
        wait_until(lambda: not set(e["pid"] for e in running) >=
                   set(e["pid"] for e in (stage.workers() if victims == "server" else stage.signers())), "a new one")
        stage.ready()
    lines = [line for line in stage.zoned.log().splitlines() if "child-restarts" in line]
    assert len(lines) == 3 and all(line.endswith("in-ms=0") for line in lines)
