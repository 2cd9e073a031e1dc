# SPDX-License-Identifier: ISC
"""Zones that are not as they should be, as files that an admin brings: each is refused with file, line, column and what is
wrong, and what was served before stays; or it is served, and then answered as NSD answers from the same file."""

import collections
import itertools
import re
import shutil

import dns.name
import dns.rdatatype
import pytest

import others
from differing import Asker, Question
from harness import BARE_BOX, BIN, Program, completed, free_port, query, run, scratch, serial

GOOD = "@ SOA ns1 h 1 14400 3600 604800 1800\n@ NS ns1\nns1 A 192.0.2.1\n@ TXT good\n"
HEAD = "@ 3600 SOA ns1 h 2 14400 3600 604800 1800\n@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n"
DIGEST = "0123456789abcdef" * 4
LONG = ".".join(["l" * 62] * 4)  # 252 octets: too many in front of any zone

Case = collections.namedtuple("Case", "text words")  # words: of the refusal; None: served

CASES = {
    # The apex
    "no-soa": Case("@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n", "no-soa.test has no SOA record"),
    "two-soas": Case(HEAD + "@ SOA ns1 h 3 14400 3600 604800 1800\n", ":4:1: two-soas.test has more than one SOA record"),
    "soa-twice": Case(HEAD + "@ 3600 SOA ns1 h 2 14400 3600 604800 1800\n", None),
    "soa-below": Case(HEAD + "x SOA ns1 h 2 14400 3600 604800 1800\n", ":4:1: x.soa-below.test. SOA: "),
    "no-ns": Case("@ 3600 SOA ns1 h 2 14400 3600 604800 1800\nns1 3600 A 192.0.2.1\n", "no-ns.test has no NS record"),
    "ns-without-address": Case("@ 3600 SOA ns1 h 2 14400 3600 604800 1800\n@ 3600 NS ns1\n", None),
    "ds-at-apex": Case(HEAD + f"@ DS 1 13 2 {DIGEST}\n", ":4:1: ds-at-apex.test. DS: "),
    "cname-at-apex": Case(HEAD + "@ CNAME ns1\n", ":4:1: cname-at-apex.test. CNAME: an alias beside other records"),
    "dname-at-apex": Case("@ 3600 SOA ns1 h 2 14400 3600 604800 1800\n@ 3600 NS ns.example.\n@ 3600 DNAME target.example.\n"
                          "@ 3600 TXT apex\n", None),
    "dname-over-glue": Case(HEAD + "@ DNAME target.example.\n", ":3:1: ns1.dname-over-glue.test. A: there are records below"),
    # Names with too much
    "cname-and-other": Case(HEAD + "x A 192.0.2.2\nx CNAME ns1\n", ":5:1: x.cname-and-other.test. CNAME: an alias beside"),
    "two-cnames": Case(HEAD + "x CNAME ns1\nx CNAME ns2\n", "more than one CNAME at a name (RFC 2181"),
    "cname-and-dname": Case(HEAD + "x CNAME ns1\nx DNAME ns1\n", ":4:1: x.cname-and-dname.test. CNAME: an alias beside"),
    "two-dnames": Case(HEAD + "x DNAME a\nx DNAME b\n", "more than one DNAME at a name"),
    "dname-and-ns": Case(HEAD + "x DNAME a\nx NS ns1\n", ":4:1: x.dname-and-ns.test. DNAME: the name is delegated, too"),
    "below-dname": Case(HEAD + "d DNAME target\nx.d A 192.0.2.2\n", ":5:1: x.d.below-dname.test. A: there are records below"),
    "ttls-differ": Case(HEAD + "x 300 A 192.0.2.2\nx 600 A 192.0.2.3\nx 900 A 192.0.2.4\n", None),
    "twice": Case(HEAD + "x 300 A 192.0.2.2\nX 300 A 192.0.2.2\nx 300 TXT a\nx 300 TXT a\n", None),
    # Wildcards
    "ns-at-wildcard": Case(HEAD + "*.w NS ns1\n", ":4:1: *.w.ns-at-wildcard.test. NS: "),
    "dname-at-wildcard": Case(HEAD + "*.w DNAME target\n", ":4:1: *.w.dname-at-wildcard.test. DNAME: "),
    "ds-at-wildcard": Case(HEAD + f"*.w DS 1 13 2 {DIGEST}\n", None),
    "cname-at-wildcard-to-itself": Case(HEAD + "*.w CNAME x.w\n", None),
    # Delegations
    "no-glue": Case(HEAD + "x NS ns.x\n", None),
    "ds-without-ns": Case(HEAD + f"x DS 1 13 2 {DIGEST}\n", None),
    "occluded": Case(HEAD + "x NS ns.x\nns.x A 192.0.2.2\ny.x TXT hidden\nx TXT hidden\n*.x A 192.0.2.3\nz.x NS ns1\n", None),
    "ns-is-alias": Case(HEAD + "x NS y\ny CNAME ns1\n", None),
    "ns-is-a-name-of-nobody": Case(HEAD + "x NS nothing\n", None),
    "mx-is-alias": Case(HEAD + "x MX 10 y\ny CNAME ns1\n", None),
    # Loops
    "cname-to-itself": Case(HEAD + "x CNAME x\n", None),
    "cname-circle": Case(HEAD + "x CNAME y\ny CNAME z\nz CNAME x\n", None),
    "dname-to-itself": Case(HEAD + "x DNAME y.x\n", None),
    "dname-circle": Case(HEAD + "x DNAME y\ny DNAME x\n", None),
    # What is written wrongly
    "outside": Case(HEAD + "www.example.com. A 192.0.2.2\n", ":4:1: www.example.com. A: a record outside the zone"),
    "other-class": Case(HEAD + "x CH TXT x\n", ":4:1: x.other-class.test. TXT: a record of another class"),
    "question-type": Case(HEAD + "x TYPE255 \\# 0\n", ":4:1: x.question-type.test. TYPE255: a type that no zone can have"),
    "short-rdata": Case(HEAD + "x TYPE1 \\# 3 010203\n", ":4:3: x.short-rdata.test. A: the data has not the form"),
    "long-rdata": Case(HEAD + "x TYPE1 \\# 5 0102030405\n", ":4:1: x.long-rdata.test. A: the data has not the form"),
    "odd-rdata": Case(HEAD + "x TYPE15 \\# 4 000a0161\n", ":4:3: x.odd-rdata.test. MX: the data has not the form"),
    "rdata-length": Case(HEAD + "x TYPE65280 \\# 3 0102\n", ":4:18: x.rdata-length.test. TYPE65280: 2 octets where"),
    "bad-address": Case(HEAD + "x A 192.0.2.256\n", ":4:5: x.bad-address.test. A: \"192.0.2.256\" is no IPv4 address"),
    "no-rdata": Case(HEAD + "x MX 10\n", ":4:3: x.no-rdata.test. MX: a name is missing"),
    "too-much-rdata": Case(HEAD + "x A 192.0.2.1 192.0.2.2\n", ":4:15: x.too-much-rdata.test. A: \"192.0.2.2\" is more than"),
    "unknown-type": Case(HEAD + "x NONSENSE 1\n", ":4:3: \"NONSENSE\" is no type of records"),
    "long-label": Case(HEAD + "l" * 64 + " A 192.0.2.2\n", ":4:1: a label of more than 63 octets"),
    "long-name": Case(HEAD + f"{LONG} A 192.0.2.2\n", ":4:1: a name of more than 255 octets"),
    "many-labels": Case(HEAD + "a." * 125 + "a A 192.0.2.2\n", ":4:1: a name of more than 255 octets"),
    "long-target": Case(HEAD + f"x CNAME {LONG}\n", ":4:1: a name of more than"),
    "long-target-of-old-type": Case(HEAD + f"x MINFO ns1 {LONG}\n", ":4:1: a name of more than"),
    "empty-label": Case(HEAD + "a..b A 192.0.2.2\n", ":4:1: an empty label"),
    "empty-label-in-rdata": Case(HEAD + "x CNAME a..b\n", ":4:9: x.empty-label-in-rdata.test. CNAME: \"a..b\" is no name"),
    "open-quote": Case(HEAD + "x TXT \"abc\ny A 192.0.2.2\n", ":4:7: a quote is not closed"),
    "open-parenthesis": Case(HEAD + "x TXT ( abc\ny A 192.0.2.2\n", ":4:7: \"(\" is never closed"),
    "include": Case(HEAD + "$INCLUDE /etc/passwd\n", ":4:1: $INCLUDE is not followed"),
    "ttl-too-long": Case(HEAD + "x 4294967295 A 192.0.2.2\n", ":4:1: a TTL of more than 2147483647 seconds"),
    "long-string": Case(HEAD + f"x TXT {'t' * 256}\n", ":4:7: x.long-string.test. TXT: a string of 256 octets"),
    "large-set": Case(HEAD + "".join(f"x TXT {i:0250d}\n" for i in range(300)), "x.large-set.test. TXT: "),
    # Signing's records in a zone that is not signed
    "nsec-unsigned": Case(HEAD + "@ NSEC @ SOA NS NSEC\n", ":4:1: has records of a signed zone"),
    "rrsig-unsigned": Case(HEAD + "@ RRSIG SOA 13 2 3600 20361231000000 20261101000000 1 @ AAAA\n",
                           ":4:1: has records of a signed zone"),
    "dnskey-unsigned": Case(HEAD + "@ DNSKEY 257 3 13 "
                            "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n", None),
    "nsec3param-unsigned": Case(HEAD + "@ NSEC3PARAM 1 0 0 -\n", ":4:1: has records of a signed zone"),
}

# Zones that were signed elsewhere and are served as they are: what is done to the lines of a good one.
BASE = HEAD + f"""a A 192.0.2.2
b.c TXT below an ENT
*.w TXT wild
s NS ns.s
ns.s A 192.0.2.3
t NS ns1
t DS 1 13 2 {DIGEST}
z A 192.0.2.4
"""


def without(*patterns):
    """The lines in which none of these is found."""
    return lambda lines: [line for line in lines if not any(re.search(pattern, line) for pattern in patterns)]


def without_one_nsec3(lines):
    """Not the apex', which has the SOA in its bitmap."""
    gone = next(line.split()[0] for line in lines if "\tNSEC3\t" in line and "SOA" not in line)
    return [line for line in lines if not line.startswith(gone)]


def changed(pattern, text):
    def change(lines):
        out = [re.sub(pattern, text, line) for line in lines]
        assert out != lines
        return out
    return change


Signed = collections.namedtuple("Signed", "options spoil words")
NSEC, NSEC3 = (), ("-n", "-t", "0")

# While one NSEC3 chain takes another's place: the salts of the NSEC3PARAM, those of the chains, and the words of a refusal.
CHAINS = {
    "two-chains": (("aa", "bb"), ("aa", "bb"), None),
    "chain-without-nsec3param": (("bb",), ("aa", "bb"), None),
    "nsec3param-without-chain": (("aa", "bb"), ("aa",), None),
    "first-nsec3param-without-chain": (("aa", "bb"), ("bb",), None),
    "nsec3params-without-chain": (("aa", "bb"), ("cc",), "there is neither an NSEC nor an NSEC3 chain"),
}

SIGNED = {
    "nsec": Signed(NSEC, list, None),
    "nsec3": Signed(NSEC3, list, None),
    "nsec3-salt": Signed(("-n", "-t", "0", "-s", "abcdef"), list, None),
    "nsec3-iterations": Signed(("-n", "-t", "100", "-s", "abcdef"), list, None),
    "nsec3-too-many-iterations": Signed(("-n", "-t", "101"), list, "iterations"),
    "opt-out": Signed((*NSEC3, "-p"), list, None),
    **{name: Signed(None, list, words) for name, (_, _, words) in CHAINS.items()},
    "expired": Signed(("-i", "20200101", "-e", "20200201"), list, "expired"),
    "not-yet": Signed(("-i", "20400101", "-e", "20400201"), list, "signature"),
    "no-signature": Signed(NSEC, without(r"^a\..*RRSIG\tA "), "no signature"),
    "no-signature-of-nsec": Signed(NSEC, without(r"^a\..*RRSIG\tNSEC "), "no signature"),
    "no-signature-of-ds": Signed(NSEC, without(r"^t\..*RRSIG\tDS "), "no signature"),
    "no-signature-of-dnskey": Signed(NSEC, without(r"RRSIG\tDNSKEY "), "the DNSKEY set is not signed"),
    "no-signature-of-soa": Signed(NSEC, without(r"RRSIG\tSOA "), "no signature over its SOA"),
    "no-dnskey": Signed(NSEC, without(r"\tDNSKEY\t"), "no DNSKEY"),
    "changed": Signed(NSEC, changed(r"192\.0\.2\.2$", "192.0.2.99"), "does not verify"),
    "added": Signed(NSEC, lambda lines: [*lines, "more.added.test.\t3600\tIN\tA\t192.0.2.9"], "more.added.test."),
    "ttl-above-original": Signed(NSEC, changed(r"^(a\S*)\t3600\tIN\tA", r"\1\t7200\tIN\tA"), "TTL"),
    "nsec-gap": Signed(NSEC, without(r"^b\.c\..*\tNSEC\t", r"^b\.c\..*RRSIG\tNSEC"), "NSEC"),
    "no-nsec": Signed(NSEC, without(r"\tNSEC\t", r"RRSIG\tNSEC"), "NSEC"),
    "nsec3-gap": Signed(NSEC3, without_one_nsec3, "NSEC3"),
    "no-nsec3param": Signed(NSEC3, without(r"\tNSEC3PARAM\t", r"RRSIG\tNSEC3PARAM"), "NSEC3"),
    "nsec-and-nsec3": Signed(NSEC3, lambda lines: lines, "NSEC"),
    "signature-of-nothing": Signed(NSEC, without(r"^z\S*\t\d+\tIN\tA\t"), "z.signature-of-nothing.test."),
    "signed-by-another": Signed(NSEC, lambda lines: lines, "made by a key that is not in the DNSKEY set"),
}


def make_key(place, zone):
    place.mkdir(exist_ok=True)
    return place / run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone, cwd=place).stdout.strip()


def sign(place, zone, options, key, more=""):
    """The lines of BASE, and more, as this zone."""
    (place / "zone").write_text(f"$ORIGIN {zone}.\n{BASE}{more}")
    run("ldns-signzone", *options, "-f", place / "signed", place / "zone", key)
    return (place / "signed").read_text().splitlines()


def sign_alone(directory, name, options):
    """The same by a key of its own."""
    place = directory / f"{name}.signing"
    return sign(place, f"{name}.test", options, make_key(place, f"{name}.test"))


def sign_chains(directory, name, params, chains):
    """The same with NSEC3 chains of these salts and an NSEC3PARAM of those."""
    place = directory / f"{name}.signing"
    key = make_key(place, f"{name}.test")
    more = "".join(f"@ 0 NSEC3PARAM 1 0 0 {salt}\n" for salt in params)
    lines, *others = (sign(place, f"{name}.test", (*NSEC3, "-s", salt), key, more) for salt in chains)
    return lines + [line for other in others for line in other if re.search(r"\tNSEC3\t|RRSIG\tNSEC3 ", line)]


def ill_files(directory):
    """Case → the text of its file."""
    texts = {name: case.text for name, case in CASES.items()}
    for name, case in SIGNED.items():
        if name in CHAINS:
            lines = sign_chains(directory, name, *CHAINS[name][:2])
        else:
            lines = sign_alone(directory, name, case.options)
        if name == "nsec-and-nsec3":
            lines += [line for line in sign_alone(directory, name, NSEC) if re.search(r"\tNSEC\t|RRSIG\tNSEC ", line)]
        if name == "signed-by-another":
            lines += [line for line in sign_alone(directory, name, NSEC) if re.search(r"RRSIG\tA ", line)]
        texts[name] = "\n".join(case.spoil(lines)) + "\n"
    return texts


def sign_once(directory, texts, mode):
    domains = ""
    for name, text in texts.items():
        (directory / name).write_text(text)
        domains += f"  - {{name: {name}.test, zone-file: {name}, dnssec: {mode(name)}}}\n"
    (directory / "zonebox.yaml").write_text(completed(f"{BARE_BOX}domains:\n{domains}state: state\n"))
    return run(BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once", check=False).stderr


ALL = {**CASES, **SIGNED}
# The same record twice counts once (RFC 2181 section 5), be it the SOA.
NOT_SERVED_BY_NSD = {"soa-twice"}
TYPES = "A NS DS TXT CNAME DNAME MX SOA NSEC NSEC3PARAM DNSKEY TYPE65280".split()


@pytest.fixture(scope="module")
def signed():
    """The directory, where zone-signer had good files at first and then these; and what it said of them."""
    with scratch() as directory:
        good = sign_once(directory, dict.fromkeys(ALL, GOOD), lambda name: "off")
        assert "error" not in good, good
        yield directory, sign_once(directory, ill_files(directory), lambda name: "presigned" if name in SIGNED else "off")


@pytest.mark.parametrize("name", ALL)
def test_it_is_refused_with_its_line_or_served(signed, name):
    directory, said = signed
    errors = [line for line in said.splitlines()
              if line.startswith("error ") and (f"zone={name}.test " in line or f"path={directory}/{name} " in line)]
    if ALL[name].words is None:
        assert not errors and f"zone-published zone={name}.test " in said, errors
    else:
        assert errors and f'reason="{directory}/{name}:' in errors[0], said
        assert ALL[name].words in errors[0].replace('\\"', '"')


# What we alone refuse: RFC 4592 section 4.4, RFC 2181 section 8, RFC 9276 section 3.2; `dnssec:` says that the zone is not
# signed; and a signature by a key that the zone does not have, beside one that it has, is somebody's mistake.
ALONE = {"dname-at-wildcard", "ttl-too-long", "nsec3-too-many-iterations", "nsec-unsigned", "rrsig-unsigned",
         "nsec3param-unsigned", "signed-by-another"}


def test_peers_refuse_what_is_refused(signed):
    """Of what we refuse somebody else's checker refuses all but what has a reason; of what we serve NSD's refuses nothing."""
    if not all(shutil.which(checker, path="/usr/bin:/usr/sbin") for checker in ("nsd-checkzone", "kzonecheck", "named-checkzone")):
        pytest.skip("a checker is not installed")
    alone = set()
    for name, case in ALL.items():
        zone, file = f"{name}.test", signed[0] / f"{name}.checked"
        file.write_text(f"$ORIGIN {zone}.\n$TTL 3600\n" + (signed[0] / name).read_text())

        def takes(*command):
            return run(*command, check=False, errors="replace").returncode == 0

        if case.words is None:
            assert name in NOT_SERVED_BY_NSD or takes("nsd-checkzone", zone, file), name
        elif takes("nsd-checkzone", zone, file) \
                and takes("kzonecheck", "-d", "on" if name in SIGNED else "off", "-o", zone, file) \
                and takes("named-checkzone", "-i", "none", zone, file):
            alone.add(name)
    assert alone == ALONE


@pytest.fixture(scope="module")
def servers(signed):
    """zone-server and NSD: how to ask each. NSD has the files with an origin and a TTL of their own."""
    if shutil.which("nsd", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("nsd is not installed")
    directory, _ = signed
    ports = {"ours": free_port(), "nsd": free_port()}
    files = {}
    for name in (name for name, case in ALL.items() if case.words is None):
        files[f"{name}.test."] = directory / f"{name}.nsd"
        files[f"{name}.test."].write_text(f"$ORIGIN {name}.test.\n$TTL 3600\n" + (directory / name).read_text())
    (directory / "nsd").mkdir()
    command = others.nsd(directory / "nsd", [f"127.0.0.1@{ports['nsd']}"], files, "minimal-responses: yes")
    with Program(BIN / "zone-server", "--serve", directory / "state" / "serve", "--listen", f"127.0.0.1@{ports['ours']}",
                 "--rate-limit", 0, log=directory / "ours.log") as ours, Program(*command, log=directory / "nsd.log") as nsd:
        ours.wait_for(lambda: serial(ports["ours"], "nsec.test."))
        nsd.wait_for(lambda: serial(ports["nsd"], "nsec.test."))
        yield {server: Asker(port) for server, port in ports.items()}


def test_what_was_served_before_stays(servers):
    for name, case in ALL.items():
        answer = query(servers["ours"].port, f"{name}.test.", "TXT", tcp=True).answer
        assert bool(answer and answer[0][0].to_text() == '"good"') == (case.words is not None), name


def owners(zone, lines):
    """The names of the file, those between them and the apex, and some that are not there. NSEC3 have owners that nobody
    asks for."""
    origin = dns.name.from_text(zone)
    names = {origin, dns.name.from_text("nothing", origin)}
    for line in lines:
        name = dns.name.from_text(line.split()[0], origin)
        while "NSEC3 " not in line.replace("\t", " ") and name != origin:
            names |= {name, dns.name.from_text("x", name)}
            name = name.parent()
    return sorted(names)


def ask(servers, question):
    for asker in servers.values():
        asker.send(question)
    return [asker.receive() for asker in servers.values()]


def same(ours, theirs):
    """NSD answers a chain that leads back as far as it likes, gives TTLs that differ as they are (RFC 2181 section 5.2: the
    lowest is for all), and the NSEC3 of a closest encloser where RFC 5155 section 7.2.3 wants none."""
    answers = [{(record.owner, record.type, record.rdata) for record in reply.answer} for reply in (ours, theirs)]
    if (ours.rcode, ours.aa) != (theirs.rcode, theirs.aa) or ours.additional - theirs.additional:
        return False
    if ours.targets() and answers[1] < answers[0]:
        return True
    more = theirs.authority - ours.authority
    return answers[0] == answers[1] and not ours.authority - theirs.authority \
        and {record.type for record in more} <= {dns.rdatatype.NSEC3, dns.rdatatype.RRSIG}


@pytest.mark.parametrize("name", [name for name, case in ALL.items() if case.words is None])
def test_it_is_served_as_by_nsd(signed, servers, name):
    zone = f"{name}.test."
    if name in NOT_SERVED_BY_NSD:
        assert serial(servers["nsd"].port, zone) is None and serial(servers["ours"].port, zone) is not None
        return
    text = (signed[0] / name).read_text()
    for owner, rtype in itertools.product(owners(zone, text.splitlines()), TYPES):
        question = Question(owner, rtype, dnssec=True, size=1232, tcp=True)
        ours, theirs = ask(servers, question)
        assert same(ours, theirs), f"{question}\n  ours: {ours}  nsd: {theirs}"
