# SPDX-License-Identifier: ISC
"""Whom zone-probe tells of new CDS, and what it makes of the answer (RFC 9859): DSYNC records of a signed parent, a target
that acknowledges, refuses or is silent, and parents that name nobody, or whose word does not count."""

import contextlib
import socket
import struct
import threading

import dns.name
import pytest

from harness import control_ask, scratch
from internet import Nsd
from observing import NOTIFY_CDS, Probe
from registrar import CHILDREN, NOTIFIED, TLD, Registry, absolute, dsync

ZONE, DEEP = "signed.tld", "deep.below.tld"


def dsync_to(host):
    rdata = bytes.fromhex(dsync().split()[-1])[:5] + dns.name.from_text(host).to_wire()
    return f"TYPE66 \\# {len(rdata)} {rdata.hex()}"


class Parents(Registry):
    """With records of the test's own; one of them is not signed."""

    more = {".": f"tld._dsync. {dsync()}\n", TLD: (
        f"nowhere._dsync.tld. {dsync_to('nothing.nic.tld.')}\n"
        f"inside._dsync.tld. {dsync_to('inside.nic.tld.')}\ninside.nic.tld. A 10.0.0.1\ninside.nic.tld. A 127.0.0.1\n"
        f"second._dsync.tld. {dsync_to('second.nic.tld.')}\nsecond.nic.tld. AAAA 2001:db8:9::1\nsecond.nic.tld. A {CHILDREN[2]}\n"
        f"second.nic.tld. A {NOTIFIED[0]}\ntwo._dsync.tld. {dsync()}\ntwo._dsync.tld. {dsync_to('nothing.nic.tld.')}\n"
        f"csync._dsync.tld. TYPE66 \\# 8 003e0114ef017400\n"
        f"alias._dsync.tld. CNAME nic._dsync.tld.\nnic._dsync.tld. {dsync()}\n")}
    bogus = f"bogus._dsync.tld. 2 IN {dsync()}\n"

    def sign(self, zone, text):
        return super().sign(zone, text + self.more[zone]) + (self.bogus if zone == TLD else "")


@pytest.fixture(scope="module")
def registry():
    with scratch() as directory, Parents(directory / "registry", dsync="child") as a_registry:
        for zone in (ZONE, DEEP):
            a_registry.delegate(zone, {f"ns.{zone}": [CHILDREN[1]]})
            a_registry.registrar.automate(zone)
        a_registry.delegate("plain.tld", {"ns.plain.tld": [CHILDREN[0]]})
        plain = (f"$TTL 300\nplain.tld. SOA ns hostmaster 1 14400 3600 604800 300\nplain.tld. NS ns.plain.tld.\n"
                 f"ns.plain.tld. A {CHILDREN[0]}\nx.plain.tld. NS ns.x.plain.tld.\n*._dsync.plain.tld. {dsync()}\n")
        a_registry.keep(a_registry.stack, Nsd(directory / "plain", CHILDREN[0])).serve({"plain.tld.": plain})
        yield a_registry


@pytest.fixture
def registrar(registry):
    registry.registrar.notifies.clear()
    registry.registrar.on_notify = "accept"
    return registry.registrar


@pytest.fixture
def probe(registry):
    with Probe(registry.directory) as a_probe:
        yield a_probe


@pytest.fixture
def over_tcp():
    """The target's TCP: takes one connection, keeps what was said, acknowledges."""
    said = []

    def serve(listener):
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                (size,) = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
                said.append(connection.recv(size, socket.MSG_WAITALL))
                reply = bytearray(said[0])
                reply[2] |= 0x80
                connection.sendall(struct.pack("!H", size) + reply)

    with socket.create_server(NOTIFIED) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield said
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def tell(probe, zone=ZONE):
    return probe.ask(NOTIFY_CDS, zone=zone)


def told(registrar):
    return [(zone, rtype) for _, zone, rtype in registrar.notifies]


@pytest.mark.parametrize("zone", [ZONE, DEEP])
def test_the_parents_target_is_told_and_acknowledges(registrar, probe, zone):
    answer = tell(probe, zone)
    assert (answer.counts, answer.wrong, answer.unknown) == ((1, 0, 0), None, None)
    assert told(registrar) == [(str(absolute(zone)), "CDS")]


def test_a_target_for_all_children_is_found(registry, registrar, probe):
    try:
        for kind in ("wildcard", "parent"):
            registry.dsync = kind
            registry.publish()
            assert tell(probe).counts == (1, 0, 0)
            assert tell(probe, DEEP).counts == (1, 0, 0)
        registry.dsync = None
        registry.publish()
        registrar.notifies.clear()
        assert tell(probe).counts == tell(probe, DEEP).counts == (0, 0, 0)
        assert told(registrar) == []
    finally:
        registry.dsync = "child"
        registry.publish()


def test_a_target_that_refuses_is_wrong(registrar, probe):
    registrar.on_notify = "refuse"
    answer = tell(probe)
    assert (answer.counts, answer.wrong) == ((0, 1, 0), NOTIFIED[0])
    assert len(told(registrar)) == 1


def test_a_target_that_is_silent_is_told_again_and_unknown(registrar, probe):
    registrar.on_notify = "silent"
    answer = tell(probe)
    assert (answer.counts, answer.unknown) == ((0, 0, 1), NOTIFIED[0])
    assert told(registrar) == [(f"{ZONE}.", "CDS")] * 3


def test_a_target_that_is_silent_over_udp_is_told_over_tcp(registrar, over_tcp, probe):
    registrar.on_notify = "silent"
    assert tell(probe).counts == (1, 0, 0)
    (message,) = over_tcp
    # RFC 1996 section 4.5: opcode NOTIFY, AA, one question and nothing else.
    assert message[2:12] == bytes.fromhex("2400 0001 0000 0000 0000")
    assert message[12:] == dns.name.from_text(ZONE).to_wire() + bytes.fromhex("003b 0001")


def test_the_next_address_of_a_target_is_tried(registrar, probe):
    """It has no route to the first, nobody listens at the second."""
    registrar.on_notify = "refuse"
    assert tell(probe, "second.tld").counts == (0, 1, 0)
    assert told(registrar) == [("second.tld.", "CDS")]


def test_each_target_counts(registrar, probe):
    """Which should not be: RFC 9859 section 3."""
    registrar.on_notify = "refuse"
    assert tell(probe, "two.tld").counts == (0, 1, 1)


def test_a_target_may_stand_behind_an_alias(registrar, probe):
    registrar.on_notify = "refuse"
    assert tell(probe, "alias.tld").counts == (0, 1, 0)


def test_a_tld_tells_the_root(registrar, probe):
    registrar.on_notify = "refuse"
    assert tell(probe, "tld").counts == (0, 1, 0)
    assert told(registrar) == [("tld.", "CDS")]
    assert tell(probe, ".").counts == (0, 0, 0)


def test_a_target_without_an_address_that_may_be_asked_is_unknown(registrar, probe):
    for zone in ("nowhere.tld", "inside.tld"):
        before = control_ask(probe.control, "status")["asked"]
        answer = tell(probe, zone)
        assert (answer.counts, answer.unknown) == ((0, 0, 1), None)
        assert control_ask(probe.control, "status")["asked"] - before == 3  # of the resolver: DSYNC, A, AAAA


def test_a_target_for_something_else_is_none(registrar, probe):
    assert tell(probe, "csync.tld").counts == (0, 0, 0)


def test_a_target_that_is_not_secure_is_not_told(registrar, probe):
    assert tell(probe, "x.plain.tld").counts == (0, 0, 0)
    assert tell(probe, "bogus.tld").counts == (0, 0, 1)
    assert told(registrar) == []
