# SPDX-License-Identifier: ISC
"""What all programs say alike about their arguments (base/arguments.h)."""

import re

import pytest
from harness import BIN, SOURCE, run

PROGRAMS = {"zonegen": 1, "zonebox": 8, "zoned": 8, "zone-signer": 8, "zone-server": 8, "zone-resolver": 8, "zone-probe": 8}


@pytest.fixture(params=PROGRAMS)
def program(request):
    return request.param


def test_help_fits_a_screen(program):
    done = run(BIN / program, "--help")
    lines = done.stdout.splitlines()
    assert done.stderr == "" and lines[0].startswith(f"usage: {program} ")
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


def test_help_tells_of_the_same_options_as_the_manual(program):
    manual = (SOURCE / "docs/man" / f"{program}.{PROGRAMS[program]}").read_text()
    told = set(re.findall(r"Fl (?:Fl |-)([a-z][a-z-]+)", manual))
    of_zonegen = {"dump", "json"} if program == "zone-probe" else set()
    assert set(re.findall(r"--([a-z][a-z-]+)", run(BIN / program, "--help").stdout)) == told | of_zonegen


def test_the_version_is_one_line(program):
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", run(BIN / program, "--version").stdout)


@pytest.mark.parametrize("arguments, words", [
    (["--nonsense"], "there is no option --nonsense"),
    (["-x"], "there is no option -x"),
    (["--help=yes"], "--help=yes: the option takes no value"),
])
def test_what_is_no_option_is_one_line_with_a_hint(program, arguments, words):
    done = run(BIN / program, *arguments, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"{program}: {words}; {program} --help says more\n"


@pytest.mark.parametrize("name, option, value", [
    ("zonegen", "config", "FILE"), ("zonebox", "control", "DIR"), ("zoned", "state", "DIR"), ("zone-signer", "inputs", "FD"),
    ("zone-server", "serve", "DIR"), ("zone-resolver", "forward", "ADDR[@PORT]"), ("zone-probe", "timeout", "SECONDS"),
])
def test_a_value_that_is_missing_is_told(name, option, value):
    done = run(BIN / name, f"--{option}", check=False)
    assert done.returncode == 2
    assert done.stderr == f"{name}: --{option} wants a value: --{option} {value}; {name} --help says more\n"


@pytest.mark.parametrize("name", ["zoned", "zone-signer", "zone-server", "zone-resolver", "zone-probe"])
def test_words_that_are_no_options_are_refused(name):
    done = run(BIN / name, "stray", check=False)
    assert done.returncode == 2 and done.stderr == f"{name}: what is this: stray; {name} --help says more\n"


@pytest.mark.parametrize("name", ["zone-signer", "zone-server", "zone-resolver", "zone-probe"])
def test_a_descriptor_that_is_not_open_is_refused(name):
    for option in "--lifeline", "--control":
        done = run(BIN / name, option, "99", check=False)
        assert done.returncode == 2 and done.stderr == f"{name}: {option}: not an open descriptor: 99\n"


@pytest.mark.parametrize("arguments, words", [
    (["--timeout", "0"], "--timeout: not a number of seconds from 0.1 to 60: 0\n"),
    (["--resolver", "localhost"], '--resolver: "localhost": not an IP address'),
    (["--check", "--control", "0"], "--check is alone: without --observe and --control; "),
    ([], "either --check or --observe or --control is needed; "),
])
def test_what_zone_probe_cannot_use_is_told(arguments, words):
    done = run(BIN / "zone-probe", *arguments, check=False)
    assert done.returncode == 2 and done.stderr.startswith(f"zone-probe: {words}")


@pytest.mark.parametrize("arguments, words", [
    (["--make-tls-key", "x"], "--make-tls-key DIR wants ecdsa or rsa; zone-signer --help says more"),
    (["--make-tls-key", "x", "rsa", "ecdsa"], "--make-tls-key DIR wants ecdsa or rsa; zone-signer --help says more"),
    (["--make-tls-key", "x", "dsa"], "dsa: no such algorithm; ecdsa or rsa"),
])
def test_the_kind_of_a_tls_key_is_needed(arguments, words):
    done = run(BIN / "zone-signer", *arguments, check=False)
    assert done.returncode == 2 and done.stderr == f"zone-signer: {words}\n"
