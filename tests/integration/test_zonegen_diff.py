# SPDX-License-Identifier: ISC
"""zonegen --diff: a configuration beside what zone-signer has published of the one before."""

import json
import os
import re
import shutil

import pytest

import harness

CONFIG = harness.BARE_BOX + """\
domains:
  - example.com
  - {name: example.org, zone-file: org.zone}
  - example.net
ttl: {default: 1h, negative: 15m}
state: state
"""
ZONE = """\
@ 3600 IN SOA ns1.box.example.com. hostmaster.example.org. 1 14400 3600 604800 900
@ NS ns1.box.example.com.
@ NS ns2.box.example.com.
@ MX 10 old.example.net.
www 7200 A 192.0.2.80
"""


def program(place, name, *arguments, **environment):
    return harness.run(harness.BIN / name, "--config", place / "zonebox.yaml", *arguments, env=environment, check=False,
                       timeout=120)


@pytest.fixture
def place(directory):
    (directory / "zonebox.yaml").write_text(CONFIG)
    (directory / "org.zone").write_text(ZONE)
    done = program(directory, "zone-signer", "--once")
    assert done.returncode == 0, done.stderr
    return directory


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def told(place, *arguments):
    """What it prints, without the time of day."""
    said = program(place, "zonegen", "--diff", *arguments)
    return said.returncode, re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", "THEN", said.stdout), said.stderr


def test_what_was_just_published_is_no_difference(place):
    assert told(place) == (0, "", "")
    code, text, _ = told(place, "--json")
    assert code == 0 and [zone["change"] for zone in json.loads(text)["zones"]] == ["same"] * 3


@pytest.mark.parametrize("example", sorted(path.stem for path in (harness.SOURCE / "examples").glob("*.yaml")))
def test_each_example_is_published_as_zonegen_says(directory, example):
    """Nothing is lost or made up between what zonegen prints and what is in the store, whatever the options."""
    shutil.copytree(harness.SOURCE / "examples", directory, dirs_exist_ok=True)
    shutil.copytree(harness.SOURCE / "tests/golden/inputs", directory, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("state"))
    text = (directory / f"{example}.yaml").read_text()
    for line in 'addresses: [192.0.2.10, "2001:db8::10"]', "tls: [tls/fullchain.pem]", "ssh: [ssh/ssh_host_ed25519_key.pub]":
        if f"\n  {line.split()[0]}" not in text:
            text = re.sub("^box:\n", f"box:\\n  {line}\\n", text, count=1, flags=re.M)
    text = re.sub("^state:.*\n", "", text, flags=re.M).replace("group: opendkim", f"group: {os.getgid()}")
    (directory / "zonebox.yaml").write_text(text + "state: published\n")
    done = program(directory, "zone-signer", "--once")
    assert done.returncode == 0, done.stderr
    assert told(directory)[:2] == (0, "")


def test_changes_are_told_with_what_they_may_break(place):
    edit(place / "org.zone", "@ MX 10 old.example.net.", "@ MX 10 box.example.com.")
    edit(place / "zonebox.yaml", "  - example.net\n", "  - example.info\n")
    code, text, errors = told(place)
    assert (code, errors) == (1, "")
    assert re.sub(r"\d+ records", "N records", text) == """\
example.org: 1 RRset changed

- example.org. 3600 IN MX 10 old.example.net.
+ example.org. 3600 IN MX 10 box.example.com.
  ! senders still bring mail to old.example.net; keep it taking mail for example.org; for 1 hour, if done now until THEN

example.info: new zone, N records
  ! nobody asks here before the registrar is told (zonegen --ds)

example.net: removed, N records
  ! it is refused from now on, with all names in it; the delegation at the registrar must go first, or lead elsewhere, and so must the DS
  ! caches may still have records of it; for 1 day, if done now until THEN
"""


def test_zones_are_chosen_by_name_also_one_that_is_gone(place):
    edit(place / "org.zone", "@ MX 10 old.example.net.", "@ MX 10 box.example.com.")
    edit(place / "zonebox.yaml", "  - example.net\n", "")
    assert told(place, "example.com") == (0, "", "")
    code, text, _ = told(place, "Example.NET.")
    assert code == 1 and text.startswith("example.net: removed,") and "example.org" not in text
    code, text, errors = told(place, "example.info")
    assert (code, text) == (2, "") and "example.info is no zone of this configuration, and none that is served" in errors


def test_json_has_both_sides_and_the_risks(place):
    edit(place / "org.zone", "www 7200 A 192.0.2.80", "www 300 A 192.0.2.81")
    code, text, _ = told(place, "--json", "example.org")
    (zone,) = json.loads(text)["zones"]
    assert code == 1 and (zone["name"], zone["change"], zone["signed"], zone["was-signed"]) == ("example.org", "changed", True, True)
    (change,) = zone["changes"]
    assert (change["change"], change["name"], change["type"]) == ("changed", "www.example.org", "A")
    assert change["old"] == {"ttl": 7200, "data": ["192.0.2.80"]} and change["new"] == {"ttl": 300, "data": ["192.0.2.81"]}
    assert change["risks"] and all("192.0.2.80" in risk["text"] or "TTL" in risk["text"] for risk in change["risks"])


def test_signing_that_ends_is_told(place):
    edit(place / "zonebox.yaml", "zone-file: org.zone", "zone-file: org.zone, dnssec: off")
    code, text, _ = told(place)
    assert code == 1 and text.startswith("example.org: signed no longer\n  ! it is not signed any more: while the registrar has")


def test_inputs_that_cannot_be_used_change_nothing_and_are_trouble(place):
    certificate = place / "box.pem"
    shutil.copy(harness.SOURCE / "tests/golden/inputs/tls/fullchain.pem", certificate)
    edit(place / "zonebox.yaml", "tls: []", "tls: [box.pem]")
    assert "+ _25._tcp.box.example.com. 3600 IN TLSA 3 1 1 " in told(place)[1]
    assert program(place, "zone-signer", "--once").returncode == 0
    certificate.unlink()
    code, text, errors = told(place)
    assert (code, text) == (2, "") and "box.pem" in errors
    (place / "zonebox.yaml").write_text("box: 1\n")
    assert told(place)[0] == 2


def test_before_the_first_start_all_is_new(directory):
    (directory / "zonebox.yaml").write_text(CONFIG)
    (directory / "org.zone").write_text(ZONE)
    code, text, errors = told(directory)
    assert code == 1 and text.count("new zone") == 3 and "nothing is served yet" in errors


def test_colours_are_for_terminals_only(place):
    edit(place / "org.zone", "192.0.2.80", "192.0.2.81")
    command = f"{harness.BIN / 'zonegen'} -c {place / 'zonebox.yaml'} --diff"

    def on_terminal(**environment):
        done = harness.run("script", "-qec", command, "/dev/null", env={"TERM": "xterm", **environment}, check=False)
        assert "192.0.2.81" in done.stdout, done
        return done.stdout

    assert "\033[32m+ www.example.org." in on_terminal()
    assert "\033" not in on_terminal(NO_COLOR="1")
    assert "\033" not in on_terminal(TERM="dumb")
    assert "\033" not in told(place)[1]
