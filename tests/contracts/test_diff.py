"""A contract change that breaks clients is found, and the contracts of today break nobody without a reason that is written down."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shapan.cli import main
from shapan.kernel.contract import load_contract
from shapan.kernel.contract_diff import compare
from shapan.kernel.released import accepted, release, releases
from shapan.kernel.resources import data_folder

ALL = ("crm", "scm", "finance", "control", "operator")


def today(name: str) -> Any:
    return load_contract(data_folder("contracts") / f"{name}.yaml").document


@pytest.mark.parametrize("name", ALL)
def test_nothing_breaks_clients_of_the_last_release_but_what_was_decided(name: str) -> None:
    changes = {str(change) for change in compare(release(name), today(name))}
    assert changes == set(accepted(name))


def test_every_decision_has_its_reason() -> None:
    assert all(len(reason.split()) > 2 for name in ALL for reason in accepted(name).values())


@pytest.mark.parametrize("name", ALL)
def test_a_contract_breaks_nothing_of_itself(name: str) -> None:
    assert compare(today(name), copy.deepcopy(today(name))) == []


# A small contract with one of everything that can change.
OLD: dict[str, Any] = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "security": [{"oauth": ["things:read"]}],
                "parameters": [
                    {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["new", "old"]}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 500, "default": 100}},
                ],
                "responses": {
                    "200": {
                        "headers": {"Link": {"schema": {"type": "string"}}},
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "operationId": "createThing",
                "security": [{"oauth": ["things:write"]}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ThingNew"}}}},
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "400": {},
                },
            },
        }
    },
    "webhooks": {
        "thing.created": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "allOf": [
                                    {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
                                    {"properties": {"data": {"$ref": "#/components/schemas/Thing"}}},
                                ]
                            }
                        }
                    }
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {
                    "id": {"type": "string"},
                    "state": {"type": "string", "enum": ["new", "old"]},
                    "weight": {"type": ["number", "null"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                },
            },
            "ThingNew": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 100},
                    "kind": {"enum": ["a", "b"]},
                    "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"const": "any"}]},
                },
            },
        }
    },
}


def _list(document: Any) -> Any:
    return document["paths"]["/things"]["get"]


def _create(document: Any) -> Any:
    return document["paths"]["/things"]["post"]


def _new(document: Any) -> Any:
    return document["components"]["schemas"]["ThingNew"]


def _thing(document: Any) -> Any:
    return document["components"]["schemas"]["Thing"]


Edit = Callable[[Any], Any]
BREAKING: list[tuple[str, Edit]] = [
    ("breaking: listThings: GET /things is gone", lambda d: d["paths"]["/things"].pop("get")),
    ("breaking: listThings: its operationId is findThings now", lambda d: _list(d).update(operationId="findThings")),
    (
        "breaking: createThing: it needs the scope admin now",
        lambda d: _create(d).update(security=[{"oauth": ["admin"]}]),
    ),
    ("breaking: listThings/query.state: the parameter is gone", lambda d: _list(d)["parameters"].pop(0)),
    (
        "breaking: listThings/query.limit: the parameter is required now",
        lambda d: _list(d)["parameters"][1].update(required=True),
    ),
    (
        "breaking: listThings/query.owner: the parameter is new and required",
        lambda d: _list(d)["parameters"].append({"name": "owner", "in": "query", "required": True, "schema": {}}),
    ),
    (
        "breaking: listThings/query.limit: maximum was 500 and is 50",
        lambda d: _list(d)["parameters"][1]["schema"].update(maximum=50),
    ),
    (
        "risky: listThings/query.limit: its default was 100 and is 20",
        lambda d: _list(d)["parameters"][1]["schema"].update(default=20),
    ),
    (
        "breaking: listThings/query.state: the value old is not taken any more",
        lambda d: _list(d)["parameters"][0]["schema"]["enum"].remove("old"),
    ),
    ("breaking: listThings/200: the header Link is gone", lambda d: _list(d)["responses"]["200"].pop("headers")),
    (
        "breaking: listThings/200: it is no application/json any more",
        lambda d: _list(d)["responses"]["200"].update(content={"text/csv": {}}),
    ),
    ("breaking: createThing/201: the answer is gone", lambda d: _create(d)["responses"].pop("201")),
    ("risky: createThing/202: the answer is new", lambda d: _create(d)["responses"].update({"202": {}})),
    ("breaking: createThing: a body is required now", lambda d: _create(d)["requestBody"].update(required=True)),
    ("breaking: createThing: it takes no body any more", lambda d: _create(d).pop("requestBody")),
    (
        "breaking: createThing: it takes no application/json any more",
        lambda d: _create(d)["requestBody"].update(content={"text/csv": {"schema": {}}}),
    ),
    ("breaking: createThing/body/kind: the member is required now", lambda d: _new(d)["required"].append("kind")),
    ("breaking: createThing/body/kind: the member is gone", lambda d: _new(d)["properties"].pop("kind")),
    (
        "breaking: createThing/body/name: maxLength was 100 and is 50",
        lambda d: _new(d)["properties"]["name"].update(maxLength=50),
    ),
    (
        "breaking: createThing/body/name: minLength was None and is 2",
        lambda d: _new(d)["properties"]["name"].update(minLength=2),
    ),
    (
        "breaking: createThing/body/name: pattern was None and is ^A",
        lambda d: _new(d)["properties"]["name"].update(pattern="^A"),
    ),
    ("breaking: createThing/body/name: only x is taken now", lambda d: _new(d)["properties"]["name"].update(const="x")),
    (
        "breaking: createThing/body/name: string is not taken any more",
        lambda d: _new(d)["properties"]["name"].update(type="integer"),
    ),
    (
        "breaking: createThing/body/size: oneOf had 2 choices and has 1",
        lambda d: _new(d)["properties"]["size"]["oneOf"].pop(),
    ),
    (
        "breaking: createThing/body/size/oneOf/0: minimum was 1 and is 2",
        lambda d: _new(d)["properties"]["size"]["oneOf"][0].update(minimum=2),
    ),
    ("breaking: createThing/201/weight: the member is gone", lambda d: _thing(d)["properties"].pop("weight")),
    ("breaking: createThing/201/state: the member may be absent now", lambda d: _thing(d)["required"].remove("state")),
    (
        "breaking: listThings/200/*/id: it can be null now",
        lambda d: _thing(d)["properties"]["id"].update(type=["string", "null"]),
    ),
    (
        "risky: listThings/200/*/state: it can be broken now",
        lambda d: _thing(d)["properties"]["state"]["enum"].append("broken"),
    ),
    (
        "risky: thing.created/data/state: it can be any value now",
        lambda d: _thing(d)["properties"]["state"].pop("enum"),
    ),
    ("breaking: thing.created: the event is gone", lambda d: d["webhooks"].pop("thing.created")),
]


@pytest.mark.parametrize(("change", "edit"), BREAKING, ids=[change for change, _ in BREAKING])
def test_what_breaks_a_client_is_named(change: str, edit: Edit) -> None:
    new = copy.deepcopy(OLD)
    edit(new)
    assert change in [str(found) for found in compare(OLD, new)]


HARMLESS: list[tuple[str, Edit]] = [
    ("operation", lambda d: d["paths"].update({"/more": {"get": _list(d)}})),
    ("optional parameter", lambda d: _list(d)["parameters"].append({"name": "owner", "in": "query", "schema": {}})),
    ("optional member", lambda d: _new(d)["properties"].update(colour={"type": "string"})),
    ("member no longer required", lambda d: _new(d).update(required=[])),
    ("member of the answer", lambda d: _thing(d)["properties"].update(colour={"type": "string"})),
    ("wider bound", lambda d: _new(d)["properties"]["name"].update(maxLength=200)),
    ("value taken", lambda d: _new(d)["properties"]["kind"]["enum"].append("c")),
    ("number for integer", lambda d: _new(d)["properties"]["size"]["oneOf"][0].update(type="number")),
    ("narrower answer", lambda d: _thing(d)["properties"]["weight"].update(type="integer")),
    ("problem", lambda d: _create(d)["responses"].update({"409": {}})),
    ("event", lambda d: d["webhooks"].update({"thing.gone": d["webhooks"]["thing.created"]})),
]


@pytest.mark.parametrize(("what", "edit"), HARMLESS, ids=[what for what, _ in HARMLESS])
def test_what_only_adds_is_not_named(what: str, edit: Edit) -> None:
    new = copy.deepcopy(OLD)
    edit(new)
    assert new != OLD
    assert compare(OLD, new) == []


class TestCommand:
    def test_against_the_last_release(self) -> None:
        answer = CliRunner().invoke(main, ["contracts", "diff", "--json"])
        report = json.loads(answer.output)
        assert answer.exit_code == 0, answer.output
        assert report["ok"] is True
        assert all(change.get("reason") for change in report["changes"] if change["level"] == "breaking")

    def test_against_a_file_that_breaks(self, tmp_path: Path) -> None:
        old = copy.deepcopy(today("crm"))
        old["paths"]["/former"] = {"get": {"operationId": "former", "responses": {}}}
        file = tmp_path / "mine.json"
        file.write_text(json.dumps(old), "utf-8")
        answer = CliRunner().invoke(main, ["contracts", "diff", "crm", "--against", str(file)])
        assert answer.exit_code == 1
        assert "crm: breaking: former: GET /former is gone" in answer.output
        assert "1 changes to decide on, 1 of them breaking; 0 decided." in answer.output

    def test_against_a_release_by_name(self) -> None:
        answer = CliRunner().invoke(main, ["contracts", "diff", "operator", "--against", releases()[0]])
        assert answer.exit_code == 0, answer.output

    def test_against_nothing_that_exists(self) -> None:
        answer = CliRunner().invoke(main, ["contracts", "diff", "--against", "9.9.9"])
        assert answer.exit_code == 2
        assert "9.9.9 is neither a release" in answer.output
        assert "不是文件" in answer.output

    def test_against_a_file_that_is_no_contract(self, tmp_path: Path) -> None:
        file = tmp_path / "broken.yaml"
        file.write_text("- : [", "utf-8")
        answer = CliRunner().invoke(main, ["contracts", "diff", "crm", "--against", str(file)])
        assert answer.exit_code == 2
        assert "Traceback" not in answer.output
