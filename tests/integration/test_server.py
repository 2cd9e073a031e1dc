# SPDX-License-Identifier: ISC
"""zone-server by itself, on a store that make_store writes: sockets, sizes, quotas, ends."""

import contextlib
import os
import random
import select
import signal
import socket
import struct
import threading
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from alone import SERVER, ZONE, Server, Store, cpu_ticks, framed, is_closed, messages, read_message, status
from harness import MAKE_STORE, Program, free_port, query, run, wait_until, within


def test_both_families_and_transports_answer(server):
    for host in ("127.0.0.1", "::1"):
        for tcp in (False, True):
            answer = query(server.port, "www.example.", "A", host=host, tcp=tcp, dnssec=True)
            assert answer.rcode() == dns.rcode.NOERROR
            assert answer.flags & dns.flags.AA
            assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.A, dns.rdatatype.RRSIG]


def test_dig_kdig_and_drill_are_content(server):
    port = server.port
    said = run("dig", "@127.0.0.1", "-p", port, "+norec", "+dnssec", "nothing.example.", "MX").stdout
    assert "status: NXDOMAIN" in said and "flags: qr aa;" in said and "WARNING" not in said
    assert "Malformed" not in said and "extra bytes" not in said
    said = run("kdig", "@127.0.0.1", "-p", port, "+tcp", "+dnssec", "host.sub.example.", "A").stdout
    assert "status: NOERROR" in said and "ns.sub.example." in said and "WARNING" not in said
    said = run("drill", "-p", port, "-D", "@127.0.0.1", "x.wild.example.", "TXT").stdout
    assert "NOERROR" in said and '"wild"' in said
    said = run("dig", "@::1", "-p", port, "+norec", "+edns=1", "+noednsneg", "example.", "SOA").stdout
    assert "status: BADVERS" in said and "EDNS: version: 0" in said
    said = run("dig", "@127.0.0.1", "-p", port, "+norec", "+opcode=5", "example.", "SOA").stdout
    assert "status: NOTIMP" in said


def test_a_store_that_comes_later_is_served(directory):
    store = Store(directory)
    with Server(store) as server:
        answer = query(server.port, "example.", "SOA", use_edns=0)
        assert answer.rcode() == dns.rcode.SERVFAIL
        store.put()
        server.wait_zone()


def test_a_commit_is_served_and_so_is_a_store_made_anew(store, server):
    store.put(text=ZONE.format(serial=2))
    assert query(server.port, "example.", "SOA").answer[0][0].serial == 2
    for path in store.serve.iterdir():
        path.unlink()
    assert query(server.port, "example.", "SOA").answer[0][0].serial == 2
    store.put(text=ZONE.format(serial=3))
    wait_until(lambda: query(server.port, "example.", "SOA").answer[0][0].serial == 3, "the store made anew")


def test_what_does_not_fit_is_truncated_and_comes_by_tcp(server):
    answer = query(server.port, "large.example.", "TXT", use_edns=0, payload=4096)
    assert answer.flags & dns.flags.TC and not answer.answer
    assert len(answer.to_wire()) <= 1232
    answer = query(server.port, "large.example.", "TXT", tcp=True)
    assert not answer.flags & dns.flags.TC
    assert len(answer.answer[0]) == 250
    said = run("dig", "@127.0.0.1", "-p", server.port, "+norec", "large.example.", "TXT").stdout
    assert "retrying in TCP mode" in said and "ANSWER: 250" in said


def test_pipelined_queries_are_answered_in_order(server):
    with server.connect() as connection:
        connection.sendall(b"".join(framed(f"n{i}.wild.example.", "TXT", i) for i in range(500)))
        for i in range(500):
            assert read_message(connection).id == i


def flood(connections, stop):
    """Sends queries over all connections without end, and reads whatever comes."""
    queries = framed("www.example.") * 2000
    sent = dict.fromkeys(connections, 0)
    while not stop.is_set():
        readable, writable, _ = select.select(connections, connections, [], 0.1)
        with contextlib.suppress(BlockingIOError):
            for connection in readable:
                connection.recv(1 << 20)
        for connection in writable:
            with contextlib.suppress(BlockingIOError):
                sent[connection] = (sent[connection] + connection.send(queries[sent[connection]:])) % len(queries)


def test_udp_is_answered_beside_a_flood_over_tcp(server):
    """Each connection gets its turn with a few queries; it must not keep the others waiting until it has no more."""
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(50)]
        for connection in connections:
            connection.setblocking(False)
        flooder = threading.Thread(target=flood, args=(connections, stop))
        flooder.start()
        try:
            times = []
            for _ in range(20):
                started = time.monotonic()
                assert query(server.port, "www.example.", "A", timeout=20).answer
                times.append(time.monotonic() - started)
        finally:
            stop.set()
            flooder.join()
    assert sorted(times)[len(times) // 2] < 0.5, times  # some 10 ms; 3 s when each connection is read to its end


def test_queries_may_come_octet_by_octet(server):
    with server.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        octets = framed("www.example.", "A", 1) + framed("www.example.", "AAAA", 2)
        for i in range(len(octets)):
            connection.sendall(octets[i:i + 1])
        assert read_message(connection).id == 1
        assert read_message(connection).id == 2


def test_a_long_message_is_read_and_refused_politely(server):
    with server.connect() as connection:
        query_wire = framed("www.example.")[2:]
        connection.sendall(struct.pack("!H", 65535) + query_wire + bytes(65535 - len(query_wire)))
        assert read_message(connection).rcode() == dns.rcode.FORMERR
        connection.sendall(framed("www.example."))
        assert read_message(connection).rcode() == dns.rcode.NOERROR


def test_what_was_asked_before_the_end_is_answered(server):
    with server.connect() as connection:
        connection.sendall(framed("www.example.") * 3)
        connection.shutdown(socket.SHUT_WR)
        for _ in range(3):
            assert read_message(connection).rcode() == dns.rcode.NOERROR
        assert is_closed(connection)


def test_connections_without_queries_are_closed(store):
    with Server(store, "--tcp-idle", 3000) as server:  # longer than this test may have to wait for its turn
        server.wait_zone()
        with server.connect() as idle, server.connect() as half, server.connect() as busy:
            half.sendall(framed("www.example.")[:5])
            end = time.monotonic() + 4.5
            while time.monotonic() < end:
                busy.sendall(framed("www.example."))
                assert read_message(busy).rcode() == dns.rcode.NOERROR
                time.sleep(0.05)
            for connection in (idle, half):
                connection.settimeout(3)
            assert is_closed(idle)
            assert is_closed(half)
            assert is_closed(busy)


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_clients_that_do_not_read_hold_little_and_not_for_long(store):
    with Server(store, "--tcp-idle", 1500) as server:
        server.wait_zone()
        before = resident(server.pid)
        # Each asks for 50 MB and reads none of it.
        questions = framed("large.example.", "TXT") * 1000
        clients = []
        for _ in range(20):
            client = server.connect()
            client.setblocking(False)
            try:
                client.send(questions)
            except BlockingIOError:
                pass
            clients.append(client)
        assert query(server.port, "www.example.", "A").rcode() == dns.rcode.NOERROR
        with server.connect() as other:
            other.sendall(framed("www.example."))
            assert read_message(other).rcode() == dns.rcode.NOERROR
        assert resident(server.pid) - before < 20 * 1_000_000
        log_size = len(server.log())

        def all_closed():
            for client in clients:
                try:
                    while client.recv(1 << 20):
                        pass
                except BlockingIOError:
                    return False
                except ConnectionError:
                    pass
            return True

        time.sleep(2)  # longer than the idle time, in which nothing is read
        wait_until(all_closed, "the slow readers are closed")
        for client in clients:
            client.close()
        assert len(server.log()) == log_size


def test_a_slow_but_honest_reader_gets_all(server):
    count = 60
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(b"".join(framed("large.example.", "TXT", i) for i in range(count)))
        for i in range(count):
            answer = read_message(connection)
            assert answer.id == i and len(answer.answer[0]) == 250


def test_the_quota_lets_newcomers_in(store):
    with Server(store, "--tcp-connections", 5) as server:
        server.wait_zone()
        old = [server.connect() for _ in range(5)]
        for connection in old[1:]:
            connection.sendall(framed("www.example."))
            read_message(connection)
        with server.connect() as newcomer:
            newcomer.sendall(framed("www.example."))
            assert read_message(newcomer).rcode() == dns.rcode.NOERROR
        assert is_closed(old[0])  # which never asked
        for connection in old[1:]:
            connection.sendall(framed("www.example."))
            assert read_message(connection).rcode() == dns.rcode.NOERROR
        for connection in old:
            connection.close()


def test_too_few_descriptors_lower_the_quota(store):
    port = free_port()
    server = Program("/bin/sh", "-c", f"ulimit -n 80; exec {SERVER} --serve {store.serve} --listen 127.0.0.1@{port}",
                     log=store.directory / "server.log")
    with server:
        server.wait_log("serving")
        assert "fewer-connections" in server.log()
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        wait_until(lambda: query(port, "www.example.", "A").rcode() == dns.rcode.NOERROR, "it still answers")
        assert query(port, "www.example.", "A", tcp=True).rcode() == dns.rcode.NOERROR
        for connection in connections:
            connection.close()
        usage = cpu_ticks(server.pid)
        time.sleep(0.5)
        assert cpu_ticks(server.pid) - usage < 20  # it does not spin


def test_garbage_is_survived(server):
    chance = random.Random(8)
    good = dns.message.make_query("www.example.", "A", want_dnssec=True).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", server.port))
        udp.setblocking(False)
        for _ in range(20000):
            octets = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            udp.send(bytes(octets[:chance.randint(0, len(octets))] if chance.random() < 0.3 else octets))
            try:
                udp.recv(4096)
            except BlockingIOError:
                pass
        udp.send(bytes(9000))
    for _ in range(50):
        with server.connect() as tcp:
            try:
                tcp.sendall(chance.randbytes(chance.randint(1, 70000)))
            except ConnectionError:
                pass
    assert query(server.port, "www.example.", "A").rcode() == dns.rcode.NOERROR
    assert query(server.port, "www.example.", "A", tcp=True).rcode() == dns.rcode.NOERROR


def test_zones_come_and_go_beside_each_other(store, server):
    other = store.directory / "other.zone"
    other.write_text(ZONE.format(serial=7))
    run(MAKE_STORE, store.serve, f"other.={other}")
    assert query(server.port, "other.", "SOA").answer[0][0].serial == 7
    run(MAKE_STORE, store.serve, "other.=")
    assert query(server.port, "other.", "SOA").rcode() == dns.rcode.REFUSED
    assert query(server.port, "example.", "SOA").rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_soon_and_cleanly(store, number):
    with Server(store) as server:
        server.wait_zone()
        with server.connect() as connection:
            connection.sendall(framed("www.example.", "A") + b"\x00")
            read_message(connection)
            started = time.monotonic()
            server.signal(number)
            assert is_closed(connection)  # though ours is not
            assert server.wait(5) == 0
            assert time.monotonic() - started < 3
        assert "reason=SIG" in server.log()


def test_without_connections_it_ends_at_once(store):
    def ending():
        with Server(store) as server:
            started = time.monotonic()
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
            return time.monotonic() - started

    within(0.9, ending)


def test_what_was_asked_before_the_end_was_told_is_answered(store):
    """And it does not wait for those that have gone."""
    within(0.9, lambda: ending_with_questions(store))


def ending_with_questions(store):
    """Seconds that the server still takes when its clients have their answers and have gone."""
    with Server(store) as server, server.connect() as connection, server.connect() as idle:
        wait_until(lambda: status(server)["connections"] == 2, "both are accepted")
        server.signal(signal.SIGSTOP)
        connection.sendall(b"".join(framed("www.example.", "A", i) for i in range(5)) + b"\x00\x20part")
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)
        for i in range(5):
            assert read_message(connection).id == i
        assert is_closed(connection) and is_closed(idle)
        connection.close()
        idle.close()
        started = time.monotonic()
        assert server.wait() == 0
        return time.monotonic() - started


def test_answers_are_taken_before_the_end(server):
    """More is asked than the kernel takes answers for, so that some wait in the server when it is told to end, and
    questions that it will not read any more wait in the kernel."""
    with server.connect() as connection:
        connection.sendall(b"".join(framed("large.example.", "TXT", i) for i in range(1000)))
        counted = []

        def stands():
            counted.append(status(server)["queries-tcp"])
            return len(counted) > 10 and counted[-10] == counted[-1] > 0

        wait_until(stands, "it can write no more")
        assert counted[-1] < 1000
        server.signal(signal.SIGTERM)
        server.wait_log("ending")
        said = b""
        while octets := connection.recv(1 << 20):  # at once, since it waits for a second only
            said += octets
    answers = messages(said)  # the end comes behind a whole one
    assert [answer.id for answer in answers] == list(range(len(answers)))
    assert all(len(answer.answer[0]) == 250 for answer in answers)
    assert len(answers) >= counted[-1]
    assert server.wait() == 0


def test_clients_that_do_not_read_delay_the_end_by_a_second(server):
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.sendall(framed("large.example.", "TXT") * 1000)
    wait_until(lambda: status(server)["queries-tcp"] > 0, "they are being answered")
    started = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait(5) == 0
    assert 0.9 < time.monotonic() - started < 3
    for client in clients:
        client.close()


def test_status_counts(store, server):
    before = status(server)
    assert before["ok"] and before["program"] == "zone-server" and before["store-open"] and before["zones"] == 1
    assert abs(time.time() - before["since"]) < 60
    for _ in range(3):
        query(server.port, "www.example.", "A")
    query(server.port, "nothing.example.", "A", tcp=True)
    query(server.port, "elsewhere.", "A")
    query(server.port, "large.example.", "TXT")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as junk:
        junk.sendto(b"x", ("127.0.0.1", server.port))
    wait_until(lambda: status(server)["dropped"] == before["dropped"] + 1, "what is no query is counted")
    after = status(server)
    change = {key: after[key] - before[key] for key in ("queries", "queries-udp", "queries-tcp", "truncated")}
    assert change == {"queries": 7, "queries-udp": 6, "queries-tcp": 1, "truncated": 1}
    change = {code: count - before["replies"][code] for code, count in after["replies"].items()}
    assert change == {"NOERROR": 4, "NXDOMAIN": 1, "REFUSED": 1, "FORMERR": 0, "SERVFAIL": 0, "NOTIMP": 0,
                      "YXDOMAIN": 0}
    store.put("other.", ZONE.format(serial=1))
    assert status(server)["zones"] == 2


def test_it_ends_with_its_lifeline(directory):
    mine, its = os.pipe()
    os.set_inheritable(mine, True)
    with Server(Store(directory), "--lifeline", mine, pass_fds=[mine]) as server:
        os.close(mine)
        os.write(its, b"still here")
        assert query(server.port, "example.", "SOA").rcode() == dns.rcode.SERVFAIL
        os.close(its)
        assert server.wait(5) == 0


def test_inherited_sockets_are_served_by_several_workers(store):
    port = free_port()
    workers = []
    for number in range(2):
        sockets = []
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            bound = socket.socket(socket.AF_INET, kind)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound.bind(("127.0.0.1", port))
            sockets.append(bound)
        sockets[1].listen()
        # The shell moves them to where they are expected.
        moves = " ".join(f"{3 + i}<&{s.fileno()}" for i, s in enumerate(sockets))
        command = f"exec {SERVER} --rate-limit 0 --serve {store.serve} --sockets 2 {moves}"
        with_fds = [s.fileno() for s in sockets]
        workers.append(Program("/bin/bash", "-c", command, log=store.directory / f"worker{number}.log",
                               pass_fds=with_fds))
        for bound in sockets:
            bound.close()
    try:
        for worker in workers:
            worker.wait_log("serving")
        for _ in range(40):
            assert query(port, "www.example.", "A").rcode() == dns.rcode.NOERROR
            assert query(port, "www.example.", "A", tcp=True).rcode() == dns.rcode.NOERROR
    finally:
        for worker in workers:
            worker.stop()


def test_wrong_use_is_told(store):
    for arguments in ("", "--serve x", "--serve x --listen localhost", "--serve x --sockets x",
                      "--serve x --sockets 1 --listen ::1", "--serve x --listen ::1 --standby 1",
                      "--serve x --listen ::1 --control 99", "--serve x --listen ::1 --lifeline x",
                      "--serve x --sockets 1 --standby 99999", "--sockets 1"):
        done = run(SERVER, *arguments.split(), check=False)
        assert done.returncode == 2 and "zone-server: " in done.stderr, arguments
    with Server(store) as server:
        done = run(SERVER, "--serve", store.serve, "--listen", f"127.0.0.1@{server.port}", check=False)
        assert done.returncode == 1 and "not-listening" in done.stderr
