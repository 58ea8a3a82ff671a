"""docs/oracle.md tells of every check, every code and every fact, and its examples are what the oracle says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapan.control.oracle import CHECKS
from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

from . import mistakes_documents
from .flow import correct_flow
from .flow_documents import correct_documents
from .mistakes import CASES
from .test_oracle import verdict_of

PAGE = (Path(__file__).parents[2] / "docs" / "oracle.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z-]+)`( \(warning\))? \| (.+?) \| .+ \|$", re.MULTILINE)


def test_every_check_has_its_section() -> None:
    assert re.findall(r"^### (O\d+ \w+)$", PAGE, re.MULTILINE) == [f"{check.code} {check.name}" for check in CHECKS]


def test_every_code_stands_in_the_section_of_its_check_with_its_severity() -> None:
    sections = re.split(r"^### (?=O\d)", PAGE, flags=re.MULTILINE)[1:]
    documented = {section.split()[0]: {(m[0], bool(m[1])) for m in ROW.findall(section)} for section in sections}
    assert documented == {
        check.code: {(kind.code, kind.severity == "warning") for kind in check.kinds} for check in CHECKS
    }


def test_every_example_is_a_sentence_of_the_oracle() -> None:
    """The examples are what the oracle answers to the mistakes of test_oracle.py, word by word."""
    said: dict[str, set[str]] = {}
    both = ((correct_flow, CASES), (correct_documents, mistakes_documents.CASES))
    for flow, mutate in ((flow, case[0]) for flow, cases in both for case in cases):
        facts = flow()
        mutate(facts)
        for found in verdict_of(facts, **mistakes_documents.OPTIONS.get(mutate.__name__, {})).differences:
            said.setdefault(found.kind.code, set()).add(found.en)
    for code, _, example in ROW.findall(PAGE):
        assert example in said[code], (code, sorted(said[code]))


def members(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """Every property name in a schema, however deep."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from members(inner, schemas)
    if "items" in schema:
        yield from members(schema["items"], schemas)


def test_every_fact_is_documented() -> None:
    schemas = bundle(data_folder("contracts") / "control.yaml")["components"]["schemas"]
    facts_section = PAGE.partition("## Facts")[2]
    for name in ("CrmFacts", "ScmFacts", "FinanceFacts"):
        missing = {member for member in members(schemas[name], schemas) if f"`{member}`" not in facts_section}
        assert not missing, (name, missing)
