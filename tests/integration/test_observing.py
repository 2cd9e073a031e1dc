# SPDX-License-Identifier: ISC
"""From a key to come to "safe to deploy", with everything real between: zone-signer asks zone-probe over zoned's channel, and
that asks the box and its secondary (internet.py) at all their addresses."""

import hashlib
import subprocess
import time

import pytest

from harness import control_ask, run, scratch, wait_until
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

    def key(self, spki):
        status = control_ask(self.box.directory / "control" / "zone-signer.sock", "status")
        return next((key for key in status["tls"]["keys"] if key["key"] == spki), {})


@pytest.fixture
def observed():
    with scratch() as directory:
        world = Observed(directory)
        try:
            yield world
        finally:
            world.stop()


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
