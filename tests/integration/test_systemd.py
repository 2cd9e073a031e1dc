# SPDX-License-Identifier: ISC
"""zoned under a service manager: a stand-in for systemd hands over sockets, listens to what zoned tells, and watches."""

import contextlib
import os
import pathlib
import signal
import socket
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import pytest

from dot import TlsBox, in_file, presented
from harness import CONFIG, Program, free_port, make_certificate, query, serial, wait_until, within
from manager import Manager


@pytest.fixture
def manager(directory):
    a_manager = Manager(directory)
    yield a_manager
    a_manager.close()


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def has_ended(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_means_that_queries_are_answered(directory, box, abstract):
    manager = Manager(directory, abstract)
    try:
        manager.start(box)
        said = manager.wait("READY")
        assert said["READY"] == "1" and "2 of 2 zones" in said["STATUS"]
        for zone in ("example.com", "example.net"):  # asked once, at once
            assert query(box.port, zone, "SOA").answer
        assert "notice zoned ready zones=2 of=2" in box.program.log()
        box.program.signal(signal.SIGTERM)
        assert manager.wait("STOPPING")["STOPPING"] == "1"
        assert box.program.wait() == 0
    finally:
        manager.close()


def test_the_store_of_before_makes_ready_soon(manager, box):
    box.start().wait_served("example.com", "example.net")
    box.stop()

    def starting():
        begin = time.monotonic()
        manager.start(box)
        manager.wait("READY")
        took = time.monotonic() - begin
        box.stop()
        return took

    within(4, starting)  # not the patience that is for zones which do not come


def test_a_zone_that_cannot_be_published_does_not_keep_the_others(manager, box):
    box.write_config(CONFIG.replace("  - example.net\n", "  - {name: example.net, zone-file: broken.zone}\n"))
    (box.directory / "broken.zone").write_text("this is no zone\n")
    begin = time.monotonic()
    manager.start(box)
    assert "1 of 2 zones" in manager.wait("READY")["STATUS"]
    assert time.monotonic() - begin > 4.5
    assert query(box.port, "example.com", "SOA").answer


def test_not_ready_while_no_server_answers(manager, box, directory):
    libexec = directory / "libexec"
    libexec.mkdir()
    for name in ("zone-signer", "zone-server", "zone-resolver"):
        (libexec / name).symlink_to("/bin/false")
    command = manager.command(box) + ["--libexec", libexec]
    box.program = Program(*command, log=box.directory / "log", env=manager.environment())
    box.program.wait_log("in-ms=800")
    time.sleep(6)  # longer than the patience
    assert box.program.running()
    assert not manager.listen(0.1)


def test_a_server_that_cannot_be_asked_is_ready_after_some_patience(manager, box):
    for name in ("zone-server.0", "zone-server.1"):
        (box.directory / "control" / f"{name}.sock").mkdir(parents=True)  # in the place of its control socket
    manager.start(box)
    assert "0 of 2 zones" in manager.wait("READY")["STATUS"]
    assert query(box.port, "example.com", "SOA").answer


def test_a_service_manager_that_is_slow_does_not_hold_up_the_end_of_the_programs(manager, box):
    manager.start(box)
    manager.wait("READY")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, contextlib.suppress(BlockingIOError):
        sock.setblocking(False)
        while True:
            sock.sendto(b"X=1", manager.name)
    programs = children(box.program.pid)
    box.program.signal(signal.SIGTERM)
    wait_until(lambda: all(has_ended(pid) for pid in programs), "the programs end")
    assert manager.wait("STOPPING")["STOPPING"] == "1"  # which waited meanwhile
    assert box.program.wait() == 0


def test_a_reload_is_told(manager, box):
    manager.start(box)
    manager.wait("READY")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    box.program.signal(signal.SIGHUP)
    said = manager.wait("RELOADING")
    assert said["RELOADING"] == "1"
    assert before <= int(said["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.wait("READY")["READY"] == "1"


def test_the_watchdog_is_fed_from_the_loop(manager, box):
    manager.start(box, WATCHDOG_USEC="600000")
    manager.wait("READY")
    manager.heard.clear()
    for _ in range(4):
        manager.wait("WATCHDOG", 2.0)
    assert manager.heard[-1][0] - manager.heard[0][0] < 2.0
    box.program.signal(signal.SIGSTOP)
    try:
        while manager.listen(0.1):
            pass
        assert not manager.listen(1.0)
    finally:
        box.program.signal(signal.SIGCONT)


def test_what_is_meant_for_another_process_is_left_alone(manager, box):
    manager.bind("dns", "127.0.0.1", free_port())
    manager.start(box, other_pid=True, WATCHDOG_USEC="100000")
    manager.wait("READY")
    assert not manager.listen(0.5)  # no watchdog
    assert serial(box.port, "example.com")  # and the addresses of the configuration


@pytest.mark.skipif(os.geteuid() != 0, reason="they hide their memory from their own user")
def test_children_know_nothing_of_it(manager, box):
    manager.start(box, WATCHDOG_USEC="60000000")
    manager.wait("READY")
    for pid in children(box.program.pid):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except PermissionError:
            pytest.skip("this root may not look into programs of others, as in a container")
        for name in (b"NOTIFY_SOCKET", b"WATCHDOG", b"LISTEN_", b"PATH="):
            assert name not in environment


def test_sockets_are_taken_over_by_name(manager, box):
    port = free_port()
    manager.bind("dns", "127.0.0.1", port)
    manager.bind("dns", "::1", port)
    manager.start(box)
    manager.wait("READY")
    for host in ("127.0.0.1", "::1"):
        for tcp in (False, True):
            assert query(port, "example.com", "SOA", tcp=tcp, host=host).answer
    assert serial(box.port, "example.com", timeout=0.3) is None  # `server: listen:` has no say
    # The workers share the sockets: each of them may die.
    workers = [pid for pid in children(box.program.pid)
               if "zone-server" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()]
    assert len(workers) == 2
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: serial(port, "example.com"), "another worker answers")


def test_a_resolver_gets_its_socket(manager, box):
    port = free_port()
    manager.bind("resolver", "127.0.0.1", port)
    box.write_config(CONFIG + "resolver: {trust-own-keys: yes}\n")
    manager.start(box)
    manager.wait("READY")
    question = dns.message.make_query("_25._tcp.box.example.com", "TLSA", want_dnssec=True)

    def secure():
        with contextlib.suppress(dns.exception.Timeout):
            answer = dns.query.udp(question, "127.0.0.1", port=port, timeout=1)
            return answer.answer and answer.flags & dns.flags.AD

    assert wait_until(secure, "a secure answer")


def test_tls_gets_its_socket_and_keeps_it_over_a_renewal(manager, directory):
    port = free_port()
    manager.bind("dns-tls", "127.0.0.1", port, (socket.SOCK_STREAM,))
    with TlsBox(directory / "box") as box:
        manager.start(box)
        box.program.wait_for(lambda: presented(port) == in_file(box.tls))
        assert presented(box.at) is None  # `server: tls: listen:` has no say
        make_certificate(box.tls)
        box.program.wait_for(lambda: presented(port) == in_file(box.tls))


def test_tls_over_datagrams_is_refused(manager, box):
    manager.bind("dns-tls", "127.0.0.1", free_port(), (socket.SOCK_DGRAM,))
    assert "TLS goes over TCP; only ListenStream= is of use" in manager.refuse(box)


@pytest.mark.parametrize("kinds, missing", [((socket.SOCK_DGRAM,), "TCP"), ((socket.SOCK_STREAM,), "UDP")])
def test_an_address_without_one_of_both_is_refused(manager, box, kinds, missing):
    manager.bind("dns", "127.0.0.1", free_port(), kinds)
    assert "needs both ListenDatagram= and ListenStream=" in manager.refuse(box)


@pytest.mark.parametrize("name, host, words", [
    ("zonebox.socket", "127.0.0.1", 'FileDescriptorName= must be \\"dns\\", \\"dns-tls\\" or \\"resolver\\"'),
    ("dns", "0.0.0.0", "a wildcard"),
    ("dns", "::", "a wildcard"),
    ("resolver", "0.0.0.0", "a wildcard"),
])
def test_sockets_that_cannot_be_served_are_refused(manager, box, name, host, words):
    manager.bind(name, host, free_port())
    assert words in manager.refuse(box)


def test_more_sockets_than_can_be_served_are_refused(manager, box):
    manager.start(box, LISTEN_FDS="641", LISTEN_FDNAMES="dns")
    assert box.program.wait() == 1
    assert "LISTEN_FDS: 641 sockets are more than 640" in box.program.log()


def test_a_unix_socket_is_refused(manager, box, directory):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(directory / "control"))
    sock.listen()
    manager.sockets.append(("dns", sock))
    assert "not an IP socket" in manager.refuse(box)
