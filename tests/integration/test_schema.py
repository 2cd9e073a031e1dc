# SPDX-License-Identifier: ISC
"""The JSON Schema of the configuration against a validator that is not ours: it takes every example, and what zonegen takes
and refuses for its form, it takes and refuses too."""

import json
import re
import subprocess

import jsonschema
import pytest
import yaml

import harness

SCHEMA = json.loads(subprocess.run([harness.BIN / "zonegen", "--schema"], capture_output=True, text=True, check=True).stdout)
jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

BOX = "box: {hostname: box.example.com, tls: [], ssh: [], addresses: 192.0.2.1}\n"
DOMAINS = "domains: [example.com]\n"

GOOD = [
    BOX + DOMAINS,
    BOX + DOMAINS + "ttl:\nserver: {workers: '4', listen: ['[2001:db8::1]@53', 192.0.2.1@5300]}\n",
    BOX + DOMAINS + "ttl: {default: 60, mx: 1h, txt: '90'}\nresolver: OFF\nprobe: {interval: 30}\n",
    BOX + DOMAINS + "user: {signer: 1000, server: '1001'}\nlog: {level: debug}\n",
    BOX + "domains: example.com\nrecords: 'www A 192.0.2.1'\n",
    BOX + "domains: [{name: a.example, caa: no, services: [imaps, {name: x, port: 1}], dkim: {lifetime: never}}]\n",
    BOX + "domains: [{name: a.example, dnssec: off, addresses: no, dmarc: {reports: [], policy: none}, tls-rpt: no}]\n",
    BOX + "domains: [{name: a.example, records: [{name: 5, type: TXT, text: 1, ttl: 0}, {type: A, data: 192.0.2.1}]}]\n",
    BOX + "domains: [{name: a.example, mta-sts: {max-age: 1d}, spf: {relays: [192.0.2.0/24], all: softfail}, ttl: {soa: 5}}]\n",
    "include: nothing.d/*\n" + BOX,
]

WRONG = [
    "",
    BOX,
    DOMAINS + "ttl: {soa: 1}\n",
    "box: {}\n" + DOMAINS,
    "box: {hostname: 5}\n" + DOMAINS,
    BOX + "domans: []\n",
    BOX + DOMAINS + "acme: yes\n",
    BOX + DOMAINS + "server: {workers: 257}\n",
    BOX + DOMAINS + "server: {listen: box.example.com}\n",
    BOX + DOMAINS + "server: []\n",
    BOX + DOMAINS + "ttl: {default: 1 hour}\n",
    BOX + DOMAINS + "ttl: {default: 0}\n",
    BOX + DOMAINS + "resolver: maybe\n",
    BOX + DOMAINS + "resolver: {listen: []}\n",
    BOX + DOMAINS + "log: {level: loud}\n",
    BOX + DOMAINS + "include: {}\n",
    BOX + "domains: [{zone-file: x}]\n",
    BOX + "domains: [[example.com]]\n",
    BOX + "domains: [{name: a.example, mode: primary}]\n",
    BOX + "domains: [{name: a.example, dmarc: {policy: strict}}]\n",
    BOX + "domains: [{name: a.example, services: [{port: 1}]}]\n",
    BOX + "domains: [{name: a.example, dkim: {lifetime: yes}}]\n",
    BOX + "domains: [{name: a.example, dkim: {selector: x}}]\n",
    BOX + "domains: [{name: a.example, records: [{name: x}]}]\n",
    BOX + "domains: [{name: a.example, spf: {relays: {a: b}}}]\n",
]


def accepts(text):
    return VALIDATOR.is_valid(yaml.safe_load(text))


def zonegen_reads(directory, text):
    path = directory / "z.yaml"
    path.write_text(text)
    result = subprocess.run([harness.BIN / "zonegen", "--config", path, "--check"], capture_output=True, text=True)
    return re.search(rf"^{re.escape(str(path))}:\d+:\d+: ", result.stdout + result.stderr, re.MULTILINE) is None


@pytest.mark.parametrize("path", sorted((harness.SOURCE / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_taken(path):
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("text", GOOD)
def test_what_is_right_is_taken(tmp_path, text):
    assert zonegen_reads(tmp_path, text)
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_refused(tmp_path, text):
    assert not zonegen_reads(tmp_path, text)
    assert not accepts(text)


def test_an_included_file_has_domains_alone():
    assert accepts("domains: [{name: example.com, mail: no}]\n")
    assert not accepts("domains: [example.com]\nttl: {}\n")
    assert not accepts("ttl: {}\n")
