# SPDX-License-Identifier: ISC
"""`zonebox check` in a world of its own (internet.py): first nothing is wrong in it, then each thing is, one by one, and
exactly what follows from that is said."""

import contextlib
import json
import time

import dns.flags
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from harness import BIN, make_certificate, query, run, scratch, wait_until
from internet import BOX4, CONFIG, OLD, OTHER_SERVER, SECOND, REVERSE4, World, tls_context


@pytest.fixture(scope="module")
def world():
    with scratch() as directory, World(directory) as a_world:
        yield a_world


def not_ok(verdicts):
    return {(v["zone"], v["check"]): v["verdict"] for v in verdicts if v["verdict"] != "ok"}


def show(verdicts):
    return "\n".join(f"{v['zone']} {v['check']} {v['verdict']}: {v['subject']}: {v['text']} | {v['todo']}"
                     for v in verdicts if v["verdict"] != "ok")


def test_nothing_is_wrong_in_a_sound_world(world):
    verdicts, code = world.check()
    assert not_ok(verdicts) == {} and code == 0, show(verdicts)
    seen = {(v["zone"], v["check"]) for v in verdicts}
    expected = ("parent delegation glue ds server tcp edns recursion ns serial signatures denial address ptr mx spf dkim "
                "dmarc reports mta-sts tls-rpt tlsa").split()
    assert {("main.tld", check) for check in expected} <= seen
    assert {("external.tld", check) for check in ("delegation", "mx", "spf", "dkim", "dmarc", "reports")} <= seen


def test_the_output_is_the_same_each_time(world):
    assert world.check() == world.check()


# ── Faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def changed(thing, member, value, apply=lambda: None):
    """A fault, and its end."""
    before = thing[member] if isinstance(thing, dict) else getattr(thing, member)
    put = thing.__setitem__ if isinstance(thing, dict) else lambda name, it: setattr(thing, name, it)
    put(member, value)
    apply()
    try:
        yield
    finally:
        put(member, before)
        apply()


def at_parent(member, make):
    return lambda w: changed(w.parents, member, make(w.parents[member]), w.serve_tld)


def at_others(member, text):
    return lambda w: changed(w.others, member, text, w.serve_other)


def at_external(edit):
    return lambda w: changed(w, "external", edit(w.external), w.serve_other)


def at_reverse(target):
    return lambda w: changed(w.reverse, REVERSE4, target, w.serve_root)


def at_second(change):
    """The secondary's answers are other than what it was given."""
    return lambda w: changed(w.front, "change", change)


def transport(kind, state):
    return lambda w: changed(w.front, kind, state, w.front.apply)


def version(make):
    """The secondary has another version of the zone."""
    @contextlib.contextmanager
    def fault(w):
        w.old.serve({"main.tld": make(w)})
        with changed(w.front, "behind", OLD):
            yield
    return fault


def without(name, kind):
    def change(reply):
        if reply.question[0].name.to_text() == name and reply.question[0].rdtype == kind:
            reply.answer = []
        return reply
    return change


def instead(name, kind, text):
    def change(reply):
        if reply.question[0].name.to_text() == name and reply.question[0].rdtype == kind:
            reply.answer = [dns.rrset.from_text(name, 300, "IN", dns.rdatatype.to_text(kind), text)]
        return reply
    return change


def unsigned(*kinds):
    def change(reply):
        for section in (reply.answer, reply.authority):
            section[:] = [rrset for rrset in section if rrset.rdtype not in kinds]
        return reply
    return change


def signature_of(kind):
    def change(reply):
        reply.answer[:] = [rrset for rrset in reply.answer if (rrset.rdtype, rrset.covers) != (dns.rdatatype.RRSIG, kind)]
        return reply
    return change


def refuse(reply):
    reply.answer, reply.authority, reply.additional = [], [], []
    reply.set_rcode(dns.rcode.REFUSED)
    reply.flags &= ~dns.flags.AA
    return reply


def no_authority(reply):
    reply.flags &= ~dns.flags.AA
    return reply


def no_edns(reply):
    reply.use_edns(False)
    return reply


def recursive(reply):
    reply.flags |= dns.flags.RA
    return reply


def other_certificate(w):
    path = w.directory / "other.pem"
    make_certificate(path, "box.main.tld")
    return changed(w.mail, "context", tls_context(path))


def one_key_too_many(w):
    """The ECDSA certificate is as it was, the RSA one is new."""
    path = w.directory / "new-rsa.pem"
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path.with_suffix(".key"))
    make_certificate(path, "box.main.tld")
    return changed(w.mail, "context", tls_context(w.box.directory / "ecdsa.pem", path))


@contextlib.contextmanager
def port_closed(w, server):
    server.stop()
    try:
        yield
    finally:
        server.open()


A, MX, TXT, NS = dns.rdatatype.A, dns.rdatatype.MX, dns.rdatatype.TXT, dns.rdatatype.NS
RRSIG, NSEC, NSEC3 = dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3
ELSE_DS = "main.tld. DS 4711 13 2 " + "ab" * 32
HERE = f"ns2.other.tld ({SECOND})"

# name → (fault, what is said of main.tld, parts of what is said)
FAULTS = {
    "another key's DS": (at_parent("ds", lambda ds: ELSE_DS), {"ds": "wrong"},
                         ["ns.tld (192.0.2.2)", "none of the DS", "registrar", "zonegen --ds main.tld"]),
    "a DS too many": (at_parent("ds", lambda ds: f"{ds}\n{ELSE_DS}"), {"ds": "wrong"},
                      ["DS 4711 13 2", "Delete this one", "does no harm"]),
    "a DS that strict resolvers mind": (at_parent("ds", lambda ds: f"{ds}\n{ELSE_DS.replace(' 13 ', ' 8 ')}"), {"ds": "wrong"},
                                        ["DS 4711 8 2", "Delete this one", "strict resolvers refuse"]),
    "no DS": (at_parent("ds", lambda ds: None), {"ds": "wrong"}, ["no DS yet", "At the registrar of main.tld, not here"]),
    "a server left out": (at_parent("delegation", lambda ns: ns.split("\n")[0]), {"delegation": "wrong"},
                          ["ns.tld (192.0.2.2)", "Enter these name servers at the registrar", "ns2.other.tld"]),
    "a server too many": (at_parent("delegation", lambda ns: ns + "\nmain.tld. NS ns.other.tld."),
                          {"delegation": "wrong", "server": "wrong"}, [f"ns.other.tld ({OTHER_SERVER})", "REFUSED"]),
    "no delegation": (at_parent("delegation", lambda ns: "TXT nothing"), {"delegation": "wrong"},
                      ["not delegated"]),
    "wrong glue": (at_parent("glue", lambda glue: glue.replace(BOX4, "198.51.100.99")), {"glue": "wrong"},
                   ["198.51.100.99", "ns.tld (192.0.2.2)", f"ns1.box.main.tld {BOX4}"]),
    "half of the glue": (at_parent("glue", lambda glue: glue.split("\n")[0]), {"glue": "wrong"}, ["2001:db8::10"]),
    "a lame secondary": (at_second(refuse), {"server": "wrong"}, [HERE, "REFUSED", "transfer"]),
    "no authority": (at_second(no_authority), {"server": "wrong"}, [HERE, "AA"]),
    "no EDNS": (at_second(no_edns), {"edns": "wrong"}, [HERE]),
    "recursion": (at_second(recursive), {"recursion": "wrong"}, [HERE, "Turn recursion off"]),
    "TCP closed": (transport("tcp", "closed"), {"tcp": "wrong"}, [HERE, "TCP on port 53"]),
    "TCP silent": (transport("tcp", "silent"), {"tcp": "unknown"}, [HERE]),
    "UDP silent": (transport("udp", "silent"), {"server": "unknown"}, [HERE, "TCP works"]),
    "another NS set": (at_second(instead("main.tld.", NS, "ns7.main.tld.")), {"ns": "wrong"}, [HERE, "ns7.main.tld"]),
    "no signatures": (at_second(unsigned(RRSIG, NSEC)), {"signatures": "wrong"}, [HERE, "there is none"]),
    "expired signatures": (version(World.expired), {"signatures": "wrong"}, [HERE, "expired"]),
    "signatures that run out": (version(World.running_out), {"signatures": "wrong"}, [HERE, "were not renewed"]),
    "no signature of the MX": (at_second(signature_of(MX)), {"signatures": "wrong"}, [HERE, "main.tld MX: there is none"]),
    "no proof": (at_second(unsigned(NSEC)), {"denial": "wrong"}, [HERE, "not proven"]),
    "no MX at one": (at_second(without("main.tld.", MX)), {"mx": "wrong"}, [HERE, "nothing, but should be 10 box.main.tld"]),
    "another MX at one": (at_second(instead("main.tld.", MX, "10 else.main.tld.")), {"mx": "wrong"}, [HERE, "else.main.tld"]),
    "another address": (at_second(instead("box.main.tld.", A, "198.51.100.66")), {"address": "wrong"},
                        [HERE, "198.51.100.66"]),
    "no PTR": (at_reverse(None), {"ptr": "wrong"}, ["has no name", "10.100.51.198.in-addr.arpa PTR box.main.tld"]),
    "another PTR": (at_reverse("c-10.isp.tld."), {"ptr": "wrong"}, ["c-10.isp.tld"]),
    "another certificate": (other_certificate, {"tlsa": "wrong"}, [f"{BOX4} port 25", "ECDSA"]),
    "another RSA key": (one_key_too_many, {"tlsa": "wrong"}, ["the RSA certificate there"]),
    "no STARTTLS": (lambda w: changed(w.mail, "starttls", False), {"tlsa": "wrong"}, ["STARTTLS", "smtpd_tls_security_level"]),
    "port 25 closed": (lambda w: port_closed(w, w.mail), {"tlsa": "unknown"}, [f"{BOX4} port 25", "firewall"]),
    "port 25 silent": (lambda w: changed(w.mail, "silent", True), {"tlsa": "unknown"}, [f"{BOX4} port 25"]),
    "two SPF records included": (at_others("spf", 'spf TXT "v=spf1 -all"\nspf TXT "v=spf1 ip4:192.0.2.9 -all"\n'),
                                 {"spf": "wrong"}, ["spf.other.tld has 2 SPF records"]),
    "no SPF record included": (at_others("spf", ""), {"spf": "wrong"}, ["include:spf.other.tld leads to no SPF record"]),
    "all included": (at_others("spf", 'spf TXT "v=spf1 +all"\n'), {"spf": "wrong"}, ["anybody in the world"]),
    "too many look-ups": (at_others("spf", 'spf TXT "v=spf1 ' + "a:ns.other.tld " * 10 + '-all"\n'), {"spf": "wrong"},
                          ["more than ten look-ups"]),
    "an SPF record in circles": (at_others("spf", 'spf TXT "v=spf1 include:spf.other.tld -all"\n'), {"spf": "wrong"},
                                 ["more than ten look-ups"]),
    "no DKIM key at one": (lambda w: at_second(without(w.selector(), TXT))(w), {"dkim": "wrong"}, [HERE]),
    "another DKIM key": (lambda w: at_second(instead(w.selector(), TXT, '"v=DKIM1; p=abcd"'))(w), {"dkim": "wrong"},
                         [HERE, "p=abcd"]),
    "no DMARC at one": (at_second(without("_dmarc.main.tld.", TXT)), {"dmarc": "wrong"}, [HERE]),
    "no report wanted": (at_others("agree", 'box.main.tld._report._dmarc TXT "v=DMARC1"\n'), {"reports": "wrong"},
                         ['main.tld._report._dmarc.other.tld. TXT "v=DMARC1"']),
    "no policy": (lambda w: changed(w.web, "code", 404), {"mta-sts": "wrong"}, ["404", "https://mta-sts.main.tld"]),
    "another mode": (lambda w: changed(w.web, "policy", w.web.policy.replace("enforce", "testing")), {"mta-sts": "wrong"},
                     ["testing", "should be enforce"]),
    "another mx": (lambda w: changed(w.web, "policy", w.web.policy.replace("box.main.tld", "old.main.tld")),
                   {"mta-sts": "wrong"}, ["covers box.main.tld"]),
    "an unbelievable web server": (lambda w: changed(w.web, "context", tls_context(w.box.directory / "ecdsa.pem")),
                                   {"mta-sts": "wrong"}, ["certificate"]),
    "no web server": (lambda w: port_closed(w, w.web), {"mta-sts": "unknown"}, ["443"]),
}


# What the resolver is asked for besides: it asks one of the two servers, so these may be hit as well.
BY_CHANCE = {"another address": ("ptr", "spf")}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_nothing_else(world, name):
    fault, expected, parts = FAULTS[name]
    with fault(world):
        verdicts, code = world.check("main.tld")
    found = {key: kind for key, kind in not_ok(verdicts).items() if key[1] not in BY_CHANCE.get(name, ())}
    assert found == {("main.tld", check): kind for check, kind in expected.items()}, show(verdicts)
    assert code == (1 if "wrong" in expected.values() else 0)
    words = show(verdicts)
    for part in parts:
        assert part in words, words
    assert all(v["todo"] for v in verdicts if v["verdict"] == "wrong"), words


# ── NSEC3 ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def denied_by(w, zone="main.tld"):
    answer = query(53, f"nothing.{zone}", "A", host=BOX4, dnssec=True)
    return {rrset.rdtype for rrset in answer.authority} & {NSEC, NSEC3}


@contextlib.contextmanager
def another_chain(w):
    """The box has NSEC3, and the secondary what the box has."""
    for denial, kind in ("nsec3", NSEC3), ("nsec", NSEC):
        w.box.write_config(CONFIG + f"dnssec: {{denial: {denial}}}\n")
        wait_until(lambda k=kind: denied_by(w) == {k}, lambda: w.box.program.log())
        w.second = w.served()
        w.behind.serve({"main.tld": w.second})
        if kind == NSEC3:
            yield


def all_but_one(kind):
    """Of the three records that NSEC3 takes to say that a name does not exist (RFC 5155 §7.2.2), two are no proof."""
    def change(reply):
        proofs = [rrset for rrset in reply.authority if rrset.rdtype == kind]
        if len(proofs) > 1:
            reply.authority.remove(proofs[0])
        return reply
    return change


def test_nsec3_is_judged_as_nsec_is(world):
    with another_chain(world):
        verdicts, code = world.check("main.tld")
        assert not_ok(verdicts) == {} and code == 0, show(verdicts)
        assert ("main.tld", "denial", "ok") in {(v["zone"], v["check"], v["verdict"]) for v in verdicts}
        for change, check in ((unsigned(NSEC3), "denial"), (all_but_one(NSEC3), "denial"), (unsigned(RRSIG, NSEC3), "signatures")):
            with at_second(change)(world):
                verdicts, code = world.check("main.tld")
            assert not_ok(verdicts) == {("main.tld", check): "wrong"} and code == 1, show(verdicts)
            assert HERE in show(verdicts)


EXTERNAL = {
    "everybody may send": (lambda text: text.replace("v=spf1 mx", "v=spf1 +all"), {"spf"}),
    "the box may not send": (lambda text: text.replace("v=spf1 mx", "v=spf1 ip4:192.0.2.200"), {"spf"}),
    "no DMARC": (lambda text: "".join(x for x in text.splitlines(True) if not x.startswith("_dmarc.external.tld.")),
              {"dmarc"}),
    "two DMARC records": (lambda text: text + '_dmarc.external.tld. 300 IN TXT "v=DMARC1;p=none"\n', {"dmarc"}),
    "no MX": (lambda text: "".join(x for x in text.splitlines(True) if not x.startswith("external.tld. 3600 IN MX")),
              {"mx", "spf"}),  # which is "v=spf1 mx"
}


@pytest.mark.parametrize("name", EXTERNAL)
def test_faults_of_an_external_zone(world, name):
    edit, checks = EXTERNAL[name]
    assert edit(world.external) != world.external
    with at_external(edit)(world):
        verdicts, code = world.check("external.tld")
    assert not_ok(verdicts) == {("external.tld", check): "wrong" for check in checks}, show(verdicts)
    assert code == 1 and "zonegen --dump" in show(verdicts)


def test_what_stands_beside_in_an_external_zone_is_no_fault(world):
    with at_external(lambda text: text + 'external.tld. 300 IN TXT "site-verification=1"\n')(world):
        verdicts, code = world.check("external.tld")
    assert not_ok(verdicts) == {} and code == 0, show(verdicts)


def test_without_a_resolver_nothing_is_known_and_nothing_wrong(world):
    world.resolver.signal(19)  # SIGSTOP
    try:
        verdicts, code = world.check()
    finally:
        world.resolver.signal(18)
    assert set(not_ok(verdicts).values()) == {"unknown"} and code == 0
    assert not_ok(verdicts)[("main.tld", "parent")] == "unknown"


def test_an_outdated_secondary_is_told_after_a_minute(world):
    with version(World.outdated)(world):
        first = world.check("main.tld")
        wait_until(lambda: time.time() - world.serial() > 61, "the zone is a minute old", 70)
        verdicts, code = world.check("main.tld")
    assert not_ok(first[0]) in ({("main.tld", "serial"): "unknown"}, {("main.tld", "serial"): "wrong"}), show(first[0])
    assert not_ok(verdicts) == {("main.tld", "serial"): "wrong"} and code == 1, show(verdicts)
    assert HERE in show(verdicts) and "NOTIFY" in show(verdicts)


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────────────────


def zonebox(world, *arguments, **kwargs):
    return run(BIN / "zonebox", "--config", world.box.config, "check", *arguments, check=False, **kwargs)


def test_people_get_what_is_wrong_first_and_what_to_do(world):
    with at_parent("ds", lambda ds: None)(world):
        done = zonebox(world)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("main.tld: 1 wrong, ") and lines[1].split()[:2] == ["wrong", "ds"], done.stdout
    assert "At the registrar of main.tld, not here" in lines[2] and "\033" not in done.stdout
    assert lines[-1] == "Something is wrong in 1 of 2 zones." and done.returncode == 1
    assert zonebox(world, "--quiet").stdout == "" and zonebox(world, "--quiet").returncode == 0


def test_all_is_listed_when_asked_for(world):
    done = zonebox(world, "--all", "main.tld")
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "All is well: 1 zone."
    assert len([line for line in done.stdout.splitlines() if line.split()[:1] == ["ok"]]) > 30


def test_a_terminal_gets_marks_and_colours(world):
    command = f"{BIN / 'zonebox'} --config {world.box.config} check --all main.tld"
    environment = {"LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": ""}
    seen = run("script", "-qec", command, "/dev/null", env=environment).stdout
    assert "\033[32m✓\033[0m" in seen
    seen = run("script", "-qec", command, "/dev/null", env={**environment, "NO_COLOR": "1"}).stdout
    assert "✓" in seen and "\033" not in seen
    seen = run("script", "-qec", command, "/dev/null", env={**environment, "LC_ALL": "C"}).stdout
    assert "✓" not in seen and "\033[32mok\033[0m" in seen


def test_wrong_use_is_told_apart(world):
    assert zonebox(world, "--quiet", "--all").returncode == 2
    done = zonebox(world, "else.tld")
    assert done.returncode == 1 and "else.tld" in done.stderr


def test_a_probe_alone_reads_what_zonegen_writes(world):
    zones = world.box.zonegen("--dump", "--json", "main.tld").stdout
    done = run(BIN / "zone-probe", "--check", stdin=zones, check=False)
    assert done.returncode == 0 and {json.loads(line)["verdict"] for line in done.stdout.splitlines()} == {"ok"}
    for wrong in ("", "{}", '{"format":2,"zones":[]}', '{"format":1,"hostname":"h","zones":[{"name":"a."}]}'):
        done = run(BIN / "zone-probe", "--check", stdin=wrong, check=False)
        assert done.returncode == 1 and done.stdout == "" and "not-checked" in done.stderr, wrong


def test_nothing_was_left_wrong(world):
    verdicts, code = world.check()
    assert not_ok(verdicts) == {} and code == 0, show(verdicts)
