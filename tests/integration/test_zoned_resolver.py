# SPDX-License-Identifier: ISC
"""zone-resolver as zoned's child: what it is started with, and that its trouble is nobody else's."""

import os
import signal
import socket

import dns.exception
import dns.flags
import dns.message
import dns.query
import pytest

from harness import CONFIG, control_ask, free_port, make_certificate, wait_until


class Resolving:
    """A stage whose zoned also runs a resolver."""

    def __init__(self, stage):
        self.stage = stage
        self.port = free_port()
        self.write()

    def write(self, more="", server=None):
        listen = f'"127.0.0.1@{self.port}", "::1@{self.port}"'
        text = CONFIG if server is None else CONFIG.replace('listen: ["127.0.0.1@{port}", "::1@{port}"]', server)
        self.stage.box.write_config(text + f"resolver: {{listen: [{listen}]{more}}}\n")

    def ready(self):
        self.stage.ready()
        return wait_until(self.stage.resolvers, "the resolver runs")[0]["pid"]

    def started(self):
        return self.stage.events("started", "zone-resolver")[-1]

    def replaced(self, old):
        wait_until(lambda: [p["pid"] for p in self.stage.resolvers()] not in ([], [old]) and
                   old not in [p["pid"] for p in self.stage.resolvers()], "another resolver")
        return self.stage.resolvers()[0]["pid"]

    def ask(self, timeout=5.0):
        return self.stage.ask(self.port, timeout=timeout)


@pytest.fixture
def resolving(stage):
    return Resolving(stage)


def flags(event, name):
    return [value for flag, value in zip(event["argv"], event["argv"][1:]) if flag == f"--{name}"]


def test_it_gets_its_sockets_and_flags(resolving):
    resolving.write(", cache: 64, queries: 100, queries-per-client: 10, trust-own-keys: yes, root-hints: /some/hints, "
                    'trust-anchors: [/some/root.key, /other.key], forward: ["192.0.2.7", "2001:db8::7#dns.example.net"]')
    resolving.stage.start()
    pid = resolving.ready()
    event = resolving.started()
    assert resolving.stage.resolvers()[0]["addresses"] == sorted(
        [f"127.0.0.1@{resolving.port}", f"::1@{resolving.port}"])
    state = resolving.stage.box.state
    assert flags(event, "sockets") == ["4"]
    assert flags(event, "state") == [f"{state}/resolver"]
    assert flags(event, "own-zones") == [f"{state}/public/zones.key"]
    assert flags(event, "own-server") == [f"127.0.0.1@{resolving.stage.port}", f"::1@{resolving.stage.port}"]
    assert flags(event, "trust-anchor") == ["/some/root.key", "/other.key"]
    assert flags(event, "forward") == ["192.0.2.7@53", "2001:db8::7@853#dns.example.net"]
    assert flags(event, "root-hints") == ["/some/hints"]
    assert (flags(event, "cache"), flags(event, "queries"), flags(event, "queries-per-client")) == (
        ["64"], ["100"], ["10"])
    assert "--trust-own-keys" in event["argv"]
    assert len(event["fds"]) == 6  # its sockets, the lifeline, control
    assert resolving.ask() == pid
    status = control_ask(resolving.stage.box.directory / "control" / "zoned.sock", "status")
    assert status["programs"][-1]["name"] == "zone-resolver" and status["programs"][-1]["pid"] == pid


def test_it_is_told_addresses_of_the_server_that_others_reach_too(resolving):
    """TEST-NET-1 is bound by IP_FREEBIND."""
    resolving.write(server='listen: ["127.0.0.1@{port}", "192.0.2.1@{port}"]')
    resolving.stage.start()
    resolving.ready()
    assert flags(resolving.started(), "own-server") == [f"192.0.2.1@{resolving.stage.port}"]


def test_changed_flags_replace_it_and_no_query_waits_for_long(resolving):
    resolving.stage.start()
    pid = resolving.ready()
    workers = {w["pid"] for w in resolving.stage.workers()}
    resolving.write(", cache: 77")
    new = resolving.replaced(pid)
    assert flags(resolving.started(), "cache") == ["77"]
    assert resolving.ask() == new
    resolving.stage.box.write_config(resolving.stage.box.config.read_text() + "ttl: {default: 999}\n")
    resolving.stage.zoned.wait_log("inputs-changed")
    wait_until(lambda: "999" in resolving.stage.events("snapshot")[-1]["text"], "a change that is not its own")
    assert resolving.stage.resolvers()[0]["pid"] == new
    assert {w["pid"] for w in resolving.stage.workers()} == workers
    assert "child-died" not in resolving.stage.zoned.log()


def test_it_follows_the_addresses_of_the_server(resolving):
    resolving.stage.start()
    pid = resolving.ready()
    port = free_port()
    resolving.write(server=f'listen: ["127.0.0.1@{port}"]')
    resolving.replaced(pid)
    assert flags(resolving.started(), "own-server") == [f"127.0.0.1@{port}"]


def test_it_comes_and_goes_with_the_configuration(resolving):
    resolving.stage.box.write_config(CONFIG)
    resolving.stage.start().ready()
    assert not resolving.stage.events("started", "zone-resolver")
    resolving.write()
    pid = resolving.ready()
    assert resolving.ask() == pid
    resolving.stage.box.write_config(CONFIG)
    wait_until(lambda: not resolving.stage.resolvers(), "the resolver is gone")
    wait_until(lambda: resolving.ask(timeout=0.2) is None, "its port is free")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", resolving.port))


def test_a_port_that_is_taken_is_one_line_and_the_zones_are_served(resolving):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", resolving.port))
        resolving.stage.start().ready()
        resolving.stage.zoned.wait_log("resolver-not-listening")
        (line,) = [line for line in resolving.stage.zoned.log().splitlines() if "resolver-not-listening" in line]
        assert f"127.0.0.1@{resolving.port}" in line and "resolver: no" in line and line.startswith("error ")
        assert resolving.stage.ask()
        status = control_ask(resolving.stage.box.directory / "control" / "zoned.sock", "status")
        told = status["programs"][-1]
        assert (told["name"], told["state"]) == ("zone-resolver", "idle") and str(resolving.port) in status["listen-error"]
        reload = control_ask(resolving.stage.box.directory / "control" / "zoned.sock", "reload")
        assert reload["errors"] == [status["listen-error"]] and not reload["taken-over"]
    resolving.ready()  # it is tried again
    assert resolving.ask()
    status = control_ask(resolving.stage.box.directory / "control" / "zoned.sock", "status")
    assert status["listen-error"] is None


def test_it_is_back_after_a_death_and_takes_nobody_along(resolving):
    resolving.stage.start()
    pid = resolving.ready()
    others = {c["pid"] for c in resolving.stage.children()} - {pid}
    os.kill(pid, signal.SIGKILL)
    assert resolving.ask(timeout=10)  # it waited in the socket
    assert others <= {c["pid"] for c in resolving.stage.children()}


def test_it_does_not_outlive_a_killed_zoned(resolving):
    resolving.stage.start()
    resolving.ready()
    resolving.stage.zoned.signal(signal.SIGKILL)
    resolving.stage.zoned.wait()
    wait_until(lambda: not resolving.stage.children(), "all saw the end of the lifeline", 5)
    resolving.stage.start()
    resolving.ready()  # its port was free again, or was soon
    assert resolving.ask()


def test_the_real_one_says_secure_of_the_boxs_own_zones(box):
    port = free_port()
    box.write_config(CONFIG + f'resolver: {{listen: ["127.0.0.1@{port}"], trust-own-keys: yes}}\n')
    box.start().wait_served("example.com")

    def tlsa():
        question = dns.message.make_query("_25._tcp.box.example.com", "TLSA")
        question.flags |= dns.flags.AD
        try:
            answer = dns.query.udp(question, "127.0.0.1", timeout=2, port=port)
        except (OSError, dns.exception.DNSException):
            return None
        return answer.answer[0].to_text().lower() if answer.flags & dns.flags.AD and answer.answer else None

    wait_until(lambda: box.tlsa in (tlsa() or ""), "a secure answer", 30)
    fresh = make_certificate(box.tls, new_key=True)
    wait_until(lambda: fresh in (tlsa() or ""), "the new record, secure", 10)
