# SPDX-License-Identifier: ISC
"""CPU of DNS over TLS 1.3: per query on kept connections, and per connection with one query, beside NSD and BIND.

The client is dnsperf, 8 connections, each server's process bound to a core of its own; CPU is the server's user and system time
from /proc. Connections with one query are whole handshakes, with an ECDSA P-256 and with an RSA-2048 certificate. Each
round asks all servers in turn, in an order that alternates; quoted are medians of the rounds, and ratios round by round.
"""

import contextlib
import re
import statistics

import serve
import workload

import harness
import others

KEYS = {"P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "RSA-2048": ["-algorithm", "RSA"]}
MODES = {"kept": "query, connections kept", "once": "connection with one query"}
FLIGHT = {"kept": ["-q", "64"], "once": ["-q", "8", "-O", "num-queries-per-conn=1"]}


def make_pair(directory, name, options):
    key, certificate = directory / f"{name}.key", directory / f"{name}.pem"
    harness.run("openssl", "genpkey", *options, "-out", key)
    harness.make_certificate(certificate)
    (directory / f"{name}.both").write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate, key


def commands(directory, name, pair, zones):
    """Server → how it is started, the port of TLS, and that where it is seen to be up (zone-server's TLS is all it has)."""
    certificate, key = pair
    places = {server: directory / f"{server}-{name}" for server in ("nsd", "bind")}
    plain, at = ({server: harness.free_port() for server in ("zone-server", "nsd", "bind")} for _ in range(2))
    for place in places.values():
        place.mkdir()
    bind = others.named(places["bind"], [f"127.0.0.1@{plain['bind']}"], zones, "minimal-responses yes;", "tcp-clients 1000;",
                        f"listen-on port {at['bind']} tls bench {{ 127.0.0.1; }};")
    with open(places["bind"] / "named.conf", "a") as config:
        config.write(f'tls bench {{ cert-file "{certificate}"; key-file "{key}"; }};\n')
    both = directory / f"{name}.both"
    return {
        "zone-server": ([harness.BIN / "zone-server", "--serve", directory / "state/serve", "--listen", f"127.0.0.1@{at['zone-server']}",
                         "--tls", "--tls-handshakes", "0", "--certificate", "3"], at["zone-server"], None, both),
        "nsd": (others.nsd(places["nsd"], [f"127.0.0.1@{plain['nsd']}", f"127.0.0.1@{at['nsd']}"], zones, "minimal-responses: yes",
                           "tcp-count: 1000", "tcp-query-count: 0", f"tls-port: {at['nsd']}", f'tls-service-key: "{key}"',
                           f'tls-service-pem: "{certificate}"'), at["nsd"], plain["nsd"], None),
        "bind": ([*bind, "-n", "1"], at["bind"], plain["bind"], None),
    }


def asked(port, mode, questions, seconds):
    """dnsperf's numbers: queries completed, and lost."""
    out = harness.run("taskset", "-c", serve.CLIENT_CORE, "dnsperf", "-B", "-m", "dot", "-s", "127.0.0.1", "-p", port, "-d", questions, "-l",
                      seconds, "-c", "8", *FLIGHT[mode], timeout=seconds + 60).stdout
    return tuple(int(re.search(rf"{words}: +(\d+)", out)[1]) for words in ("Queries completed", "Queries lost"))


def one_round(pid, port, mode, questions, seconds):
    """CPU microseconds per answered query."""
    before = workload.cpu_seconds(pid)
    completed, lost = asked(port, mode, questions, seconds)
    assert lost <= serve.LOST_AT_MOST * completed, f"{lost} of {completed + lost} queries lost on port {port} ({mode})"
    return (workload.cpu_seconds(pid) - before) / completed * 1e6


@contextlib.contextmanager
def running(directory, name, command, zone):
    words, at, plain, given = command
    with contextlib.ExitStack() as stack:
        words = ["taskset", "-c", serve.SERVER_CORE, *words]
        if given is not None:
            words = ["bash", "-c", f'exec "$@" 3<"{given}"', "bash", *words]
        program = stack.enter_context(harness.Program(*words, log=directory / f"{name}.log"))
        program.wait_for((lambda: harness.serial(plain, zone)) if plain else (lambda: "serving" in program.log()), 60)
        yield program.pid, at


def main():
    chosen = workload.read_options(__doc__, zones=1000, rounds=5, seconds=2)
    rows = {}
    with harness.scratch() as directory:
        names = workload.write_inputs(directory, chosen.zones, harness.free_port())
        harness.run(harness.BIN / "zone-signer", "--config", directory / "zonebox.yaml", "--once", timeout=3600)
        zones = serve.dump_zones(directory, names)
        workload.write_questions(directory / "questions", names, 20000, seed=1)
        for kind, options in KEYS.items():
            modes = MODES if kind == "P-256" else ["once"]
            with contextlib.ExitStack() as stack:
                pair = make_pair(directory, kind, options)
                servers = {name: stack.enter_context(running(directory, f"{name}-{kind}", command, names[-1]))
                           for name, command in commands(directory, kind, pair, zones).items()}
                for number in range(chosen.rounds):
                    for mode in modes:
                        for name in sorted(servers, reverse=number % 2 == 0):
                            taken = one_round(*servers[name], mode, directory / "questions", chosen.seconds)
                            rows.setdefault(f"{MODES[mode]}, {kind}", {}).setdefault(name, []).append(taken)
    names = list(next(iter(rows.values())))
    names.sort(key=("zone-server", "nsd", "bind").index)
    print("| CPU µs per | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|")
    for title, row in rows.items():
        print(f"| {title} | " + " | ".join(f"{statistics.median(row[name]):.1f}" for name in names) + " |")
    print()
    for title, row in rows.items():
        ratios = {name: workload.spread([ours / other for ours, other in zip(row["zone-server"], row[name])]) for name in names[1:]}
        print(f"{title}: " + ", ".join(f"{ratio} × {name}" for name, ratio in ratios.items()))


if __name__ == "__main__":
    main()
