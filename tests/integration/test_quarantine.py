# SPDX-License-Identifier: ISC
"""A zone image of which workers die: after the second death its zone is served from the image before, a person hears of it, and
no other zone noticed. What makes it deadly is a fault in a library (tests/support/deadly_sha1.c): the newest image has an NSEC3
chain, and who makes a proof from one dies."""

import os
import signal

import dns.exception
import dns.rdatatype
import dns.rcode
import pytest

from dot import TLS, connect, framed, presented, read_reply
from harness import BIN, CONFIG, Box, Program, Threads, control_ask, free_port, query, run, scratch, serial, wait_until
from test_zoned_real import child_pids

ZONE = "example.net"
SHIM = BIN.parent / "tests" / "libdeadly_sha1.so"
NSEC3 = "dnssec: {denial: nsec3}\n"

SERVER = """\
#!/bin/sh
DEADLY={how}
case " $* " in *" --tls "*) DEADLY=hang ;; esac
export DEADLY LD_PRELOAD={shim} ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0:$ASAN_OPTIONS"
exec {server} "$@"
"""


class DeadlyBox(Box):
    def __init__(self, directory, how):
        self.alarms = directory / "alarms"
        self.alarms.touch(mode=0o666)
        self.alarms.chmod(0o666)
        super().__init__(directory / "box", self.text())
        self.libexec = directory / "libexec"
        self.libexec.mkdir()
        for name in ("zone-signer", "zone-server", "zone-resolver", "zone-probe"):
            (self.libexec / name).symlink_to(BIN / name)
        (self.libexec / "zone-server").unlink()
        (self.libexec / "zone-server").write_text(SERVER.format(shim=SHIM, how=how, server=BIN / "zone-server"))
        (self.libexec / "zone-server").chmod(0o755)

    def text(self, more=""):
        command = f"on-alarm: 'read -r line; printf \"%s\\n\" \"$line\" >>{self.alarms}'\n"
        return CONFIG + command + more

    def start(self):
        self.program = Program(BIN / "zoned", "--config", self.config, "--libexec", self.libexec,
                               log=self.directory / "log")
        return self

    def change(self, more):
        """Writes that configuration, and waits until ZONE is served with it. Returns the serial."""
        before = serial(self.port, ZONE)
        self.write_config(self.text(more))
        wait_until(lambda: serial(self.port, ZONE) not in (None, before), self.program.log)
        return serial(self.port, ZONE)

    def denied(self, timeout=0.5):
        """Asks for a name that is not there, with its proof: None when nobody is left to answer."""
        try:
            return query(self.port, f"nothing.{ZONE}", "A", dnssec=True, timeout=timeout)
        except (OSError, dns.exception.Timeout):
            return None

    def kill_workers(self):
        def is_set_aside():
            self.denied()
            return "error zoned image-set-aside" in self.program.log()
        wait_until(is_set_aside, self.program.log, 60)

    def zonebox(self, *words):
        return run(BIN / "zonebox", "--control", self.directory / "control", *words, check=False)

    def child(self, name):
        return [pid for pid, found in child_pids(self.program.pid) if found == name]


class DeadlyTlsBox(DeadlyBox):
    def __init__(self, directory):
        self.at = free_port()
        super().__init__(directory, "die")

    def text(self, more=""):
        return super().text(more).replace("workers: 2", TLS.format(at=self.at))

    def denied_by_tls(self, timeout=0.5):
        try:
            with connect(self.at) as connection:
                connection.settimeout(timeout)
                connection.sendall(framed(f"nothing.{ZONE}", "A", want_dnssec=True))
                return read_reply(connection)
        except (OSError, EOFError):
            return None


def proofs(message):
    return {rrset.rdtype for rrset in message.authority}


@pytest.fixture(params=["die", "hang"])
def deadly(request):
    with scratch() as directory, DeadlyBox(directory, request.param) as box:
        yield box.start()


@pytest.fixture
def dying():
    with scratch() as directory, DeadlyBox(directory, "die") as box:
        yield box.start()


@pytest.fixture
def dying_over_tls():
    with scratch() as directory, DeadlyTlsBox(directory) as box:
        yield box.start()


def is_from_before(box, before, denied=None):
    answer = (denied or box.denied)(5)
    assert answer is not None and answer.rcode() == dns.rcode.NXDOMAIN
    return serial(box.port, ZONE) == before and dns.rdatatype.NSEC in proofs(answer)


def test_a_deadly_image_costs_two_workers_and_its_zone_goes_on(deadly):
    box = deadly.wait_served("example.com", ZONE)
    good = serial(box.port, ZONE)
    bad = box.change(NSEC3)
    lost = []

    def ask_another_zone():
        try:
            assert query(box.port, "example.com", "SOA", timeout=15).answer
        except dns.exception.Timeout:
            lost.append(1)

    others = Threads()
    others.start(ask_another_zone)
    box.kill_workers()
    others.stop()
    log = box.program.log()
    assert log.count(" died-of-image ") == 2, log
    assert len(lost) <= 2
    wait_until(lambda: is_from_before(box, good), box.program.log)
    # A person is told once, of the zone and until when.
    wait_until(lambda: "image-set-aside" in box.alarms.read_text(), box.alarms.read_text)
    (line,) = [line for line in box.alarms.read_text().splitlines() if "image-set-aside" in line]
    assert f"zone={ZONE} serial={bad}" in line and f"serial {good}, whose signatures hold until 20" in line, line
    status = box.zonebox("status", ZONE)
    assert status.returncode == 1 and f"serial {good} is served instead" in status.stdout, status.stdout
    # What is shown as served is what is served.
    shown = box.zonegen("--dump", "--signed", ZONE)
    assert f"serial {bad} is set aside" in shown.stderr and f"serial {bad} is set aside" in shown.stdout
    assert f";; serial {good}, " in shown.stdout and "NSEC3" not in shown.stdout
    assert f"serial {bad} is set aside" in box.zonegen("--diff", ZONE, check=False).stderr
    # The next image is tried, and this one lets nobody die.
    new = box.change("ttl: {default: 777}\n")
    assert new > bad
    assert dns.rdatatype.NSEC in proofs(box.denied(5))
    assert "set aside" not in box.zonebox("status", ZONE).stdout
    shown = box.zonegen("--dump", "--signed", ZONE)
    assert f";; serial {new}, " in shown.stdout and "aside" not in shown.stdout + shown.stderr
    assert box.program.log().count(" died-of-image ") == 2


def test_the_process_that_speaks_tls_is_watched_and_told_as_workers_are(dying_over_tls):
    box = dying_over_tls.wait_served(ZONE)
    wait_until(lambda: presented(box.at), box.program.log)
    good = serial(box.port, ZONE)
    box.change(NSEC3)

    def times_set_aside():
        return box.program.log().count("error zoned image-set-aside")

    wait_until(lambda: (box.denied_by_tls(), times_set_aside() == 1)[1], box.program.log, 60)
    log = box.program.log()
    assert log.count(" child-stuck child=zone-server.tls ") == log.count(" died-of-image child=zone-server.tls ") == 2, log
    wait_until(lambda: is_from_before(box, good), box.program.log)  # the worker, too, which met no harm
    wait_until(lambda: presented(box.at), box.program.log)
    assert is_from_before(box, good, box.denied_by_tls)
    assert "died-of-image child=zone-server.0" not in box.program.log()
    # What workers die of it hears while it runs.
    (tls,) = (pid for pid in box.child("zone-server") if b"--tls" in open(f"/proc/{pid}/cmdline", "rb").read())
    box.change(NSEC3 + "ttl: {default: 777}\n")
    wait_until(lambda: (box.denied(), times_set_aside() == 2)[1], box.program.log, 60)
    wait_until(lambda: "notice zone-server.tls image-set-aside" in box.program.log(), box.program.log)
    assert is_from_before(box, good, box.denied_by_tls)
    assert tls in box.child("zone-server") and box.program.log().count(" child-stuck ") == 2


def test_it_stays_set_aside_over_a_restart_of_all(dying):
    box = dying.wait_served(ZONE)
    good = serial(box.port, ZONE)
    box.change(NSEC3)
    box.kill_workers()
    wait_until(lambda: is_from_before(box, good), box.program.log)
    box.stop()
    box.start()
    wait_until(lambda: serial(box.port, ZONE), box.program.log)
    assert is_from_before(box, good)
    assert box.zonebox("status", ZONE).returncode == 1
    assert box.program.log().count(" died-of-image ") == 2
    assert ZONE in (box.state / "set-aside").read_text()
    # Signing again makes another image of the same records, which is as deadly: that one is found out, too.
    box.change(NSEC3 + "ttl: {default: 777}\n")
    wait_until(lambda: box.denied() is None or "died-of-image" in box.program.log(), box.program.log)
    wait_until(lambda: (box.denied(), box.program.log().count("error zoned image-set-aside") == 2)[1], box.program.log, 60)
    wait_until(lambda: is_from_before(box, good), box.program.log)  # not the deadly one before


def test_zone_signer_need_not_be_there(dying):
    box = dying.wait_served(ZONE)
    good = serial(box.port, ZONE)
    box.change(NSEC3)
    (signer,) = box.child("zone-signer")
    os.kill(signer, signal.SIGSTOP)
    try:
        box.kill_workers()
        wait_until(lambda: is_from_before(box, good), box.program.log)
    finally:
        os.kill(signer, signal.SIGCONT)
    os.kill(signer, signal.SIGKILL)
    wait_until(lambda: box.zonebox("status", ZONE).returncode == 1
               and "set aside" in box.zonebox("status", ZONE).stdout, box.program.log, 40)


def test_a_worker_that_somebody_kills_blames_nothing(dying):
    box = dying.wait_served(ZONE)
    for _ in range(3):
        for pid in box.child("zone-server"):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(box.child("zone-server")) == 2 and serial(box.port, ZONE), box.program.log)
    assert "died-of-image" not in box.program.log()
    assert not (box.state / "set-aside").exists()
    assert control_ask(box.directory / "control" / "zone-server.0.sock", "set-aside", image="1")["ok"] is False
