# SPDX-License-Identifier: ISC
"""Clients of zone-server over TCP that are many, slow, broken or odd: quotas, order, memory, ends."""

import os
import resource
import select
import socket
import struct
import threading

import dns.rcode
import pytest

from alone import Server, cpu_ticks, framed, is_closed, messages, read_message, status
from harness import query, run, wait_until

LINGER_NOT = struct.pack("ii", 1, 0)  # close sends a reset


def connect(server, source="127.0.0.1"):
    """A connection that the server is known to have accepted."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(source, 0))
    ask(connection)
    return connection


def ask(connection, name="www.example.", rtype="A"):
    connection.sendall(framed(name, rtype, 77))
    answer = read_message(connection)
    assert answer.id == 77 and answer.rcode() == dns.rcode.NOERROR
    return answer


def count(server):
    return status(server)["connections"]


# ── Quotas ───────────────────────────────────────────────────────────────────────────────────────


def test_an_address_at_its_quota_loses_its_own_longest_idle_connection(store):
    with Server(store, "--tcp-connections", 20, "--tcp-connections-per-address", 3) as server:
        server.wait_zone()
        others = [connect(server, "127.0.0.2") for _ in range(2)]  # idle for longer than all that follow
        one, two, three = (connect(server, "127.0.0.1") for _ in range(3))
        ask(one)
        four = connect(server, "127.0.0.1")
        assert is_closed(two)
        assert count(server) == 5
        for connection in [*others, one, three, four]:
            ask(connection)
        for connection in [*others, one, two, three, four]:
            connection.close()


def test_who_fills_its_quota_takes_nothing_from_others(store):
    with Server(store, "--tcp-connections", 12, "--tcp-connections-per-address", 4) as server:
        server.wait_zone()
        honest = connect(server, "127.0.0.2")
        greedy = [connect(server, "127.0.0.3") for _ in range(40)]
        assert count(server) == 5
        ask(honest)
        assert all(is_closed(connection) for connection in greedy[:36])
        for connection in greedy[36:]:
            ask(connection)
        for connection in [honest, *greedy]:
            connection.close()


def test_ten_thousand_connections_are_answered_and_cost_nothing_while_idle(store):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(10000, hard - 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    try:
        with Server(store, "--tcp-connections", wanted, "--tcp-connections-per-address", wanted,
                    "--tcp-idle", 600000) as server:
            server.wait_zone()
            for i in range(wanted):  # two sources: each has fewer ports than that
                connections.append(socket.create_connection(("127.0.0.1", server.port), timeout=20,
                                                            source_address=(f"127.0.0.{2 + i % 2}", 0)))
                connections[-1].sendall(framed("www.example.", "A", i))
            for i, connection in enumerate(connections):
                assert read_message(connection).id == i
            assert count(server) == wanted
            used = cpu_ticks(server.pid)
            select.select([], [], [], 1)
            assert cpu_ticks(server.pid) - used < 20
            for connection in connections[::100]:
                ask(connection)
            for connection in connections:
                connection.close()
            wait_until(lambda: count(server) == 0, "all are gone")
            assert query(server.port, "www.example.", "A", tcp=True).rcode() == dns.rcode.NOERROR
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for connection in connections:
            connection.close()


# ── Queries as they come ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("piece", [1, 7, 4095, 4096, 4097, 60000])
def test_thousands_under_way_are_answered_in_order_however_they_are_cut(server, piece):
    number = 300 if piece == 1 else 5000
    octets = b"".join(framed(f"n{i % 89}.wild.example.", "TXT", i) for i in range(number))

    def send():
        for at in range(0, len(octets), piece):
            connection.sendall(octets[at:at + piece])

    with connect(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender = threading.Thread(target=send)
        sender.start()
        for i in range(number):
            answer = read_message(connection)
            assert answer.id == i and answer.question[0].name.labels[0] == b"n%d" % (i % 89)
        sender.join()


def test_empty_messages_and_such_as_have_no_reply_are_passed_over(server):
    reply = bytearray(framed("www.example.", "A", 1))
    reply[4] |= 0x80  # QR
    with connect(server) as connection:
        connection.sendall(bytes(2) * 5000 + b"\0\1x" + b"\0\x0b" + bytes(11) + bytes(reply) + framed("www.example.", "A", 9))
        assert read_message(connection).id == 9
        connection.sendall(bytes(3))  # an empty one and half of the next length
        connection.sendall(framed("www.example.", "A", 10)[1:])
        assert read_message(connection).id == 10


def test_empty_messages_do_not_keep_a_connection(store):
    with Server(store, "--tcp-idle", 1000) as server:
        server.wait_zone()
        with connect(server) as connection:
            connection.settimeout(0.1)

            def closed():
                try:
                    connection.sendall(bytes(2))
                    return connection.recv(1) == b""
                except TimeoutError:
                    return False
                except ConnectionError:
                    return True

            wait_until(closed, "it is closed though it says something all the time")


def test_half_closed_and_slow_it_gets_every_answer(server):
    number = 40
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"".join(framed("large.example.", "TXT", i) for i in range(number)))
        connection.shutdown(socket.SHUT_WR)
        said = b""
        while octets := connection.recv(1 << 16):
            said += octets
    assert [answer.id for answer in messages(said)] == list(range(number))


# ── Broken ones ──────────────────────────────────────────────────────────────────────────────────


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    connection.close()


def test_resets_at_any_time_leave_nothing_behind(server):
    whole = framed("www.example.")
    large = framed("large.example.", "TXT")
    before = count(server)

    def descriptors():
        return len(os.listdir(f"/proc/{server.pid}/fd"))

    idle = descriptors()
    for said in (b"", b"\0", whole[:9], whole, whole * 50 + b"\0", large, large * 1000):
        for read in (0, 1, 100000):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            connection.setblocking(False)
            try:
                connection.send(said)
            except BlockingIOError:
                pass
            if read and b"e" in said and said != whole[:9]:
                select.select([connection], [], [], 20)
                connection.recv(read)
            reset(connection)
    wait_until(lambda: count(server) == before, "all are gone")
    wait_until(lambda: descriptors() <= idle, "and so are their sockets")
    assert query(server.port, "www.example.", "A", tcp=True).rcode() == dns.rcode.NOERROR


def test_one_that_ends_while_its_answers_wait_takes_them_along(server):
    with connect(server) as connection:
        connection.setblocking(False)
        sent = connection.send(framed("large.example.", "TXT") * 2000)
        assert sent > 0
        connection.setblocking(True)
        connection.settimeout(20)
        assert len(read_message(connection).answer[0]) == 250
        reset(connection)
    wait_until(lambda: count(server) == 0, "it is gone, too")


# ── As others ask ────────────────────────────────────────────────────────────────────────────────


def test_dig_kdig_and_drill_keep_connections(server):
    asked = ["www.example.", "A", "nothing.example.", "MX", "large.example.", "TXT"]
    at = ["@127.0.0.1", "-p", server.port]
    said = run("dig", *at, "+tcp", "+keepopen", "+norec", "+dnssec", *asked).stdout
    assert said.count("status: NOERROR") == 2 and said.count("status: NXDOMAIN") == 1
    assert "WARNING" not in said and "ANSWER: 251" in said
    said = run("kdig", *at, "+tcp", "+keepopen", "+dnssec", *asked).stdout
    assert said.count("status: NOERROR") == 2 and said.count("status: NXDOMAIN") == 1 and "WARNING" not in said
    said = run("drill", "-t", "-p", server.port, "@127.0.0.1", "large.example.", "TXT").stdout
    assert "NOERROR" in said and "ANSWER: 250" in said
