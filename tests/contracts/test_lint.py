"""`shapan contracts lint` passes, and each house rule finds a contract that breaks it."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from shapan.cli import main
from shapan.kernel.bundle import ContractError
from shapan.kernel.contract import load_contract
from shapan.kernel.contract_lint import house_rules
from shapan.kernel.resources import data_folder

Change = Callable[[dict[str, Any]], Any]


def _answers(*statuses: str) -> dict[str, Any]:
    return {status: {"description": "What happened."} for status in statuses}


# The smallest contract with which the house has nothing to find: one operation of each kind that a rule asks something of.
GOOD: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Lint", "version": "1"},
    "paths": {
        "/things": {
            "post": {
                "operationId": "createThing",
                "summary": "Create a thing",
                "description": "Enters a thing (新建物品).",
                "security": [{"oauth": ["things:write"]}],
                "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingNew"}}}},
                "responses": _answers("201", "400", "401", "403", "409", "413", "415", "422"),
            }
        },
        "/things/{thing_id}": {
            "put": {
                "operationId": "markThing",
                "summary": "Mark a thing",
                "description": "Marks a thing (标记物品).",
                "security": [{"oauth": ["things:write"]}],
                "parameters": [
                    {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "responses": _answers("200", "400", "401", "403", "404", "412", "428"),
            }
        },
        "/_shapan/things": {
            "get": {
                "operationId": "countThings",
                "summary": "Count things",
                "description": "How many there are.",
                "security": [{"operatorToken": []}],
                "responses": _answers("200", "400", "401", "403"),
            }
        },
    },
    "webhooks": {
        "thing.created": {
            "post": {
                "description": "A thing was made (物品已创建).",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": _answers("2XX"),
            }
        }
    },
    "components": {
        "securitySchemes": {
            "oauth": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "oauth/token", "scopes": {"things:write": "write"}}},
            },
            "operatorToken": {"type": "http", "scheme": "bearer"},
        },
        "schemas": {"ThingNew": {"type": "object", "examples": [{"name": "螺栓"}]}},
    },
}


def _create(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/things"]["post"]
    return operation


def _mark(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/things/{thing_id}"]["put"]
    return operation


def _count(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/_shapan/things"]["get"]
    return operation


def _hook(document: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = document["webhooks"]["thing.created"]
    return item


BROKEN: list[tuple[str, Change, str]] = [
    ("no summary", lambda d: _create(d).pop("summary"), "createThing: has no summary"),
    ("no description", lambda d: _count(d).pop("description"), "countThings: has no description"),
    (
        "English only",
        lambda d: _create(d).update(description="Enters a thing."),
        "createThing: gives no Chinese term in its description",
    ),
    *[
        (f"created without {status}", lambda d, s=status: _create(d)["responses"].pop(s), f"createThing: does not document {status}")
        for status in ("400", "401", "403", "409", "413", "415", "422")
    ],
    *[
        (f"marked without {status}", lambda d, s=status: _mark(d)["responses"].pop(s), f"markThing: does not document {status}")
        for status in ("404", "412", "428")
    ],
    *[
        (f"operator without {status}", lambda d, s=status: _count(d)["responses"].pop(s), f"countThings: does not document {status}")
        for status in ("400", "401", "403")
    ],
    ("no key", lambda d: _create(d).pop("parameters"), "createThing: creates without an Idempotency-Key"),
    (
        "no example",
        lambda d: d["components"]["schemas"]["ThingNew"].pop("examples"),
        "createThing: has no example of its request (application/json)",
    ),
    (
        "webhook without body",
        lambda d: _hook(d).update(post={"description": "物品", "responses": _answers("2XX")}),
        "The schema at /webhooks/thing.created",
    ),
    (
        "webhook by two methods",
        lambda d: _hook(d).update(put=_hook(d)["post"]),
        "webhook thing.created: is not one POST with a body",
    ),
    (
        "English webhook",
        lambda d: _hook(d)["post"].update(description="A thing was made."),
        "webhook thing.created: gives no Chinese term",
    ),
]  # fmt: skip


def _complaints(document: dict[str, Any], folder: Path) -> list[str]:
    path = folder / "lint.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    try:
        return house_rules(load_contract(path))
    except ContractError as error:
        return [str(error)]


def test_a_good_contract_passes(tmp_path: Path) -> None:
    assert _complaints(GOOD, tmp_path) == []


@pytest.mark.parametrize(("change", "complaint"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_each_rule_finds_what_breaks_it(change: Change, complaint: str, tmp_path: Path) -> None:
    document = copy.deepcopy(GOOD)
    change(document)
    [found] = _complaints(document, tmp_path)
    assert found.startswith(complaint)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    document = copy.deepcopy(GOOD)
    del _create(document)["summary"]
    del _create(document)["responses"]["403"], _create(document)["responses"]["415"]
    assert _complaints(document, tmp_path) == [
        "createThing: has no summary",
        "createThing: does not document 403, 415",
    ]


def test_our_contracts_pass() -> None:
    answer = CliRunner().invoke(main, ["contracts", "lint", "--json"])
    assert json.loads(answer.stdout) == {"ok": True, "complaints": []}
    assert answer.exit_code == 0


def test_the_command_names_contract_and_place_and_exits_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "contracts"
    shutil.copytree(data_folder("contracts"), folder)
    monkeypatch.setenv("SHAPAN_CONTRACTS", str(folder))
    scm = yaml.safe_load((folder / "scm.yaml").read_text("utf-8"))
    del scm["paths"]["/partners"]["get"]["summary"]
    (folder / "scm.yaml").write_text(yaml.safe_dump(scm, allow_unicode=True), "utf-8")
    operator = yaml.safe_load((folder / "operator.yaml").read_text("utf-8"))
    operator["info"].pop("version")
    (folder / "operator.yaml").write_text(yaml.safe_dump(operator, allow_unicode=True), "utf-8")
    (folder / "crm.yaml").write_text("paths: [", "utf-8")

    answer = CliRunner().invoke(main, ["contracts", "lint", "--json"])

    assert answer.exit_code == 1
    crm, of_scm, of_operator = json.loads(answer.stdout)["complaints"]
    assert crm.startswith("crm: The contract ")
    assert "is no valid YAML" in crm
    assert of_scm == "scm: listPartners: has no summary"
    assert of_operator.startswith("operator: /info: ")
    assert "version" in of_operator
