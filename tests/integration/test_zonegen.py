# SPDX-License-Identifier: ISC
"""The command zonegen: how it is used, and the zones it reads from the store."""

import json
import os
import subprocess

import pytest

import harness

ZONEGEN = harness.BIN / "zonegen"
MAKE_STORE = harness.MAKE_STORE

CONFIG = harness.BARE_BOX + """\
domains:
  - example.com
  - example.net
state: state
"""


@pytest.fixture
def place(directory):
    (directory / "zonebox.yaml").write_text(CONFIG)
    return directory


def zonegen(place, *arguments, **options):
    return harness.run(ZONEGEN, "--config", place / "zonebox.yaml", *arguments, check=False, **options)


@pytest.mark.parametrize(
    "arguments",
    [[], ["--ds", "--signed"], ["--check", "example.com"], ["--json"],
     ["--check", "--json"], ["--dump", "--signed", "--json"], ["--dump", "--style", "paste", "--json"], ["--ds", "--style", "zone"]],
)
def test_wrong_use_is_exit_2_with_a_hint(place, arguments):
    said = zonegen(place, *arguments)
    assert said.returncode == 2 and said.stdout == ""
    assert "--help" in said.stderr


def test_there_is_one_action_at_a_time(place):
    for actions in ["--dump", "--ds"], ["--diff", "--dump"]:
        said = zonegen(place, *actions)
        assert said.returncode == 2 and said.stdout == ""
        assert said.stderr == f"zonegen: {actions[1]}: one action at a time\n"


def test_an_unknown_style_is_exit_2_with_the_known_ones(place):
    said = zonegen(place, "--dump", "--style", "bind")
    assert said.returncode == 2 and said.stdout == ""
    assert "\"bind\"" in said.stderr and said.stderr.endswith("; write zone or paste\n")


def test_style_zone_is_the_default(place):
    assert zonegen(place, "--dump", "--style", "zone").stdout == zonegen(place, "--dump").stdout


@pytest.mark.parametrize("action", ["--dump", "--ds"])
def test_unknown_domain_is_exit_2_with_the_known_ones(place, action):
    said = zonegen(place, action, "example.com", "example.info")
    assert said.returncode == 2 and said.stdout == ""
    assert "example.info is no zone of this configuration" in said.stderr
    assert "  example.com\n  example.net\n" in said.stderr


def test_domains_are_chosen_in_any_spelling(place):
    said = zonegen(place, "--dump", "Example.NET.")
    assert said.returncode == 0
    assert "$ORIGIN example.net." in said.stdout and "$ORIGIN example.com." not in said.stdout
    config = (place / "zonebox.yaml").read_text()
    (place / "zonebox.yaml").write_text(config.replace("example.net", "bücher.example"))
    for name in "Bücher.example", "xn--bcher-kva.example.":
        assert "$ORIGIN xn--bcher-kva.example." in zonegen(place, "--dump", name).stdout


def test_all_errors_of_the_configuration_are_told(place):
    (place / "zonebox.yaml").write_text("box:\n  hostname: bad name\n  adresses: []\ndomains: [a..b]\n")
    for action in "--dump", "--ds", "--check":
        said = zonegen(place, action)
        assert said.returncode == 1 and said.stdout == ""
        assert "zonebox.yaml:2:" in said.stderr and "zonebox.yaml:3:" in said.stderr
    (place / "zonebox.yaml").unlink()
    said = zonegen(place, "--check")
    assert said.returncode == 1 and "zonebox.yaml" in said.stderr


def test_check_looks_at_all_inputs(place):
    said = zonegen(place, "--check")
    assert said.returncode == 0 and "sound, 2 zones" in said.stdout
    text = CONFIG.replace("tls: []", "tls: [gone.pem]").replace("ssh: []", "ssh: [bad.pub]")
    text = text.replace("- example.net", "- {name: example.net, zone-file: broken.zone}")
    (place / "zonebox.yaml").write_text(text)
    (place / "bad.pub").write_text("garbage\n")
    (place / "broken.zone").write_text("@ IN SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2\n")
    said = zonegen(place, "--check")
    assert said.returncode == 1 and "sound" not in said.stdout
    assert "gone.pem" in said.stderr and "bad.pub" in said.stderr and "broken.zone:3:" in said.stderr


def test_json_says_what_the_dump_says(place):
    said = zonegen(place, "--dump", "--json")
    assert said.returncode == 0
    found = json.loads(said.stdout)
    assert (found["format"], found["hostname"]) == (1, "box.example.com")
    assert [zone["name"] for zone in found["zones"]] == ["example.com", "example.net"]
    dumped = zonegen(place, "--dump").stdout
    lines = [line for line in dumped.splitlines() if " IN " in line and not line.startswith(";")]
    assert sum(len(zone["records"]) for zone in found["zones"]) == len(lines)
    assert sum(len(zone["missing"]) for zone in found["zones"]) == dumped.count("; missing: ")
    com, net = found["zones"]
    assert com["host"]["addresses"] == ["192.0.2.10"] and "host" not in net
    assert com["nameservers"][0] == {"name": "ns1.box.example.com", "addresses": ["192.0.2.10"], "glue": True}
    assert net["nameservers"][0]["glue"] is False
    assert all(record["why"] and record["source"] == "generated" for record in com["records"])


def test_json_of_ds_has_no_records_and_tells_of_missing_keys(place):
    said = zonegen(place, "--ds", "--json", "example.net")
    assert said.returncode == 1 and "no key yet" in said.stderr
    (zone,) = json.loads(said.stdout)["zones"]
    assert zone["ds"] == zone["dnskey"] == [] and "records" not in zone


def test_json_stays_json_when_a_zone_is_broken_or_a_name_is_no_utf8(place):
    bad = os.fsdecode(b"caf\xe9.pub")
    text = CONFIG.replace("ssh: []", "ssh: ['c*.pub']").replace("- example.com", "- {name: example.com, zone-file: gone}")
    (place / "zonebox.yaml").write_text(text)
    (place / bad).write_text("garbage\n")
    said = zonegen(place, "--dump", "--json", errors="surrogateescape")
    assert said.returncode == 1
    com, net = json.loads(said.stdout)["zones"]
    assert set(com) == {"name", "error"} and "gone" in com["error"] and net["records"]


def test_one_broken_zone_does_not_hide_the_others(place):
    (place / "zonebox.yaml").write_text(CONFIG.replace("- example.com", "- {name: example.com, zone-file: gone}"))
    said = zonegen(place, "--dump")
    assert said.returncode == 1 and "gone" in said.stderr
    assert "$ORIGIN example.net." in said.stdout


def test_output_that_cannot_be_written_is_an_error(place):
    with open("/dev/full", "w", encoding="ascii") as full:
        said = subprocess.run(
            [ZONEGEN, "--config", place / "zonebox.yaml", "--dump"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert said.returncode == 1 and "cannot write" in said.stderr


def test_nothing_is_served_before_the_first_start(place):
    said = zonegen(place, "--dump", "--signed")
    assert said.returncode == 1 and "nothing is served yet" in said.stderr
    assert sorted(p.name for p in place.rglob("*")) == ["zonebox.yaml"]


def test_served_zones_satisfy_the_validators(place):
    zone = place / "example.com.zone"
    zone.write_text(zonegen(place, "--dump", "example.com").stdout)
    (place / "state").mkdir()
    for denial in "nsec", "nsec3":
        subprocess.run([MAKE_STORE, place / "state" / "serve", f"example.com={zone}:{denial}"], check=True)
        said = zonegen(place, "--dump", "--signed", "example.com")
        assert said.returncode == 0 and said.stderr == ""
        served = place / "served"
        served.write_text(said.stdout)
        for judge in (
            ["ldns-verify-zone", served],
            ["dnssec-verify", "-z", "-o", "example.com", served],
            ["kzonecheck", "-o", "example.com", served],
            ["named-checkzone", "example.com", served],
        ):
            verdict = subprocess.run(judge, capture_output=True, text=True, check=False)
            assert verdict.returncode == 0, (judge, verdict.stdout, verdict.stderr)
    # A zone of the configuration that is not there yet does not hide the one that is.
    said = zonegen(place, "--dump", "--signed")
    assert said.returncode == 1 and "example.net: is not served yet" in said.stderr
    assert "$ORIGIN example.com." in said.stdout


def test_a_damaged_image_is_told_and_not_printed(place):
    zone = place / "example.com.zone"
    zone.write_text(zonegen(place, "--dump", "example.com").stdout)
    (place / "state").mkdir()
    subprocess.run([MAKE_STORE, place / "state" / "serve", f"example.com={zone}"], check=True)
    data = place / "state" / "serve" / "data.mdb"
    octets = bytearray(data.read_bytes())
    at = octets.find(b"hostmaster")
    assert at > 0
    while at > 0:
        octets[at] ^= 1
        at = octets.find(b"hostmaster", at)
    data.write_bytes(octets)
    said = zonegen(place, "--dump", "--signed", "example.com")
    assert said.returncode == 1 and said.stdout == ""
    assert "example.com" in said.stderr
