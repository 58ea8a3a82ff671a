"""What the house asks of its contracts beyond valid OpenAPI (契约规范检查). Pure; complaints come back as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapan.kernel.contract import METHODS, Contract, Operation


def house_rules(contract: Contract) -> list[str]:
    """Every way in which a contract is not as the house wants it; empty when all is well."""
    found: list[str] = []
    for operation in contract.operations.values():
        raw = contract.document["paths"][operation.path][operation.method.lower()]
        complaints = [*_operation(operation, raw), *_request_example(contract.document, raw)]
        found += [f"{operation.operation_id}: {complaint}" for complaint in complaints]
    for name, item in contract.document.get("webhooks", {}).items():
        found += [f"webhook {name}: {complaint}" for complaint in _webhook(item)]
    return found


def _operation(operation: Operation, raw: Mapping[str, Any]) -> Iterator[str]:
    for member in ("summary", "description"):
        if not raw.get(member):
            yield f"has no {member}"
    if not _has_chinese(str(raw.get("description", ""))) and operation.access == "oauth":
        yield "gives no Chinese term in its description"
    documented = set(operation.responses)
    wanted = {"400"}
    if operation.access == "oauth":
        wanted |= {"401", "403"}
    if operation.access == "operator":
        wanted |= {"401", "403"}
    if operation.bodies:
        wanted |= {"413", "415"}
    if operation.idempotent_by_key:
        wanted |= {"409", "422"}
    if any(p.name.lower() == "if-match" for p in operation.parameters):
        wanted |= {"412", "428"}
    if any(p.location == "path" for p in operation.parameters) and operation.access == "oauth":
        wanted |= {"404"}
    missing = sorted(wanted - documented)
    if missing:
        yield f"does not document {', '.join(missing)}"
    # Whoever runs the sandbox gives names to what is made: asked twice, the second request meets the first.
    creates = operation.access == "oauth" and operation.method == "POST" and bool({"201", "202"} & documented)
    if creates and not operation.idempotent_by_key:
        yield "creates without an Idempotency-Key"


def _webhook(item: Mapping[str, Any]) -> Iterator[str]:
    posts = [item[method] for method in METHODS if method in item]
    if len(posts) != 1 or "requestBody" not in posts[0]:
        yield "is not one POST with a body"
    elif not _has_chinese(str(posts[0].get("description", "")) + str(posts[0].get("summary", ""))):
        yield "gives no Chinese term"


def _request_example(document: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[str]:
    for media, content in raw.get("requestBody", {}).get("content", {}).items():
        schema = content.get("schema", {})
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        named = document["components"]["schemas"].get(name, schema)
        if not (content.get("example") or content.get("examples") or named.get("examples")):
            yield f"has no example of its request ({media})"


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)
