# SPDX-License-Identifier: ISC
"""The certificate of DNS over TLS is renewed without a pause, and one that does not fit changes nothing."""

import os
import re
import signal
import subprocess
import time

import pytest

from dot import TlsBox, client, connect, framed, in_file, presented, read_reply
from harness import BIN, Threads, make_certificate, run, scratch, wait_until
from test_last_good import expired_certificate


@pytest.fixture(scope="module")
def box():
    """Each test leaves it as it was."""
    with scratch() as directory, TlsBox(directory / "box") as a_box:
        yield a_box.start().wait_tls()


class Load:
    """Clients that ask each query over a connection of its own, every second one with the ticket of the one before. What is
    not answered at the first attempt is lost."""

    def __init__(self, at):
        self.at = at
        self.lost = []
        self.seen = set()
        self.resumed = 0
        self.threads = Threads()

    def ask(self, context, session):
        try:
            with connect(self.at, context, session=session) as connection:
                connection.sendall(framed())
                if not read_reply(connection).answer:
                    self.lost.append("no answer")
                self.seen.add(connection.getpeercert(True))
                self.resumed += connection.session_reused
                return connection.session
        except (OSError, EOFError) as error:
            self.lost.append(repr(error))
        return None

    def ask_twice(self):
        context = client()
        self.ask(context, self.ask(context, None))

    def __enter__(self):
        for _ in range(4):
            self.threads.start(self.ask_twice)
        return self

    def __exit__(self, *exc):
        self.threads.stop()

    def wait_seen(self, certificate):
        wait_until(lambda: certificate in self.seen, "clients get it")


def status(box):
    done = run(BIN / "zonebox", "--config", box.config, "status", check=False)
    return done.returncode, done.stdout


def put(path, octets):
    """As tools that do not rename write: what was there is gone at once."""
    path.write_bytes(octets)


def renamed(path, octets):
    path.with_suffix(".put").write_bytes(octets)
    os.replace(path.with_suffix(".put"), path)


def fresh_pair(box):
    """Certificate and another key, made beside the box's: octets of both, and what clients are to get."""
    made = box.directory / "fresh.pem"
    make_certificate(made, new_key=True)
    return made.read_bytes(), made.with_suffix(".key").read_bytes(), in_file(made)


@pytest.mark.parametrize("write", [renamed, put])
def test_a_renewal_in_two_steps_loses_no_connection_and_is_no_alarm(box, write):
    key = box.tls.with_suffix(".key")
    before = len(box.program.log())
    with Load(box.at) as load:
        load.wait_seen(in_file(box.tls))
        wait_until(lambda: load.resumed, "some resume")
        make_certificate(box.tls)  # for the same key
        load.wait_seen(in_file(box.tls))
        certificate, private, octets = fresh_pair(box)
        write(box.tls, certificate)
        write(key, private)
        load.wait_seen(octets)
    log = box.program.log()[before:]
    assert load.lost == []
    assert not re.search("certificate-refused|child-died|child-killed", log)


def test_what_is_half_written_changes_nothing_and_is_said_when_it_stays_so(box):
    old, pid, kept = in_file(box.tls), box.process(), box.tls.read_bytes()
    key = box.tls.with_suffix(".key")
    certificate, private, new = fresh_pair(box)
    before = len(box.program.log())
    with Load(box.at) as load:
        begin = time.monotonic()
        put(box.tls, certificate[:len(certificate) // 2])
        box.program.wait_for(lambda: "certificate-refused" in box.program.log()[before:])
        assert time.monotonic() - begin > 1.9  # the rest might have come
        told = next(line for line in box.program.log()[before:].splitlines() if "certificate-refused" in line)
        assert re.search(r"zonebox\.yaml:\d+:\d+: server\.tls: certificate 1 is damaged", told), told
        code, words = status(box)
        assert code == 1 and "certificate 1 is damaged" in words
        load.seen.clear()
        put(box.tls, kept)
        put(key, private)  # whole, and not the certificate's
        wait_until(lambda: "the private key is not the certificate's" in status(box)[1], "another alarm")
        load.wait_seen(old)
        assert load.seen == {old} and box.process() == pid
    assert load.lost == []
    # One that dies gets what fitted last.
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: box.process() not in (pid, None) and presented(box.at) == old, "the old one is presented again")
    with Load(box.at) as load:
        put(box.tls, certificate)
        load.wait_seen(new)
        wait_until(lambda: status(box)[0] == 0, "all is well")
    assert load.lost == []


def test_an_old_ticket_means_a_whole_handshake_with_the_new_certificate(box):
    """The keys of tickets are one process' and end with it (server/tickets.h)."""
    context = client()
    with connect(box.at, context) as connection:
        connection.sendall(framed())
        read_reply(connection)
        session = connection.session
    make_certificate(box.tls)
    box.program.wait_for(lambda: presented(box.at) == in_file(box.tls))
    with connect(box.at, context, session=session) as connection:
        connection.sendall(framed())
        assert read_reply(connection).answer and not connection.session_reused
        assert connection.getpeercert(True) == in_file(box.tls)


def test_one_that_has_expired_is_shown_with_an_alarm(box):
    kept, expired = box.tls.read_bytes(), expired_certificate(box)
    renamed(box.tls, expired.read_bytes())
    box.program.wait_for(lambda: presented(box.at) == in_file(expired))
    box.program.wait_log("certificate-expired")
    assert status(box)[0] == 1
    renamed(box.tls, kept)
    box.program.wait_for(lambda: presented(box.at) == in_file(box.tls))


def test_tls_is_switched_off_and_on_while_all_else_goes_on(box):
    text = box.config.read_text()
    box.write_config(text.replace("  tls: {", "  # tls: {"))
    wait_until(lambda: presented(box.at) is None, "nobody listens")
    box.write_config(text)
    wait_until(lambda: presented(box.at), "it is back")
    # A change of its settings, and of those that it shares with the server, replaces it.
    for before, after in (("  tls: {", "  tcp-idle: 7s\n  tls: {"), ("per-address: no", "per-address: 1000")):
        pid = box.process()
        text = text.replace(before, after)
        box.write_config(text)
        wait_until(lambda p=pid: box.process() not in (p, None), "another one")
    box.program.wait_for(lambda: presented(box.at))


def test_certbots_files_are_awaited_and_followed_through_their_links(directory):
    live, archive = directory / "live", directory / "archive"
    live.mkdir()
    archive.mkdir()

    def link(name, to):
        new = live / (name + ".new")
        new.symlink_to(to)
        os.replace(new, live / name)

    def issue(number):
        made = archive / f"{number}.pem"
        make_certificate(made, new_key=True)
        link("privkey.pem", made.with_suffix(".key"))
        link("fullchain.pem", made)
        return in_file(made)

    make_certificate(archive / "0.pem")
    link("fullchain.pem", archive / "0.pem")  # and no key
    with TlsBox(directory / "box") as box:
        box.write_config(box.config.read_text().replace("tls: [tls.pem]", f"tls: [{live}/fullchain.pem]")
                         .replace(", certificate: tls.pem, key: tls.key", ""))
        box.start().wait_served("example.com")
        box.program.wait_log("certificate-refused")
        told = next(line for line in box.program.log().splitlines() if "certificate-refused" in line)
        assert "privkey.pem: No such file or directory" in told and "no TLS is served" in told
        for number in (1, 2):
            octets = issue(number)
            box.program.wait_for(lambda o=octets: presented(box.at) == o)


def test_check_is_one_line_or_none(directory):
    """Its words for each mistake: tests/unit/server/test_certificate.c."""
    make_certificate(directory / "tls.pem")
    certificate, key = directory / "tls.pem", directory / "tls.key"
    for files, code, words in (([certificate, key], 0, ""), ([certificate], 1, "there is no private key (PEM) that can be read\n")):
        with open(directory / "pair", "w+b") as pair:
            pair.write(b"".join(path.read_bytes() for path in files))
            pair.flush()
            done = subprocess.run([BIN / "zone-server", "--check", "--certificate", str(pair.fileno())], capture_output=True,
                                  text=True, pass_fds=[pair.fileno()], check=False, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (code, words, "")
