# SPDX-License-Identifier: ISC
"""Who each program is, what it owns, what it cannot reach: as root with users of their own, and as an ordinary user."""

import contextlib
import errno
import os
import pathlib
import socket
import stat
import subprocess

import pytest

from harness import (BIN, CONFIG, SOURCE, USERS, Box, Program, free_port, make_certificate, query, run, serial,
                     wait_until)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs as other users")

SIGNER, SERVER, RESOLVER, PROBE = USERS["signer"], USERS["server"], USERS["resolver"], USERS["probe"]
DKIM, ADMINS, ORDINARY = 61007, 61008, 61020

# {path: (owner, group, mode)}: all that lies in the state directory of a box that ran as root. K stands for the names
# of keys, which nobody can foretell.
STATE = {
    "": (0, 0, 0o755),
    "zoned.lock": (0, 0, 0o600),
    "last-good.yaml": (0, 0, 0o600),
    "keys": (SIGNER, SIGNER, 0o700),
    "keys/K.key": (SIGNER, SIGNER, 0o644),
    "keys/K.private": (SIGNER, SIGNER, 0o600),
    "dkim": (SIGNER, DKIM, 0o2750),
    "dkim/example.com": (SIGNER, DKIM, 0o2750),
    "dkim/example.com/K.private": (SIGNER, DKIM, 0o640),
    "dkim/example.com/K.pub": (SIGNER, DKIM, 0o644),
    "dkim/KeyTable": (SIGNER, DKIM, 0o640),
    "dkim/SigningTable": (SIGNER, DKIM, 0o640),
    "dkim/rspamd.conf": (SIGNER, DKIM, 0o640),
    "state": (SIGNER, SIGNER, 0o700),
    "state/signer.lock": (SIGNER, SIGNER, 0o600),
    "state/data.mdb": (SIGNER, SIGNER, 0o600),
    "state/lock.mdb": (SIGNER, SIGNER, 0o600),
    "serve": (SIGNER, SERVER, 0o2750),
    "serve/data.mdb": (SIGNER, SERVER, 0o640),
    "serve/lock.mdb": (SIGNER, SERVER, 0o660),
    "public": (SIGNER, SIGNER, 0o755),
    "public/zones.key": (SIGNER, SIGNER, 0o644),
    "public/tls.keys": (SIGNER, SIGNER, 0o644),
    "public/ds": (SIGNER, SIGNER, 0o644),
    "resolver": (RESOLVER, RESOLVER, 0o700),
    "resolver/root.key": (RESOLVER, RESOLVER, 0o600),
    "resolver/root.seed": (RESOLVER, RESOLVER, 0o600),
}
FULL = CONFIG.replace("  - example.net\n", "").replace("  ssh:", f"  dkim: {{group: {DKIM}}}\n  ssh:") + \
    f"control: {{directory: control, group: {ADMINS}}}\n"


def look(path):
    info = path.lstat()
    return info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)


def state_of(box):
    found = {}
    for path in [box.state, *box.state.rglob("*")]:
        name = str(path.relative_to(box.state)) if path != box.state else ""
        if name.startswith("keys/K"):
            name = "keys/K" + path.suffix
        if name.startswith("dkim/example.com/"):
            name = "dkim/example.com/K" + path.suffix
        try:
            found[name] = look(path)
        except FileNotFoundError:  # a file that is being replaced
            found[name] = None
    return found


def children(pid):
    """{program: pid} of the children of zoned; of the workers one."""
    pids = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pathlib.Path(f"/proc/{p}/cmdline").read_text().split("\0")[0].rpartition("/")[2]: int(p) for p in pids}


def status_of(pid, field):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1:] for line in text.splitlines() if line.startswith(field + ":"))


def try_as(uid, gid, call, *args, groups=()):
    """The errno that the call fails with for a user, or 0: in a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 255
        with contextlib.suppress(BaseException):
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            try:
                call(*args)
                code = 0
            except OSError as error:
                code = error.errno
        os._exit(code)
    os.close(reading)
    os.close(writing)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read(path):
    with open(path, "rb") as file:
        file.read(1)


def connect(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(str(path))


@pytest.fixture
def running(box):
    box.write_config(FULL + 'probe: yes\nresolver: {listen: ["127.0.0.1@%d"]}\n' % free_port())
    box.start().wait_served("example.com")
    wait_until(lambda: (box.state / "resolver/root.seed").exists(), "the resolver has its anchors")
    return box


@as_root
def test_each_program_has_its_user_and_nothing_else(running):
    found = children(running.program.pid)
    assert sorted(found) == ["zone-probe", "zone-resolver", "zone-server", "zone-signer"]
    for name, pid in found.items():
        number = str(USERS[name.removeprefix("zone-")])
        assert status_of(pid, "Uid") == [number] * 4
        assert status_of(pid, "Gid") == [number] * 4
        assert status_of(pid, "Groups") == []
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status_of(pid, capabilities)[0], 16) == 0


@as_root
def test_everything_has_its_owner_and_mode(running):
    wait_until(lambda: state_of(running) == STATE, lambda: f"{state_of(running)}")  # some are written after serving
    running.stop()
    assert state_of(running) == STATE


@as_root
def test_control_sockets_are_for_their_group(running):
    control = running.directory / "control"
    assert look(control) == (0, ADMINS, 0o750)
    names = {path.name for path in control.iterdir()}
    assert names == {"zoned.sock", "zone-signer.sock", "zone-server.0.sock", "zone-server.1.sock", "zone-resolver.sock",
                     "zone-probe.sock"}
    for path in control.iterdir():
        assert look(path) == (0, ADMINS, 0o660)
    assert try_as(ORDINARY, ORDINARY, connect, control / "zoned.sock") == errno.EACCES
    assert try_as(ORDINARY, ORDINARY, connect, control / "zoned.sock", groups=[ADMINS]) == 0


@as_root
def test_what_users_cannot_reach(running):
    (private,) = (running.state / "keys").glob("*.private")
    dkim = min((running.state / "dkim/example.com").glob("*.private"))
    data = running.state / "serve/data.mdb"
    denied = errno.EACCES
    for uid in (SERVER, RESOLVER, PROBE, ORDINARY):
        for path in (private, dkim, running.state / "state/data.mdb", running.state / "last-good.yaml"):
            assert try_as(uid, uid, read, path) == denied, (uid, path)
    assert try_as(ORDINARY, ORDINARY, read, dkim, groups=[DKIM]) == 0  # the mail signer
    assert try_as(SERVER, SERVER, read, data) == 0
    assert try_as(SERVER, SERVER, open, data, "r+b") == denied
    assert try_as(SERVER, SERVER, os.unlink, data) == denied
    for uid in (RESOLVER, PROBE, ORDINARY):
        assert try_as(uid, uid, read, data) == denied
    assert try_as(SIGNER, SIGNER, os.unlink, running.state / "zoned.lock") == denied
    assert try_as(SIGNER, SIGNER, read, running.state / "resolver/root.key") == denied


@as_root
def test_a_certificate_for_root_only_is_published_all_the_same(box):
    tls = box.directory / "closed"
    tls.mkdir(mode=0o700)
    hash_of_key = make_certificate(tls / "tls.pem")
    (tls / "tls.pem").chmod(0o600)
    box.write_config(CONFIG.replace("tls.pem", "closed/tls.pem"))
    box.start().wait_served("example.com")
    assert try_as(SIGNER, SIGNER, read, tls / "tls.pem") == errno.EACCES
    (answer,) = query(box.port, "_25._tcp.box.example.com", "TLSA").answer
    assert answer[0].cert.hex() == hash_of_key


@as_root
@pytest.mark.parametrize("user", ["signer", "server"])
def test_a_user_that_is_not_there_is_refused_in_one_line(box, user):
    users = {**USERS, user: "zonebox-nobody-has-this"}
    box.write_config(CONFIG + "user: {" + ", ".join(f"{key}: {value}" for key, value in users.items()) + "}\n")
    done = run(BIN / "zoned", "--config", box.config, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"user.{user}: there is no user" in line and "zonebox init" in line and "zonebox.yaml:" in line
    assert not box.state.exists()


@as_root
def test_other_users_take_a_restart(running):
    running.write_config(running.config.read_text().replace(str(SIGNER), "61011"))
    running.program.wait_log("config-wrong")
    assert "takes a stop and a start" in running.program.log()
    running.stop()
    running.start().wait_served("example.com")
    assert look(running.state / "keys") == (61011, 61011, 0o700)
    assert {look(path)[0] for path in (running.state / "keys").iterdir()} == {61011}
    assert status_of(children(running.program.pid)["zone-signer"], "Uid")[0] == "61011"


@as_root
@pytest.mark.parametrize("owner", [0, 61012])
def test_a_restored_state_is_repaired(running, owner):
    before = serial(running.port, "example.com")
    running.stop()
    for path in [running.state, *running.state.rglob("*")]:
        os.chown(path, owner, owner)
    running.start().wait_served("example.com")
    wait_until(lambda: state_of(running) == STATE, lambda: f"{state_of(running)}")
    assert serial(running.port, "example.com") >= before
    assert "owner-repaired" in running.program.log()


@as_root
def test_nothing_planted_is_given_away(running):
    running.stop()
    secret = running.directory / "secret"
    secret.write_text("root's own")
    secret.chmod(0o600)
    keys = running.state / "keys"
    (keys / "link").symlink_to(secret)
    os.link(secret, keys / "hard")
    (running.state / "dkim/example.com/above").symlink_to(running.directory)
    running.start().wait_served("example.com")
    assert look(secret) == (0, 0, 0o600)
    running.stop()
    os.chown(keys, 0, 0)  # as after a restore: the directory is repaired, and still not what was planted
    os.chown(running.state / "dkim", 0, 0)
    running.start().wait_served("example.com")
    assert look(keys) == STATE["keys"]
    assert look(secret) == (0, 0, 0o600)
    assert look(running.directory)[0] == 0
    assert "owner-not-repaired" in running.program.log()


@as_root
def test_a_directory_that_is_a_link_is_refused(box):
    box.state.mkdir()
    (box.directory / "elsewhere").mkdir()
    (box.state / "keys").symlink_to(box.directory / "elsewhere")
    done = run(BIN / "zoned", "--config", box.config, check=False)
    assert done.returncode == 1 and "symbolic link" in done.stderr.splitlines()[-1]
    assert look(box.directory / "elsewhere")[0] == 0


@as_root
def test_the_unit_leaves_zoned_the_capabilities_that_it_needs(box):
    """zoned with no more of root's rights than the unit's CapabilityBoundingSet."""
    unit = (SOURCE / "share/zonebox/zonebox.service.in").read_text()
    (line,) = [line for line in unit.splitlines() if line.startswith("CapabilityBoundingSet=")]
    names = [name.removeprefix("CAP_").lower() for name in line.partition("=")[2].split()]
    bounding = "-all," + ",".join(f"+{name}" for name in names)
    box.write_config(FULL)
    for path in (box.tls, box.config):
        os.chown(path, ORDINARY, ORDINARY)  # a certificate need not be root's own
        path.chmod(0o600)
    limited = ["setpriv", f"--bounding-set={bounding}", f"--inh-caps={bounding}"]
    if run(*limited, "true", check=False).returncode != 0:
        pytest.skip("this root has less itself, as in a container")
    box.program = Program(*limited, BIN / "zoned", "--config", box.config, log=box.directory / "log")
    box.wait_served("example.com")
    without_resolver = {name: wanted for name, wanted in STATE.items() if not name.startswith("resolver/")}
    wait_until(lambda: state_of(box) == without_resolver, lambda: state_of(box))
    for path in box.state.rglob("*"):  # repairs, too
        os.chown(path, 61012, 61012)
    box.stop()
    box.program = Program("setpriv", f"--bounding-set={bounding}", BIN / "zoned", "--config", box.config,
                          log=box.directory / "log")
    box.wait_served("example.com")
    assert box.stop() == 0


@contextlib.contextmanager
def ordinary_box(directory):
    """A box that belongs to an ordinary user, and the user: the one of the tests, or for root one that it becomes."""
    plain = FULL.replace(f"  dkim: {{group: {DKIM}}}\n", "").replace(f", group: {ADMINS}", "")
    with Box(directory / "box", plain) as box:
        uid = ORDINARY if os.geteuid() == 0 else os.geteuid()
        if os.geteuid() == 0:
            for path in [box.directory, *box.directory.rglob("*")]:
                os.chown(path, uid, uid)
        yield box, uid


def become(uid):
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if os.geteuid() == 0 else []


def test_an_ordinary_user_runs_all_of_it(directory):
    with ordinary_box(directory) as (box, uid):
        box.program = Program(*become(uid), BIN / "zoned", "--config", box.config, log=box.directory / "log")
        box.wait_served("example.com")
        for pid in children(box.program.pid).values():
            assert status_of(pid, "Uid") == [str(uid)] * 4
        log = box.program.log()
        assert log.count("without-root") == 1 and "ports below 1024" in log
        for name, (owner, _, mode) in state_of(box).items():
            assert owner == uid and mode == STATE[name][2], name
        assert look(box.directory / "control/zoned.sock")[2] == 0o660
        assert box.stop() == 0


@as_root
def test_an_ordinary_user_is_told_the_ds_without_the_keys(running):
    assert try_as(ORDINARY, ORDINARY, os.listdir, running.state / "keys") == errno.EACCES
    own = running.zonegen("--ds", "example.com")
    done = run(*become(ORDINARY), BIN / "zonegen", "--config", running.config, "--ds", "example.com", check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", own.stdout) and " IN DS " in done.stdout


def test_an_ordinary_user_meets_files_of_another_in_one_line(directory):
    if os.geteuid() != 0:
        pytest.skip("makes files of another user")
    with ordinary_box(directory) as (box, uid):
        box.state.mkdir(mode=0o755)
        (box.state / "keys").mkdir(mode=0o755)
        os.chown(box.state, uid, uid)
        done = run(*become(uid), BIN / "zoned", "--config", box.config, check=False)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "belongs to user 0" in line


def test_programs_run_alone_make_the_same_modes(box):
    gid = DKIM if os.geteuid() == 0 else os.getegid()
    box.write_config(CONFIG.replace("  - example.net\n", "").replace("  ssh:", f"  dkim: {{group: {gid}}}\n  ssh:"))
    done = subprocess.run([BIN / "zone-signer", "--config", box.config, "--once"], umask=0o077, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    for name, (owner, group, mode) in state_of(box).items():
        wanted = 0o750 if name == "serve" else STATE[name][2]  # only zoned knows the server's group
        assert (owner, mode) == (os.geteuid(), wanted), name
        if name.startswith("dkim"):
            assert group == gid


@as_root
def test_root_alone_does_not_spoil_the_signers_files(running):
    running.stop()
    done = run(BIN / "zone-signer", "--config", running.config, "--once", check=False)
    assert done.returncode == 1 and f"belongs to user {SIGNER}" in done.stderr
    done = run("setpriv", f"--reuid={SIGNER}", f"--regid={SIGNER}", "--clear-groups", BIN / "zone-signer", "--config",
               running.config, "--once", check=False)
    assert done.returncode == 0, done.stderr
    assert state_of(running) == STATE
