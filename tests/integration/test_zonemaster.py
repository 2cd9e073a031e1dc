# SPDX-License-Identifier: ISC
"""What the defaults publish, seen by programs that others judge zones with: Zonemaster and libspf2's spfquery."""

import shutil

import pytest

import world

ZONES = ["example.com", "parked.com", "1.45.in-addr.arpa", "2.45.in-addr.arpa", "1.0.a.2.ip6.arpa", "2.0.a.2.ip6.arpa"]
CONFIG = """\
domains:
  - {name: example.com, spf: {relays: [45.3.0.0/24, "include:relay.example.com"]},
     records: ['relay TXT "v=spf1 ip6:2a09::/32 ?all"', 'news A 45.3.9.9']}
  - {name: parked.com, mail: no}
""" + "".join(f"  - {zone}\n" for zone in ZONES[2:])


@pytest.fixture(scope="module")
def the_world():
    with world.harness.scratch() as directory, world.World(directory, CONFIG) as a_world:
        yield a_world.start(*ZONES)


def zonemaster(the_world, zone, *more):
    if shutil.which("zonemaster-cli") is None:
        pytest.skip("zonemaster-cli is not installed")
    said = the_world.run("zonemaster-cli", "--hints", the_world.hints(), "--level", "INFO", "--show-testcase", "--no-progress",
                         "--raw", "--no-time", *more, zone, timeout=300).stdout
    return [line.split(None, 4)[1:] for line in said.splitlines() if line.strip()]  # after seconds: level, testcase, tag


def complaints(lines):
    return [" ".join(line) for line in lines if line[0] in ("WARNING", "ERROR", "CRITICAL")]


@pytest.mark.parametrize("zone", ["example.com", "parked.com", "1.45.in-addr.arpa"])
def test_zonemaster_has_nothing_to_say(the_world, zone):
    lines = zonemaster(the_world, zone)
    assert complaints(lines) == []
    modules = {line[1].rstrip("0123456789") for line in lines if len(line) > 1}
    assert {"ADDRESS", "CONSISTENCY", "DELEGATION", "DNSSEC", "NAMESERVER", "ZONE"} <= modules, "all was looked at"


def test_zonemaster_would_see_a_wrong_ds(the_world):
    servers = [("--ns", f"ns{i}.box.example.com/{addresses[0]}") for i, addresses in ((1, world.NS1), (2, world.NS2))]
    lines = zonemaster(the_world, "example.com", *sum(servers, ()), "--ds", "1,13,2," + "00" * 32)
    assert any("DNSSEC" in text for text in complaints(lines))


@pytest.mark.parametrize(
    "address,sender,verdict",
    [
        (world.NS1[0], "a@example.com", "pass"),
        (world.NS1[1], "a@example.com", "pass"),
        ("45.3.0.77", "a@example.com", "pass"),
        ("2a09::1", "a@example.com", "pass"),
        ("45.3.1.1", "a@example.com", "fail"),
        ("2a0a::1", "a@example.com", "fail"),
        (world.NS1[0], "root@box.example.com", "pass"),
        ("45.9.0.1", "root@box.example.com", "fail"),
        (world.NS1[0], "a@www.example.com", "fail"),
        (world.NS1[0], "a@ns1.box.example.com", "fail"),
        ("45.3.9.9", "a@news.example.com", "fail"),
        (world.NS1[0], "a@parked.com", "fail"),
    ],
)
def test_spf_lets_ours_pass_and_nobody_else(the_world, address, sender, verdict):
    if shutil.which("spfquery") is None:
        pytest.skip("spfquery is not installed")
    said = the_world.run("spfquery", "-ip", address, "-sender", sender, "-helo", "x.invalid", check=False).stdout
    assert said.splitlines()[0] == verdict, said
