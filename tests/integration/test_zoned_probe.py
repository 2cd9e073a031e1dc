# SPDX-License-Identifier: ISC
"""zone-probe as zoned's child: what it is started with, and that its trouble is nobody else's."""

import os
import re
import signal
import socket
import subprocess

import pytest

from harness import BIN, CONFIG, SANITIZED, control_ask, free_port, run, wait_until


class Probing:
    """A stage whose zoned also runs a probe."""

    def __init__(self, stage):
        self.stage = stage

    def write(self, more="probe: yes\n"):
        self.stage.box.write_config(CONFIG + more)

    def ready(self):
        self.stage.ready()
        return wait_until(self.stage.probes, "the probe runs")[0]["pid"]

    def replaced(self, old):
        return wait_until(lambda: [p["pid"] for p in self.stage.probes() if p["pid"] != old], "another probe")[0]

    def arguments(self):
        argv = self.stage.events("started", "zone-probe")[-1]["argv"]
        return dict(zip(argv[::2], argv[1::2]))


@pytest.fixture
def probing(stage):
    return Probing(stage)


def test_it_gets_a_channel_a_lifeline_and_a_control_socket_and_no_more(probing):
    probing.write()
    probing.stage.start()
    pid = probing.ready()
    assert set(probing.arguments()) == {"--observe", "--lifeline", "--control"}
    event = probing.stage.events("started", "zone-probe")[-1]
    assert len(event["fds"]) == 3
    channel = probing.stage.events("ready", "zone-probe")[-1]
    assert (channel["family"], channel["type"]) == (socket.AF_UNIX, socket.SOCK_SEQPACKET)
    status = control_ask(probing.stage.box.directory / "control" / "zoned.sock", "status")
    assert (status["programs"][-1]["name"], status["programs"][-1]["pid"]) == ("zone-probe", pid)
    assert status["sockets"]["zone-probe"].endswith("/zone-probe.sock")


def test_it_asks_the_resolver_of_the_box_where_there_is_one(probing):
    port, other = free_port(), free_port()
    probing.write(f'probe: yes\nresolver: {{listen: ["127.0.0.1@{port}", "::1@{port}"]}}\n')
    probing.stage.start()
    pid = probing.ready()
    assert probing.arguments()["--resolver"] == f"127.0.0.1@{port}"
    probing.write(f'probe: yes\nresolver: {{listen: ["::1@{other}"]}}\n')
    probing.replaced(pid)
    assert probing.arguments()["--resolver"] == f"::1@{other}"


def test_it_comes_and_goes_with_the_configuration(probing):
    probing.write("probe: no\n")
    probing.stage.start().ready()
    assert not probing.stage.events("started", "zone-probe")
    workers = {w["pid"] for w in probing.stage.workers()}
    probing.write()
    probing.ready()
    probing.write("probe: no\n")
    wait_until(lambda: not probing.stage.alive("started", "zone-probe"), "it is gone")
    assert {w["pid"] for w in probing.stage.workers()} == workers
    status = control_ask(probing.stage.box.directory / "control" / "zoned.sock", "status")
    assert "zone-probe" not in [p["name"] for p in status["programs"]]


def test_one_that_dies_is_started_again_and_nothing_else_is(probing):
    probing.write()
    probing.stage.start()
    pid = probing.ready()
    others = {p["pid"] for p in probing.stage.children()} - {pid}
    os.kill(pid, signal.SIGKILL)
    probing.replaced(pid)
    assert others <= {p["pid"] for p in probing.stage.children()}


def test_one_that_cannot_run_keeps_nobody_from_being_served(probing):
    probing.write()
    probing.stage.tell("crash", "zone-probe")
    probing.stage.start().ready()
    probing.stage.zoned.wait_log("child=zone-probe")
    assert probing.stage.ask() in {w["pid"] for w in probing.stage.workers()}


def test_status_tells_of_it(box):
    """Without a resolver in reach it learns nothing, and that is no reason to call the box wrong."""
    box.write_config(CONFIG + "probe: yes\n")
    box.start().wait_served("example.com", "example.net")
    box.program.wait_log("info zone-probe confined")
    control = box.directory / "control"
    wait_until(lambda: control_ask(control / "zone-probe.sock", "status")["questions"], "zone-signer asks it")
    shown = run(BIN / "zonebox", "--control", control, "status")
    assert re.search(r"^  zone-probe +running .* [1-9][0-9]* questions, [0-9]+ asked, [0-9]+ without an answer$", shown.stdout,
                     re.MULTILINE), shown.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_check_ends_when_it_is_told_to(box, number):
    """While it waits for a resolver that is silent; what is not known then is not said."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind(("127.0.0.1", 0))
        resolver.settimeout(20)
        with subprocess.Popen([BIN / "zone-probe", "--check", "--unconfined", "--resolver",
                               f"127.0.0.1@{resolver.getsockname()[1]}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env={**os.environ, **SANITIZED}) as check:
            check.stdin.write(box.zonegen("--dump", "--json").stdout)
            check.stdin.close()
            resolver.recv(1000)
            check.send_signal(number)
            assert (check.stdout.read(), check.stderr.read(), check.wait(5)) == ("", "", 1)
