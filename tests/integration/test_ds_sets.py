# SPDX-License-Identifier: ISC
"""DS RRsets of every kind: what zone-probe says of them (dns/observe.h) is what validators of others make of them. Where it
finds nothing wrong no validator refuses the zone; what only some refuse is refused by an Unbound that hardens against
downgrades, or by BIND."""

import contextlib

import dns.flags
import dns.name
import dns.rcode
import pytest

import validators
from cds import ds_from_text
from harness import run, scratch
from internet import Nsd, stamp
from observing import DS, DS_COUNTS, DS_LACKS, Probe, pack_key
from registrar import CHILDREN, Registry

ZONE = f"""\
$TTL 60
@ SOA ns1.sha256.tld. hostmaster 1 14400 3600 604800 60
@ NS ns1.sha256.tld.
mail A 192.0.2.200
ns1 A {CHILDREN[0]}
"""
# Each DS by what it names and its digest type. ours: the zone's key; typo: its tag and algorithm, and another digest; other:
# no key, of the same algorithm; rsa: of one that the zone does not have; unknown: of one that nobody has.
SECURE = {
    "sha256": "ours 2",
    "sha384": "ours 4",
    "sha1": "ours 1",
    "both": "ours 2, ours 4",
    "typo-beside": "ours 2, typo 2",
    "other-beside": "ours 2, other 2",
    "other-weaker": "ours 2, other 1",
    "rsa-weaker": "ours 2, rsa 1",
    "unknown-beside": "ours 2, unknown 2",
    "unknown-stronger": "ours 2, unknown 4",
    "digest-unknown": "ours 2, other 5",
}
SOME_REFUSE = {
    "other-stronger": "ours 2, other 4",
    "typo-stronger": "ours 2, typo 4",
    "rsa-beside": "ours 2, rsa 2",
    "rsa-stronger": "ours 2, rsa 4",
    "ours-weaker": "ours 1, other 2",
}
BOGUS = {"typo": "typo 2", "other": "other 1", "rsa": "rsa 4"}
INSECURE = {"unknown": "unknown 2", "digest-alone": "other 5"}
ALGORITHMS = {"rsa": 8, "unknown": 200}
DIGEST_LENGTHS = {"1": 20, "2": 32, "4": 48, "5": 32}


class World:
    """A registry with a zone for each DS RRset, a probe and three validators."""

    def __init__(self, registry, stack):
        self.directory = registry.directory / "zones"
        self.directory.mkdir()
        self.public, served = {}, {}
        with registry.lock:
            for name, members in (SECURE | SOME_REFUSE | BOGUS | INSECURE).items():
                zone = dns.name.from_text(f"{name}.tld")
                key, served[str(zone)] = self.signed(str(zone))
                self.public[name] = (self.directory / f"{key}.key").read_text().split("DNSKEY", 1)[1].split(";")[0]
                registry.delegations[zone] = {dns.name.from_text("ns1.sha256.tld"): [CHILDREN[0]]}
                for entered in registry.entered.values():
                    entered[zone] = {self.ds(key, *member.split()) for member in members.split(", ")}
            registry.publish()
        registry.keep(registry.stack, Nsd(self.directory / "nsd", CHILDREN[0])).serve(served)
        self.probe = Probe(registry.directory)
        stack.enter_context(self.probe.ours)
        stack.enter_context(self.probe.program)
        hints, anchor = registry.hints, registry.anchor
        self.strict = stack.enter_context(validators.unbound(self.directory / "strict", validators.BEHIND, hints, anchor))
        self.named = stack.enter_context(validators.named(self.directory / "named", validators.NAMED, hints, anchor))
        self.unbound = stack.enter_context(
            validators.unbound(self.directory / "unbound", validators.UNBOUND, hints, anchor, strict=False))

    def signed(self, zone):
        key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone, cwd=self.directory).stdout.strip()
        plain, signed = self.directory / "plain", self.directory / "signed"
        plain.write_text(f"$ORIGIN {zone}\n{ZONE}")
        run("ldns-signzone", "-f", signed, "-i", stamp(-3600), "-e", stamp(86400), plain, key, cwd=self.directory)
        return key, signed.read_text()

    def ds(self, key, names, digest_type):
        if names == "ours":
            return ds_from_text(run("ldns-key2ds", "-n", f"-{digest_type}", self.directory / f"{key}.key").stdout.split("DS", 1)[1])
        tag = int(key.rpartition("+")[2]) ^ (names != "typo")
        return ds_from_text(f"{tag} {ALGORITHMS.get(names, 13)} {digest_type} {'5a' * DIGEST_LENGTHS[digest_type]}")

    def seen(self, name):
        """Keys, those of the strongest digest, traits; all of the parent's servers have the same."""
        answer = self.probe.ask(DS, zone=f"{name}.tld", keys=[pack_key(f"{name}.tld", self.public[name], 0)])
        ((found, servers),) = answer.strict.items()
        assert servers == 2 and answer.counts == (2, 0, 0)
        return found

    @staticmethod
    def verdict(validator, name):
        answer = validator.ask(f"mail.{name}.tld", "A")
        if answer.rcode() == dns.rcode.SERVFAIL:
            return "bogus"
        assert answer.rcode() == dns.rcode.NOERROR and answer.answer
        return "secure" if answer.flags & dns.flags.AD else "insecure"

    def verdicts(self, name):
        return {self.verdict(validator, name) for validator in (self.strict, self.named, self.unbound)}


@pytest.fixture(scope="module")
def world():
    with scratch() as directory, Registry(directory / "registry", ttl=60, ds_ttl=60) as registry, contextlib.ExitStack() as stack:
        yield World(registry, stack)


@pytest.mark.parametrize("name", SECURE)
def test_nobody_minds(world, name):
    assert world.seen(name) == (1, 1, DS_COUNTS)
    assert world.verdicts(name) == {"secure"}


@pytest.mark.parametrize("name", SOME_REFUSE)
def test_some_refuse_what_others_take(world, name):
    keys, strong, traits = world.seen(name)
    assert keys == 1 and traits & DS_COUNTS and (strong == 0 or traits & DS_LACKS)
    assert (world.verdict(world.unbound, name), world.verdict(world.strict, name)) == ("secure", "bogus")
    assert world.verdict(world.named, name) == ("bogus" if name == "ours-weaker" else "secure")  # RFC 4509 section 3


@pytest.mark.parametrize("name", BOGUS)
def test_all_refuse_what_names_no_key(world, name):
    assert world.seen(name) == (0, 0, DS_COUNTS | DS_LACKS)
    assert world.verdicts(name) == {"bogus"}


@pytest.mark.parametrize("name", INSECURE)
def test_what_nobody_knows_is_as_no_ds(world, name):
    assert world.seen(name) == (0, 0, 0)
    assert world.verdicts(name) == {"insecure"}
