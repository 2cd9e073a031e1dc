# SPDX-License-Identifier: ISC
"""The same questions to zone-resolver and to Unbound, on the same private tree: same flags, rcode and records, but for
the differences that are explained here."""

import itertools
import random
import struct

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import pytest

import harness
import tree as trees

QUESTIONS = [
    ("www.good.tld.", "A"),
    ("WwW.gOOd.tLd.", "A"),
    ("_25._tcp.www.good.tld.", "TLSA"),
    ("www.good.tld.", "MX"),
    ("no.good.tld.", "A"),
    ("alias.good.tld.", "A"),
    ("alias.good.tld.", "CNAME"),
    ("dangling.good.tld.", "A"),
    ("x.wild.good.tld.", "A"),
    ("x.wild.good.tld.", "TXT"),
    ("big.good.tld.", "TXT"),
    ("good.tld.", "SOA"),
    ("good.tld.", "NS"),
    ("good.tld.", "ANY"),
    ("good.tld.", "RRSIG"),
    ("good.tld.", "NSEC"),
    ("good.tld.", "DS"),
    ("good.tld.", "DNSKEY"),
    ("tld.", "DNSKEY"),
    (".", "NS"),
    (".", "DNSKEY"),
    ("nothing.", "A"),
    ("www.plain.tld.", "A"),
    ("no.plain.tld.", "A"),
    ("plain.tld.", "DS"),
    ("www.good.tld.", "TYPE65280"),
]
BOGUS = {  # and what the client is told about it (RFC 8914)
    ("www.expired.tld.", "A"): 7,
    ("no.expired.tld.", "A"): 7,
    ("www.wrongds.tld.", "A"): 9,
    ("www.stripped.tld.", "A"): 9,
}
# libunbound answers these by itself (RFC 6303, RFC 6761, RFC 7686, RFC 8375).
LOCAL = [
    ("localhost.", "A"),
    ("localhost.", "AAAA"),
    ("x.localhost.", "A"),
    ("1.0.0.127.in-addr.arpa.", "PTR"),
    ("10.in-addr.arpa.", "NS"),
    ("1.168.192.in-addr.arpa.", "PTR"),
    ("x.invalid.", "A"),
    ("x.test.", "A"),
    ("x.onion.", "A"),
    ("x.home.arpa.", "A"),
]
FLAGS = [0, dns.flags.AD, dns.flags.CD, dns.flags.AD | dns.flags.CD]
EDNS = {  # what make_query takes
    "plain": {"use_edns": False},
    "edns": {"use_edns": 0, "payload": 1232},
    "do": {"use_edns": 0, "payload": 1232, "want_dnssec": True},
    "do-512": {"use_edns": 0, "payload": 512, "want_dnssec": True},
    "do-4096": {"use_edns": 0, "payload": 4096, "want_dnssec": True},
}


class Pair:
    """zone-resolver and Unbound with the same root and anchor."""

    def __init__(self, tree, ours, theirs):
        self.tree = tree
        self.ours = ours
        self.theirs = theirs

    def ask(self, name, rtype, edns="plain", flags=0, *, rd=True, tcp=False):
        return [self.ask_one(port, name, rtype, edns, flags, rd=rd, tcp=tcp) for port in (self.ours, self.theirs)]

    @staticmethod
    def ask_one(port, name, rtype, edns, flags, *, rd, tcp):
        message = dns.message.make_query(name, rtype, **EDNS[edns])
        message.flags = (dns.flags.RD if rd else 0) | flags
        exchange = dns.query.tcp if tcp else dns.query.udp
        return exchange(message, "127.0.0.1", port=port, timeout=20)


def unbound(tree, directory, port):
    directory.mkdir()
    return harness.start_unbound(directory, [
        "interface: 127.0.0.1", f"port: {port}", f'root-hints: "{tree.hints}"', f'trust-anchor-file: "{tree.anchor}"',
        "ede: yes", "max-udp-size: 1232", "aggressive-nsec: no"])


def resolver(tree, port, log, *more, address="127.0.0.1"):
    return harness.Program(
        harness.BIN / "zone-resolver", "--listen", f"{address}@{port}", "--root-hints", tree.hints, "--trust-anchor",
        tree.anchor, "--set", "do-not-query-localhost: no", *more, log=log)


def answers(port, host="127.0.0.1"):
    try:
        dns.query.udp(dns.message.make_query("localhost.", "A"), host, port=port, timeout=0.5)
        return True
    except (OSError, dns.exception.DNSException):
        return False


@pytest.fixture(scope="module")
def pair():
    with harness.scratch() as directory, trees.Tree(directory / "tree") as tree:
        ours, theirs = harness.free_port(), harness.free_port()
        with unbound(tree, directory / "unbound", theirs), resolver(tree, ours, directory / "log") as program:
            harness.wait_until(lambda: answers(theirs) and answers(ours), lambda: program.log())
            yield Pair(tree, ours, theirs)
            assert program.running(), program.log()


def records(section):
    return sorted((str(rrset.name).lower(), rrset.rdclass, rrset.rdtype, rrset.covers, sorted(rr.to_wire() for rr in rrset))
                  for rrset in section)


def facts(message):
    """All that is compared. TTLs are not: the two asked upstream at different times."""
    return {
        "rcode": dns.rcode.to_text(message.rcode()),
        "flags": dns.flags.to_text(message.flags),
        "question": [(rrset.name.labels, rrset.rdtype) for rrset in message.question],
        "answer": records(message.answer),
        "authority": records(message.authority),
        "additional": records(message.additional),
        "edns": (message.edns, message.ednsflags, message.payload if message.edns >= 0 else 0),
    }


def errors(message):
    """Codes of the extended errors."""
    return [int(option.code) for option in message.options if hasattr(option, "code")]


def differences(ours, theirs):
    a, b = facts(ours), facts(theirs)
    return [f"{key}: {a[key]} instead of {b[key]}" for key in a if a[key] != b[key]]


@pytest.mark.parametrize("edns", EDNS)
def test_answers_are_the_same(pair, edns):
    wrong = []
    for (name, rtype), flags in itertools.product(QUESTIONS, FLAGS):
        ours, theirs = pair.ask(name, rtype, edns, flags)
        for difference in differences(ours, theirs):
            wrong.append(f"{name} {rtype} {dns.flags.to_text(flags)}: {difference}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", range(4))
def test_answers_to_random_questions_are_the_same(pair, seed):
    """With CD Unbound does not validate, and sets AD only on what another query made it validate. libunbound always does.
    (RRSIG is not among the types: asked for it, we keep the signatures of CNAMEs on the way, Unbound only of the end.)"""
    dice = random.Random(seed)
    zones = ["good.tld.", "other.tld.", "plain.tld.", "wild.good.tld.", "tld.", "."]
    labels = ["www", "alias", "dangling", "big", "x.wild", "a.b.c", "_25._tcp.www", "ns", "zz", "*", "*.wild", "0"]
    types = ["A", "AAAA", "MX", "TXT", "TLSA", "CNAME", "NS", "SOA", "DS", "DNSKEY", "NSEC", "SRV"]
    for _ in range(150):
        zone = dice.choice(zones)
        name = zone if dice.random() < 0.1 else f"{dice.choice(labels)}.{zone if zone != '.' else ''}"
        rtype, edns, flags = dice.choice(types), dice.choice(list(EDNS)), dice.choice(FLAGS)
        ours, theirs = pair.ask(name, rtype, edns, flags, tcp=dice.random() < 0.2)
        if flags & dns.flags.CD and not theirs.flags & dns.flags.AD:
            ours.flags &= ~dns.flags.AD
        wrong = differences(ours, theirs)
        assert not wrong, f"{name} {rtype} {edns} {dns.flags.to_text(flags)}: {wrong}"


def test_answers_over_tcp_are_the_same(pair):
    wrong = []
    for name, rtype in QUESTIONS:
        ours, theirs = pair.ask(name, rtype, "do", tcp=True)
        wrong += [f"{name} {rtype}: {difference}" for difference in differences(ours, theirs)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("edns", ["plain", "edns", "do"])
def test_what_does_not_validate_is_the_same_but_says_more(pair, edns):
    """Unbound 1.17 has a code only where the failure was not cached, and none with CD."""
    for ((name, rtype), code), flags in itertools.product(BOGUS.items(), FLAGS):
        ours, theirs = pair.ask(name, rtype, edns, flags)
        assert not differences(ours, theirs), f"{name} {rtype}"
        assert ours.rcode() == dns.rcode.SERVFAIL or flags & dns.flags.CD
        assert not ours.flags & dns.flags.AD
        assert errors(ours) == ([] if edns == "plain" else [code]), f"{name} {rtype}"
        assert set(errors(theirs)) <= {6, code}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("asks", ["is-ta", "not-ta"])
def test_the_root_key_sentinel_is_the_same(pair, known, asks):
    """RFC 8509: by names that fail or not, others learn which root keys a resolver trusts."""
    tag = int(pair.tree.keys["."][0].split("+")[-1])
    name = f"root-key-sentinel-{asks}-{tag if known else (tag + 1) % 65536:05d}.wild.good.tld."
    for edns, flags in itertools.product(["plain", "do"], FLAGS):
        ours, theirs = pair.ask(name, "A", edns, flags)
        assert not differences(ours, theirs)
        fails = (asks == "is-ta") != known and not flags & dns.flags.CD
        assert ours.rcode() == (dns.rcode.SERVFAIL if fails else dns.rcode.NOERROR)


def test_special_names_are_the_same_but_for_aa(pair):
    """Unbound is authoritative for what it makes up. We are for nothing: who asks for AA here looks for a name server."""
    for (name, rtype), edns, flags in itertools.product(LOCAL, ["plain", "do"], FLAGS):
        ours, theirs = pair.ask(name, rtype, edns, flags)
        assert theirs.flags & dns.flags.AA and not ours.flags & dns.flags.AA
        theirs.flags &= ~dns.flags.AA
        assert not differences(ours, theirs), f"{name} {rtype}"


def test_without_recursion_desired_all_is_refused(pair):
    """Unbound answers its local names all the same. All else is refused by both (RFC 8914 §4.21)."""
    for name, rtype in [("www.good.tld.", "A"), ("no.good.tld.", "A"), (".", "NS")]:
        ours, theirs = pair.ask(name, rtype, "edns", rd=False)
        assert ours.rcode() == theirs.rcode() == dns.rcode.REFUSED
        assert not differences(ours, theirs)
        assert errors(ours) == [20]
    ours, theirs = pair.ask("localhost.", "A", "edns", rd=False)
    assert (ours.rcode(), theirs.rcode()) == (dns.rcode.REFUSED, dns.rcode.NOERROR)


# ── Messages that are no ordinary queries ────────────────────────────────────────────────────────

WWW = b"\x03www\x04good\x03tld\x00"
OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
ANOTHER = WWW + b"\x00\x01\x00\x01"
RECORD = ANOTHER + b"\x00\x00\x00\x00\x00\x04abcd"


def raw(flags=0x0100, counts=(1, 0, 0, 0), rtype=1, rclass=1, name=WWW, tail=b""):
    question = name + struct.pack(">HH", rtype, rclass) if name else b""
    return struct.pack(">6H", 0x1234, flags, *counts) + question + tail


def with_opt(opt):
    return raw(counts=(1, 0, 0, 1), tail=opt)


SAME = {  # message → rcode
    "a query": (raw(), 0),
    "AA, RA, Z and an rcode in the query": (raw(0x05C5), 0),
    "update": (raw(0x2900), 4),
    "status": (raw(0x1100), 4),
    "opcode 15": (raw(0x7900), 4),
    "no question": (raw(counts=(0, 0, 0, 0), name=b""), 1),
    "two questions": (raw(counts=(2, 0, 0, 0), tail=ANOTHER), 1),
    "an answer in it": (raw(counts=(1, 1, 0, 0), tail=RECORD), 1),
    "AXFR": (raw(rtype=252), 5),
    "IXFR": (raw(rtype=251), 5),
    "MAILB": (raw(rtype=253), 1),
    "MAILA": (raw(rtype=254), 1),
    "TKEY": (raw(rtype=249), 1),
    "TSIG": (raw(rtype=250), 1),
    "OPT": (raw(rtype=41), 1),
    "type 128": (raw(rtype=128), 1),
    "type 200": (raw(rtype=200), 1),
    "type 0": (raw(rtype=0), 0),
    "type 127": (raw(rtype=127), 0),
    "class CH": (raw(rclass=3, rtype=16), 5),
    "class HS": (raw(rclass=4), 5),
    "class NONE": (raw(rclass=254), 5),
    "EDNS version 1": (with_opt(OPT[:6] + b"\x01" + OPT[7:]), 0),  # 16: the rest of it is in OPT
    "two OPTs": (raw(counts=(1, 0, 0, 2), tail=OPT * 2), 1),
    "half an OPT": (with_opt(OPT[:-3]), 1),
    "a compressed question": (raw(name=b"\xc0\x0c"), 1),
    "a cookie": (with_opt(OPT[:-2] + b"\x00\x0c\x00\x0a\x00\x08abcdefgh"), 0),
    "a client subnet": (with_opt(OPT[:-2] + b"\x00\x0b\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02"), 0),
    "three octets": (b"abc", None),
    "a reply": (raw(0x8180), None),
}
OTHERWISE = {  # message → our rcode, Unbound's, and why
    "notify": (raw(0x2100, rtype=6), 4, 5),  # no zones here, so nothing to notify of (RFC 8906 §3.1.4)
    "TC": (raw(0x0300), 0, 1),  # means nothing in a query (RFC 1035 §4.1.1)
    "class ANY": (raw(rclass=255), 5, 0),  # would ask the Internet for classes that nobody serves
    "version.bind": (raw(rtype=16, rclass=3, name=b"\x07version\x04bind\x00"), 5, 0),  # the box tells no versions
    "octets behind the end": (raw(tail=b"xyz"), 1, 0),  # read strictly, as by zone-server
    "octets behind OPT": (raw(counts=(1, 0, 0, 1), tail=OPT + b"xyz"), 1, 0),
    "an option longer than OPT": (with_opt(OPT[:-2] + b"\x00\x04\x00\x03\x00\x09"), 1, 0),
    "an additional record": (raw(counts=(1, 0, 0, 1), tail=RECORD), 0, 1),  # stepped over, as by zone-server
}


def rcode_of(port, message):
    """None when there is no reply before that to a query sent behind."""
    with harness.socket.socket(harness.socket.AF_INET, harness.socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(("127.0.0.1", port))
        client.send(message)
        client.send(b"\xff\xff" + raw(name=b"\x09localhost\x00")[2:])
        replies = {}
        while 0xFFFF not in replies:
            reply = client.recv(4096)
            replies[struct.unpack(">H", reply[:2])[0]] = reply[3] & 15
        if 0x1234 not in replies:
            client.settimeout(0.3)
            try:
                replies[0x1234] = client.recv(4096)[3] & 15
            except TimeoutError:
                return None
        return replies[0x1234]


def test_odd_messages_get_the_same_rcode(pair):
    rcode_of(pair.ours, raw()), rcode_of(pair.theirs, raw())
    for what, (message, expected) in SAME.items():
        assert (what, rcode_of(pair.ours, message)) == (what, expected)
        assert (what, rcode_of(pair.theirs, message)) == (what, expected)


def test_some_odd_messages_get_another_one(pair):
    for what, (message, ours, theirs) in OTHERWISE.items():
        assert (what, rcode_of(pair.ours, message)) == (what, ours)
        assert (what, rcode_of(pair.theirs, message)) == (what, theirs)


def test_the_question_comes_back_octet_by_octet(pair):
    name = b"\x03wWw\x04GooD\x03tLd\x00"
    for message in (raw(name=name), raw(name=name, rtype=252), raw(name=b"\x03a.b\x03\x00\\\xff\x03TLD\x00")):
        with harness.socket.socket(harness.socket.AF_INET, harness.socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(("127.0.0.1", pair.ours))
            client.send(message)
            assert client.recv(4096)[12 : len(message)] == message[12:]
