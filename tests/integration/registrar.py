# SPDX-License-Identifier: ISC
"""A root and a TLD of the test's own, and a registrar that does what the test says: for rollovers in real time.

    .       ROOTS      NSD                          signed; TTLs as the test chooses them
    tld.    PARENTS    an NSD at each address       signed; each may have a DS RRset of its own
    the registrar's own validating resolver, which keeps nothing: 127.0.0.1
    child zones: whatever the test runs on CHILDREN (or on internet's BOX4, BOX6, SECOND), port 53

All of it lies in a network namespace (internet.namespace), on addresses that look public, since zone-probe asks no others.
Everything that the test starts while it is in there, threads too, is in there as well.

    with Registry(directory, ttl=2, ds_ttl=2) as registry:
        registry.delegate("example.tld", {"ns1.example.tld": [CHILDREN[0]]})
        ...                                             # a server of example.tld is started, it signs
        registrar = registry.registrar
        registrar.enter("example.tld", text)            # text with DS records in it, as `zonegen --ds` prints them
        registrar.enter("example.tld", text, PARENTS[0])    # at one of the parent's servers only
        registrar.replace("example.tld", text)          # what was there goes
        registrar.remove("example.tld", text)           # these go; without a text all
        registrar.foreign("example.tld")                # a DS of nobody's key comes; returns it

        registrar.scan("example.tld")                   # CDS and CDNSKEY, now (RFC 7344, RFC 8078); what came of it
        registrar.automate("example.tld", every=1)      # it scans by itself
        registrar.automate("example.tld")               # only when it is told, by NOTIFY(CDS)
        registrar.automate("example.tld", bootstrap=True)   # a first DS by signalling records (RFC 9615) as well
        registrar.on_notify = "silent"                  # "accept" (as it begins), "refuse"

        with Watch(registry.validators(), questions("example.tld", "www")) as watch:     # watch.py
            ...
        assert watch.bogus == [] and watch.wrong == []

registry.ds(domain, server) is what stands at the parent, registrar.history what happened, registrar.notifies who told it.
What is entered is served by the parent's servers when the call returns. Nothing checks what is *entered*, as at a real
registrar.

A zoned whose configuration says `resolver: no` finds the world through 127.0.0.1, and so does its zone-probe, which sees each
of the parent's servers; BOX in test_registrar.py is such a configuration. A Watch of the rollover begins when the zone is
secure, or else the zone's records are insecure for their TTL; the longer the DNSKEY TTL beside the other TTLs and beside a
round of the questions (some 0.3 s), the surer a step that came too early is seen. judges.disagreement(zone, text, directory)
has the zone's text looked at.

The DSYNC records of the parent (RFC 9859) are as `dsync` says: "wildcard" (*._dsync.tld), "parent" (_dsync.tld),
"child" (<child>._dsync.tld), None.
"""

import contextlib
import pathlib
import queue
import re
import secrets
import socket
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype

import cds
import validators
from harness import Threads, query, run, wait_until
from internet import BOX4, BOX6, SECOND, Nsd, namespace, stamp

ROOTS = ("192.0.2.1", "192.0.2.2")
PARENTS = ("192.0.2.3", "192.0.2.4")
NOTIFIED = ("192.0.2.5", 5359)
CHILDREN = tuple(f"198.51.100.{number}" for number in range(1, 9))
OWN_RESOLVER = "127.0.0.1"
TLD = "tld."
SOA = "SOA {server} hostmaster.nic.tld. {serial} 14400 3600 604800 {ttl}"


def absolute(name):
    return dns.name.from_text(str(name))


def ds_records(domain, text):
    """The DS records of the domain in a text that people read, as whole lines of a master file. Who finds the same key with
    several digests enters SHA-256."""
    found = re.findall(rf"^\s*{re.escape(str(absolute(domain)))}\s+(?:\d+\s+)?(?:IN\s+)?DS\s+(\d+ +\d+ +\d+ +[0-9A-Fa-f ]+?)\s*$",
                       text, re.M | re.I)
    assert found, f"no DS of {domain} in {text!r}"
    records = {cds.ds_from_text(record) for record in found}
    by_sha256 = {(ds.key_tag, ds.algorithm) for ds in records if ds.digest_type == 2}
    return {ds for ds in records if ds.digest_type == 2 or (ds.key_tag, ds.algorithm) not in by_sha256}


def dsync(scheme=1):
    """RFC 9859 section 2.1: CDS, scheme NOTIFY, port, target; in RFC 3597's form."""
    target = dns.name.from_text("notify.nic.tld.").to_wire()
    rdata = dns.rdatatype.CDS.to_bytes(2, "big") + bytes([scheme]) + NOTIFIED[1].to_bytes(2, "big") + target
    return f"TYPE66 \\# {len(rdata)} {rdata.hex()}"


class Registry:
    """The zones above the children, and their servers."""

    def __init__(self, directory, ttl=2, ds_ttl=2, dsync="wildcard"):
        self.directory = pathlib.Path(directory)
        self.ttl, self.ds_ttl, self.dsync = ttl, ds_ttl, dsync
        self.lock = threading.RLock()
        self.delegations = {}  # child → name server → addresses
        self.entered = {server: {} for server in PARENTS}  # server → child → DS records
        self.serials = dict.fromkeys(PARENTS, 0)
        self.looks = 0
        self.denial = ()  # options of ldns-signzone
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:  # what was begun is ended when the rest fails
            stack.enter_context(namespace((*ROOTS, *PARENTS, NOTIFIED[0], *CHILDREN, BOX4, BOX6, SECOND, *validators.ADDRESSES)))
            self.directory.mkdir(parents=True, exist_ok=True)
            self.keys = {zone: self.make_key(zone) for zone in (".", TLD)}
            self.serve_root(stack)
            self.parents = {server: self.keep(stack, Nsd(self.directory / f"nsd-{server}", server)) for server in PARENTS}
            for server, nsd in self.parents.items():
                nsd.serve({TLD: self.signed_tld(server)})
            self.resolver = stack.enter_context(
                validators.unbound(self.directory / "registrar", OWN_RESOLVER, self.hints, self.anchor, cache=False))
            self.registrar = stack.enter_context(Registrar(self))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self.stack.__exit__(*exc)

    @staticmethod
    def keep(stack, thing):
        stack.callback(thing.stop)
        return thing

    # Zones

    def make_key(self, zone):
        return run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone, cwd=self.directory).stdout.strip()

    def sign(self, zone, text):
        plain, signed = (self.directory / f"{zone.strip('.') or 'root'}.{kind}" for kind in ("plain", "signed"))
        plain.write_text(text)
        run("ldns-signzone", *self.denial, "-f", signed, "-i", stamp(-3600), "-e", stamp(86400), plain, self.keys[zone],
            cwd=self.directory)
        return signed.read_text()

    def servers_text(self, zone, addresses):
        names = [f"{'ab'[number]}.{'nic.tld.' if zone == TLD else 'root.'}" for number in range(len(addresses))]
        return "".join(f"{zone} NS {name}\n{name} A {address}\n" for name, address in zip(names, addresses))

    def serve_root(self, stack):
        self.anchor, self.hints = self.directory / "root.key", self.directory / "root.hints"
        self.anchor.write_text((self.directory / f"{self.keys['.']}.key").read_text())
        self.hints.write_text("$TTL 3600000\n" + self.servers_text(".", ROOTS))
        text = (f"$TTL {self.ttl}\n. {SOA.format(server='a.root.', serial=1, ttl=self.ttl)}\n"
                + self.servers_text(".", ROOTS) + self.servers_text(TLD, PARENTS)
                + run("ldns-key2ds", "-n", "-2", self.directory / f"{self.keys[TLD]}.key").stdout)
        self.keep(stack, Nsd(self.directory / "nsd-root", *ROOTS)).serve({".": self.sign(".", text)})

    def signed_tld(self, server):
        self.serials[server] += 1
        soa = SOA.format(server="a.nic.tld.", serial=self.serials[server], ttl=self.ttl)
        text = f"$TTL {self.ttl}\n{TLD} {soa}\n{self.servers_text(TLD, PARENTS)}notify.nic.tld. A {NOTIFIED[0]}\n"
        if self.dsync in ("wildcard", "parent"):
            text += f"{'*.' if self.dsync == 'wildcard' else ''}_dsync.{TLD} {dsync()}\n"
        hosts = {}
        for child, names in self.delegations.items():
            text += "".join(f"{child} NS {name}\n" for name in names)
            hosts.update(names)
            if self.dsync == "child":
                text += f"{child.relativize(absolute(TLD))}._dsync.{TLD} {dsync()}\n"
            text += "".join(f"{child} {self.ds_ttl} DS {ds}\n" for ds in self.entered[server].get(child, ()))
        for name, addresses in hosts.items():
            text += "".join(f"{name} {'AAAA' if ':' in address else 'A'} {address}\n" for address in addresses)
        return self.sign(TLD, text)

    def publish(self, servers=PARENTS):
        """Signs the TLD anew, and returns when these servers have it."""
        with self.lock:
            for server in servers:
                self.parents[server].change({TLD: self.signed_tld(server)})
            for server in servers:
                wait_until(lambda s=server: self.served_serial(s) == self.serials[s], lambda s=server: self.parents[s].program.log())

    @staticmethod
    def served_serial(server):
        try:
            return query(53, TLD, "SOA", host=server, timeout=0.5).answer[0][0].serial
        except (OSError, IndexError, dns.exception.DNSException):
            return None

    def delegate(self, domain, servers):
        """servers: name → addresses, all below the TLD."""
        with self.lock:
            names = {absolute(name): list(addresses) for name, addresses in servers.items()}
            assert all(name.is_subdomain(absolute(TLD)) for name in [absolute(domain), *names])
            others = [known for child, known in self.delegations.items() if child != absolute(domain)]
            assert all(known.get(name, names[name]) == names[name] for known in others for name in names), "one host, one glue"
            self.delegations[absolute(domain)] = names
            self.publish()

    def ds(self, domain, server=PARENTS[0]):
        with self.lock:
            return set(self.entered[server].get(absolute(domain), ()))

    def set_ds(self, domain, change, servers=PARENTS):
        """change: gets the DS set of each server and returns another one."""
        with self.lock:
            servers = [servers] if isinstance(servers, str) else list(servers)
            for server in servers:
                self.entered[server][absolute(domain)] = change(self.ds(domain, server))
            self.publish(servers)

    # Those who look

    def validators(self, **options):
        """Validators on the tree, for a `with` or a Watch (validators.py)."""
        self.looks += 1
        return validators.Validators(self.directory / f"validators-{self.looks}", self.hints, self.anchor, **options)


class Registrar:
    """Between the children and the registry: a form where texts are pasted, and a clerk who reads CDS."""

    def __init__(self, registry):
        self.registry = registry
        self.history = []  # (time, domain, what happened)
        self.notifies = []  # (time, domain, type)
        self.on_notify = "accept"
        self.automatic = {}  # domain → (seconds between scans or None, whether to bootstrap)
        self.due = {}  # domain → time of the next scan
        self.told = queue.Queue()
        self.threads = Threads()

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(NOTIFIED)
        self.socket.settimeout(0.1)
        self.threads.start(self.listen)
        self.threads.start(self.clerk)
        return self

    def __exit__(self, *exc):
        try:
            self.threads.stop()
        finally:
            self.socket.close()

    def note(self, domain, what):
        self.history.append((time.time(), str(absolute(domain)), what))
        return what

    # By hand

    def enter(self, domain, text, servers=PARENTS):
        self.change(domain, lambda have: have | ds_records(domain, text), servers, "entered")

    def replace(self, domain, text, servers=PARENTS):
        self.change(domain, lambda have: ds_records(domain, text), servers, "replaced")

    def remove(self, domain, text=None, servers=PARENTS):
        self.change(domain, lambda have: have - ds_records(domain, text) if text else set(), servers, "removed")

    def foreign(self, domain, algorithm=13, servers=PARENTS):
        ds = cds.ds_from_text(f"{secrets.randbelow(65536)} {algorithm} 2 {secrets.token_hex(32)}")
        self.change(domain, lambda have: have | {ds}, servers, "entered a foreign one")
        return f"{absolute(domain)} IN DS {ds}"

    def change(self, domain, change, servers, what):
        self.registry.set_ds(domain, change, servers)
        self.note(domain, what)

    # By CDS and CDNSKEY

    def automate(self, domain, every=None, bootstrap=False):
        with self.registry.lock:
            self.automatic[absolute(domain)] = (every, bootstrap)
            self.due.pop(absolute(domain), None)
            if every is not None:
                self.due[absolute(domain)] = time.monotonic()

    def stop_automation(self, domain):
        with self.registry.lock:
            self.automatic.pop(absolute(domain), None)
            self.due.pop(absolute(domain), None)

    def scan(self, domain, bootstrap=False):
        """One look at the child; returns what came of it: "nothing new", "changed", "refused: …"."""
        domain = absolute(domain)
        with self.registry.lock:
            have, servers = self.registry.ds(domain), self.registry.delegations[domain]
        try:
            if have:
                wants = cds.wanted(domain, [address for addresses in servers.values() for address in addresses], have)
            elif bootstrap:
                wants = cds.wanted_at_first(domain, servers, OWN_RESOLVER)
            else:
                raise cds.Refused("there is no DS yet")
        except cds.Refused as refused:
            return self.note(domain, f"refused: {refused}")
        if wants is None or wants == have:
            return self.note(domain, "nothing new")
        with self.registry.lock:
            if self.registry.ds(domain) != have:
                return self.note(domain, "refused: somebody changed the DS meanwhile")
            self.registry.set_ds(domain, lambda _: wants)
        return self.note(domain, "changed")

    def clerk(self):
        """Scans who told, and those whose time has come."""
        with contextlib.suppress(queue.Empty):
            self.scan_automatic(self.told.get(timeout=0.05))
        now = time.monotonic()
        for domain, when in list(self.due.items()):
            if when <= now:
                self.scan_automatic(domain)

    def scan_automatic(self, domain):
        every, bootstrap = self.automatic.get(domain, (None, None))
        if bootstrap is None:
            return
        self.scan(domain, bootstrap)
        with self.registry.lock:
            if every is not None and self.automatic.get(domain) == (every, bootstrap):
                self.due[domain] = time.monotonic() + every

    # RFC 9859

    def listen(self):
        try:
            octets, who = self.socket.recvfrom(4096)
            message = dns.message.from_wire(octets)
        except TimeoutError:
            return
        except dns.exception.DNSException:
            self.note(TLD, "a message that is none came to the target of notifications")
            return
        if message.opcode() != dns.opcode.NOTIFY or len(message.question) != 1 or message.flags & dns.flags.QR:
            self.note(TLD, f"no notification: {message.to_text()}")
            return
        (question,) = message.question
        self.notifies.append((time.time(), str(question.name), dns.rdatatype.to_text(question.rdtype)))
        if self.on_notify == "silent":
            return
        reply = dns.message.make_response(message)
        known = question.rdtype == dns.rdatatype.CDS and question.name in self.automatic
        accepted = known and self.on_notify == "accept"
        reply.set_rcode(dns.rcode.NOERROR if accepted else dns.rcode.REFUSED)
        self.socket.sendto(reply.to_wire(), who)
        if accepted:
            self.told.put(question.name)
