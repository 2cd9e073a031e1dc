# SPDX-License-Identifier: ISC
"""What zone-probe answers about keys and DS (dns/observe.h): one signed zone at NSD, Knot and BIND, and at a server that can
do worse (a front, with NSD behind it); two servers of the parent, each with a DS RRset of its own."""

import time

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

import others
from harness import Program, run, scratch, within
from internet import BOX6, SECOND, Front, Nsd, serves, stamp
from observing import ALL_USES, DS, IN_DNSKEY, KEYS, NOTIFY_CDS, SIGNS_KEYS, SIGNS_ZONE, Probe, pack_key
from registrar import CHILDREN, PARENTS, Registry

ZONE = "signed.tld"
NSD, KNOT, NAMED, BEHIND = CHILDREN[:4]
TEXT = f"""\
$ORIGIN {ZONE}.
$TTL 300
@ SOA nsd hostmaster {{serial}} 14400 3600 604800 300
@ NS nsd
@ NS knot
@ NS named
@ NS front
nsd A {NSD}
knot A {KNOT}
knot AAAA {BOX6}
named A {NAMED}
front A {SECOND}
"""


class Served:
    """The zone at all its servers."""

    def __init__(self, registry):
        self.registry, self.directory = registry, registry.directory / "served"
        self.directory.mkdir()
        registry.delegate(ZONE, {f"nsd.{ZONE}": [NSD], f"knot.{ZONE}": [KNOT, BOX6], f"named.{ZONE}": [NAMED],
                                 f"front.{ZONE}": [SECOND]})
        registry.delegate("plain.tld", {f"nsd.{ZONE}": [NSD], f"front.{ZONE}": [SECOND]})
        self.ksk, self.zsk, self.other = self.make_key("-k"), self.make_key(), self.make_key("-k")
        self.expires_at = int(time.time()) + 86400
        self.good = self.sign(self.ksk, self.zsk)
        self.plain = (f"$ORIGIN plain.tld.\n$TTL 300\n@ SOA nsd.{ZONE}. hostmaster 1 14400 3600 604800 300\n"
                      f"@ NS nsd.{ZONE}.\n@ NS front.{ZONE}.\n")
        (self.directory / "zone").write_text(self.good)
        keep = registry.keep
        keep(registry.stack, Nsd(self.directory / "nsd", NSD)).serve({ZONE: self.good, "plain.tld": self.plain})
        self.behind = keep(registry.stack, Nsd(self.directory / "behind", BEHIND))
        self.behind.serve({ZONE: self.good, "plain.tld": self.plain})
        self.start(others.knotd, KNOT, BOX6)
        self.start(others.named, NAMED)
        self.front = keep(registry.stack, Front(behind=BEHIND))

    def make_key(self, *flags):
        return run("ldns-keygen", "-a", "ECDSAP256SHA256", *flags, f"{ZONE}.", cwd=self.directory).stdout.strip()

    def sign(self, *keys, serial=1, times=None):
        plain, signed = self.directory / "plain", self.directory / "signed"
        plain.write_text(TEXT.format(serial=serial))
        times = times or ["-i", stamp(-3600), "-e", time.strftime("%Y%m%d%H%M%S", time.gmtime(self.expires_at))]
        run("ldns-signzone", "-f", signed, *times, plain, *keys, cwd=self.directory)
        return signed.read_text()

    def start(self, command, *addresses):
        place = self.directory / command.__name__
        place.mkdir()
        program = Program(*command(place, addresses, {ZONE: self.directory / "zone"}), log=place / "log")
        self.registry.keep(self.registry.stack, program).wait_for(lambda: serves(addresses[0], ZONE))

    def key(self, name, use):
        return pack_key(f"{ZONE}.", (self.directory / f"{name}.key").read_text().split("DNSKEY", 1)[1].split(";")[0], use)

    def keys(self):
        """As the zone is signed: the SOA by the ZSK alone."""
        return [self.key(self.ksk, IN_DNSKEY | SIGNS_KEYS), self.key(self.zsk, IN_DNSKEY | SIGNS_ZONE)]

    def ds(self, name, digest="-2"):
        return run("ldns-key2ds", "-n", digest, self.directory / f"{name}.key").stdout


@pytest.fixture(scope="module")
def registry():
    with scratch() as directory, Registry(directory / "registry", ttl=2, ds_ttl=5) as a_registry:
        yield a_registry


@pytest.fixture(scope="module")
def served(registry):
    return Served(registry)


@pytest.fixture
def front(served):
    """As it should be, before and after."""
    yield served.front
    served.front.udp = served.front.tcp = "open"
    served.front.change, served.front.changed = None, ("udp", "tcp")
    served.front.apply()
    served.behind.serve({ZONE: served.good, "plain.tld": served.plain})


@pytest.fixture
def probe(registry):
    with Probe(registry.directory) as a_probe:
        yield a_probe


@pytest.fixture
def patient(registry):
    """One that waits for a resolver that meets silent servers itself."""
    with Probe(registry.directory, "--timeout", "12") as a_probe:
        yield a_probe


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def look(probe, keys, zone=ZONE):
    return probe.ask(KEYS, zone=zone, keys=keys)


def without_signatures(reply):
    reply.answer = [rrset for rrset in reply.answer if rrset.rdtype != dns.rdatatype.RRSIG]
    return reply


def with_another_serial(reply):
    """The SOA is another, its signature is not."""
    reply.answer = [dns.rrset.from_text(rrset.name, rrset.ttl, "IN", "SOA", f"{rrset[0].mname} {rrset[0].rname} 9 1 1 1 1")
                    if rrset.rdtype == dns.rdatatype.SOA else rrset for rrset in reply.answer]
    return reply


def with_rcode(rcode, aa=False):
    def change(reply):
        answer = dns.message.make_response(dns.message.make_query(reply.question[0].name, reply.question[0].rdtype))
        answer.id = reply.id
        answer.set_rcode(rcode)
        answer.flags |= dns.flags.AA if aa else 0
        return answer
    return change


def silent_to_the_probe(reply):
    """The resolver, which asks for addresses, is answered: how long it tries elsewhere is not what is looked at here."""
    asked = dns.rdatatype.to_text(reply.question[0].rdtype)
    return None if asked in ("NS", "SOA", "DNSKEY", "DS") else reply


def test_every_server_serves_the_zone_with_its_keys(served, probe):
    answer = look(probe, served.keys())
    assert (answer.counts, answer.wrong, answer.unknown) == ((5, 0, 0), None, None)
    assert answer.ttl == 300 and abs(answer.expires_at - served.expires_at) <= 1


def test_other_keys_or_other_signers_are_wrong_everywhere(served, probe):
    ksk, zsk = served.keys()
    third = served.key(served.other, IN_DNSKEY)
    for keys in ([ksk], [ksk, zsk, third], [served.key(served.ksk, ALL_USES), zsk], [ksk, served.key(served.zsk, ALL_USES)],
                 [ksk, zsk, served.key(served.other, SIGNS_ZONE)], []):
        answer = look(probe, keys)
        assert answer.counts == (0, 5, 0) and answer.wrong in (NSD, BOX6, KNOT, NAMED, SECOND), answer
        assert answer.ttl == 300 and abs(answer.expires_at - served.expires_at) <= 1


def test_a_server_that_is_behind_is_wrong(served, front, probe):
    soon = int(time.time()) + 600
    times = ["-i", stamp(-3600), "-e", time.strftime("%Y%m%d%H%M%S", time.gmtime(soon))]
    served.behind.serve({ZONE: served.sign(served.other, times=times), "plain.tld": served.plain})
    answer = look(probe, served.keys())
    assert (answer.counts, answer.wrong) == ((4, 1, 0), SECOND)
    assert abs(answer.expires_at - soon) <= 1 and answer.expiring == SECOND


def test_signatures_that_have_expired_are_wrong(served, front, probe):
    served.behind.serve({ZONE: served.sign(served.ksk, served.zsk, times=["-i", stamp(-9000), "-e", stamp(-60)]),
                         "plain.tld": served.plain})
    answer = look(probe, served.keys())
    assert (answer.counts, answer.wrong) == ((4, 1, 0), SECOND)
    assert 0 < time.time() - answer.expires_at < 120


@pytest.mark.parametrize("transports", [("udp",), ("tcp",), ("udp", "tcp")])
@pytest.mark.parametrize("change", [without_signatures, with_another_serial, with_rcode(dns.rcode.NXDOMAIN, aa=True)])
def test_wrong_over_one_transport_is_wrong(served, front, probe, change, transports):
    front.change, front.changed = change, transports
    answer = look(probe, served.keys())
    assert (answer.counts, answer.wrong) == ((4, 1, 0), SECOND)


@pytest.mark.parametrize("rcode", [dns.rcode.REFUSED, dns.rcode.SERVFAIL])
def test_who_does_not_know_the_zone_is_unknown(served, front, probe, rcode):
    front.change = with_rcode(rcode)
    answer = look(probe, served.keys())
    assert (answer.counts, answer.unknown) == ((4, 0, 1), SECOND)


@pytest.mark.parametrize("transports", [("udp", "tcp"), ("tcp",)])
def test_who_is_silent_over_a_transport_is_unknown(served, front, probe, transports):
    front.change, front.changed = silent_to_the_probe, transports
    answer = look(probe, served.keys())
    assert (answer.counts, answer.unknown, answer.ttl) == ((4, 0, 1), SECOND, 300)


@pytest.mark.parametrize("udp, tcp", [("closed", "closed"), ("open", "closed")])
def test_who_does_not_answer_over_both_transports_is_unknown(served, front, patient, udp, tcp):
    front.udp, front.tcp = udp, tcp
    front.apply()
    answer = look(patient, served.keys())
    assert (answer.counts, answer.unknown) == ((4, 0, 1), SECOND)
    assert answer.ttl == 300


def test_a_server_that_says_nonsense_is_survived(served, front, probe):
    def without_data(reply):
        for rdtype in ("DNSKEY", "RRSIG", "SOA"):
            rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), b"")
            rrset = dns.rrset.RRset(dns.name.from_text(ZONE), dns.rdataclass.IN, rdata.rdtype)
            rrset.add(rdata, 2**31 + 5)
            reply.answer.append(rrset)
        return reply
    front.change = without_data
    answer = look(probe, served.keys())
    assert answer.counts[0] == 4 and answer.ttl == 300


def test_an_unsigned_zone_has_no_keys(served, front, probe):
    answer = look(probe, [], "plain.tld")
    assert (answer.counts, answer.ttl, answer.expires_at) == ((2, 0, 0), 0, 0)
    assert look(probe, served.keys(), "plain.tld").counts == (0, 2, 0)


def test_a_zone_that_nobody_serves_is_unknown(served, probe):
    assert look(probe, served.keys(), "none.tld").counts == (0, 0, 1)


# ── DS ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def look_up_ds(served, probe, zone=ZONE):
    return probe.ask(DS, zone=zone, keys=[served.key(served.ksk, 0), served.key(served.other, 0)])


@pytest.fixture
def registrar(registry):
    yield registry.registrar
    registry.set_ds(ZONE, lambda _: set())


@pytest.fixture
def liar(registry):
    """The parent's second server, which can do worse."""
    second = registry.parents[PARENTS[1]]
    zones = dict(zip(second.zones, [(second.directory / "0.zone").read_text()]))
    second.stop()
    a_front = Front(PARENTS[1], PARENTS[0])
    yield a_front
    a_front.stop()
    second.serve(zones)


def test_no_ds_is_a_set(served, probe):
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.sets, answer.ttl, answer.ns_ttl) == ((2, 0, 0), {(0, 0): 2}, 0, served.registry.ttl)
    assert look_up_ds(served, probe, "plain.tld").sets == {(0, 0): 2}


def test_each_digest_names_its_key_and_others_are_foreign(served, registrar, probe):
    registrar.enter(ZONE, served.ds(served.ksk))
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.sets, answer.ttl) == ((2, 0, 0), {(1, 0): 2}, 5)
    registrar.enter(ZONE, served.ds(served.other, "-4"))
    assert look_up_ds(served, probe).sets == {(3, 0): 2}
    registrar.foreign(ZONE)
    registrar.foreign(ZONE)
    assert look_up_ds(served, probe).sets == {(3, 2): 2}
    registrar.replace(ZONE, served.ds(served.ksk, "-1"))
    assert look_up_ds(served, probe).sets == {(1, 0): 2}


def test_each_of_the_parents_servers_counts(served, registrar, probe):
    registrar.enter(ZONE, served.ds(served.ksk), PARENTS[1])
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.sets) == ((2, 0, 0), {(0, 0): 1, (1, 0): 1})
    registrar.enter(ZONE, served.ds(served.other), PARENTS[0])
    assert look_up_ds(served, probe).sets == {(2, 0): 1, (1, 0): 1}


def without_ds(reply):
    reply.answer = [rrset for rrset in reply.answer if rrset.rdtype != dns.rdatatype.DS]
    return reply


def with_another_ds(reply):
    for rrset in reply.answer:
        if rrset.rdtype == dns.rdatatype.DS:
            rrset.add(dns.rdata.from_text("IN", "DS", f"1 13 2 {'00' * 32}"))
    return reply


def from_below(reply):
    """What a server says that has the child and not its parent (RFC 4035 section 3.1.4.1)."""
    if reply.question[0].rdtype == dns.rdatatype.DS:
        reply.answer = []
        reply.authority = [dns.rrset.from_text(f"{ZONE}.", 300, "IN", "SOA", "a. b. 1 1 1 1 1")]
    return reply


def without_authority(reply):
    reply.flags &= ~dns.flags.AA
    return reply


BOTH = ("udp", "tcp")


@pytest.mark.parametrize("change, transports", [(without_ds, BOTH), (from_below, BOTH), (without_authority, BOTH),
                                                (with_rcode(dns.rcode.SERVFAIL), BOTH),
                                                (with_rcode(dns.rcode.NXDOMAIN, aa=True), BOTH),
                                                (with_another_ds, ("udp",)), (with_another_ds, ("tcp",))])
def test_what_is_no_answer_about_ds_is_wrong(served, registrar, liar, probe, change, transports):
    registrar.enter(ZONE, served.ds(served.ksk), PARENTS[0])
    liar.change, liar.changed = change, transports
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.wrong, answer.sets) == ((1, 1, 0), PARENTS[1], {(1, 0): 1})


@pytest.mark.parametrize("transports", [("udp", "tcp"), ("tcp",)])
def test_a_parents_server_that_is_silent_is_unknown(served, registrar, liar, probe, transports):
    registrar.enter(ZONE, served.ds(served.ksk), PARENTS[0])
    liar.change = lambda reply: silent_to_the_probe(reply) if ZONE in str(reply.question[0].name) else reply
    liar.changed = transports
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.unknown, answer.sets) == ((1, 0, 1), PARENTS[1], {(1, 0): 1})


@pytest.mark.parametrize("udp, tcp", [("closed", "closed"), ("open", "closed")])
def test_a_parents_server_that_does_not_answer_is_unknown(served, registrar, liar, patient, udp, tcp):
    registrar.enter(ZONE, served.ds(served.ksk), PARENTS[0])
    liar.udp, liar.tcp = udp, tcp
    liar.apply()
    answer = look_up_ds(served, patient)
    assert (answer.counts, answer.unknown, answer.sets) == ((1, 0, 1), PARENTS[1], {(1, 0): 1})


def test_where_nobody_delegates_the_zone_there_is_nothing(served, probe):
    for zone in ("none.tld", "below.none.tld", "."):
        answer = look_up_ds(served, probe, zone)
        assert (answer.counts, answer.sets, answer.ttl) == ((0, 0, 0), {}, 0)


def test_that_nobody_delegates_the_zone_must_be_said_by_all(served, liar, probe):
    liar.change = lambda reply: None if "none" in str(reply.question[0].name) else reply
    answer = look_up_ds(served, probe, "none.tld")
    assert (answer.counts, answer.sets) == ((0, 0, 1), {})


@pytest.mark.parametrize("options", [(), ("-n",), ("-n", "-p")])
def test_that_there_is_no_ds_is_proven_by_nsec_and_nsec3_with_and_without_opt_out(served, registry, probe, options):
    registry.denial = options
    registry.publish()
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.sets) == ((2, 0, 0), {(0, 0): 2})
    registry.denial = ()
    registry.publish()


def without_proof(reply):
    reply.authority = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA]
    return reply


def with_another_proof(reply):
    """That of a name that does not exist, as it is: signed, and about something else."""
    if reply.question[0].rdtype == dns.rdatatype.DS:
        other = dns.query.udp(dns.message.make_query("b.tld.", "DS", want_dnssec=True), PARENTS[0])
        reply.answer, reply.authority = [], other.authority
    return reply


def with_a_ttl_of(ttl):
    def change(reply):
        for rrset in reply.answer:
            rrset.ttl = ttl
        return reply
    return change


@pytest.mark.parametrize("there, change", [(True, with_another_ds), (True, with_another_proof), (False, without_proof),
                                           (False, with_another_proof)])
def test_what_the_parent_has_not_signed_counts_for_nothing(served, registrar, liar, probe, there, change):
    if there:
        registrar.enter(ZONE, served.ds(served.ksk), PARENTS[0])
    liar.change = change
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.wrong, answer.sets) == ((1, 1, 0), PARENTS[1], {(int(there), 0): 1})


@pytest.mark.parametrize("ttl", [0, 1, 2**31 - 1])
def test_the_ttl_is_the_one_that_was_signed(served, registrar, liar, probe, ttl):
    registrar.enter(ZONE, served.ds(served.ksk), PARENTS[0])
    liar.change = with_a_ttl_of(ttl)
    assert look_up_ds(served, probe).ttl == 5


def test_sets_with_and_without_foreign_ds_are_told_apart(served, registrar, probe):
    registrar.enter(ZONE, served.ds(served.ksk))
    registrar.foreign(ZONE, servers=PARENTS[1])
    answer = look_up_ds(served, probe)
    assert (answer.counts, answer.sets) == ((2, 0, 0), {(1, 0): 1, (1, 1): 1})


def test_the_zones_own_servers_are_not_asked_for_ds(served, front, probe):
    front.change = silent_to_the_probe

    def asking():
        began = time.monotonic()
        assert look_up_ds(served, probe).counts == (2, 0, 0)
        return time.monotonic() - began

    within(0.9, asking)  # a question's time is a second


def test_without_a_resolver_nothing_is_known(served, registry):
    with Probe(registry.directory, "--resolver", "127.0.0.1@5353") as a_probe:
        assert look_up_ds(served, a_probe).counts == (0, 0, 1)
        assert look(a_probe, served.keys()).counts == (0, 0, 1)
        assert a_probe.ask(NOTIFY_CDS, zone=ZONE).counts == (0, 0, 1)
