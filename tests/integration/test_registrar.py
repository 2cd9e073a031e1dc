# SPDX-License-Identifier: ISC
"""The world of the rollover tests (registrar.py, validators.py, watch.py, judges.py) is as it says: somebody else's signer,
knotd, rolls its KSK in it, and what is wrong is found."""

import contextlib
import time

import dns.exception
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.zone
import pytest

from harness import Box, Program, run, scratch, wait_until
from internet import BOX4, BOX6, SECOND, Nsd, serves, stamp
from judges import disagreement
from others import sbin
from registrar import CHILDREN, OWN_RESOLVER, PARENTS, Registry
from watch import ANSWER, NXDOMAIN, Question, Watch, questions

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
        self.program = Program(sbin("knotd"), "-c", self.config, log=self.directory / "log")
        self.program.wait_for(lambda: "server started" in self.log() and self.ds())
        return self

    def __exit__(self, *exc):
        self.program.stop()

    def log(self):
        return self.program.log()

    def command(self, *argv):
        return run(sbin("knotc"), "-s", self.directory / "knot.sock", *argv)

    def keys(self):
        """tag → the line of keymgr about each KSK"""
        lines = run(sbin("keymgr"), "-c", self.config, self.zone, "list").stdout.splitlines()
        return {line.split()[1]: line for line in lines if " KSK " in line or "ksk=yes" in line}

    def ds(self, tag=None):
        """The DS with SHA-256 of these keys, as an admin copies it."""
        lines = run(sbin("keymgr"), "-c", self.config, self.zone, "ds", *([tag] if tag else [])).stdout.splitlines()
        return "\n".join(line for line in lines if " 13 2 " in line)

    def text(self):
        transferred = dns.zone.from_xfr(dns.query.xfr(self.address, self.zone, relativize=False), relativize=False)
        return transferred.to_text(relativize=False)


class Static:
    """A zone signed by ldns-signzone with the keys that the test says, served by NSD at one address. Caches keep its DNSKEY
    RRset longer than all else."""

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

    def public(self, key, kind="DNSKEY"):
        rdata = (self.directory / f"{key}.key").read_text().split("DNSKEY")[1].split(";")[0]
        return f"{self.zone}. 6 {kind} {rdata}\n"

    def cds(self, *keys):
        """CDS and CDNSKEY of the keys."""
        return self.only_cds(*keys) + "".join(self.public(key, "CDNSKEY") for key in keys)

    def only_cds(self, *keys):
        return "".join(self.ds(key).replace("\tDS\t", "\tCDS\t") for key in keys)

    def signed(self, more, keys=None):
        self.serial += 1
        keys = keys or self.keys
        plain, signed = self.directory / "plain", self.directory / "signed"
        plain.write_text(ZONE.format(zone=self.zone, serial=self.serial, addresses=[self.address] * 2) + more
                         + "".join(self.public(key) for key in keys))
        run("ldns-signzone", "-f", signed, "-i", stamp(-3600), "-e", stamp(86400), plain, *keys, cwd=self.directory)
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
        assert found == [{}] * len(found) and len(found) > 1
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


def test_the_watch_sees_what_goes_wrong(registry):
    registrar, everybody = registry.registrar, {"unbound", "named", "behind"}
    with contextlib.ExitStack() as stack:
        child = stack.enter_context(Static(registry, "breaks.tld", CHILDREN[2]))
        registrar.enter(child.zone, child.ds())
        watch = stack.enter_context(Watch(registry.validators(), questions(child.zone, "mail")))
        assert watch.secure(child.zone)
        registrar.foreign(child.zone)  # beside the right one it does no harm
        time.sleep(registry.ds_ttl)
        assert watch.secure(child.zone) and watch.bogus == [] and watch.wrong == []
        registrar.remove(child.zone, child.ds())
        wait_until(lambda: {finding.validator for finding in watch.bogus} == everybody, lambda: watch.bogus)
        said = {validator: " ".join(finding.reason for finding in watch.bogus if finding.validator == validator)
                for validator in watch.count}
        assert "validation failure" in said["unbound"] and "EDE 9" in said["unbound"], said
        assert "no valid" in said["named"], said
        registrar.enter(child.zone, child.ds())
        wait_until(lambda: watch.secure(child.zone), lambda: watch.bogus[-3:], 90)
        assert watch.forget() and watch.secure(child.zone) and watch.bogus == [] and watch.wrong == []
        watch.questions.append(Question(child.zone, f"nobody.{child.zone}", "A", ANSWER))
        watch.round()
        watch.questions.pop()
        assert {(finding.validator, finding.found) for finding in watch.wrong} == {(name, NXDOMAIN) for name in everybody}
        # A rollover in haste: both DS are there, but caches have the DNSKEY RRset and signatures of before.
        new = child.make_key()
        registrar.enter(child.zone, child.ds(new))
        time.sleep(registry.ds_ttl)
        watch.round()
        assert watch.bogus == []
        child.nsd.change({f"{child.zone}.": child.signed("", [new])})
        wait_until(lambda: {finding.validator for finding in watch.bogus} == everybody, lambda: watch.bogus)


BOX = f"""\
box:
  hostname: box.zoned.tld
  addresses: [{BOX4}, "{BOX6}"]
  nameservers: [ns1.box.zoned.tld, {{name: ns2.box.zoned.tld, addresses: [{SECOND}]}}]
  tls: [tls.pem]
  ssh: [ssh_host_ed25519_key.pub]
domains: [zoned.tld]
server: {{listen: ["{BOX4}@53", "[{BOX6}]@53", "{SECOND}@53"]}}
ttl: {{default: 2s}}
state: state
"""


def test_what_zonegen_prints_makes_a_box_secure(registry):
    zone = "zoned.tld"
    with Box(registry.directory / "box", BOX) as box:
        box.start()
        registry.delegate(zone, {"ns1.box.zoned.tld": [BOX4, BOX6], "ns2.box.zoned.tld": [SECOND]})
        box.program.wait_for(lambda: serves(SECOND, zone))
        registry.registrar.enter(zone, box.zonegen("--ds", zone).stdout)
        assert disagreement(zone, box.zonegen("--dump", "--signed", zone).stdout, registry.directory) == {}
        with Watch(registry.validators(), questions(zone, "box", more=[(f"_25._tcp.box.{zone}", "TLSA")])) as watch:
            assert watch.secure(zone)
    assert watch.bogus == [] and watch.wrong == []


# ── CDS, signalling records, notifications ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def asking(registry):
    """A child with a DS and two keys."""
    with Static(registry, "asks.tld", CHILDREN[3]) as child:
        child.keys.append(child.make_key())
        registry.registrar.enter(child.zone, child.ds())
        yield child


def tags(registry, child, server=PARENTS[0]):
    return sorted(ds.key_tag for ds in registry.ds(child.zone, server))


def tag(key):
    return int(key.rpartition("+")[2])


DELETE = "@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n"


@pytest.mark.parametrize("more, reason", [
    (lambda c: c.only_cds(c.keys[0]) + c.cds(c.keys[1]).replace(c.only_cds(c.keys[1]), ""), "name different keys"),
    (lambda c: c.cds(c.keys[0]) + "@ CDS 0 0 0 00\n", "delete stands beside"),
    (lambda c: "@ CDS 1234 13 2 " + "ab" * 32 + "\n", "the zone would be bogus"),
    (lambda c: c.only_cds(*c.keys) + "@ CDS 1234 8 2 " + "ab" * 32 + "\n", "no key of algorithm [8]"),
])
def test_cds_that_would_do_harm_are_refused(registry, asking, more, reason):
    asking.serve(more(asking))
    said = registry.registrar.scan(asking.zone)
    assert said.startswith("refused: ") and reason in said
    assert tags(registry, asking) == [tag(asking.keys[0])]


def test_cds_of_a_key_that_has_no_ds_are_refused(registry, asking):
    """The second key signs them alone, and is in the DNSKEY RRset, which the first one signs."""
    both, other = asking.signed(asking.cds(asking.keys[1])), asking.keys[1:]
    asking.serial -= 1
    alone = asking.signed(asking.cds(asking.keys[1]), other)
    swapped = [line for line in both.splitlines() if "RRSIG\tCD" not in line]
    swapped += [line for line in alone.splitlines() if "RRSIG\tCD" in line]
    asking.nsd.serve({f"{asking.zone}.": "\n".join(swapped) + "\n"})
    assert "CDS is not signed by a key of the DS set" in registry.registrar.scan(asking.zone)


def test_cds_are_followed(registry, asking):
    first, second = asking.keys
    asking.serve()
    assert registry.registrar.scan(asking.zone) == "nothing new"
    asking.serve(asking.cds(first, second))
    assert registry.registrar.scan(asking.zone) == "changed"
    assert tags(registry, asking) == tags(registry, asking, PARENTS[1]) == sorted([tag(first), tag(second)])
    assert registry.registrar.scan(asking.zone) == "nothing new"
    asking.serve(asking.cds(second).replace(asking.only_cds(second), ""))  # CDNSKEY alone
    assert registry.registrar.scan(asking.zone) == "changed" and tags(registry, asking) == [tag(second)]
    asking.serve(DELETE)
    assert registry.registrar.scan(asking.zone) == "changed" and tags(registry, asking) == []
    asking.serve(asking.cds(first))
    assert registry.registrar.scan(asking.zone) == "refused: there is no DS yet"


def look_up(name, rtype):
    return dns.query.udp(dns.message.make_query(name, rtype), OWN_RESOLVER, timeout=5).answer


def notify(zone, rtype="CDS"):
    """Where the parent wants it, as its DSYNC says (RFC 9859 section 4.1)."""
    label, parent = zone.split(".")
    (found,) = look_up(f"{label}._dsync.{parent}", "TYPE66") or look_up(f"_dsync.{parent}", "TYPE66")
    rdata = found[0].to_wire()
    assert rdata[:3] == b"\x00\x3b\x01"
    target, _ = dns.name.from_wire(rdata, 5)
    (address,) = look_up(target, "A")
    message = dns.message.make_query(zone, rtype)
    message.set_opcode(dns.opcode.NOTIFY)
    reply = dns.query.udp(message, address[0].address, port=int.from_bytes(rdata[3:5], "big"), timeout=1)
    return dns.rcode.to_text(reply.rcode())


def test_a_notification_is_followed_at_once(registry, asking):
    registrar = registry.registrar
    first, second = asking.keys
    registrar.replace(asking.zone, asking.ds(first))
    asking.serve(asking.cds(second))
    assert notify(asking.zone) == "REFUSED"  # nobody reads CDS of it
    registrar.automate(asking.zone)
    for registry.dsync in ("parent", "child", "wildcard"):
        registry.publish()
        assert notify(asking.zone, "SOA") == "REFUSED" and tags(registry, asking) == [tag(first)]
    assert notify(asking.zone) == "NOERROR"
    wait_until(lambda: tags(registry, asking) == [tag(second)], lambda: registrar.history)
    registrar.on_notify = "silent"
    with pytest.raises(dns.exception.Timeout):
        notify(asking.zone)
    registrar.on_notify = "accept"
    assert [(domain, rtype) for _, domain, rtype in registrar.notifies] == [
        (f"{asking.zone}.", rtype) for rtype in ("CDS", "SOA", "SOA", "SOA", "CDS", "CDS")]
    registrar.stop_automation(asking.zone)


def signals(child, records):
    """What a name server says of the child (RFC 9615 section 2)."""
    return "".join(f"_dsboot.{child.zone}._signal.ns2 {line.split(None, 1)[1]}\n" for line in records.splitlines())


def test_a_first_ds_comes_by_signalling_records(registry):
    registrar = registry.registrar
    with Static(registry, "host.tld", CHILDREN[4]) as host, \
            Static(registry, "second.tld", CHILDREN[5], {"ns2.host.tld": [CHILDREN[5]]}) as child:
        records = child.cds(child.keys[0])
        child.serve(records)
        host.serve(signals(child, records))
        assert "is not secure" in registrar.scan(child.zone, bootstrap=True)
        registrar.enter(host.zone, host.ds())
        host.serve()
        wait_until(lambda: "do not agree" in registrar.scan(child.zone, bootstrap=True), lambda: registrar.history)
        host.serve(signals(child, DELETE))
        assert "do not agree" in registrar.scan(child.zone, bootstrap=True)
        host.serve(signals(child, records))
        registrar.automate(child.zone, every=0.2, bootstrap=True)
        wait_until(lambda: tags(registry, child) == [tag(child.keys[0])], lambda: registrar.history)
        registrar.stop_automation(child.zone)
        host.serve(host.cds(host.keys[0]))
        registrar.remove(host.zone)
        assert "all name servers are inside" in registrar.scan(host.zone, bootstrap=True)


# ── Judges ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("keys, judges", [
    (1, {"ldns-verify-zone", "dnssec-verify", "kzonecheck"}),
    (2, {"ldns-verify-zone", "dnssec-verify"}),  # while one CSK follows another
])
def test_the_judges_find_what_is_wrong(asking, tmp_path, keys, judges):
    text = asking.signed("", asking.keys[:keys])
    assert disagreement(asking.zone, text, tmp_path) == {}
    without = "".join(line for line in text.splitlines(True) if "RRSIG\tTLSA" not in line)
    changed = text.replace("TLSA\t3 1 1 01", "TLSA\t3 1 1 02")
    for wrong in (without, changed):
        assert wrong != text and set(disagreement(asking.zone, wrong, tmp_path)) == judges
    unsigned = "".join(line for line in text.splitlines(True) if not any(t in line for t in ("RRSIG", "NSEC", "DNSKEY")))
    assert set(disagreement(asking.zone, unsigned, tmp_path)) == {"all"}
