# SPDX-License-Identifier: ISC
"""A validating Unbound asks zone-server for names that are there and are not, in zones with NSEC, NSEC3 and opt-out, signed by
ldns and by zone-signer: what the zone proves is secure, and nothing is bogus."""

import collections
import contextlib
import random

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode

from harness import BIN, CONFIG, MAKE_STORE, Program, free_port, query, run, serial, unbound, wait_until

QUESTIONS = 900

TEXT = """\
@ SOA ns1 hostmaster 2026112201 14400 3600 604800 3600
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.2
*.wild A 192.0.2.3
there.wild TXT there
*.deep.wild TXT deeper
*.alias CNAME www
*.to-wild CNAME x.wild
*.to-nothing CNAME nothing
x.*.ent TXT below a wildcard that is an empty non-terminal
a.b.c.d.e A 192.0.2.5
MiXeD A 192.0.2.6
a\\.b.odd A 192.0.2.7
\\000.odd A 192.0.2.8
dname DNAME target
x.target A 192.0.2.9
*.target MX 10 x.target
insecure NS ns.insecure
ns.insecure A 192.0.2.10
insecure.under.ent2 NS ns1
secure NS ns1
secure DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"""
THEIRS = {"nsec.example.": "nsec", "nsec3.example.": "nsec3", "optout.example.": "optout"}
OURS = {"own.example.": "nsec", "own3.example.": "nsec3"}
ZONES = [*THEIRS, *OURS]
OWNERS = ["", *(line.split()[0] for line in TEXT.splitlines() if not line.startswith("@")), "b.c.d.e", "ent", "odd", "wild"]
DELEGATED = {b"insecure", b"secure"}  # nobody answers below them
LABELS = [b"x", b"a", b"zzz", b"\x00", b"\xff", b"a.b", b"www", b"there", b"L" * 60]
TYPES = "A AAAA MX TXT TLSA SOA NS DS".split()


def questions(chance):
    """(name, type) for which Unbound asks nobody but us. A "*" in a question is left out: Unbound takes the owner of a
    wildcard's answer for the wildcard itself, whoever serves it."""
    while True:
        name = dns.name.from_text(chance.choice(OWNERS) or "@", dns.name.from_text(chance.choice(ZONES)))
        name = dns.name.Name(chance.choice(LABELS) if label == b"*" else label for label in name.labels)
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            name = dns.name.Name((chance.choice(LABELS),) + name.labels)
        rtype = chance.choice(TYPES)
        at_cut = name.labels[0] in DELEGATED and rtype == "DS"
        at_apex = name.to_text() in ZONES and rtype == "DS"  # which is the parent's, and there is none
        if at_cut or not (at_apex or DELEGATED.intersection(name.labels)):
            yield name, rtype


def signed_by_ldns(directory):
    arguments = []
    for zone, denial in THEIRS.items():
        (directory / zone).write_text(TEXT)
        arguments.append(f"{zone}={directory / zone}:{denial}")
    run(MAKE_STORE, directory / "serve", *arguments)
    return directory / "serve"


def signed_by_us(box):
    (box.directory / "zone").write_text(TEXT)
    domains = "".join(f"  - {{name: {zone.strip('.')}, zone-file: zone, dnssec: {{denial: {denial}}}}}\n"
                      for zone, denial in OURS.items())
    box.write_config(CONFIG.replace("  - example.net\n", domains))
    run(BIN / "zone-signer", "--config", box.config, "--once")
    return box.state / "serve"


def test_nothing_is_bogus(box, directory):
    ports = {}
    seen = collections.Counter()
    with contextlib.ExitStack() as stack:
        for zones, store in (THEIRS, signed_by_ldns(directory)), (OURS, signed_by_us(box)):
            port = free_port()
            ports.update(dict.fromkeys(zones, port))
            stack.enter_context(Program(BIN / "zone-server", "--serve", store, "--listen", f"127.0.0.1@{port}",
                                        "--rate-limit", 0, log=directory / "server.log"))
        for zone, port in ports.items():
            wait_until(lambda z=zone, p=port: serial(p, z), f"{zone} is served")
        anchors = [f"{zone} DNSKEY {key}" for zone, port in ports.items() for key in query(port, zone, "DNSKEY").answer[0]]
        with unbound(directory / "unbound", ports, anchors, "cache-max-ttl: 0") as resolver:
            for (name, rtype), _ in zip(questions(random.Random(2026)), range(QUESTIONS)):
                port = next(port for zone, port in ports.items() if name.is_subdomain(dns.name.from_text(zone)))
                ours = query(port, name, rtype, dnssec=True)
                message = dns.message.make_query(name, rtype, want_dnssec=True)
                validated = dns.query.udp(message, "127.0.0.1", port=resolver, timeout=20)
                assert validated.rcode() == ours.rcode(), f"{name} {rtype}\n{ours}\n{validated}"
                secure = bool(validated.flags & dns.flags.AD)
                # RFC 5155 §9.2: what lies under an opt-out span is not secure.
                assert secure or name.is_subdomain(dns.name.from_text("optout.example.")), f"{name} {rtype}\n{ours}"
                seen[dns.rcode.to_text(ours.rcode()), secure] += 1
    print(dict(seen))
    assert min(seen["NOERROR", True], seen["NXDOMAIN", True]) > QUESTIONS / 10, seen
