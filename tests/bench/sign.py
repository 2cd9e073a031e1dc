# SPDX-License-Identifier: ISC
"""Signatures per second of zone-signer and of its peers, as parts of what libcrypto makes with nothing else to do.

Two jobs, each on one core and on all: one zone of many A records from a zone file, and many mail zones. Keys exist, nothing
is signed yet. What counts is the whole process, from its start until all is committed (files written, zones served) and it
has ended; signatures are the RRSIGs that came out. Between any two programs the bare loop (sign.c: EVP_PKEY_sign over a
SHA-256 digest, one context) runs for a moment, and a program's part is of the mean of the two loops beside it, so that a
machine whose speed drifts slows both. CPU is user and system time; its part is that of signatures per CPU second.

ldns-signzone, dnssec-signzone and kzonesign sign one zone a start. Of the many zones they get the first few hundred, as
many at a time as there are cores; knotd gets all, and counts until the last one is loaded.

`short` makes all of it small: it shows that the bench works, and measures little.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import workload  # noqa: E402
import harness  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
SEARCH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Started once per zone, they need no more than these to be measured.
ZONES_OF_STARTS = 300


def count_signatures(path):
    return len(re.findall(r"^\S*\s+(?:\d+\s+)?(?:IN\s+)?RRSIG\s", pathlib.Path(path).read_text(), re.M))


def pinned(cores, *command):
    return ["taskset", "-c", ",".join(str(core) for core in cores), *[str(word) for word in command]]


def run_timed(command, log):
    """Wall and CPU seconds of a command that ends with 0, its children included."""
    begin = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command}\n{pathlib.Path(log).read_text()[-2000:]}"
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime


def bare_loop(cores, seconds):
    """Signatures per second of wall time, and per CPU second."""
    made, wall, cpu = harness.run(*pinned(cores, workload.TESTS / "bare_sign", len(cores), seconds)).stdout.split()
    return int(made) / float(wall), int(made) / float(cpu)


class Job:
    """Zones as zone-signer has them and as master files with a key each, which the peers take."""

    def __init__(self, directory, names):
        self.directory, self.names = directory, names
        self.log = directory / "log"
        self.some = names[:ZONES_OF_STARTS]
        self.signer = [harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once"]
        harness.run(*self.signer, timeout=3600)  # keys
        self.write_masters()

    def of(self, name):
        return self.directory / "peers" / name

    def key(self, name):
        return next(self.of(name).glob("K*.key")).with_suffix("")

    def write_masters(self):
        dump = harness.run(harness.BIN / "zonegen", "--config", self.directory / "zonebox.yaml", "--dump", timeout=600).stdout
        for text in dump.split("\n$ORIGIN ")[1:]:
            name = text.split(".\n", 1)[0]
            self.of(name).mkdir(parents=True)
            (self.of(name) / "zone").write_text("$TTL 3600\n$ORIGIN " + text.rsplit("\n;; ── ", 1)[0] + "\n")
        for key in (self.directory / "state/keys").iterdir():
            os.link(key, self.of(key.name[1:].split(".+", 1)[0]) / key.name)

    def once_each(self, cores, words, signed="signed"):
        """Starts a program for each of some zones; words(name) is its command line."""
        lines = self.directory / "lines"
        lines.write_text("".join(" ".join(str(word) for word in words(name)) + "\n" for name in self.some))
        wall, cpu = run_timed(pinned(cores, "xargs", "-a", lines, "-P", len(cores), "-L", 1, "env"), self.log)
        return sum(count_signatures(self.of(name) / signed) for name in self.some), wall, cpu

    def threads(self, cores):
        """For a program that has threads: as many as there are cores, where it is started once only."""
        return len(cores) if len(self.some) == 1 else 1


def run_zone_signer(job, cores):
    for name in ("state", "serve", "public"):
        shutil.rmtree(job.directory / "state" / name, ignore_errors=True)
    wall, cpu = run_timed(pinned(cores, *job.signer), job.log)
    return int(re.search(r"done .*\bsignatures=(\d+)", job.log.read_text())[1]), wall, cpu


def run_ldns(job, cores):
    return job.once_each(cores, lambda name: ["ldns-signzone", "-o", name, "-f", job.of(name) / "signed",
                                              job.of(name) / "zone", job.key(name)])


def run_bind(job, cores):
    # No verification (-P), one key for all (-z), which lies there (-S -K).
    return job.once_each(cores, lambda name: [
        shutil.which("dnssec-signzone", path=SEARCH), "-q", "-P", "-z", "-S", "-K", job.of(name), "-n", job.threads(cores),
        "-o", name, "-d", job.of(name), "-f", job.of(name) / "signed", job.of(name) / "zone"])


class Knot:
    """knotd and kzonesign. They make keys of their own before; nothing else is kept from one run to the next."""

    def __init__(self, job):
        self.job, self.directory = job, job.directory
        (self.directory / "knot").mkdir()
        self.port = harness.free_port()
        for name in job.some:
            (job.of(name) / "knot").mkdir()
        self.signatures = 0
        self.run_knotd(job, CORES)  # keys
        self.run_kzonesign(job, CORES)
        # Its zones are as large as each other but for the first, which has the host's records.
        first, second = (count_signatures(job.of(name) / "knot/zone") for name in (job.some[0], job.some[-1]))
        self.signatures = first + (len(job.names) - 1) * second

    def config(self, file, names, workers):
        path = self.directory / file
        zones = "".join(f"  - domain: {name}\n    storage: {self.job.of(name)}\n    file: zone\n" for name in names)
        path.write_text(
            f"server:\n  rundir: {self.directory}/knot\n  listen: 127.0.0.1@{self.port}\n"
            f"  background-workers: {workers}\n  udp-workers: 1\n  tcp-workers: 1\n"
            f"database:\n  storage: {self.directory}/knot\nlog:\n  - target: stderr\n    any: info\n"
            "policy:\n  - id: csk\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
            f"    cds-cdnskey-publish: none\n    signing-threads: {workers if len(names) == 1 else 1}\n"
            "template:\n  - id: default\n    dnssec-signing: on\n    dnssec-policy: csk\n    journal-content: none\n"
            f"    zonefile-sync: -1\nzone:\n{zones}")
        return path

    def run_knotd(self, job, cores):
        job.log.unlink(missing_ok=True)
        config = self.config("knot.conf", job.names, len(cores))
        begin = time.monotonic()
        command = pinned(cores, shutil.which("knotd", path=SEARCH), "-c", config)
        with harness.Program(*command, log=job.log) as program, open(job.log, "rb") as log:
            loaded = 0
            while loaded < len(job.names):
                assert program.running(), program.log()
                loaded += log.read().count(b"] loaded, serial ")
                time.sleep(0.01)
            return self.signatures, time.monotonic() - begin, workload.cpu_seconds(program.pid)

    def run_kzonesign(self, job, cores):
        for name in job.some:
            self.config(f"{name}.conf", [name], job.threads(cores))
        return job.once_each(cores, lambda name: [
            shutil.which("kzonesign", path=SEARCH), "-c", self.directory / f"{name}.conf", "-o", job.of(name) / "knot", name],
            "knot/zone")


def measure(job, knot, cores, chosen):
    programs = {"zone-signer": run_zone_signer, "ldns-signzone": run_ldns, "dnssec-signzone": run_bind,
                "kzonesign": knot.run_kzonesign, "knotd": knot.run_knotd}
    of_wall, of_cpu, took, loops = {name: [] for name in programs}, {name: [] for name in programs}, {}, []
    for number in range(chosen.rounds):
        before = bare_loop(cores, chosen.seconds)
        for name in sorted(programs, reverse=number % 2 == 1):
            signatures, wall, cpu = programs[name](job, cores)
            after = bare_loop(cores, chosen.seconds)
            of_wall[name].append(2 * signatures / wall / (before[0] + after[0]))
            of_cpu[name].append(2 * signatures / cpu / (before[1] + after[1]))
            took.setdefault(name, []).append((signatures, wall, cpu))
            loops.append(after)
            before = after
    print(f"  on {len(cores)} of {len(CORES)} cores; the bare loop: {statistics.median(rate for rate, _ in loops):.0f} signatures/s, "
          f"{statistics.median(rate for _, rate in loops):.0f} per CPU second")
    for name in programs:
        signatures, wall, cpu = (statistics.median(column) for column in zip(*took[name]))
        print(f"    {name:15s} {workload.spread(of_wall[name])} of it, by CPU {workload.spread(of_cpu[name])}; "
              f"{signatures:.0f} signatures in {wall:.2f} s, CPU {cpu:.2f} s")


def measure_job(job, chosen):
    knot = Knot(job)
    for cores in [CORES[:1], CORES] if len(CORES) > 1 else [CORES]:
        measure(job, knot, cores, chosen)


def write_large(directory, records, port):
    """One zone of many addresses, from a zone file."""
    hosts = "".join(f"host{i} A 192.0.2.{i % 250 + 1}\n" for i in range(records - 3))
    (directory / "large.zone").write_text(
        "$ORIGIN example.com.\n$TTL 3600\n@ SOA box hostmaster 1 14400 3600 604800 3600\n@ NS box\nbox A 192.0.2.10\n" + hosts)
    (directory / "zonebox.yaml").write_text(harness.completed(
        "box:\n  hostname: box.example.com\n  addresses: [192.0.2.10]\n  tls: []\n  ssh: []\n  dkim: no\nstate: state\n"
        f"server: {{listen: [127.0.0.1@{port}], rate-limit: no}}\ndomains:\n  - {{name: example.com, zone-file: large.zone}}\n"))
    return ["example.com"]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("form", nargs="?", choices=["short"])
    options.add_argument("--zones", type=int)
    options.add_argument("--rounds", type=int)
    options.add_argument("--records", type=int)
    options.add_argument("--seconds", type=float)
    chosen = options.parse_args()
    short = chosen.form == "short"
    sizes = {"zones": 50, "rounds": 1, "records": 500, "seconds": 0.2} if short else \
        {"zones": 10000, "rounds": 5, "records": 10000, "seconds": 1.0}
    for name, size in sizes.items():
        if getattr(chosen, name) is None:
            setattr(chosen, name, size)
    with harness.scratch() as directory:
        print(f"one zone of {chosen.records} records")
        measure_job(Job(directory, write_large(directory, chosen.records, harness.free_port())), chosen)
    with harness.scratch() as directory:
        print(f"{chosen.zones} mail zones")
        measure_job(Job(directory, workload.write_inputs(directory, chosen.zones, harness.free_port())), chosen)


if __name__ == "__main__":
    main()
