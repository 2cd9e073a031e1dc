# SPDX-License-Identifier: ISC
"""The files for systemd, judged by systemd's own tools where they are."""

import os
import shutil
import stat

import pytest

from harness import BUILT, run


@pytest.fixture
def prefix(directory):
    run("cmake", "--install", BUILT.parent, "--prefix", directory / "prefix")
    return directory / "prefix"


def tool(name):
    path = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"no {name} here")
    return path


def test_the_unit_starts_what_is_installed(prefix):
    unit = (prefix / "lib/systemd/system/zonebox.service").read_text()
    assert f"ExecStart={prefix}/sbin/zoned\n" in unit
    assert "@" not in unit.replace("@system-service", "")


def test_systemd_takes_the_unit(prefix):
    done = run(tool("systemd-analyze"), "verify", "--man=no", prefix / "lib/systemd/system/zonebox.service", check=False)
    said = [line for line in done.stderr.splitlines() if "zonebox" in line]
    assert done.returncode == 0 and said == [], done.stderr


def test_the_unit_is_hardened(prefix):
    """The exposure that systemd works out, of 10: Debian's own unit for Unbound has 9, for named 6."""
    done = run(tool("systemd-analyze"), "security", "--offline=yes", "--threshold=50",
               prefix / "lib/systemd/system/zonebox.service", check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_the_users_are_those_of_the_configuration(prefix, directory):
    root = directory / "root"
    (root / "etc").mkdir(parents=True)
    done = run(tool("systemd-sysusers"), f"--root={root}", "--dry-run", prefix / "lib/sysusers.d/zonebox.conf", check=False)
    assert done.returncode == 0, done.stderr
    for user in ("zonebox-signer", "zonebox-server", "zonebox-resolver", "zonebox-probe"):
        assert user in done.stdout + done.stderr


def test_the_state_directory_is_made(prefix, directory):
    root = directory / "root"
    root.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    run(tool("systemd-tmpfiles"), f"--root={root}", "--create", prefix / "lib/tmpfiles.d/zonebox.conf")
    made = (root / "var/lib/zonebox").stat()
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (0, 0o755)
