# SPDX-License-Identifier: ISC
"""What the integration tests share: scratch boxes, programs that are surely stopped, waiting for conditions.

Programs are found in $ZONEBOX_BIN, the sources in $ZONEBOX_SOURCE. Every server listens on loopback on a port that was
free. Nothing sleeps for a fixed time: wait_until() looks until a condition holds or a deadline passes.
"""

import atexit
import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import pytest

import others

SOURCE = pathlib.Path(os.environ.get("ZONEBOX_SOURCE", pathlib.Path(__file__).parents[2]))
ROOT = os.geteuid() == 0

# Started by root, zoned gives its children these users: numbers, since no test makes users on the machine.
USERS = {"signer": 61001, "server": 61002, "resolver": 61003, "probe": 61004, "tls": 61005}


def lets_others_through(path):
    """Can a child of zoned, which has another user, get to the path?"""
    return all(part.stat().st_mode & 0o001 for part in [path, *path.parents] if part.is_dir())


BUILT = pathlib.Path(os.environ.get("ZONEBOX_BIN", SOURCE / "build/dev/bin")).resolve()
MAKE_STORE = BUILT.parent / "tests" / "make_store"
SPOIL_STORE = BUILT.parent / "tests" / "spoil_store"


def find_programs():
    """The built programs: copied where all users can run them, if root has the build tree for itself."""
    if not ROOT or lets_others_through(BUILT):
        return BUILT
    copies = pathlib.Path(tempfile.mkdtemp(prefix="zonebox-bin-"))
    atexit.register(shutil.rmtree, copies, ignore_errors=True)
    shutil.copytree(BUILT, copies / "bin")
    copies.chmod(0o711)
    return copies / "bin"


BIN = find_programs()

# What a sanitizer finds must fail the test that started the program: exit code 99 is nobody's own.
SANITIZER_EXIT = 99
SANITIZED = {
    "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:detect_leaks=1",
    "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:exitcode={SANITIZER_EXIT}",
    "LSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}",
}


def wait_until(condition, what, timeout=20.0):
    """Calls condition until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout} s: {what() if callable(what) else what}"
        time.sleep(0.02)


def within(seconds, measure):
    """measure does something and returns the seconds it took. The machine may be busy, so the fastest of a few counts."""
    took = []
    while len(took) < 5 and min(took, default=seconds) >= seconds:
        took.append(measure())
    assert min(took) < seconds, took


def free_port():
    """A port free for UDP and TCP on 127.0.0.1 and ::1. It lies below the kernel's range for clients, so that no
    outgoing connection of another test grabs it meanwhile."""
    while True:
        port = random.randint(12000, 31999)
        with contextlib.ExitStack() as stack:
            try:
                for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        probe = stack.enter_context(socket.socket(family, kind))
                        probe.bind((host, port))
                return port
            except OSError:
                continue


class Program:
    """A child process with its output in a file. stop() ends it by its pid and tells its exit code."""

    def __init__(self, *argv, log, env=None, cwd=None, pass_fds=()):
        self.argv = [str(a) for a in argv]
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "ab") as out:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **SANITIZED, **(env or {})},
                cwd=cwd,
                pass_fds=pass_fds,
            )

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait_for(self, condition, timeout=20.0):
        """Waits until the condition holds, while it runs."""
        held = wait_until(lambda: condition() or not self.running(), self.log, timeout)
        assert self.running(), f"{self.argv} ended with {self.process.returncode}:\n{self.log()}"
        return held

    def wait_log(self, text, timeout=20.0):
        wait_until(lambda: text in self.log() or not self.running(), f"{text!r} in the log:\n{self.log()}", timeout)
        assert text in self.log(), f"{self.argv} ended with {self.process.returncode}:\n{self.log()}"

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, timeout=10.0):
        return self.process.wait(timeout)

    def stop(self, timeout=10.0):
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"{self.argv[0]} did not end on SIGTERM:\n{self.log()}")
        assert self.process.returncode != SANITIZER_EXIT, self.log()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


class Threads:
    """Threads that each do their work again and again until stop(), which tells what went wrong in one."""

    def __init__(self):
        self.ending = threading.Event()
        self.trouble = []
        self.threads = []

    def start(self, work, *arguments):
        thread = threading.Thread(target=self.repeat, args=(work, arguments), daemon=True)
        self.threads.append(thread)
        thread.start()

    def repeat(self, work, arguments):
        try:
            while not self.ending.is_set():
                work(*arguments)
        except Exception as trouble:
            self.trouble.append(trouble)
            raise

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.trouble, self.trouble


def run(*argv, check=True, env=None, cwd=None, stdin=None, timeout=60, errors=None):
    """Runs a command to its end and returns the CompletedProcess, text in and out."""
    done = subprocess.run(
        [str(a) for a in argv],
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        errors=errors,
        env={**os.environ, **SANITIZED, **(env or {})},
        cwd=cwd,
        timeout=timeout,
    )
    assert done.returncode != SANITIZER_EXIT, done.stderr
    if check:
        assert done.returncode == 0, f"{argv} → {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def need_namespace(kind):
    """Skips a test where a namespace of its own (an option of unshare(1)) is not to be had, as in most containers."""
    done = run("unshare", kind, "true", check=False)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip())


def control_socket(path):
    """A listening Unix socket as zoned makes it for a program. Close it when the program has inherited it, so that
    what is heard there is the program's."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def control_join(path, timeout=20.0):
    """A connection to a control socket. Python's timeout makes connect(2) fail at once while the queue is full."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.connect(str(path))
            return connection
        except BlockingIOError:
            if time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.01)


def control_hear(connection):
    """The next line of a control connection, read as JSON; None at its end."""
    line = b""
    while not line.endswith(b"\n"):
        octets = connection.recv(1)
        if not octets:
            return None
        line += octets
    return json.loads(line)


def control_ask(path, command, timeout=20.0, **more):
    """One command to a program on its control socket, and what it replies."""
    with control_join(path, timeout) as connection:
        connection.sendall(json.dumps({"command": command, **more}).encode() + b"\n")
        return control_hear(connection)


def query(port, name, rtype, *, tcp=False, dnssec=False, host="127.0.0.1", timeout=3.0, **edns):
    """Asks one question and returns the dnspython message. Truncation is left to the caller."""
    message = dns.message.make_query(name, rtype, want_dnssec=dnssec, **edns)
    message.flags &= ~dns.flags.RD
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(message, host, timeout=timeout, port=port)


def serial(port, zone, timeout=1.0):
    """The serial that is served, or None."""
    try:
        answer = query(port, zone, "SOA", timeout=timeout)
        return answer.answer[0][0].serial if answer.answer else None
    except (OSError, dns.exception.DNSException):
        return None


def spki_sha256(certificate):
    public = run("openssl", "x509", "-in", certificate, "-noout", "-pubkey").stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public.encode(), capture_output=True,
                         check=True).stdout
    return hashlib.sha256(der).hexdigest()


def fill(path):
    """Writes until the file system is full to the last octet."""
    out = os.open(path, os.O_WRONLY | os.O_CREAT)
    for size in (65536, 4096, 512, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(out, b"x" * size)
    os.close(out)


def make_certificate(path, name="box.example.com", days=30, new_key=False):
    """A self-signed certificate as PEM, renamed into place; the key lies beside it and is kept unless new_key.
    Returns the SHA-256 of its SPKI as hex, as a TLSA 3 1 1 has it."""
    path = pathlib.Path(path)
    key = path.with_suffix(".key")
    if new_key or not key.exists():
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    fresh = path.with_name(path.name + ".new")
    run("openssl", "req", "-x509", "-key", key, "-days", str(days), "-subj", f"/CN={name}", "-out", fresh)
    os.rename(fresh, path)
    return spki_sha256(path)


# For what makes zones and serves none: no file of the machine is looked at.
BARE_BOX = """\
box:
  hostname: box.example.com
  addresses: [192.0.2.10]
  tls: []
  ssh: []
"""
# With the files that Box makes.
WHOLE_BOX = """\
box:
  hostname: box.example.com
  addresses: [192.0.2.10, "2001:db8::10"]
  tls: [tls.pem]
  ssh: [ssh_host_ed25519_key.pub]
"""
CONFIG = WHOLE_BOX + """\
domains:
  - example.com
  - example.net
server:
  listen: ["127.0.0.1@{port}", "::1@{port}"]
  workers: 2
state: state
"""


def completed(text):
    """The configuration with what every box of the tests has unless it says otherwise: no resolver, no probe, control sockets
    beside the state, as root the users of the children, and no rate limit, since all clients of a test are one network. What is
    no whole configuration stays as it is."""
    if not re.search("^state:", text, re.M):
        return text
    if "rate-limit" not in text:
        text = re.sub(r"^server: *\{", "server: {rate-limit: no, ", text, flags=re.M)
        text = re.sub(r"^server:\n((?: .*\n)+)", r"server:\n\1  rate-limit: no\n", text, flags=re.M)
    sections = {"server": "{rate-limit: no}", "resolver": "no", "probe": "no", "control": "{directory: control}"}
    if ROOT:
        sections["user"] = "{" + ", ".join(f"{name}: {number}" for name, number in USERS.items()) + "}"
    missing = [f"{name}: {value}\n" for name, value in sections.items() if not re.search(f"^{name}:", text, re.M)]
    return text + "".join(missing)


class Box:
    """A scratch directory with a configuration, a certificate and a host key, and zoned on it."""

    def __init__(self, directory, config=CONFIG):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.config = self.directory / "zonebox.yaml"
        self.state = self.directory / "state"
        self.tls = self.directory / "tls.pem"
        self.tlsa = make_certificate(self.tls)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.directory / "ssh_host_ed25519_key")
        self.write_config(config)
        self.program = None

    def write_config(self, text):
        """Replaces the configuration as an editor does: new file, then rename."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(completed(text).replace("{port}", str(self.port)))
        os.rename(fresh, self.config)

    def start(self):
        self.program = Program(BIN / "zoned", "--config", self.config, log=self.directory / "log")
        return self

    def wait_served(self, *zones, timeout=40.0):
        for zone in zones:
            self.program.wait_for(lambda z=zone: serial(self.port, z), timeout)
        return self

    def zonegen(self, *args, check=True):
        return run(BIN / "zonegen", "--config", self.config, *args, check=check)

    def ds(self, zone):
        """The zone's DS record, as `zonegen --ds` prints it for the registrar."""
        printed = self.zonegen("--ds", zone).stdout
        lines = re.findall(rf"^\s*{re.escape(zone)}\.\s+(?:\d+\s+)?IN\s+DS\s+(\d+ 13 2 [0-9A-Fa-f]+)\s*$", printed, re.M)
        assert len(lines) == 1, printed
        return f"{zone}. IN DS {lines[0]}"

    def stop(self):
        if self.program is not None:
            code = self.program.stop()
            self.program = None
            return code
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


def start_unbound(directory, options, clauses=""):
    """A validating Unbound that keeps to the directory, with these lines of `server:` and clauses behind it."""
    validating = ["val-log-level: 2", "do-not-query-localhost: no", 'module-config: "validator iterator"']
    return Program(*others.unbound(directory, [*validating, *options], clauses), log=directory / "unbound.log")


@contextlib.contextmanager
def unbound(directory, stubs, anchors, extra=""):
    """A validating Unbound on loopback. stubs: zone → port on 127.0.0.1; anchors: lines with DS or DNSKEY records.
    Yields its port."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (directory / "anchors").write_text("\n".join(anchors) + "\n")
    stub_text = "".join(
        f'stub-zone:\n  name: "{zone}"\n  stub-addr: 127.0.0.1@{at}\n  stub-no-cache: yes\n'
        for zone, at in stubs.items()
    )
    options = ["interface: 127.0.0.1", f"port: {port}", "access-control: 127.0.0.0/8 allow",
               f'trust-anchor-file: "{directory}/anchors"', "aggressive-nsec: no", extra]
    with start_unbound(directory, options, stub_text) as program:
        program.wait_for(lambda: _answers(port))
        yield port


def _answers(port):
    try:
        query(port, "localhost.", "A", timeout=0.5)
        return True
    except (OSError, dns.exception.DNSException):
        return False


@contextlib.contextmanager
def scratch():
    """A directory that is gone afterwards. Of root's own, others may pass through, but not look around or write."""
    directory = tempfile.mkdtemp(prefix="zonebox-test-")
    if ROOT:
        os.chmod(directory, 0o711)
    try:
        yield pathlib.Path(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
