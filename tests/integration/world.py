# SPDX-License-Identifier: ISC
"""A world of its own for programs that judge what the Internet sees: a network namespace without any network, in which a
root, its top-level domains and a box have addresses that look public, on port 53. Programs in it find the box as they
would find any other; its resolv.conf names the box itself, which answers for its own zones.

    .  com.  arpa.   NSD at ROOT
    example.com …    the box, at its two name servers' addresses
"""

import os
import pathlib

import harness
import others
from harness import Program, need_namespace, run, wait_until

ROOT = ("45.0.0.1", "2a00::1")
NS1 = ("45.1.0.1", "2a01::1")
NS2 = ("45.2.0.1", "2a02::1")

SOA = "SOA ns.root-servers.net. hostmaster.root-servers.net. 1 14400 3600 604800 3600"
TOP = f"""\
$ORIGIN .
$TTL 3600
@ {SOA}
@ NS ns.root-servers.net.
ns.root-servers.net. A {ROOT[0]}
ns.root-servers.net. AAAA {ROOT[1]}
"""
BELOW = f"$TTL 3600\n@ {SOA}\n@ NS ns.root-servers.net.\n"

CONFIG = f"""\
box:
  hostname: box.example.com
  addresses: [{NS1[0]}, "{NS1[1]}"]
  nameservers: [ns1.box.example.com, {{name: ns2.box.example.com, addresses: [{NS2[0]}, "{NS2[1]}"]}}]
  tls: [tls.pem]
  ssh: [ssh_host_ed25519_key.pub]
%s
server:
  listen: [{NS1[0]}@53, {NS2[0]}@53, "{NS1[1]}@53", "{NS2[1]}@53", 127.0.0.1@53]
  workers: 1
state: state
"""


class World:
    def __init__(self, directory, config):
        need_namespace("--net")
        need_namespace("--mount")
        self.directory = pathlib.Path(directory)
        self.holder = Program("unshare", "--net", "--mount", "sleep", "infinity", log=self.directory / "holder.log")
        self.programs = []
        try:
            self.furnish()
            self.box = harness.Box(self.directory / "box", CONFIG % config)
        except BaseException:
            self.stop()
            raise

    def inside(self, *argv):
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--", *map(str, argv)]

    def run(self, *argv, **options):
        return run(*self.inside(*argv), **options)

    def furnish(self):
        outside = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != outside, "the namespace is there")
        self.run("ip", "link", "set", "lo", "up")
        for address in (*ROOT, *NS1, *NS2):
            self.run("ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo",
                     *(["nodad"] if ":" in address else []))
        (self.directory / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        self.run("mount", "--bind", self.directory / "resolv.conf", "/etc/resolv.conf")

    def start(self, *zones):
        """The box, and when it has its keys the tree above it."""
        box = self.box
        box.program = Program(*self.inside(harness.BIN / "zoned", "--config", box.config), log=box.directory / "log")
        for zone in zones:
            box.program.wait_for(lambda z=zone: "SOA" in self.ask(NS1[0], z, "SOA"), 60)
        self.delegate(zones)
        return self

    def ask(self, server, name, kind):
        return self.run("dig", f"@{server}", "+norecurse", "+noall", "+answer", "+time=1", "+tries=1", name, kind, check=False).stdout

    def delegate(self, zones):
        texts = {".": TOP, "com": BELOW, "arpa": BELOW}
        for top in ("com", "arpa"):
            texts["."] += f"{top}. NS ns.root-servers.net.\n"
        for zone in zones:
            top = zone.rsplit(".", 1)[1]
            for name, addresses in (("ns1.box.example.com.", NS1), ("ns2.box.example.com.", NS2)):
                texts[top] += f"{zone}. NS {name}\n"
                if name.endswith(f".{zone}."):
                    texts[top] += f"{name} A {addresses[0]}\n{name} AAAA {addresses[1]}\n"
            texts[top] += self.box.ds(zone) + "\n"
        files = {name: self.directory / f"{name.strip('.') or 'root'}.zone" for name in texts}
        for name, text in texts.items():
            files[name].write_text(text)
        nsd = Program(*self.inside(*others.nsd(self.directory, ROOT, files)), log=self.directory / "nsd.log")
        self.programs.append(nsd)
        nsd.wait_for(lambda: "SOA" in self.ask(ROOT[0], "com", "SOA"))

    def hints(self):
        path = self.directory / "hints"
        path.write_text(f". 3600000 NS ns.root-servers.net.\nns.root-servers.net. 3600000 A {ROOT[0]}\n"
                        f"ns.root-servers.net. 3600000 AAAA {ROOT[1]}\n")
        return path

    def stop(self):
        if hasattr(self, "box"):
            self.box.stop()
        for program in self.programs:
            program.stop()
        self.holder.stop()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
