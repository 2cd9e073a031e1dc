# SPDX-License-Identifier: ISC
"""A box whose keys roll, in the registry's world (registrar.py): for test_rollovers.py and tests/chaos/rolls.py.

    with rolling(directory) as (registry, box):     # zoned runs, serves ZONE, and is delegated; its DS is not entered
        box.write_config(config(policy(15)))        # another policy
        box.until_settled([(15, "csk")], seen)      # its keys are these, in use, and nothing is waited for
"""

import contextlib
import json
import pathlib

from harness import BIN, Box, run, wait_until
from internet import BOX4, BOX6, SECOND, serves
from judges import disagreement
from registrar import Registry
from watch import questions

ZONE = "rolls.tld"
DNSKEY_TTL = 3  # longer than the others: who comes too early is seen
CONFIG = """\
box:
  hostname: box.rolls.tld
  addresses: [{box4}, "{box6}"]
  nameservers: [ns1.box.rolls.tld, {{name: ns2.box.rolls.tld, addresses: [{second}]}}]
  tls: [tls.pem]
  ssh: [ssh_host_ed25519_key.pub]
domains: [{{name: rolls.tld, dnssec: {policy}}}]
server: {{listen: ["{box4}@53", "[{box6}]@53", "{second}@53"]}}
ttl: {{default: 2s, soa: 2s, ns: 2s, negative: 2s, dnskey: {dnskey_ttl}s}}
probe: {{interval: 1s}}
state: state
"""
ALGORITHMS = {13: "ecdsap256sha256", 15: "ed25519", 8: "rsasha256"}


def policy(algorithm=13, keys="csk", **options):
    words = {"algorithm": ALGORITHMS[algorithm], "keys": keys, "propagation-delay": "0s", "parent-propagation-delay": "0s"}
    words.update({name.replace("_", "-"): value for name, value in options.items()})
    return "{" + ", ".join(f"{name}: {value}" for name, value in words.items()) + "}"


def config(words):
    return CONFIG.format(box4=BOX4, box6=BOX6, second=SECOND, policy=words, dnskey_ttl=DNSKEY_TTL)


class RollingBox(Box):
    def zonebox(self, *argv):
        return run(BIN / "zonebox", "--config", self.config, *argv, check=False)

    def zone(self):
        done = self.zonebox("status", "--json", ZONE)
        signer = json.loads(done.stdout)["programs"].get("zone-signer", {}) if done.stdout else {}
        return next((zone for zone in signer.get("zones", ()) if zone["name"] == ZONE), None)  # None: it does not run now

    def signed_text(self):
        return self.zonegen("--dump", "--signed", ZONE).stdout

    def is_settled(self, expected):
        """Are its keys these (algorithm, role), in use, and is nothing waited for?"""
        zone = self.zone()
        if zone is None or zone["life"] is None:
            return False
        keys = sorted((key["algorithm"], key["role"]) for key in zone["keys"])
        return keys == sorted(expected) and zone["life"]["wait"] in (None, "age") and zone["life"]["ds-is-in"]

    def judged(self, seen):
        """Shows the signed zone to the judges when it is another than those in seen."""
        text = self.signed_text()
        if text not in seen and "DNSKEY" in text:
            seen.add(text)
            found = disagreement(ZONE, text, self.directory / "judged")
            assert found == {}, f"{found}\n{text}"
        return True

    def until_settled(self, expected, seen, timeout=90):
        wait_until(lambda: self.judged(seen) and self.is_settled(expected),
                   lambda: json.dumps(self.zone(), indent=1) + self.program.log(), timeout)

    def ds_state(self):
        zone, = json.loads(self.zonegen("--ds", "--json", ZONE, check=False).stdout)["zones"]  # 1: it is not signed now
        return zone.get("ds-state", {}).get("state")

    def until_offered(self, timeout=60):
        """What `zonegen --ds` prints as soon as its time has come."""
        wait_until(lambda: self.ds_state() == "enter", lambda: self.zonegen("--ds", ZONE, check=False).stdout, timeout)
        return self.zonegen("--ds", ZONE).stdout


def asked(**options):
    return questions(ZONE, "box", more=[(f"_25._tcp.box.{ZONE}", "TLSA")], **options)


@contextlib.contextmanager
def rolling(directory, disk=None):
    """disk: the size of the file system that the box has for its state alone."""
    directory = pathlib.Path(directory)
    with Registry(directory / "registry", ttl=2, ds_ttl=2) as registry:
        with RollingBox(directory / "box", config(policy())) as box:
            if disk is not None:
                box.state.mkdir()
                run("mount", "-t", "tmpfs", "-o", f"size={disk},mode=755", "tmpfs", box.state)
            box.start()
            registry.delegate(ZONE, {"ns1.box.rolls.tld": [BOX4, BOX6], "ns2.box.rolls.tld": [SECOND]})
            box.program.wait_for(lambda: serves(SECOND, ZONE))
            yield registry, box
            assert box.stop() == 0
