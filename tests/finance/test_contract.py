"""The facts of the room against the shapes that the oracle has in its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema_rs

from shapan.finance.facts import facts
from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

if TYPE_CHECKING:
    from tests.finance.conftest import Office


def test_facts_have_the_shape_that_the_oracle_expects(office: Office) -> None:
    receivable, receipt = office.receivable(), office.receipt()
    allocations = [{"receivable_id": receivable["id"], "amount": "600.00"}]
    office.post("/settlements", {"receipt_id": receipt["id"], "allocations": allocations})
    document = bundle(data_folder("contracts") / "control.yaml")
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/FinanceFacts", "components": document["components"]}, validate_formats=True
    )
    with office.api.runtime.workspace("default").database.read() as db:
        found = facts(db, office.api.runtime.workspace("default").clock.now().date())
    assert [error.message for error in validator.iter_errors(found)] == []
    assert found["receivables"][-1]["settled_fen"] == 60000
    served = office.api.get("/_shapan/facts").json()
    assert served["facts"] == found
