# SPDX-License-Identifier: ISC
"""What zone-probe answers zone-signer (dns/observe.h), in a network namespace of its own: zones served by NSD, Knot and
BIND at several addresses, by one that is silent, one that lies, one that knows nothing of the zone; a mail server with
two certificates."""

import socket

import pytest

import others
from harness import Program, control_ask, make_certificate, run, scratch, wait_until
from internet import BOX4, BOX6, ROOT_SERVER, TLD_SERVER, Mail, Nsd, World, serves, tls_context
from observing import DS, KEYS, QUESTION_SIZE, RECORD, TLS_KEY, Probe, question

NSD, KNOT4, KNOT6, NAMED, SILENT, LIAR = ("203.0.113.1", "203.0.113.2", "2001:db8:113::2", "203.0.113.3",
                                          "203.0.113.4", "203.0.113.5")

SOA = "SOA ns1.servers.tld. hostmaster 1 14400 3600 604800 300"
TLSA = "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
LIE = TLSA.replace("0123", "3210")
NO_ROUTE = "2001:db8:114::1"
NOT_FOR_THE_WORLD = ("10.0.0.1", "127.0.0.1", "169.254.0.1")


def zone(*servers, record=TLSA):
    names = "".join(f"@ NS {server}.servers.tld.\n" for server in servers)
    return (f"$TTL 300\n@ {SOA}\n{names}_25._tcp.mx 1800 TLSA {record}\nmx A {BOX4}\nmx AAAA {BOX6}\n"
            'text TXT "v=DKIM1; p=ab" "cd;"\n')


# Who serves each zone; far.tld's parent does not know of BIND.
ZONES = {"far.tld": zone("nsd", "knot", "named"), "silent.tld": zone("nsd", "silent"), "liar.tld": zone("nsd", "liar"),
         "lame.tld": zone("nsd", "named"), "inside.tld": zone("nsd", "inside"), "nowhere.tld": zone("nsd", "nowhere"),
         "dual.tld": zone("dual"), "six.tld": zone("nsd", "six")}


class Far(World):
    def build(self):
        for address in (NSD, KNOT4, NAMED, SILENT, LIAR):
            run("ip", "address", "add", f"{address}/32", "dev", "lo")
        run("ip", "address", "add", f"{KNOT6}/128", "dev", "lo", "nodad")
        self.serve_above()
        self.files = self.directory / "zones"
        self.files.mkdir()
        for name, text in ZONES.items():
            (self.files / name).write_text(f"$ORIGIN {name}.\n{text}")
        self.keep(Nsd(self.directory / "nsd", NSD)).serve(ZONES)
        self.keep(Nsd(self.directory / "liar", LIAR)).serve({"liar.tld": zone("nsd", "liar", record=LIE)})
        self.start(others.knotd, KNOT4, KNOT6)
        self.start(others.named, NAMED)
        self.stay_silent()
        self.start_resolver()
        self.rsa, self.ecdsa = self.directory / "rsa.pem", self.directory / "ecdsa.pem"
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
            self.rsa.with_suffix(".key"))
        self.keys = {path: make_certificate(path, "mx.far.tld") for path in (self.rsa, self.ecdsa)}
        self.mail = self.keep(Mail(tls_context(self.rsa, self.ecdsa)))

    def serve_above(self):
        root = f"$TTL 300\n@ {SOA}\n@ NS ns.root.\nns.root. A {ROOT_SERVER}\ntld. NS ns.tld.\nns.tld. A {TLD_SERVER}\n"
        inside = "".join(f"inside.servers A {address}\n" for address in NOT_FOR_THE_WORLD)
        tld = (f"$TTL 300\n@ {SOA}\n@ NS ns\nns A {TLD_SERVER}\nnsd.servers A {NSD}\n"
               f"knot.servers A {KNOT4}\nknot.servers AAAA {KNOT6}\nnamed.servers A {NAMED}\nsilent.servers A {SILENT}\nliar.servers A {LIAR}\n{inside}"
               f"dual.servers A {NSD}\ndual.servers AAAA {NO_ROUTE}\nsix.servers AAAA {NO_ROUTE}\ndual NS dual.servers\n"
               "far NS nsd.servers\nfar NS knot.servers\n")
        for name in ("silent", "liar", "lame", "inside", "nowhere", "six"):
            second = "named" if name == "lame" else name
            tld += f"{name} NS nsd.servers\n{name} NS {second}.servers\n"
        self.keep(Nsd(self.directory / "root", ROOT_SERVER)).serve({".": root})
        self.keep(Nsd(self.directory / "tld", TLD_SERVER)).serve({"tld": "$ORIGIN tld.\n" + tld})

    def start(self, command, *addresses):
        """One that serves far.tld."""
        place = self.directory / command.__name__
        place.mkdir()
        program = self.keep(Program(*command(place, addresses, {"far.tld": self.files / "far.tld"}), log=place / "log"))
        program.wait_for(lambda: serves(addresses[0], "far.tld"))

    def stay_silent(self):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            silent = self.stack.enter_context(socket.socket(socket.AF_INET, kind))
            silent.bind((SILENT, 53))
            if kind == socket.SOCK_STREAM:
                silent.listen()


@pytest.fixture(scope="module")
def far():
    with scratch() as directory, Far(directory) as world:
        yield world


# ── Questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def probe(far):
    with Probe(far.directory) as a_probe:
        yield a_probe


def test_every_server_at_every_address_counts_also_those_that_only_the_zone_names(probe):
    assert probe.record("far.tld", TLSA) == (1800, (4, 0, 0))
    assert probe.record("far.tld", LIE) == (0, (0, 4, 0))
    assert probe.record("far.tld", TLSA, owner="nothing") == (0, (0, 4, 0))
    assert probe.record("far.tld", BOX4, "A", owner="mx") == (300, (4, 0, 0))


def test_a_text_counts_without_its_cuts_and_blanks(probe):
    assert probe.record("far.tld", "v=DKIM1;p=abcd", "TXT", owner="text") == (300, (4, 0, 0))
    assert probe.record("far.tld", "v=DKIM1;p=abce", "TXT", owner="text") == (0, (0, 4, 0))


def test_who_is_silent_is_unknown(probe):
    assert probe.record("silent.tld", TLSA) == (1800, (1, 0, 1))


def test_who_says_something_else_is_wrong(probe):
    assert probe.record("liar.tld", TLSA) == (1800, (1, 1, 0))
    assert probe.record("liar.tld", LIE) == (1800, (1, 1, 0))


def test_who_knows_nothing_of_the_zone_is_unknown(probe):
    assert probe.record("lame.tld", TLSA) == (1800, (1, 0, 1))


def test_addresses_that_the_world_cannot_reach_are_not_asked(probe):
    before = control_ask(probe.control, "status")["asked"]
    assert probe.record("silent.tld", TLSA) == (1800, (1, 0, 1))
    silent = control_ask(probe.control, "status")["asked"] - before
    assert probe.record("inside.tld", TLSA) == (1800, (1, 0, len(NOT_FOR_THE_WORLD)))
    # The same questions but for those to the second server: its NS, the record over UDP and TCP.
    assert control_ask(probe.control, "status")["asked"] - before - silent == silent - 3


def test_a_server_without_an_address_is_unknown(probe):
    assert probe.record("nowhere.tld", TLSA) == (1800, (1, 0, 1))


def test_an_address_without_a_route_hides_nobody_who_is_heard_elsewhere(probe):
    """A box without IPv6 hears a server with both by IPv4; one that has IPv6 alone stays unknown."""
    assert probe.record("dual.tld", TLSA) == (1800, (1, 0, 0))
    assert probe.record("six.tld", TLSA) == (1800, (1, 0, 1))


def test_a_zone_that_nobody_serves_is_unknown(probe):
    assert probe.record("none.tld", TLSA) == (0, (0, 0, 1))


def test_both_keys_of_a_mail_server_are_seen(far, probe):
    assert [probe.key(far.keys[path]) for path in (far.rsa, far.ecdsa)] == [(2, 0, 0)] * 2
    assert probe.key("00" * 32) == (0, 2, 0)


def test_a_key_that_has_left_is_seen_to_have(far, probe):
    before = far.mail.context
    far.mail.context = tls_context(far.ecdsa)
    try:
        assert probe.key(far.keys[far.rsa]) == (0, 2, 0)
        assert probe.key(far.keys[far.ecdsa]) == (2, 0, 0)
    finally:
        far.mail.context = before


def test_a_mail_server_that_does_not_say_is_unknown(far, probe):
    assert probe.key(far.keys[far.rsa], port=465) == (0, 0, 2)
    assert probe.key(far.keys[far.rsa], host="nothing.far.tld") == (0, 0, 1)
    far.mail.silent = True
    try:
        assert probe.key(far.keys[far.rsa]) == (0, 0, 2)
    finally:
        far.mail.silent = False
    far.mail.starttls = False
    try:
        assert probe.key(far.keys[far.rsa]) == (0, 0, 2)
    finally:
        far.mail.starttls = True


def test_a_key_is_not_gone_while_one_kind_cannot_be_seen(far, probe, monkeypatch):
    """Each address shows one key, and stalls whoever asks for the other kind."""
    serve, seen = far.mail.serve, set()

    def serve_once(connection):
        address = connection.getsockname()[0]
        if address in seen:
            connection.recv(100)  # which never comes
        seen.add(address)
        serve(connection)

    monkeypatch.setattr(far.mail, "serve", serve_once)
    assert probe.key("00" * 32) == (0, 0, 2)


def test_many_questions_are_all_answered(far, probe):
    asked = {probe.send(TLS_KEY, owner="mx.far.tld", port=25, digest=bytes.fromhex(far.keys[far.rsa])) for _ in range(40)}
    assert {probe.hear().number for _ in range(40)} == asked


def test_what_is_no_question_is_not_answered(probe):
    probe.ours.send(b"what?")
    probe.ours.send(bytes(QUESTION_SIZE))
    probe.ours.send(question(1, RECORD, rtype=52, version=1))
    probe.ours.send(question(1, RECORD, rtype=52, owner=b"\xff"))
    probe.ours.send(question(1, RECORD, rtype=52, zone=b"\3far\0", owner=b"\4near\0"))
    probe.ours.send(question(1, KEYS, zone=b"\3far\0", key_count=17))
    probe.ours.send(question(1, DS, zone=b"\xff"))
    probe.ours.send(question(1, 6, rtype=52))
    assert probe.record("far.tld", TLSA) == (1800, (4, 0, 0))
    counts = control_ask(probe.control, "status")
    assert (counts["questions"], counts["answers"], counts["dropped"]) == (1, 1, 8)


def test_without_a_resolver_nothing_is_known(far):
    with Probe(far.directory, "--resolver", "127.0.0.1@5353") as a_probe:
        assert a_probe.record("far.tld", TLSA) == (0, (0, 0, 1))
        assert a_probe.key("00" * 32) == (0, 0, 1)


def test_it_ends_at_once_while_it_asks(far):
    with Probe(far.directory, "--unconfined") as a_probe:
        a_probe.send(RECORD, owner="_25._tcp.mx.silent.tld", zone="silent.tld", rtype="TLSA")
        wait_until(lambda: control_ask(a_probe.control, "status")["asked"] > 5, "it asks")
        assert a_probe.program.stop(timeout=3) == 0
