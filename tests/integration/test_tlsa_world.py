# SPDX-License-Identifier: ISC
"""A renewal in a world of its own (internet.py), nothing in it a stand-in for a program of ours: zone-probe looks at the
parent's servers, at the box and its secondary, and at the mail server on port 25."""

import shutil

import pytest

from harness import control_ask, make_certificate, query, run, scratch, spki_sha256, wait_until
import internet
from internet import BOX4, World, tls_context

# From the beginning: a TTL that was lowered is waited for as it was.
CONFIG = internet.CONFIG + "probe: {interval: 1s}\nttl: {tlsa: 3s}\n"


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(internet, "CONFIG", CONFIG)
    with scratch() as directory, World(directory) as a_world:
        yield a_world


def keys(box):
    """Digest → the key's entry in the status."""
    reply = control_ask(box.directory / "control" / "zone-signer.sock", "status")
    return {key["key"]: key for key in reply["tls"]["keys"]}


def tlsa(zone_server):
    answer = query(53, "_25._tcp.box.main.tld", "TLSA", host=zone_server, tcp=True).answer
    return {rdata.cert.hex() for rdata in answer[0]}


def test_a_key_is_safe_when_the_secondary_has_it_and_goes_when_port_25_has_not(world):
    box, old = world.box, spki_sha256(world.box.directory / "ecdsa.pem")
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", box.directory / "next.key")
    run("openssl", "pkey", "-in", box.directory / "next.key", "-pubout", "-out", box.directory / "next.pub")
    box.write_config(CONFIG.replace("  ssh:", "  tls-next: [next.pub]\n  ssh:"))
    fresh = wait_until(lambda: next((k for k, e in keys(box).items() if e["state"] == "next"), None), box.program.log)
    # The secondary has the zone of before.
    wait_until(lambda: keys(box)[fresh]["wrong"] > 0, lambda: f"{keys(box)}\n{box.program.log()}", 60)
    assert keys(box)[fresh]["ok"] > 0 and keys(box)[fresh]["state"] == "next"
    assert keys(box)[fresh]["waits-for"] == "some name servers do not have its record yet"
    world.behind.serve({"main.tld": world.served()})
    wait_until(lambda: keys(box)[fresh]["state"] == "safe", lambda: f"{keys(box)}\n{box.program.log()}", 90)
    # The certificate is renewed, and the mail server goes on with the one of before.
    shutil.copy(box.directory / "next.key", box.directory / "ecdsa.key")
    make_certificate(box.directory / "ecdsa.pem", "box.main.tld")
    wait_until(lambda: keys(box)[old]["state"] == "leaving" and keys(box)[old]["ok"] > 0, lambda: f"{keys(box)}", 60)
    assert keys(box)[fresh]["state"] == "current"
    world.mail.context = tls_context(box.directory / "ecdsa.pem", box.directory / "rsa.pem")
    rsa = spki_sha256(box.directory / "rsa.pem")
    wait_until(lambda: tlsa(BOX4) == {fresh, rsa}, lambda: f"{keys(box)}\n{box.program.log()}", 90)
    assert "tls-key-too-early" not in box.program.log() and "tls-key-unannounced" not in box.program.log()
