"""The events of the room, and the facts against the shapes that the oracle has in its contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs

from shapan.finance.facts import facts
from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

if TYPE_CHECKING:
    from tests.finance.conftest import Office

DOCUMENT = bundle(data_folder("contracts") / "finance.yaml")


def test_every_event_of_the_room_is_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(finance\.[a-z_.]+)` \|", page, re.M))
    assert set(DOCUMENT["webhooks"]) == documented
    assert {"finance.receivable.posted", "finance.period.closed", "finance.voucher.posted"} <= documented


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
