# SPDX-License-Identifier: ISC
"""The main job, judged by others: a whole box is started, and dig, kdig, drill, delv, ldns-verify-zone, dnssec-verify,
kzonecheck and a validating Unbound say what they think of what it serves."""

import re

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest

import harness

# A zone that our generator would never write: wildcards, a delegation with glue and one without a DS, aliases in a chain,
# a name that exists only because of what lies below it, a label with a dot in it.
UGLY = """\
$ORIGIN example.org.
$TTL 3600
@           SOA   ns1.box.example.com. hostmaster.example.com. 7 14400 3600 604800 300
@           NS    ns1.box.example.com.
@           NS    ns2.box.example.com.
@           MX    10 box.example.com.
@           TXT   "a;b" "with \\"quotes\\""
alias       CNAME other
other       CNAME target
target      A     192.0.2.1
out         CNAME www.example.net.
*.wild      TXT   "any"
a.wild      A     192.0.2.2
b.c.wild    A     192.0.2.3
deep.er.ent A     192.0.2.4
secure      NS    ns.secure
secure      DS    12345 13 2 0102030405060708091011121314151617181920212223242526272829303132
ns.secure   A     192.0.2.5
ns.secure   AAAA  2001:db8::5
insecure    NS    ns.elsewhere.test.
MiXeD       A     192.0.2.6
dot\\.ted    A     192.0.2.7
big         TXT   "0123456789012345678901234567890123456789012345678901234567890123456789" "1"
unknown     TYPE65280 \\# 4 01020304
"""

ZONES = ["example.com", "example.net", "example.org"]


@pytest.fixture(scope="module")
def served():
    with harness.scratch() as directory:
        config = harness.CONFIG.replace("  - example.net\n", "  - example.net\n  - {name: example.org, zone-file: ugly}\n")
        with harness.Box(directory / "box", config) as box:
            (box.directory / "ugly").write_text(UGLY)
            box.start().wait_served(*ZONES)
            yield box


@pytest.fixture(scope="module")
def anchors(served):
    """The DS of each zone, as `zonegen --ds` prints it for the registrar."""
    return [served.ds(zone) for zone in ZONES]


@pytest.fixture(scope="module")
def resolver(served, anchors):
    with harness.unbound(served.directory / "unbound", {zone: served.port for zone in ZONES}, anchors) as port:
        yield port


def signed_zone(box, zone):
    return box.zonegen("--dump", "--signed", zone).stdout


def parsed(box, zone):
    return dns.zone.from_text(signed_zone(box, zone), zone, relativize=False)


def ask(port, name, rtype):
    """Asks the validating resolver."""
    message = dns.message.make_query(name, rtype, want_dnssec=True)
    return dns.query.tcp(message, "127.0.0.1", port=port, timeout=10)


def test_unbound_finds_every_record_secure(served, resolver):
    asked = 0
    for zone in ZONES:
        content = parsed(served, zone)
        cuts = [name for name, node in content.items() if name != content.origin and node.get_rdataset(1, dns.rdatatype.NS)]
        for name, node in content.items():
            below_cut = any(name.is_subdomain(cut) for cut in cuts)
            for rdataset in node.rdatasets:
                if rdataset.rdtype in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC):
                    continue
                if below_cut and rdataset.rdtype != dns.rdatatype.DS:
                    continue  # the child's to answer, and nobody serves that child
                answer = ask(resolver, name, rdataset.rdtype)
                where = f"{name} {dns.rdatatype.to_text(rdataset.rdtype)}"
                assert answer.rcode() == dns.rcode.NOERROR, where
                assert answer.flags & dns.flags.AD, f"{where} is not secure"
                if name.is_wild():
                    continue
                found = answer.get_rrset(answer.answer, name, 1, rdataset.rdtype)
                assert found is not None and set(found) == set(rdataset), where
                asked += 1
    assert asked > 40


@pytest.mark.parametrize("name, rtype, rcode", [
    ("nothing.example.com", "A", "NXDOMAIN"),
    ("a.b.c.example.net", "A", "NXDOMAIN"),
    ("example.com", "CAA", "NOERROR"),
    ("_tcp.box.example.com", "TLSA", "NOERROR"),  # an empty non-terminal (RFC 8020 and QNAME minimisation hang on it)
    ("_domainkey.example.com", "TXT", "NOERROR"),
    ("er.ent.example.org", "A", "NOERROR"),
    ("x.wild.example.org", "A", "NOERROR"),  # wildcard, no such type
    ("x.c.wild.example.org", "TXT", "NXDOMAIN"),  # the closer c.wild blocks the wildcard (RFC 4592 §2.2.2)
    ("insecure.example.org", "DS", "NOERROR"),
])
def test_unbound_finds_every_denial_secure(resolver, name, rtype, rcode):
    answer = ask(resolver, name, rtype)
    assert dns.rcode.to_text(answer.rcode()) == rcode
    assert answer.flags & dns.flags.AD
    assert not answer.answer


@pytest.mark.parametrize("name, rtype, text", [
    ("x.wild.example.org", "TXT", '"any"'),
    ("x.y.wild.example.org", "TXT", '"any"'),
    ("alias.example.org", "A", "192.0.2.1"),
    ("out.example.org", "A", "192.0.2.10"),
    ("mixed.example.org", "A", "192.0.2.6"),
])
def test_unbound_follows_wildcards_and_aliases_securely(resolver, name, rtype, text):
    answer = ask(resolver, name, rtype)
    assert answer.flags & dns.flags.AD
    assert text in [rdata.to_text() for rrset in answer.answer for rdata in rrset]


@pytest.mark.parametrize("zone", ZONES)
def test_verifiers_accept_what_is_served(served, tmp_path, zone):
    path = tmp_path / zone
    path.write_text(signed_zone(served, zone))
    harness.run("ldns-verify-zone", path)
    harness.run("dnssec-verify", "-z", "-o", zone, path)  # -z: a combined signing key
    harness.run("kzonecheck", "-d", "on", "-o", zone, path)


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_served_is_what_is_dumped(served, zone):
    """Each RRset of the store comes over the wire, TCP and UDP, with its signatures."""
    content = parsed(served, zone)
    apex = dns.name.from_text(zone)
    for rdataset in content[apex].rdatasets:
        if rdataset.rdtype == dns.rdatatype.RRSIG:
            continue
        for tcp in (False, True):
            answer = harness.query(served.port, apex, rdataset.rdtype, tcp=tcp, dnssec=True, payload=1232)
            found = answer.get_rrset(answer.answer, apex, 1, rdataset.rdtype)
            assert found is not None and set(found) == set(rdataset)
            assert answer.get_rrset(answer.answer, apex, 1, dns.rdatatype.RRSIG, rdataset.rdtype)
            assert answer.flags & dns.flags.AA


def test_delv_validates_the_tlsa_record_from_the_ds(served, anchors):
    tag, algorithm, digest_type, digest = anchors[0].split(" DS ")[1].split()
    trust = served.directory / "delv.anchors"
    trust.write_text(f'trust-anchors {{ example.com. static-ds {tag} {algorithm} {digest_type} "{digest}"; }};\n')
    out = harness.run("delv", "@127.0.0.1", "-p", served.port, "-a", trust, "+root=example.com",
                      "_25._tcp.box.example.com", "TLSA").stdout
    assert "; fully validated" in out
    assert served.tlsa.upper()[:40] in out.replace(" ", "")
    out = harness.run("delv", "@127.0.0.1", "-p", served.port, "-a", trust, "+root=example.com", "nothing.example.com", "A",
                      check=False).stdout
    assert "; negative response, fully validated" in out


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_and_kdig_and_drill_agree(served, host, transport):
    dig = harness.run("dig", f"@{host}", "-p", served.port, transport, "+dnssec", "+norec", "example.com", "MX").stdout
    assert "status: NOERROR" in dig and re.search(r"flags: qr aa;", dig)
    assert "10 box.example.com." in dig and re.search(r"RRSIG\s+MX 13 2 ", dig)
    kdig = harness.run("kdig", f"@{host}", "-p", served.port, transport, "+dnssec", "+norec", "example.com", "MX").stdout
    assert "status: NOERROR" in kdig and "10 box.example.com." in kdig and "WARNING" not in kdig
    drill = harness.run("drill", "-t" if transport == "+tcp" else "-u", "-D", "-o", "rd", "-p", served.port,
                        "example.com", f"@{host}", "MX").stdout
    assert "10 box.example.com." in drill


def test_drill_chases_the_signature_down_from_the_key(served):
    key = served.directory / "drill.key"
    dnskey = harness.query(served.port, "example.com", "DNSKEY")
    key.write_text("\n".join(rrset.to_text() for rrset in dnskey.answer) + "\n")
    out = harness.run("drill", "-k", key, "-D", "-p", served.port, "-o", "rd", "_25._tcp.box.example.com", "@127.0.0.1", "TLSA")
    assert "TLSA" in out.stdout


def test_names_of_others_are_refused(served):
    for name in ("example.edu", "com", ".", "notexample.com"):
        answer = harness.query(served.port, name, "A")
        assert answer.rcode() == dns.rcode.REFUSED and not answer.flags & dns.flags.AA


def test_the_dump_loads_everywhere(served, tmp_path):
    for zone in ("example.com", "example.net"):
        path = tmp_path / zone
        text = served.zonegen("--dump", zone).stdout
        assert text == served.zonegen("--dump", zone).stdout
        path.write_text(text)
        out = harness.run("named-checkzone", "-i", "local", zone, path).stdout
        assert out.strip().endswith("OK") and len(out.strip().splitlines()) == 2, out
        harness.run("kzonecheck", "-o", zone, path)
        harness.run("ldns-read-zone", path)
