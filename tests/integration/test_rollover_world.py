# SPDX-License-Identifier: ISC
"""Keys in a world of its own (registrar.py), nothing in it a stand-in for a program of ours: zone-probe looks at the box's name
servers and at both servers of the parent, which follows CDS when it is told to look."""

import pytest

from harness import Box, control_ask, scratch, wait_until
from internet import BOX4, BOX6, SECOND, serves
from registrar import PARENTS, Registry
from watch import Watch, questions

ZONE = "zoned.tld"
BOX = f"""\
box:
  hostname: box.{ZONE}
  addresses: [{BOX4}, "{BOX6}"]
  nameservers: [ns1.box.{ZONE}, {{name: ns2.box.{ZONE}, addresses: [{SECOND}]}}]
  ssh: []
  dkim: no
domains: [{ZONE}]
server: {{listen: ["{BOX4}@53", "[{BOX6}]@53", "{SECOND}@53"]}}
resolver: no
probe: {{interval: 1s}}
dnssec: {{propagation-delay: 1s, parent-propagation-delay: 1s}}
ttl: {{default: 2s, soa: 2s, ns: 2s, dnskey: 4s, negative: 2s}}
state: state
"""


@pytest.fixture
def registry():
    with scratch() as directory, Registry(directory / "registry", ttl=2, ds_ttl=2) as a_registry:
        yield a_registry


def signer(box):
    return box.directory / "control" / "zone-signer.sock"


def life(box):
    (zone,) = control_ask(signer(box), "status")["zones"]
    return zone


def told(box):
    return lambda: f"{life(box)}\n{box.program.log()}"


def tags(registry, server):
    return [ds.key_tag for ds in registry.ds(ZONE, server)]


def test_a_key_rolls_over_within_a_minute(registry):
    with Box(registry.directory / "box", BOX) as box:
        box.start()
        registry.delegate(ZONE, {f"ns1.box.{ZONE}": [BOX4, BOX6], f"ns2.box.{ZONE}": [SECOND]})
        wait_until(lambda: serves(SECOND, ZONE), box.program.log)
        wait_until(lambda: life(box)["life"]["wait"] == "ds-in", told(box), 60)
        registry.registrar.enter(ZONE, box.zonegen("--ds", ZONE).stdout)
        wait_until(lambda: life(box)["life"]["wait"] is None, told(box), 60)
        (old,) = [key["tag"] for key in life(box)["keys"]]
        registry.registrar.automate(ZONE)
        with Watch(registry.validators(), questions(ZONE, "box")) as watch:
            assert watch.secure(ZONE)
            control_ask(signer(box), "roll", zone=ZONE, role="all", algorithm=None, compromised=False, dry=False)
            wait_until(lambda: [k["tag"] for k in life(box)["keys"]] not in ([old], []) and len(life(box)["keys"]) == 1,
                       told(box), 60)
        assert watch.bogus == [] and watch.wrong == []
        (key,) = life(box)["keys"]
        assert key["state"] == "active" and key["ds"] == "in"
        assert tags(registry, PARENTS[0]) == tags(registry, PARENTS[1]) == [key["tag"]]
        assert "parent-notified" in box.program.log()
        assert life(box)["served"]["ok"] == 3 and life(box)["error"] is None
