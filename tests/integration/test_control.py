# SPDX-License-Identifier: ISC
"""The control sockets of the real programs, and those who have the right to connect and do their worst with it: the
program goes on with its work, answers those who behave, and holds on to nothing."""

import contextlib
import json
import os
import random
import socket
import threading
import time

import dns.rcode
import pytest

from harness import (BIN, MAKE_STORE, ROOT, Program, control_ask, control_hear, control_join, control_socket, free_port,
                     make_certificate, query, run, wait_until)

ZONE = """\
@ SOA ns1 hostmaster 1 14400 3600 604800 300
@ NS ns1
ns1 A 192.0.2.1
"""
# An ordinary user cannot count the descriptors of a program that is confined.
OPTIONS = [] if ROOT else ["--unconfined"]
SERVED = 16  # at a time: CONTROL_CLIENTS_MAX
CLIENTS = 100


class Server:
    """zone-server. Its work: answers."""

    name = "zone-server"
    command = "status"

    def __init__(self, directory):
        zone = directory / "zone"
        zone.write_text(ZONE)
        run(MAKE_STORE, directory / "serve", f"example.={zone}:nsec")
        self.port = free_port()
        self.control = directory / "server.sock"
        with control_socket(self.control) as listener:
            self.program = Program(BIN / "zone-server", *OPTIONS, "--rate-limit", 0, "--serve", directory / "serve", "--listen",
                                   f"127.0.0.1@{self.port}", "--control", listener.fileno(),
                                   log=directory / "server.log", pass_fds=[listener.fileno()])
        wait_until(lambda: "serving" in self.program.log() and self.answer(False) == dns.rcode.NOERROR, "it serves")

    def answer(self, tcp):
        return query(self.port, "ns1.example.", "A", tcp=tcp).rcode()

    def works(self):
        return self.answer(False) == self.answer(True) == dns.rcode.NOERROR


class Signer:
    """zone-signer. Its work: a new certificate is published."""

    name = "zone-signer"
    command = "reload"

    def __init__(self, box):
        self.box = box
        self.control = box.directory / "signer.sock"
        with control_socket(self.control) as listener:
            self.program = Program(BIN / "zone-signer", *OPTIONS, "--config", box.config, "--control", listener.fileno(),
                                   log=box.directory / "signer.log", pass_fds=[listener.fileno()])
        self.program.wait_log("zone=example.net")

    def works(self):
        tlsa = make_certificate(self.box.tls, new_key=True)
        wait_until(lambda: tlsa in self.box.zonegen("--dump", "--signed", "example.com", check=False).stdout.lower(),
                   "the new certificate is published")
        return True


@pytest.fixture(params=["zone-server", "zone-signer"])
def subject(request, directory):
    if request.param == "zone-server":
        a_subject = Server(directory)
    else:
        a_subject = Signer(request.getfixturevalue("box"))
    with a_subject.program:
        yield a_subject


def descriptors(subject):
    return len(os.listdir(f"/proc/{subject.program.pid}/fd"))


def served(subject):
    """The connections that the program has accepted. Descriptors of its work, which come and go, are none of them."""
    connected = set()
    with open(f"/proc/{subject.program.pid}/net/unix", encoding="utf-8") as file:
        for line in file:
            fields = line.split(maxsplit=7)
            if len(fields) == 8 and fields[5] == "03" and fields[7].rstrip("\n") == str(subject.control):
                connected.add(f"socket:[{fields[6]}]")
    count = 0
    for fd in os.scandir(f"/proc/{subject.program.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(fd.path) in connected
    return count


def resident(subject):
    with open(f"/proc/{subject.program.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def well_behaved(subject):
    reply = control_ask(subject.control, subject.command, timeout=60)
    return reply["ok"] and reply["program"] == subject.name


def test_garbage_is_refused_with_words(subject):
    chance = random.Random(1)
    before = descriptors(subject)
    for octets in (b"\n", b"hello\n", b"\x00\n", b"\xff\xfe\n", b"{}\n", b"[]\n", b'{"command":[]}\n',
                   b'{"command":"' + b"x" * 4000 + b'"}\n', b"[" * 4000 + b"\n",
                   b'{"command":"status"}' + b" " * 5000 + b"\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                   *[chance.randbytes(2000).replace(b"\n", b"") + b"\n" for _ in range(50)]):
        with control_join(subject.control) as client:
            client.sendall(octets)
            reply = control_hear(client)
            assert reply["ok"] is False and reply["program"] == subject.name and reply["error"], octets
    assert well_behaved(subject) and subject.works()
    wait_until(lambda: descriptors(subject) <= before, "all connections are closed again")


def test_a_flood_without_line_ends_is_cut_off(subject):
    with control_join(subject.control) as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(1000):
            client.sendall(b"x" * 10000)
        pytest.fail("ten megabytes were taken as one line")
    assert well_behaved(subject)


def test_half_lines_and_clients_that_vanish_are_nothing(subject):
    before = descriptors(subject)
    request = json.dumps({"command": subject.command}).encode() + b"\n"
    for i in range(200):
        with control_join(subject.control) as client:
            client.sendall(request[: i % (len(request) + 1)])
    assert well_behaved(subject) and subject.works()
    wait_until(lambda: descriptors(subject) <= before, "all connections are closed again")


def test_a_client_that_never_reads_costs_little(subject):
    """It asks without end. What it has not read is not computed in advance."""
    before = resident(subject)
    request = b'{"command":"unknown"}\n'
    with control_join(subject.control) as client:
        client.setblocking(False)
        sent = 0
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and sent < 50_000_000:
            try:
                sent += client.send(request * 1000)
            except BlockingIOError:
                time.sleep(0.01)
            except ConnectionError:
                break
        assert well_behaved(subject) and subject.works()
        assert resident(subject) - before < 20_000_000
        # and is closed, though it is not asked to
        client.setblocking(True)
        client.settimeout(30)
        with contextlib.suppress(ConnectionError):
            while client.recv(1 << 20):
                pass


def test_a_hundred_clients_do_not_stop_its_work(subject):
    """They connect and say nothing, or half a line, again and again, all the time."""
    over = threading.Event()

    def hold(number):
        while not over.is_set():
            with contextlib.suppress(OSError), control_join(subject.control, timeout=1) as client:
                client.sendall(b'{"comm' if number % 2 else b"")
                client.recv(1)
            over.wait(0.05)  # the queue may be full, which is said at once

    before = descriptors(subject)
    holders = [threading.Thread(target=hold, args=(i,)) for i in range(CLIENTS)]
    for holder in holders:
        holder.start()
    try:
        wait_until(lambda: served(subject) == SERVED, lambda: f"{served(subject)} of {SERVED} are served")
        for _ in range(5):
            assert subject.works()
            assert served(subject) <= SERVED
    finally:
        over.set()
        for holder in holders:
            holder.join()
    assert well_behaved(subject)
    wait_until(lambda: descriptors(subject) <= before, "all connections are closed again")


def test_who_waits_behind_silent_clients_has_his_turn(subject):
    silent = [control_join(subject.control) for _ in range(20)]
    assert well_behaved(subject)  # after their time is up
    for client in silent:
        client.close()


def connects_as_nobody(path):
    child = os.fork()
    if child == 0:
        code = 2
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
            code = 0
        except PermissionError:
            code = 1
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 1)
    return code == 0


def test_a_user_without_the_right_gets_no_connection(subject, directory):
    if os.getuid() != 0:
        pytest.skip("needs root, to be somebody else")
    for parent in {directory, subject.control.parent}:
        os.chmod(parent, 0o755)
    os.chmod(subject.control, 0o660)
    assert not connects_as_nobody(subject.control)
    assert well_behaved(subject)
    os.chmod(subject.control, 0o666)
    assert connects_as_nobody(subject.control)
