# SPDX-License-Identifier: ISC
"""What somebody could do who has taken a program over: gdb calls the C library from inside each running program, as
injected code would, and everything that the program does not need fails.

The kernel lets only root look into a process that is not dumpable; where there is no gdb, or no Landlock, the tests say
so and are skipped.
"""

import errno
import os
import pathlib
import re
import resource
import shutil
import subprocess
import time

import pytest

from harness import BIN, CONFIG, ROOT, USERS, Box, Program, free_port, query, scratch, serial, wait_until

GDB = shutil.which("gdb")
REFUSED = {errno.EACCES, errno.EPERM}

PROGRAMS = ["zone-server", "zone-signer", "zone-resolver", "zone-probe"]

# sockaddr_in of 192.0.2.1, port 25, as a C string
SOMEBODY = r'"\002\000\000\031\300\000\002\001\000\000\000\000\000\000\000\000"'
O_WRONLY_CREAT = os.O_WRONLY | os.O_CREAT


def gdb(pid, *commands):
    """What gdb writes when it is attached and runs the commands. Debian 12's fails itself where a process with threads is
    killed meanwhile; no dump of that."""
    argv = [GDB, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off", "-p", str(pid)]
    for command in commands:
        argv += ["-ex", command]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
    return done.stdout + done.stderr


def why_not():
    """Why gdb cannot look into processes here, or None."""
    if GDB is None:
        return "there is no gdb"
    if not ROOT:
        return "only root can look into a process that is not dumpable"
    # Another user's, as the programs are: without CAP_SYS_PTRACE, in a container for instance, that is not for root either.
    with subprocess.Popen(["sleep", "60"], user=USERS["server"], group=USERS["server"], extra_groups=[]) as sleeper:
        text = gdb(sleeper.pid, "print (int)getpid()")
        sleeper.kill()
    if f"= {sleeper.pid}" in text:
        return None
    return "gdb cannot attach here: " + next((line for line in text.splitlines() if "ptrace" in line), text)


@pytest.fixture(scope="module")
def can_look_inside():
    reason = why_not()
    if reason:
        pytest.skip(reason)


def call_inside(pid, *calls):
    """Calls functions of the C library in the process. Returns (result, errno) for each."""
    commands = []
    for call in calls:
        commands += ['printf "result %ld", (long)(int)' + call,
                     r'printf " errno %d\n", *((int *(*)(void))__errno_location)()']
    text = gdb(pid, *commands)
    found = [(int(a), int(b)) for a, b in re.findall(r"^result (-?\d+) errno (\d+)$", text, re.MULTILINE)]
    assert len(found) == len(calls), text
    return found


def children(pid):
    """Name → pids of the programs that a process has started."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = stat.read_text().split(" (", 1)
        except OSError:
            continue  # it has just ended
        name, rest = rest.rsplit(")", 1)
        if int(rest.split()[1]) == pid:
            found.setdefault(name, []).append(int(number))
    return found


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.fixture(scope="module")
def box():
    config = CONFIG + f'resolver: {{listen: ["127.0.0.1@{free_port()}"], trust-own-keys: yes}}\nprobe: yes\n'
    with scratch() as directory, Box(directory / "box", config) as a_box:
        a_box.start().wait_served("example.com", "example.net")
        a_box.program.wait_log("info zone-resolver confined")
        a_box.program.wait_log("info zone-probe confined")
        yield a_box


def programs(box):
    return {name: pids for name, pids in children(box.program.pid).items() if name.startswith("zone-")}


def the(box, name):
    return programs(box)[name][0]


def need_landlock(box):
    if "confined landlock=0" in box.program.log():
        pytest.skip("this kernel has no Landlock: files are protected by their modes only")


def secrets(box):
    """Files that are not for everybody, and the place of each in the text of a failure."""
    keys = sorted((box.state / "keys").glob("*.private")) + sorted((box.state / "dkim").glob("*/*.private"))
    assert len(keys) >= 4
    return {"dnssec": keys[0], "dkim": keys[-1], "config": box.config, "tls": box.tls.with_suffix(".key"),
            "host key": box.directory / "ssh_host_ed25519_key", "shadow": pathlib.Path("/etc/shadow"),
            "passwd": pathlib.Path("/etc/passwd")}


def assert_refused(pid, *calls):
    for call, (result, number) in zip(calls, call_inside(pid, *calls)):
        assert result == -1 and number in REFUSED, f"{call} → {result}, {errno.errorcode.get(number)}"


def quoted(path):
    return f'"{path}"'


# ── What the kernel says ─────────────────────────────────────────────────────────────────────────


def test_each_program_is_confined_by_the_kernel(box):
    running = programs(box)
    assert {name: len(pids) for name, pids in running.items()} == {"zone-server": 2, "zone-signer": 1,
                                                                   "zone-resolver": 1, "zone-probe": 1}
    for name, pids in running.items():
        for pid in pids:
            status = status_of(pid)
            assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), name
            assert re.search(r"^Max core file size +0 +0 ", pathlib.Path(f"/proc/{pid}/limits").read_text(), re.M)
            if ROOT:
                assert set(status["Uid"].split()).isdisjoint({"0"}), f"{name} runs as root"
                assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, name
                assert os.stat(f"/proc/{pid}/environ").st_uid == 0, f"{name} can be looked into by its user"


def test_zoned_shows_its_memory_to_nobody(box):
    """It keeps root's rights, but certificate files that it reads may hold keys."""
    pid = box.program.pid
    assert re.search(r"^Max core file size +0 +0 ", pathlib.Path(f"/proc/{pid}/limits").read_text(), re.M)
    if not ROOT:
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0


# ── From inside ──────────────────────────────────────────────────────────────────────────────────


def test_gdb_does_what_it_says(can_look_inside, box):
    """Or nothing below means anything: in a program that is not confined the same calls work."""
    with Program(BIN / "zone-server", "--unconfined", "--rate-limit", 0, "--serve", box.state / "serve", "--listen",
                 f"127.0.0.1@{free_port()}", log=box.directory / "unconfined.log",
                 env={"ASAN_OPTIONS": "detect_leaks=0"}) as server:
        server.wait_log("serving")
        results = call_inside(server.pid, *(f"open({quoted(path)}, 0)" for path in secrets(box).values()),
                              "socket(2, 2, 0)", f"kill({os.getpid()}, 0)")
        assert all(result >= 0 for result, _ in results), results


def test_nothing_of_the_box_can_be_opened_in_the_server(can_look_inside, box):
    need_landlock(box)
    pid = the(box, "zone-server")
    serve = box.state / "serve"
    (result, _), = call_inside(pid, f"open({quoted(serve / 'data.mdb')}, 0)")
    assert result >= 0
    assert_refused(pid, *(f"open({quoted(path)}, 0)" for path in secrets(box).values()),
                   f"open({quoted(serve / 'new')}, {O_WRONLY_CREAT}, 0600)",
                   f"open({quoted(box.directory / 'new')}, {O_WRONLY_CREAT}, 0600)",
                   f'open("/tmp/new", {O_WRONLY_CREAT}, 0600)',
                   f"unlink({quoted(serve / 'data.mdb')})", f"truncate({quoted(serve / 'data.mdb')}, 0)",
                   f"rename({quoted(serve / 'data.mdb')}, {quoted(serve / 'other')})", 'mkdir("/tmp/new", 0700)')


def test_only_its_own_can_be_opened_in_the_signer(can_look_inside, box):
    need_landlock(box)
    pid = the(box, "zone-signer")
    files = secrets(box)
    own = [files.pop("dnssec"), files.pop("dkim")]
    assert all(result >= 0 for result, _ in call_inside(pid, *(f"open({quoted(path)}, 0)" for path in own)))
    assert_refused(pid, *(f"open({quoted(path)}, 0)" for path in files.values()),
                   f"open({quoted(box.state / 'new')}, {O_WRONLY_CREAT}, 0600)",
                   f"open({quoted(box.directory / 'new')}, {O_WRONLY_CREAT}, 0600)",
                   f'open("/tmp/new", {O_WRONLY_CREAT}, 0600)', f'rename({quoted(own[0])}, "/tmp/new")',
                   f"truncate({quoted(files['config'])}, 0)", 'symlink("/etc/shadow", "/tmp/new")')


def test_only_public_keys_can_be_opened_in_the_resolver(can_look_inside, box):
    need_landlock(box)
    pid = the(box, "zone-resolver")
    (result, _), = call_inside(pid, f"open({quoted(box.state / 'public/zones.key')}, 0)")
    assert result >= 0
    assert_refused(pid, *(f"open({quoted(path)}, 0)" for path in secrets(box).values()),
                   f"open({quoted(box.state / 'serve/data.mdb')}, 0)",
                   f"open({quoted(box.state / 'public/zones.key')}, {os.O_WRONLY})",
                   f"open({quoted(box.state / 'public/new')}, {O_WRONLY_CREAT}, 0600)",
                   f'open("/tmp/new", {O_WRONLY_CREAT}, 0600)', f"unlink({quoted(box.state / 'public/zones.key')})")


def test_nothing_at_all_can_be_opened_in_the_probe(can_look_inside, box):
    assert_refused(the(box, "zone-probe"), *(f"open({quoted(path)}, 0)" for path in secrets(box).values()),
                   f"open({quoted(box.state / 'serve/data.mdb')}, 0)", f"open({quoted(box.state / 'public/zones.key')}, 0)",
                   'open("/etc/ssl/certs/ca-certificates.crt", 0)', f'open("/tmp/new", {O_WRONLY_CREAT}, 0600)')


@pytest.mark.parametrize("name", ["zone-resolver", "zone-probe"])
def test_who_asks_the_world_does_so_over_ip_only_and_listens_nowhere_else(can_look_inside, box, name):
    pid = the(box, name)
    (datagrams, _), (stream, _) = call_inside(pid, "socket(2, 2, 0)", "socket(2, 1, 0)")
    assert datagrams >= 0 and stream >= 0
    assert_refused(pid, "socket(1, 1, 0)", "socket(16, 3, 0)", "socket(2, 3, 1)", "socket(17, 2, 0)",
                   f"listen({stream}, 1)")


@pytest.mark.parametrize("name", ["zone-server", "zone-signer"])
def test_nobody_can_be_asked(can_look_inside, box, name):
    pid = the(box, name)
    assert_refused(pid, "socket(2, 1, 0)", "socket(2, 2, 0)", "socket(10, 1, 0)", "socket(1, 1, 0)", "socket(16, 3, 0)",
                   "socket(2, 3, 1)", f"connect(3, {SOMEBODY}, 16)", f"bind(3, {SOMEBODY}, 16)")


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_right_can_be_had_back(can_look_inside, box, name):
    pid = the(box, name)
    assert_refused(pid, "setuid(0)", f"kill({box.program.pid}, 0)", f"kill({the(box, 'zone-server')}, 0)", "prctl(4, 1, 0, 0, 0)",
                   "mprotect((void *)((unsigned long)$sp & ~4095), 4096, 7)", 'mknod("/tmp/new", 010600, 0)',
                   "setgroups(0, 0)", "sethostname(\"x\", 1)")


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("call", ['execve("/bin/sh", (void *)0, (void *)0)', "fork()", "ptrace(0, 0, 0, 0)"])
def test_a_shell_ends_the_program_and_the_box_goes_on(can_look_inside, box, name, call):
    before = programs(box)[name]
    time.sleep(max(0.0, 1.1 - age(before[0])))  # what ends right after its start is not started again at once
    gdb(before[0], f"print (int){call}")
    box.program.wait_log(f'pid={before[0]} signal="Bad system call"')
    after = wait_until(lambda: (now := programs(box).get(name, [])) and before[0] not in now
                       and len(now) == len(before) and now, f"a new {name}")
    assert set(after) >= set(before[1:])
    wait_until(lambda: all(status_of(pid)["Seccomp"] == "2" for pid in after), f"the new {name} is confined")
    assert query(box.port, "example.com", "SOA").answer


def age(pid):
    """Seconds since the process started."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")


# ── Directories that are replaced ────────────────────────────────────────────────────────────────


def test_a_server_whose_directory_is_replaced_ends_when_there_is_a_store_in_the_other(box):
    serve, port = box.directory / "replaced", free_port()
    shutil.copytree(box.state / "serve", serve)
    with Program(BIN / "zone-server", "--rate-limit", 0, "--serve", serve, "--listen", f"127.0.0.1@{port}",
                 log=box.directory / "replaced.log") as server:
        wait_until(lambda: serial(port, "example.com"), server.log)
        serve.rename(box.directory / "away")
        serve.mkdir()
        time.sleep(1.5)  # it looks every second
        assert server.running() and query(port, "example.com", "SOA").answer
        shutil.copytree(box.state / "serve", serve, dirs_exist_ok=True)
        assert server.wait() == 1
        assert "its directory was replaced" in server.log()


def test_a_server_may_be_there_before_its_directory(box):
    serve, port = box.directory / "later", free_port()
    with Program(BIN / "zone-server", "--rate-limit", 0, "--serve", serve, "--listen", f"127.0.0.1@{port}",
                 log=box.directory / "later.log") as server:
        server.wait_log("serving")
        shutil.copytree(box.state / "serve", serve, dirs_exist_ok=True)
        wait_until(lambda: serial(port, "example.com"), server.log)
        assert server.stop() == 0
