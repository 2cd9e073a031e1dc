# SPDX-License-Identifier: ISC
"""Zones with an NSEC3 chain of our own, judged by others: delv, a validating Unbound, drill, ldns-verify-zone, dnssec-verify
and kzonecheck, while a zone goes from one chain to the other, too. What Unbound makes of many questions at random is in
test_server_by_unbound.py."""

import re
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest

import harness
import judges

# A zone that our generator would never write: empty non-terminals, wildcards, delegations with and without DS, a DNAME.
ODD = """\
$ORIGIN example.org.
$TTL 3600
@            SOA   ns1.box.example.com. hostmaster.example.com. 7 14400 3600 604800 300
@            NS    ns1.box.example.com.
www          A     192.0.2.1
alias        CNAME WWW
*.wild       TXT   "any"
b.c.wild     A     192.0.2.3
deep.er.ent  A     192.0.2.4
secure       NS    ns.secure
secure       DS    12345 13 2 0102030405060708091011121314151617181920212223242526272829303132
ns.secure    A     192.0.2.5
insecure     NS    ns.elsewhere.test.
far.in.secure2 NS  ns.elsewhere.test.
dname        DNAME target
x.target     A     192.0.2.9
"""
ZONES = ["example.com", "example.org"]


def config(denial):
    return harness.CONFIG.replace("  - example.net\n", "  - {name: example.org, zone-file: odd}\n") + (
        f"dnssec: {{denial: {denial}}}\n")


@pytest.fixture(scope="module")
def served():
    with harness.scratch() as directory, harness.Box(directory / "box", config("nsec3")) as box:
        (box.directory / "odd").write_text(ODD)
        box.start().wait_served(*ZONES)
        yield box


def signed_zone(box, zone):
    return box.zonegen("--dump", "--signed", zone).stdout


def trust(box, zone):
    """The zone's DS as delv wants to have it."""
    path = box.directory / f"{zone}.delv"
    tag, algorithm, kind, digest = box.ds(zone).split(" DS ")[1].split()
    path.write_text(f'trust-anchors {{ {zone}. static-ds {tag} {algorithm} {kind} "{digest}"; }};\n')
    return path


def test_judges_of_whole_zones_agree(served, tmp_path):
    for zone in ZONES:
        text = signed_zone(served, zone)
        assert judges.disagreement(zone, text, tmp_path) == {}
        content = dns.zone.from_text(text, zone, relativize=False)
        apex = content[content.origin]
        param, = apex.get_rdataset(1, dns.rdatatype.NSEC3PARAM)
        assert param.to_text() == "1 0 0 -" and ";; NSEC3 denies what is not there; NSEC3PARAM says" in text
        chain = [rdataset for node in content.values() for rdataset in node if rdataset.rdtype == dns.rdatatype.NSEC3]
        soa = apex.get_rdataset(1, dns.rdatatype.SOA)
        assert {rdataset.ttl for rdataset in chain} == {min(soa.ttl, soa[0].minimum)}  # RFC 9077
        assert not any(node.get_rdataset(1, dns.rdatatype.NSEC) for node in content.values())


@pytest.mark.parametrize("name, rtype, words", [
    ("example.com", "MX", "; fully validated"),
    ("_25._tcp.box.example.com", "TLSA", "; fully validated"),
    ("nothing.example.com", "A", "; negative response, fully validated"),
    ("a.b.nothing.example.com", "A", "; negative response, fully validated"),
    ("_tcp.box.example.com", "TLSA", "; negative response, fully validated"),  # an empty non-terminal
    ("example.com", "LOC", "; negative response, fully validated"),
    ("x.y.wild.example.org", "TXT", "; fully validated"),
    ("x.y.wild.example.org", "A", "; negative response, fully validated"),
    ("x.c.wild.example.org", "TXT", "; negative response, fully validated"),  # c.wild is closer than the wildcard
    ("insecure.example.org", "DS", "; negative response, fully validated"),
    ("far.in.secure2.example.org", "DS", "; negative response, fully validated"),
    ("in.secure2.example.org", "A", "; negative response, fully validated"),
    ("secure.example.org", "DS", "; fully validated"),
    ("x.dname.example.org", "A", "; fully validated"),
])
def test_delv_validates(served, name, rtype, words):
    zone = next(zone for zone in ZONES if name.endswith(zone))
    out = harness.run("delv", "@127.0.0.1", "-p", served.port, "-a", trust(served, zone), f"+root={zone}", name, rtype,
                      check=False).stdout
    assert words in out, out


def test_drill_finds_the_proof(served):
    key = served.directory / "drill.key"
    key.write_text("\n".join(rrset.to_text() for rrset in harness.query(served.port, "example.com", "DNSKEY").answer) + "\n")
    out = harness.run("drill", "-k", key, "-D", "-p", served.port, "-o", "rd", "nothing.example.com", "@127.0.0.1", "A").stdout
    assert "NSEC3" in out and not re.search("bogus", out, re.I), out


# ── From one chain to the other ──────────────────────────────────────────────────────────────────────────────────────

QUESTIONS = [("example.com", "MX"), ("nothing.example.com", "A"), ("_tcp.box.example.com", "TLSA"), ("example.com", "LOC"),
             ("x.y.wild.example.org", "TXT"), ("x.y.wild.example.org", "A"), ("insecure.example.org", "DS"),
             ("nothing.example.org", "A"), ("er.ent.example.org", "A")]


def has(box, zone):
    """The type of the records that deny a name in the zone, None while it is not served."""
    answer = harness.query(box.port, f"nothing.{zone}", "A", dnssec=True)
    types = {rrset.rdtype for rrset in answer.authority} & {dns.rdatatype.NSEC, dns.rdatatype.NSEC3}
    assert len(types) == 1, answer
    return types.pop()


def all_secure(resolver):
    for name, rtype in QUESTIONS:
        message = dns.message.make_query(name, rtype, want_dnssec=True)
        answer = dns.query.tcp(message, "127.0.0.1", port=resolver, timeout=10)
        assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) and answer.flags & dns.flags.AD, answer


def test_a_change_of_the_chain_is_never_bogus(directory, tmp_path):
    """For a validator that has kept answers of the old chain, and makes new ones from them (RFC 8198), too."""
    with harness.Box(directory / "box", config("nsec")) as box:
        (box.directory / "odd").write_text(ODD)
        box.start().wait_served(*ZONES)
        stubs = "".join(f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{box.port}\n' for zone in ZONES)
        (directory / "anchors").write_text("".join(f"{box.ds(zone)}\n" for zone in ZONES))
        port = harness.free_port()
        options = ["interface: 127.0.0.1", f"port: {port}", "access-control: 127.0.0.0/8 allow",
                   f'trust-anchor-file: "{directory}/anchors"', "aggressive-nsec: yes"]
        with harness.start_unbound(directory, options, stubs) as unbound:
            unbound.wait_log("start of service")
            all_secure(port)
            for denial, rtype in (("nsec3", dns.rdatatype.NSEC3), ("nsec", dns.rdatatype.NSEC)) * 2:
                before = {zone: harness.serial(box.port, zone) for zone in ZONES}
                box.write_config(config(denial))
                deadline = time.monotonic() + 20
                while {has(box, zone) for zone in ZONES} != {rtype}:
                    all_secure(port)
                    assert time.monotonic() < deadline, box.program.log()
                all_secure(port)
                for zone in ZONES:
                    assert harness.serial(box.port, zone) != before[zone]
                    assert judges.disagreement(zone, signed_zone(box, zone), tmp_path) == {}
        assert "error" not in [line.split(" ", 1)[0] for line in box.program.log().splitlines()]


# ── The resolver of the box ──────────────────────────────────────────────────────────────────────────────────────────


def security(port, name, rtype):
    """"secure", "insecure", or what went wrong."""
    answer = dns.query.udp(dns.message.make_query(name, rtype, want_dnssec=True), "127.0.0.1", port=port, timeout=10)
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(answer.rcode())
    return "secure" if answer.flags & dns.flags.AD else "insecure"


def test_the_resolver_of_the_box_follows_its_zones(directory):
    """From one chain to the other, unsigned and signed again, with a DNAME among the names."""
    (directory / "hints").write_text(". NS ns.root.\nns.root. A 127.0.0.254\n")  # nobody is there
    port = harness.free_port()
    resolver = (f'resolver: {{listen: ["127.0.0.1@{port}"], trust-own-keys: yes, root-hints: {directory}/hints}}\n')

    def settled(expected):
        try:
            return {security(port, *question) for question in [*QUESTIONS, ("x.dname.example.org", "A")]} == {expected}
        except dns.exception.DNSException:
            return False

    with harness.Box(directory / "box", config("nsec3") + resolver) as box:
        (box.directory / "odd").write_text(ODD)
        box.start().wait_served(*ZONES)
        harness.wait_until(lambda: settled("secure"), lambda: box.program.log())
        for dnssec, expected in (("{denial: nsec}", "secure"), ("no", "insecure"), ("{denial: nsec3}", "secure")):
            before = harness.serial(box.port, "example.org")
            # An unsigned zone has the serial of its file, which must not go back.
            (box.directory / "odd").write_text(ODD.replace(" 7 ", f" {before + 1} "))
            box.write_config(config("nsec3").replace("dnssec: {denial: nsec3}", f"dnssec: {dnssec}") + resolver)
            harness.wait_until(lambda: harness.serial(box.port, "example.org") != before, lambda: box.program.log())
            harness.wait_until(lambda: settled(expected), lambda: box.program.log())
