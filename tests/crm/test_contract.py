"""The contract's own examples and the room's place in it."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

DOCUMENT = bundle(data_folder("contracts") / "crm.yaml")
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
WITH_EXAMPLES = [name for name, schema in SCHEMAS.items() if "examples" in schema]
REQUESTS = [
    operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    for path, item in DOCUMENT["paths"].items()
    for operation in item.values()
    if isinstance(operation, dict) and path != "/oauth/token" and "requestBody" in operation
]


def test_every_request_has_an_example() -> None:
    assert len(REQUESTS) >= 8
    assert set(REQUESTS) <= set(WITH_EXAMPLES)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_hold_their_own_schema(name: str) -> None:
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}, validate_formats=True
    )
    for example in SCHEMAS[name]["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == []


def test_every_event_of_the_room_is_documented() -> None:
    assert set(DOCUMENT["webhooks"]) == {
        "crm.customer.created",
        "crm.customer.updated",
        "crm.order.confirmed",
        "crm.order.cancelled",
    }
