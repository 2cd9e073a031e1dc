# SPDX-License-Identifier: ISC
"""Response rate limiting over real sockets.

Nothing here needs a pace. A flood is sent as fast as the machine does it, the server's own counts say how much of it arrived,
and what may have been sent in full follows from the time that it took: the rate for that long, and a window's worth at once.
"""

import socket
import subprocess

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from flooding import BADCOOKIE, BURST, CONFIG, FLOOD, RATE, WORKERS, counts, flood, since, wire
from harness import Box, Threads, run, scratch, wait_until

COOKIE = 10


@pytest.fixture(scope="module")
def limited():
    with scratch() as directory, Box(directory / "box", CONFIG) as box:
        box.start().wait_served("example.com", "example.net")
        yield box


def check_flood(box, network, questions, times=1):
    before = counts(box)
    tally = flood(box.port, network, questions)
    got = since(box, before)
    most = times * (RATE * tally.took + BURST) + WORKERS
    assert got["queries-udp"] > FLOOD / 2, got
    limited = got["rate-limited"] + got["slipped"]
    sent = got["queries-udp"] - limited
    assert BURST / 2 <= sent <= most, (got, tally)
    assert tally.full <= sent and tally.truncated <= got["slipped"], (got, tally)
    # By lot: of a thousand, a half is 500 give or take 16, six times over.
    assert limited < 1000 or abs(got["slipped"] / limited - 0.5) < 0.1, got
    return tally


def test_two_workers_send_the_rate_together(limited):
    check_flood(limited, 1, [wire("example.com", "MX")])


@pytest.mark.parametrize("network, rtype, zone", [(2, "A", "example.com"), (3, "TXT", "example.net")])
def test_names_that_are_made_up_count_together(limited, network, rtype, zone):
    check_flood(limited, network, [wire(f"x{number}.{zone}", rtype) for number in range(FLOOD)])


def test_errors_count_together(limited):
    before = counts(limited)
    tally = flood(limited.port, 4, [wire(f"x{number}.example.invalid", "A") for number in range(FLOOD)])
    got = since(limited, before)
    sent = got["queries-udp"] - got["rate-limited"]
    # None is cut, they are short: half of those beyond the limit go as they are.
    most = RATE * tally.took + BURST + WORKERS
    assert tally.truncated == got["slipped"] == 0 and tally.full <= sent, (got, tally)
    assert got["rate-limited"] > 0.4 * (got["queries-udp"] - most), (got, tally)


def test_many_names_gain_four_times_the_rate(limited):
    names = [("example.com", rtype) for rtype in ("MX", "TXT", "NS", "SOA", "DNSKEY")]
    names += [(f"{name}.example.com", rtype) for name, rtype in
              (("www", "A"), ("_dmarc", "TXT"), ("_submissions._tcp", "SRV"), ("_imaps._tcp", "SRV"), ("mail._domainkey", "TXT"))]
    names += [(name.replace("com", "net"), rtype) for name, rtype in names]
    check_flood(limited, 5, [wire(*name) for name in names], times=4)


def test_a_flooded_network_takes_nothing_from_its_neighbour(limited):
    flood(limited.port, 6, [wire("example.com", "MX")])
    for host in range(1, 8):  # fewer than any burst
        reply = dns.query.udp(dns.message.make_query("example.com", "MX"), "127.0.0.1", timeout=20, port=limited.port,
                              source=f"127.0.7.{host}")
        assert reply.answer and not reply.flags & dns.flags.TC


def test_tcp_is_never_limited(limited):
    before = counts(limited)
    flood(limited.port, 8, [wire("example.com", "MX")])
    middle = counts(limited)
    with socket.create_connection(("127.0.0.1", limited.port), timeout=60, source_address=("127.0.8.1", 0)) as connection:
        for _ in range(5 * BURST):
            dns.query.send_tcp(connection, dns.message.make_query("example.com", "MX"))
            reply, _ = dns.query.receive_tcp(connection)
            assert reply.answer
    assert middle["rate-limited"] > before["rate-limited"] and counts(limited)["rate-limited"] == middle["rate-limited"]


def test_a_client_that_is_there_comes_back_over_tcp(limited):
    def asks():
        done = subprocess.run(["dig", "-b", "127.0.9.77", "@127.0.0.1", "-p", str(limited.port), "+tries=5", "+timeout=3", "+nocookie",
                               "example.com", "MX"], capture_output=True, text=True, timeout=60)
        return "Truncated, retrying in TCP mode" in done.stdout and "status: NOERROR" in done.stdout and "MX\t" in done.stdout

    threads = Threads()
    threads.start(flood, limited.port, 9, [wire("example.com", "MX")])
    try:
        wait_until(asks, "dig is told to come back", 120)
    finally:
        threads.stop()


def test_the_log_names_the_network_once(limited):
    flood(limited.port, 10, [wire("example.com", "MX")])
    limited.program.wait_log("network=127.0.10.0/24")
    flood(limited.port, 10, [wire("example.com", "MX")])
    lines = [line for line in limited.program.log().splitlines() if "network=127.0.10.0/24" in line]
    assert 1 <= len(lines) <= WORKERS and all("rate-limiting" in line for line in lines), lines


# ── Who is not limited ───────────────────────────────────────────────────────────────────────────


def check_free(box, source, questions):
    before = counts(box)
    tally = flood(box.port, source, questions)
    got = since(box, before)
    assert got["queries-udp"] > FLOOD / 2 and got["rate-limited"] == got["slipped"] == 0, got
    assert tally.full > FLOOD / 2 and tally.truncated == tally.badcookie == 0, tally


@pytest.mark.parametrize("source", ["127.0.0.1", "::1"])
def test_who_asks_from_the_address_that_it_asks_is_this_host_and_never_limited(limited, source):
    check_free(limited, source, [wire("example.com", "MX")])


def test_a_neighbour_of_this_host_is_limited(limited):
    check_flood(limited, "127.0.0.2", [wire("example.com", "MX")])


def with_cookie(cookie, name="example.com"):
    return wire(name, "MX", options=[dns.edns.GenericOption(COOKIE, cookie)])


def cookie_of(reply):
    message = dns.message.from_wire(reply)
    (cookie,) = [option.data for option in message.options if option.otype == COOKIE]
    assert message.rcode() in (dns.rcode.NOERROR, BADCOOKIE)
    return cookie


def test_a_cookie_lifts_the_limit_of_its_client_and_of_nobody_else(limited):
    half, source = b"one half", "127.0.11.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(20)
        client.bind((source, 0))
        client.sendto(with_cookie(half), ("127.0.0.1", limited.port))
        cookie = cookie_of(client.recv(4096))
    check_free(limited, source, [with_cookie(cookie)])
    check_flood(limited, "127.0.11.2", [with_cookie(cookie)])
    check_free(limited, source, [with_cookie(cookie)])  # whatever its network has made of it


@pytest.mark.parametrize("source, forged", [("127.0.12.1", b""), ("127.0.13.1", bytes(16))], ids=["half a one", "a forged one"])
def test_who_could_have_a_cookie_is_told_to_show_it(limited, source, forged):
    """RFC 7873 sections 5.2.3 and 5.2.4: BADCOOKIE. In it is what lifts the limit."""
    before = counts(limited)
    tally = check_flood(limited, source, [with_cookie(b"one half" + forged)])
    assert tally.truncated == 0 and FLOOD / 8 < tally.badcookie <= since(limited, before)["slipped"]
    assert len(tally.last_badcookie) == len(with_cookie(b"one half" + bytes(16)))
    check_free(limited, source, [with_cookie(cookie_of(tally.last_badcookie))])


CLIENTS = {  # what they say when they ask again over UDP
    "dig": (["dig", "+tries=5", "+timeout=3", "+cookie"], "BADCOOKIE, retrying."),
    "kdig": (["kdig", "+retry=4", "+timeout=3", "+cookie"], "bad cookie"),
}


@pytest.mark.parametrize("network, client", enumerate(CLIENTS, 14))
def test_a_client_that_is_there_comes_back_with_its_cookie(limited, network, client):
    command, words = CLIENTS[client]

    def asks():
        said = run(*command, "-b", f"127.0.{network}.77", "@127.0.0.1", "-p", limited.port, "example.com", "MX", check=False)
        print(said.stdout, said.stderr)
        return words in said.stdout + said.stderr and "status: NOERROR" in said.stdout and "MX\t" in said.stdout

    threads = Threads()
    threads.start(flood, limited.port, network, [wire("example.com", "MX")])
    try:
        wait_until(asks, f"{client} is told to show it", 120)
    finally:
        threads.stop()


# ── How large replies are ────────────────────────────────────────────────────────────────────────

# By how much a reply is larger than its query at most, in octets of DNS. Measured 12.2: the NXDOMAIN of a name of one letter.
WORST_FACTOR = 13


def test_replies_are_not_much_larger_than_queries(limited):
    names = set()
    for line in limited.zonegen("--dump", "--signed", "example.com").stdout.splitlines():
        if line and line[0] not in " ;$@\t":
            names.add(line.split()[0].rstrip("."))
    names = {name if name.endswith("example.com") else f"{name}.example.com" for name in names} | {
        "example.com", "a.example.com", "zz.example.com", "x.www.example.com", "y._tcp.example.com"}
    assert len(names) > 8
    worst = []
    with socket.create_connection(("127.0.0.1", limited.port), timeout=60) as connection:
        for name in sorted(names):
            for rtype in ("A", "AAAA", "MX", "TXT", "NS", "SOA", "DNSKEY", "DS", "CDS", "SRV", "TLSA", "CAA", "SSHFP", "RRSIG", "NSEC",
                          "HTTPS", "ANY"):
                query = dns.message.make_query(name, rtype, want_dnssec=True, payload=4096)
                dns.query.send_tcp(connection, query)
                reply, _ = dns.query.receive_tcp(connection)
                asked, said = len(query.to_wire()), min(len(reply.to_wire()), 1232)
                worst.append((said / asked, asked, said, name, rtype, dns.rcode.to_text(reply.rcode())))
    worst.sort(reverse=True)
    for factor, asked, said, *question in worst[:10]:
        print(f"{factor:5.1f} {asked:4d} → {said:4d}", *question)
    assert worst[0][0] <= WORST_FACTOR, worst[:10]
