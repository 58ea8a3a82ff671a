"""Customers and their balances over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.finance.conftest import Office

NEW = {
    "short_name": "华信科技（北京）",
    "full_name": "北京华信科技有限公司",
    "tax_number": "91110108MAY000017T",
    "payment_terms_days": 60,
    "phone": "010-88881234",
    "bank_name": "云川银行北京海淀支行",
    "bank_account": "0200 0045 0908 8123 456",
    "source_reference": {"system": "crm", "document": "BJ-IT-001", "id": "0c6e7f0e-2f1e-4b57-9a55-5d8b0f6b3a11"},
}


def test_a_new_customer_is_shown_as_it_was_entered_and_announced(office: Office) -> None:
    customer = office.post("/customers", NEW)
    assert {key: customer[key] for key in NEW} == NEW
    (event,) = office.events()
    assert (event["type"], event["subject"]) == ("finance.customer.created", str(customer["id"]))
    assert event["data"] == customer


def test_what_is_left_out_is_empty_and_terms_are_30_days(office: Office) -> None:
    customer = office.post("/customers", {"short_name": "示例贸易（上海）"})
    assert customer["payment_terms_days"] == 30
    optional = ("full_name", "tax_number", "phone", "bank_name", "bank_account", "source_reference")
    assert [customer[key] for key in optional] == [None] * 6


def test_the_same_company_may_be_entered_twice(office: Office) -> None:
    assert office.post("/customers", NEW)["id"] != office.post("/customers", NEW)["id"]


def test_a_repeated_key_makes_one_customer_and_one_event(office: Office, refusal: Callable[..., list[str]]) -> None:
    key = {"Idempotency-Key": "customer-1"}
    first = office.api.post("/customers", json=NEW, headers=key)
    again = office.api.post("/customers", json=NEW, headers=key)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(office.events()) == 1
    other = office.api.post("/customers", json={**NEW, "short_name": "别的公司"}, headers=key)
    refusal(other, 422, other.json()["type"].rpartition(":")[2])
    assert len(office.walk("/customers")[0]) == len(office.customers) + 1


def test_every_fault_of_a_customer_is_named(finance: Api, refusal: Callable[..., list[str]]) -> None:
    body = {
        "short_name": " ",
        "tax_number": "abc",
        "payment_terms_days": 366,
        "phone": "无",
        "bank_name": " ",
        "bank_account": "见合同",
        "source_reference": {"system": "CRM"},
    }
    answer = finance.post("/customers", json=body, headers={"Accept-Language": "zh"})
    pointers = refusal(answer, 400, "validation-failed")
    assert {"/short_name", "/tax_number", "/payment_terms_days", "/source_reference/system"} <= set(pointers)
    assert {"/phone", "/bank_name", "/bank_account"} <= set(pointers)
    assert len(pointers) == 8


@pytest.mark.parametrize(
    ("member", "longest"),
    [
        ("phone", "+" + "1" * 29),
        ("bank_name", "行" * 100),
        ("bank_account", "1" * 40),
        ("bank_account", "1" + " " * 38 + "1"),
    ],
)
def test_billing_details_are_taken_up_to_their_lengths(
    finance: Api, refusal: Callable[..., list[str]], member: str, longest: str
) -> None:
    kept = finance.post("/customers", json={"short_name": "示例", member: longest})
    assert (kept.status_code, kept.json().get(member)) == (201, longest), kept.text
    longer = finance.post("/customers", json={"short_name": "示例", member: longest + longest[-1]})
    assert refusal(longer, 400, "validation-failed") == [f"/{member}"]


@pytest.mark.parametrize(
    "number", ["1234567", " 12345678", "12345678 ", "12345678\n", "1234-5678", "１２３４５６７８", None]
)
def test_an_account_number_is_digits_with_blanks_between(
    finance: Api, refusal: Callable[..., list[str]], number: str | None
) -> None:
    answer = finance.post("/customers", json={"short_name": "示例", "bank_account": number})
    assert set(refusal(answer, 400, "validation-failed")) == {"/bank_account"}


@pytest.mark.parametrize("name", ["short_name", "full_name", "tax_number"])
def test_customers_are_found_by_name_and_tax_number(office: Office, name: str) -> None:
    customer = office.post("/customers", NEW)
    assert [c["id"] for c in office.walk("/customers", **{name: NEW[name]})[0]] == [customer["id"]]
    assert office.walk("/customers", **{name: "没有"})[0] == []


def test_a_watermark_brings_everything_once_and_then_only_what_is_new(office: Office) -> None:
    items, watermark = office.walk("/customers", limit=5)
    assert [c["id"] for c in items] == [c["id"] for c in office.customers]
    assert office.walk("/customers", since=watermark, limit=5) == ([], watermark)
    customer = office.post("/customers", NEW)
    assert office.walk("/customers", since=watermark, limit=5)[0] == [customer]


def test_seeded_customers_are_all_there(office: Office) -> None:
    assert len(office.customers) >= 12
    assert all("有限公司" not in c["short_name"] for c in office.customers)


def test_seeded_customers_have_the_billing_details_of_the_world(office: Office, tiny_world: Any) -> None:
    members = ("phone", "bank_name", "bank_account")
    there = {c["id"]: tuple(c[member] for member in members) for c in office.walk("/customers")[0]}
    assert there == {c.id: (c.phone, c.bank_name, c.bank_account) for c in tiny_world.finance.customers}
    assert all(all(details) for details in there.values())


def test_a_balance_follows_receivables_receipts_and_the_calendar(office: Office) -> None:
    assert office.balance() == {"open": "0.00", "overdue": "0.00", "unapplied": "0.00"}
    receivable = office.receivable(due_date=office.today.isoformat())
    assert office.balance() == {"open": "1130.00", "overdue": "0.00", "unapplied": "0.00"}
    receipt = office.receipt()
    assert office.balance() == {"open": "1130.00", "overdue": "0.00", "unapplied": "600.00"}
    allocations = [{"receivable_id": receivable["id"], "amount": "500.00"}]
    office.post("/settlements", {"receipt_id": receipt["id"], "allocations": allocations})
    assert office.balance() == {"open": "630.00", "overdue": "0.00", "unapplied": "100.00"}
    office.clock.advance(timedelta(hours=24))
    # A token lives shorter than a day.
    office.api.token = office.api.fetch_token()
    assert office.balance() == {"open": "630.00", "overdue": "630.00", "unapplied": "100.00"}


def test_opening_receivables_are_in_the_balance(office: Office) -> None:
    items, _ = office.walk("/receivables")
    customer_id = items[0]["customer_id"]
    mine = [item for item in items if item["customer_id"] == customer_id]
    balance = office.api.get(f"/customers/{customer_id}/balance").json()
    assert float(balance["open_amount"]) == pytest.approx(sum(float(item["open_amount"]) for item in mine))
    assert balance["as_of"].endswith("+08:00")
