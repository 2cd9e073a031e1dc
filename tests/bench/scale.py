# SPDX-License-Identifier: ISC
"""Many domains, and a large one: what they cost.

dump      CPU time of `zonegen --dump` of all domains beside that of ldns-read-zone reading the same text, in turn
change    seconds from a change of one domain's lines to the first right answer, and the signer's CPU time for it
memory    most memory of zone-signer that is its own (RssAnon, looked at every 5 ms; the store is mapped and not counted)
          while it signs a zone of many records for the first time

Options: --zones N, --rounds N, --records N.
"""

import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import workload  # noqa: E402
import harness  # noqa: E402


def cpu_of(*command, out=None):
    """User and system time of a command that ends with 0."""
    with open(out or os.devnull, "wb") as file:
        process = subprocess.Popen([str(word) for word in command], stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return usage.ru_utime + usage.ru_stime


def count_records(dump):
    return sum(" IN " in line for line in dump.splitlines() if not line.startswith(";"))


def measure_dump(directory, rounds):
    dump = [harness.BIN / "zonegen", "--config", directory / "zonebox.yaml", "--dump"]
    text = directory / "dump.zone"
    cpu_of(*dump, out=text)
    records = count_records(text.read_text())
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(cpu_of(*dump))
        theirs.append(cpu_of("ldns-read-zone", text))
    print(f"zonegen --dump of {records} records: {workload.spread(ours, ' s')}; ldns-read-zone of the same text: "
          f"{workload.spread(theirs, ' s')}; ratio pair by pair: {workload.spread([a / b for a, b in zip(ours, theirs)], '')}")


def wait_text(port, name, wanted, program):
    while not any(wanted in rrset.to_text() for rrset in harness.query(port, name, "TXT").answer):
        assert program.running(), program.log()


def replace_file(directory, path, text):
    new = directory / "new"
    new.write_text(text)
    os.rename(new, path)


def split_files(directory, names):
    """The same domains, each in a file of its own; those that are not the host's."""
    (directory / "conf.d").mkdir()
    config = directory / "zonebox.yaml"
    text = config.read_text()
    for name in names[1:]:
        (directory / "conf.d" / f"{name}.yaml").write_text(f"domains:\n  - {name}\n")
        text = text.replace(f"  - {name}\n", "")
    replace_file(directory, config, text + "include: conf.d/*.yaml\n")


def measure_change(directory, names, port, rounds, form):
    changed = names[len(names) // 2]
    config = directory / "zonebox.yaml"
    part = config if form == "one file" else directory / "conf.d" / f"{changed}.yaml"
    text, line = part.read_text(), f"  - {changed}\n"
    took, cpu = [], []
    with harness.Program(harness.BIN / "zoned", "--config", config, log=directory / f"zoned-{form.split()[0]}.log") as program:
        harness.wait_until(lambda: f"ready zones={len(names)} of={len(names)}" in program.log(), "zoned is ready", 120)
        signer = next(pid for pid in workload.children(program.pid)
                      if "zone-signer" in pathlib.Path(f"/proc/{pid}/cmdline").read_text())
        for number in range(rounds):
            used = workload.cpu_seconds(signer)
            begin = time.monotonic()
            replace_file(directory, part,
                         text.replace(line, f"  - {{name: {changed}, records: ['@ TXT round-{number}']}}\n"))
            wait_text(port, changed, f"round-{number}", program)
            took.append(time.monotonic() - begin)
            cpu.append(workload.cpu_seconds(signer) - used)
    replace_file(directory, part, text)
    print(f"one of {len(names)} domains ({form}) changed, to the first right answer: {workload.spread(took, ' s')}; "
          f"CPU of zone-signer for it: {workload.spread(cpu, ' s')}")


class Watch(threading.Thread):
    """The most that RssAnon of a process was."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path, self.most = pathlib.Path(f"/proc/{pid}/status"), 0
        self.start()

    def run(self):
        try:
            while True:
                for line in self.path.read_text().splitlines():
                    if line.startswith("RssAnon:"):
                        self.most = max(self.most, int(line.split()[1]))
                time.sleep(0.005)
        except OSError:
            return


def signer_memory(directory):
    process = subprocess.Popen([harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once"],
                               stderr=subprocess.DEVNULL)
    watch = Watch(process.pid)
    assert process.wait() == 0
    watch.join()
    return watch.most / 1024


def measure_memory(directory, records):
    (directory / "large.records").write_text("".join(f"host{i} A 192.0.2.{i % 250 + 1}\n" for i in range(records)))
    (directory / "zonebox.yaml").write_text(harness.completed(
        "box:\n  hostname: box.example.com\n  addresses: [192.0.2.10]\n  tls: []\n  ssh: []\n  dkim: no\nstate: large\n"
        "domains:\n  - {name: example.com, mail: no, records-file: large.records}\n"))
    most = signer_memory(directory)
    made = count_records(harness.run(harness.BIN / "zonegen", "--config", directory / "zonebox.yaml", "--dump",
                                     timeout=600).stdout)
    print(f"zone-signer signing a zone of {made} records, {records} of them custom ones: {most:.0f} MiB; "
          f"64 MiB + 2 kB × records are {64 + made * 2 / 1024:.0f} MiB")


def main():
    chosen = workload.read_options(__doc__, zones=10000, rounds=5, records=25000)
    with harness.scratch() as directory:
        port = harness.free_port()
        names = workload.write_inputs(directory, chosen.zones, port)
        print(f"zone-signer signing {chosen.zones} zones for the first time: {signer_memory(directory):.0f} MiB")
        measure_dump(directory, chosen.rounds)
        measure_change(directory, names, port, chosen.rounds, "one file")
        split_files(directory, names)
        measure_change(directory, names, port, chosen.rounds, "a file each")
    with harness.scratch() as directory:
        measure_memory(directory, chosen.records)


if __name__ == "__main__":
    main()
