# SPDX-License-Identifier: ISC
"""What the name server counts, where it tells it, and that nothing is lost or counted twice when workers come and go. Judges:
curl, and the parser of Prometheus' own client library."""

import json
import os
import re
import signal
import socket

import dns.message
import dns.query
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alone import ZONE, Server, framed, read_message
from dot import TlsBox, client, presented
from harness import BIN, CONFIG, Box, Threads, free_port, query, run, wait_until
from test_zoned_real import child_pids


@pytest.fixture
def metrics_port():
    return free_port()


@pytest.fixture
def server(store, metrics_port):
    with Server(store, "--metrics", f"127.0.0.1@{metrics_port}") as a_server:
        a_server.wait_zone()
        yield a_server


def curl(port, *options, path="/metrics"):
    return run("curl", "--silent", "--show-error", "--max-time", 20, *options, f"http://127.0.0.1:{port}{path}").stdout


def scrape(port):
    """Samples: (name, labels in order) → value."""
    found = {}
    for family in text_string_to_metric_families(curl(port)):
        assert family.documentation and family.type != "unknown", family.name
        for sample in family.samples:
            key = (sample.name.removeprefix("zonebox_"), tuple(sorted(sample.labels.items())))
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def total(samples, name, **labels):
    """The sum over all workers, and all else that is not named."""
    return sum(value for (found, has), value in samples.items()
               if found == name and set(labels.items()) <= set(has))


def change(before, after, name, label):
    """By value of the label: what came to it."""
    values = {dict(has)[label] for found, has in after if found == name}
    by_value = {value: total(after, name, **{label: value}) - total(before, name, **{label: value}) for value in values}
    return {value: count for value, count in by_value.items() if count}


# ── Counting ─────────────────────────────────────────────────────────────────────────────────────


def test_questions_of_known_kinds_give_exact_numbers(server, metrics_port):
    before = scrape(metrics_port)
    for _ in range(3):
        query(server.port, "www.example.", "A")
    query(server.port, "www.example.", "AAAA", dnssec=True)
    query(server.port, "www.example.", "CAA")
    query(server.port, "nothing.example.", "TYPE65400", tcp=True)
    query(server.port, "x.wild.example.", "TXT")
    query(server.port, "www.sub.example.", "A")
    query(server.port, "example.org.", "A", tcp=True)
    query(server.port, "large.example.", "TXT")
    after = scrape(metrics_port)
    assert change(before, after, "queries_total", "proto") == {"udp": 8, "tcp": 2}
    assert change(before, after, "queries_total", "family") == {"ipv4": 10}
    assert change(before, after, "queries_by_type_total", "type") == {"A": 5, "AAAA": 1, "CAA": 1, "TXT": 2, "other": 1}
    assert change(before, after, "responses_total", "rcode") == {"NOERROR": 8, "NXDOMAIN": 1, "REFUSED": 1}
    assert change(before, after, "responses_by_kind_total", "kind") == {
        "answer": 5, "nodata": 1, "nxdomain": 1, "wildcard": 1, "referral": 1, "error": 1}
    for name, count in (("queries_edns_total", 1), ("queries_dnssec_ok_total", 1), ("responses_truncated_total", 1),
                        ("query_size_bytes_count", 10), ("response_size_bytes_count", 10),
                        ("connections_accepted_total", 2), ("queries_dropped_total", 0), ("batches_total", 10)):
        assert total(after, name) - total(before, name) == count, name
    wait_until(lambda: total(scrape(metrics_port), "connections_closed_total", reason="client") == 2, "they were closed")
    assert total(scrape(metrics_port), "connections") == 0


def test_what_is_no_query_and_what_is_no_question(server, metrics_port):
    before = scrape(metrics_port)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(("::1", server.port))
        client.send(b"short")
        client.send(bytes.fromhex("123420000000000000000000"))  # opcode NOTIFY, without a question
        assert len(client.recv(512)) == 12
    after = scrape(metrics_port)
    assert change(before, after, "queries_total", "family") == {"ipv6": 2}
    assert change(before, after, "queries_by_type_total", "type") == {"none": 2}
    assert change(before, after, "queries_by_opcode_total", "opcode") == {"NOTIFY": 1}
    assert total(after, "queries_dropped_total") - total(before, "queries_dropped_total") == 1


def test_sizes_are_in_cumulative_buckets(server, metrics_port):
    before = scrape(metrics_port)
    answer = query(server.port, "www.example.", "A")
    after = scrape(metrics_port)
    grown = change(before, after, "response_size_bytes_bucket", "le")
    size = len(answer.to_wire())
    bounds = [float(dict(labels)["le"]) for name, labels in after if name == "response_size_bytes_bucket"]
    assert sorted(map(float, grown)) == [bound for bound in sorted(bounds) if bound >= size] and set(grown.values()) == {1}
    assert total(after, "response_size_bytes_sum") - total(before, "response_size_bytes_sum") == size
    assert 1232 in bounds and 512 in bounds


def test_connections_are_counted_while_they_are_open_and_by_why_they_end(store, metrics_port):
    with Server(store, "--metrics", f"127.0.0.1@{metrics_port}", "--tcp-connections-per-address", 2,
                "--tcp-idle", 2000) as server:
        server.wait_zone()
        open_ones = []
        for _ in range(3):
            open_ones.append(server.connect())
            open_ones[-1].sendall(framed("www.example."))
            read_message(open_ones[-1])
        samples = scrape(metrics_port)
        assert total(samples, "connections") == 2 and total(samples, "connections_closed_total", reason="address") == 1
        wait_until(lambda: total(scrape(metrics_port), "connections_closed_total", reason="idle") == 2, "idle ones end")
        assert total(scrape(metrics_port), "connections") == 0


def test_the_store_and_the_zones_are_told(server, store, metrics_port):
    before = scrape(metrics_port)
    assert total(before, "zones") == 1 and total(before, "store_open") == 1
    assert 0 < total(before, "store_used_bytes") <= total(before, "store_size_bytes")
    store.put("example.org.", ZONE.format(serial=1))
    server.wait_zone("example.org.")
    after = scrape(metrics_port)
    assert total(after, "zones") == 2 and total(after, "store_transaction") > total(before, "store_transaction")
    assert total(after, "store_snapshots_total") > total(before, "store_snapshots_total")
    assert total(after, "images_checked_total") == total(before, "images_checked_total") + 1


# ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_endpoint_speaks_http(server, metrics_port):
    head = curl(metrics_port, "--include").split("\n\n")[0].replace("\r", "")
    assert "HTTP/1.1 200 OK" in head and "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert curl(metrics_port, "--head").startswith("HTTP/1.1 200 OK")
    code = ("--output", "/dev/null", "--write-out", "%{http_code}")
    assert curl(metrics_port, *code, path="/metrics?collect=all") == "200"
    assert curl(metrics_port, *code, "--http1.0") == "200"
    assert curl(metrics_port, *code, path="/") == "404"
    assert curl(metrics_port, *code, "--data", "x=1") == "405"
    assert curl(metrics_port, *code, "--header", "Cookie: " + "x" * 5000) == "431"
    assert curl(metrics_port, *code, "--header", "Host:") == "400"


def test_who_holds_connections_there_keeps_nobody_out_for_long(server, metrics_port):
    idle = [socket.create_connection(("127.0.0.1", metrics_port)) for _ in range(12)]
    for connection in idle[4:8]:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")  # and no more
    assert query(server.port, "www.example.", "A").answer
    assert "zonebox_queries_total" in curl(metrics_port)  # once their time is up
    for connection in idle[:8]:
        connection.settimeout(20)
        assert connection.recv(1) == b""
    for connection in idle:
        connection.close()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        slow.connect(("127.0.0.1", metrics_port))
        slow.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")  # and does not read
        assert "zonebox_queries_total" in curl(metrics_port)


@pytest.mark.parametrize("where, reason", (("192.0.2.1@9153", "loopback"), ("0.0.0.0@9153", "loopback"), ("127.0.0.1", "port"),
                                           ("localhost@9153", "address")))
def test_it_is_on_loopback_and_nowhere_else(store, where, reason):
    done = run(BIN / "zone-server", "--serve", store.serve, "--listen", f"127.0.0.1@{free_port()}", "--metrics", where,
               check=False)
    assert done.returncode == 2 and reason in done.stderr


def test_a_port_that_is_taken_ends_a_server_that_runs_alone(server, store, metrics_port):
    done = run(BIN / "zone-server", "--serve", store.serve, "--listen", f"127.0.0.1@{free_port()}", "--metrics",
               f"127.0.0.1@{metrics_port}", check=False)
    assert done.returncode == 1 and "metrics-not-served" in done.stderr


# ── Under zoned ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def box(directory, metrics_port):
    box = Box(directory)
    box.write_config(with_metrics(CONFIG, metrics_port))
    box.start().wait_served("example.com")
    try:
        yield box
    finally:
        box.stop()


def with_metrics(config, port, more=""):
    return config.replace("workers: 2", f"workers: 2\n  metrics: 127.0.0.1@{port}{more}")


def servers(box):
    return {pid for pid, name in child_pids(box.program.pid) if name == "zone-server"}


class Clients:
    """Ask as fast as they are answered, and count."""

    def __init__(self, box):
        self.box, self.counts, self.threads = box, [0, 0, 0, 0], Threads()

    def ask(self, number):
        query(self.box.port, "example.com.", ("A", "MX")[number % 2], tcp=number >= 2)
        self.counts[number] += 1

    def __enter__(self):
        for number in range(len(self.counts)):
            self.threads.start(self.ask, number)
        return self

    def __exit__(self, *exc):
        self.threads.stop()


def test_a_rolling_restart_under_load_loses_and_doubles_nothing(box, metrics_port):
    before = scrape(metrics_port)
    with Clients(box) as clients:
        for turn in range(3):
            old = servers(box)
            box.write_config(with_metrics(CONFIG, metrics_port, f"\n  tcp-idle: {20 + turn}s"))
            wait_until(lambda: len(servers(box)) == 2 and not servers(box) & old, "other workers", 30)
            assert total(scrape(metrics_port), "queries_total") >= total(before, "queries_total")
    after = scrape(metrics_port)
    assert change(before, after, "queries_total", "proto") == {"udp": sum(clients.counts[:2]), "tcp": sum(clients.counts[2:])}
    assert change(before, after, "queries_by_type_total", "type") == {
        "A": clients.counts[0] + clients.counts[2], "MX": clients.counts[1] + clients.counts[3]}
    assert sum(change(before, after, "responses_total", "rcode").values()) == sum(clients.counts) > 40
    assert {worker for name, labels in after if name == "queries_total" for key, worker in labels if key == "worker"} == {"0", "1"}
    assert "statistics-not-shared" not in box.program.log()


def test_numbers_go_on_when_workers_are_killed(box, metrics_port):
    for _ in range(20):
        query(box.port, "example.com.", "MX")
    before = scrape(metrics_port)
    assert total(before, "queries_by_type_total", type="MX") == 20
    for pid in servers(box):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(servers(box)) == 2 and pid not in servers(box), "another one")
    for _ in range(7):
        wait_until(lambda: query(box.port, "example.com.", "TLSA"), "an answer")
    after = scrape(metrics_port)
    assert total(after, "queries_by_type_total", type="MX") == 20
    assert total(after, "queries_by_type_total", type="TLSA") >= 7
    for (name, labels), value in before.items():
        if re.search("_(total|count|sum|bucket)$", name):
            assert after.get((name, labels), 0) >= value, f"{name} {labels} went back"


def test_a_port_that_is_taken_stops_neither_the_zones_nor_the_other_numbers(box, metrics_port):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        box.write_config(with_metrics(CONFIG, taken.getsockname()[1]))
        box.program.wait_log("metrics-not-listening")
        assert query(box.port, "example.com.", "SOA").answer
        assert total(scrape(metrics_port), "zones") > 0
        port = taken.getsockname()[1]
    wait_until(lambda: run("curl", "--silent", f"http://127.0.0.1:{port}/metrics", check=False).returncode == 0, "it is served there")


def test_without_the_option_nothing_listens(box, metrics_port):
    box.write_config(CONFIG)

    def is_refused():
        return run("curl", "--silent", f"http://127.0.0.1:{metrics_port}/metrics", check=False).returncode == 7
    wait_until(is_refused, "the endpoint is gone", 30)


# ── As people see it ─────────────────────────────────────────────────────────────────────────────


def told(box):
    return json.loads(run(BIN / "zonebox", "--config", box.config, "status", "--json", check=False).stdout)


def grown(before, after):
    """What came to each number, through all objects; those that stayed are left out."""
    if isinstance(after, dict):
        by_key = {key: grown((before or {}).get(key), value) for key, value in after.items()}
        return {key: value for key, value in by_key.items() if value}
    return after - (before or 0)


def as_prometheus(samples, worker):
    """Of one process, in the words of the JSON."""
    def by(name, label):
        return {dict(has)[label]: int(value) for (found, has), value in samples.items()
                if found == name and dict(has).get("worker") == worker and value}
    queries = {}
    for (found, has), value in samples.items():
        if found == "queries_total" and dict(has)["worker"] == worker and value:
            queries[dict(has)["proto"] + dict(has)["family"][-1]] = int(value)
    return {"queries": queries, "types": by("queries_by_type_total", "type"), "rcodes": by("responses_total", "rcode"),
            "kinds": by("responses_by_kind_total", "kind"), "handshakes": by("tls_handshakes_total", "result"),
            "reply-octets": int(total(samples, "response_size_bytes_sum", worker=worker)),
            "limited": int(total(samples, "queries_limited_total", worker=worker))}


def test_status_tells_what_was_asked_over_every_transport(directory, metrics_port):
    with TlsBox(directory / "box", f"\n  metrics: 127.0.0.1@{metrics_port}") as box:
        box.start().wait_tls()
        before = told(box)["statistics"]
        for _ in range(3):
            query(box.port, "example.com.", "MX")
        query(box.port, "nothing.example.com.", "A", tcp=True)
        query(box.port, "example.org.", "CAA")
        pid = box.process()
        for turn in range(2):  # the second one of another process
            for _ in range(4):
                asked = dns.message.make_query("example.com.", "TLSA")
                dns.query.tls(asked, "127.0.0.1", 20, box.at, ssl_context=client())
            if turn == 0:
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: box.process() not in (None, pid) and presented(box.at), "another process")
        status = told(box)
        after = status["statistics"]
        came = grown(before, after)
        assert came["sum"]["types"] == {"MX": 3, "A": 1, "CAA": 1, "TLSA": 8}
        assert came["workers"]["tls"]["types"] == {"TLSA": 8} and came["workers"]["tls"]["queries"] == {"tls4": 8}
        assert came["workers"]["0"]["queries"] == {"udp4": 4, "tcp4": 1}
        assert came["sum"]["rcodes"] == {"NOERROR": 11, "NXDOMAIN": 1, "REFUSED": 1}
        assert came["workers"]["tls"]["handshakes"]["full"] >= 8  # the harness looks whether it listens, too
        samples = scrape(metrics_port)
        for worker, numbers in after["workers"].items():
            expected = as_prometheus(samples, worker)
            for key, value in expected.items():
                of_json = {name: count for name, count in numbers[key].items() if count} if isinstance(value, dict) else numbers[key]
                assert of_json == value, (worker, key)
        assert after["store"]["zones"] == 2 and after["store"]["transaction"] == total(samples, "store_transaction")
        assert status["zoned"]["metrics"] == f"127.0.0.1@{metrics_port}"
        shown = run(BIN / "zonebox", "--config", box.config, "status", check=False).stdout
        section = shown[shown.index("\nQueries: "):].split("\n\n")[0]
        assert all(len(line) <= 80 for line in section.splitlines()), section
        assert f"Queries: {sum(after['sum']['queries'].values())} in" in section
        for words in ("UDP ", "TLS 8", "types ", "NXDOMAIN 1", "worker ", "tls ", "store ", "2 zones"):
            assert words in section, section
        assert f"numbers for Prometheus on 127.0.0.1@{metrics_port}" in shown


def test_an_endpoint_that_cannot_listen_is_told_in_the_status(box, metrics_port):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1@{taken.getsockname()[1]}"
        box.write_config(with_metrics(CONFIG, taken.getsockname()[1]))
        box.program.wait_log("metrics-not-listening")
        status = told(box)
        assert not status["ok"] and any(where in problem for problem in status["problems"]), status["problems"]
        assert status["zoned"]["metrics"] == f"127.0.0.1@{metrics_port}" and where in status["zoned"]["listen-error"]
        assert status["statistics"]["sum"]["queries"]["udp4"] > 0
    wait_until(lambda: told(box)["zoned"]["metrics"] == where and told(box)["ok"], "it is served there")
