# SPDX-License-Identifier: ISC
"""From a TLS key to come to "safe to deploy", and from a DKIM key whose record somebody has to paste to signed mail, with
everything real between: zone-signer asks zone-probe over zoned's channel, and that asks the name servers (internet.py) at all
their addresses."""

import hashlib
import re
import subprocess
import time

import pytest

from harness import BIN, control_ask, run, scratch, wait_until
from internet import CONFIG, World


class Observed(World):
    def make_box(self):
        box = super().make_box()
        key = box.directory / "next.key"
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "pkey", "-in", key, "-pubout", "-out", key.with_suffix(".pub"))
        der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], capture_output=True, check=True)
        self.next = hashlib.sha256(der.stdout).hexdigest()
        box.write_config(CONFIG.replace("  ssh:", "  tls-next: [next.pub]\n  ssh:", 1) + "probe: {interval: 1s}\n")
        return box

    def served(self):
        """Without the key to come: what a secondary has that got nothing since."""
        return "\n".join(line for line in super().served().splitlines() if self.next not in line.lower()) + "\n"

    def up_to_date(self):
        return super().served()

    def dump_external(self):
        """All but the DKIM records: the admin has not pasted these yet."""
        return "".join(line for line in super().dump_external().splitlines(True) if "_domainkey" not in line)

    def status(self):
        return control_ask(self.box.directory / "control" / "zone-signer.sock", "status")

    def key(self, spki):
        return next((key for key in self.status()["tls"]["keys"] if key["key"] == spki), {})

    def dkim(self):
        """algorithm → the DKIM key of the domain that others serve"""
        (zone,) = self.status()["external"]
        return {key["algorithm"]: key for key in zone["dkim"]}

    def pasted(self):
        """selector → what the web form of the provider gets"""
        printed = self.box.zonegen("--dump", "--style", "paste", "external.tld").stdout
        return dict(re.findall(r"Name +(\S+)\._domainkey\n.*\n.*\n +Value +(.*)\n", printed))

    def probe_questions(self):
        return control_ask(self.box.directory / "control" / "zone-probe.sock", "status")["questions"]

    def tables(self):
        return [(self.box.state / "dkim" / name).read_text() for name in ("KeyTable", "SigningTable", "rspamd.conf")]


@pytest.fixture
def observed():
    with scratch() as directory, Observed(directory) as world:
        yield world


def test_a_key_is_safe_when_every_server_was_seen_with_it(observed):
    def counts(key):
        return tuple(key.get(name) for name in ("ok", "wrong", "unknown"))

    wait_until(lambda: counts(observed.key(observed.next)) == (2, 1, 0), lambda: observed.key(observed.next), 60)
    key = observed.key(observed.next)
    assert (key["state"], key["seen"], key["safe"]) == ("next", None, None)
    assert key["waits-for"] == "some name servers do not have its record yet"
    observed.front.udp = observed.front.tcp = "silent"
    observed.front.apply()
    wait_until(lambda: counts(observed.key(observed.next)) == (2, 0, 1), lambda: observed.key(observed.next), 60)
    observed.behind.serve({"main.tld": observed.up_to_date()})
    observed.front.udp = observed.front.tcp = "open"
    observed.front.apply()
    key = wait_until(lambda: (now := observed.key(observed.next))["seen"] and now, lambda: observed.key(observed.next), 60)
    assert counts(key) == (3, 0, 0) and key["safe"] > time.time()


def as_a_provider_keeps_it(selector, value):
    """Without the blanks, and cut into strings as it likes."""
    text = value.replace("; ", ";")
    return f"{selector}._domainkey 300 TXT " + " ".join(f'"{text[i:i + 100]}"' for i in range(0, len(text), 100)) + "\n"


def test_mail_of_an_external_domain_is_signed_when_its_record_is_out_there(observed):
    def todo(algorithm):
        return observed.dkim()[algorithm]["todo"] or ""

    wait_until(lambda: "1 of 1 servers do not have it" in todo("rsa") and "do not have it" in todo("ed25519"), observed.dkim, 60)
    rsa, ed25519 = (observed.dkim()[name]["selector"] for name in ("rsa", "ed25519"))
    assert {key["state"] for key in observed.dkim().values()} == {"pending"}
    assert f"waits until {rsa}._domainkey.external.tld is published where external.tld is served" in todo("rsa")
    assert not any("external.tld" in table for table in observed.tables())
    assert "rsa" in observed.tables()[1] and "main.tld" in observed.tables()[1]
    told = run(BIN / "zonebox", "--config", observed.box.config, "status", "external.tld", check=False)
    assert told.returncode == 1 and "the mail of external.tld is not signed with DKIM yet: waits until" in told.stdout
    verdicts, code = observed.check("external.tld")
    assert [v["verdict"] for v in verdicts if v["check"] == "dkim"] == ["wrong", "wrong"] and code == 1

    pasted = observed.pasted()
    assert set(pasted) == {rsa, ed25519}
    without = observed.external
    observed.external = without + f'{rsa}._domainkey 300 TXT "v=DKIM1; k=rsa; h=sha256; p=MIIB"\n'  # cut off by the form
    observed.serve_other()
    asked = observed.probe_questions()
    wait_until(lambda: observed.probe_questions() > asked + 4, observed.dkim, 60)
    assert observed.dkim()["rsa"]["state"] == "pending"

    observed.external = without + as_a_provider_keeps_it(rsa, pasted[rsa])
    observed.serve_other()
    wait_until(lambda: observed.dkim()["rsa"]["state"] == "active", observed.dkim, 60)
    assert observed.dkim()["ed25519"]["state"] == "pending"
    wait_until(lambda: all("external.tld" in table and rsa in table for table in observed.tables()), observed.tables, 60)
    assert ed25519 not in "".join(table.partition("external.tld")[2] for table in observed.tables()[2:])

    observed.external += as_a_provider_keeps_it(ed25519, pasted[ed25519])
    observed.serve_other()
    wait_until(lambda: observed.dkim()["ed25519"]["state"] == "active", observed.dkim, 60)
    wait_until(lambda: ed25519 in observed.tables()[2].partition("external.tld")[2], observed.tables, 60)
    verdicts, _ = observed.check("external.tld")
    assert [v["verdict"] for v in verdicts if v["check"] == "dkim"] == ["ok", "ok"]
    assert [zone["error"] for zone in observed.status()["external"]] == [None]
