# SPDX-License-Identifier: ISC
"""Queries that are not the everyday ones (opcodes, classes, types that no zone has, messages that are not well-formed), and a
zone with another one of the box below it: the rcode of each, and NSD's beside it where that is another one."""

import shutil
import socket
import struct

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

import others
from harness import BIN, MAKE_STORE, Program, free_port, query, run, scratch, serial

ABOVE = """\
@ SOA ns1 hostmaster 1 14400 3600 604800 1800
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.2
hidden.below A 192.0.2.3
below NS ns1.below
ns1.below A 192.0.2.4
"""
BELOW = """\
@ SOA ns1 hostmaster 2 14400 3600 604800 900
@ NS ns1
ns1 A 192.0.2.4
www A 192.0.2.5
*.wild TXT below
a.ent A 192.0.2.6
"""
DS = "below DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
OPCODE = 11  # where it is in the flags


def message(opcode=0, flags=0, name="x.test.", rtype="SOA", rclass=1, rest=b"", counts=(0, 0), question=True):
    """With EDNS, and further records before the OPT as counts say: in the answer and in the authority section."""
    asked = dns.name.from_text(name).to_wire() + struct.pack("!2H", dns.rdatatype.from_text(rtype), rclass) if question else b""
    return struct.pack("!6H", 7, opcode << OPCODE | flags, int(question), *counts, 1) + asked + rest \
        + struct.pack("!BHHIH", 0, 41, 1232, 0, 0)


SOA = dns.name.from_text("x.test.").to_wire() + struct.pack("!2HIH2s5I", 6, 1, 0, 22, b"\0\0", 1, 1, 1, 1, 1)

# What → the message, our rcode, NSD's: None is no reply.
QUERIES = {
    "everyday": (message(), "NOERROR", "NOERROR"),
    "no question": (message(question=False), "FORMERR", "NOERROR"),
    "IQUERY": (message(1), "NOTIMP", "NOTIMP"),
    "STATUS": (message(2), "NOTIMP", "NOTIMP"),
    # Whose secondary it is nobody has said; NSD knows NOTIFY and refuses it.
    "NOTIFY": (message(4, flags=0x400, rest=SOA, counts=(1, 0)), "NOTIMP", "REFUSED"),
    "NOTIFY of nobody's zone": (message(4, flags=0x400, name="example.net."), "NOTIMP", "NXDOMAIN"),
    "UPDATE": (message(5, rest=SOA, counts=(0, 1)), "NOTIMP", "NOTIMP"),
    "DSO": (message(6, question=False), "NOTIMP", "NOTIMP"),
    **{f"opcode {code}": (message(code), "NOTIMP", "NOTIMP") for code in (3, *range(7, 16))},
    "a reply": (message(flags=0x8000), None, None),
    "AA": (message(flags=0x400), "NOERROR", "NOERROR"),
    "TC": (message(flags=0x200), "NOERROR", "NOERROR"),
    "an rcode": (message(flags=5), "NOERROR", "FORMERR"),
    "a record in the answer section": (message(rest=SOA, counts=(1, 0)), "FORMERR", "FORMERR"),
    "one in the authority section": (message(rest=SOA, counts=(0, 1)), "FORMERR", "FORMERR"),
    "octets behind the end": (message() + b"xx", "FORMERR", "NOERROR"),
    "cut short": (message()[:20], "FORMERR", "FORMERR"),
    # ANY is what RFC 8482 makes of it. A server without transfers refuses them, over UDP, too.
    "ANY": (message(rtype="ANY"), "NOERROR", "NOERROR"),
    "RRSIG": (message(rtype="RRSIG"), "NOERROR", "NOERROR"),
    "AXFR": (message(rtype="AXFR"), "REFUSED", "NOTIMP"),
    "IXFR": (message(rtype="IXFR", rest=SOA, counts=(0, 1)), "REFUSED", "REFUSED"),
    "AXFR of nobody's zone": (message(rtype="AXFR", name="example.net."), "REFUSED", "NOTIMP"),
    # RFC 1035 section 3.2.3: MAILB and MAILA ask for more than a type, and nobody has them.
    "MAILB": (message(rtype="TYPE253"), "NOTIMP", "NOERROR"),
    "MAILA": (message(rtype="TYPE254"), "NOTIMP", "NOERROR"),
    # Types of messages are no types of data (RFC 6895 section 3.1).
    "type OPT": (message(rtype="OPT"), "FORMERR", "NOERROR"),
    "type TSIG": (message(rtype="TSIG"), "FORMERR", "NOERROR"),
    "type NXNAME": (message(rtype="TYPE128"), "FORMERR", "NOERROR"),
    "type 0": (message(rtype="TYPE0"), "NOERROR", "NOERROR"),
    "an unknown type": (message(rtype="TYPE65280"), "NOERROR", "NOERROR"),
    # Decision 038 says why ANY, too.
    "class CH": (message(rclass=3), "REFUSED", "REFUSED"),
    "class HS": (message(rclass=4), "REFUSED", "REFUSED"),
    "class NONE": (message(rclass=254), "REFUSED", "REFUSED"),
    "class ANY": (message(rclass=255), "REFUSED", "NOERROR"),
    "an unknown class": (message(rclass=65280), "REFUSED", "REFUSED"),
    "nobody's zone": (message(name="example.net."), "REFUSED", "REFUSED"),
    "the root": (message(name="."), "REFUSED", "REFUSED"),
    "the zone above": (message(name="test."), "REFUSED", "REFUSED"),
}


@pytest.fixture(scope="module")
def ports():
    """server → its port; both have x.test., signed, and below.x.test."""
    if shutil.which("nsd", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("nsd is not installed")
    with scratch() as directory:
        (directory / "above").write_text(ABOVE + DS)
        (directory / "below").write_text(BELOW)
        run(MAKE_STORE, directory / "serve", f"x.test.={directory / 'above'}:nsec", f"below.x.test.={directory / 'below'}:nsec3")
        ports = {"ours": free_port(), "nsd": free_port()}
        (directory / "nsd").mkdir()
        files = {"x.test.": directory / "above.signed", "below.x.test.": directory / "below.signed"}
        command = others.nsd(directory / "nsd", [f"127.0.0.1@{ports['nsd']}"], files, "minimal-responses: yes")
        with Program(BIN / "zone-server", "--serve", directory / "serve", "--listen", f"127.0.0.1@{ports['ours']}",
                     "--rate-limit", 0, log=directory / "ours.log") as ours, Program(*command, log=directory / "nsd.log") as nsd:
            ours.wait_for(lambda: serial(ports["ours"], "below.x.test."))
            nsd.wait_for(lambda: serial(ports["nsd"], "below.x.test."))
            yield ports


def rcodes(port, messages):
    """What each message gets, None for nothing. A query behind them is answered when all that come before have been."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(10)
        asker.connect(("127.0.0.1", port))
        for number, octets in enumerate(messages):
            asker.send(struct.pack("!H", number) + octets[2:])
            asker.send(struct.pack("!H", 0xffff) + message()[2:])
            while (reply := asker.recv(65535))[:2] != b"\xff\xff":
                found[struct.unpack_from("!H", reply)[0]] = dns.rcode.to_text(reply[3] & 15)
    return [found.get(number) for number in range(len(messages))]


def test_each_gets_its_rcode(ports):
    messages = [octets for octets, *_ in QUERIES.values()]
    for number, server in enumerate(("ours", "nsd")):
        got = dict(zip(QUERIES, rcodes(ports[server], messages)))
        assert got == {what: expected[number] for what, (_, *expected) in QUERIES.items()}, server


def test_transfers_are_refused_over_tcp(ports):
    for rtype in "AXFR", "IXFR":
        assert query(ports["ours"], "x.test.", rtype, tcp=True).rcode() == dns.rcode.REFUSED


# Name and type → rcode, types of the answer, whose SOA or DS speaks. The zone below answers for all its names but for the DS of
# its apex, which is the parent's (RFC 4035 section 3.1.4.1), and the parent never refers to it.
BOTH = {
    ("below.x.test.", "DS"): ("NOERROR", "DS", None),
    ("below.x.test.", "SOA"): ("NOERROR", "SOA", None),
    ("below.x.test.", "NS"): ("NOERROR", "NS", None),
    ("below.x.test.", "DNSKEY"): ("NOERROR", "DNSKEY", None),
    ("below.x.test.", "MX"): ("NOERROR", None, "below.x.test."),
    ("ns1.below.x.test.", "A"): ("NOERROR", "A", None),
    ("ns1.below.x.test.", "DS"): ("NOERROR", None, "below.x.test."),
    ("www.below.x.test.", "A"): ("NOERROR", "A", None),
    ("hidden.below.x.test.", "A"): ("NXDOMAIN", None, "below.x.test."),
    ("ent.below.x.test.", "A"): ("NOERROR", None, "below.x.test."),
    ("x.wild.below.x.test.", "TXT"): ("NOERROR", "TXT", None),
    ("x.wild.below.x.test.", "A"): ("NOERROR", None, "below.x.test."),
    ("x.a.ent.below.x.test.", "A"): ("NXDOMAIN", None, "below.x.test."),
    ("x.test.", "DS"): ("NOERROR", None, "x.test."),
    ("www.x.test.", "A"): ("NOERROR", "A", None),
    ("www.x.test.", "DS"): ("NOERROR", None, "x.test."),
    ("x.www.x.test.", "DS"): ("NXDOMAIN", None, "x.test."),
}


# NSD keeps one tree of all names: what the zone above has below the cut, which nobody may see, is an empty non-terminal to it.
NSD_ERRS = {("hidden.below.x.test.", "A")}


@pytest.mark.parametrize("dnssec", [False, True])
@pytest.mark.parametrize("name, rtype", BOTH)
def test_a_zone_below_another_answers_for_itself(ports, name, rtype, dnssec):
    rcode, answered, speaker = BOTH[name, rtype]
    ours, theirs = (query(ports[server], name, rtype, dnssec=dnssec, tcp=True) for server in ("ours", "nsd"))
    assert dns.rcode.to_text(ours.rcode()) == rcode and ours.flags & dns.flags.AA
    assert {dns.rdatatype.to_text(rrset.rdtype) for rrset in ours.answer} - {"RRSIG"} == ({answered} if answered else set())
    assert [str(rrset.name) for rrset in ours.authority if rrset.rdtype == dns.rdatatype.SOA] == ([speaker] if speaker else [])
    assert not any(rrset.rdtype == dns.rdatatype.NS for rrset in ours.authority)
    # The TTL of a negative SOA is its own minimum (RFC 2308 section 3).
    assert all(rrset.ttl == (900 if speaker == "below.x.test." else 1800)
               for rrset in ours.authority if rrset.rdtype == dns.rdatatype.SOA)
    if (name, rtype) in NSD_ERRS:
        return
    assert (theirs.rcode(), theirs.flags & dns.flags.AA) == (ours.rcode(), ours.flags & dns.flags.AA)
    for mine, others_own in (ours.answer, theirs.answer), (ours.authority, theirs.authority):
        assert {rrset.to_text() for rrset in mine} == {rrset.to_text() for rrset in others_own}
