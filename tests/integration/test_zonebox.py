# SPDX-License-Identifier: ISC
"""The command zonebox: against a running box, against programs that misbehave, and as users who may not."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from harness import BIN, CONFIG, ROOT, USERS, Box, control_ask, free_port, need_namespace, run, wait_until

ZONEBOX = BIN / "zonebox"
NOBODY = 65534


def zonebox(box, *arguments, check=False, **kwargs):
    return run(ZONEBOX, "--config", box.config, *arguments, check=check, **kwargs)


def status(box, *arguments):
    return json.loads(zonebox(box, "status", "--json", *arguments).stdout)


def is_well(box):
    return zonebox(box, "status").returncode == 0


@pytest.fixture
def running(box):
    """zoned and all programs, without the resolver."""
    box.start().wait_served("example.com", "example.net")
    wait_until(lambda: is_well(box), lambda: zonebox(box, "status").stdout)
    return box


# ── Status ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_shows_programs_and_zones(running):
    done = zonebox(running, "status")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "All is well."
    for program in ("zoned", "zone-signer", "zone-server.0", "zone-server.1"):
        assert any(line.split()[:2] == [program, "running"] for line in lines), done.stdout
    (zone,) = [line for line in lines if line.split()[:1] == ["example.com"]]
    (key,) = (running.state / "keys").glob("Kexample.com.+013+*.private")
    assert "signed until" in zone
    assert any(line.startswith(f"      key {int(key.stem[-5:])}: ") for line in lines), done.stdout
    assert f"127.0.0.1@{running.port}" in done.stdout


def test_status_of_a_zone_shows_that_zone_alone(running):
    done = zonebox(running, "status", "example.net")
    assert done.returncode == 0 and "Programs" not in done.stdout and "example.com" not in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if line[:2] == "  " and line[2] != " "] == ["example.net"]
    nobody = zonebox(running, "status", "example.org")
    assert nobody.returncode == 1 and nobody.stdout == "Wrong:\n  zone-signer: example.org is no zone of this box\n"


def test_json_has_the_replies_of_all(running):
    reply = status(running)
    assert reply["ok"] and reply["problems"] == []
    assert reply["zoned"]["pid"] == running.program.pid and reply["zoned"]["config-error"] is None
    assert set(reply["programs"]) == {"zone-signer", "zone-server.0", "zone-server.1"}
    signer = reply["programs"]["zone-signer"]
    assert [zone["name"] for zone in signer["zones"]] == ["example.com", "example.net"]
    asked = control_ask(reply["zoned"]["sockets"]["zone-signer"], "status")
    assert signer == asked | {"audit": signer["audit"]}  # which may go on meanwhile
    assert signer["audit"].keys() == asked["audit"].keys()
    one = status(running, "Example.NET.")["programs"]["zone-signer"]["zones"]
    assert [zone["name"] for zone in one] == ["example.net"]


def test_names_are_taken_in_any_script_and_denial_is_told(directory):
    domains = "domains:\n  - {name: Bücher.example, dnssec: {denial: nsec3}}\n"
    with Box(directory / "script", CONFIG.replace("domains:\n", domains)) as box:
        box.start().wait_served("xn--bcher-kva.example")
        for name in "Bücher.example", "bücher.example.", "xn--bcher-kva.example":
            (zone,) = status(box, name)["programs"]["zone-signer"]["zones"]
            assert (zone["name"], zone["denial"], zone["signalling"]) == ("xn--bcher-kva.example", "nsec3", None)
            assert "xn--bcher-kva.example replaces its key" in zonebox(box, "roll", "--dry-run", name).stdout
        assert status(box, "example.com")["programs"]["zone-signer"]["zones"][0]["denial"] == "nsec"
        assert "signed (NSEC3) until" in zonebox(box, "status", "bücher.example").stdout
        done = zonebox(box, "retire", "bü cher.example")
        assert done.returncode == 1 and "bü cher.example is no zone of this box" in done.stderr


def test_more_zones_than_fit_a_screen_are_summed_up(directory):
    domains = "domains:\n" + "".join(f"  - d{i}.example\n" for i in range(25))
    with Box(directory / "many", CONFIG.replace("domains:\n", domains)) as box:
        box.start().wait_served("d24.example")
        wait_until(lambda: "(27 signed)" in zonebox(box, "status").stdout, "all are there")
        wait_until(lambda: "to be looked at" not in zonebox(box, "status").stdout, "the round is over")
        text = zonebox(box, "status").stdout
        assert "d3.example" not in text and "status --all lists them" in text
        assert "d3.example" in zonebox(box, "status", "--all").stdout
        assert len(status(box)["programs"]["zone-signer"]["zones"]) == 27


def test_a_zone_with_an_error_is_wrong_and_comes_first(running):
    (running.directory / "bad.zone").write_text("@ 3600 SOA what\n")
    running.write_config(CONFIG.replace("domains:\n", "domains:\n  - {name: bad.example, zone-file: bad.zone}\n"))
    wait_until(lambda: status(running)["problems"], "the error is known")
    done = zonebox(running, "status")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Wrong:" and "bad.zone" in lines[1]
    assert not status(running)["ok"]


def test_a_wrong_configuration_is_wrong_and_does_not_hide_what_runs(running):
    running.write_config(CONFIG.replace("  workers: 2", "  worker: 2").replace("- example.com", "- exa mple"))
    wait_until(lambda: not is_well(running), "zoned has seen it")
    done = zonebox(running, "status")
    lines = done.stdout.splitlines()
    assert lines[0] == "Wrong:"
    assert sum(str(running.config) + ":" in line for line in lines[1:3]) == 2, done.stdout
    assert "zone-signer     running" in done.stdout
    done = zonebox(running, "reload")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 3 and "worker" in done.stderr
    assert "all goes on as it was" in done.stderr.splitlines()[2]
    running.write_config(CONFIG)
    assert zonebox(running, "reload").returncode == 0
    wait_until(lambda: is_well(running), "it is right again")


def test_a_program_that_hangs_is_named(running):
    pid = next(program["pid"] for program in status(running)["zoned"]["programs"] if program["name"] == "zone-signer")
    os.kill(pid, signal.SIGSTOP)
    try:
        done = zonebox(running, "status", timeout=100)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].startswith("  zone-signer does not answer on "), done.stdout
    wait_until(lambda: is_well(running), "it goes on")


def test_a_program_that_died_is_back_at_once(running):
    pid = next(program["pid"] for program in status(running)["zoned"]["programs"] if program["name"] == "zone-server.1")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_well(running) and "restarted 1 time\n" in zonebox(running, "status").stdout, "it is back")


# ── The resolver ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def resolving(directory):
    """A box with the resolver, which has an anchor for its root and nobody to ask there."""
    port = free_port()
    anchor = directory / "anchor"
    anchor.write_text(". IN DS 12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n")
    section = (f"resolver: {{listen: [127.0.0.1@{port}], trust-own-keys: yes, trust-anchors: {anchor},\n"
               "           forward: [127.0.0.1@1]}\n")
    with Box(directory / "resolving", CONFIG + section) as box:
        box.start().wait_served("example.com")
        wait_until(lambda: is_well(box), lambda: zonebox(box, "status").stdout)
        yield box


def test_status_shows_trust_anchors_and_flush_says_what_it_does(resolving):
    text = zonebox(resolving, "status").stdout
    (anchor,) = [line.split() for line in text.splitlines() if line.split()[:3] == [".", "key", "12345"]]
    assert anchor[3] == "valid"
    assert "validated by this box's own keys" in text and "asks 127.0.0.1@1" in text
    done = zonebox(resolving, "flush", "example.org")
    assert done.returncode == 0
    assert "example.org, and all else, is forgotten" in done.stdout
    assert "flushed" in resolving.program.log()


def test_without_the_resolver_flush_says_so(running):
    done = zonebox(running, "flush", "example.org")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("zonebox: zone-resolver does not run")


# ── Who may not, and who is not there ────────────────────────────────────────────────────────────────────────────────


def test_without_zoned_there_is_one_line(box):
    for command in (["reload"], ["flush", "a.example"]):
        done = zonebox(box, *command)
        assert done.returncode == 1 and done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert "does not run" in line
    done = zonebox(box, "status")
    assert done.returncode == 1 and "zoned does not run" in done.stdout
    assert status(box)["zoned"] is None


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_who_has_no_right_is_told_how_to_get_it(running):
    sockets = running.directory / "control"
    for parent in (running.directory, *running.directory.parents):
        if parent.stat().st_uid == os.geteuid() and parent != pathlib.Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    for command in (["status"], ["reload"], ["flush", "a.example"]):
        done = subprocess.run([ZONEBOX, "--control", sockets, *command], user=NOBODY, group=NOBODY, extra_groups=[],
                              text=True, capture_output=True, timeout=30)
        assert done.returncode == 1
        (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "not for this user" in line]
        assert "control: {group: NAME}" in line
    # The group of the directory and the sockets is the right.
    group = sockets.stat().st_gid
    done = subprocess.run([ZONEBOX, "--control", sockets, "status"], user=NOBODY, group=NOBODY, extra_groups=[group],
                          text=True, capture_output=True, timeout=30)
    assert done.returncode == (0 if group != 0 else 1) or "All is well." in done.stdout


@contextlib.contextmanager
def pretender(path, reply):
    """Answers each question on the socket with these octets; None: never."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)
    connections = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                connection.recv(4096)
                if reply is not None:
                    connection.sendall(reply)
                    connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            connection.close()
        thread.join(10)
        path.unlink()


@pytest.mark.parametrize("reply", [b"", b"garbage\n", b"[]\n", b'{"ok":\n', b"\xff\xfe\n", b'{"ok":true}\n',
                                   b'{"ok":true,"programs":7,"sockets":[1],"listen":{},"config-error":[]}\n',
                                   b'{"ok":true,"listen":["a"],"programs":[{"name":3,"state":null}],"sockets":{}}\n',
                                   b'{"ok":false,"error":"no"}\n', b'{"ok":false}\n'])
def test_replies_that_make_no_sense_are_survived(directory, reply):
    with pretender(directory / "zoned.sock", reply):
        for command in (["status"], ["status", "--json"]):
            done = run(ZONEBOX, "--control", directory, *command, check=False)
            assert done.returncode == 1
        json.loads(done.stdout)
        assert run(ZONEBOX, "--control", directory, "reload", check=False).returncode in (0, 1)


def commands_in(text):
    return [c for c in text if ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0]


def test_what_a_program_says_does_not_reach_the_terminal_as_commands(directory):
    evil = {"ok": False, "error": "a\x1b[2Jb\nAll is well.\u009b1m\x07"}
    zoned = {"ok": True, "listen": ["127.0.0.1@1"], "sockets": {"zone-server.0": "x"},
             "programs": [{"name": "zone-server.0", "state": "running"}]}
    with pretender(directory / "zoned.sock", json.dumps(zoned).encode() + b"\n"), \
         pretender(directory / "zone-server.0.sock", json.dumps(evil).encode() + b"\n"):
        done = run(ZONEBOX, "--control", directory, "status", check=False)
    assert done.returncode == 1 and not commands_in(done.stdout)
    assert done.stdout.splitlines()[:2] == ["Wrong:", "  zone-server.0: a?[2Jb All is well.??1m?"]


def test_nor_do_the_names_of_its_numbers(directory):
    evil = {"ok": True, "store-open": True, "sum": {"queries": {"udp4": 3}, "types": {"A\x1b[2J": 2, "\u009b1m": 3, "MX": 1}},
            "workers": {"0": {"queries": {"udp4": 3}}, "1\x07": {}}}
    zoned = {"ok": True, "listen": ["127.0.0.1@1"], "sockets": {"zone-server.0": "x"},
             "programs": [{"name": "zone-server.0", "state": "running"}]}
    with pretender(directory / "zoned.sock", json.dumps(zoned).encode() + b"\n"), \
         pretender(directory / "zone-server.0.sock", json.dumps(evil).encode() + b"\n"):
        shown = run(ZONEBOX, "--control", directory, "status", check=False).stdout
        printed = run(ZONEBOX, "--control", directory, "status", "--json", check=False).stdout
    assert "  types      MX 1\n" in shown and not commands_in(shown)
    assert json.loads(printed)["statistics"]["sum"]["types"] == {"MX": 1} and not commands_in(printed)


def test_wrong_use_is_told_apart(box):
    for arguments in ([], ["dance"], ["status", "a", "b"], ["flush"], ["flush", ""], ["setup"], ["setup", "exim"],
                      ["reload", "now"], ["reload", "--json"], ["status", "--quiet"], ["check", "--quiet", "--all"], ["status", "--hostname", "x"]):
        done = zonebox(box, *arguments)
        assert done.returncode == 2 and len(done.stderr.splitlines()) <= 2, arguments


# ── Setup ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def lines_for(box, what, resolver="yes"):
    box.write_config(CONFIG + f"resolver: {resolver}\n")
    return zonebox(box, "setup", what)


def lines_of(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_setup_prints_resolv_conf(box):
    done = lines_for(box, "resolv.conf")
    assert done.returncode == 0 and done.stderr == ""
    assert lines_of(done.stdout) == ["nameserver 127.0.0.1", "nameserver ::1", "options edns0 trust-ad"]
    done = lines_for(box, "resolv.conf", "{listen: [127.0.0.1@5353, 127.0.0.53@53, 127.0.0.54, '::1', 127.0.0.2]}")
    assert lines_of(done.stdout)[:-1] == ["nameserver 127.0.0.53", "nameserver 127.0.0.54", "nameserver ::1"]


@pytest.mark.parametrize("what", ["postfix", "resolv.conf", "ssh"])
def test_setup_warns_where_the_lines_cannot_work(box, what):
    done = lines_for(box, what, "{listen: 127.0.0.1@5353}")
    assert done.returncode == 1 and "nameserver 127.0.0.1" in done.stdout
    assert "port 53" in done.stderr and len(done.stderr.splitlines()) == 1
    done = lines_for(box, what, "no")
    assert done.returncode == 1 and done.stdout == "" and "resolver: no" in done.stderr


@pytest.mark.parametrize("what, group", [("opendkim", "opendkim"), ("rspamd", "_rspamd")])
def test_setup_of_who_signs_mail_wants_the_keys_group(box, what, group):
    done = lines_for(box, what, "no")  # it does not ask our resolver
    assert done.returncode == 1 and f"dkim: {{group: {group}}}" in done.stderr
    assert f"{box.state}/dkim/" in done.stdout and f"/etc/systemd/system/zonebox-{what}.path" in done.stdout
    box.write_config(CONFIG.replace("  ssh:", f"  dkim: {{group: {group}}}\n  ssh:"))
    done = zonebox(box, "setup", what)
    assert done.returncode == 0 and done.stderr == ""


def test_ssh_takes_the_lines(box):
    path = box.directory / "ssh_config"
    path.write_text(lines_for(box, "ssh").stdout)
    said = run("ssh", "-G", "-F", path, "box.example.com").stdout
    assert "verifyhostkeydns true" in said


def test_postfix_takes_the_lines(box):
    text = lines_for(box, "postfix").stdout
    wanted = {"smtp_dns_support_level": "dnssec", "smtp_tls_security_level": "dane"}
    found = dict(line.split(" = ", 1) for line in lines_of(text))
    assert wanted.items() <= found.items() and found["smtpd_tls_cert_file"] == str(box.tls)
    assert "/var/spool/postfix/etc/resolv.conf" in text
    if shutil.which("postconf") is None:
        pytest.skip("no Postfix here")
    place = box.directory / "postfix"
    place.mkdir()
    (place / "main.cf").write_text("compatibility_level = 3.6\n" + text)
    (place / "master.cf").write_text("")
    done = run("postconf", "-c", place, "-n", *wanted)
    assert done.stderr == "" and done.stdout == "".join(f"{key} = {value}\n" for key, value in wanted.items())


# ── Init ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_init_makes_the_keys_before_anything_runs_and_only_once(box):
    done = zonebox(box, "init")
    assert done.returncode == 0, done.stderr
    assert str(box.state) in done.stdout and "--ds" in done.stdout
    keys = {path.name: path.read_bytes() for path in (box.state / "keys").iterdir()}
    assert len(keys) == 4
    if ROOT:
        assert {path.stat().st_uid for path in (box.state / "keys").iterdir()} == {USERS["signer"]}
    published = box.zonegen("--dump", "--signed").stdout
    assert box.tlsa in published.lower().replace(" ", "")  # also the certificate that is root's to read
    before = box.config.read_text()
    done = zonebox(box, "init", "other.example")
    assert done.returncode == 0 and "not touched" in done.stderr
    assert box.config.read_text() == before
    assert {path.name: path.read_bytes() for path in (box.state / "keys").iterdir()} == keys
    assert box.zonegen("--dump", "--signed").stdout == published
    box.start().wait_served("example.com")
    done = zonebox(box, "init")
    assert done.returncode == 0 and "zoned runs" in done.stdout


def test_init_writes_a_configuration_to_begin_with(box):
    box.config.unlink()
    done = zonebox(box, "init")
    assert done.returncode == 1 and not box.config.exists()
    (line,) = done.stderr.splitlines()
    assert "--hostname" in line
    for words in (["--hostname", "box", "a.example"], ["--hostname", "box.a.example", "a..example"],
                  ["--hostname", "box.a.example", "a.example\nstate: /"], ["--hostname", "box.a.example: x", "a.example"]):
        done = zonebox(box, "init", *words)
        assert done.returncode == 1 and not box.config.exists() and len(done.stderr.splitlines()) == 1


def test_init_under_a_narrow_umask_makes_what_the_programs_get_to(box):
    box.write_config(CONFIG.replace("state: state", "state: deep/state"))
    done = subprocess.run(["sh", "-c", 'umask 077; exec "$@"', "sh", ZONEBOX, "--config", box.config, "init"], text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (box.directory / "deep").stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(not ROOT, reason="an ordinary user cannot give a directory away")
@pytest.mark.parametrize("spoil", ["somebody-else's", "for-all-to-write"])
def test_init_makes_nothing_where_others_may_put_something_in_its_place(box, spoil):
    box.state.mkdir()
    (box.state / "letters").mkdir()
    (box.directory / "precious").write_text("precious\n")
    os.link(box.directory / "precious", box.state / "zoned.lock")
    if spoil == "for-all-to-write":
        box.state.chmod(0o1777)
    else:
        os.chown(box.state, NOBODY, NOBODY)
    done = zonebox(box, "init")
    assert done.returncode == 1 and "`state:` names a directory of its own" in done.stderr
    assert sorted(path.name for path in box.state.iterdir()) == ["letters", "zoned.lock"]
    assert (box.directory / "precious").read_text() == "precious\n"


def test_init_hands_nothing_of_its_environment_on(box):
    programs = box.directory / "bin"
    programs.mkdir()
    shutil.copy(ZONEBOX, programs)
    for name in ("zone-signer", "zone-server"):
        (programs / name).write_text("#!/bin/sh\nexec env >&2\n")
        (programs / name).chmod(0o755)
    done = run(programs / "zonebox", "--config", box.config, "init", env={"SECRET": "hush"})
    assert "PWD" in done.stderr and "SECRET" not in done.stderr


def in_a_world_of_its_own(directory, script):
    """Runs the script as root where /etc and /var are copies."""
    if not ROOT or shutil.which("unshare") is None:
        pytest.skip("only root can have a world of its own")
    need_namespace("-m")
    for name in ("etc", "var"):
        (directory / name).mkdir()
    world = (f"set -e; mount --make-rprivate /; cp -a /etc/. {directory}/etc/; mount --bind {directory}/etc /etc; "
             f"mount --bind {directory}/var /var; mkdir /var/lib; {script}")
    done = subprocess.run(["unshare", "-m", "bash", "-c", world], text=True, capture_output=True, timeout=100,
                          env={**os.environ, "ASAN_OPTIONS": "exitcode=99"})
    if "mount:" in done.stderr:
        pytest.skip("no mounts here")
    return done


def test_init_on_a_new_machine_makes_users_configuration_and_state(directory):
    init = f"{ZONEBOX} init --hostname box.example.com example.com example.net"
    done = in_a_world_of_its_own(directory, f"rm -rf /etc/zonebox; {init}; echo again; {init}; "
                                            "getent passwd zonebox-signer zonebox-server zonebox-resolver zonebox-probe; "
                                            "stat -c '%U:%G %a %n' /var/lib/zonebox/*")
    assert done.returncode == 0, done.stderr
    first, again = done.stdout.split("again\n")
    assert "User: zonebox-signer, made" in first and "zonebox.yaml, written" in first
    assert "TLS: /etc/zonebox/tls-next/" in first and "TLS:" not in again
    assert len(list((directory / "etc/zonebox/tls-next").glob("*-ecdsa.key"))) == 1
    assert "User: zonebox-resolver, as it was" in again and "zonebox.yaml, as it was" in again
    for user in ("signer", "server", "resolver", "probe"):
        assert f"zonebox-{user}:" in again
    assert again.count("/usr/sbin/nologin") == 4
    assert "zonebox-signer:zonebox-signer 700 /var/lib/zonebox/keys" in again
    assert "zonebox-signer:zonebox-server 2750 /var/lib/zonebox/serve" in again
    assert "zonebox-resolver:zonebox-resolver 700 /var/lib/zonebox/resolver" in again
    written = (directory / "etc/zonebox/zonebox.yaml").read_text()
    assert "hostname: box.example.com" in written and "\n  - example.net\n" in written
    assert list((directory / "var/lib/zonebox/keys").glob("Kexample.net.*.private"))


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_init_as_an_ordinary_user_does_its_part_and_says_the_rest(directory):
    place = directory / "home"
    place.mkdir()
    shutil.chown(place, NOBODY, NOBODY)
    directory.chmod(0o755)
    config = place / "zonebox.yaml"

    def as_nobody(*arguments):
        return subprocess.run([ZONEBOX, "--config", config, *arguments], user=NOBODY, group=NOBODY, extra_groups=[],
                              text=True, capture_output=True, timeout=60, cwd=place)

    done = as_nobody("init", "--hostname", "box.example.com", "example.com")
    assert config.exists() and done.returncode == 1  # the default state is root's
    assert "as root" in done.stderr
    config.write_text(config.read_text() + "state: state\n")
    done = as_nobody("init")
    assert done.returncode == 0, done.stderr
    assert "yours for all programs" in done.stdout
    assert list((place / "state/keys").glob("Kexample.com.*.private"))


# ── Completion ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("line, found", [
    ("zonebox ", "status check reload flush init setup import tls-next roll retire move"), ("zonebox s", "status setup"),
    ("zonebox setup ", "opendkim postfix resolv.conf rspamd ssh"),
    ("zonebox --config x setup r", "resolv.conf rspamd"),
    ("zonebox status --", "--all --json --config --control"), ("zonegen --d", "--dump --ds --diff"),
    ("zonebox check --", "--all --quiet --json --config"),
])
def test_bash_completes(line, found):
    source = pathlib.Path(__file__).parents[2] / "docs/completion.bash"
    words = line.split(" ")
    script = (f'. {source}; COMP_WORDS=({" ".join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; '
              f'_{words[0]}; echo "${{COMPREPLY[*]}}"')
    assert run("bash", "-c", script).stdout.split() == found.split()
