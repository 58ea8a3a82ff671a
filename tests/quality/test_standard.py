"""The standard is whole: a JSON Schema in both languages, whose checks all exist and are all used."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest

from shapan.quality import load_standard, standard_document
from shapan.quality.consistency import AGREEMENTS
from shapan.quality.rules import keys_of, rules_of
from shapan.quality.values import CHECKS

DOCUMENT = standard_document()
STANDARD = load_standard()
HAN = re.compile("[\u4e00-\u9fff]")


def test_it_is_a_json_schema():
    jsonschema_rs.meta.validate(DOCUMENT)
    assert DOCUMENT["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", STANDARD.kinds)
def test_a_record_can_be_validated_with_any_json_schema_library(name):
    schema = {**DOCUMENT["x-records"][name], "$defs": DOCUMENT["$defs"]}
    validator = jsonschema_rs.validator_for(schema)
    assert not validator.is_valid({})
    kind = STANDARD.kinds[name]
    for column, element in kind.columns.items():
        example = DOCUMENT["$defs"][element.name].get("examples", [None])[0]
        if example is not None:
            assert not [e for e in validator.iter_errors({column: example}) if list(e.instance_path) == [column]]


@pytest.mark.parametrize("name", STANDARD.elements)
def test_our_rules_take_the_same_values_as_the_schema(name):
    element = STANDARD.elements[name]
    validator = jsonschema_rs.validator_for(DOCUMENT["$defs"][name])
    [kind, column] = next([k, c] for k in STANDARD.kinds.values() for c, e in k.columns.items() if e.name == name)
    rules = {rule.name: rule for rule in rules_of(kind, {})}
    examples = DOCUMENT["$defs"][name].get("examples", []) + element.schema.get("enum", [])
    for text in (*examples, "x", "1", "无", "1 ", "１２", "12\n", "BJ-IT-001\n", "A" * 300, "2026-1-5"):
        rule = rules.get(f"valid.{column}.format")
        assert validator.is_valid(text) == (rule is None or rule.judge({column: text}) is True), text
    for text in examples:
        assert all(CHECKS[check].holds(text) for check in element.checks)


def test_everything_is_said_in_both_languages():
    for element in STANDARD.elements.values():
        for said in (element.title, element.definition, element.coding_rule, element.owner):
            assert HAN.search(said.zh)
            assert not HAN.search(said.en.replace("有限公司, 股份有限公司, 分公司, 厂, 商行", "").replace("无", "").replace("测试", "").replace("企业名称登记管理规定", ""))  # fmt: skip
    for kind in STANDARD.kinds.values():
        for rule in rules_of(kind, dict.fromkeys(keys_of(kind), frozenset())):
            assert rule.said.en
            assert rule.said.zh


def test_checks_are_those_that_there_are_and_each_is_used():
    assert {check for element in STANDARD.elements.values() for check in element.checks} == CHECKS.keys()
    assert {name for kind in STANDARD.kinds.values() for name in kind.consistent} == AGREEMENTS.keys()


@pytest.mark.parametrize("name", STANDARD.kinds)
def test_kinds_name_columns_and_kinds_that_there_are(name):
    kind = STANDARD.kinds[name]
    assert {kind.id, *kind.unique} <= kind.columns.keys()
    for reference in kind.references:
        assert {*reference.columns} <= kind.columns.keys()
        assert {*reference.of} <= STANDARD.kinds[reference.record].columns.keys()
    for record, column in kind.has:
        assert column in STANDARD.kinds[record].columns
