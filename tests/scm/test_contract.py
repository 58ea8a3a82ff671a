"""The SCM's contract on its own: its examples hold, its links lead somewhere, its events are as announced."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.contract import Contract, load_contract
from shapan.kernel.resources import data_folder
from shapan.kernel.validation import Schemas, faults
from shapan.scm import SYSTEM, schedule

CONTRACT: Contract = load_contract(data_folder("contracts") / "scm.yaml")
SCHEMAS: dict[str, Any] = CONTRACT.document["components"]["schemas"]
EXAMPLES = [(name, n) for name, schema in SCHEMAS.items() for n in range(len(schema.get("examples", [])))]


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_examples_hold_their_own_schema(name: str, n: int) -> None:
    validator = Schemas(dict(CONTRACT.document)).at("components", "schemas", name)
    assert faults(validator, SCHEMAS[name]["examples"][n], "body") == []


def test_every_request_of_the_room_has_an_example() -> None:
    document = CONTRACT.document
    wanted = set()
    for operation in CONTRACT.operations.values():
        body = document["paths"][operation.path][operation.method.lower()].get("requestBody", {})
        reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
        wanted |= {reference.rpartition("/")[2]} - {""}
    assert {"PartnerNew", "StockMovementNew", "SalesOrderNew", "DeliveryNew", "Shipping", "PurchaseOrderNew"} < wanted
    assert wanted <= {name for name, _ in EXAMPLES}


def test_every_link_names_an_operation_and_a_parameter_of_it() -> None:
    followed = 0
    for operation in CONTRACT.operations.values():
        raw = CONTRACT.document["paths"][operation.path][operation.method.lower()]
        for response in raw["responses"].values():
            for link in response.get("links", {}).values():
                target = CONTRACT.operations[link["operationId"]]
                known = {parameter.name for parameter in target.parameters}
                assert {name.rpartition(".")[2] for name in link.get("parameters", {})} <= known
                followed += 1
    assert followed >= 20


def test_the_events_of_the_room() -> None:
    """Each event that the contract announces is sent by an operation or by scheduled work, and no other. A name with a variable part in it stands for several."""
    senders = (*SYSTEM.operations, schedule)
    sources = "".join(Path(str(module.__file__)).read_text("utf-8") for module in senders)
    sent = {re.sub(r"\{\w+\}", "[a-z_]+", name) for name in re.findall(r'"(scm\.[a-z_{}]+\.[a-z_{}]+)"', sources)}
    assert [event for event in CONTRACT.events if not any(re.fullmatch(name, event) for name in sent)] == []
    assert [name for name in sent if not any(re.fullmatch(name, event) for event in CONTRACT.events)] == []
    assert {"scm.partner.created", "scm.sales_order.approved", "scm.delivery.shipped"} < sent
