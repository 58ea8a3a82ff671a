"""Receivables over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def test_a_receivable_posts_its_voucher_and_is_announced(office: Office) -> None:
    posted = office.receivable(order_reference="ORD-202611-00001", summary="销售出库")
    assert (posted["net_amount"], posted["tax_amount"], posted["gross_amount"]) == ("1000.00", "130.00", "1130.00")
    assert (posted["settled_amount"], posted["open_amount"], posted["state"]) == ("0.00", "1130.00", "open")
    assert posted["number"] == f"YS-{office.today:%Y%m}-00001"
    assert (posted["period"], posted["opening"], posted["voucher_label"]) == (office.period, False, "记-0001")
    assert posted["source_reference"] == {"system": "scm", "document": "XSCK-202611-00001", "id": None}
    assert posted["order_reference"] == "ORD-202611-00001"
    assert [(line["line_no"], line["gross_amount"]) for line in posted["lines"]] == [(1, "1000.00"), (2, "130.00")]
    (event,) = office.events()
    assert (event["type"], event["subject"]) == ("finance.receivable.posted", str(office.customer_id))
    assert event["data"] == posted
    voucher = office.api.get(f"/vouchers/{posted['voucher_id']}").json()
    assert voucher["source"] == {"kind": "receivable", "document_number": posted["number"]}
    assert (voucher["date"], voucher["debit_total"], voucher["credit_total"]) == (
        office.today.isoformat(),
        "1130.00",
        "1130.00",
    )
    assert [(x["account_code"], x["customer_id"], x["debit"], x["credit"], x["summary"]) for x in voucher["lines"]] == [
        ("1122", office.customer_id, "1130.00", "0.00", "销售出库 XSCK-202611-00001"),
        ("6001", None, "0.00", "1000.00", "销售出库 XSCK-202611-00001"),
        ("22210107", None, "0.00", "130.00", "销售出库 XSCK-202611-00001"),
    ]


def test_without_tax_there_is_no_tax_line(office: Office) -> None:
    lines = [{"description": "蔬菜", "net_amount": "88.88", "tax_rate": "0", "tax_amount": "0.00"}]
    posted = office.receivable(lines=lines)
    voucher = office.api.get(f"/vouchers/{posted['voucher_id']}").json()
    assert [line["account_code"] for line in voucher["lines"]] == ["1122", "6001"]


def test_it_is_due_after_the_customers_terms_unless_it_says_when(office: Office) -> None:
    customer = office.post("/customers", {"short_name": "示例贸易（上海）", "payment_terms_days": 45})
    due = office.receivable(customer_id=customer["id"])["due_date"]
    assert date.fromisoformat(due) - office.today == timedelta(days=45)
    assert office.receivable(due_date=office.today.isoformat())["due_date"] == office.today.isoformat()


def test_all_faults_of_a_receivable_are_named_in_one_answer(office: Office, refusal: Callable[..., list[str]]) -> None:
    late, early = office.today + timedelta(days=32), office.today - timedelta(days=1)
    body = office.receivable_body(customer_id=1, business_date=late.isoformat(), due_date=early.isoformat())
    body["lines"][1]["tax_amount"] = "15.00"
    answer = office.api.post("/receivables", json=body)
    assert sorted(refusal(answer, 422, "business-rule")) == [
        "/business_date",
        "/customer_id",
        "/due_date",
        "/lines/1/tax_amount",
    ]
    assert office.events() == []


def test_a_receivable_of_nothing_is_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    lines = [{"description": "赠品", "net_amount": "0.00", "tax_rate": "0.13", "tax_amount": "0.00"}]
    answer = office.api.post("/receivables", json=office.receivable_body(lines=lines))
    assert sorted(refusal(answer, 422, "business-rule")) == ["/lines"]


def test_what_breaks_the_contract_is_all_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    body = office.receivable_body(business_date="2026-02-30")
    del body["source_reference"]
    body["lines"][0] = {"description": "电缆", "net_amount": "-1.00", "tax_rate": "13%", "tax_amount": 115.04}
    answer = office.api.post("/receivables", json=body)
    pointers = sorted(refusal(answer, 400, "validation-failed"))
    assert [p for p in pointers if p not in ("", "/source_reference")] == [
        "/business_date",
        "/lines/0/net_amount",
        "/lines/0/tax_amount",
        "/lines/0/tax_rate",
    ]
    assert len(pointers) == 5


def test_a_locked_period_answers_423_with_its_pointer(office: Office, refusal: Callable[..., list[str]]) -> None:
    locked = office.receivable_body(business_date="2025-12-31")
    assert sorted(refusal(office.api.post("/receivables", json=locked), 423, "period-locked")) == ["/business_date"]
    locked["customer_id"] = 1
    answer = office.api.post("/receivables", json=locked)
    assert sorted(refusal(answer, 422, "business-rule")) == ["/business_date", "/customer_id"]


def test_the_year_0000_is_refused(office: Office, refusal: Callable[..., list[str]]) -> None:
    body = office.receivable_body(business_date="0000-01-01", due_date="0000-01-01")
    answer = office.api.post("/receivables", json=body)
    assert sorted(refusal(answer, 422, "business-rule")) == ["/business_date", "/due_date"]


def test_earlier_periods_of_open_books_can_be_posted_to(office: Office) -> None:
    posted = office.receivable(business_date="2026-01-15")
    assert (posted["period"], posted["number"], posted["voucher_label"]) == ("2026-01", "YS-202601-00001", "记-0001")


def test_refusals_leave_no_gap_in_the_numbers(office: Office) -> None:
    first = office.receivable()
    bad = office.receivable_body(customer_id=1)
    assert office.api.post("/receivables", json=bad).status_code == 422
    second = office.receivable()
    assert [r["number"][-5:] for r in (first, second)] == ["00001", "00002"]
    assert [r["voucher_label"] for r in (first, second)] == ["记-0001", "记-0002"]


def test_a_repeated_key_posts_once(office: Office, refusal: Callable[..., list[str]]) -> None:
    body, key = office.receivable_body(), {"Idempotency-Key": "XSCK-202611-00001"}
    first = office.api.post("/receivables", json=body, headers=key)
    again = office.api.post("/receivables", json=body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    changed = office.api.post("/receivables", json=office.receivable_body(summary="另一张"), headers=key)
    refusal(changed, 422, changed.json()["type"].rpartition(":")[2])
    assert len(office.walk("/vouchers")[0]) == 1
    assert len(office.events()) == 1


def test_without_a_key_the_same_source_may_come_twice(office: Office) -> None:
    office.receivable()
    office.receivable()
    assert len(office.walk("/receivables", source_document="XSCK-202611-00001")[0]) == 2


@pytest.fixture
def two(office: Office) -> Any:
    """One receivable that is settled in part, and another of another customer."""
    other = office.post("/customers", {"short_name": "示例贸易（上海）"})
    first = office.receivable(order_reference="ORD-202611-00001")
    second = office.receivable(
        customer_id=other["id"], source_reference={"system": "scm", "document": "XSCK-202611-00002"}
    )
    allocations = [{"receivable_id": first["id"], "amount": "600.00"}]
    office.post("/settlements", {"receipt_id": office.receipt()["id"], "allocations": allocations})
    return first, second


def test_receivables_are_found_by_each_filter(office: Office, two: Any) -> None:
    first, second = two

    def found(**filters: Any) -> list[int]:
        return [item["id"] for item in office.walk("/receivables", **filters)[0] if not item["opening"]]

    assert found(customer_id=second["customer_id"]) == [second["id"]]
    assert found(number=second["number"]) == [second["id"]]
    assert found(source_document="XSCK-202611-00001") == [first["id"]]
    assert found(order_reference="ORD-202611-00001") == [first["id"]]
    assert found(state="partly_settled") == [first["id"]]
    assert found(state="open") == [second["id"]]
    assert found(state="settled") == []
    assert found(customer_id=second["customer_id"], number=first["number"]) == []


def test_a_settlement_brings_the_receivable_back_into_the_list(office: Office, two: Any) -> None:
    """First was posted before second; its settlement came after both, so it is listed last, as it is now."""
    first, second = two
    items, watermark = office.walk("/receivables", limit=1)
    assert [item["id"] for item in items[-2:]] == [second["id"], first["id"]]
    assert items[-1]["settled_amount"] == "600.00"
    assert len({item["id"] for item in items}) == len(items)
    assert office.walk("/receivables", since=watermark)[0] == []


def test_opening_receivables_have_neither_voucher_nor_source(office: Office) -> None:
    items, _ = office.walk("/receivables")
    assert items
    for item in items:
        assert item["opening"]
        assert (item["voucher_id"], item["voucher_label"], item["source_reference"], item["lines"]) == (
            None,
            None,
            None,
            [],
        )
        assert item["period"] < "2026-01"
