# SPDX-License-Identifier: ISC
"""zoned and its children: started, kept up, given sockets and inputs, surely ended. Stand-ins for zone-signer
and zone-server tell what they were given; test_zoned_real.py has the real ones."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import (BIN, CONFIG, Program, completed, free_port, make_certificate, need_namespace, run, wait_until,
                     within)

def test_children_get_their_descriptors_and_no_others(stage):
    noise = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(noise, True)
    stage.zoned = Program(*stage.command(), log=stage.box.directory / "log", pass_fds=(noise,))
    stage.ready()
    os.close(noise)
    for event in stage.events("started", "zone-server"):
        assert event["options"]["--sockets"] == "4"  # two addresses, UDP and TCP
        assert event["options"]["--serve"] == str(stage.box.state / "serve")
        assert event["options"]["--standby"] == "4"  # the other worker's
        inherited = [int(event["options"][name]) for name in ("--lifeline", "--statistics", "--secrets", "--control")]
        assert event["fds"] == [*range(3, 11), *inherited]
    (signer,) = stage.events("started", "zone-signer")
    assert signer["fds"] == [int(signer["options"][name]) for name in
                             ("--inputs", "--observe", "--lifeline", "--control")]
    expected = sorted([f"127.0.0.1@{stage.port}", f"::1@{stage.port}"])
    assert all(event["addresses"] == expected for event in stage.events("ready"))
    wait_until(lambda: stage.events("snapshot"), "the signer has the inputs")
    assert stage.ask() and stage.ask(host="::1")
    with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as connection:
        assert int(connection.recv(64)) in [w["pid"] for w in stage.workers()]


def ending(stage, number):
    """Seconds from the signal to the end of zoned, which leaves nothing behind."""
    stage.start().ready()
    before = time.monotonic()
    stage.zoned.signal(number)
    assert stage.zoned.wait() == 0
    took = time.monotonic() - before
    assert not stage.children()
    return took


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_is_clean_and_within_two_seconds(stage, number):
    within(2, lambda: ending(stage, number))


def test_children_that_do_not_listen_are_killed_in_time(stage):
    stage.tell("deaf")
    stage.tell("deaf", "zone-signer")
    within(2, lambda: ending(stage, signal.SIGTERM))


def test_the_end_comes_while_children_wait_to_be_started_again(stage):
    stage.tell("crash")
    stage.start()
    stage.zoned.wait_log("child-restarts child=zone-server.0 in-ms=400")
    stage.zoned.signal(signal.SIGTERM)
    assert stage.zoned.wait() == 0
    assert not stage.children()


def test_nothing_outlives_a_killed_zoned(stage):
    stage.start().ready()
    children = stage.children()
    assert len(children) == 3
    stage.zoned.signal(signal.SIGKILL)
    stage.zoned.wait()
    wait_until(lambda: not stage.children(), "the children saw the end of the lifeline", 5)
    # and the next one starts at once, whatever the dying still hold
    stage.start().ready()


def test_a_killed_worker_is_back_and_no_query_is_lost(stage):
    stage.start().ready()
    lost = 0
    for round_number in range(3):
        victim = stage.workers()[0]["pid"]
        os.kill(victim, signal.SIGKILL)
        pids = [stage.ask(timeout=1) for _ in range(20)]
        lost += pids.count(None)
        wait_until(lambda: len(stage.workers()) == 2, "two workers")
        assert victim not in [w["pid"] for w in stage.workers()]
    assert lost <= 3  # at most what a worker had in hand when it was killed
    assert stage.zoned.log().count("child-died child=zone-server") == 3


def test_the_server_goes_on_while_the_signer_is_dead(stage):
    stage.start().ready()
    before = {w["pid"] for w in stage.workers()}
    (signer,) = stage.signers()
    stage.tell("crash", "zone-signer")
    os.kill(signer["pid"], signal.SIGKILL)
    stage.zoned.wait_log("child-restarts child=zone-signer in-ms=400")
    assert stage.ask() in before
    snapshots = len(stage.events("snapshot"))
    stage.forget("crash", "zone-signer")
    wait_until(lambda: len(stage.events("snapshot")) > snapshots, "the new signer has the inputs")
    assert {w["pid"] for w in stage.workers()} == before


def test_a_worker_that_cannot_stay_up_leaves_its_share_to_the_others(stage):
    stage.start().ready()
    victim, survivor = (w["pid"] for w in stage.workers())
    stage.tell("crash")
    os.kill(victim, signal.SIGKILL)
    stage.zoned.wait_log("in-ms=800")
    assert [stage.ask(timeout=2) for _ in range(20)] == [survivor] * 20
    stage.forget("crash")
    wait_until(lambda: len(stage.workers()) == 2, "two workers")
    wait_until(lambda: len({stage.ask() for _ in range(20)}) == 2, "both answer")


def test_a_changed_input_reaches_the_signer_within_a_second(stage):
    stage.start().ready()
    wait_until(lambda: stage.events("snapshot"), "the first snapshot")

    def renewal():
        snapshots = len(stage.events("snapshot"))
        make_certificate(stage.box.tls, new_key=True)
        before = time.monotonic()
        wait_until(lambda: len(stage.events("snapshot")) > snapshots, "another snapshot")
        return time.monotonic() - before

    within(1, renewal)
    stage.box.write_config(CONFIG + "ttl: {default: 1234}\n")
    wait_until(lambda: "1234" in stage.events("snapshot")[-1]["text"], "the configuration's snapshot")
    assert "PRIVATE KEY" not in stage.events("snapshot")[-1]["text"]


def in_network(pid, *command):
    run("nsenter", "-t", pid, "-n", "--", *command)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network of its own")
def test_an_address_that_comes_later_is_listened_on(stage):
    """Without `listen:`, in a network namespace that has no address at first."""
    stage.box.write_config(CONFIG.replace('  listen: ["127.0.0.1@{port}", "::1@{port}"]\n', ""))
    need_namespace("-n")
    stage.zoned = Program("unshare", "-n", "--", *stage.command(), log=stage.box.directory / "log")
    stage.zoned.wait_log("no-address")
    wait_until(stage.signers, "the signer runs")
    in_network(stage.zoned.pid, "ip", "link", "add", "one", "type", "veth", "peer", "name", "other")
    in_network(stage.zoned.pid, "ip", "link", "set", "one", "up")
    in_network(stage.zoned.pid, "ip", "address", "add", "192.0.2.10/24", "dev", "one")
    wait_until(lambda: len(stage.workers()) == 2, "the workers run", 3)
    assert stage.workers()[0]["addresses"] == ["192.0.2.10@53"]
    in_network(stage.zoned.pid, "ip", "address", "add", "192.0.2.11/24", "dev", "one")
    both = ["192.0.2.10@53", "192.0.2.11@53"]
    wait_until(lambda: [w["addresses"] for w in stage.workers()] == [both, both], "both addresses", 3)
    in_network(stage.zoned.pid, "ip", "address", "flush", "dev", "one")
    wait_until(lambda: not stage.workers(), "no workers without an address", 3)
    assert "child-died" not in stage.zoned.log()


def test_a_change_while_it_ends_starts_nothing(stage):
    stage.tell("deaf")
    stage.start().ready()
    stage.zoned.signal(signal.SIGTERM)
    stage.zoned.wait_log("stopping")
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 3"))
    stage.zoned.signal(signal.SIGHUP)
    assert stage.zoned.wait() == 0
    assert not stage.children() and len(stage.events("started", "zone-server")) == 2


def test_a_bad_configuration_changes_nothing_and_is_said_once(stage):
    stage.start().ready()
    wait_until(lambda: stage.events("snapshot"), "the first snapshot")
    children = stage.children()
    stage.box.write_config(CONFIG + "serverr: {}\n")
    stage.zoned.wait_log("config-kept")
    assert f"{stage.box.config}:" in stage.zoned.log() and "serverr" in stage.zoned.log()
    said = stage.zoned.log().count("config-wrong")
    stage.zoned.signal(signal.SIGHUP)
    wait_until(lambda: stage.zoned.log().count("config-wrong") > said, "SIGHUP says it again")
    assert stage.children() == children and len(stage.events("snapshot")) == 1
    stage.box.write_config(CONFIG + "ttl: {default: 4321}\n")
    wait_until(lambda: "4321" in stage.events("snapshot")[-1]["text"], "the repaired one is taken over")


def test_new_addresses_and_workers_are_taken_over_without_a_gap(stage):
    stage.start().ready()
    old = {w["pid"] for w in stage.workers()}
    second = free_port()
    stage.box.write_config(
        CONFIG.replace('"::1@{port}"', f'"127.0.0.1@{second}"').replace("workers: 2", "workers: 3"))
    lost = 0
    deadline = time.monotonic() + 20
    expected = sorted([f"127.0.0.1@{stage.port}", f"127.0.0.1@{second}"])
    while sum(w["addresses"] == expected for w in stage.workers()) < 3 or len(stage.workers()) > 3:
        lost += stage.ask() is None
        assert time.monotonic() < deadline, stage.zoned.log()
    assert lost <= 2  # what a worker had in hand when it was ended
    assert not old & {w["pid"] for w in stage.workers()}
    assert stage.ask(second)
    assert stage.ask(host="::1", timeout=0.3) is None
    # and back to one worker
    stage.box.write_config(CONFIG.replace("workers: 2", "workers: 1"))
    wait_until(lambda: len(stage.workers()) == 1 and stage.ask(host="::1", timeout=1), "one worker")
    assert "child-died" not in stage.zoned.log()


def test_a_worker_that_is_down_for_good_does_not_keep_the_others_from_a_new_address(stage):
    stage.start().ready()
    stage.tell("crash", "zone-server.0.sock")
    os.kill(int(re.search(r"child=zone-server\.0 pid=(\d+)", stage.zoned.log())[1]), signal.SIGKILL)
    stage.zoned.wait_log("in-ms=400")
    other = free_port()
    stage.box.write_config(CONFIG.replace('"::1@{port}"', f'"::1@{{port}}", "127.0.0.1@{other}"'))
    wait_until(lambda: stage.ask(other, timeout=0.5), "the new address is served")
    assert all(stage.ask(port) for port in [other, stage.port] * 10)


def test_an_address_that_cannot_be_had_later_changes_nothing(stage):
    stage.start().ready()
    old = {w["pid"] for w in stage.workers()}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        stage.box.write_config(CONFIG.replace("::1@{port}", f"127.0.0.1@{taken}"))
        stage.zoned.wait_log("listen-failed")
        assert f"127.0.0.1@{taken}" in stage.zoned.log()
        assert stage.ask() in old and stage.ask(host="::1") in old
    stage.zoned.signal(signal.SIGHUP)  # still the same inputs: the retry is zoned's own
    assert stage.ask() in old


def test_a_port_that_is_taken_is_one_clear_line(stage):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", stage.port))
        done = run(*stage.command(), check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"127.0.0.1@{stage.port}" in line and "another program" in line
    assert not stage.events()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user")
def test_port_53_is_refused_to_an_ordinary_user_in_one_clear_line(stage):
    if int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 53:
        pytest.skip("port 53 is everybody's here")
    stage.box.write_config(CONFIG.replace("{port}", "53"))
    # The build tree may lie where only root gets to.
    zoned = shutil.copy(BIN / "zoned", stage.box.directory)
    for path in [stage.box.directory.parent, stage.box.directory, *stage.box.directory.iterdir()]:
        os.chown(path, 65534, 65534)
    done = subprocess.run([zoned, *map(str, stage.command()[1:])], user=65534, group=65534, extra_groups=[], text=True,
                          capture_output=True, timeout=30)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "127.0.0.1@53" in line and "root" in line


def test_a_second_instance_on_the_same_state_ends_with_one_line(stage):
    stage.start().ready()
    other = stage.box.directory / "other.yaml"
    other.write_text(completed(CONFIG).replace("{port}", str(free_port())))
    done = run(BIN / "zoned", "--config", other, "--libexec", stage.libexec, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"pid {stage.zoned.pid}" in line
    assert stage.ask()


def test_a_wrong_configuration_at_the_start_is_said_line_by_line(stage):
    stage.box.write_config(CONFIG.replace("hostname: box", "hostnam: box").replace("example.net", "example..net"))
    done = run(*stage.command("--state", stage.box.state), check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) >= 2
    assert all(f"{stage.box.config}:" in line for line in done.stderr.splitlines())
    assert not stage.events()


def test_the_last_good_configuration_is_used_at_the_start(stage):
    stage.start().ready().stop()
    kept = stage.box.state / "last-good.yaml"
    assert kept.stat().st_mode & 0o777 == 0o600
    stage.box.write_config("box: [this is not it\n")
    stage.start("--state", stage.box.state)
    stage.ready()
    assert "last-good-used" in stage.zoned.log()
    assert stage.ask()
    snapshot = wait_until(lambda: stage.events("snapshot"), "a snapshot")[-1]["text"]
    assert "CERTIFICATE" in snapshot  # the relative path still starts at the configuration's directory
    stage.box.write_config(CONFIG + "ttl: {default: 999}\n")
    wait_until(lambda: "999" in stage.events("snapshot")[-1]["text"], "the repaired one is taken over")
    assert "999" in kept.read_text()


def test_included_files_are_followed_and_last_good_with_the_rest(stage):
    parts = stage.box.directory / "conf.d"
    parts.mkdir()
    (parts / "a.yaml").write_text("domains: [included.example]\n")
    stage.box.write_config(CONFIG + "include: conf.d/*.yaml\n")

    def handed_on(text):
        wait_until(lambda: any(text in event["text"] for event in stage.events("snapshot")[-1:]), f"{text} is handed on")

    stage.start().ready()
    handed_on("included.example")
    (parts / "b.yaml").write_text("domains: [later.example]\n")
    handed_on("later.example")
    stage.stop()
    (parts / "a.yaml").write_text("domains: [broken\n")
    (parts / "b.yaml").unlink()
    before = len(stage.events("snapshot"))
    stage.start("--state", stage.box.state)
    stage.ready()
    assert "last-good-used" in stage.zoned.log() and f"{parts}/a.yaml:2:1: not YAML" in stage.zoned.log()
    wait_until(lambda: len(stage.events("snapshot")) > before, "a snapshot")
    text = stage.events("snapshot")[-1]["text"]
    assert "included.example" in text and "later.example" in text and "broken" not in text
    (parts / "a.yaml").write_text("domains: [repaired.example]\n")
    handed_on("repaired.example")


def test_the_last_good_configuration_of_another_box_is_not_used(stage):
    stage.start().ready().stop()
    other = stage.box.directory / "other.yaml"
    other.write_text("nonsense")
    done = run(BIN / "zoned", "--config", other, "--libexec", stage.libexec, "--state", stage.box.state, check=False)
    assert done.returncode == 1
    assert "another configuration" in done.stderr


def test_a_changed_state_directory_takes_a_restart(stage):
    stage.start().ready()
    stage.box.write_config(CONFIG.replace("state: state", "state: elsewhere"))
    stage.zoned.wait_log("takes a stop and a start")
    assert not (stage.box.directory / "elsewhere").exists()
    assert stage.ask()


def test_a_state_directory_that_cannot_be_written_is_one_clear_line(stage):
    stage.box.write_config(CONFIG.replace("state: state", "state: /proc/zonebox"))
    done = run(*stage.command(), check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "/proc/zonebox" in line
