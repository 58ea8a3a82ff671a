"""The SCM's contract on its own: its examples hold, its links lead somewhere, its events are as announced."""

from __future__ import annotations

from typing import Any

import pytest

from shapan.kernel.contract import Contract, load_contract
from shapan.kernel.resources import data_folder
from shapan.kernel.validation import Schemas, faults

CONTRACT: Contract = load_contract(data_folder("contracts") / "scm.yaml")
SCHEMAS: dict[str, Any] = CONTRACT.document["components"]["schemas"]
EXAMPLES = [(name, n) for name, schema in SCHEMAS.items() for n in range(len(schema.get("examples", [])))]


@pytest.mark.parametrize(("name", "n"), EXAMPLES)
def test_examples_hold_their_own_schema(name: str, n: int) -> None:
    validator = Schemas(dict(CONTRACT.document)).at("components", "schemas", name)
    assert faults(validator, SCHEMAS[name]["examples"][n], "body") == []


def test_every_request_of_the_room_has_an_example() -> None:
    wanted = {"PartnerNew", "StockMovementNew", "SalesOrderNew", "DeliveryNew", "Shipping"}
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
    assert set(CONTRACT.events) == {
        "scm.partner.created",
        "scm.sales_order.approved",
        "scm.sales_order.cancelled",
        "scm.delivery.shipped",
    }
