# SPDX-License-Identifier: ISC
"""Server cookies (RFC 7873, RFC 9018) beside NSD, Knot and BIND with the same secret: what one gives all take, and what one
refuses all refuse. openssl makes single ones from the secret."""

import contextlib
import re
import socket
import subprocess
import time

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

import others
from harness import WHOLE_BOX, Box, Program, free_port, run, scratch, serial, wait_until

SECRET, NEXT = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"
HALF = bytes.fromhex("2464c4abcf10c957")  # the client's
COOKIE, BADCOOKIE = 10, 23
ZONE = "example.com"
TEXT = "@ 3600 SOA ns1 h 1 14400 3600 604800 1800\n@ 3600 NS ns1\nns1 3600 A 127.0.0.1\n"
CONFIG = WHOLE_BOX + f"""\
domains: [{ZONE}]
server:
  listen: ["127.0.0.1@{{port}}"]
  workers: 1
  cookie-secrets: secrets
state: state
"""
KNOT = f"""\
mod-cookies:
- id: all
  secret: 0x{SECRET}
template:
- id: default
  global-module: mod-cookies/all
"""
NSD = ["answer-cookie: yes", f'cookie-secret: "{SECRET}"', 'cookie-secret-file: "none"']
BIND = ["answer-cookie yes; cookie-algorithm siphash24; require-server-cookie yes;", f'cookie-secret "{SECRET}";']


def make(secret=SECRET, *, age=0, client="127.0.0.1", head=b"\x01\x00\x00\x00"):
    """A cookie as RFC 9018 section 4 makes it, so many seconds ago."""
    start = HALF + head + (int(time.time()) - age).to_bytes(4, "big")
    done = subprocess.run(["openssl", "mac", "-macopt", "size:8", "-macopt", f"hexkey:{secret}", "-in", "/dev/stdin", "SIPHASH"],
                          input=start + socket.inet_aton(client), capture_output=True, check=True)
    return start + bytes.fromhex(done.stdout.decode())


def ask(port, cookie, *, tcp=False, source="127.0.0.1", name=ZONE):
    """The reply and the cookie in it, if any."""
    message = dns.message.make_query(name, "SOA", use_edns=0, options=[dns.edns.GenericOption(COOKIE, cookie)])
    message.flags = 0
    if not name:
        message.question = []
    send = dns.query.tcp if tcp else dns.query.udp
    reply = send(message, "127.0.0.1", timeout=10, port=port, source=source)
    cookies = [option.data for option in reply.options if option.otype == COOKIE]
    assert len(cookies) <= 1
    return reply, cookies[0] if cookies else None


def box_takes(port, cookie, **more):
    """Without a question the rcode tells (RFC 7873 section 5.4)."""
    reply, _ = ask(port, cookie, name="", **more)
    assert reply.rcode() in (dns.rcode.NOERROR, BADCOOKIE)
    return reply.rcode() == dns.rcode.NOERROR


def nsd_takes(port, cookie, **more):
    """It gives a good one back while that is not half an hour old."""
    reply, given = ask(port, cookie, **more)
    assert reply.rcode() == dns.rcode.NOERROR and given is not None
    return given == cookie


def strict_takes(port, cookie, **more):
    """Knot and BIND answer over UDP to good ones alone."""
    reply, given = ask(port, cookie, **more)
    assert reply.rcode() in (dns.rcode.NOERROR, BADCOOKIE) and given is not None
    return reply.rcode() == dns.rcode.NOERROR


TAKES = {"box": box_takes, "nsd": nsd_takes, "knot": strict_takes, "bind": strict_takes}


@pytest.fixture(scope="module")
def box():
    with scratch() as directory, Box(directory / "box", CONFIG) as a_box:
        (a_box.directory / "secrets").write_text(f"{SECRET}\n")
        yield a_box.start().wait_served(ZONE)


@pytest.fixture(scope="module")
def ports(box):
    """By name."""
    found = {"box": box.port, "nsd": free_port(), "knot": free_port(), "bind": free_port()}
    with scratch() as directory, contextlib.ExitStack() as stack:
        zone = directory / "zone"
        zone.write_text(TEXT)
        where = {}
        for name in ("nsd", "knot", "bind"):
            (directory / name).mkdir()
            where[name] = directory / name, [f"127.0.0.1@{found[name]}"], {ZONE: zone}
        commands = {"nsd": others.nsd(*where["nsd"], *NSD), "knot": others.knotd(*where["knot"], clauses=KNOT),
                    "bind": others.named(*where["bind"], *BIND)}
        programs = {name: stack.enter_context(Program(*command, log=directory / f"{name}.log"))
                    for name, command in commands.items()}
        for name, program in programs.items():
            program.wait_for(lambda at=found[name]: serial(at, ZONE))
        yield found


# ── Beside others ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("giver", TAKES)
@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
def test_what_one_gives_all_take(ports, giver, tcp):
    _, cookie = ask(ports[giver], HALF, tcp=tcp)
    assert cookie[:12] == HALF + b"\x01\x00\x00\x00" and len(cookie) == 24
    assert {name for name, takes in TAKES.items() if takes(ports[name], cookie)} == set(TAKES)
    reply, given = ask(ports["box"], cookie, tcp=True)
    assert reply.answer and given == cookie
    # It is that client's alone.
    assert not any(takes(ports[name], cookie, source="127.0.0.2") for name, takes in TAKES.items())


def spoilt(cookie):
    return cookie[:-1] + bytes([cookie[-1] ^ 1])


@pytest.mark.parametrize("cookie", [
    lambda: HALF,
    lambda: spoilt(make()),
    lambda: make(secret=NEXT),
    lambda: make(client="127.0.0.2"),
    lambda: make(age=3600 + 60),
    lambda: make(age=-300 - 60),
    lambda: make(head=b"\x02\x00\x00\x00"),
    lambda: make()[:16],
    lambda: make() + bytes(16),
], ids=["the client's half", "one bit", "a secret of others", "another address", "an hour old", "of the future", "another version",
        "a short one", "a long one"])
def test_what_one_refuses_all_refuse(ports, cookie):
    """The times are those of RFC 9018 section 4.3."""
    made = cookie()
    assert [name for name, takes in TAKES.items() if name != "box" and takes(ports[name], made)] == []
    assert box_takes(ports["box"], made) == (made == HALF)  # without a question half a cookie is no bad one
    for tcp in (False, True):
        reply, given = ask(ports["box"], made, tcp=tcp)
        assert reply.rcode() == dns.rcode.NOERROR and reply.answer
        assert given != made and box_takes(ports["box"], given)


@pytest.mark.parametrize("age", [1500, 1800 + 60, 3600 - 60, -240], ids=str)
def test_a_cookie_lasts_an_hour_and_is_renewed_after_half_of_it(ports, age):
    made = make(age=age)
    assert {name for name, takes in TAKES.items() if takes(ports[name], made)} | {"nsd"} == set(TAKES)
    for tcp in (False, True):
        _, given = ask(ports["box"], made, tcp=tcp)
        assert (given == made) == (age < 1800)
        assert (ask(ports["nsd"], made)[1] == made) == (age < 1800)


def test_reserved_octets_count_as_they_came(ports):
    """RFC 9018 section A.3. BIND takes them for zeros."""
    made = make(head=b"\x01\xab\xcd\xef")
    assert {name for name, takes in TAKES.items() if takes(ports[name], made)} == {"box", "nsd", "knot"}


@pytest.mark.parametrize("length", [0, 1, 7, 9, 15, 41])
def test_what_has_no_cookies_length_is_a_format_error_to_all(ports, length):
    for port in ports.values():
        for tcp in (False, True):
            reply, given = ask(port, bytes(length), tcp=tcp)
            assert reply.rcode() == dns.rcode.FORMERR and given is None and not reply.answer


# ── Clients ──────────────────────────────────────────────────────────────────────────────────────

CLIENTS = {
    "dig": (["dig", "+tries=1"], r"; COOKIE: ([0-9a-f]{48}) \(good\)"),
    "kdig": (["kdig", "+retry=0"], r";; COOKIE: ([0-9A-F]{48})"),
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_clients_learn_a_cookie_and_show_it(ports, client, transport):
    command, pattern = CLIENTS[client]

    def told(option):
        done = run(*command, "@127.0.0.1", "-p", ports["box"], option, transport, ZONE, "SOA").stdout
        assert "status: NOERROR" in done and "BADCOOKIE" not in done
        return re.search(pattern, done)[1].lower()

    given = told(f"+cookie={HALF.hex()}")
    assert given.startswith(HALF.hex()) and box_takes(ports["box"], bytes.fromhex(given))
    assert told(f"+cookie={given}") == given


# ── Secrets that roll ────────────────────────────────────────────────────────────────────────────


def test_secrets_roll_and_no_client_loses_its_cookie_while_both_are_known(box, ports):
    """RFC 9018 section 5: the next one is made known to all, then made use of by all, then the old one goes. It is the last
    test of this box."""
    old, new = ask(ports["bind"], HALF)[1], make(NEXT)
    file = box.directory / "secrets"
    assert box_takes(box.port, old) and not box_takes(box.port, new)
    file.write_text(f"{SECRET}\n{NEXT}\n")
    wait_until(lambda: box_takes(box.port, new), "the next secret is known")
    assert box_takes(box.port, old) and strict_takes(ports["bind"], ask(box.port, HALF)[1])
    file.write_text(f"{NEXT}\n{SECRET}\n")
    # Though it is young. For a moment the worker before may still answer, too; it knows both.
    renewed = wait_until(lambda: next((given for _, given in [ask(box.port, old)] if given != old), None), "it is renewed")
    assert not strict_takes(ports["bind"], renewed) and box_takes(box.port, old) and box_takes(box.port, new)
    file.write_text(f"{NEXT}\n")
    wait_until(lambda: not box_takes(box.port, old), "the old secret is gone")
    assert box_takes(box.port, renewed) and box_takes(box.port, new)
