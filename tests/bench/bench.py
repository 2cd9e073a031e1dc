# SPDX-License-Identifier: ISC
"""CPU per query of zone-server and of NSD, on the same signed mail zones, in one run.

Each round asks both servers in turn (their order alternates), so that a machine whose speed drifts slows both; what is
quoted is the median of the rounds and the ratio pair by pair. CPU is the server's user and system time from /proc, not
the wall clock, and the client runs on the other core. The questions: 60% positive, 20% NODATA,
20% NXDOMAIN; 70% with DO.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import dns.flags  # noqa: E402
import dns.message  # noqa: E402

import harness  # noqa: E402

TESTS = pathlib.Path(os.environ["ZONEBOX_TESTS"])
TICKS = os.sysconf("SC_CLK_TCK")


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
    for name in names:
        where = directory / "state/dkim" / name
        where.mkdir(parents=True)
        for selector in algorithms:
            os.link(directory / f"{selector}.private", where / f"{selector}.private")
            os.link(directory / f"{selector}.pub", where / f"{selector}.pub")
    listed = "".join(f"  - {name}\n" for name in names)
    (directory / "zonebox.yaml").write_text(harness.completed(
        "box:\n  hostname: box.domain0.example\n  addresses: [192.0.2.10, \"2001:db8::10\"]\n  tls: [tls.pem]\n"
        f"  ssh: [ssh_host_ed25519_key.pub]\nstate: state\nserver: {{listen: [127.0.0.1@{port}]}}\ndomains:\n{listed}"
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


def write_nsd(directory, names, port):
    """The zones as we serve them, as master files, and a configuration as NSD's manual has it."""
    files = directory / "nsd"
    files.mkdir()
    dump = harness.run(harness.BIN / "zonegen", "--config", directory / "zonebox.yaml", "--dump", "--signed", timeout=600).stdout
    for text in dump.split("\n$ORIGIN ")[1:]:
        (files / text.split(".\n", 1)[0]).write_text("$ORIGIN " + text.rsplit("\n;; ── ", 1)[0] + "\n")
    zones = "".join(f"zone:\n  name: {name}\n  zonefile: {files}/{name}\n" for name in names)
    (directory / "nsd.conf").write_text(
        f"server:\n  ip-address: 127.0.0.1@{port}\n  server-count: 1\n  username: \"\"\n  chroot: \"\"\n"
        f"  zonesdir: \"{files}\"\n  database: \"\"\n  pidfile: \"\"\n  xfrdfile: \"{files}/.xfrd\"\n"
        f"  zonelistfile: \"{files}/.list\"\n  rrl-ratelimit: 0\nremote-control:\n  control-enable: no\n{zones}"
    )
    return directory / "nsd.conf"


def start_server(directory, port):
    return harness.Program(harness.BIN / "zone-server", "--serve", directory / "state/serve", "--listen",
                           f"127.0.0.1@{port}", log=directory / "zone-server.log")


def start_nsd(directory, config):
    binary = shutil.which("nsd", path="/usr/sbin:/usr/bin")
    return harness.Program(binary, "-d", "-c", config, log=directory / "nsd.log")


def wait_answers(port, name, program):
    harness.wait_until(lambda: harness.serial(port, name) or not program.running(), f"{name} answered", 120)
    assert program.running(), program.log()


def one_round(port, pid, questions, seconds):
    """CPU microseconds per answered query and answers per second of wall time."""
    before = cpu_seconds(pid)
    out = harness.run("taskset", "-c", "1", TESTS / "load", "127.0.0.1", port, questions, seconds, 256,
                      timeout=seconds + 30).stdout.split()
    answered, lost, wall = int(out[0]), int(out[1]), float(out[2])
    return (cpu_seconds(pid) - before) / answered * 1e6, answered / wall, lost


def second_start(directory, name, port):
    """Seconds from the start of zoned, on a full store, to the first right answer."""
    begin = time.monotonic()
    with harness.Program(harness.BIN / "zoned", "--config", directory / "zonebox.yaml",
                         log=directory / "zoned.log") as program:
        while harness.serial(port, name, timeout=0.02) is None:  # asked too early, a question is lost
            assert program.running(), program.log()
        return time.monotonic() - begin


def read_options(text, **defaults):
    """Numbers, each --name of the kind that its default is."""
    options = argparse.ArgumentParser(description=text.splitlines()[0])
    for name, default in defaults.items():
        options.add_argument(f"--{name}", type=type(default), default=default)
    return options.parse_args()


def main():
    chosen = read_options(__doc__, zones=10000, rounds=5, seconds=4.0)
    with harness.scratch() as directory:
        port = harness.free_port()
        names = write_inputs(directory, chosen.zones, port)
        begin = time.monotonic()
        signer = [harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once"]
        harness.run(*signer, timeout=3600)
        print(f"first signing of {chosen.zones} zones: {time.monotonic() - begin:.1f} s")
        begin = time.monotonic()
        harness.run(*signer, timeout=3600)
        print(f"second run of the signer, nothing to do: {time.monotonic() - begin:.2f} s")
        starts = [second_start(directory, names[-1], port) for _ in range(chosen.rounds)]
        print(f"zoned on a full store, start to first answer: median {statistics.median(starts):.3f} s "
              f"(min {min(starts):.3f}, max {max(starts):.3f})")
        questions = directory / "questions"
        write_questions(questions, names, 200000, seed=1)
        measure(directory, names, questions, chosen)


def measure(directory, names, questions, chosen):
    ports = {"zone-server": harness.free_port(), "nsd": harness.free_port()}
    config = write_nsd(directory, names, ports["nsd"])
    with start_server(directory, ports["zone-server"]) as ours, start_nsd(directory, config) as nsd:
        pids = {"zone-server": ours.pid, "nsd": nsd.pid}
        for server, program in (("zone-server", ours), ("nsd", nsd)):
            wait_answers(ports[server], names[-1], program)
            for pid in [pids[server], *children(pids[server])]:
                subprocess.run(["taskset", "-cp", "0", str(pid)], check=True, capture_output=True)
            one_round(ports[server], pids[server], questions, 1.0)
        rows = {"zone-server": [], "nsd": []}
        for number in range(chosen.rounds):
            for server in sorted(rows, reverse=number % 2 == 0):
                rows[server].append(one_round(ports[server], pids[server], questions, chosen.seconds))
    for server, measured in rows.items():
        micros, rates, lost = zip(*measured)
        print(f"{server:12s} CPU per query: median {statistics.median(micros):.2f} µs "
              f"(min {min(micros):.2f}, max {max(micros):.2f}); {statistics.median(rates):.0f} answers/s; "
              f"lost {sum(lost)}")
    ratios = [a[0] / b[0] for a, b in zip(rows["zone-server"], rows["nsd"])]
    print(f"ratio zone-server / nsd, pair by pair: median {statistics.median(ratios):.2f} "
          f"(min {min(ratios):.2f}, max {max(ratios):.2f}) over {chosen.rounds} rounds of {chosen.seconds:g} s")


if __name__ == "__main__":
    main()
