# SPDX-License-Identifier: ISC
"""The watchdog in the registry's world (registrar.py): a secondary that fetches the zone no more has signatures that run out,
while those of the box are good. A person hears of it, the status and its exit code say so, and that it is over."""

import pytest

from harness import scratch, wait_until
from internet import BOX4, BOX6, SECOND, Nsd, serves
from registrar import Registry
from rolling import ZONE, RollingBox, config, policy

SHORT = config(policy(signature_lifetime="16s", signature_refresh="12s"))  # nearer to the end than 6 s is too near
ALONE = SHORT.replace(f', "{SECOND}@53"', "")


@pytest.fixture
def world():
    with scratch() as directory, Registry(directory / "registry", ttl=2, ds_ttl=2) as registry:
        alarms = directory / "alarms"
        command = f"on-alarm: 'read -r line; printf \"%s\\n\" \"$line\" >>{alarms}'\n"
        alarms.touch(mode=0o666)
        with RollingBox(directory / "box", ALONE + command) as box:
            box.start()
            box.program.wait_for(lambda: serves(BOX4, ZONE))
            registry.delegate(ZONE, {"ns1.box.rolls.tld": [BOX4, BOX6], "ns2.box.rolls.tld": [SECOND]})
            secondary = Nsd(directory / "secondary", SECOND)
            try:
                secondary.serve({ZONE: box.signed_text()})
                yield box, secondary, alarms, SHORT + command
            finally:
                secondary.stop()


def test_a_secondary_that_is_left_behind_is_an_alarm_while_it_lasts(world):
    box, secondary, alarms, both = world

    def said():
        return box.zonebox("status", ZONE).stdout + box.program.log()

    wait_until(lambda: box.zone()["served"] is not None, said)
    wait_until(lambda: "served-signatures-run-out" in alarms.read_text(), said, 60)
    assert f"zone={ZONE} server={SECOND}" in alarms.read_text()
    status = box.zonebox("status", ZONE)
    assert status.returncode == 1 and "a name server has signatures that are nearer to their end" in status.stdout
    assert SECOND in box.zone()["error"]
    secondary.stop()
    box.write_config(both)  # from now on it has what the box has
    wait_until(lambda: box.zone()["error"] is None, said, 60)
    assert "served-signatures-good-again" in box.program.log()
    assert box.zonebox("status", ZONE).returncode == 0, said()
