# SPDX-License-Identifier: ISC
"""EDNS options and class CHAOS, as dig and kdig ask for them over UDP, TCP and TLS: what is told, and where it is not."""

import pathlib
import re

import pytest

from dot import TlsBox
from harness import control_ask, run, scratch, wait_until

TOLD = "\n  tcp-idle: 2s\n  nsid: here\n  identity: this one\n  version: one"
OTHERS = "\n  tcp-idle: 3s\n  cookies: no\n  nsid: elsewhere\n  version: two"

TRANSPORTS = ["UDP", "TCP", "TLS"]


@pytest.fixture(scope="module")
def box():
    with scratch() as directory, TlsBox(directory / "box", TOLD) as a_box:
        yield a_box.start().wait_tls()


def asked(program, box, transport, *words):
    """What the program prints."""
    how = {"UDP": [box.port, "+notcp"], "TCP": [box.port, "+tcp"], "TLS": [box.at, "+tls"]}[transport]
    once = {"dig": "+tries=1", "kdig": "+retry=0"}[program]
    return run(program, "@127.0.0.1", "-p", *how, once, *words).stdout


# A name for each option: how dig and kdig ask for it, what they print of it, and over what it is told.
OPTIONS = {
    "NSID": (["+nsid"], r'NSID: 68 65 72 65 \("here"\)', ["+nsid"], r'NSID: 68657265 "here"', TRANSPORTS),
    "keepalive": (["+keepalive"], r"TCP KEEPALIVE: 2\.0 secs", ["+ednsopt=11"], r"Option \(11\): 0014$", ["TCP", "TLS"]),
    "keepalive with a time": (["+ednsopt=keepalive:0014"], "KEEPALIVE", ["+ednsopt=11:0014"], r"Option \(11\)", []),
    "padding": (["+padding=128"], r"PAD: \(\d+ bytes\)", ["+padding"], r"PADDING: \d+ B", ["TLS"]),
    "cookie": (["+cookie"], r"COOKIE: [0-9a-f]{48} \(good\)", ["+cookie"], r"COOKIE: [0-9A-F]{48}$", TRANSPORTS),
    "an unknown one": (["+ednsopt=100:00"], r"OPT=100", ["+ednsopt=100:00"], r"Option \(100\)", []),
    "nothing": (["+edns=0"], "NSID|KEEPALIVE|PAD|COOKIE|EDE", ["+edns=0", "+nopadding"], "NSID|Option|PADDING|COOKIE|EDE", []),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_told_where_its_rfc_allows_it_to_who_asks(box, transport, name):
    """RFC 5001 section 2, RFC 7828 sections 3.2.1 and 3.3, RFC 7830 section 6, RFC 7873 section 5.2, RFC 6891 section 6.1.2."""
    dig, dig_says, kdig, kdig_says, where = OPTIONS[name]
    none = ["+nocookie"] if "+cookie" not in dig else []
    for said, pattern in ((asked("dig", box, transport, *none, *dig, "example.com", "SOA"), dig_says),
                          (asked("kdig", box, transport, *kdig, "example.com", "SOA"), kdig_says)):
        assert "status: NOERROR" in said and re.search(r"IN\tSOA\t", said), said
        assert bool(re.search(pattern, said, re.M)) == (transport in where), said


def test_without_edns_there_is_none(box):
    for transport in TRANSPORTS:
        said = asked("dig", box, transport, "+noedns", "example.com", "SOA")
        assert "IN\tSOA\t" in said and "OPT PSEUDOSECTION" not in said


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_class_chaos_says_what_it_was_told_to_say(box, transport):
    """RFC 4892, and the names that BIND has."""
    for name, text in {"id.server": "this one", "hostname.bind": "this one", "version.server": "one", "Version.Bind": "one"}.items():
        said = asked("dig", box, transport, "CH", "TXT", name)
        assert "status: NOERROR" in said and re.search(rf'^{name}\.\s+0\s+CH\s+TXT\s+"{text}"$', said, re.M | re.I), said
    for question in (["CH", "TXT", "authors.bind"], ["CH", "TXT", "example.com"], ["CH", "A", "id.server"], ["HS", "TXT", "id.server"]):
        said = asked("dig", box, transport, *question)
        assert "status: REFUSED" in said and "ANSWER: 0" in said, said


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_is_refused_is_told_why(box, transport):
    """RFC 8914; where the reason is the rcode's own there is none."""
    said = asked("dig", box, transport, "example.test", "A")
    assert "status: REFUSED" in said and "EDE: 20 (Not Authoritative)" in said
    said = asked("kdig", box, transport, "+edns", "example.test", "A")
    assert "status: REFUSED" in said and "EDE: 20 (Not Authoritative)" in said
    said = asked("dig", box, transport, "CH", "TXT", "authors.bind")
    assert "EDE: " not in said
    assert "EDE" not in asked("dig", box, transport, "example.com", "CAA")


def test_both_programs_follow_when_nothing_but_these_settings_changes(box):
    """It is the last test of this box."""
    status = control_ask(box.directory / "control/zoned.sock", "status")
    before = [program["pid"] for program in status["programs"] if program["name"].startswith("zone-server")]
    assert len(before) == 2
    box.write_config(box.config.read_text().replace(TOLD, OTHERS))
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in before), "both have gone", 60)
    for transport in TRANSPORTS:
        said = asked("dig", box, transport, "+cookie", "+nsid", "+keepalive", "example.com", "SOA")
        assert '("elsewhere")' in said and "(echoed)" not in said and not re.search(r"COOKIE: [0-9a-f]{48}", said), said
        assert ("TCP KEEPALIVE: 3.0 secs" in said) == (transport != "UDP"), said
        assert '"two"' in asked("dig", box, transport, "CH", "TXT", "version.bind")
        assert "status: REFUSED" in asked("dig", box, transport, "CH", "TXT", "id.server")
