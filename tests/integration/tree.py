# SPDX-License-Identifier: ISC
"""A DNS tree of its own on loopback: a root, a top-level domain and what hangs below it, signed by ldns, served by NSD on
port 53 of addresses in 127/8 that no other test has. For resolvers that shall find their way from root hints.

    .             tree.address(0)   signed; its keys in tree.anchor, its hints in tree.hints
    test-tld.     tree.address(1)   signed
    everything else                 on tree.address(2), see ZONES
"""

import os
import pathlib
import random
import shutil
import socket
import time

import pytest

import others
from harness import Program, query, run, wait_until

TLD = "tld."
LEAVES = {  # name → how it is signed
    "good.tld.": "secure",
    "other.tld.": "secure",
    "plain.tld.": "unsigned",  # without a DS
    "expired.tld.": "expired",
    "wrongds.tld.": "wrong-ds",
    "stripped.tld.": "stripped",  # with a DS, served without any signature
}
LEAF = """\
$TTL 300
@ SOA ns hostmaster 1 14400 3600 604800 300
@ NS ns
ns A {address}
www A 192.0.2.1
_25._tcp.www TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
alias CNAME www.other.tld.
dangling CNAME nothing.other.tld.
big TXT "{long}" "{long}" "{long}" "{long}" "{long}" "{long}"
*.wild A 192.0.2.7
"""


def stamp(offset):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + offset))


def may_bind_53():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.53", 53))
        return True
    except PermissionError:
        return False


class Tree:
    def __init__(self, directory, leaves=None):
        if not may_bind_53():
            pytest.skip("port 53 of 127/8 is for root (or net.ipv4.ip_unprivileged_port_start=53)")
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.net = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self.leaves = dict(leaves or LEAVES)
        self.keys = {}  # zone → base names of its key files
        self.programs = []
        self.anchor = self.directory / "root.key"
        self.hints = self.directory / "root.hints"
        self.hints.write_text(f". 3600000 NS ns.root.\nns.root. 3600000 A {self.address(0)}\n")
        for zone, way in self.leaves.items():
            self.write_zone(zone, LEAF.format(address=self.address(2), long="x" * 250))
            self.sign(zone, way)
        self.write_tld()
        self.write_root()
        self.write_anchor()

    def address(self, level):
        return f"{self.net}.{level + 1}"

    # Zones

    def path(self, zone):
        return self.directory / (zone.strip(".") + ".zone" if zone != "." else "root.zone")

    def write_zone(self, zone, text):
        self.path(zone).write_text(f"$ORIGIN {zone}\n{text}")

    def key(self, zone, *flags, algorithm="ECDSAP256SHA256"):
        """Makes a key; with -k a KSK. Returns its base name."""
        name = run("ldns-keygen", "-a", algorithm, *flags, zone, cwd=self.directory).stdout.strip()
        self.keys.setdefault(zone, []).append(name)
        return name

    def dnskey(self, name):
        return (self.directory / f"{name}.key").read_text().strip()

    def revoke(self, name):
        """Sets the REVOKE bit (RFC 5011 section 7), which changes the tag. Returns the new base name."""
        prefix, tag = name.rsplit("+", 1)
        revoked = f"{prefix}+{(int(tag) + 128) % 65536:05}"
        text = self.dnskey(name)
        assert "DNSKEY\t257" in text
        (self.directory / f"{revoked}.key").write_text(text.replace("DNSKEY\t257", "DNSKEY\t385") + "\n")
        shutil.copy(self.directory / f"{name}.private", self.directory / f"{revoked}.private")
        return revoked

    def ds(self, name):
        return run("ldns-key2ds", "-n", "-2", self.directory / f"{name}.key").stdout.strip()

    def sign(self, zone, way="secure", keys=None):
        served = self.directory / (self.path(zone).name + ".served")
        if not self.keys.get(zone):
            self.key(zone, "-k")
        if way in ("unsigned", "stripped"):
            shutil.copy(self.path(zone), served)
            return
        times = ["-i", stamp(-86400 * 9), "-e", stamp(-86400 * 3)] if way == "expired" else \
            ["-i", stamp(-7200), "-e", stamp(86400)]
        run("ldns-signzone", "-f", served, *times, self.path(zone), *(keys or self.keys[zone]), cwd=self.directory)

    def delegation(self, zone, level, way):
        lines = [f"{zone} NS ns.{zone}", f"ns.{zone} A {self.address(level)}"]
        if way == "wrong-ds":
            lines.append(f"{zone} DS 12345 13 2 {'0123456789abcdef' * 4}")
        elif way != "unsigned":
            lines.append(self.ds(self.keys[zone][0]))
        return "\n".join(lines) + "\n"

    def write_tld(self):
        text = f"$TTL 300\n@ SOA ns hostmaster 1 14400 3600 604800 300\n@ NS ns\nns A {self.address(1)}\n"
        text += "".join(self.delegation(zone, 2, way) for zone, way in self.leaves.items())
        self.write_zone(TLD, text)
        self.sign(TLD)

    def write_root(self, keys=None, serial=1, ttl=300):
        text = (f"$TTL {ttl}\n@ SOA ns.root. hostmaster.root. {serial} 14400 3600 604800 300\n@ NS ns.root.\n"
                f"ns.root. A {self.address(0)}\n")
        self.write_zone(".", text + self.delegation(TLD, 1, "secure"))
        self.sign(".", keys=keys)

    def write_anchor(self):
        self.anchor.write_text("".join(self.dnskey(key) + "\n" for key in self.keys["."]))

    # Servers

    def start(self, level, zones):
        directory = self.directory / f"nsd{level}"
        directory.mkdir(exist_ok=True)
        files = {zone: self.directory / f"{self.path(zone).name}.served" for zone in zones}
        program = Program(*others.nsd(directory, [self.address(level)], files, "do-ip6: no"), log=directory / "log")
        self.programs.append(program)
        program.wait_for(lambda: self.serves(level, zones[0]))
        return program

    def serves(self, level, zone, serial=None):
        try:
            answer = query(53, zone, "SOA", host=self.address(level), timeout=0.5).answer
            return bool(answer) and (serial is None or answer[0][0].serial == serial)
        except OSError:
            return False
        except Exception:
            return False

    def reload_root(self, serial):
        self.programs[0].signal(1)
        wait_until(lambda: self.serves(0, ".", serial), "the root is served anew")

    def __enter__(self):
        self.start(0, ["."])
        self.start(1, [TLD])
        self.start(2, list(self.leaves))
        return self

    def stop(self):
        while self.programs:
            program = self.programs.pop()
            if program.running():
                os.kill(program.pid, 15)
                program.process.wait(10)

    def __exit__(self, *exc):
        self.stop()
