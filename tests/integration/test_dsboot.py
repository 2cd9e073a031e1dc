# SPDX-License-Identifier: ISC
"""Further domains get their first DS by signalling records (RFC 9615), with the registry's world (registrar.py): the host's
own zone is made secure by hand, the others follow without any form, and no validator is ever misled."""

import json

from harness import Box, query, scratch, wait_until
from internet import BOX4, BOX6, SECOND, serves
from judges import disagreement
from registrar import PARENTS, Registry
from watch import Watch, questions

HOST, SECOND_ZONE, THIRD_ZONE, OFF_ZONE = "host.tld", "second.tld", "third.tld", "quiet.tld"
SERVERS = {"ns1.box.host.tld": [BOX4, BOX6], "ns2.box.host.tld": [SECOND]}
CONFIG = f"""\
box:
  hostname: box.{HOST}
  addresses: [{BOX4}, "{BOX6}"]
  nameservers: [ns1.box.{HOST}, {{name: ns2.box.{HOST}, addresses: [{SECOND}]}}]
  tls: [tls.pem]
  ssh: [ssh_host_ed25519_key.pub]
domains: [{HOST}, {SECOND_ZONE}, {{name: {OFF_ZONE}, dnssec: {{cds: no}}}}]
server: {{listen: ["{BOX4}@53", "[{BOX6}]@53", "{SECOND}@53"]}}
resolver: no
probe: {{interval: 1s}}
ttl: {{default: 2s, soa: 2s, ns: 2s, dnskey: 4s, negative: 2s}}
dnssec: {{propagation-delay: 0s, parent-propagation-delay: 0s}}
state: state
"""


def state_of(box, zone):
    """What zonegen says of the zone's DS: wait, enter, in …"""
    zones = json.loads(box.zonegen("--ds", "--json", check=False).stdout)["zones"]
    return next(found.get("ds-state", {}).get("state") for found in zones if found["name"] == zone)


def asked(name, rtype):
    return {record for rrset in query(53, name, rtype, host=BOX4).answer for record in rrset}


def signals(zone):
    """What the two name servers say of the zone."""
    return [asked(f"_dsboot.{zone}._signal.{server}", rtype) for server in SERVERS for rtype in ("CDS", "CDNSKEY")]


def judged(box, registry):
    """The host's zone. Where it signals, kzonecheck finds fault with that: Knot 3.2 holds CDS and CDNSKEY at whatever name
    against the DNSKEYs of the zone."""
    text = box.zonegen("--dump", "--signed", HOST).stdout
    found = disagreement(HOST, text, registry.directory / "judged")
    if "_dsboot." in text:
        said = [line for line in found.pop("kzonecheck").splitlines() if line.startswith("[")]
        assert said and all(line.startswith("[_dsboot.") and " not match " in line for line in said), said
    assert found == {}
    return text


def has_ds(registry, zone):
    return all(registry.ds(zone, server) for server in PARENTS)


def wait_for(box, registry, condition, what, timeout=40):
    wait_until(lambda: condition() or not box.program.running(),
               lambda: f"{what}\n{box.program.log()}\n{registry.registrar.history}", timeout)
    assert box.program.running(), box.program.log()


def make_host_secure(box, registry):
    wait_for(box, registry, lambda: state_of(box, HOST) == "enter", "the DS of the host is offered")
    wait_for(box, registry, lambda: state_of(box, SECOND_ZONE) == "enter", "so is the other's")
    assert asked(SECOND_ZONE, "CDS") and not any(signals(SECOND_ZONE))  # nobody could trust them yet
    registry.registrar.enter(HOST, box.zonegen("--ds", HOST).stdout)
    wait_for(box, registry, lambda: all(signals(SECOND_ZONE)), "the signalling records are there")


def second_is_found_by_a_scan(box, registry, watch):
    assert signals(SECOND_ZONE) == 2 * [asked(SECOND_ZONE, "CDS"), asked(SECOND_ZONE, "CDNSKEY")]
    text = judged(box, registry)
    assert ";; _dsboot." in text and f"_dsboot.{SECOND_ZONE}._signal.ns1.box.{HOST}." in text
    assert watch.secure(HOST)
    registry.registrar.automate(SECOND_ZONE, every=0.5, bootstrap=True)
    wait_for(box, registry, lambda: has_ds(registry, SECOND_ZONE), "the registrar has entered the DS by itself")
    registry.registrar.stop_automation(SECOND_ZONE)
    wait_for(box, registry, lambda: state_of(box, SECOND_ZONE) == "in", "zone-probe has seen it")
    wait_for(box, registry, lambda: not any(signals(SECOND_ZONE)), "the signalling records are gone")
    assert "_dsboot." not in judged(box, registry)
    wait_until(lambda: watch.secure(SECOND_ZONE), "what caches had of the second has expired")
    assert watch.secure(HOST)


def third_comes_later_and_has_the_registrar_told(box, registry, watch):
    registry.registrar.automate(THIRD_ZONE, bootstrap=True)
    box.write_config(CONFIG.replace(f"{SECOND_ZONE},", f"{SECOND_ZONE}, {THIRD_ZONE},"))
    wait_for(box, registry, lambda: has_ds(registry, THIRD_ZONE), "NOTIFY(CDS) has brought the DS")
    wait_for(box, registry, lambda: state_of(box, THIRD_ZONE) == "in" and not any(signals(THIRD_ZONE)),
             "the signalling records are gone")
    watch.questions.extend(questions(THIRD_ZONE))
    wait_until(lambda: watch.secure(THIRD_ZONE), "the third is secure")
    judged(box, registry)


def test_further_domains_get_their_first_ds_without_a_form():
    with scratch() as directory, Registry(directory / "registry", ttl=2, ds_ttl=2) as registry, \
            Box(directory / "box", CONFIG) as box:
        box.start()
        for zone in (HOST, SECOND_ZONE, THIRD_ZONE, OFF_ZONE):
            registry.delegate(zone, SERVERS)
        wait_for(box, registry, lambda: serves(SECOND, SECOND_ZONE), "the zones are served")
        make_host_secure(box, registry)
        assert not any(signals(OFF_ZONE)) and not asked(OFF_ZONE, "CDS")
        with Watch(registry.validators(), questions(HOST, "box") + questions(SECOND_ZONE)) as watch:
            wait_until(lambda: watch.secure(HOST), "the host's zone is secure")
            second_is_found_by_a_scan(box, registry, watch)
            third_comes_later_and_has_the_registrar_told(box, registry, watch)
        assert watch.bogus == [] and watch.wrong == []
