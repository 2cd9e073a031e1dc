# SPDX-License-Identifier: ISC
"""Clients over TCP and TLS that hold what they have and give nothing for it: silent, octet by octet, never reading, too many, or
gone in the middle of it. Each costs the server no more than its quota, for no longer than the idle time, and no work."""

import contextlib
import hmac
import os
import socket
import ssl
import struct

import dns.rcode
import pytest
from cryptography.hazmat.primitives.ciphers import aead

from alone import Server, Store, framed, read_message, status
from dot import client
from harness import control_ask, make_certificate, scratch, wait_until

IDLE_MS, NEVER_MS = 2000, 600000
IN_ALL, PER_ADDRESS = 20, 8
SMALL = framed("www.example.", "A")
LONG = framed("large.example.", "TXT")  # the answer has more than 50,000 octets


class Tcp:
    name = "0"

    @staticmethod
    def come(server, source="127.0.0.1", narrow=False):
        """A connection that nothing has come over yet; a narrow one takes little at a time."""
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.settimeout(20)
        if narrow:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        raw.bind((source, 0))
        raw.connect(("127.0.0.1", server.port))
        return raw

    @classmethod
    def connect(cls, server, **how):
        """One over which a query can be sent."""
        return cls.come(server, **how)


class Tls(Tcp):
    name = "tls"

    @classmethod
    def connect(cls, server, context=None, **how):
        return (context or client()).wrap_socket(cls.come(server, **how))


@contextlib.contextmanager
def serving(way, idle_ms):
    options = ["--tcp-idle", idle_ms, "--tcp-connections", IN_ALL, "--tcp-connections-per-address", PER_ADDRESS]
    with scratch() as directory, contextlib.ExitStack() as stack:
        store = Store(directory)
        store.put()
        if way is Tls:
            make_certificate(directory / "tls.pem")
            pair = stack.enter_context(open(directory / "pair.pem", "w+b"))
            pair.write((directory / "tls.pem").read_bytes() + (directory / "tls.key").read_bytes())
            pair.seek(0)
            options = ["--tls", "--certificate", pair.fileno(), *options]
        with Server(store, *options, pass_fds=[pair.fileno()] if way is Tls else []) as server:
            wait_until(lambda: answered(way, server), server.log)
            yield server


def answered(way, server, **how):
    with way.connect(server, **how) as connection:
        connection.sendall(SMALL)
        return read_message(connection).rcode() == dns.rcode.NOERROR


@pytest.fixture(scope="module", params=[Tcp, Tls], ids=["tcp", "tls"])
def strict(request):
    with serving(request.param, IDLE_MS) as server:
        yield request.param, server


@pytest.fixture(scope="module", params=[Tcp, Tls], ids=["tcp", "tls"])
def patient(request):
    """Nobody's idle time is over during a test."""
    with serving(request.param, NEVER_MS) as server:
        yield request.param, server


@pytest.fixture(scope="module")
def tls():
    with serving(Tls, NEVER_MS) as server:
        yield server


def closed(way, server):
    """How many connections, by the reason."""
    return control_ask(server.control, "statistics")["workers"][way.name]["connections-closed"]


def wait_gone(server):
    wait_until(lambda: status(server)["connections"] == 0, "all connections are closed")


# ── Slow ones ────────────────────────────────────────────────────────────────────────────────────


class Slow:
    """A connection that does something now and then."""

    def __init__(self, connection, say=b"", read=0, step=1):
        self.connection, self.rest, self.read, self.step = connection, say, read, step
        connection.setblocking(False)

    def act(self):
        with contextlib.suppress(OSError):
            self.rest = self.rest[self.connection.send(self.rest[:self.step]):] if self.rest else b""
        with contextlib.suppress(OSError):
            self.connection.recv(self.read) if self.read else b""


def hello():
    """What a client of TLS says first."""
    outgoing = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        client().wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def slow_ones(way, server):
    yield Slow(way.come(server))  # never says anything
    yield Slow(way.connect(server), say=struct.pack("!H", 65535) + bytes(65535))  # a query, octet by octet
    yield Slow(way.connect(server), say=bytes(100000), step=2)  # messages without a reply
    yield Slow(way.connect(server, narrow=True), say=LONG * 2000, step=4096)  # takes no answer
    yield Slow(way.connect(server, narrow=True), say=LONG * 2000, step=4096, read=1)  # takes answers octet by octet
    if way is Tls:
        yield Slow(way.come(server), say=hello()[:100])  # half a hello
        yield Slow(way.come(server), say=hello())  # a hello, octet by octet
        yield Slow(way.connect(server))  # only shook hands


def test_who_is_slow_is_closed_with_the_idle_time(strict):
    way, server = strict
    wait_gone(server)
    before = closed(way, server)["idle"]
    with contextlib.ExitStack() as stack:
        slow = [(stack.enter_context(one.connection), one)[1] for one in slow_ones(way, server)]

        def all_are_closed():
            for one in slow:
                one.act()
            return status(server)["connections"] == 0

        wait_until(all_are_closed, lambda: closed(way, server), 40)
    assert closed(way, server)["idle"] == before + len(slow)
    assert answered(way, server)


# ── Many ─────────────────────────────────────────────────────────────────────────────────────────


def test_who_comes_again_and_again_takes_nothing_from_others(patient):
    """Without a word, so over TLS with handshakes that never end."""
    way, server = patient
    wait_gone(server)
    before = closed(way, server)
    with contextlib.ExitStack() as stack:
        for _ in range(3 * PER_ADDRESS):
            stack.enter_context(way.come(server, source="127.0.0.2"))
        assert answered(way, server)
        assert closed(way, server)["address"] == before["address"] + 2 * PER_ADDRESS
        for host in range(3, 3 + 2 * IN_ALL):
            stack.enter_context(way.come(server, source=f"127.0.0.{host}"))
        assert answered(way, server)
        assert closed(way, server)["quota"] > before["quota"]
        assert status(server)["connections"] <= IN_ALL


# ── Records that no library of TLS sends ─────────────────────────────────────────────────────────


class Records:
    """The client's side of TLS 1.3 behind a whole handshake, record by record (RFC 8446 §5.2, §7.3)."""

    def __init__(self, server, directory):
        keys = directory / "keys"
        context = client(minimum_version=ssl.TLSVersion.TLSv1_3, keylog_filename=str(keys))
        self.tls = Tls.connect(server, context=context, narrow=True)
        self.hash_name, self.hash_len, self.key_len = ("sha384", 48, 32) if "AES_256" in self.tls.cipher()[0] else ("sha256", 32, 16)
        (secret,) = [line.split()[2] for line in keys.read_text().splitlines() if line.startswith("CLIENT_TRAFFIC_SECRET_0 ")]
        self.use(bytes.fromhex(secret))
        self.raw = socket.socket(fileno=os.dup(self.tls.fileno()))  # the library has sent nothing with these keys yet
        self.raw.settimeout(20)

    def use(self, secret):
        self.secret, self.sent = secret, 0
        self.cipher = aead.AESGCM(self.derive(b"key", self.key_len))
        self.iv = int.from_bytes(self.derive(b"iv", 12), "big")

    def derive(self, label, size):
        info = struct.pack("!HB", size, 6 + len(label)) + b"tls13 " + label + b"\0"
        return hmac.new(self.secret, info + b"\1", self.hash_name).digest()[:size]

    def record(self, content, kind):
        """To be sent in this order."""
        head = struct.pack("!BHH", 23, 0x0303, len(content) + 1 + 16)
        nonce = (self.iv ^ self.sent).to_bytes(12, "big")
        self.sent += 1
        return head + self.cipher.encrypt(nonce, content + bytes([kind]), head)

    def close(self, reset=False):
        if reset:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tls.close()
        self.raw.close()


ALERT, HANDSHAKE, DATA = 21, 22, 23


def test_half_a_message_of_the_handshake_delays_an_answer_and_no_more(tls, directory):
    """OpenSSL sends nothing behind half a message until it has read the other one."""
    records = Records(tls, directory)
    update = bytes([24, 0, 0, 1, 0])  # KeyUpdate, update_not_requested (RFC 8446 §4.6.3)
    before = status(tls)["queries"]
    records.raw.sendall(records.record(SMALL, DATA) + records.record(update[:4], HANDSHAKE))
    wait_until(lambda: status(tls)["queries"] > before, "the query is read")
    rest = records.record(update[4:], HANDSHAKE)
    records.use(records.derive(b"traffic upd", records.hash_len))
    records.raw.sendall(rest + records.record(SMALL, DATA))  # what comes with the rest is not forgotten
    assert read_message(records.tls).answer and read_message(records.tls).answer
    records.close()


def test_who_ends_and_is_gone_before_it_has_its_answers_is_closed_then(tls, directory):
    records = Records(tls, directory)
    wait_until(lambda: status(tls)["connections"] == 1, "no other is there")
    before = closed(Tls, tls)["error"]
    asked = status(tls)["queries"]
    records.raw.sendall(records.record(LONG * 10, DATA) + records.record(bytes([1, 0]), ALERT))  # close_notify, in one segment
    wait_until(lambda: status(tls)["queries"] > asked, "it is read")
    records.close(reset=True)
    wait_gone(tls)
    assert closed(Tls, tls)["error"] == before + 1
