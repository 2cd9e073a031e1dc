# SPDX-License-Identifier: ISC
"""What zonegen says about the configuration's own form: the schema, the reference, and the example that has everything."""

import json

import pytest
import yaml

import harness

EXAMPLES = sorted((harness.SOURCE / "examples").glob("*.yaml"))


def zonegen(*arguments):
    return harness.run(harness.BIN / "zonegen", *arguments, check=False)


@pytest.fixture(scope="module")
def schema():
    said = zonegen("--schema")
    assert said.returncode == 0 and said.stderr == ""
    return json.loads(said.stdout)


def read(path):
    with open(path, encoding="utf-8") as text:
        return yaml.load(text, Loader=yaml.BaseLoader)


def sections(schema, node, instance, ret):
    """Collects, for each section of the schema that the instance has, its options and those of them that are used."""
    if "$ref" in node:
        at = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        sections(schema, at, instance, ret)
    for choice in node.get("oneOf", []) + node.get("anyOf", []) + node.get("allOf", []):
        sections(schema, choice, instance, ret)
    if isinstance(instance, list) and "items" in node:
        for element in instance:
            sections(schema, node["items"], element, ret)
    if isinstance(instance, dict) and "properties" in node:
        ret.setdefault(frozenset(node["properties"]), set()).update(set(instance) & set(node["properties"]))
        for name, value in instance.items():
            if name in node["properties"]:
                sections(schema, node["properties"][name], value, ret)


def test_the_example_that_has_everything_has_everything(schema):
    found = {}
    sections(schema, schema, read(harness.SOURCE / "examples/everything.yaml"), found)
    for path in sorted((harness.SOURCE / "examples/everything.d").glob("*.yaml")):
        sections(schema, schema, read(path), found)
    missing = {name: sorted(options)[:3] for options, used in found.items() for name in options - used}
    assert not missing, f"not in examples/everything.yaml (option, and some of its section): {missing}"
    assert len(found) >= 15, found.keys()


def test_the_reference_knows_each_option_and_the_near_one_of_a_typo():
    everything = zonegen("--help-config")
    assert everything.returncode == 0 and everything.stderr == ""
    assert max(map(len, everything.stdout.splitlines())) <= 80
    said = zonegen("--help-config", "box.dmarc.policy")
    assert said.returncode == 0 and "quarantine" in said.stdout
    said = zonegen("--help-config", "box.dmarc.polcy")
    assert said.returncode == 2 and said.stdout == "" and "policy" in said.stderr


@pytest.mark.parametrize("arguments", [["--schema", "box"], ["--help-config", "box", "server"], ["--schema", "--json"]])
def test_wrong_use(arguments):
    said = zonegen(*arguments)
    assert said.returncode == 2 and said.stdout == "" and "--help" in said.stderr


def test_no_configuration_is_needed():
    for action in "--schema", "--help-config":
        assert zonegen("--config", "/nonexistent", action).returncode == 0
