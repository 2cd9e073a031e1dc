# SPDX-License-Identifier: ISC
"""zone-resolver in a tree of its own (tree.py): from root hints to secure, insecure and bogus; own zones, their keys, a
forwarder, keys of the root that roll, servers that are gone. Judges: dnspython, delv, drill, Unbound."""

import concurrent.futures
import contextlib
import os
import random
import re
import shutil
import socket
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

import others
from harness import (BIN, Program, control_ask, control_socket, free_port, make_certificate, query, run, start_unbound,
                     wait_until)
from tree import Tree

SWAPS = 100


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    with Tree(tmp_path_factory.mktemp("tree") / "tree") as a_tree:
        yield a_tree


class Resolver:
    def __init__(self, directory, tree, *arguments, anchor=None, hints=None, confined=True):
        self.directory = directory / "resolver"
        self.directory.mkdir(exist_ok=True)
        self.port = free_port()
        self.control = self.directory / "control.sock"
        self.control.unlink(missing_ok=True)
        (self.directory / "log").unlink(missing_ok=True)
        with control_socket(self.control) as listener:
            self.program = Program(
                BIN / "zone-resolver", "--listen", f"127.0.0.1@{self.port}", "--trust-anchor", anchor or tree.anchor,
                "--root-hints", hints or tree.hints, "--state", self.directory / "state", "--control", listener.fileno(),
                *([] if confined else ["--unconfined"]), *arguments,
                log=self.directory / "log", pass_fds=[listener.fileno()])
        self.program.wait_for(lambda: "serving" in self.program.log())

    def ask(self, name, rtype="A", timeout=10.0, **options):
        message = dns.message.make_query(name, rtype, want_dnssec=True, **options)
        return dns.query.udp_with_fallback(message, "127.0.0.1", port=self.port, timeout=timeout)[0]

    def security(self, name, rtype="A", timeout=10.0):
        try:
            answer = self.ask(name, rtype, timeout)
        except (dns.exception.Timeout, dns.query.BadResponse):
            return "late"  # the latter: an answer to one before, whose port is this one's now
        if answer.rcode() == dns.rcode.SERVFAIL:
            return "failed"
        return "secure" if answer.flags & dns.flags.AD else "insecure"

    def address(self, name):
        """The first address in the answer, or None."""
        found = [rr.address for rrset in self.ask(name).answer if rrset.rdtype == 1 for rr in rrset]
        return found[0] if found else None

    def status(self):
        return control_ask(self.control, "status")

    def anchors(self):
        return {anchor["tag"]: anchor["state"] for anchor in self.status()["anchors"]}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.program.stop()


def tag(key):
    """Of a key file's name."""
    return int(key.rsplit("+", 1)[1])


# ── Down the tree ────────────────────────────────────────────────────────────────────────────────

QUESTIONS = [  # name, type, rcode, security
    (".", "NS", "NOERROR", "secure"),  # Postfix asks this to see whether there is DNSSEC at all
    ("tld.", "SOA", "NOERROR", "secure"),
    ("www.good.tld.", "A", "NOERROR", "secure"),
    ("_25._tcp.www.good.tld.", "TLSA", "NOERROR", "secure"),
    ("_25._tcp.ns.good.tld.", "TLSA", "NXDOMAIN", "secure"),
    ("www.good.tld.", "TLSA", "NOERROR", "secure"),
    ("x.wild.good.tld.", "A", "NOERROR", "secure"),
    ("alias.good.tld.", "A", "NOERROR", "secure"),  # to another zone
    ("dangling.good.tld.", "A", "NXDOMAIN", "secure"),
    ("alias.plain.tld.", "A", "NOERROR", "insecure"),  # its target alone would be secure
    ("big.good.tld.", "TXT", "NOERROR", "secure"),  # by TCP
    ("nothing.tld.", "DS", "NXDOMAIN", "secure"),
    ("www.plain.tld.", "A", "NOERROR", "insecure"),
    ("no.plain.tld.", "TLSA", "NXDOMAIN", "insecure"),
    ("plain.tld.", "DS", "NOERROR", "secure"),
    ("www.expired.tld.", "A", "SERVFAIL", "failed"),
    ("www.wrongds.tld.", "A", "SERVFAIL", "failed"),
    ("www.stripped.tld.", "A", "SERVFAIL", "failed"),
    ("no.stripped.tld.", "TLSA", "SERVFAIL", "failed"),
]


def test_finds_its_way_from_the_root(tree, directory):
    with Resolver(directory, tree) as resolver:
        for _ in range(2):  # the second time from the cache
            for name, rtype, rcode, security in QUESTIONS:
                answer = resolver.ask(name, rtype)
                assert dns.rcode.to_text(answer.rcode()) == rcode, f"{name} {rtype}\n{answer}"
                assert resolver.security(name, rtype) == security, f"{name} {rtype}\n{answer}"
        status = resolver.status()
        assert status["secure"] > 0 and status["insecure"] > 0 and status["bogus"] > 0 and status["contexts"] == 1, status


def test_delv_and_drill_believe_it(tree, directory):
    """What it passes on lets others validate for themselves."""
    key = tree.keys["."][0]
    *_, flags, protocol, algorithm, octets = tree.dnskey(key).split(";")[0].split()
    anchors = directory / "delv.anchors"
    anchors.write_text(f'trust-anchors {{ . static-key {flags} {protocol} {algorithm} "{octets}"; }};\n')
    with Resolver(directory, tree) as resolver:
        for name, rtype in (("www.good.tld", "A"), ("_25._tcp.www.good.tld", "TLSA"), ("alias.good.tld", "A")):
            told = run("delv", "-a", anchors, "+root=.", "@127.0.0.1", "-p", resolver.port, name, rtype).stdout
            assert "fully validated" in told and "unsigned" not in told, told
        told = run("drill", "-S", "-k", tree.anchor, "-p", resolver.port, "www.good.tld", "A", "@127.0.0.1").stdout
        assert "Chase successful" in told, told


# ── Own zones ────────────────────────────────────────────────────────────────────────────────────

@contextlib.contextmanager
def own_server(tree, directory, *zones):
    """The box's own server: zone-server would do as well, but the keys must be those of the tree. Yields its address as
    --own-server wants it, and the program."""
    directory.mkdir(exist_ok=True)
    port = free_port()
    for zone in zones:
        shutil.copy(tree.directory / (tree.path(zone).name + ".served"), directory / zone)
    argv = others.nsd(directory, [f"127.0.0.1@{port}"], {zone: zone for zone in zones})

    def start():
        program = Program(*argv, log=directory / "log")
        wait_until(lambda: answers(port, zones[0]), "the own server answers")
        return program

    server = {"port": port, "address": f"127.0.0.1@{port}", "directory": directory, "start": start, "program": start()}
    try:
        yield server
    finally:
        if server["program"].running():
            server["program"].process.terminate()
            server["program"].process.wait(10)


def answers(port, zone, rtype="SOA"):
    try:
        return query(port, zone, rtype, timeout=0.5).answer
    except (OSError, dns.exception.DNSException):
        return None


def publish(tree, server, zone, address, serial):
    """www.ZONE gets another address, on the own server alone."""
    text = tree.path(zone).read_text().replace("www A 192.0.2.1\n", f"www A {address}\n").replace(
        "hostmaster 1 ", f"hostmaster {serial} ")
    changed = server["directory"] / f"{zone}text"
    changed.write_text(text)
    run("ldns-signzone", "-f", server["directory"] / f"{zone}new", changed, *tree.keys[zone], cwd=tree.directory)
    os.rename(server["directory"] / f"{zone}new", server["directory"] / zone)
    server["program"].signal(1)
    wait_until(lambda: address in str(answers(server["port"], f"www.{zone}", "A")), "the own server has it")


def write_zones(path, *lines):
    fresh = path.with_suffix(".new")
    fresh.write_text("; as zone-signer writes it\n" + "".join(f"{line}\n" for line in lines))
    os.rename(fresh, path)


def test_own_zones_are_fresh_and_validated_from_the_root(tree, directory):
    zones = directory / "zones.key"
    write_zones(zones, tree.dnskey(tree.keys["good.tld."][0]).split(";")[0], "; unsigned: plain.tld.")
    with own_server(tree, directory / "own", "good.tld.", "plain.tld.") as server, \
            Resolver(directory, tree, "--own-zones", zones, "--own-server", server["address"]) as resolver:
        assert resolver.status()["own-zones"] == 2
        assert resolver.address("www.good.tld.") == "192.0.2.1"
        took = []
        for serial in range(2, 6):
            publish(tree, server, "good.tld.", f"192.0.2.{100 + serial}", serial)
            began = time.monotonic()
            assert resolver.address("www.good.tld.") == f"192.0.2.{100 + serial}"
            assert resolver.security("www.good.tld.") == "secure"
            took.append(time.monotonic() - began)
        assert min(took) < 1, took
        assert resolver.security("www.plain.tld.") == "insecure"
        assert resolver.security("www.other.tld.") == "secure"


def test_own_keys_are_enough_without_a_world(tree, directory):
    zones = directory / "zones.key"
    key = tree.dnskey(tree.keys["good.tld."][0]).split(";")[0]
    hints = directory / "hints"
    hints.write_text(f". NS ns.root.\nns.root. A {tree.net}.200\n")  # nobody is there
    with own_server(tree, directory / "own", "good.tld.", "other.tld.", "plain.tld.") as server, \
            Resolver(directory, tree, "--own-zones", zones, "--own-server", server["address"], "--trust-own-keys",
                     hints=hints) as resolver:
        assert "own-zones-not-read" in resolver.program.log()  # the signer is not there yet
        write_zones(zones, key, "; unsigned: plain.tld.")
        # What is asked before that is asked in the world.
        wait_until(lambda: resolver.security("www.good.tld.", timeout=1) == "secure", "the zone is known")
        assert resolver.security("_25._tcp.www.good.tld.", "TLSA") == "secure"
        assert resolver.security("no.good.tld.", "TLSA") == "secure"
        assert resolver.security("www.plain.tld.") == "insecure"
        # A zone more, a zone less.
        write_zones(zones, key, tree.dnskey(tree.keys["other.tld."][0]).split(";")[0])
        began = time.monotonic()
        wait_until(lambda: resolver.security("www.other.tld.", timeout=1) == "secure", "the other zone is known")
        assert time.monotonic() - began < 10, "which is much on a busy machine, but not for ever"
        assert resolver.security("www.plain.tld.", timeout=30) == "failed"
        assert resolver.status()["own-zones"] == 2
        # A key that is not in the zone; then one more that is.
        wrong = "good.tld. IN DNSKEY 257 3 13 " + tree.dnskey(tree.keys["other.tld."][0]).split(";")[0].split()[-1]
        write_zones(zones, wrong)
        wait_until(lambda: resolver.security("www.good.tld.") == "failed", "the wrong key is taken")
        write_zones(zones, wrong, key)
        wait_until(lambda: resolver.security("www.good.tld.") == "secure", "the right key is taken")
        # What makes no sense changes nothing.
        write_zones(zones, "good.tld. IN A 192.0.2.1")
        wait_until(lambda: "zones.key:2: neither" in resolver.program.log(), "it complains")
        os.unlink(zones)
        wait_until(lambda: resolver.program.log().count("own-zones-not-read") == 3, "it complains")
        assert resolver.security("www.good.tld.") == "secure"


def test_an_own_server_that_was_away_is_asked_at_once(tree, directory):
    """However long it was, and however much was asked meanwhile."""
    zones = directory / "zones.key"
    write_zones(zones, tree.dnskey(tree.keys["good.tld."][0]).split(";")[0])
    with own_server(tree, directory / "own", "good.tld.") as server, \
            Resolver(directory, tree, "--own-zones", zones, "--own-server", server["address"]) as resolver:
        assert resolver.security("www.good.tld.") == "secure"
        server["program"].process.terminate()
        server["program"].process.wait(10)
        end = time.monotonic() + 30
        given_up = threading.Event()

        def ask(client):
            number = 0
            while time.monotonic() < end and not given_up.is_set():
                number += 1
                if resolver.security(f"x{client}-{number}.wild.good.tld.", timeout=0.5) == "failed":
                    given_up.set()  # this one was not asked at all

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(ask, client) for client in range(8)]:
                done.result()
        server["program"] = server["start"]()
        wait_until(lambda: resolver.security("y.wild.good.tld.", timeout=0.5) == "secure", "it is asked again", timeout=5)


def processor_time(program):
    fields = open(f"/proc/{program.pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_many_names_below_a_wildcard_cost_no_more_than_few(tree, directory):
    """Strangers choose the names that mail software asks for."""
    with Resolver(directory, tree) as resolver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", resolver.port))
        client.settimeout(10)
        times = []
        for turn in range(3):
            before = processor_time(resolver.program)
            for first in range(0, 4000, 50):
                for number in range(first, first + 50):
                    client.send(dns.message.make_query(f"r{turn}-{number}.wild.good.tld.", "A").to_wire())
                for number in range(50):
                    assert client.recv(4096)[3] & 15 == dns.rcode.NOERROR
            times.append(processor_time(resolver.program) - before)
        assert times[2] < 2 * times[0], times


# ── Forwarding ───────────────────────────────────────────────────────────────────────────────────

@contextlib.contextmanager
def forwarder(tree, directory):
    """A validating Unbound in the same tree, plain and over TLS. Yields both ports."""
    directory.mkdir()
    make_certificate(directory / "tls.pem", "dns.example")
    plain, tls = free_port(), free_port()
    options = [f"interface: 127.0.0.1@{plain}", f"interface: 127.0.0.1@{tls}", f"tls-port: {tls}",
               f'tls-service-key: "{directory}/tls.key"', f'tls-service-pem: "{directory}/tls.pem"',
               f'root-hints: "{tree.hints}"', f'trust-anchor-file: "{tree.anchor}"']
    with start_unbound(directory, options) as program:
        program.wait_for(lambda: answers(plain, "localhost.", "A"))
        yield plain, tls, directory / "tls.pem"


def test_forwards_plain_and_over_tls(tree, directory):
    with forwarder(tree, directory / "forwarder") as (plain, tls, certificate):
        names = [(name, security) for name, rtype, _, security in QUESTIONS if rtype == "A"]
        hints = directory / "hints"
        hints.write_text(f". NS ns.root.\nns.root. A {tree.net}.200\n")  # nobody is there
        for number, arguments in enumerate((
                ["--forward", f"127.0.0.1@{plain}"],
                ["--forward", f"127.0.0.1@{tls}#dns.example", "--tls-certificates", certificate])):
            place = directory / str(number)
            place.mkdir()
            with Resolver(place, tree, *arguments, hints=hints) as resolver:
                for name, security in names:
                    assert resolver.security(name) == security, name
                assert resolver.status()["forward"] == [arguments[1]]
        place = directory / "wrong"
        place.mkdir()
        with Resolver(place, tree, "--forward", f"127.0.0.1@{tls}#other.example", "--tls-certificates",
                      certificate, hints=hints) as resolver:
            assert resolver.security("www.good.tld.", timeout=30) == "failed"


@contextlib.contextmanager
def bad_forwarder(behave):
    """Calls behave(connection) for each connection to its port, which it yields; the connections stay open until the
    end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        connections = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connections.append(listener.accept()[0])
                    behave(connections[-1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()


@pytest.mark.parametrize("behave, reason", [
    (lambda connection: connection.shutdown(socket.SHUT_RDWR), "ended in the handshake"),
    (lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "wrong version number"),
    (lambda connection: connection.sendall(b"\x16\x03\x03\xff\xff" + b"x" * 65535), "reason="),
    (lambda connection: None, "no handshake in time"),
], ids=["closes", "http", "garbage", "silent"])
def test_a_forwarder_that_does_not_speak_tls_is_passed_over(tree, directory, behave, reason):
    with forwarder(tree, directory / "forwarder") as (_, tls, certificate), bad_forwarder(behave) as bad, \
            Resolver(directory, tree, "--forward", f"127.0.0.1@{bad}#dns.example", "--forward",
                     f"127.0.0.1@{tls}#dns.example", "--tls-certificates", certificate) as resolver:
        for name in ("www.good.tld.", "www.other.tld.", "tld."):
            wait_until(lambda n=name: resolver.security(n) == "secure", resolver.program.log, timeout=30)
        wait_until(lambda: reason in resolver.program.log(), resolver.program.log)
        told = [line for line in resolver.program.log().splitlines() if "forwarder-failed" in line]
        assert len(told) == 1, told  # once, not for each question


# ── The root's keys ──────────────────────────────────────────────────────────────────────────────

def look_at_once(directory):
    """The anchors' state file says that it is time to look again."""
    path = directory / "resolver/state/root.key"
    path.write_text(re.sub(r";;next_probe_time: \d+", ";;next_probe_time: 1", path.read_text()))


def test_follows_the_roots_keys_as_they_roll(directory):
    """RFC 5011, with seconds for its months: a key is added, the former one revoked and removed. What was learnt outlives
    restarts with the old anchor file."""
    # With a TTL below 20 libunbound divides by zero when it looks for its next time.
    hold = ["--set", "permit-small-holddown: yes", "--set", "add-holddown: 1", "--set", "del-holddown: 1"]
    with Tree(directory / "tree", {"good.tld.": "secure"}) as tree:
        former = tree.keys["."][0]
        tree.write_root(serial=2, ttl=20)
        tree.reload_root(2)
        with Resolver(directory, tree, *hold) as resolver:
            assert resolver.security("www.good.tld.") == "secure"
            wait_until(lambda: resolver.status()["anchors"][0]["since"], "it has looked")
            latter = tree.key(".", "-k")
            tree.write_root(serial=3, ttl=20)
            tree.reload_root(3)
            # Ten seconds until it looks by itself, and ten more until it believes.
            wait_until(lambda: resolver.anchors().get(tag(latter)) == "pending", resolver.anchors)
            wait_until(lambda: resolver.anchors().get(tag(latter)) == "valid", resolver.anchors)
            assert resolver.security("www.good.tld.") == "secure"
        revoked = tree.revoke(former)
        tree.write_root(keys=[revoked, latter], serial=4, ttl=20)
        tree.reload_root(4)
        look_at_once(directory)
        with Resolver(directory, tree, *hold) as resolver:
            wait_until(lambda: resolver.anchors() == {tag(revoked): "revoked", tag(latter): "valid"}, resolver.anchors)
            assert resolver.security("www.good.tld.") == "secure"
        tree.write_root(keys=[latter], serial=5, ttl=20)
        tree.reload_root(5)
        time.sleep(1.1)  # del-holddown
        look_at_once(directory)
        with Resolver(directory, tree, *hold) as resolver:
            wait_until(lambda: resolver.anchors() == {tag(latter): "valid"}, resolver.anchors)
            assert resolver.status()["anchors"][0]["source"].endswith("state/root.key")
        with Resolver(directory, tree, *hold) as resolver:
            assert resolver.anchors() == {tag(latter): "valid"}
            assert resolver.security("www.good.tld.") == "secure"
        # The anchor file alone is of no use any more.
        shutil.rmtree(directory / "resolver/state")
        with Resolver(directory, tree, *hold) as resolver:
            assert resolver.security("www.good.tld.", timeout=30) == "failed"


# ── What goes wrong ──────────────────────────────────────────────────────────────────────────────

def silent_root(tree):
    """Somebody who takes each question and never answers."""
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((f"{tree.net}.201", 53))
    return silent


@pytest.mark.parametrize("kind", ["nobody", "silent"])
def test_a_world_that_is_gone_is_servfail_in_time(tree, directory, kind):
    hints = directory / "hints"
    hints.write_text(f". NS ns.root.\nns.root. A {tree.net}.{201 if kind == 'silent' else 200}\n")
    with silent_root(tree), Resolver(directory, tree, hints=hints) as resolver:
        began = time.monotonic()
        assert resolver.security("www.good.tld.", timeout=40) == "failed"
        assert time.monotonic() - began < 25
        assert resolver.status()["failed"] >= 1


def test_a_flush_forgets_and_a_hundred_leak_nothing(tree, directory):
    """Run without confinement, so that the leak checker can do its work when the program ends."""
    with Resolver(directory, tree, confined=False) as resolver:
        assert resolver.security("www.good.tld.") == "secure"
        reply = control_ask(resolver.control, "flush", name="www.good.tld")
        assert reply["flushed"] == "all" and "libunbound" in reply["note"]
        wait_until(lambda: resolver.status()["swaps"] == 1, lambda: resolver.status())
        sizes = []
        for count in range(1, SWAPS + 1):
            control_ask(resolver.control, "flush")
            wait_until(lambda: resolver.status()["swaps"] > count, lambda: resolver.status())
            assert resolver.security(random.choice(["www.good.tld.", "alias.good.tld."])) == "secure"
            wait_until(lambda: resolver.status()["contexts"] == 1, lambda: resolver.status())
            sizes.append(int((open(f"/proc/{resolver.program.pid}/statm").read().split())[1]) * 4096)
        print(f"resident after {SWAPS} swaps: {sizes[0]} → {sizes[-1]}")


def test_questions_under_way_survive_swaps(tree, directory):
    """Clients ask while contexts come and go: each gets its answer, and the right one."""
    with Resolver(directory, tree) as resolver:
        for count in range(30):
            control_ask(resolver.control, "flush")
            for name, rtype, rcode, security in QUESTIONS:
                answer = resolver.ask(name, rtype)
                assert dns.rcode.to_text(answer.rcode()) == rcode, f"{count} {name} {rtype}\n{answer}"


def test_wrong_use_is_told():
    for arguments, words in (
            ([], "either --listen or --sockets"),
            (["--listen", "127.0.0.1", "--sockets", "1"], "either --listen or --sockets"),
            (["--listen", "localhost"], "--listen: "),
            (["--listen", "127.0.0.1", "--own-zones", "x"], "--own-zones needs --own-server"),
            (["--listen", "127.0.0.1", "--trust-own-keys"], "--trust-own-keys needs --own-zones"),
            (["--listen", "127.0.0.1", "--forward", "192.0.2.1#a\nb"], "--forward: "),
            (["--listen", "127.0.0.1", "--root-hints", 'a"b'], "--root-hints: "),
            (["--listen", "127.0.0.1", "--cache", "0"], "--cache: not a number from 4"),
            (["--listen", "127.0.0.1", "--set", "nothing"], "--set: "),
            (["--listen", "127.0.0.1", "--control", "99"], "--control: not an open descriptor"),
            (["--listen", "127.0.0.1", "more"], "what is this: more")):
        done = run(BIN / "zone-resolver", *arguments, check=False)
        assert done.returncode == 2 and words in done.stderr, (arguments, done)


def test_what_it_needs_and_does_not_find_is_told(tree, directory):
    for arguments, words in (
            (["--trust-anchor", "/nonexistent/root.key"], "/nonexistent/root.key"),
            (["--trust-anchor", tree.anchor, "--root-hints", "/nonexistent/hints"], "/nonexistent/hints"),
            (["--trust-anchor", tree.hints], "root.hints:1: neither a DNSKEY nor a DS record"),
            (["--trust-anchor", tree.anchor, "--set", "no-such-option: 1"], "libunbound"),
            (["--trust-anchor", tree.anchor, "--forward", "127.0.0.1#a.example", "--tls-certificates", "/nonexistent"],
             "/nonexistent: cannot read certificates")):
        done = run(BIN / "zone-resolver", "--listen", f"127.0.0.1@{free_port()}", *arguments, check=False)
        assert done.returncode == 1 and words in done.stderr, (arguments, done)
        assert "no-resolver" in done.stderr
