# SPDX-License-Identifier: ISC
"""The questions of RFC 8906 section 8, as dig asks them there: none goes without the answer that section wants."""

import re
import shutil

import pytest

from harness import BIN, MAKE_STORE, Program, free_port, run, scratch, serial

TEXT = "@ SOA ns1 h 1 14400 3600 604800 1800\n@ NS ns1\nns1 A 192.0.2.1\n"
EDNS = r"EDNS: version: 0, flags:[ do]*; udp: \d+"
BADVERS = ["status: BADVERS", EDNS]
SOA = ["status: NOERROR", r"^x\.test\.\s.*IN\tSOA\t", r"flags: qr aa[; ]"]

# dig's arguments, what has to be in its output, what must not.
CHECKS = {
    "8.1.1 a zone": ("+noedns +noad +norec soa", SOA, ["EDNS", "rd"]),
    "8.1.2 an unknown type": ("+noedns +noad +norec type1000",
        ["status: NOERROR", "ANSWER: 0, AUTHORITY: 1", "flags: qr aa;"], []),
    "8.1.3.1 CD": ("+noedns +noad +norec +cd soa", SOA, []),
    "8.1.3.2 AD": ("+noedns +norec +ad soa", SOA, []),
    "8.1.3.3 the reserved bit": ("+noedns +noad +norec +zflag soa", SOA, ["MBZ"]),
    "8.1.3.4 RD": ("+noedns +noad +rec soa", ["status: NOERROR", r"IN\tSOA", "flags: qr aa rd;"], [" ra"]),
    "8.1.4 an unknown opcode": ("+noedns +noad +opcode=15 +norec +header-only",
        ["status: NOTIMP", "opcode: RESERVED15"], [r"\d+\tIN\tSOA", " aa"]),
    "8.1.5 TCP": ("+noedns +noad +norec +tcp soa", SOA, []),
    "8.2.1 EDNS": ("+nocookie +edns=0 +noad +norec soa", [*SOA, EDNS], []),
    "8.2.2 another version": ("+nocookie +edns=1 +noednsneg +noad +norec soa", BADVERS, [r"\d+\tIN\tSOA"]),
    "8.2.3 an unknown option": ("+nocookie +edns=0 +noad +norec +ednsopt=100 soa", [*SOA, EDNS], ["OPT=100"]),
    "8.2.4 an unknown flag": ("+nocookie +edns=0 +noad +norec +ednsflags=0x40 soa", [*SOA, EDNS], ["MBZ"]),
    "8.2.5 version and flag": ("+nocookie +edns=1 +noednsneg +noad +norec +ednsflags=0x40 soa",
        BADVERS, [r"\d+\tIN\tSOA", "MBZ"]),
    "8.2.6 version and option": ("+nocookie +edns=1 +noednsneg +noad +norec +ednsopt=100 soa",
        BADVERS, [r"\d+\tIN\tSOA", "OPT=100"]),
    "8.2.7 a small buffer": ("+nocookie +edns=0 +noad +norec +dnssec +bufsize=512 +ignore dnskey",
        ["status: NOERROR", EDNS], []),
    "8.2.8 DO": ("+nocookie +edns=0 +noad +norec +dnssec soa", [*SOA, "flags: do;", r"RRSIG\tSOA"], []),
    "8.2.9 version and DO": ("+nocookie +edns=1 +noednsneg +noad +norec +dnssec soa", BADVERS, [r"\d+\tIN\tSOA"]),
    "8.2.10 many options": ("+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa",
        [*SOA, EDNS], ["SUBNET", "EXPIRE"]),
}


@pytest.fixture(scope="module")
def port():
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed")
    with scratch() as directory:
        (directory / "zone").write_text(TEXT)
        run(MAKE_STORE, directory / "serve", f"x.test.={directory / 'zone'}:nsec")
        port = free_port()
        with Program(BIN / "zone-server", "--serve", directory / "serve", "--listen", f"127.0.0.1@{port}",
                     log=directory / "log") as server:
            server.wait_for(lambda: serial(port, "x.test."))
            yield port


@pytest.mark.parametrize("name", CHECKS)
def test_it_answers_as_rfc_8906_wants(port, name):
    arguments, wanted, unwanted = CHECKS[name]
    asked = [] if "+header-only" in arguments else ["x.test."]
    said = run("dig", "@127.0.0.1", "-p", port, *asked, *arguments.split(), "+tries=1").stdout
    said = said[said.index("->>HEADER<<-"):]
    assert all(re.search(words, said, re.M) for words in wanted), said
    assert not any(re.search(words, said.split(";; Query time")[0], re.M) for words in unwanted), said
