# SPDX-License-Identifier: ISC
"""What `cmake --install` lays down works from there, wherever the prefix is."""

import shutil

import pytest

from harness import BUILT, Program, run


@pytest.fixture
def prefix(directory):
    run("cmake", "--install", BUILT.parent, "--prefix", directory / "prefix")
    moved = directory / "elsewhere"
    (directory / "prefix").rename(moved)
    return moved


def test_everything_has_its_place(prefix):
    programs = {"sbin/zoned", "bin/zonegen", "bin/zonebox", "libexec/zonebox/zone-signer", "libexec/zonebox/zone-server"}
    manuals = {"man1/zonegen.1", "man5/zonebox.yaml.5", "man7/zonebox.7", "man8/zoned.8", "man8/zonebox.8", "man8/zone-signer.8", "man8/zone-server.8"}
    found = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert programs | {f"share/man/{manual}" for manual in manuals} <= found
    assert "share/doc/zonebox/examples/box.yaml" in found
    assert {f"share/bash-completion/completions/{name}" for name in ("zonebox", "zonegen")} <= found


def test_manuals_are_well_formed(prefix):
    if shutil.which("man") is None:
        pytest.skip("no man here")
    for page in sorted(prefix.glob("share/man/man*/*")):
        done = run("man", "--warnings", "-l", page, env={"LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
        assert done.stderr == "" and "NAME" in done.stdout


def test_zoned_finds_the_other_programs(prefix, box):
    box.program = Program(prefix / "sbin/zoned", "--config", box.config, log=box.directory / "log")
    box.wait_served("example.com")
    assert "child-started child=zone-signer" in box.program.log()


def test_zoned_says_what_is_missing(prefix, box):
    (prefix / "libexec/zonebox/zone-server").unlink()
    done = run(prefix / "sbin/zoned", "--config", box.config, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "zone-server" in line and "--libexec" in line
