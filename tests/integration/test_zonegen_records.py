# SPDX-License-Identifier: ISC
"""The records of a mail domain, against two lists that others have made: what Mail-in-a-Box publishes for such a box, and
what Internet.nl's mail test asks for."""

import json
import re
import shutil

import pytest

import harness

NAMES_WITHOUT_MAIL = ["www", "mta-sts", "autoconfig", "autodiscover", "mta-sts.box", "autoconfig.box", "autodiscover.box",
                      "ns1.box", "ns2.box"]

# Owner, type, and data where it is not a key's or a hash. What Mail-in-a-Box writes with a last semicolon means the same.
MAIL_IN_A_BOX = [
    ("@", "NS", "ns1.box.example.com."),
    ("@", "NS", "ns2.box.example.com."),
    ("@", "A", "192.0.2.10"),
    ("@", "AAAA", "2001:db8::10"),
    ("@", "MX", "10 box.example.com."),
    ("@", "TXT", '"v=spf1 mx -all"'),
    ("_dmarc", "TXT", '"v=DMARC1; p=quarantine'),
    ("mail._domainkey", "TXT", '"v=DKIM1; '),
    ("_mta-sts", "TXT", '"v=STSv1; id='),
    ("_caldavs._tcp", "SRV", "0 0 443 box.example.com."),
    ("_carddavs._tcp", "SRV", "0 0 443 box.example.com."),
    ("box", "A", "192.0.2.10"),
    ("box", "AAAA", "2001:db8::10"),
    ("box", "SSHFP", "1 2 "),
    ("box", "SSHFP", "3 2 "),
    ("box", "SSHFP", "4 2 "),
    ("box", "MX", "10 box.example.com."),
    ("box", "TXT", '"v=spf1 mx -all"'),
    ("_dmarc.box", "TXT", '"v=DMARC1; p=quarantine'),
    ("mail._domainkey.box", "TXT", '"v=DKIM1; '),
    ("_mta-sts.box", "TXT", '"v=STSv1; id='),
    ("_25._tcp.box", "TLSA", "3 1 1 "),
    ("_443._tcp.box", "TLSA", "3 1 1 "),
] + [
    record
    for name in NAMES_WITHOUT_MAIL
    for record in [
        (name, "A", "192.0.2.10"),
        (name, "AAAA", "2001:db8::10"),
        (name, "MX", "0 ."),
        (name, "TXT", '"v=spf1 -all"'),
        (f"_dmarc.{name}", "TXT", '"v=DMARC1; p=reject"'),
    ]
]


@pytest.fixture
def place(directory):
    shutil.copytree(harness.SOURCE / "tests/golden/inputs", directory, dirs_exist_ok=True)
    return directory


def dump(place, config):
    (place / "zonebox.yaml").write_text(config + "state: state\n")
    said = harness.run(harness.BIN / "zonegen", "--config", place / "zonebox.yaml", "--dump", "--json").stdout
    zones = {zone["name"]: zone for zone in json.loads(said)["zones"]}
    for zone in zones.values():
        assert all(re.search(r"\bRFC \d+", record["why"]) for record in zone["records"] if record["source"] == "generated"), \
            [record for record in zone["records"] if "RFC" not in record["why"]]
    return zones


def short(name, zone):
    return "@" if name == zone else name.removesuffix("." + zone)


def test_all_that_mail_in_a_box_has_is_there(place):
    zones = dump(place, (harness.SOURCE / "examples/mail-in-a-box.yaml").read_text())
    assert list(zones) == ["example.com"]
    ours = [(short(record["name"], "example.com"), record["type"], record["data"]) for record in zones["example.com"]["records"]]
    lacking = [
        (name, kind, data)
        for name, kind, data in MAIL_IN_A_BOX
        if not any((name, kind) == our[:2] and our[2].startswith(data) for our in ours)
    ]
    assert lacking == [] and len(MAIL_IN_A_BOX) == 68, "as many as there"
    # And of what may be at a name once only, there is one.
    for family in ("v=spf1", "v=DMARC1", "v=STSv1"):
        owners = [name for name, kind, data in ours if kind == "TXT" and data.startswith(f'"{family}')]
        assert len(owners) == len(set(owners))


BOX = """\
box:
  hostname: box.example.com
  addresses: [192.0.2.10, "2001:db8::10"]
  nameservers: [ns1.box.example.com, {name: ns2.example.net, addresses: [198.51.100.2, "2001:db8:2::2"]}]
  tls: [tls/fullchain.pem, tls/next.pem]
  ssh: [ssh/ssh_host_ed25519_key.pub]
  caa: {issue: letsencrypt.org}
domains: [example.com]
"""


def of_type(records, name, kind):
    return [record["data"] for record in records if (record["name"], record["type"]) == (name, kind)]


def test_internet_nl_finds_what_it_looks_for(place):
    zone = dump(place, BOX)["example.com"]
    records = zone["records"]
    (exchanger,) = [data.split()[1].rstrip(".") for data in of_type(records, "example.com", "MX")]
    # IPv6: two name servers and each exchanger
    assert sum(any(":" in address for address in server["addresses"]) for server in zone["nameservers"]) >= 2
    assert of_type(records, exchanger, "AAAA")
    # DANE: a scheme for the next key, two `3 x x` or `3 x x` and `2 x x`, all at a name that exists
    usages = sorted(data[0] for data in of_type(records, f"_25._tcp.{exchanger}", "TLSA"))
    assert usages in (["3", "3"], ["2", "3"]), usages
    assert all(re.fullmatch(r"[23] 1 1 [0-9a-f]{64}", data) for data in of_type(records, f"_25._tcp.{exchanger}", "TLSA"))
    # CAA at each exchanger, with an issue tag
    assert any(data.startswith("0 issue ") for data in of_type(records, exchanger, "CAA"))
    # DMARC: a policy that does something, not on trial
    (dmarc,) = of_type(records, "_dmarc.example.com", "TXT")
    tags = dict(part.strip().split("=", 1) for part in dmarc.strip('"').split(";") if part.strip())
    assert tags["p"] in ("quarantine", "reject") and tags["sp"] != "none" and tags.get("t", "n") == "n"
    # SPF: ends in -all or ~all, few look-ups
    (spf,) = [data for data in of_type(records, "example.com", "TXT") if data.startswith('"v=spf1')]
    assert spf.strip('"').split()[-1] in ("-all", "~all")
    assert len([term for term in spf.split() if term.lstrip("+-~?").split(":")[0] in ("include", "a", "mx", "ptr", "exists")]) <= 10
    # DKIM: _domainkey exists as a name
    assert any(record["name"].endswith("._domainkey.example.com") for record in records)


@pytest.mark.parametrize("relays", [[f"include:relay{i}.example.net" for i in range(10)], ["ip4:192.0.2.1", "include:x"], ["ptr"]])
def test_an_spf_record_that_would_fail_is_refused_at_its_place(place, relays):
    written = ", ".join(f'"{relay}"' for relay in relays)
    (place / "zonebox.yaml").write_text(
        BOX.replace("domains: [example.com]", f"domains:\n  - name: example.com\n    spf:\n      relays: [{written}]") + "state: state\n")
    for action in ("--check", "--dump"):
        said = harness.run(harness.BIN / "zonegen", "--config", place / "zonebox.yaml", action, check=False)
        assert said.returncode == 1 and "$ORIGIN example.com." not in said.stdout
        assert re.search(r"zonebox\.yaml:1[12]:\d+: \S*spf\S* ?relays: ", said.stderr), said.stderr


def test_the_policy_for_the_web_server_is_told(place):
    zone = dump(place, (harness.SOURCE / "examples/mail-in-a-box.yaml").read_text())["example.com"]
    assert [(mail["name"], mail["mta-sts-policy"]) for mail in zone["mail-domains"]] == [
        (name, "version: STSv1\nmode: enforce\nmx: box.example.com\nmax_age: 604800\n") for name in ("example.com", "box.example.com")
    ]
