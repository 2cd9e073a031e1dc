# SPDX-License-Identifier: ISC
"""zone-signer as a program: what it publishes, judged by the tools of others, and what it does about mishaps.

What is published is read with `zonegen --dump --signed` and judged by ldns-verify-zone, dnssec-verify and kzonecheck.
"""

import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.rdatatype
import dns.zone
import pytest

from harness import (BIN, Program, control_ask, control_socket, free_port, make_certificate, run, serial, unbound,
                     wait_until, within)

SIGNER = BIN / "zone-signer"


def once(box, check=True):
    return run(SIGNER, "--config", box.config, "--once", check=check)


def start(box, *args, **kwargs):
    return Program(SIGNER, "--config", box.config, *args, log=box.directory / "signer.log", **kwargs)


def dump(box, zone="example.com", check=True):
    return box.zonegen("--dump", "--signed", zone, check=check).stdout


def published(box, zone="example.com"):
    """The zone as dnspython has it, None when it is not published."""
    done = box.zonegen("--dump", "--signed", zone, check=False)
    if done.returncode != 0:
        return None
    return dns.zone.from_text(done.stdout, origin=zone, relativize=False)


def serial_of(box, zone="example.com"):
    found = published(box, zone)
    return found.get_soa().serial if found is not None else None


def rdatas(box, name, rtype, zone="example.com"):
    found = published(box, zone)
    rdataset = found.get_rdataset(dns.name.from_text(name), rtype) if found is not None else None
    return sorted(rdata.to_text() for rdata in rdataset or [])


def later(a, b):
    return 0 < (a - b) % 2**32 < 2**31


def judge(box, *zones):
    """All judges must like the zones."""
    for zone in zones:
        path = box.directory / f"{zone}.signed"
        path.write_text(dump(box, zone))
        run("ldns-verify-zone", path)
        run("dnssec-verify", "-q", "-z", "-o", zone, path)
        run("kzonecheck", "-d", "on", "-o", zone, path)


def errors(text, but=None):
    """The lines that are errors, but for those that are expected."""
    lines = [line for line in text.splitlines() if line.startswith("error ")]
    return [line for line in lines if but is None or but not in line]


# ── What is published ────────────────────────────────────────────────────────────────────────────────────────────────


def test_zones_please_all_judges(box):
    done = once(box)
    assert not errors(done.stderr)
    judge(box, "example.com", "example.net")
    now = int(time.time())
    assert abs(serial_of(box) - now) < 60
    modes = {name: (box.state / name).stat().st_mode & 0o777 for name in ("keys", "dkim", "state", "serve")}
    assert modes == {"keys": 0o700, "dkim": 0o750, "state": 0o700, "serve": 0o750}


def test_a_second_run_publishes_nothing(box):
    once(box)
    before = dump(box)
    done = once(box)
    assert "zone-published" not in done.stderr
    assert dump(box) == before


def public_keys(box):
    """public/zones.key: zone → its DNSKEYs, [] when it is called unsigned."""
    found = {}
    for line in (box.state / "public" / "zones.key").read_text().splitlines():
        if line.startswith("; unsigned: "):
            found[line.split()[2]] = []
        elif not line.startswith(";"):
            owner, _, key = line.split(maxsplit=2)
            key = dns.rdata.from_text("IN", "DNSKEY", key.removeprefix("IN DNSKEY "))
            found.setdefault(owner, []).append(key.to_text())
    return found


def test_the_public_keys_are_trust_anchors_for_others(box, directory):
    (box.directory / "plain.zone").write_text("@ 300 SOA ns1 a 1 2 3 4 5\n@ 300 NS ns1\nns1 300 A 192.0.2.1\n")
    add_domain(box, "{name: plain.example, zone-file: plain.zone, dnssec: off}")
    once(box)
    path = box.state / "public" / "zones.key"
    assert path.stat().st_mode & 0o777 == 0o644 and path.parent.stat().st_mode & 0o777 == 0o755
    assert list(public_keys(box)) == ["example.com.", "plain.example.", "example.net."]  # canonical order
    assert public_keys(box)["plain.example."] == []
    port = free_port()
    with Program(BIN / "zone-server", "--rate-limit", 0, "--serve", box.state / "serve", "--listen", f"127.0.0.1@{port}",
                 log=box.directory / "server.log"):
        wait_until(lambda: serial(port, "example.com"), "it serves")
        zones = ("example.com", "example.net")
        with unbound(directory / "unbound", dict.fromkeys(zones, port), path.read_text().splitlines()) as resolver:
            for zone in zones:
                message = dns.message.make_query(zone, "MX", want_dnssec=True)
                answer = dns.query.udp(message, "127.0.0.1", port=resolver, timeout=10)
                assert answer.flags & dns.flags.AD and answer.answer, answer
        chased = run("drill", "-p", port, "-k", path, "-S", "@127.0.0.1", "example.com", "MX", check=False).stdout
        assert "Chase successful" in chased, chased


ZONE_FILE = """\
$ORIGIN imported.example.
$TTL 1h
@ SOA ns1.imported.example. Hostmaster.Imported.Example. 2026010101 14400 3600 604800 300
@ NS ns1
@ NS NS2.Imported.EXAMPLE.
ns1 A 192.0.2.1
NS2 AAAA 2001:db8::2
@ MX 10 Mail
Mail A 192.0.2.3
*.wild TXT "anything"
a.b.c.deep TXT "below empty names"
cut NS ns.cut
ns.cut A 192.0.2.4
below.cut TXT "not seen"
secure NS ns1
secure DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
alias CNAME Mail
dname DNAME Example.Org.
_sip._tcp SRV 1 2 5060 Mail
naptr NAPTR 100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .
info HINFO "PC" "Linux"
rp RP Mail.Imported.Example. Txt.Imported.Example.
odd TYPE65280 \\# 3 010203
xn--caf-dma TXT "idn"
\\046dot.label TXT "escaped"
"""


def add_domain(box, *lines):
    text = box.config.read_text()
    box.write_config(text.replace("domains:\n", "domains:\n" + "".join(f"  - {line}\n" for line in lines)))


def test_a_zone_file_of_many_types_pleases_all_judges(box):
    (box.directory / "imported.zone").write_text(ZONE_FILE)
    add_domain(box, "{name: imported.example, zone-file: imported.zone}")
    once(box)
    judge(box, "imported.example")
    zone = published(box, "imported.example")
    assert zone.get_rdataset("ns.cut.imported.example.", "NSEC") is None
    # RFC 9077: the negative TTL.
    assert zone.get_rdataset("imported.example.", "NSEC").ttl == 300
    assert max(2026010101, int(time.time()) - 60) <= serial_of(box, "imported.example")


def sign_elsewhere(directory, text, *args):
    """Signs a zone with ldns' tools. Returns the master file."""
    plain = directory / "elsewhere.zone"
    plain.write_text(text)
    key = run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "imported.example", cwd=directory).stdout.strip()
    run("ldns-signzone", *args, "-f", directory / "presigned.zone", plain, key, cwd=directory)
    return (directory / "presigned.zone").read_text()


@pytest.mark.parametrize("args", [(), ("-n", "-t", "0"), ("-n", "-t", "0", "-p")], ids=["nsec", "nsec3", "opt-out"])
def test_presigned_zones_are_served_as_they_are_and_refused_when_broken(box, args):
    # ldns-signzone makes no SRV or NAPTR of its own accord, and wants names below a DNAME to be absent.
    text = sign_elsewhere(box.directory, ZONE_FILE, *args)
    path = box.directory / "presigned.zone"
    add_domain(box, "{name: imported.example, zone-file: presigned.zone, dnssec: presigned}")
    once(box)
    before = dump(box, "imported.example")
    assert serial_of(box, "imported.example") == 2026010101
    (box.directory / "out").write_text(before)
    run("ldns-verify-zone", box.directory / "out")
    for spoilt, words in (
        (re.sub(r"^mail\.imported\.example\.\s.*RRSIG\s+A .*\n", "", text, flags=re.M | re.I), "no signature"),
        (text.replace("2026010101", "2026010102"), "does not verify"),
        (text + "more.imported.example. 3600 IN A 192.0.2.9\n", ""),
        (re.sub(r"\bRRSIG\s.*\n", "TXT x\n", text), "imported.example"),
    ):
        assert spoilt != text
        path.write_text(spoilt)
        done = once(box, check=False)
        assert done.returncode == 1
        assert any(words in line and "imported.example" in line for line in errors(done.stderr)), done.stderr
        assert dump(box, "imported.example") == before
    path.write_text(text)
    assert once(box).returncode == 0


def test_an_unsigned_zone_is_served_as_it_is(box):
    (box.directory / "imported.zone").write_text(ZONE_FILE)
    add_domain(box, "{name: imported.example, zone-file: imported.zone, dnssec: off}")
    once(box)
    zone = published(box, "imported.example")
    assert zone.get_soa().serial == 2026010101
    types = {rdataset.rdtype for _, rdataset in zone.iterate_rdatasets()}
    assert not types & {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.DNSKEY}


def test_a_broken_zone_file_stops_nobody_else(box):
    (box.directory / "imported.zone").write_text("@ SOA what\n")
    add_domain(box, "{name: imported.example, zone-file: imported.zone}")
    done = once(box, check=False)
    assert done.returncode == 1
    assert any("imported.zone:1" in line for line in errors(done.stderr))
    judge(box, "example.com", "example.net")
    assert published(box, "imported.example") is None


# ── While it runs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_certificate_is_in_the_zone_within_a_second(box):
    with start(box) as signer:
        signer.wait_log("zone=example.net")
        before = serial_of(box)

        def renewal():
            wanted = f"3 1 1 {make_certificate(box.tls, new_key=True)}"
            began = time.monotonic()
            wait_until(lambda: wanted in rdatas(box, "_25._tcp.box.example.com.", "TLSA"), "the new TLSA")
            return time.monotonic() - began

        within(2, renewal)  # a second, and another for sanitizers, zonegen as the witness, and neighbours
        assert later(serial_of(box), before)
        judge(box, "example.com")
        # A renewal with the same key changes nothing; a new domain, in the meantime, is made.
        before = serial_of(box)
        make_certificate(box.tls, days=60)
        add_domain(box, "example.org")
        signer.wait_log("zone=example.org")
        assert serial_of(box) == before
        assert not errors(signer.log(), "tls-key-unannounced")
        assert signer.stop() == 0


def test_bad_inputs_change_nothing_and_are_said_once(box):
    with start(box) as signer:
        signer.wait_log("zone=example.net")
        before = dump(box)
        for spoil, words in (
            (lambda: box.tls.write_text("garbage"), "no certificate"),
            (box.tls.unlink, "No such file"),
        ):
            spoil()
            signer.wait_log(words)
            signer.signal(signal.SIGHUP)
            signer.signal(signal.SIGHUP)
            assert dump(box) == before
        assert len(errors(signer.log())) == 2, signer.log()
    # The same across a restart, and for the other inputs.
    done = once(box, check=False)
    assert done.returncode == 1
    assert len(errors(done.stderr)) == 1
    assert dump(box) == before
    (box.directory / "ssh_host_ed25519_key.pub").write_text("garbage")
    assert len(errors(once(box, check=False).stderr)) == 2
    assert dump(box) == before


def make_expiring(box, work, seconds):
    """A certificate that is good for so many seconds from now. Returns the time when it expires."""
    work.mkdir()
    (work / "index").write_text("")
    (work / "conf").write_text(
        f"[ca]\ndefault_ca=own\n[own]\ndatabase={work}/index\nrand_serial=yes\nnew_certs_dir={work}\n"
        "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
    key = box.tls.with_suffix(".key")
    run("openssl", "req", "-new", "-key", key, "-subj", "/CN=box.example.com", "-out", work / "request")
    expires = int(time.time()) + seconds
    begins, ends = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at)) for at in (expires - 3600, expires))
    run("openssl", "ca", "-batch", "-selfsign", "-notext", "-config", work / "conf", "-keyfile", key,
        "-in", work / "request", "-startdate", begins, "-enddate", ends, "-out", box.tls)
    return expires


def test_a_certificate_that_expires_is_said_when_it_happens(box):
    began = time.monotonic()
    once(box)
    seconds = 4 + int(3 * (time.monotonic() - began))  # for this machine to publish before it expires
    make_certificate(box.tls, new_key=True)
    expires = make_expiring(box, box.directory / "authority", seconds)
    with start(box) as signer:
        signer.wait_log("zone-published zone=example.com")
        assert "expired" not in signer.log()
        before = dump(box)
        signer.wait_log("the certificate expired", seconds + 20)
        assert time.time() >= expires
        assert dump(box) == before
        assert not errors(signer.log(), "tls-key-unannounced")
        assert signer.stop() == 0


def test_a_wrong_configuration_changes_nothing(box):
    good = box.config.read_text()
    look = box.directory / "look.yaml"  # zonegen would stumble over the wrong one, too
    look.write_text(good)
    with start(box) as signer:
        signer.wait_log("zone=example.net")
        before = dump(box)
        box.write_config(good.replace("domains:", "domainz:"))
        signer.wait_log("config-kept")
        assert "zonebox.yaml:6:1" in signer.log()
        assert run(BIN / "zonegen", "--config", look, "--dump", "--signed", "example.com").stdout == before
        box.write_config(good.replace("  - example.net\n", ""))
        signer.wait_log("zone-removed zone=example.net.")
        assert published(box, "example.com") is not None
        assert run(BIN / "zonegen", "--config", look, "--dump", "--signed", "example.net", check=False).returncode == 1
        assert signer.stop() == 0
    assert list((box.state / "keys").glob("Kexample.net.*"))
    box.write_config("domains: [")
    done = once(box, check=False)
    assert done.returncode == 1
    assert "zonebox.yaml:2:1: " in done.stderr


def test_short_signatures_are_renewed_by_its_own_timer(box):
    text = box.config.read_text() + "dnssec: {signature-lifetime: 10s, signature-refresh: 7s}\n"
    box.write_config(text)
    with start(box) as signer:
        signer.wait_log("zone=example.net")
        first = serial_of(box)
        wait_until(lambda: later(serial_of(box), first + 3), "three renewals", timeout=30)
        for _ in range(20):
            sets = published(box).iterate_rdatasets()
            rrsigs = [r for _, rdataset in sets if rdataset.rdtype == dns.rdatatype.RRSIG for r in rdataset]
            assert min(r.expiration for r in rrsigs) > time.time() + 1
            assert max(r.inception for r in rrsigs) <= time.time() - 3590
            time.sleep(0.1)
        judge(box, "example.com")
        assert signer.stop() == 0


# ── What gets lost ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lost_key_is_never_replaced(box):
    once(box)
    before = dump(box)
    away = box.directory / "away"
    away.mkdir()
    for path in (box.state / "keys").glob("Kexample.com.*"):
        shutil.move(path, away)
    done = once(box, check=False)
    assert done.returncode == 1
    assert any("no new key is made" in line for line in errors(done.stderr))
    # Nor when state/ is lost with it.
    shutil.rmtree(box.state / "state")
    done = once(box, check=False)
    assert done.returncode == 1
    assert not list((box.state / "keys").glob("Kexample.com.*"))
    assert dump(box) == before
    for path in away.iterdir():
        shutil.move(path, box.state / "keys")
    assert once(box).returncode == 0


def test_a_key_that_cannot_be_read_is_never_replaced(box):
    once(box)
    before = dump(box)
    for path in (box.state / "keys").glob("Kexample.com.*.key"):
        path.write_text("garbage")
    done = once(box, check=False)
    assert done.returncode == 1
    assert dump(box) == before
    assert len(list((box.state / "keys").glob("Kexample.com.*"))) == 2


def change_something(box, turn):
    add = f"  - turn{turn}.example\n" if turn % 3 == 0 else ""
    text = box.config.read_text()
    text = re.sub(r"  - turn\d+\.example\n", "", text).replace("domains:\n", "domains:\n" + add)
    text = re.sub(r"addresses: \[192\.0\.2\.\d+", f"addresses: [192.0.2.{turn % 250 + 1}", text)
    box.write_config(text)


def test_killed_at_any_instant_it_goes_on_with_valid_zones_and_later_serials(box):
    random.seed(7)
    once(box)
    seen = {}
    last = serial_of(box)
    zones = ["example.com", "example.net"]
    window = 0.25  # seconds in which it is killed; finds the time that this machine needs for the work
    for turn in range(40):
        change_something(box, turn)
        with start(box) as signer:
            time.sleep(random.uniform(0, window))
            signer.signal(signal.SIGKILL)
            signer.wait()
        serial = serial_of(box)
        content = dump(box)
        window = window * 1.25 if serial == last else max(0.1, window / 1.25)
        assert serial == last or later(serial, last), f"turn {turn}: {serial} after {last}"
        assert seen.setdefault(serial, content) == content, f"turn {turn}: serial {serial} with other content"
        last = serial
        (box.directory / "killed").write_text(content)
        run("ldns-verify-zone", box.directory / "killed")
        anchors = public_keys(box)  # whole at any instant, and never without a key that is served
        assert all(set(rdatas(box, f"{zone}.", "DNSKEY", zone)) <= set(anchors[f"{zone}."]) for zone in zones)
    assert len(seen) > 3, "it was always killed too early to tell anything"
    once(box)
    judge(box, "example.com", "example.net")


def test_a_spoilt_serve_is_made_anew(box):
    once(box)
    before = serial_of(box)
    (box.state / "serve" / "data.mdb").write_bytes(os.urandom(20000))
    done = once(box)
    assert "serve-made-anew" in done.stderr
    assert later(serial_of(box), before)
    judge(box, "example.com")


def test_a_flipped_bit_in_an_image_is_found_and_mended(box):
    once(box)
    path = box.state / "serve" / "data.mdb"
    octets = bytearray(path.read_bytes())
    at = octets.rindex(b"v=spf1 mx -all")
    octets[at] ^= 1
    path.write_bytes(octets)
    done = once(box)
    assert "image-unusable" in done.stderr
    judge(box, "example.com", "example.net")


# ── Where it cannot work ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_instance_is_told_and_ends(box):
    with start(box) as signer:
        signer.wait_log("zone=example.net")
        done = once(box, check=False)
        assert done.returncode == 1
        assert len(errors(done.stderr)) == 1 and f"pid {signer.pid}" in done.stderr
        assert signer.stop() == 0


def test_a_state_directory_that_cannot_be_made_is_one_line(box):
    box.state.write_text("a file in its place")
    done = once(box, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and str(box.state) in done.stderr


def mount_tmpfs(path, options):
    path.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path],
                                           capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small file system, and not everywhere")


def test_a_read_only_state_is_one_line(box):
    once(box)
    saved = box.directory / "saved"
    box.state.rename(saved)
    mount_tmpfs(box.state, "size=64m")
    try:
        shutil.copytree(saved, box.state, dirs_exist_ok=True)
        run("mount", "-o", "remount,ro", box.state)
        done = once(box, check=False)
        assert done.returncode == 1
        wrong = [line for line in done.stderr.splitlines() if not line.startswith("info ")]
        assert len(wrong) == 1 and "ead-only" in wrong[0]
    finally:
        run("umount", box.state)


def test_a_full_disk_keeps_what_is_served_and_goes_on_when_there_is_room(box):
    mount_tmpfs(box.state, "size=8m")
    try:
        with start(box) as signer:
            signer.wait_log("zone=example.net")
            before = dump(box)
            filler = box.state / "filler"
            with open(filler, "wb", buffering=0) as out:
                with pytest.raises(OSError):
                    while True:
                        out.write(bytes(4096))
            make_certificate(box.tls, new_key=True)
            signer.wait_log("cannot-publish")
            assert dump(box) == before
            filler.unlink()
            signer.wait_log("can-publish-again")
            wait_until(lambda: dump(box) != before, signer.log, 40)
            judge(box, "example.com")
            assert len(errors(signer.log(), "tls-key")) == 1, signer.log()
            assert signer.stop() == 0
    finally:
        run("umount", box.state)


# ── Under zoned ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_descriptors_that_make_no_sense_are_refused(box):
    assert run(SIGNER, "--inputs", "77", check=False).returncode == 2
    assert run(SIGNER, "--inputs", "x", check=False).returncode == 2
    assert run(SIGNER, check=False).returncode == 2
    assert run(SIGNER, "--config", box.config, "--inputs", "0", check=False).returncode == 2
    assert run(SIGNER, "--config", box.config, "--control", "77", check=False).returncode == 2
    with open("/dev/null") as wrong:
        done = subprocess.run([SIGNER, "--config", box.config, "--control", str(wrong.fileno())], check=False,
                              pass_fds=[wrong.fileno()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "is no control socket" in done.stderr and len(errors(done.stderr)) == 1


def test_garbled_snapshots_end_it_or_change_nothing(box):
    for octets in (b"", b"\xff" * 100, struct.pack(">Q", 5) + b"hello"):
        read_end, write_end = os.pipe()
        log = box.directory / f"garbled{len(octets)}.log"
        signer = Program(SIGNER, "--inputs", read_end, log=log, pass_fds=[read_end])
        os.close(read_end)
        os.write(write_end, octets)
        os.close(write_end)
        assert signer.wait() == 1
        assert errors(signer.log())
        signer.stop()


def test_it_ends_with_its_lifeline(box):
    read_end, write_end = os.pipe()
    with start(box, "--lifeline", read_end, pass_fds=[read_end]) as signer:
        os.close(read_end)
        signer.wait_log("zone=example.net")
        os.close(write_end)
        assert signer.wait() == 0


def test_it_looks_again_when_told_to(box):
    path = box.directory / "signer.sock"
    with control_socket(path) as listener:
        signer = start(box, "--control", listener.fileno(), pass_fds=[listener.fileno()])
    with signer:
        signer.wait_log("zone=example.net")
        assert control_ask(path, "reload") == {"ok": True, "program": "zone-signer"}
        status = control_ask(path, "status")
        assert status["zone-count"] == status["signed"] == 2 and status["wrong"] == 0 and status["errors"] == []
        (zone, _) = status["zones"]
        assert zone["name"] == "example.com" and zone["serial"] == serial_of(box) and zone["error"] is None
        (key,) = zone["keys"]
        assert (box.state / "keys" / f"Kexample.com.+{key['algorithm']:03}+{key['tag']:05}.key").exists()
        assert not control_ask(path, "status", zones="example.org")["ok"]
        refused = control_ask(path, "dance")
        assert not refused["ok"] and "unknown command: dance; there are: " in refused["error"]
