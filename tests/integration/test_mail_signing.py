# SPDX-License-Identifier: ISC
"""DKIM keys, used and judged by others: OpenDKIM signs with our tables, opendkim-testkey and dkimpy find our records, and
a whole rotation is followed while every mail verifies for as long as it may be in a queue."""

import base64
import datetime
import re

import dkim
import dns.zone
import pytest

from harness import BIN, CONFIG, Box, Program, free_port, run, wait_until
from milter import Milter

HEADERS = [("From", "Somebody <somebody@example.com>"), ("Subject", "DKIM"),
           ("Date", "Sun, 22 Nov 2026 12:00:00 +0000"), ("Message-ID", "<1@example.com>")]
BODY = b"This mail is signed.\r\n"
DAY = 86400


def config(dkim_options):
    return CONFIG.replace("  ssh:", f"  dkim: {dkim_options}\n  ssh:")


def once(box):
    return run(BIN / "zone-signer", "--config", box.config, "--once").stderr


def records(box, zone="example.com"):
    """{selector: text} of what is published."""
    done = box.zonegen("--dump", "--signed", zone)
    found = dns.zone.from_text(done.stdout, origin=zone, relativize=False, check_origin=False)
    texts = {}
    for name, _, rdata in found.iterate_rdatas("TXT"):
        if b"_domainkey" in name.labels:
            texts[name.labels[0].decode()] = b"".join(rdata.strings)
    return texts


def signers(box):
    """{domain: [(selector, path)]} as rspamd.conf has them, which is written once all zones were looked at."""
    table = box.state / "dkim/rspamd.conf"
    wait_until(table.exists, "the tables of the mail signers")
    text = table.read_text()
    found = {}
    for domain, body in re.findall(r'  "([^"]+)" \{(.*?)\n  \}', text, re.S):
        found[domain] = re.findall(r'selector = "([^"]+)"; path = "([^"]+)";', body)
    return found


def message(headers=HEADERS):
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n" + BODY


def sign_all(box):
    """A mail signed by all that sign now."""
    mail = message()
    for selector, path in signers(box)["example.com"]:
        with open(path, "rb") as file:
            pem = file.read()
        algorithm = b"rsa-sha256"
        if "ed25519" in selector:
            der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
            pem, algorithm = base64.b64encode(der[-32:]), b"ed25519-sha256"
        mail = dkim.sign(mail, selector.encode(), b"example.com", pem, signature_algorithm=algorithm,
                         include_headers=[b"from", b"subject"]) + mail
    return mail


def verifies(mail, texts):
    """Each signature of the mail, checked with these records."""
    def lookup(name, timeout=5):
        return texts.get(name.decode().split(".")[0])

    count = mail.count(b"DKIM-Signature:")
    try:
        return count > 0 and all(dkim.DKIM(mail).verify(idx=i, dnsfunc=lookup) for i in range(count))
    except dkim.ValidationError:
        return False


def age(box, seconds):
    """All keys are so much older: time passes for those who read their files."""
    def earlier(match):
        then = datetime.datetime.strptime(match[2], "%Y-%m-%dT%H:%M:%SZ") - datetime.timedelta(seconds=seconds)
        return match[1] + then.strftime("%Y-%m-%dT%H:%M:%SZ")

    for path in (box.state / "dkim").glob("*/*.pub"):
        path.write_text(re.sub(r"^(\w+: )(\d{4}-\S+Z)$", earlier, path.read_text(), flags=re.M))


def states(box, domain="example.com"):
    return {path.stem: re.search("^State: (.*)$", path.read_text(), re.M)[1]
            for path in (box.state / "dkim" / domain).glob("*.pub")}


# ── Rotation ─────────────────────────────────────────────────────────────────────────────────────


def test_every_mail_of_a_rotation_verifies(directory):
    with Box(directory, config("{lifetime: 7d}")) as box:
        sent, seen, first = [], set(), None
        for day in range(52):
            once(box)
            texts = records(box)
            mail = sign_all(box)
            assert mail.count(b"DKIM-Signature:") == 2
            first = first or min(s for s, _ in signers(box)["example.com"])
            sent = [*sent, mail][-5:]  # what may be in a queue
            assert all(verifies(each, texts) for each in sent), (day, states(box))
            seen |= set(states(box).values())
            if day == 30:
                assert texts[first].endswith(b"p=")  # revoked
            age(box, DAY)
        assert seen == {"pending", "active", "retiring", "revoked"}
        assert len(list((box.state / "dkim/example.com").iterdir())) <= 2 * 2 * 8


def test_a_mail_does_not_verify_with_a_revoked_key(directory):
    """The test above could fail."""
    with Box(directory, config("{lifetime: 7d}")) as box:
        once(box)
        mail = sign_all(box)
        assert verifies(mail, records(box))
        assert not verifies(mail, {name: text.split(b"p=")[0] + b"p=" for name, text in records(box).items()})


def test_keys_live_for_ever_unless_told(directory):
    with Box(directory, CONFIG) as box:
        once(box)
        before = records(box)
        age(box, 10 * 365 * DAY)
        assert "dkim-key" not in once(box)
        assert records(box) == before


# ── Others ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_opendkim_signs_with_our_tables(directory, algorithm):
    with Box(directory, config(f"{{group: 0, algorithms: [{algorithm}]}}")) as box:
        once(box)
        lines = run(BIN / "zonebox", "--config", box.config, "setup", "opendkim").stdout
        port = free_port()
        path = directory / "opendkim.conf"
        path.write_text(f"{lines}Mode s\nSyslog no\nSocket inet:{port}@127.0.0.1\n")
        with Program("opendkim", "-f", "-x", path, log=directory / "opendkim.log"):
            wait_until(lambda: listens(port), "OpenDKIM listens")
            with Milter(port) as milter:
                verdict, added = milter.sign("somebody@example.com", HEADERS, BODY)
            assert verdict in b"ac" and [name for name, _ in added] == ["DKIM-Signature"]
            with Milter(port) as milter:
                headers = [("From", "somebody@elsewhere.example"), *HEADERS[1:]]
                assert milter.sign("somebody@elsewhere.example", headers, BODY)[1] == []
        value = added[0][1].replace("\r\n", "\n").replace("\n", "\r\n")
        assert f"a={algorithm}-sha256" in value
        mail = f"DKIM-Signature: {value}\r\n".encode() + message()
        assert verifies(mail, records(box))
        assert not verifies(mail.replace(b"This mail", b"That mail"), records(box))


def listens(port):
    try:
        Milter(port).connection.close()
    except OSError:
        return False
    return True


def test_opendkim_testkey_accepts_our_rsa_record(directory):
    """It asks a validating resolver that trusts the box's own key, as it would in the world."""
    with Box(directory, CONFIG) as box:
        box.start().wait_served("example.com", "example.net")
        ((selector, private),) = [key for key in signers(box)["example.com"] if "rsa" in key[0]]
        settings = directory / "libunbound.conf"
        anchor = directory / "anchor.key"
        anchor.write_text(box.ds("example.com") + "\n")
        settings.write_text("server:\n  do-not-query-localhost: no\n  module-config: \"validator iterator\"\n"
                            f"  trust-anchor-file: \"{anchor}\"\n"
                            f"stub-zone:\n  name: example.com\n  stub-addr: 127.0.0.1@{box.port}\n")
        path = directory / "testkey.conf"
        path.write_text(f"ResolverConfiguration {settings}\n")
        done = run("opendkim-testkey", "-x", path, "-d", "example.com", "-s", selector, "-k", private, "-vv",
                   check=False)
        assert done.returncode == 0 and "key secure" in done.stderr, done.stderr
        done = run("opendkim-testkey", "-x", path, "-d", "example.com", "-s", "nothing", check=False)
        assert done.returncode != 0
