# SPDX-License-Identifier: ISC
"""Backup and restore as zonebox(7) has it: the key files and state/ on a fresh machine give the same DS and no lower
serial, and what is served validates as before."""

import os
import re
import shutil

import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest

from harness import CONFIG, Box, run, serial, unbound, wait_until

ZONES = ("example.com", "example.net")
WITH_FILE = CONFIG.replace("  - example.net\n", "  - {name: example.net, zone-file: net.zone}\n")
BACKUP = ("keys", "dkim", "state")
# Ahead of the clock (in the sense of RFC 1982), so that only state/ can know of it.
AHEAD = 2100000000


def write_zone(box, number):
    (box.directory / "net.zone").write_text(
        f"$TTL 300\n@ IN SOA ns1.box.example.com. host.example.com. {number} 14400 3600 604800 3600\n"
        "@ IN NS ns1.box.example.com.\n@ IN NS ns2.box.example.com.\n@ IN TXT kept\n")


def ds_of(box):
    """The DS records of each zone as zonegen prints them for the registrar, in one line each."""
    text = box.zonegen("--ds", *ZONES).stdout
    found = re.findall(r"^\s*(\S+\.\s+(?:\d+\s+)?(?:IN\s+)?DS\s+\d+\s+\d+\s+\d+\s+[0-9A-Fa-f ]+)$", text, re.MULTILINE)
    return sorted({" ".join(line.split()).lower() for line in found})


def copy_as_it_is(source, target):
    target.mkdir()
    for name in BACKUP:
        run("cp", "-a", source / name, target / name)


def restore_as_root(source, target):
    """As from an archive that another machine made: everything is root's."""
    target.mkdir()
    archive = target.parent / "backup.tar"
    run("tar", "-C", source, "--owner=0", "--group=0", "-cf", archive, *BACKUP)
    run("tar", "-C", target, "--same-owner", "-xpf", archive)


def restore_by_unknown_user(source, target):
    """As where the users of the old machine are others."""
    copy_as_it_is(source, target)
    for path in [target, *target.rglob("*")]:
        os.chown(path, 61030, 61030)


@pytest.fixture
def saved(directory):
    """A box that has run, is stopped, and whose clock-independent serial is known: (box, DS, serials)."""
    with Box(directory / "old", WITH_FILE) as box:
        write_zone(box, AHEAD)
        box.start().wait_served(*ZONES)
        serials = {zone: serial(box.port, zone) for zone in ZONES}
        assert serials["example.net"] >= AHEAD
        ds = ds_of(box)
        assert len(ds) >= 2
        box.stop()
        yield box, ds, serials


def validated(port, name, kind):
    """Does the resolver find the answer secure?"""
    question = dns.message.make_query(name, kind, want_dnssec=True)
    answer = dns.query.udp(question, "127.0.0.1", port=port, timeout=3)
    return answer.answer and answer.flags & dns.flags.AD


@pytest.mark.parametrize("restore", [copy_as_it_is, restore_as_root, restore_by_unknown_user])
def test_a_fresh_machine_goes_on_where_the_old_one_ended(directory, saved, restore):
    if os.geteuid() != 0 and restore is not copy_as_it_is:
        pytest.skip("only root restores files of others")
    old, ds, serials = saved
    with Box(directory / "new", WITH_FILE) as box:
        write_zone(box, 1)  # the zone file does not remember either
        restore(old.state, box.state)
        shutil.rmtree(old.directory)
        box.start().wait_served(*ZONES)
        assert ds_of(box) == ds
        for zone in ZONES:
            assert (serial(box.port, zone) - serials[zone]) % 2**32 < 2**31, zone
        assert serial(box.port, "example.net") >= AHEAD
        assert "key-made" not in box.program.log()  # neither DNSSEC nor DKIM
        with unbound(directory / "unbound", {zone: box.port for zone in ZONES}, ds) as port:
            wait_until(lambda: validated(port, "example.net", "TXT"), "example.net validates")
            for name, kind in (("example.com", "MX"), ("_25._tcp.box.example.com", "TLSA"),
                               (f"{selector_of(box)}._domainkey.example.com", "TXT"), ("example.net", "SOA")):
                assert validated(port, name, kind), name


def selector_of(box):
    return min((box.state / "dkim/example.com").glob("*rsa*.pub")).stem


def test_without_the_backup_the_keys_are_others(directory, saved):
    """The test above could fail: nothing but the backup carries the keys over."""
    _, ds, _ = saved
    with Box(directory / "new", WITH_FILE) as box:
        write_zone(box, 1)
        box.start().wait_served(*ZONES)
        assert ds_of(box) and ds_of(box) != ds
        assert serial(box.port, "example.net") < AHEAD
