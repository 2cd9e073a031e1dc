# SPDX-License-Identifier: ISC
"""The ugly zones (ugly.py) as files for any name server and as images for zone-server, signed by ldns or by zone-signer."""

import collections

import dns.dnssec
import dns.name
import dns.rdata

import ugly
from harness import BARE_BOX, BIN, MAKE_STORE, completed, run

# How zone-signer signs them: every algorithm, each with NSEC and NSEC3, with one key and with two.
POLICIES = {
    "mail.test.": "{algorithm: ecdsap256sha256, keys: csk, denial: nsec}",
    "inner.mail.test.": "{algorithm: ed25519, keys: csk, denial: nsec3}",
    "ugly.test.": "{algorithm: ed25519, keys: ksk+zsk, denial: nsec}",
    "ugly3.test.": "{algorithm: ecdsap256sha256, keys: ksk+zsk, denial: nsec3}",
    "inner.ugly3.test.": "off",
    "optout.test.": "{algorithm: rsasha256, keys: ksk+zsk, denial: nsec3}",
    "plain.test.": "off",
    "dname.test.": "{algorithm: rsasha256, keys: csk, denial: nsec}",
}


def delegation(zone, signed):
    """The DS of a zone that was signed, for what is above it."""
    for line in signed.read_text().splitlines():
        if "\tDNSKEY\t" in line:
            key = dns.rdata.from_text("IN", "DNSKEY", line.split("DNSKEY\t", 1)[1].split(";")[0])
            return f"{zone} DS {dns.dnssec.make_ds(zone, key, 'SHA256')}\n"
    raise AssertionError(signed)


def by_ldns(directory):
    """Zone → its file, and the store of zone-server."""
    files, above = {}, collections.defaultdict(str)
    for zone, (text, denial) in reversed(ugly.ZONES.items()):
        path = directory / f"{zone}zone"
        text += above[zone]
        # Others want an origin and a TTL where make_store gives them itself.
        path.write_text(f"$ORIGIN {zone}\n$TTL 3600\n{text}" if denial is None else text)
        run(MAKE_STORE, directory / "serve", f"{zone}={path}" + (f":{denial}" if denial else ""))
        files[zone] = path if denial is None else directory / f"{zone}zone.signed"
        parent = ugly.zone_of(dns.name.from_text(zone).parent())
        if denial and parent:
            above[parent] += delegation(zone, files[zone])
    return files, directory / "serve"


def by_us(directory):
    """The same, by zone-signer with the configuration of an admin who brings zone files; others get what zonegen prints of
    the signed zones."""
    domains = ""
    for zone, (text, _) in ugly.ZONES.items():
        (directory / f"{zone}zone").write_text(text)
        domains += f"  - {{name: {zone[:-1]}, zone-file: {zone}zone, dnssec: {POLICIES[zone]}}}\n"
    config = directory / "zonebox.yaml"
    config.write_text(completed(f"{BARE_BOX}domains:\n{domains}state: state\n"))
    run(BIN / "zone-signer", "--config", config, "--once")
    files = {}
    for zone in ugly.ZONES:
        files[zone] = directory / f"{zone}zone.signed"
        files[zone].write_text(run(BIN / "zonegen", "--config", config, "--dump", "--signed", zone[:-1]).stdout)
    return files, directory / "state" / "serve"
