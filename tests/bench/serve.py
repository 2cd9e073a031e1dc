# SPDX-License-Identifier: ISC
"""CPU per query of zone-server, NSD, Knot, BIND and an echo on the same signed mail zones, in one run.

The echo is the floor: it sends back as many octets as zone-server's reply to the query has, over the same system calls. Each
round asks all servers in turn, in an order that alternates, so that a machine whose speed drifts slows all; quoted are medians
of the rounds, and ratios round by round. CPU is the server's user and system time from /proc, not the wall clock; server and
client are bound to a core each. The questions: 60% positive, 20% NODATA, 20% NXDOMAIN; 70% with DO.

  udp        a client of ours that is not the limit, 256 queries under way
  dnsperf    dnsperf as it is, whose pace makes batches small
  tcp        16 connections kept, 8 queries under way on each
  tcp-once   32 connections at a time, one query each

Further: seconds from the start of each server to its first right answer, memory (PSS) after the rounds, the same for zoned;
milliseconds from a commit to its being served; two workers beside one; and with --large N a store of N zones beside the first.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "integration"))
import workload  # noqa: E402
import harness  # noqa: E402
import others  # noqa: E402

SERVER_CORE, CLIENT_CORE = "0", "1"
MODES = {"udp": "UDP", "dnsperf": "UDP, dnsperf as client", "tcp": "TCP, connections kept", "tcp-once": "TCP, one query each"}
START_AT_MOST = 300  # seconds
LOST_AT_MOST = 0.01  # of the answers: more, and another thing was measured


def dump_zones(directory, names):
    """The zones as they are served, as master files: name → file."""
    files = directory / "zones"
    files.mkdir()
    dump = harness.run(harness.BIN / "zonegen", "--config", directory / "zonebox.yaml", "--dump", "--signed",
                       timeout=3600).stdout
    for text in dump.split("\n$ORIGIN ")[1:]:
        (files / text.split(".\n", 1)[0]).write_text("$ORIGIN " + text.rsplit("\n;; ── ", 1)[0] + "\n")
    return {name: files / name for name in names}


def zone_server(directory, port):
    return [harness.BIN / "zone-server", "--rate-limit", "0", "--serve", directory / "state/serve", "--listen", f"127.0.0.1@{port}"]


def commands(directory, ports, zones):
    """How each server is started, with one worker."""
    for name in ("nsd", "knot", "bind"):
        (directory / name).mkdir()
    at = {name: [f"127.0.0.1@{port}"] for name, port in ports.items()}
    return {
        "zone-server": zone_server(directory, ports["zone-server"]),
        "nsd": others.nsd(directory / "nsd", at["nsd"], zones, "minimal-responses: yes", "tcp-count: 1000", "tcp-query-count: 0"),
        "knot": others.knotd(directory / "knot", at["knot"], zones, "udp-workers: 1", "tcp-workers: 1", "background-workers: 1",
                             "tcp-max-clients: 1000"),
        "bind": [*others.named(directory / "bind", at["bind"], zones, "minimal-responses yes;", "tcp-clients 1000;", "tcp-listen-queue 511;"), "-n", "1"],
        "echo": [workload.TESTS / "echo", ports["echo"]],
    }


class Server:
    """One that runs, bound to its core, and how long it took to answer."""

    def __init__(self, directory, name, command, port, zone):
        self.name, self.port = name, port
        begin = time.monotonic()
        self.program = harness.Program("taskset", "-c", SERVER_CORE, *command, log=directory / f"{name}.log")
        if name != "echo":
            self.wait_answer(zone)
        self.took = time.monotonic() - begin

    def wait_answer(self, zone):
        deadline = time.monotonic() + START_AT_MOST
        while harness.serial(self.port, zone, timeout=0.05) is None:  # asked too early, a question is lost
            assert self.program.running() and time.monotonic() < deadline, self.program.log()

    def pss(self):
        """Mebibytes, of the process and its children."""
        pids = [self.program.pid, *workload.children(self.program.pid)]
        texts = [pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
        return sum(int(re.search(r"^Pss: +(\d+)", text, re.M)[1]) for text in texts) / 1024


def run_client(mode, port, questions, seconds):
    """Answers, how many were lost, seconds of wall time."""
    client = ["taskset", "-c", CLIENT_CORE]
    ours = {"udp": ("load", 256, 1), "tcp": ("load_tcp", 16, 8), "tcp-once": ("load_tcp", 32, 0)}
    if mode in ours:
        program, *rest = ours[mode]
        out = harness.run(*client, workload.TESTS / program, "127.0.0.1", port, questions, seconds, *rest,
                          timeout=seconds + 30).stdout.split()
        return int(out[0]), int(out[1]), float(out[2])
    out = harness.run(*client, "dnsperf", "-B", "-d", questions, "-s", "127.0.0.1", "-p", port, "-l", int(seconds + 0.99),
                      timeout=seconds + 30).stdout
    numbers = [re.search(rf"{word}: +([\d.]+)", out)[1] for word in ("Queries completed", "Queries lost", r"Run time \(s\)")]
    return int(numbers[0]), int(numbers[1]), float(numbers[2])


def one_round(mode, pids, port, questions, seconds):
    """CPU microseconds per answered query and answers per second of wall time."""
    before = sum(map(workload.cpu_seconds, pids))
    answered, lost, wall = run_client(mode, port, questions, seconds)
    assert lost <= answered * LOST_AT_MOST, f"{lost} of {answered + lost} queries lost on port {port} ({mode})"
    used = sum(map(workload.cpu_seconds, pids)) - before
    return max(used, 1 / workload.TICKS) / answered * 1e6, answered / wall  # a short round may see less than a tick


def measure(servers, questions, chosen):
    """mode → server → rounds of (µs, answers per second)."""
    rows = {mode: {server.name: [] for server in servers} for mode in MODES}
    for number in range(chosen.rounds + 1):  # the first one warms up
        for mode in MODES:
            for server in servers[::-1 if number % 2 else 1]:
                taken = one_round(mode, [server.program.pid], server.port, questions, chosen.seconds)
                if number > 0:
                    rows[mode][server.name].append(taken)
    return rows


def ratio(rows, one, other):
    return workload.spread([a[0] / b[0] for a, b in zip(rows[one], rows[other])])


def print_table(rows, servers):
    names = [server.name for server in servers]
    print("\n| CPU µs per query, median | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|")
    for mode, title in MODES.items():
        print(f"| {title} | " + " | ".join(f"{statistics.median(a for a, _ in rows[mode][name]):.1f}" for name in names) + " |")
    real = [server for server in servers if server.name != "echo"]
    print("| start to first answer, s | " + " | ".join(f"{server.took:.2f}" for server in real) + " | |")
    print("| resident (PSS), MiB | " + " | ".join(f"{server.pss():.0f}" for server in real) + " | |\n")
    for mode, title in MODES.items():
        print(f"{title}: " + ", ".join(f"{ratio(rows[mode], 'zone-server', name)} × {name}" for name in names[1:]))
    rates = [statistics.median(a[1] / b[1] for a, b in zip(rows["udp"]["zone-server"], rows["udp"][name])) for name in names[1:]]
    print("answers per second over UDP: " + ", ".join(f"{rate:.2f} × {name}" for rate, name in zip(rates, names[1:])))


def measure_starts(directory, zone, port, rounds):
    """From the start of zoned, on a full store, to the first right answer."""
    took = []
    for _ in range(rounds):
        begin = time.monotonic()
        with harness.Program(harness.BIN / "zoned", "--config", directory / "zonebox.yaml", log=directory / "zoned.log") as program:
            while harness.serial(port, zone, timeout=0.02) is None:
                assert program.running(), program.log()
            took.append(time.monotonic() - begin)
    print(f"zoned on a full store, start to first answer: {workload.spread(took, ' s', 3)}")


def measure_visible(server, directory):
    out = harness.run(workload.TESTS / "visible", directory / "state/serve", "127.0.0.1", server.port, 100, timeout=120).stdout
    took = [float(line) for line in out.split()]
    print(f"a commit is served after {workload.spread(took, ' ms')}, of {len(took)}")


@contextlib.contextmanager
def workers(directory, count, port):
    """As zoned starts them: sockets of their own with SO_REUSEPORT, inherited."""
    with contextlib.ExitStack() as stack:
        started = []
        for number in range(count):
            redirect = ""
            for place, kind in enumerate((socket.SOCK_DGRAM, socket.SOCK_STREAM), 3):
                one = stack.enter_context(socket.socket(socket.AF_INET, kind))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                one.bind(("127.0.0.1", port))
                if kind == socket.SOCK_STREAM:
                    one.listen(511)
                high = fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 50)
                stack.callback(os.close, high)
                os.set_inheritable(high, True)
                redirect += f" {place}<&{high}"
            inherited = [int(word.rpartition("&")[2]) for word in redirect.split()]
            started.append(stack.enter_context(harness.Program(
                "bash", "-c", f'exec "$@" {redirect}', "bash", harness.BIN / "zone-server", "--rate-limit", "0", "--serve", directory / "state/serve",
                "--sockets", 2, log=directory / f"worker{number}.log", pass_fds=inherited)))
        yield [program.pid for program in started]


def ask_from(cores, port, questions, seconds):
    """A client on each core, of many sockets, of which each worker gets its share. Answers of all."""
    clients = [subprocess.Popen(["taskset", "-c", str(core), workload.TESTS / "load", "127.0.0.1", str(port), questions, str(seconds),
                                 "512", "16"], stdout=subprocess.PIPE, text=True) for core in cores]
    return sum(int(client.communicate(timeout=seconds + 30)[0].split()[0]) for client in clients)


def measure_workers(directory, zone, questions, chosen):
    """Two workers beside one: each on a core that it shares with a client, so that the cores have the same to do."""
    rows = {1: [], 2: []}
    for number in range(chosen.rounds):
        for count in sorted(rows, reverse=number % 2 == 0):
            port = harness.free_port()
            with workers(directory, count, port) as pids:
                harness.wait_until(lambda: harness.serial(port, zone), "a worker answers")
                for core, pid in enumerate(pids):
                    os.sched_setaffinity(pid, {core})
                before = sum(map(workload.cpu_seconds, pids))
                answered = ask_from(range(count), port, questions, chosen.seconds)
                rows[count].append((sum(map(workload.cpu_seconds, pids)) - before) / answered * 1e6)
    print(f"CPU per query of two workers beside one: {workload.spread([b / a for a, b in zip(rows[1], rows[2])])}; "
          f"{workload.spread(rows[2], ' µs')}")


def measure_large(small, small_questions, chosen):
    """The same server on a store of many more zones, in turn with the first."""
    with harness.scratch() as directory:
        names, questions, _ = prepare(directory, chosen.large)
        server = Server(directory, "zone-server", zone_server(directory, port := harness.free_port()), port, names[-1])
        rows = {"small": [], "large": []}
        with server.program:
            for number in range(chosen.rounds + 1):
                for kind, port, asked in (("small", small.port, small_questions), ("large", server.port, questions)):
                    pid = small.program.pid if kind == "small" else server.program.pid
                    taken = one_round("udp", [pid], port, asked, chosen.seconds)
                    if number > 0:
                        rows[kind].append(taken)
            print(f"{chosen.large} zones beside {chosen.zones}: {ratio(rows, 'large', 'small')} of the CPU per query; "
                  f"start to first answer {server.took:.2f} s, PSS {server.pss():.0f} MiB")
            measure_visible(server, directory)


def prepare(directory, zones):
    """Signed zones and questions that say how long their replies are. Returns names, the file of questions, zoned's port."""
    port = harness.free_port()
    names = workload.write_inputs(directory, zones, port)
    begin = time.monotonic()
    signer = [harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once"]
    harness.run(*signer, timeout=3600)
    print(f"first signing of {zones} zones: {time.monotonic() - begin:.1f} s", flush=True)
    plain, sized = directory / "plain", directory / "questions"
    workload.write_questions(plain, names, 200000, seed=1)
    ask_port = harness.free_port()
    with Server(directory, "sizes", zone_server(directory, ask_port), ask_port, names[-1]).program:
        mean = harness.run(workload.TESTS / "sized", "127.0.0.1", ask_port, plain, sized, timeout=600).stdout.strip()
    print(f"replies have {mean} octets on the average", flush=True)
    return names, sized, port


def main():
    chosen = workload.read_options(__doc__, zones=10000, rounds=10, seconds=2.0, large=0)
    with harness.scratch() as directory, contextlib.ExitStack() as stack:
        names, questions, zoned_port = prepare(directory, chosen.zones)
        measure_starts(directory, names[-1], zoned_port, chosen.rounds)
        zones = dump_zones(directory, names)
        ports = {name: harness.free_port() for name in ("zone-server", "nsd", "knot", "bind", "echo")}
        servers = []
        for name, command in commands(directory, ports, zones).items():
            servers.append(Server(directory, name, command, ports[name], names[-1]))
            stack.enter_context(servers[-1].program)
        rows = measure(servers, questions, chosen)
        print_table(rows, servers)
        measure_visible(servers[0], directory)
        measure_workers(directory, names[-1], questions, chosen)
        if chosen.large > 0:
            measure_large(servers[0], questions, chosen)


if __name__ == "__main__":
    main()
