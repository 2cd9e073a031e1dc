# SPDX-License-Identifier: ISC
"""zoned's own control socket, and those that it makes for its children."""

import os
import signal
import socket
import stat
import time

from harness import CONFIG, control_ask, free_port, wait_until


def ask(stage, command="status"):
    return control_ask(stage.box.directory / "control" / "zoned.sock", command)


def programs(stage):
    return {program["name"]: program for program in ask(stage)["programs"]}


def test_status_tells_of_all_programs(stage):
    stage.start().ready()
    wait_until(lambda: stage.events("snapshot"), "the signer has its inputs")
    status = ask(stage)
    assert status["ok"] and status["program"] == "zoned" and status["pid"] == stage.zoned.pid
    assert status["version"] and abs(status["since"] - time.time()) < 60
    assert status["config"] == str(stage.box.config)
    assert status["config-error"] is None and status["listen-error"] is None
    assert sorted(status["listen"]) == [f"127.0.0.1@{stage.port}", f"::1@{stage.port}"]
    assert set(status["sockets"]) == {"zone-signer", "zone-server.0", "zone-server.1"}
    for program in status["programs"]:
        assert program["state"] == "running" and program["pid"] in [c["pid"] for c in stage.children()]
        assert abs(program["since"] - time.time()) < 60
        assert (program["restarts"], program["last-exit"], program["last-error"]) == (0, None, None)
        assert control_ask(status["sockets"][program["name"]], "status")["ok"]


def test_status_remembers_deaths_and_errors(stage):
    stage.tell("say", text="error zone-server bad-thing why=\"two words\"\nerror zone-server last-thing\n")
    stage.start().ready()
    os.kill(min(w["pid"] for w in stage.workers()), signal.SIGKILL)
    stage.zoned.wait_log("child-died")
    stage.ready()
    told = [p for p in programs(stage).values() if p["restarts"] == 1]
    assert len(told) == 1 and told[0]["last-exit"] == "signal Killed"
    assert told[0]["last-error"] == "last-thing" and abs(told[0]["last-error-at"] - time.time()) < 60
    stage.tell("crash", "zone-signer")
    os.kill(stage.signers()[0]["pid"], signal.SIGKILL)
    wait_until(lambda: programs(stage)["zone-signer"]["state"] == "waiting", "the signer waits")
    signer = programs(stage)["zone-signer"]
    assert signer["pid"] is None and signer["since"] is None
    wait_until(lambda: programs(stage)["zone-signer"]["last-exit"] == "status 7", "the last exit")


def test_reload_tells_what_is_wrong_or_that_all_is_taken_over(stage):
    stage.start().ready()
    assert ask(stage, "reload") == {"ok": True, "program": "zoned", "taken-over": True, "errors": []}
    good = stage.box.config.read_text()
    stage.box.config.write_text(good + "nonsense: 1\nrubbish: 2\n")  # not seen by a rename
    reply = ask(stage, "reload")
    assert reply["ok"] and not reply["taken-over"] and len(reply["errors"]) == 2
    assert all(error.startswith(f"{stage.box.config}:") for error in reply["errors"])
    assert ask(stage)["config-error"] == "\n".join(reply["errors"])
    stage.box.config.write_text(good.replace("state: state", "state: elsewhere"))
    (error,) = ask(stage, "reload")["errors"]
    assert "takes a stop and a start" in error
    stage.box.config.write_text(good + "ttl: {default: 777}\n")
    assert ask(stage, "reload")["taken-over"]
    wait_until(lambda: "777" in stage.events("snapshot")[-1]["text"], "it is taken over")
    assert ask(stage)["config-error"] is None


def test_reload_tells_of_an_address_that_cannot_be_had(stage):
    stage.start().ready()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        taken = free_port()  # and none that a client gets meanwhile
        other.bind(("127.0.0.1", taken))
        text = stage.box.config.read_text()
        stage.box.config.write_text(text.replace(f"::1@{stage.port}", f"127.0.0.1@{taken}"))
        reply = ask(stage, "reload")
        assert not reply["taken-over"] and f"127.0.0.1@{taken}" in reply["errors"][0]
        assert ask(stage)["listen-error"] == reply["errors"][0]
    wait_until(lambda: ask(stage)["listen-error"] is None, "it is tried again")
    wait_until(lambda: stage.ask(taken, timeout=0.5), "and served")


def test_sockets_have_their_mode_and_are_gone_at_the_end(stage):
    stage.start().ready()
    directory = stage.box.directory / "control"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o750
    assert sorted(path.name for path in directory.iterdir()) == [
        "zone-server.0.sock", "zone-server.1.sock", "zone-signer.sock", "zoned.sock"]
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    stage.zoned.stop()
    assert list(directory.iterdir()) == []


def test_what_a_killed_zoned_left_is_taken_over(stage):
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 4"))
    stage.start().ready(4)
    directory = stage.box.directory / "control"
    stage.zoned.signal(signal.SIGKILL)
    stage.zoned.wait()
    wait_until(lambda: not stage.children(), "the children saw the end of the lifeline", 5)
    assert len(list(directory.iterdir())) == 6
    stage.box.write_config(CONFIG)
    stage.start().ready()
    assert len(programs(stage)) == 3
    assert len(list(directory.iterdir())) == 4
