# SPDX-License-Identifier: ISC
"""The certificate of DNS over TLS is renewed without a pause, and one that does not fit changes nothing."""

import os
import re
import signal
import subprocess

import pytest

from dot import TlsBox, connect, framed, in_file, presented, read_reply
from harness import BIN, Threads, make_certificate, run, wait_until


@pytest.fixture
def own_box(directory):
    with TlsBox(directory / "box") as a_box:
        yield a_box


class Load:
    """Each query over a connection of its own, some resumed; what is not answered at the first attempt is lost."""

    def __init__(self, at):
        self.at = at
        self.asked = 0
        self.lost = []
        self.seen = set()
        self.threads = Threads()

    def ask(self):
        try:
            with connect(self.at) as connection:
                self.seen.add(connection.getpeercert(True))
                connection.sendall(framed())
                if not read_reply(connection).answer:
                    self.lost.append("no answer")
        except (OSError, EOFError) as error:
            self.lost.append(repr(error))
        self.asked += 1

    def __enter__(self):
        for _ in range(4):
            self.threads.start(self.ask)
        return self

    def __exit__(self, *exc):
        self.threads.stop()


def test_renewing_again_and_again_loses_no_connection(own_box):
    own_box.start().wait_tls()
    seen = {in_file(own_box.tls)}
    with Load(own_box.at) as load:
        for turn in range(4):
            before = load.asked
            make_certificate(own_box.tls, new_key=turn % 2 == 1)
            seen.add(in_file(own_box.tls))
            wait_until(lambda: presented(own_box.at) == in_file(own_box.tls), "the new one is presented")
            wait_until(lambda b=before: load.asked > b + 40, "some more are asked")
    assert load.lost == [] and load.seen == seen
    log = own_box.program.log()
    assert "certificate-refused" not in log and "child-died" not in log and "child-killed" not in log


def test_a_half_renewed_pair_changes_nothing_and_is_said_when_it_stays_so(own_box):
    own_box.start().wait_tls()
    old, pid = in_file(own_box.tls), own_box.process()
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", own_box.directory / "other.key")
    kept = own_box.tls.with_suffix(".key").read_bytes()
    os.replace(own_box.directory / "other.key", own_box.tls.with_suffix(".key"))
    own_box.program.wait_log("certificate-refused")
    told = next(line for line in own_box.program.log().splitlines() if "certificate-refused" in line)
    assert re.search(r"zonebox\.yaml:\d+:\d+: server\.tls: the private key is not the certificate's", told), told
    assert presented(own_box.at) == old and own_box.process() == pid
    status = run(BIN / "zonebox", "--config", own_box.config, "status", check=False)
    assert status.returncode == 1 and "the private key is not the certificate's" in status.stdout
    # One that dies gets what fitted last.
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: own_box.process() not in (pid, None) and presented(own_box.at) == old, "the old one is presented again")
    (own_box.directory / "kept.key").write_bytes(kept)
    os.replace(own_box.directory / "kept.key", own_box.tls.with_suffix(".key"))
    wait_until(lambda: run(BIN / "zonebox", "--config", own_box.config, "status", check=False).returncode == 0, "all is well")


def test_a_renewal_in_two_steps_is_no_alarm(own_box):
    own_box.start().wait_tls()
    fresh = own_box.directory / "fresh.pem"
    make_certificate(fresh)
    os.replace(fresh, own_box.tls)
    os.replace(fresh.with_suffix(".key"), own_box.tls.with_suffix(".key"))
    wait_until(lambda: presented(own_box.at) == in_file(own_box.tls), "the new one is presented")
    assert "certificate-refused" not in own_box.program.log()


def test_what_is_missing_at_the_start_is_said_and_the_rest_is_served(own_box):
    os.unlink(own_box.tls.with_suffix(".key"))
    own_box.start().wait_served("example.com")
    own_box.program.wait_log("certificate-refused")
    told = next(line for line in own_box.program.log().splitlines() if "certificate-refused" in line)
    assert "tls.key: No such file or directory" in told and "no TLS is served" in told
    make_certificate(own_box.tls, new_key=True)
    own_box.program.wait_for(lambda: presented(own_box.at) == in_file(own_box.tls))


def encrypted(directory):
    run("openssl", "pkey", "-in", directory / "tls.key", "-aes128", "-passout", "pass:secret", "-out", directory / "locked.key")
    return (directory / "tls.pem").read_text() + (directory / "locked.key").read_text()


@pytest.mark.parametrize("text,words", [
    (lambda at: (at / "tls.pem").read_text(), "there is no private key (PEM) that can be read"),
    (lambda at: (at / "tls.key").read_text(), "there is no certificate (PEM)"),
    (lambda at: "", "there is no certificate (PEM)"),
    (encrypted, "the private key is encrypted"),
    (lambda at: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1 is damaged: "),
    (lambda at: (at / "tls.pem").read_text()[:-60] + (at / "tls.key").read_text(), "certificate 1 is damaged: "),
    (lambda at: (at / "tls.pem").read_text() + (at / "other.key").read_text(), "the private key is not the certificate's"),
    (lambda at: (at / "weak.pem").read_text() + (at / "weak.key").read_text(), "does not take the certificate: ee key too small"),
], ids=["no key", "no certificate", "nothing", "encrypted", "damaged", "cut", "another key", "weak"])
def test_check_says_what_is_wrong(directory, text, words):
    make_certificate(directory / "tls.pem")
    make_certificate(directory / "other.pem")
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", directory / "weak.key")
    make_certificate(directory / "weak.pem")
    code, told = check(directory, text(directory))
    assert code == 1 and words in told and told.count("\n") == 1


def check(directory, text):
    (directory / "pair").write_text(text)
    with open(directory / "pair", "rb") as pair:
        done = subprocess.run([BIN / "zone-server", "--check", "--certificate", str(pair.fileno())], capture_output=True,
                              text=True, pass_fds=[pair.fileno()], check=False, timeout=60)
    return done.returncode, done.stdout


def test_check_takes_a_chain_with_the_key_anywhere(directory):
    make_certificate(directory / "tls.pem")
    make_certificate(directory / "issuer.pem")
    leaf, key, issuer = ((directory / name).read_text() for name in ("tls.pem", "tls.key", "issuer.pem"))
    for text in (leaf + key, key + leaf, leaf + issuer + key, leaf + key + issuer, leaf.replace("\n", "\r\n") + key):
        assert check(directory, text) == (0, "")


def test_certbots_files_are_found_and_followed_through_their_links(directory):
    live, archive = directory / "live", directory / "archive"
    live.mkdir()
    archive.mkdir()

    def issue(number):
        made = archive / f"{number}.pem"
        make_certificate(made, new_key=True)
        for name, file in (("fullchain.pem", made), ("privkey.pem", made.with_suffix(".key"))):
            link = live / (name + ".new")
            link.symlink_to(file)
            os.replace(link, live / name)
        return in_file(made)

    first = issue(1)
    with TlsBox(directory / "box") as box:
        box.write_config(box.config.read_text().replace("tls: [tls.pem]", f"tls: [{live}/fullchain.pem]")
                         .replace(", certificate: tls.pem, key: tls.key", ""))
        box.start().wait_tls()
        assert presented(box.at) == first
        second = issue(2)
        box.program.wait_for(lambda: presented(box.at) == second)


def test_tls_is_switched_off_and_on_while_all_else_goes_on(own_box):
    own_box.start().wait_tls()
    text = own_box.config.read_text()
    own_box.write_config(text.replace(", key: tls.key}", ", key: tls.key}").replace("  tls: {", "  # tls: {"))
    wait_until(lambda: presented(own_box.at) is None, "nobody listens")
    own_box.write_config(text)
    wait_until(lambda: presented(own_box.at), "it is back")
    # Its settings are those of the server: a change replaces it.
    pid = own_box.process()
    own_box.write_config(text.replace("  tls: {", "  tcp-idle: 7s\n  tls: {"))
    wait_until(lambda: own_box.process() not in (pid, None), "another one")
    own_box.program.wait_for(lambda: presented(own_box.at))
