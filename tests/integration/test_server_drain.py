# SPDX-License-Identifier: ISC
"""Several zone-servers on sockets that are kept open for them, as zoned does it: each has its own and, on standby, the
other's. One that dies or hangs loses nothing that waits on its sockets, nor does one that is replaced."""

import contextlib
import fcntl
import itertools
import os
import signal
import socket
import threading

import dns.exception
import dns.message
import dns.query
import dns.rcode
import pytest

from alone import SERVER, framed, read_message
from harness import Program, control_ask, control_socket, free_port, query, wait_until


class Sockets:
    """A UDP and a listening TCP socket on a port of their own."""

    def __init__(self):
        self.port = free_port()
        self.bound = []
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            bound = socket.socket(socket.AF_INET, kind)
            bound.bind(("127.0.0.1", self.port))
            self.bound.append(bound)
        self.bound[1].listen(64)

    def close(self):
        for bound in self.bound:
            bound.close()

    def ask(self, number):
        """A query that waits for its reply on the socket returned."""
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.settimeout(20)
        asker.connect(("127.0.0.1", self.port))
        asker.send(framed("www.example.", "A", number)[2:])
        return asker

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.settimeout(20)
        return connection


class Worker(Program):
    names = itertools.count()

    def __init__(self, store, own, standby=None):
        name = f"worker{next(self.names)}"
        self.control = store.directory / f"{name}.sock"
        with contextlib.ExitStack() as stack:
            control = stack.enter_context(control_socket(self.control))
            served = [*own.bound, *(standby.bound if standby else [])]
            # Copies out of the way of the numbers that they are to have; the shell moves them there.
            high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 200) for s in [*served, control]]
            for fd in high:
                stack.callback(os.close, fd)
            moves = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(high))
            command = (f"exec {SERVER} --rate-limit 0 --serve {store.serve} --sockets {len(own.bound)} "
                       f"--standby {len(standby.bound) if standby else 0} --control {3 + len(served)} {moves}")
            super().__init__("/bin/bash", "-c", command, log=store.directory / f"{name}.log", pass_fds=high)
        self.wait_log("serving")

    def stop(self, timeout=10.0):
        if self.running():
            self.signal(signal.SIGCONT)
        return super().stop(timeout)

    def drain(self, count, first=0):
        reply = control_ask(self.control, "drain", **{"from": first, "count": count})
        assert reply["ok"] and reply["draining"] == count, reply


@pytest.fixture
def stage(store):
    """Two workers that stand by for each other: (first, its sockets, second, its sockets)."""
    with contextlib.ExitStack() as stack:
        sockets = [Sockets(), Sockets()]
        for each in sockets:
            stack.callback(each.close)
        first = stack.enter_context(Worker(store, sockets[0], sockets[1]))
        second = stack.enter_context(Worker(store, sockets[1], sockets[0]))
        for each in sockets:
            wait_until(lambda s=each: query(s.port, "www.example.", "A").rcode() == dns.rcode.NOERROR, "it serves")
        yield first, sockets[0], second, sockets[1]


def served(sockets, tcp=False):
    """Is somebody there? Asked with little patience."""
    try:
        return query(sockets.port, "www.example.", "A", tcp=tcp, timeout=0.3).rcode() == dns.rcode.NOERROR
    except dns.exception.Timeout:
        return False


class Load(threading.Thread):
    """Asks over UDP and TCP in turns, one query after the other, and never twice."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.asked = 0
        self.lost = []
        self.over = threading.Event()

    def run(self):
        for number in itertools.count():
            if self.over.is_set():
                return
            try:
                reply = query(self.port, "www.example.", "A", tcp=number % 2 == 1, timeout=20)
                assert reply.rcode() == dns.rcode.NOERROR and reply.answer
            except (OSError, EOFError, AssertionError, dns.exception.DNSException) as problem:
                self.lost.append((number, problem))
            self.asked += 1

    def wait_more(self, count=20):
        target = self.asked + count
        wait_until(lambda: self.asked >= target, "queries are answered")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.join()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_the_sockets_of_one_that_is_down_are_served_by_the_other(stage, number):
    first, _, second, others = stage
    second.signal(number)
    if number == signal.SIGKILL:
        second.wait()
    waiting = [others.ask(i) for i in range(50)]
    connections = [others.connect() for _ in range(5)]
    for i, connection in enumerate(connections):
        connection.sendall(framed("www.example.", "A", i))
    assert not served(others)
    first.drain(2)
    assert control_ask(first.control, "status")["draining"] == 2
    for i, asker in enumerate(waiting):  # what came before it was told to is answered, too
        assert dns.message.from_wire(asker.recv(4096)).id == i
        asker.close()
    for i, connection in enumerate(connections):
        assert read_message(connection).id == i
        connection.close()
    for _ in range(20):
        assert query(others.port, "www.example.", "A").answer
        assert query(others.port, "www.example.", "A", tcp=True).answer


def test_nothing_is_lost_when_it_begins_nor_when_it_is_over(stage):
    first, _, second, others = stage
    for _ in range(3):
        second.signal(signal.SIGSTOP)
        with Load(others.port) as load:
            first.drain(2)
            load.wait_more()
            second.signal(signal.SIGCONT)  # both of them read
            load.wait_more()
            first.drain(0)
            load.wait_more()
        assert load.lost == []
    second.signal(signal.SIGSTOP)
    assert not served(others)  # it has really let go


def test_a_connection_taken_over_is_kept_when_it_is_over(stage):
    first, _, second, others = stage
    second.signal(signal.SIGSTOP)
    first.drain(2)
    with others.connect() as connection:
        connection.sendall(framed("www.example.", "A", 1))
        assert read_message(connection).id == 1
        first.drain(0)
        connection.sendall(framed("www.example.", "A", 2))
        assert read_message(connection).id == 2


def test_each_order_replaces_the_one_before(stage):
    first, _, second, others = stage
    second.signal(signal.SIGSTOP)
    first.drain(2)
    first.drain(2)
    assert served(others)
    first.drain(1, first=1)  # TCP only
    assert not served(others)
    assert query(others.port, "www.example.", "A", tcp=True).answer
    first.drain(1)  # UDP only
    assert served(others) and not served(others, tcp=True)
    first.drain(0)
    assert not served(others)


def test_orders_that_make_no_sense_change_nothing(stage):
    first, sockets, second, others = stage
    second.signal(signal.SIGSTOP)
    first.drain(2)
    for wrong in ({}, {"count": 3}, {"count": -1}, {"from": 1, "count": 2}, {"from": 3, "count": 0},
                  {"from": "0", "count": 1}, {"count": 1.5}, {"from": None, "count": 1}, {"count": 1 << 62},
                  {"from": 4294967295, "count": 2}):
        reply = control_ask(first.control, "drain", **wrong)
        assert not reply["ok"] and "2 standby sockets" in reply["error"], (wrong, reply)
    assert served(others) and served(sockets)


def test_a_worker_that_is_replaced_loses_nothing(store):
    """As in a rolling restart: the new one begins on the same sockets, then the old one is told to end."""
    with contextlib.ExitStack() as stack:
        sockets = Sockets()
        stack.callback(sockets.close)
        worker = stack.enter_context(Worker(store, sockets))
        wait_until(lambda: query(sockets.port, "www.example.", "A").answer, "it serves")
        with Load(sockets.port) as load:
            for _ in range(5):
                load.wait_more()
                successor = stack.enter_context(Worker(store, sockets))
                wait_until(lambda s=successor: control_ask(s.control, "status")["store-open"], "it is ready")
                assert worker.stop() == 0
                worker = successor
            load.wait_more()
        assert load.lost == []


def test_standby_that_is_no_socket_is_told(store):
    with open("/dev/null", encoding="ascii") as wrong:
        high = fcntl.fcntl(wrong.fileno(), fcntl.F_DUPFD, 200)
        sockets = Sockets()
        bound = fcntl.fcntl(sockets.bound[0].fileno(), fcntl.F_DUPFD, 200)
        worker = Program("/bin/bash", "-c", f"exec {SERVER} --rate-limit 0 --serve {store.serve} --sockets 1 --standby 1 3<&{bound} "
                         f"4<&{high}", log=store.directory / "wrong.log", pass_fds=[high, bound])
        assert worker.wait() == 1
        assert "socket-refused descriptor=4" in worker.log()
        for fd in (high, bound):
            os.close(fd)
        sockets.close()
