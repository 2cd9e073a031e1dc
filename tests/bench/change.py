# SPDX-License-Identifier: ISC
"""One of many domains changes: seconds from the rename of the file to the first right answer over UDP.

In each form that an admin has: a line of the one configuration, a file of conf.d, a records file, a zone file (one for each
domain, so there are as many), and the certificate of the host. Beside it, CPU time of zoned and of zone-signer for a change.

Options: --zones N, --rounds N, --forms LIST (some of them, with commas between).
"""

import contextlib
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import workload  # noqa: E402
import dns.message  # noqa: E402
import harness  # noqa: E402


def wait_answer(port, name, rtype, wanted, program):
    """Asks again and again until the answer holds the octets. A millisecond's pause leaves the cores to the programs."""
    # With room for the TLSA records of keys that leave: nobody has seen that port 25 does without them.
    question = dns.message.make_query(name, rtype, use_edns=0, payload=1232).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(1)
        while True:
            client.send(question)
            if wanted in client.recv(4096):
                return
            assert program.running(), program.log()
            time.sleep(0.001)


def replace_file(directory, path, text):
    new = directory / "new"
    new.write_text(text)
    os.rename(new, path)


# ── Forms: what is changed, and where that is seen ───────────────────────────────────────────────────────────────────────────


class Form:
    """A configuration of many domains. change(n) is the n-th change: the path, its text, and the question with the octets
    that a right answer has."""

    def __init__(self, directory, names, whole):
        self.directory, self.names, self.whole = directory, names, whole
        self.changed = names[len(names) // 2]
        self.config = directory / "zonebox.yaml"
        self.prepare()

    def prepare(self):
        replace_file(self.directory, self.config, self.whole)

    def with_each(self, line):
        """The configuration with another line for each domain but the host's."""
        text = self.whole
        head, tail = text.split("domains:\n", 1)
        lines = [line.format(name=name) for name in self.names[1:]]
        rest = tail.split(f"  - {self.names[-1]}\n", 1)[1]
        return head + f"domains:\n  - {self.names[0]}\n" + "".join(lines) + rest

    def txt(self, number):
        return self.changed, "TXT", f"round-{number}".encode()


class OneFile(Form):
    words = "a line of the one file"

    def change(self, number):
        text = self.whole.replace(f"  - {self.changed}\n",
                                  f"  - {{name: {self.changed}, records: ['@ TXT round-{number}']}}\n")
        return self.config, text, self.txt(number)


class FileEach(Form):
    words = "a file of conf.d"

    def prepare(self):
        (self.directory / "conf.d").mkdir(exist_ok=True)
        for name in self.names[1:]:
            (self.directory / f"conf.d/{name}.yaml").write_text(f"domains:\n  - {name}\n")
        replace_file(self.directory, self.config, self.with_each("") + "include: conf.d/*.yaml\n")

    def change(self, number):
        text = f"domains:\n  - {{name: {self.changed}, records: ['@ TXT round-{number}']}}\n"
        return self.directory / f"conf.d/{self.changed}.yaml", text, self.txt(number)


class RecordsFile(Form):
    words = "a records file"

    def prepare(self):
        (self.directory / "records").mkdir(exist_ok=True)
        for name in self.names[1:]:
            (self.directory / f"records/{name}").write_text("blog 300 CNAME www.example.net.\n")
        replace_file(self.directory, self.config, self.with_each("  - {{name: {name}, records-file: records/{name}}}\n"))

    def change(self, number):
        return self.directory / f"records/{self.changed}", f"@ TXT round-{number}\n", self.txt(number)


class ZoneFile(Form):
    words = "a zone file"

    def text(self, txt):
        return ("$TTL 3600\n@ SOA ns1 hostmaster 1 14400 3600 604800 3600\n@ NS ns1\nns1 A 192.0.2.10\n@ MX 10 ns1\n"
                f"www A 192.0.2.11\n@ TXT {txt}\n")

    def prepare(self):
        (self.directory / "zones").mkdir(exist_ok=True)
        for name in self.names[1:]:
            (self.directory / f"zones/{name}").write_text(self.text("begin"))
        replace_file(self.directory, self.config, self.with_each("  - {{name: {name}, zone-file: zones/{name}}}\n"))

    def change(self, number):
        return self.directory / f"zones/{self.changed}", self.text(f"round-{number}"), self.txt(number)


class Certificate(Form):
    words = "the certificate"

    def change(self, number):
        path = self.directory / "spare.pem"
        digest = harness.make_certificate(path, f"box.{self.names[0]}", new_key=True)
        return self.directory / "tls.pem", path.read_text(), (f"_25._tcp.box.{self.names[0]}", "TLSA", bytes.fromhex(digest))


FORMS = {"one-file": OneFile, "file-each": FileEach, "records-file": RecordsFile, "zone-file": ZoneFile,
         "certificate": Certificate}


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def wait_quiet(pids):
    """All that followed from the last thing is done: no CPU time is spent for 0.3 seconds."""
    used, since = None, time.monotonic()
    while time.monotonic() - since < 0.3:
        now = sum(map(workload.cpu_seconds, pids))
        used, since = (used, since) if now == used else (now, time.monotonic())
        time.sleep(0.02)


@contextlib.contextmanager
def running(directory, config, count):
    with harness.Program(harness.BIN / "zoned", "--config", config, log=directory / "zoned.log") as program:
        log = directory / "zoned.log"
        begun = log.stat().st_size
        harness.wait_until(lambda: f"ready zones={count} of={count}" in log.read_text()[begun:], "zoned is ready", 600)
        signer = next(pid for pid in workload.children(program.pid)
                      if "zone-signer" in pathlib.Path(f"/proc/{pid}/cmdline").read_text())
        wait_quiet([signer])
        yield program, signer


def own_cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / workload.TICKS


def measure(form, port, rounds):
    took, zoned_cpu, signer_cpu = [], [], []
    with running(form.directory, form.config, len(form.names)) as (program, signer):
        for number in range(rounds):
            before = own_cpu(program.pid), own_cpu(signer)
            path, text, asked = form.change(number)
            new = form.directory / "new"
            new.write_text(text)
            begin = time.monotonic()
            os.rename(new, path)
            wait_answer(port, *asked, program)
            took.append(time.monotonic() - begin)
            wait_quiet([program.pid, signer])
            zoned_cpu.append(own_cpu(program.pid) - before[0])
            signer_cpu.append(own_cpu(signer) - before[1])
    print(f"{form.words}, of {len(form.names)} domains: {workload.spread(took, ' s', 3)} to the first right answer; CPU in all: "
          f"zoned {workload.spread(zoned_cpu, ' s')}, zone-signer {workload.spread(signer_cpu, ' s')}", flush=True)


def main():
    chosen = workload.read_options(__doc__, zones=10000, rounds=9, forms="all")
    with harness.scratch() as directory:
        port = harness.free_port()
        names = workload.write_inputs(directory, chosen.zones, port)
        whole = (directory / "zonebox.yaml").read_text()
        wanted = list(FORMS) if chosen.forms == "all" else chosen.forms.split(",")
        for name in wanted:
            measure(FORMS[name](directory, names, whole), port, chosen.rounds)


if __name__ == "__main__":
    main()
