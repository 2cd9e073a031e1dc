#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Kills every program of a running box again and again while clients ask and zones change.

    tests/chaos/chaos.py [--kills N] [--seed S] [--clients N]     (programs from build/dev/bin, or $ZONEBOX_BIN)

What must hold, and ends the run with 1 when it does not:

- Every question that a client repeats once is answered.
- Every answer is right: signatures validate, what the name has is there, a name that is not there is denied with a proof,
  the resolver says AD, no serial and no content is older than what anybody has been told before the question was sent.
- Every change that was acknowledged (`zonebox reload` ended with 0) is served at the end.

zoned is killed too; this program then starts it again at once, and holds its sockets meanwhile, as a service manager does.
"""

import argparse
import collections
import os
import pathlib
import random
import signal
import sys
import threading
import time

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
from harness import BIN, WHOLE_BOX, Box, free_port, make_certificate, run, scratch, serial, unbound, wait_until  # noqa: E402
from manager import Manager  # noqa: E402

# A client asks again after so long, once: what glibc waits, see resolv.conf(5). The programs are many times slower than
# released ones here.
CLIENT_TIMEOUT = 5.0
QUESTIONS = 8  # questions()
SETTLED_WITHIN = 60.0

CONFIG = WHOLE_BOX + """\
  dkim: no
domains:
  - example.com
  - {{name: example.org, zone-file: example.org.zone}}
{domains}
server:
  listen: ["127.0.0.1@{{port}}", "[::1]@{{port}}"]
  workers: 2
resolver:
  listen: ["127.0.0.1@{resolver_port}"]
  trust-own-keys: yes
state: state
"""

ZONE_FILE = """\
$ORIGIN example.org.
$TTL 60
@       SOA ns1.box.example.com. hostmaster 1 14400 3600 604800 3600
        NS ns1.box.example.com.
version TXT "{version}"
"""

PROGRAMS = ("zone-signer", "zone-server", "zone-resolver", "zoned")


class Wrong(Exception):
    """What must not happen, in words."""


class World:
    """What has been asked of the box and what it has said, for all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.written = 1  # the newest version that was written
        self.acknowledged = 1
        self.extra = []  # domains besides the fixed ones
        self.tlsa = None
        self.floor = collections.Counter()  # the newest version or serial that anybody was told
        self.asked = collections.Counter()
        self.repeated = collections.Counter()
        self.killed = collections.Counter()
        self.answered = set()  # the labels of questions that were answered since the last kill
        self.wrong = []

    def complain(self, words):
        with self.lock:
            self.wrong.append(words)
        self.stop.set()

    def told(self, what, value):
        with self.lock:
            self.floor[what] = max(self.floor[what], value)

    def known(self, what):
        with self.lock:
            return self.floor[what]


class ChaosBox(Box):
    """A box whose zoned is started again by whoever finds it dead."""

    def __init__(self, directory):
        self.resolver_port = free_port()
        super().__init__(directory, config="")
        self.set_version(1)
        self.set_domains([])
        self.manager = Manager(self.directory)
        self.manager.bind("dns", "127.0.0.1", self.port)
        self.manager.bind("resolver", "127.0.0.1", self.resolver_port)

    def start(self):
        self.manager.start(self)
        return self

    def stop(self):
        try:
            return super().stop()
        finally:
            self.manager.close()

    def set_domains(self, extra):
        self.write_config(CONFIG.format(domains="".join(f"  - {name}\n" for name in extra),
                                        resolver_port=self.resolver_port))

    def set_version(self, version):
        path = self.directory / "example.org.zone"
        fresh = path.with_suffix(".new")
        fresh.write_text(ZONE_FILE.format(version=version))
        os.rename(fresh, path)

    def reload(self):
        return self.zonebox("reload").returncode == 0

    def zonebox(self, command):
        return run(BIN / "zonebox", "--control", self.directory / "control", command, check=False)

    def pids(self):
        """program → pids of what runs, from /proc. A child that still has zoned's name is about to become a program."""
        found = {name: [] for name in PROGRAMS}
        if not self.program.running():
            return found
        found["zoned"] = [self.program.pid]
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                head, _, rest = path.read_text().rpartition(")")
            except OSError:
                continue  # ended meanwhile
            name, (state, parent) = head.partition("(")[2], rest.split()[:2]
            if int(parent) == self.program.pid and state != "Z" and name in found and name != "zoned":
                found[name].append(int(path.parent.name))
        return found


# ── Clients ──────────────────────────────────────────────────────────────────────────────────────


def validated(message, section, keys, name, rdtype):
    """The RRset, which must be there with a signature that validates."""
    name = dns.name.from_text(name)
    rrset = message.find_rrset(section, name, dns.rdataclass.IN, rdtype)
    signatures = message.find_rrset(section, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, rdtype)
    dns.dnssec.validate(rrset, signatures, keys)
    return rrset


class Question:
    """One thing that clients ask again and again: where, what, and how the answer is judged."""

    def __init__(self, world, label, port, name, rdtype, judge, tcp=False, recursive=False):
        self.world, self.label, self.port, self.tcp, self.recursive = world, label, port, tcp, recursive
        self.name, self.rdtype, self.judge = name, rdtype, judge

    def once(self):
        """The answer, or None when there is none within the time that a client waits."""
        message = dns.message.make_query(self.name, self.rdtype, want_dnssec=True)
        if not self.recursive:
            message.flags &= ~dns.flags.RD
        started = time.monotonic()
        try:
            ask = dns.query.tcp if self.tcp else dns.query.udp
            answer = ask(message, "127.0.0.1", port=self.port, timeout=CLIENT_TIMEOUT)
            if answer.rcode() != dns.rcode.SERVFAIL:
                return answer
        except (OSError, EOFError, dns.exception.DNSException):
            pass
        # A refused connection is known at once; a client that has one chance left does not waste it at once.
        self.world.stop.wait(max(0.0, CLIENT_TIMEOUT - (time.monotonic() - started)))
        return None

    def ask(self):
        self.world.asked[self.label] += 1
        floors = {what: self.world.known(what) for what in ("version", self.name)}
        answer = self.once()
        if answer is None and not self.world.stop.is_set():
            self.world.repeated[self.label] += 1
            floors = {what: self.world.known(what) for what in ("version", self.name)}
            answer = self.once()
        if answer is None:
            if not self.world.stop.is_set():
                raise Wrong(f"{self.label}: no answer, and none to its repetition")
            return
        try:
            self.judge(answer, floors)
            self.world.answered.add(self.label)
        except (KeyError, dns.exception.DNSException, Wrong) as problem:
            raise Wrong(f"{self.label}: {type(problem).__name__}: {problem}\n{answer}") from problem


def questions(world, box, keys):
    def version(answer, floors):
        rrset = validated(answer, answer.answer, keys, "version.example.org.", dns.rdatatype.TXT)
        value = int(rrset[0].strings[0])
        if not floors["version"] <= value <= world.written:
            raise Wrong(f"version {value}, but {floors['version']} was told before and {world.written} is the newest")
        world.told("version", value)

    def secure_version(answer, floors):
        if not answer.flags & dns.flags.AD:
            raise Wrong("no AD")
        version(answer, floors)

    def soa(answer, floors):
        rrset = validated(answer, answer.answer, keys, "example.com.", dns.rdatatype.SOA)
        if rrset[0].serial < floors["example.com."]:
            raise Wrong(f"serial {rrset[0].serial} after {floors['example.com.']}")
        world.told("example.com.", rrset[0].serial)

    def secure(answer, _floors):
        if not answer.flags & dns.flags.AD:
            raise Wrong("no AD")
        validated(answer, answer.answer, keys, "_25._tcp.box.example.com.", dns.rdatatype.TLSA)

    def denied(answer, _floors):
        if answer.rcode() != dns.rcode.NXDOMAIN:
            raise Wrong("not NXDOMAIN")
        validated(answer, answer.authority, keys, "example.com.", dns.rdatatype.SOA)
        if not any(rrset.rdtype == dns.rdatatype.NSEC for rrset in answer.authority):
            raise Wrong("no NSEC")

    server, resolver = box.port, box.resolver_port
    return [
        Question(world, "server, UDP, version", server, "version.example.org.", "TXT", version),
        Question(world, "server, TCP, version", server, "version.example.org.", "TXT", version, tcp=True),
        Question(world, "server, UDP, serial", server, "example.com.", "SOA", soa),
        Question(world, "server, UDP, denial", server, "nothing.example.com.", "A", denied),
        Question(world, "resolver, UDP, version", resolver, "version.example.org.", "TXT", secure_version, recursive=True),
        Question(world, "resolver, UDP, TLSA", resolver, "_25._tcp.box.example.com.", "TLSA", secure, recursive=True),
        Question(world, "resolver, TCP, TLSA", resolver, "_25._tcp.box.example.com.", "TLSA", secure, tcp=True,
                 recursive=True),
        Question(world, "resolver, UDP, denial", resolver, "nothing.example.com.", "A", denied, recursive=True),
    ]


def client(world, mine, pause):
    while not world.stop.is_set():
        for question in mine:
            question.ask()
            world.stop.wait(pause)


def watched(world, work, *args):
    """The body of a thread: whatever stops its work is a complaint."""
    try:
        work(world, *args)
    except Wrong as problem:
        world.complain(str(problem))
    except Exception as problem:
        world.complain(f"{work.__name__}: {type(problem).__name__}: {problem}")


# ── Changes and kills ────────────────────────────────────────────────────────────────────────────


def change(world, box, dice):
    """Changes something every moment, and asks whether it was taken over."""
    count = 0
    while not world.stop.wait(dice.uniform(0.2, 1.0)):
        count += 1
        version, extra = world.written + 1, list(world.extra)
        if count % 5 == 0:
            world.tlsa = make_certificate(box.tls, new_key=True)
        if count % 3 == 0:
            extra = extra[1:] if len(extra) > 2 else [*extra, f"added{count}.example"]
            box.set_domains(extra)
        world.written = version  # before anybody can see it
        world.extra = extra
        box.set_version(version)
        if box.reload():
            world.acknowledged = version


def kill(world, box, dice, kills):
    """Kills the programs in random order, zoned among them, each as often as the others, and starts zoned again. Each kill
    finds a box that answers everything again: on a machine that needs seconds for a start, both attempts of a client would
    meet one else."""
    waiting = []
    while sum(world.killed.values()) < kills and not world.stop.wait(dice.uniform(0.1, 0.9)):
        if len(world.answered) < QUESTIONS and box.program.running():
            continue
        if not box.program.running():
            box.program.wait()
            box.start()
            continue
        waiting = waiting or dice.sample(PROGRAMS, len(PROGRAMS))
        name = waiting[-1]
        victims = box.pids()[name]
        if not victims:
            continue
        try:
            os.kill(dice.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            continue  # ended meanwhile
        waiting.pop()
        world.killed[name] += 1
        world.answered.clear()
        if name == "zoned":
            box.program.wait()
            box.start()


# ── The run ──────────────────────────────────────────────────────────────────────────────────────


def zone_keys(box):
    """The public keys of the zones, as dnspython's validation wants them."""
    keys = {}
    for zone in ("example.com.", "example.org."):
        name = dns.name.from_text(zone)
        answer = dns.query.tcp(dns.message.make_query(name, "DNSKEY"), "127.0.0.1", port=box.port, timeout=5)
        keys[name] = answer.find_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    return keys


def settle(world, box, directory):
    """What must be true once nothing is killed any more."""

    def version_served():
        try:
            answer = dns.query.tcp(dns.message.make_query("version.example.org.", "TXT"), "127.0.0.1", port=box.port, timeout=2)
            return int(answer.answer[0][0].strings[0]) if answer.answer else None
        except (OSError, EOFError, dns.exception.DNSException):
            return None

    wait_until(lambda: version_served() == world.written, lambda: f"version {world.written}: {version_served()}", SETTLED_WITHIN)
    for zone in world.extra:
        wait_until(lambda z=zone: serial(box.port, z), f"{zone} is served", SETTLED_WITHIN)
    assert world.acknowledged <= world.written
    wait_until(lambda: box.zonebox("status").returncode == 0, lambda: box.zonebox("status").stdout, SETTLED_WITHIN)
    zones = ["example.com", "example.org", *world.extra]
    with unbound(directory / "judge", {zone: box.port for zone in zones},
                 [box.ds(zone) for zone in zones]) as port:
        for zone in zones:
            answer = dns.query.udp(dns.message.make_query(zone, "SOA", want_dnssec=True), "127.0.0.1", port=port, timeout=5)
            assert answer.flags & dns.flags.AD, f"Unbound does not find {zone} secure:\n{answer}"
        if world.tlsa is not None:
            answer = dns.query.udp(dns.message.make_query("_25._tcp.box.example.com", "TLSA"), "127.0.0.1", port=port, timeout=5)
            assert world.tlsa in {rdata.cert.hex() for rdata in answer.answer[0]}, "the newest certificate is not in its TLSA"


def chaos(directory, kills, seed, clients):
    """Runs it; returns the world, with what went wrong in world.wrong."""
    world, dice = World(), random.Random(seed)
    with ChaosBox(directory) as box:
        box.start().wait_served("example.com", "example.org")
        asked = questions(world, box, zone_keys(box))
        threads = [threading.Thread(target=watched, args=(world, client, asked[i:] + asked[:i], 0.005)) for i in range(clients)]
        changer = threading.Thread(target=watched, args=(world, change, box, random.Random(seed + 1)))
        for thread in (*threads, changer):
            thread.start()
        try:
            kill(world, box, dice, kills)
            changed = world.written
            wait_until(lambda: world.written > changed or world.stop.is_set(), "another change", SETTLED_WITHIN)
        finally:
            world.stop.set()
            for thread in (*threads, changer):
                thread.join()
            if not box.program.running():
                box.program.wait()
                box.start()
        if not world.wrong:
            settle(world, box, pathlib.Path(directory))
        code = box.stop()
        if code != 0:
            world.complain(f"zoned ended with {code}")
    return world


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with scratch() as directory:
        world = chaos(directory, options.kills, options.seed, options.clients)
        for label in sorted(world.asked):
            print(f"{label}: {world.asked[label]} asked, {world.repeated[label]} repeated")
        print("killed: " + ", ".join(f"{name} {count}" for name, count in world.killed.items()))
        print(f"changes: {world.written - 1}, the last acknowledged one {world.acknowledged}")
        if world.wrong:
            print("\n".join(world.wrong), (pathlib.Path(directory) / "log").read_text()[-6000:], sep="\n")
    return 1 if world.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
