"""The contracts keep the house's conventions wherever a machine can see them; the descriptions say the same in words."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shapan.kernel.bundle import resolve
from shapan.kernel.contract import METHODS, load_contract
from shapan.kernel.resources import data_folder
from shapan.kernel.validation import Schemas, faults

SIMULATORS = ("crm", "scm", "finance")
ALL = (*SIMULATORS, "control", "operator")
DOCUMENTS: dict[str, Any] = {name: load_contract(data_folder("contracts") / f"{name}.yaml").document for name in ALL}
# What asks for the client's credentials and answers as RFC 6749 says.
TOKEN_ENDPOINTS = {"issueToken", "revokeToken", "introspectToken"}
# Where a token comes from and ends, and what is needed to check one.
PUBLIC = {*TOKEN_ENDPOINTS, "getAuthorizationServer", "getJwks"}
# What all systems share, and hence speaks no system's own way.
SHARED = {
    name
    for file in ("common.yaml", "bulk.yaml", "oauth.yaml")
    for name in load_contract(data_folder("contracts") / file).document["components"]["schemas"]
}
SHARED_PATHS = ("events", "webhooks", "imports", "exports")


def follow(document: Any, node: Any) -> Any:
    """The node, or what its `$ref` leads to."""
    while isinstance(node, dict) and "$ref" in node:
        node = resolve(document, node["$ref"][1:])
    return node


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of a contract; parameters of the path item are put with those of the operation."""
    document = DOCUMENTS[name]
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [
                    follow(document, p) for p in item.get("parameters", []) + item[method].get("parameters", [])
                ]
                yield method, path, {**item[method], "parameters": parameters}


def all_operations(names: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(name, method, path, operation, id=f"{name}-{operation['operationId']}")
        for name in names
        for method, path, operation in operations(name)
    ]


def answers(document: Any, operation: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, answer in operation["responses"].items():
        yield str(status), follow(document, answer)


def members(document: Any, schema: Any) -> dict[str, Any]:
    """The properties of an object schema, through $ref and allOf."""
    schema = follow(document, schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= members(document, part)
    return found


@pytest.mark.parametrize(("name", "method", "path", "operation"), all_operations(SIMULATORS))
class TestEveryOperation:
    def test_scopes(self, name: str, method: str, path: str, operation: dict[str, Any]) -> None:
        security = operation["security"]
        if operation["operationId"] in PUBLIC:
            assert security == []
            return
        [requirement] = security
        [scope] = requirement["oauth"]
        assert (
            scope in DOCUMENTS[name]["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"]
        )
        if scope.endswith(":read"):
            assert method == "get"
        elif scope != "webhooks:write":  # whoever may subscribe may also see what is subscribed
            assert method != "get"

    def test_creating_takes_an_idempotency_key(
        self, name: str, method: str, path: str, operation: dict[str, Any]
    ) -> None:
        document = DOCUMENTS[name]
        keys = [p for p in operation["parameters"] if p["name"] == "Idempotency-Key"]
        made = {"201", "202"} & set(operation["responses"])
        creates = method == "post" and bool(made)
        assert len(keys) == creates
        if creates:
            assert not keys[0].get("required")
            assert {"409", "422"} <= set(operation["responses"])
            headers = follow(document, operation["responses"][made.pop()])["headers"]
            assert "Idempotency-Replayed" in headers

    def test_changing_by_patch_needs_the_version(
        self, name: str, method: str, path: str, operation: dict[str, Any]
    ) -> None:
        versions = [p for p in operation["parameters"] if p["name"] == "If-Match"]
        assert len(versions) == (method == "patch")
        if versions:
            assert versions[0]["required"] is True
            assert "ETag" in follow(DOCUMENTS[name], operation["responses"]["200"])["headers"]

    def test_request_bodies_are_closed_and_bounded(
        self, name: str, method: str, path: str, operation: dict[str, Any]
    ) -> None:
        document = DOCUMENTS[name]
        for media, content in follow(document, operation.get("requestBody", {})).get("content", {}).items():
            unbounded = list(_unbounded(document, content["schema"], ""))
            if media == "application/x-www-form-urlencoded":
                unbounded.remove("/: additionalProperties")  # RFC 6749 section 3.2: unknown parameters are ignored
            assert unbounded == []


def _unbounded(document: Any, schema: Any, place: str) -> Iterator[str]:
    """Where a schema lets anything in: members that it does not know, texts and lists without end."""
    schema = follow(document, schema)
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            yield from _unbounded(document, part, place)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "object" in types:
        others = schema.get("additionalProperties")
        if isinstance(others, dict) and {"maxProperties", "propertyNames"} <= set(schema):
            yield from _unbounded(document, others, f"{place}/*")
        elif others is not False:
            yield f"{place}/: additionalProperties"
        for member, part in schema.get("properties", {}).items():
            yield from _unbounded(document, part, f"{place}/{member}")
    if "array" in types:
        if "maxItems" not in schema:
            yield f"{place}: maxItems"
        yield from _unbounded(document, schema["items"], f"{place}/0")
    pattern = schema.get("pattern", "")
    # A pattern with both ends and no star or plus bounds the length as well.
    ends = pattern.startswith("^") and pattern.endswith("$") and not re.search(r"(?<!\\)[*+]", pattern)
    ends = ends or schema.get("format") in ("date", "uuid")
    if "string" in types and not ({"maxLength", "enum", "const"} & set(schema) or ends):
        yield f"{place}: maxLength"
    if {"integer", "number"} & set(types) and not (
        {"enum", "const"} & set(schema) or {"minimum", "maximum"} <= set(schema)
    ):
        yield f"{place}: minimum, maximum"


@pytest.mark.parametrize(("name", "method", "path", "operation"), all_operations(ALL))
def test_refusals_are_problems(name: str, method: str, path: str, operation: dict[str, Any]) -> None:
    for status, answer in answers(DOCUMENTS[name], operation):
        if status[0] not in "45":
            assert "application/problem+json" not in answer.get("content", {})
        elif operation["operationId"] in TOKEN_ENDPOINTS and status in ("400", "401"):
            # RFC 6749 section 5.2 for a wrong form; a problem for what is wrong beside it, such as a query string.
            assert "application/json" in answer["content"] or (operation["operationId"], status) == (
                "introspectToken",
                "400",
            )
            assert set(answer["content"]) <= {"application/json", "application/problem+json"}
        else:
            assert set(answer["content"]) == {"application/problem+json"}
            assert answer["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.parametrize(("name", "method", "path", "operation"), all_operations(ALL))
def test_links_lead_somewhere(name: str, method: str, path: str, operation: dict[str, Any]) -> None:
    document = DOCUMENTS[name]
    targets = {target["operationId"]: target for _, _, target in operations(name)}
    for _, answer in answers(document, operation):
        for link in answer.get("links", {}).values():
            target = targets[link["operationId"]]
            known = {parameter["name"] for parameter in target["parameters"]}
            known |= {f"{parameter['in']}.{parameter['name']}" for parameter in target["parameters"]}
            assert set(link.get("parameters", {})) <= known
            body = link.get("requestBody", {})
            if body:
                assert set(body) <= set(
                    members(document, target["requestBody"]["content"]["application/json"]["schema"])
                )
            assert link.get("parameters") or body
            for expression in (*link.get("parameters", {}).values(), *body.values()):
                _assert_given(document, answer, expression)


def _assert_given(document: Any, answer: Mapping[str, Any], expression: str) -> None:
    """The answer has what the expression takes from it."""
    if expression.startswith("$response.header."):
        assert expression.removeprefix("$response.header.") in answer["headers"]
        return
    pointer = expression.removeprefix("$response.body#")
    assert pointer.startswith("/")
    schema = follow(document, answer["content"]["application/json"]["schema"])
    for part in pointer.split("/")[1:]:
        schema = follow(document, schema["items"] if part == "0" else members(document, schema)[part])


@pytest.mark.parametrize("name", ALL)
def test_path_parameters_have_names_of_their_own(name: str) -> None:
    # One name, one collection: an "id" that means a customer here and an order there joins look-alikes in every tool.
    collections = defaultdict(set)
    for path in DOCUMENTS[name]["paths"]:
        segments = path.split("/")
        for before, segment in itertools.pairwise(segments):
            if segment.startswith("{"):
                collections[segment.strip("{}")].add(before)
    assert {parameter: found for parameter, found in collections.items() if len(found) > 1} == {}
    taken = [place for found in collections.values() for place in found]
    assert len(taken) == len(set(taken))
    declared = {p["name"] for _, _, operation in operations(name) for p in operation["parameters"] if p["in"] == "path"}
    assert declared == set(collections)


@pytest.mark.parametrize("name", SIMULATORS)
def test_every_scope_opens_something(name: str) -> None:
    declared = DOCUMENTS[name]["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"]
    used = {scope for _, _, o in operations(name) for requirement in o["security"] for scope in requirement["oauth"]}
    assert set(declared) == used


def _examples(document: Any, node: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(place of the schema, example) of every example: in schemas, and beside them in parameters, headers and bodies."""
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _examples(document, part, (*place, str(index)))
    if not isinstance(node, dict):
        return
    schema = (*place, "schema") if "schema" in node else place
    if "example" in node and place[-1] != "properties":
        yield schema, node["example"]
    examples = node.get("examples") if place and place[-1] != "properties" else None
    if isinstance(examples, list):
        yield from ((schema, example) for example in examples)
    elif isinstance(examples, dict):
        yield from ((schema, follow(document, example)["value"]) for example in examples.values())
    for key, part in node.items():
        if key not in ("example", "examples", "enum", "const", "default"):
            yield from _examples(document, part, (*place, key))


@pytest.mark.parametrize("name", ALL)
def test_every_example_fits_its_schema(name: str) -> None:
    schemas = Schemas(DOCUMENTS[name])
    found = list(_examples(DOCUMENTS[name], DOCUMENTS[name], ()))
    assert len(found) >= 2
    wrong = {
        "/".join(place): [(fault.pointer, fault.en) for fault in faults(schemas.at(*place), example, "body")]
        for place, example in found
    }
    assert {place: found for place, found in wrong.items() if found} == {}


@pytest.mark.parametrize("name", SIMULATORS)
def test_events_carry_the_document_as_a_get_shows_it(name: str) -> None:
    document = DOCUMENTS[name]
    shown = {
        follow(document, answer)["content"]["application/json"]["schema"].get("$ref")
        for method, _, operation in operations(name)
        if method == "get"
        for status, answer in operation["responses"].items()
        if status == "200" and "application/json" in follow(document, answer).get("content", {})
    }
    # What has no address of its own is shown in a list only.
    for page in [follow(document, {"$ref": schema}) for schema in shown if schema]:
        shown.add(page.get("properties", {}).get("items", {}).get("items", {}).get("$ref"))
    assert len(document["webhooks"]) >= 4
    for event, item in document["webhooks"].items():
        assert re.fullmatch(rf"{name}\.[a-z_]+\.[a-z_]+", event)
        schema = follow(document, item["post"]["requestBody"]["content"]["application/json"]["schema"])
        envelope, own = schema["allOf"]
        assert envelope == {"$ref": "#/components/schemas/CloudEvent"}
        assert own["properties"]["type"] == {"const": event}
        assert own["properties"]["data"]["$ref"] in shown


# The table "The three systems differ on purpose": how each writes names, money, paging and changes.
NAMES = {"crm": r"[a-z][a-zA-Z0-9]*", "scm": r"[a-z][a-z0-9_]*", "finance": r"[a-z][a-z0-9_]*"}
MONEY = {"crm": "number", "scm": "string", "finance": "string"}
PAGING = {"crm": {"cursor", "limit"}, "scm": {"page", "page_size"}, "finance": {"changed_since", "limit"}}
PAGE = {"crm": {"items", "nextCursor"}, "scm": {"items", "page", "page_size", "total"}, "finance": {"items", "watermark", "has_more"}}  # fmt: skip
CHANGES = {
    "crm": {"get", "post", "put", "patch"},
    "scm": {"get", "post", "put"},
    "finance": {"get", "post", "put", "delete"},
}


@pytest.mark.parametrize("name", SIMULATORS)
def test_each_system_has_one_way_to_write_names_and_money(name: str) -> None:
    amounts = 0
    for schema_name, schema in DOCUMENTS[name]["components"]["schemas"].items():
        if schema_name in SHARED:
            continue
        for member, part in schema.get("properties", {}).items():
            assert re.fullmatch(NAMES[name], member), f"{schema_name}.{member}"
            part = follow(DOCUMENTS[name], part)
            if re.search(r"[aA]mount$|[pP]rice$|^(debit|credit)$", member) and "type" in part:
                types = part["type"] if isinstance(part["type"], list) else [part["type"]]
                assert set(types) <= {MONEY[name], "null"}, f"{schema_name}.{member}"
                amounts += 1
    assert amounts > 5


@pytest.mark.parametrize("name", SIMULATORS)
def test_each_system_has_one_way_to_page_and_to_change(name: str) -> None:
    document, lists = DOCUMENTS[name], 0
    for method, path, operation in operations(name):
        own = operation["operationId"] not in PUBLIC and path.split("/")[1] not in SHARED_PATHS
        assert not own or method in CHANGES[name]
        if own and operation["operationId"].startswith("list"):
            lists += 1
            assert PAGING[name] <= {p["name"] for p in operation["parameters"] if p["in"] == "query"}
            page = follow(document, operation["responses"]["200"])["content"]["application/json"]["schema"]
            assert set(members(document, page)) == PAGE[name]
    assert lists >= 4


# JSON Schema 2020-12 and OpenAPI 3.1. A word that is none of these is a slip that every validator passes over, such as an unquoted comma
# in a YAML flow mapping.
KEYWORDS = {
    *("$ref", "type", "enum", "const", "title", "description", "default", "example", "examples", "format", "readOnly", "writeOnly"),
    *("properties", "required", "additionalProperties", "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties"),
    *("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    *("minLength", "maxLength", "pattern", "contentMediaType", "contentEncoding"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "discriminator", "deprecated"),
}  # fmt: skip


def _schemas(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of a document, with its place."""
    if isinstance(node, list):
        for index, part in enumerate(node):
            yield from _schemas(part, f"{place}/{index}")
    if not isinstance(node, dict):
        return
    for key, part in node.items():
        here = f"{place}/{key}"
        if key in ("example", "examples", "default", "const", "enum"):
            continue
        if key == "schema":
            yield from _sub_schemas(part, here)
        elif place == "/components" and key == "schemas":
            for name, schema in part.items():
                yield from _sub_schemas(schema, f"{here}/{name}")
        else:
            yield from _schemas(part, here)


def _sub_schemas(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield place, schema
    for key in (
        "items",
        "additionalProperties",
        "unevaluatedProperties",
        "not",
        "if",
        "then",
        "else",
        "contains",
        "propertyNames",
    ):
        yield from _sub_schemas(schema.get(key), f"{place}/{key}")
    for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for index, part in enumerate(schema.get(key, [])):
            yield from _sub_schemas(part, f"{place}/{key}/{index}")
    for key in ("properties", "dependentSchemas"):
        for name, part in schema.get(key, {}).items():
            yield from _sub_schemas(part, f"{place}/{key}/{name}")


@pytest.mark.parametrize("name", ALL)
def test_schemas_use_words_that_exist(name: str) -> None:
    found = dict(_schemas(DOCUMENTS[name], ""))
    assert len(found) > 20
    unknown = {
        place: sorted(w for w in set(schema) - KEYWORDS if not w.startswith("x-")) for place, schema in found.items()
    }
    assert {place: words for place, words in unknown.items() if words} == {}
