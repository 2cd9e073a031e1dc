# SPDX-License-Identifier: ISC
"""The world of the rollover tests (registrar.py, validators.py, watch.py, judges.py) is as it says: somebody else's signer,
knotd, rolls its KSK in it, and what is wrong is found."""

import time

import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest

import cds
from harness import Program, run, scratch, wait_until
from internet import Nsd, stamp
from judges import disagreement
from registrar import CHILDREN, NOTIFIED, PARENTS, Registry, absolute
from watch import Watch, questions

ZONE = """\
$ORIGIN {zone}.
$TTL 2
@ SOA ns1 hostmaster {serial} 14400 3600 604800 2
@ NS ns1
@ NS ns2
@ MX 10 mail
@ TXT "v=spf1 -all"
ns1 A {addresses[0]}
ns2 A {addresses[1]}
mail A 192.0.2.200
_25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
*.wild TXT "any"
"""
KNOT = """\
server:
  listen: [ {listen} ]
  rundir: "{directory}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "{directory}"
control:
  listen: "{directory}/knot.sock"
log:
  - target: stderr
    any: info
remote:
{remotes}
submission:
  - id: registry
    parent: [ {parents} ]
    check-interval: 1
policy:
  - id: fast
    algorithm: ecdsap256sha256
    dnskey-ttl: 2
    zone-max-ttl: 2
    propagation-delay: 1
    cds-cdnskey-publish: always
    ksk-submission: registry
acl:
  - id: transfer
    action: transfer
zone:
  - domain: "{zone}"
    file: "{directory}/zone"
    zonefile-sync: -1
    zonefile-load: difference
    dnssec-signing: on
    dnssec-policy: fast
    acl: transfer
"""


@pytest.fixture(scope="module")
def registry():
    with scratch() as directory, Registry(directory / "registry", ttl=2, ds_ttl=2) as a_registry:
        yield a_registry


# ── Children ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Knot:
    """A zone signed and served by knotd at two addresses, keys rolled by knotd."""

    def __init__(self, registry, zone, addresses=CHILDREN[:2]):
        self.zone, self.address, self.directory = zone, addresses[0], registry.directory / zone
        self.directory.mkdir()
        self.config = self.directory / "knot.conf"
        (self.directory / "zone").write_text(ZONE.format(zone=zone, serial=1, addresses=addresses))
        self.config.write_text(KNOT.format(
            zone=zone, directory=self.directory, listen=", ".join(f"{address}@53" for address in addresses),
            parents=", ".join(f"at-{n}" for n, _ in enumerate(PARENTS)),
            remotes="\n".join(f"  - id: at-{n}\n    address: {server}@53" for n, server in enumerate(PARENTS))))
        registry.delegate(zone, {f"ns{n}.{zone}": [address] for n, address in enumerate(addresses, 1)})

    def __enter__(self):
        self.program = Program("/usr/sbin/knotd", "-c", self.config, log=self.directory / "log")
        wait_until(lambda: "server started" in self.log() and self.ds() or not self.program.running(), self.log)
        assert self.program.running(), self.log()
        return self

    def __exit__(self, *exc):
        self.program.stop()

    def log(self):
        return self.program.log()

    def command(self, *argv):
        return run("/usr/sbin/knotc", "-s", self.directory / "knot.sock", *argv)

    def keys(self):
        """tag → the line of keymgr about each KSK"""
        lines = run("/usr/sbin/keymgr", "-c", self.config, self.zone, "list").stdout.splitlines()
        return {line.split()[1]: line for line in lines if " KSK " in line or "ksk=yes" in line}

    def ds(self, tag=None):
        """The DS with SHA-256 of these keys, as an admin copies it."""
        lines = run("/usr/sbin/keymgr", "-c", self.config, self.zone, "ds", *([tag] if tag else [])).stdout.splitlines()
        return "\n".join(line for line in lines if " 13 2 " in line)

    def text(self):
        transferred = dns.zone.from_xfr(dns.query.xfr(self.address, self.zone, relativize=False), relativize=False)
        return transferred.to_text(relativize=False)


class Static:
    """A zone signed by ldns-signzone with the keys that the test says, served by NSD at one address."""

    def __init__(self, registry, zone, address, servers=None):
        self.registry, self.zone, self.address = registry, zone, address
        self.directory = registry.directory / zone
        self.directory.mkdir()
        self.serial, self.keys = 0, [self.make_key()]
        self.nsd = Nsd(self.directory / "nsd", address)
        registry.delegate(zone, servers or {f"ns1.{zone}": [address]})

    def make_key(self):
        return run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", self.zone, cwd=self.directory).stdout.strip()

    def ds(self, key=None):
        return run("ldns-key2ds", "-n", "-2", self.directory / f"{key or self.keys[0]}.key").stdout

    def cds(self, *keys):
        """CDS and CDNSKEY of the keys."""
        return self.only_cds(*keys) + "".join(
            (self.directory / f"{key}.key").read_text().split(";")[0].replace("DNSKEY", "CDNSKEY") + "\n" for key in keys)

    def only_cds(self, *keys):
        return "".join(self.ds(key).replace("\tDS\t", "\tCDS\t") for key in keys)

    def signed(self, more, keys=None):
        self.serial += 1
        plain, signed = self.directory / "plain", self.directory / "signed"
        plain.write_text(ZONE.format(zone=self.zone, serial=self.serial, addresses=[self.address] * 2) + more)
        run("ldns-signzone", "-f", signed, "-i", stamp(-3600), "-e", stamp(86400), plain, *(keys or self.keys), cwd=self.directory)
        return signed.read_text()

    def serve(self, more="", keys=None):
        self.nsd.serve({f"{self.zone}.": self.signed(more, keys)})
        return self

    def __enter__(self):
        return self.serve()

    def __exit__(self, *exc):
        self.nsd.stop()


# ── Rollovers and the watch ──────────────────────────────────────────────────────────────────────────────────────────


def rolled(registry, knot, old):
    """Has the old key gone everywhere, and has the new one come?"""
    keys = knot.keys()
    return len(keys) == 1 and old not in keys and all(
        {ds.key_tag for ds in registry.ds(knot.zone, server)} == {int(tag) for tag in keys} for server in PARENTS)


def test_knotd_rolls_its_ksk_twice_and_nothing_is_bogus(registry):
    registrar = registry.registrar
    with Knot(registry, "rolls.tld") as knot, \
            Watch(registry.validators(), questions(knot.zone, "mail", more=[(f"*.wild.{knot.zone}", "TXT")])) as watch:
        watch.round()
        assert not watch.secure(knot.zone)  # without a DS
        registrar.enter(knot.zone, knot.ds())
        wait_until(lambda: watch.secure(knot.zone), "the zone is secure")
        (old,) = knot.keys()
        registrar.automate(knot.zone, every=0.5)
        knot.command("zone-key-rollover", knot.zone, "ksk")
        found = []
        wait_until(lambda: found.append(disagreement(knot.zone, knot.text(), knot.directory)) or rolled(registry, knot, old),
                   lambda: f"{knot.log()}\n{registrar.history}", 60)
        assert found == [{}] * len(found) and len(found) > 5
        assert watch.secure(knot.zone)
        # By hand, at one of the parent's servers after the other: knotd waits for both.
        registrar.stop_automation(knot.zone)
        (old,) = knot.keys()
        knot.command("zone-key-rollover", knot.zone, "ksk")
        new = wait_until(lambda: next((tag for tag in knot.keys() if tag != old), None), knot.log)
        wait_until(lambda: "DS check" in knot.log().rpartition(f"tag {new:>5}")[2], knot.log, 30)
        registrar.replace(knot.zone, knot.ds(new), PARENTS[0])
        watch.round()
        time.sleep(3)  # it asks every second; the other one's DS is missing
        assert {*knot.keys()} == {old, new}
        registrar.replace(knot.zone, knot.ds(new), PARENTS[1])
        wait_until(lambda: rolled(registry, knot, old), knot.log, 60)
        assert watch.secure(knot.zone)
    assert watch.bogus == [] and watch.wrong == []
    assert min(watch.count.values()) > 100 and len(watch.count) == 3
