# SPDX-License-Identifier: ISC
"""What was good stays served: every input of a running box goes bad in every way an admin has managed, and the zone is
the same afterwards, freshly served, with one clear line in the log. When the input is good again the zone follows."""

import hashlib
import os
import struct
import subprocess
import time

import dns.rdatatype
import pytest

import harness


@pytest.fixture
def running(box):
    return box.start().wait_served("example.com", "example.net")


def tlsa(box):
    answer = harness.query(box.port, "_25._tcp.box.example.com", "TLSA", tcp=True)
    return sorted(rdata.cert.hex() for rrset in answer.answer for rdata in rrset)


def sshfp(box):
    answer = harness.query(box.port, "box.example.com", "SSHFP", tcp=True)
    return sorted(rdata.fingerprint.hex() for rrset in answer.answer for rdata in rrset)


def new_lines(box, before):
    return [line for line in box.program.log()[before:].splitlines() if line]


def complaints(box, before):
    return [line for line in new_lines(box, before) if line.startswith(("error ", "warning "))]


def wait_complaint(box, before, path):
    harness.wait_until(lambda: any(str(path) in line for line in complaints(box, before)), f"a line about {path}", 10)


def edit(box, old, new):
    box.write_config(box.config.read_text().replace(old, new))


@pytest.mark.parametrize("spoil", ["delete", "garbage", "empty", "directory"])
def test_a_certificate_that_goes_bad_leaves_its_tlsa(running, spoil):
    assert tlsa(running) == [running.tlsa]
    serial, before = harness.serial(running.port, "example.com"), len(running.program.log())
    running.tls.unlink()
    if spoil == "garbage":
        running.tls.write_text("-----BEGIN CERTIFICATE-----\nnot base64 at all\n-----END CERTIFICATE-----\n")
    elif spoil == "empty":
        running.tls.write_text("")
    elif spoil == "directory":
        running.tls.mkdir()
    wait_complaint(running, before, running.tls)
    assert tlsa(running) == [running.tlsa]
    assert harness.serial(running.port, "example.com") == serial
    # A restart must not forget it.
    running.stop()
    running.start().wait_served("example.com")
    assert tlsa(running) == [running.tlsa]
    # And a good one is taken up, within a second.
    if spoil == "directory":
        running.tls.rmdir()
    fresh = harness.make_certificate(running.tls, new_key=True)
    harness.wait_until(lambda: fresh in tlsa(running), "the new TLSA is served", 5)


def expired_certificate(box):
    """For the same key, good for one day in 2020."""
    authority = box.directory / "authority"
    authority.mkdir()
    (authority / "index").write_text("")
    (authority / "conf").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={authority}/index\nserial={authority}/serial\nrand_serial=yes\n"
        f"new_certs_dir={authority}\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
    key, request, ret = box.tls.with_suffix(".key"), authority / "request", authority / "expired.pem"
    harness.run("openssl", "req", "-new", "-key", key, "-subj", "/CN=box.example.com", "-out", request)
    harness.run("openssl", "ca", "-batch", "-selfsign", "-notext", "-config", authority / "conf", "-keyfile", key, "-in", request,
                "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-out", ret)
    return ret


def test_an_expired_certificate_is_published_with_a_warning(running):
    before = len(running.program.log())
    fresh = expired_certificate(running)
    os.rename(fresh, running.tls)
    wait_complaint(running, before, running.tls)
    assert any("expired" in line for line in complaints(running, before))
    assert tlsa(running) == [running.tlsa]  # DANE-EE(3) takes no notice of dates (RFC 7671 §5.1)


def test_a_host_key_that_turns_to_garbage_leaves_its_sshfp(running):
    good, before = sshfp(running), len(running.program.log())
    path = running.directory / "ssh_host_ed25519_key.pub"
    fresh = path.with_suffix(".new")
    fresh.write_bytes(os.urandom(300))
    os.rename(fresh, path)
    wait_complaint(running, before, path)
    assert sshfp(running) == good and len(good) == 1


@pytest.mark.parametrize("text", [
    "box: [not, what, it, should, be\n",
    "box:\n  hostnme: box.example.com\ndomains: [example.com]\n",
    "\x00\x01\x02",
    "",
    "a: &a [x]\nb: *a\n",
])
def test_a_wrong_configuration_changes_nothing(running, text):
    serial, before = harness.serial(running.port, "example.com"), len(running.program.log())
    running.write_config(text)
    wait_complaint(running, before, running.config)
    # file:line:col, in the line of the log.
    assert any(f"{running.config}:" in line for line in complaints(running, before))
    assert harness.serial(running.port, "example.com") == serial
    running.write_config(harness.CONFIG.replace("- example.net", "- example.net\n  - example.org"))
    running.wait_served("example.org")


def test_a_broken_domain_does_not_stop_the_others(running):
    (running.directory / "bad.zone").write_text("$ORIGIN example.org.\n@ 3600 SOA no\n")
    before = len(running.program.log())
    running.write_config(harness.CONFIG.replace(
        "- example.net", "- example.net\n  - {name: example.org, zone-file: bad.zone}\n  - example.edu"))
    running.wait_served("example.edu")
    assert any("bad.zone:2" in line for line in complaints(running, before)), new_lines(running, before)
    assert harness.serial(running.port, "example.org") is None


def test_a_renewed_certificate_is_served_within_a_second(running):
    def renewal():
        fresh = harness.make_certificate(running.tls, new_key=True)
        began = time.monotonic()
        harness.wait_until(lambda: fresh in tlsa(running), "the new TLSA is served")
        return time.monotonic() - began

    harness.within(2, renewal)  # a second, and another for sanitizers and neighbours


def test_a_domain_added_and_removed_follows(running):
    running.write_config(harness.CONFIG.replace("- example.net", "- example.org"))
    running.wait_served("example.org")
    harness.wait_until(lambda: harness.serial(running.port, "example.net") is None, "example.net is gone")
    # Its keys are kept: coming back, it has the DS of before.
    keys = sorted(path.name for path in (running.state / "keys").glob("Kexample.net.*"))
    assert len(keys) == 2
    running.write_config(harness.CONFIG)
    running.wait_served("example.net")
    assert sorted(path.name for path in (running.state / "keys").glob("Kexample.net.*")) == keys


# How an image begins: dns/image.h, IMAGE_MAGIC and IMAGE_VERSION.
IMAGE_HEAD = struct.pack("=QI", 0x5A424F58474D4931, 4)


def files(directory):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["keys", "dkim"])
def test_keys_are_made_once_and_never_again(running, name):
    tables = running.state / "dkim/rspamd.conf"  # the last file of a round
    harness.wait_until(lambda: tables.exists() and "example.net" in tables.read_text(), "the tables of the mail signers")
    before = files(running.state / name)
    assert before
    running.stop()
    running.start().wait_served("example.com", "example.net")
    assert files(running.state / name) == before


def test_lost_key_files_are_not_replaced(running):
    serial = harness.serial(running.port, "example.com")
    running.stop()
    for path in (running.state / "keys").glob("Kexample.com.*"):
        path.rename(running.directory / path.name)
    before = len((running.directory / "log").read_text())
    running.start().wait_served("example.com", "example.net")
    harness.wait_until(lambda: any("example.com" in line and "key" in line for line in complaints(running, before)),
                       "a line about the missing key")
    assert not list((running.state / "keys").glob("Kexample.com.*"))
    assert harness.serial(running.port, "example.com") == serial


def test_serve_is_disposable(running):
    """Removed, truncated, with flipped bits, or of another format version: it is made anew, with a larger serial."""
    serial = harness.serial(running.port, "example.com")
    data = running.state / "serve" / "data.mdb"
    for spoil in ("remove", "flip", "truncate", "version"):
        running.stop()
        octets = bytearray(data.read_bytes())
        assert IMAGE_HEAD in octets
        if spoil == "remove":
            data.unlink()
        elif spoil == "truncate":
            data.write_bytes(octets[:12288])
        elif spoil == "version":
            data.write_bytes(octets.replace(IMAGE_HEAD, IMAGE_HEAD[:8] + struct.pack("=I", 99)))
        else:
            for at in range(8192, len(octets), 97):
                octets[at] ^= 0x10
            data.write_bytes(octets)
        running.start().wait_served("example.com", "example.net")
        harness.wait_until(lambda: (harness.serial(running.port, "example.com") or 0) > serial, f"a new image: {spoil}")
        serial = harness.serial(running.port, "example.com")
        answer = harness.query(running.port, "example.com", "SOA", dnssec=True)
        assert answer.get_rrset(answer.answer, answer.question[0].name, 1, dns.rdatatype.RRSIG, dns.rdatatype.SOA)


@pytest.fixture
def mountable(directory):
    """A directory that is a small file system of its own."""
    where = directory / "mount"
    where.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", where]).returncode:
        pytest.skip("needs the right to mount a file system")
    yield where
    subprocess.run(["umount", "-l", where], check=True)


def test_a_full_disk_stops_nothing_and_is_got_over(mountable, directory):
    with harness.Box(directory / "box") as box:
        edit(box, "state: state", f"state: {mountable}/state")
        box.start().wait_served("example.com", "example.net")
        serial, before = harness.serial(box.port, "example.com"), len(box.program.log())
        filler = mountable / "filler"
        harness.fill(filler)
        old, fresh = [box.tlsa], harness.make_certificate(box.tls, new_key=True)
        harness.wait_until(lambda: complaints(box, before), "a complaint")
        assert harness.serial(box.port, "example.com") == serial and tlsa(box) == old
        filler.unlink()
        harness.wait_until(lambda: fresh in tlsa(box), "the change goes through once there is room", 40)


def test_a_read_only_state_is_one_clear_line(mountable, directory):
    with harness.Box(directory / "box") as box:
        edit(box, "state: state", f"state: {mountable}/state")
        subprocess.run(["mount", "-o", "remount,ro", mountable], check=True)
        box.start()
        assert box.program.wait(20) == 1
        errors = [line for line in box.program.log().splitlines() if line.startswith("error ")]
        assert len(errors) == 1 and "Read-only file system" in errors[0], box.program.log()
        box.program = None
