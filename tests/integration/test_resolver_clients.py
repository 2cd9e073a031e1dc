# SPDX-License-Identifier: ISC
"""zone-resolver and who uses it: glibc as mail software calls it, validators behind it, and clients that mean no good."""

import json
import os
import random
import socket
import struct
import sys
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

import harness
import tree as trees
from test_resolver_beside_unbound import answers, resolver

TLSA, TXT, NS, A = 52, 16, 2, 1
HOST_NOT_FOUND, TRY_AGAIN, NO_DATA = 1, 2, 4  # netdb.h
DEAD = "dead.tld."  # its name server takes queries and says nothing


class Dead(trees.Tree):
    """The tree, with a domain of which nobody answers."""

    def write_tld(self):
        super().write_tld()
        path = self.path(trees.TLD)
        path.write_text(path.read_text() + f"{DEAD} NS ns.{DEAD}\nns.{DEAD} A {self.address(5)}\n")
        self.sign(trees.TLD)

    def __enter__(self):
        self.mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mute.bind((self.address(5), 53))
        return super().__enter__()

    def __exit__(self, *exc):
        super().__exit__(*exc)
        self.mute.close()


@pytest.fixture(scope="module")
def tree():
    with harness.scratch() as directory, Dead(directory / "tree") as a_tree:
        yield a_tree


@pytest.fixture(scope="module")
def local(tree):
    """A resolver on port 53, where glibc looks for it."""
    address = tree.address(8)
    log = tree.directory / "resolver.log"
    with resolver(tree, 53, log, "--queries", "1000", "--queries-per-client", "100", address=address) as program:
        program.wait_for(lambda: answers(53, address))
        yield address
        assert program.running(), program.log()


# ── glibc ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stub(local, directory):
    """Runs stub.py with its own /etc/resolv.conf, as much of which as the test wants."""
    if os.geteuid() != 0:
        pytest.skip("a mount namespace of its own is for root")

    def run(*arguments, options=""):
        conf = directory / "resolv.conf"
        conf.write_text(f"nameserver {local}\n" + (f"options {options}\n" if options else ""))
        done = harness.run("unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"', "sh",
                           conf, sys.executable, "-B", harness.SOURCE / "tests/integration/stub.py", *arguments,
                           check=False)
        if "unshare failed" in done.stderr or "mount:" in done.stderr:
            pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_glibc_tells_what_is_secure_with_the_options_we_advise(stub):
    said = stub("query", "www.good.tld", A, options="edns0 trust-ad")
    assert (said["rcode"], said["answers"], said["ad"]) == (0, 1, True)
    assert stub("query", "www.plain.tld", A, options="edns0 trust-ad")["ad"] is False
    # Without them it hides AD from its callers, whatever the resolver says.
    assert stub("query", "www.good.tld", A)["ad"] is False


def test_postfix_finds_dnssec_by_its_probe(stub):
    """smtp_dns_support_level = dnssec asks for the name servers of the root first and wants AD (dnssec_probe)."""
    said = stub("query", ".", NS, "postfix")
    assert said["ad"] is True and said["answers"] > 0


def test_postfix_finds_tlsa_records_and_the_proof_that_there_are_none(stub):
    said = stub("query", "_25._tcp.www.good.tld", TLSA, "postfix")
    assert said["ad"] is True and said["answers"] == 2  # the record and its signature
    said = stub("query", "_25._tcp.no.good.tld", TLSA, "postfix")
    assert (said["h_errno"], said["rcode"], said["ad"]) == (HOST_NOT_FOUND, 3, True)
    said = stub("query", "www.good.tld", TLSA, "postfix")
    assert (said["h_errno"], said["rcode"], said["ad"]) == (NO_DATA, 0, True)
    said = stub("query", "_25._tcp.www.plain.tld", TLSA, "postfix")
    assert said["ad"] is False and said["answers"] == 1


@pytest.mark.parametrize("zone", ["expired.tld", "wrongds.tld", "stripped.tld"])
def test_what_does_not_validate_makes_mail_wait(stub, zone):
    assert stub("query", f"_25._tcp.www.{zone}", TLSA, "postfix")["h_errno"] == TRY_AGAIN
    assert stub("address", f"www.{zone}") == {"error": socket.EAI_AGAIN}


def test_getaddrinfo_finds_addresses(stub):
    assert stub("address", "www.good.tld") == {"addresses": ["192.0.2.1"]}
    assert stub("address", "alias.good.tld") == {"addresses": ["192.0.2.1"]}
    assert stub("address", "no.good.tld") == {"error": socket.EAI_NONAME}


def test_glibc_follows_a_cut_answer_to_tcp(stub):
    said = stub("query", "big.good.tld", TXT, "postfix")
    assert said["length"] > 1500 and said["ad"] is True


# ── Validators behind it ─────────────────────────────────────────────────────────────────────────


def test_delv_validates_through_it(local, tree):
    trust = tree.directory / "delv.anchors"
    fields = tree.dnskey(tree.keys["."][0]).split("DNSKEY")[1].split(";")[0].split()
    trust.write_text(f'trust-anchors {{ . static-key {" ".join(fields[:3])} "{"".join(fields[3:])}"; }};\n')

    def delv(name, rtype):
        done = harness.run("delv", f"@{local}", "-a", trust, "+root=.", name, rtype, check=False)
        return done.stdout + done.stderr

    assert "; fully validated" in delv("_25._tcp.www.good.tld", "TLSA")
    assert "; fully validated" in delv("alias.good.tld", "A")
    assert "; negative response, fully validated" in delv("no.good.tld", "A")
    assert "; negative response, fully validated" in delv("www.good.tld", "MX")
    assert "; fully validated" in delv("x.wild.good.tld", "A")
    assert "; unsigned answer" in delv("www.plain.tld", "A")
    assert "resolution failed" in delv("www.expired.tld", "A")


def test_a_validating_unbound_validates_through_it(local, tree, directory):
    extra = f'trust-anchor-signaling: no\nforward-zone:\n  name: "."\n  forward-addr: {local}@53\n'
    anchors = [tree.dnskey(key) for key in tree.keys["."]]
    with harness.unbound(directory / "unbound", {}, anchors, extra) as port:
        for name, rtype, secure in [("www.good.tld", "A", True), ("no.good.tld", "A", True), ("big.good.tld", "TXT", True),
                                    ("x.wild.good.tld", "A", True), ("x.wild.good.tld", "MX", True),
                                    ("dangling.good.tld", "A", True), ("www.plain.tld", "A", False)]:
            message = dns.message.make_query(name, rtype, want_dnssec=True)
            said, _ = dns.query.udp_with_fallback(message, "127.0.0.1", port=port, timeout=20)
            assert bool(said.flags & dns.flags.AD) == secure, f"{name} {rtype}: {said}"
            assert said.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        said = dns.query.udp(dns.message.make_query("www.expired.tld", "A"), "127.0.0.1", port=port, timeout=20)
        assert said.rcode() == dns.rcode.SERVFAIL


# ── Clients that mean no good ────────────────────────────────────────────────────────────────────


class Neighbour:
    """Another client meanwhile: asks question after question, and notes the longest wait. Like any stub resolver it repeats
    what got no answer: a flood on the same socket makes the kernel drop others' datagrams too."""

    def __init__(self, address):
        self.address = address
        self.longest = 0.0
        self.asked = 0
        self.repeated = 0
        self.threads = harness.Threads()

    def look_up(self):
        before = time.monotonic()
        # Never asked before: the resolver has to go upstream for it.
        name = f"n{self.asked}.wild.good.tld"
        said = self.ask(name)
        assert said.rcode() == dns.rcode.NOERROR and said.answer, said
        self.longest = max(self.longest, time.monotonic() - before)
        self.asked += 1

    def ask(self, name):
        for _ in range(4):
            try:
                said = dns.query.udp(dns.message.make_query(name, "A"), self.address, timeout=1)
                if said.rcode() != dns.rcode.SERVFAIL:
                    return said
                # The kernel gave us the port of a flood that is over, which has its quota of queries under way.
            except dns.exception.Timeout:
                pass
            self.repeated += 1
        raise AssertionError(f"no answer to {name}")

    def __enter__(self):
        self.threads.start(self.look_up)
        return self

    def __exit__(self, *exc):
        self.threads.stop()
        assert self.asked > 0


def query(identity, name):
    message = dns.message.make_query(name, "A", use_edns=0)
    message.id = identity
    return message.to_wire()


def drain(client, replies):
    """Takes what has come: id → rcode."""
    while True:
        try:
            octets = client.recv(4096)
        except BlockingIOError:
            return
        replies[struct.unpack(">H", octets[:2])[0]] = octets[3] & 15


def test_a_flood_over_one_socket_hurts_only_itself(local):
    replies = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, Neighbour(local) as neighbour:
        client.setblocking(False)
        client.connect((local, 53))
        for identity in range(10000):
            try:
                client.send(query(identity, f"f{identity}.{DEAD}"))
            except BlockingIOError:
                pass
            drain(client, replies)
        # What the kernel did not drop is answered at once, but for a quota's worth that is looked for.
        harness.wait_until(lambda: (drain(client, replies), len(replies) > 1000)[1], lambda: f"{len(replies)} replies")
        harness.wait_until(lambda: neighbour.asked > 20 or neighbour.threads.trouble, lambda: f"{neighbour.asked} asked")
    assert set(replies.values()) == {dns.rcode.SERVFAIL}
    assert neighbour.repeated < 5 and neighbour.longest < 4, (neighbour.repeated, neighbour.longest)


def test_garbage_hurts_nobody(local):
    random.seed(53)
    pattern = query(0x1234, "www.good.tld")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, Neighbour(local) as neighbour:
        client.setblocking(False)
        client.connect((local, 53))
        for _ in range(5000):
            octets = bytearray(random.choice([pattern, random.randbytes(random.randint(0, 600)), pattern[: random.randint(0, 30)]]))
            for _ in range(random.randint(0, 4)):
                if octets:
                    octets[random.randrange(len(octets))] = random.randrange(256)
            try:
                client.send(octets)
            except BlockingIOError:
                pass
            drain(client, {})
        harness.wait_until(lambda: neighbour.asked > 20 or neighbour.threads.trouble, lambda: f"{neighbour.asked} asked")
    assert neighbour.repeated < 5 and neighbour.longest < 4, (neighbour.repeated, neighbour.longest)


def test_garbage_over_tcp_hurts_nobody(local):
    random.seed(54)
    with Neighbour(local) as neighbour:
        for _ in range(200):
            with socket.create_connection((local, 53), timeout=10) as client:
                client.sendall(random.randbytes(random.randint(1, 3000)))
        harness.wait_until(lambda: neighbour.asked > 20 or neighbour.threads.trouble, lambda: f"{neighbour.asked} asked")
    assert neighbour.repeated < 5 and neighbour.longest < 4, (neighbour.repeated, neighbour.longest)


def test_hundreds_of_connections_leave_room_for_one_more(local):
    with Neighbour(local) as neighbour:
        held = []
        for _ in range(300):
            held.append(socket.create_connection((local, 53), timeout=10))
        message = dns.message.make_query("www.good.tld", "A")
        assert dns.query.tcp(message, local, timeout=10).answer
        harness.wait_until(lambda: neighbour.asked > 5 or neighbour.threads.trouble, lambda: f"{neighbour.asked} asked")
        for client in held:
            client.close()


def test_pipelined_queries_are_answered_in_any_order(local):
    names = [f"p{i}.wild.good.tld" if i % 2 else "localhost" for i in range(250)]
    with socket.create_connection((local, 53), timeout=20) as client:
        wire = [query(i, name) for i, name in enumerate(names)]
        client.sendall(b"".join(struct.pack(">H", len(octets)) + octets for octets in wire))
        stream = client.makefile("rb")
        seen = {}
        while len(seen) < len(names):
            (length,) = struct.unpack(">H", stream.read(2))
            said = dns.message.from_wire(stream.read(length))
            seen[said.id] = said
    assert all(seen[i].rcode() == dns.rcode.NOERROR and str(seen[i].question[0].name)[:-1] == name
               for i, name in enumerate(names))


def test_a_domain_that_is_silent_gives_servfail_in_time(local):
    before = time.monotonic()
    said = dns.query.udp(dns.message.make_query(f"www.{DEAD}", "A", use_edns=0), local, timeout=25)
    assert said.rcode() == dns.rcode.SERVFAIL
    assert [int(option.code) for option in said.options] == [22]
    assert time.monotonic() - before < 22


# ── Where it listens ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::"])
def test_other_addresses_than_loopback_are_refused(tree, directory, address):
    with resolver(tree, harness.free_port(), directory / "log", address=address) as program:
        assert program.wait() == 1
        assert "this host only" in program.log()


def test_loopback_of_the_other_family_works(tree, directory):
    port = harness.free_port()
    with resolver(tree, port, directory / "log", address="::1") as program:
        program.wait_for(lambda: answers(port, "::1"))
        said = dns.query.udp(dns.message.make_query("www.good.tld", "A", want_dnssec=True), "::1", port=port, timeout=20)
        assert said.flags & dns.flags.AD
