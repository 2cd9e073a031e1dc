# SPDX-License-Identifier: ISC
"""Renewals of certificates as a validator sees them. The signer and the server are real, a TLS server presents real
certificates, and a stand-in for zone-probe looks at both. A validator that keeps each TLSA RRset for its TTL checks the
server all the time with openssl s_client: no moment of a renewal that was announced may refuse it."""

import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

import dns.exception
import pytest

import harness
from harness import BIN, Program, Threads, control_ask, control_socket, free_port, query, run, spki_sha256, wait_until
from observing import RECORD, TLS_KEY, answer, read_question

SIGNER = BIN / "zone-signer"
SERVER = BIN / "zone-server"
ZONEBOX = BIN / "zonebox"
OWNER = "_25._tcp.box.example.com"
TTL = 4  # seconds

CONFIG = """\
box:
  hostname: box.example.com
  addresses: [192.0.2.10]
  tls: [live.pem]
  tls-next: [{next}]
  tls-issuer: {issuer}
  ssh: []
  dkim: no
domains: [{domains}]
probe: {{interval: 1s}}
ttl: {{tlsa: {ttl}s}}
state: state
"""


def from_wire(wire):
    labels = []
    while wire[0]:
        labels.append(wire[1:wire[0] + 1].decode())
        wire = wire[wire[0] + 1:]
    return ".".join(labels)


def tlsa(port):
    """The data of the TLSA records that are served: [] when there are none, None when nobody answers."""
    try:
        answer = query(port, OWNER, "TLSA", timeout=1)
    except (OSError, dns.exception.DNSException):
        return None
    return sorted(f"{r.usage} {r.selector} {r.mtype} {r.cert.hex()}" for r in (answer.answer[0] if answer.answer else []))


# ── A mail server, in so far as validators see it ────────────────────────────────────────────────────────────────────


class MailServer:
    """Presents a certificate; load() takes another one for the connections that follow."""

    def __init__(self):
        self.context = None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.ending = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def load(self, chain, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self.context = context

    def serve(self):
        while not self.ending:
            try:
                connection, _ = self.listener.accept()
                connection.settimeout(5)
                with self.context.wrap_socket(connection, server_side=True) as stream:
                    stream.recv(1)
            except OSError:
                continue

    def presented(self):
        """The SHA-256 of the public key that a client sees."""
        pem = ssl.get_server_certificate(("127.0.0.1", self.port))
        public = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem.encode(), capture_output=True, check=True)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public.stdout, capture_output=True,
                             check=True).stdout
        return hashlib.sha256(der).digest()

    def stop(self):
        self.ending = True
        self.listener.close()


def accepts(port, records):
    """Would a DANE client with these records take the server (RFC 7672)? openssl is the judge."""
    argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-dane_tlsa_domain", "box.example.com",
            "-verify_return_error", "-brief"]
    for record in records:
        argv += ["-dane_tlsa_rrdata", record]
    done = subprocess.run(argv, input=b"Q", capture_output=True, timeout=20)
    return done.returncode == 0 and b"Verification: OK" in done.stderr


# ── A stand-in for zone-probe ────────────────────────────────────────────────────────────────────────────────────────


class Probe:
    """Answers what the signer asks, from what it sees of the two servers."""

    def __init__(self, port, mail):
        self.port, self.mail = port, mail
        self.end, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asked = []
        self.dumb = False
        threading.Thread(target=self.work, daemon=True).start()

    def see(self, kind, owner, digest):
        if kind == TLS_KEY:
            return self.mail.presented() == digest, 0
        there = []
        for record in tlsa(self.port) or []:
            *head, data = record.split()
            there.append(hashlib.sha256(bytes(map(int, head)) + bytes.fromhex(data)).digest())
        assert owner == OWNER
        return digest in there, TTL

    def work(self):
        while True:
            message = self.end.recv(4096)
            if not message:
                return
            number, kind, port, owner, digest = read_question(message)
            if kind not in (RECORD, TLS_KEY):  # about keys of the zone, which are not what is tested here
                self.end.send(answer(number, unknown=1))
                continue
            self.asked.append((kind, from_wire(owner), port))
            if self.dumb:
                self.end.send(b"garbage")
                self.end.send(answer(number + 77, ok=9))
                continue
            ok, ttl = self.see(kind, from_wire(owner), digest)
            self.end.send(answer(number, ttl=ttl, ok=int(ok), wrong=int(not ok)))


# ── A validator ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Validator:
    """Looks at the records all the time, and checks the mail server with the oldest and with the newest RRset that it
    may have kept. An RRset is kept from the last moment it was seen for its TTL."""

    def __init__(self, port, mail):
        self.port, self.mail = port, mail
        self.kept = {}  # records → when they were last seen
        self.refusals = []
        self.checks = 0
        self.threads = Threads()
        self.threads.start(self.look)
        self.threads.start(self.check)

    def look(self):
        records = tlsa(self.port)
        if records:
            self.kept[tuple(records)] = time.monotonic()
        time.sleep(0.05)

    def check(self):
        now = time.monotonic()
        for records, seen in list(self.kept.items()):
            if now - seen > TTL:
                continue
            good = accepts(self.mail.port, records)
            self.checks += 1
            if not good and time.monotonic() - seen <= TTL:
                self.refusals.append((now, records))
        time.sleep(0.05)

    def stop(self):
        self.threads.stop()


# ── The world ────────────────────────────────────────────────────────────────────────────────────────────────────────


class World:
    def __init__(self, directory, issuer=False):
        self.directory = directory
        self.issuer = issuer
        self.port = free_port()
        self.mail = MailServer()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
            "-subj", "/CN=CA", "-keyout", directory / "ca.key", "-out", directory / "ca.pem")
        for name in ("a", "b"):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", directory / f"{name}.key")
            run("openssl", "pkey", "-in", directory / f"{name}.key", "-pubout", "-out", directory / f"{name}.pub")
            self.issue(name)
        self.config = directory / "zonebox.yaml"
        self.configure()
        self.renew("a")
        self.signer = self.server = self.validator = None
        self.probe = Probe(self.port, self.mail)

    def configure(self, announced="", domains=("example.com",)):
        text = CONFIG.format(next=announced, issuer="yes" if self.issuer else "no", ttl=TTL, domains=", ".join(domains))
        fresh = self.config.with_suffix(".new")
        fresh.write_text(harness.completed(text))
        os.rename(fresh, self.config)

    def issue(self, name):
        """A chain for the key of that name, as a CA makes it."""
        at = self.directory
        (at / "names").write_text("subjectAltName=DNS:box.example.com\n")
        run("openssl", "req", "-new", "-key", at / f"{name}.key", "-subj", "/CN=box.example.com", "-out", at / f"{name}.csr")
        run("openssl", "x509", "-req", "-in", at / f"{name}.csr", "-CA", at / "ca.pem", "-CAkey", at / "ca.key", "-days", "30",
            "-extfile", at / "names", "-out", at / f"{name}.cert")
        (at / f"{name}.pem").write_text((at / f"{name}.cert").read_text() + (at / "ca.pem").read_text())

    def record(self, name):
        return f"3 1 1 {spki_sha256(self.directory / f'{name}.cert')}"

    def renew(self, name, reload=True):
        fresh = self.directory / "live.new"
        fresh.write_bytes((self.directory / f"{name}.pem").read_bytes())
        os.rename(fresh, self.directory / "live.pem")
        if reload:
            self.reload(name)

    def reload(self, name):
        self.mail.load(self.directory / f"{name}.pem", self.directory / f"{name}.key")

    def start(self):
        self.socket = self.directory / "signer.sock"
        self.socket.unlink(missing_ok=True)
        listener = control_socket(self.socket)
        fd = self.probe.theirs.fileno()
        self.signer = Program(SIGNER, "--config", self.config, "--control", listener.fileno(), "--observe", fd,
                              log=self.directory / "signer.log", pass_fds=(listener.fileno(), fd))
        listener.close()
        wait_until(lambda: (self.directory / "state/serve/data.mdb").exists(), self.signer.log)
        if self.server is None:
            self.server = Program(SERVER, "--rate-limit", 0, "--serve", self.directory / "state/serve", "--listen",
                                  f"127.0.0.1@{self.port}",
                                  log=self.directory / "server.log")
        wait_until(lambda: tlsa(self.port), self.signer.log)
        return self

    def watch(self):
        self.validator = Validator(self.port, self.mail)
        wait_until(lambda: self.validator.checks > 0, "the first check")

    def keys(self):
        """Key → its entry in the status."""
        reply = control_ask(self.socket, "status")
        return {key["key"]: key for key in reply["tls"]["keys"]}

    def state(self, name):
        entry = self.keys().get(self.record(name).split()[3])
        return entry["state"] if entry else None

    def wait_state(self, name, state, timeout=60):
        wait_until(lambda: self.state(name) == state, lambda: f"{name} is {state}: {self.keys()}\n{self.signer.log()}", timeout)

    def served(self):
        return tlsa(self.port)

    def errors(self):
        return [line for line in self.signer.log().splitlines() if line.startswith("error ")]

    def stop(self):
        if self.validator is not None:
            self.validator.stop()
        for program in (self.signer, self.server):
            if program is not None:
                program.stop()
        self.mail.stop()


@pytest.fixture
def world(directory):
    a_world = World(directory)
    try:
        yield a_world.start()
    finally:
        a_world.stop()


# ── Renewals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_announced_key_is_taken_into_use_without_a_gap(world):
    world.watch()
    world.configure(world.directory / "b.pub")
    wait_until(lambda: world.record("b") in world.served(), world.signer.log)
    entry = wait_until(lambda: world.keys()[world.record("b").split()[3]]["safe"], "a time")
    world.wait_state("b", "safe")
    assert time.time() >= entry  # two TTLs after it was seen, and not before
    world.renew("b", reload=False)
    world.wait_state("a", "leaving")
    time.sleep(1)  # a mail server is reloaded by a hook that takes its time
    world.reload("b")
    world.configure()
    wait_until(lambda: world.served() == [world.record("b")], lambda: f"a goes: {world.keys()}", 60)
    time.sleep(TTL)  # and what is kept runs out
    world.validator.stop()
    assert world.validator.checks > 20
    assert not world.validator.refusals
    assert not world.errors()
    assert {kind for kind, _, _ in world.probe.asked} == {RECORD, TLS_KEY}
    assert ("box.example.com", 25) in {(owner, port) for kind, owner, port in world.probe.asked if kind == TLS_KEY}


def test_a_certificate_with_the_same_key_changes_nothing(world):
    world.watch()
    before = harness.serial(world.port, "example.com")
    domains = ["example.com"]
    for turn in range(3):
        world.issue("a")
        world.renew("a")
        # What is read for another zone after that has the certificate, too.
        domains.append(f"after{turn}.example")
        world.configure(domains=domains)
        wait_until(lambda: harness.serial(world.port, domains[-1]), world.signer.log)
    assert harness.serial(world.port, "example.com") == before
    assert world.served() == [world.record("a")]
    world.validator.stop()
    assert not world.validator.refusals and not world.errors()


def test_an_unannounced_key_is_an_alarm_and_over_after_a_ttl(world):
    world.watch()
    world.renew("b")
    wait_until(lambda: world.served() == sorted([world.record("a"), world.record("b")]), world.signer.log)
    both = time.monotonic()
    assert len(world.errors()) == 1 and "tls-key-unannounced" in world.errors()[0]
    wait_until(lambda: world.served() == [world.record("b")], lambda: f"a goes: {world.keys()}", 60)
    time.sleep(1)
    world.validator.stop()
    assert world.validator.refusals  # which is what the alarm told of
    assert max(when for when, _ in world.validator.refusals) < both + TTL + 1
    assert len(world.errors()) == 1


def test_the_issuers_key_bridges_even_that(directory):
    world = World(directory, issuer=True)
    try:
        world.start()
        authority = f"2 1 1 {spki_sha256(directory / 'ca.pem')}"
        assert world.served() == sorted([world.record("a"), authority])
        world.watch()
        world.renew("b")
        wait_until(lambda: world.record("b") in world.served(), world.signer.log)
        time.sleep(TTL + 1)
        world.validator.stop()
        assert world.validator.checks > 5 and not world.validator.refusals
    finally:
        world.stop()


# ── The signer and zone-probe ────────────────────────────────────────────────────────────────────────────────────────


def test_answers_that_make_no_sense_change_nothing(world):
    world.probe.dumb = True
    world.configure(world.directory / "b.pub")
    wait_until(lambda: world.record("b") in world.served(), world.signer.log)
    wait_until(lambda: RECORD in {kind for kind, _, _ in world.probe.asked}, "a question")
    time.sleep(1)
    entry = world.keys()[world.record("b").split()[3]]
    assert entry["state"] == "next" and entry["looked"] is None and entry["seen"] is None
    assert world.signer.running() and not world.errors()


def test_a_restart_goes_on_where_it_was(world):
    world.configure(world.directory / "b.pub")
    world.wait_state("b", "safe")
    world.renew("b")
    world.wait_state("a", "leaving")
    world.signer.process.kill()
    world.signer.process.wait()
    world.start()
    assert set(world.served()) == {world.record("a"), world.record("b")}
    assert world.state("b") == "current"
    assert "tls-key" not in "".join(world.errors())


def test_zonegen_prints_the_same_records_without_the_store(world):
    world.configure(world.directory / "b.pub")
    world.wait_state("b", "safe")
    world.renew("b")
    world.configure()
    world.wait_state("a", "leaving")
    dumped = run(BIN / "zonegen", "--config", world.config, "--dump", "example.com").stdout
    records = re.findall(r"^_25\._tcp\.box\s.*TLSA\s+(3 1 1 [0-9a-f]{64})$", dumped, re.M)
    assert sorted(records) == world.served() == sorted([world.record("a"), world.record("b")])
    assert "no certificate has it since" in dumped


def test_delv_validates_the_records(world):
    key = (world.directory / "state/public/zones.key").read_text()
    flags, protocol, algorithm, data = re.search(r"^example\.com\.\s.*DNSKEY\s+(\d+) (\d+) (\d+) (\S+)", key, re.M).groups()
    trust = world.directory / "anchors"
    trust.write_text(f'trust-anchors {{ example.com. static-key {flags} {protocol} {algorithm} "{data}"; }};\n')
    out = run("delv", "@127.0.0.1", "-p", world.port, "-a", trust, "+root=example.com", OWNER, "TLSA").stdout
    assert "; fully validated" in out


# ── zonebox tls-next ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_tls_next_makes_a_key_and_says_what_to_do(world):
    done = run(ZONEBOX, "--config", world.config, "tls-next", "--directory", world.directory / "next", "--algorithm", "rsa")
    (private,) = (world.directory / "next").glob("*-rsa.key")
    public = private.with_suffix(".pub")
    assert private.stat().st_mode & 0o777 == 0o600
    assert f"tls-next: [{public}]" in done.stdout and f"certbot certonly --csr {private.with_suffix('.csr')}" in done.stdout
    digest = re.search("3 1 1 ([0-9a-f]{64})", done.stdout)[1]
    # What it says about requests is true.
    request = re.search(r"openssl req -new .*\\\n.*", done.stdout)[0]
    run("sh", "-c", request)
    run("openssl", "req", "-in", private.with_suffix(".csr"), "-verify", "-noout")
    world.configure(public)
    wait_until(lambda: f"3 1 1 {digest}" in world.served(), world.signer.log)
    assert json.dumps(world.keys()[digest]["file"]) == json.dumps(str(public))


def test_the_status_shows_each_key(box):
    done = run(ZONEBOX, "--config", box.config, "tls-next", "--directory", box.directory / "next")
    public = re.search(r"tls-next: \[(.*)\]", done.stdout)[1]
    box.write_config(harness.CONFIG.replace("  tls: [tls.pem]", f"  tls: [tls.pem]\n  tls-next: [{public}]"))
    box.start().wait_served("example.com")
    wait_until(lambda: len(tlsa(box.port)) == 2, box.program.log)
    ask = [ZONEBOX, "--config", box.config, "status"]
    text = run(*ask).stdout
    assert "TLS keys of box.example.com, in its TLSA records for port 25\n" in text
    assert f"  {box.tlsa[:16]}  current since " in text
    assert re.search("^  [0-9a-f]{16}  next, not safe to deploy yet$", text, re.M)
    assert "zone-probe is not there to look" in text
    keys = {key["state"]: key for key in json.loads(run(*ask, "--json").stdout)["programs"]["zone-signer"]["tls"]["keys"]}
    assert keys["next"]["file"] == public and keys["current"]["file"] == str(box.tls)


def test_a_forgotten_key_goes_at_once(world):
    sockets = world.directory / "sockets"
    sockets.mkdir()
    (sockets / "zone-signer.sock").symlink_to(world.socket)
    world.configure(world.directory / "b.pub")
    wait_until(lambda: world.record("b") in world.served(), world.signer.log)
    digest = world.record("b").split()[3]
    ask = [ZONEBOX, "--control", sockets, "tls-next", "--forget"]
    assert "no TLSA record" in run(*ask, "0123456789", check=False).stderr
    assert "withdrawn now" in run(*ask, digest[:16]).stdout
    wait_until(lambda: world.served() == [world.record("a")], world.signer.log)
    current = run(*ask, world.record("a").split()[3], check=False)
    assert current.returncode == 1 and "--force" in current.stderr
    run(*ask, world.record("a").split()[3], "--force")
    wait_until(lambda: world.served() == [], world.signer.log)
    assert run(ZONEBOX, "tls-next", "--force", check=False).returncode == 2
