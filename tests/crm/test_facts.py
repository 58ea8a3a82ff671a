"""What the oracle reads of the CRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk


def read(crm: Api) -> dict[str, Any]:
    answer = crm.http.get("/_shapan/facts")
    assert answer.status_code == 200
    facts = answer.json()
    assert facts["system"] == "crm"
    return dict(facts["facts"])


def test_facts_hold_the_oracle_s_contract(crm: Api, desk: Desk) -> None:
    desk.order(submit=True)
    components = bundle(data_folder("contracts") / "control.yaml")["components"]
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/CrmFacts", "components": components}, validate_formats=True
    )
    assert [error.message for error in validator.iter_errors(read(crm))] == []


def test_customers_are_those_that_the_room_shows(crm: Api, desk: Desk) -> None:
    balance = {"openAmount": 113000.5, "overdueAmount": 0.05, "asOf": "2026-01-05T10:00:00.000+08:00"}
    crm.put(f"/customers/{desk.customer_id}/balance", json=balance)
    first, *rest = read(crm)["customers"]
    shown = desk.customers[0]
    assert first == {
        "id": shown["id"],
        "code": shown["code"],
        "name": shown["name"],
        "former_names": [],
        "tax_number": shown["unifiedSocialCreditCode"],
        "open_fen": 113_000_50,
        "overdue_fen": 5,
        "balance_as_of": balance["asOf"],
    }
    assert [customer["code"] for customer in rest] == [customer["code"] for customer in desk.customers[1:]]
    assert {customer["open_fen"] for customer in rest} == {None}


def test_orders_are_those_that_the_room_shows(crm: Api, desk: Desk) -> None:
    shown = [desk.order(submit=True).json(), desk.order(lines=desk.lines(1)).json()]
    orders = read(crm)["orders"]
    assert len(orders) == len(shown)
    for order, document in zip(orders, shown, strict=True):
        assert (order["id"], order["number"], order["state"]) == (document["id"], document["number"], document["state"])
        assert (order["customer_id"], order["confirmed_at"]) == (document["customerId"], document["confirmedAt"])
        assert (order["gross_fen"], order["delivery_status"]) == (round(document["grossAmount"] * 100), "none")
        for line, wire in zip(order["lines"], document["lines"], strict=True):
            assert line == {
                "line": wire["lineNumber"],
                "product_code": wire["productCode"],
                "quantity": wire["quantity"],
                "quantity_milli": wire["quantity"] * 1000,
                "unit": wire["unit"],
                "unit_price_fen": round(wire["unitPrice"] * 100),
                "tax_rate_bp": round(wire["taxRate"] * 10000),
                "net_fen": round(wire["netAmount"] * 100),
                "tax_fen": round(wire["taxAmount"] * 100),
                "gross_fen": round(wire["grossAmount"] * 100),
            }


@pytest.mark.in_process
def test_who_looks_often_gets_only_what_changed(crm: Api) -> None:
    def look(since: str) -> dict[str, Any]:
        answer = crm.http.get("/_shapan/facts", params={"since": since})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = look("new")
    assert first["facts"] == crm.http.get("/_shapan/facts").json()["facts"]
    # One look, since a version is good once: what the system writes for itself meanwhile makes a new one.
    again = look(first["version"])
    assert (again["changes"], again["facts"]) == ({}, {})
    customer = first["facts"]["customers"][0]["id"]
    product = crm.get("/products").json()["items"][0]["code"]
    body = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
    order = crm.post("/orders", json=body).json()
    second = look(again["version"])
    length = len(first["facts"]["orders"]) + 1
    assert set(second["changes"]) == {"orders"}
    assert second["changes"]["orders"]["length"] == length
    assert [row["number"] for row in second["changes"]["orders"]["rows"].values()] == [order["number"]]
    # A version is good once: the one before is not known any more, nor is any after a reset.
    assert "changes" not in look(again["version"])
    last = look("new")
    assert crm.http.post("/_shapan/reset").status_code < 300
    renewed = look(last["version"])
    assert "changes" not in renewed
    assert renewed["facts"] == first["facts"]
