# SPDX-License-Identifier: ISC
"""What the benches share: a configuration of many domains, questions about them, and CPU time from /proc."""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import dns.flags  # noqa: E402
import dns.message  # noqa: E402

import harness  # noqa: E402

TESTS = pathlib.Path(os.environ["ZONEBOX_TESTS"])
TICKS = os.sysconf("SC_CLK_TCK")
LINKS = 30000  # to one file: ext4 has 65,000


def cpu_seconds(pid):
    """User and system time of the process and its living children, who answer in NSD's case."""
    total = 0.0
    for one in [pid, *children(pid)]:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def children(pid):
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *children(int(child))]
    return found


def write_inputs(directory, zones, port):
    """A configuration of many domains. All share two DKIM key pairs: making RSA keys is not what is measured."""
    names = [f"domain{i}.example" for i in range(zones)]
    harness.make_certificate(directory / "tls.pem", "box.domain0.example")
    harness.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory / "ssh_host_ed25519_key")
    algorithms = {"mail": "RSA", "mail2": "ED25519"}
    for selector, algorithm in algorithms.items():
        private, public = directory / f"{selector}.private", directory / f"{selector}.pub"
        harness.run("openssl", "genpkey", "-algorithm", algorithm, "-out", private)  # RSA: 2048 bits
        harness.run("openssl", "pkey", "-in", private, "-pubout", "-out", public)
        private.chmod(0o640)
    origin = directory
    for number, name in enumerate(names):
        where = directory / "state/dkim" / name
        where.mkdir(parents=True)
        for file in [f"{selector}.{kind}" for selector in algorithms for kind in ("private", "pub")]:
            (os.link if number % LINKS else shutil.copy2)(origin / file, where / file)
        if number % LINKS == 0:
            origin = where
    listed = "".join(f"  - {name}\n" for name in names)
    (directory / "zonebox.yaml").write_text(harness.completed(
        "box:\n  hostname: box.domain0.example\n  addresses: [192.0.2.10, \"2001:db8::10\"]\n  tls: [tls.pem]\n"
        f"  ssh: [ssh_host_ed25519_key.pub]\nstate: state\nserver: {{listen: [127.0.0.1@{port}], rate-limit: no}}\ndomains:\n{listed}"
    ))
    return names


def write_questions(path, names, count, seed):
    """A file for the client. Seeded: both servers get the same questions in the same order."""
    pick = random.Random(seed)
    positive = [("", "MX"), ("", "A"), ("", "TXT"), ("_dmarc.", "TXT"), ("mail._domainkey.", "TXT"), ("www.", "AAAA")]
    nodata = [("", "CAA"), ("www.", "TXT"), ("_domainkey.", "TXT")]
    nxdomain = ["nothing.", "_25._tcp.", "a.b.c."]
    with open(path, "wb") as out:
        for _ in range(count):
            name, kind, dnssec = pick.choice(names), pick.random(), pick.random() < 0.7
            if kind < 0.6:
                prefix, rtype = pick.choice(positive)
            elif kind < 0.8:
                prefix, rtype = pick.choice(nodata)
            else:
                prefix, rtype = pick.choice(nxdomain) + f"{pick.randrange(10**6)}x.", "A"
            message = dns.message.make_query(prefix + name, rtype, want_dnssec=dnssec, use_edns=dnssec or None)
            message.flags &= ~dns.flags.RD
            wire = message.to_wire()
            out.write(struct.pack("!H", len(wire)) + wire)


def spread(values, unit="", digits=2):
    return f"{statistics.median(values):.{digits}f}{unit} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def read_options(text, **defaults):
    """Numbers, each --name of the kind that its default is."""
    options = argparse.ArgumentParser(description=text.splitlines()[0])
    for name, default in defaults.items():
        options.add_argument(f"--{name}", type=type(default), default=default)
    return options.parse_args()
