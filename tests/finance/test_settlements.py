"""Receipts and their settlement over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process


def settle(office: Office, receipt: dict[str, Any], *parts: tuple[dict[str, Any], str]) -> dict[str, Any]:
    """The body of a settlement."""
    allocations = [{"receivable_id": receivable["id"], "amount": amount} for receivable, amount in parts]
    return {"receipt_id": receipt["id"], "allocations": allocations}


def test_a_receipt_posts_its_voucher_and_is_announced(office: Office) -> None:
    posted = office.receipt(bank_account="100202", bank_reference="LS20261124000187")
    assert posted["number"] == f"SK-{office.today:%Y%m}-00001"
    assert (posted["amount"], posted["applied_amount"], posted["unapplied_amount"], posted["state"]) == (
        "600.00",
        "0.00",
        "600.00",
        "unapplied",
    )
    (event,) = office.events()
    assert (event["type"], event["subject"]) == ("finance.receipt.posted", str(office.customer_id))
    assert event["data"] == posted
    voucher = office.api.get(f"/vouchers/{posted['voucher_id']}").json()
    assert voucher["label"] == posted["voucher_label"]
    summary = f"收款 {posted['number']} LS20261124000187"
    assert [(x["account_code"], x["customer_id"], x["debit"], x["credit"], x["summary"]) for x in voucher["lines"]] == [
        ("100202", None, "600.00", "0.00", summary),
        ("1122", office.customer_id, "0.00", "600.00", summary),
    ]


def test_the_basic_account_is_the_default(office: Office) -> None:
    posted = office.receipt()
    assert (posted["bank_account"], posted["bank_reference"]) == ("100201", None)


def test_all_faults_of_a_receipt_are_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    late = (office.today + timedelta(days=32)).isoformat()
    body = office.receipt_body(customer_id=1, business_date=late, bank_account="1002")
    answer = office.api.post("/receipts", json=body)
    assert sorted(refusal(answer, 422, "business-rule")) == ["/bank_account", "/business_date", "/customer_id"]
    locked = office.api.post("/receipts", json=office.receipt_body(business_date="2025-12-31"))
    assert sorted(refusal(locked, 423, "period-locked")) == ["/business_date"]
    broken = office.api.post("/receipts", json={"customer_id": 0, "business_date": "昨天", "amount": "0.00"})
    assert sorted(refusal(broken, 400, "validation-failed")) == ["/amount", "/business_date", "/customer_id"]


def test_receipts_are_found_by_each_filter(office: Office) -> None:
    first = office.receipt(bank_reference="LS1")
    other = office.post("/customers", {"short_name": "示例贸易（上海）"})
    second = office.receipt(customer_id=other["id"])
    office.post("/settlements", settle(office, first, (office.receivable(), "600.00")))

    def found(**filters: Any) -> list[int]:
        return [item["id"] for item in office.walk("/receipts", limit=1, **filters)[0]]

    assert found() == [second["id"], first["id"]]
    assert found(customer_id=other["id"]) == [second["id"]]
    assert found(bank_reference="LS1") == [first["id"]]
    assert found(state="applied") == [first["id"]]
    assert found(state="unapplied") == [second["id"]]


def test_a_settlement_links_receipt_and_receivables_without_a_voucher(office: Office) -> None:
    one, two, receipt = office.receivable(), office.receivable(), office.receipt(amount="1500.00")
    vouchers = len(office.walk("/vouchers")[0])
    posted = office.post("/settlements", settle(office, receipt, (one, "1130.00"), (two, "70.00")))
    assert posted["number"] == f"HX-{office.today:%Y%m}-00001"
    assert (posted["amount"], posted["receipt_number"]) == ("1200.00", receipt["number"])
    assert (posted["business_date"], posted["period"]) == (office.today.isoformat(), office.period)
    assert [(a["receivable_number"], a["amount"]) for a in posted["allocations"]] == [
        (one["number"], "1130.00"),
        (two["number"], "70.00"),
    ]
    event = office.events()[-1]
    assert (event["type"], event["subject"]) == ("finance.settlement.posted", str(office.customer_id))
    assert event["data"] == posted
    assert len(office.walk("/vouchers")[0]) == vouchers
    shown = [office.api.get(f"/receivables/{item['id']}").json() for item in (one, two)]
    assert [(r["settled_amount"], r["open_amount"], r["state"]) for r in shown] == [
        ("1130.00", "0.00", "settled"),
        ("70.00", "1060.00", "partly_settled"),
    ]
    applied = office.api.get(f"/receipts/{receipt['id']}").json()
    assert (applied["applied_amount"], applied["unapplied_amount"], applied["state"]) == (
        "1200.00",
        "300.00",
        "partly_applied",
    )


def test_an_opening_receivable_can_be_settled(office: Office) -> None:
    item = office.walk("/receivables")[0][0]
    receipt = office.receipt(customer_id=item["customer_id"], amount=item["open_amount"])
    office.post("/settlements", settle(office, receipt, (item, item["open_amount"])))
    shown = office.api.get(f"/receivables/{item['id']}").json()
    assert (shown["open_amount"], shown["state"]) == ("0.00", "settled")


def test_all_faults_of_a_settlement_are_named(office: Office, refusal: Callable[..., list[str]]) -> None:
    other = office.post("/customers", {"short_name": "示例贸易（上海）"})
    mine, foreign, receipt = office.receivable(), office.receivable(customer_id=other["id"]), office.receipt()
    body = settle(office, receipt, (mine, "600.00"), (foreign, "1.00"), ({"id": 999999}, "1.00"), (mine, "1130.01"))
    answer = office.api.post("/settlements", json=body, headers={"Accept-Language": "zh"})
    assert sorted(refusal(answer, 422, "business-rule")) == [
        "/allocations",
        "/allocations/1/receivable_id",
        "/allocations/2/receivable_id",
        "/allocations/3/amount",
        "/allocations/3/receivable_id",
    ]
    assert f"应收单 {mine['number']} 重复" in answer.text
    unknown = office.api.post("/settlements", json=settle(office, {"id": 999999}, (mine, "1.00")))
    assert sorted(refusal(unknown, 422, "business-rule")) == ["/receipt_id"]
    empty = office.api.post("/settlements", json={"receipt_id": 0, "allocations": []})
    assert sorted(refusal(empty, 400, "validation-failed")) == ["/allocations", "/receipt_id"]


def test_nothing_is_settled_beyond_what_is_open(office: Office, refusal: Callable[..., list[str]]) -> None:
    receivable, receipt = office.receivable(), office.receipt(amount="2000.00")
    beyond = office.api.post("/settlements", json=settle(office, receipt, (receivable, "1130.01")))
    assert sorted(refusal(beyond, 409, "open-amount-exceeded")) == ["/allocations/0/amount"]
    office.post("/settlements", settle(office, receipt, (receivable, "1130.00")))
    again = office.api.post("/settlements", json=settle(office, receipt, (receivable, "0.01")))
    assert sorted(refusal(again, 409, "open-amount-exceeded")) == ["/allocations/0/amount"]
    rest = office.api.post("/settlements", json=settle(office, receipt, (office.receivable(), "870.01")))
    assert sorted(refusal(rest, 409, "open-amount-exceeded")) == ["/allocations"]
    assert office.balance() == {"open": "1130.00", "overdue": "0.00", "unapplied": "870.00"}


def test_nothing_is_settled_in_a_locked_period(office: Office, refusal: Callable[..., list[str]]) -> None:
    receivable, receipt = office.receivable(), office.receipt()
    # Closing a period has no operation yet.
    with office.api.runtime.workspace("default").database.write() as db:
        db.execute("UPDATE period SET state = 'locked' WHERE period = ?", (office.period,))
    answer = office.api.post("/settlements", json=settle(office, receipt, (receivable, "1.00")))
    assert sorted(refusal(answer, 423, "period-locked")) == [""]
    assert office.api.get(f"/periods/{office.period}").json()["state"] == "locked"


def test_a_repeated_key_settles_once(office: Office) -> None:
    body = settle(office, office.receipt(), (office.receivable(), "100.00"))
    key = {"Idempotency-Key": "settle-1"}
    first = office.api.post("/settlements", json=body, headers=key)
    again = office.api.post("/settlements", json=body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert office.balance()["open"] == "1030.00"


def test_settlements_are_found_by_each_filter(office: Office) -> None:
    receivable, receipts = office.receivable(), [office.receipt(), office.receipt()]
    one, two = [office.post("/settlements", settle(office, receipt, (receivable, "1.00"))) for receipt in receipts]
    assert office.walk("/settlements", limit=1)[0] == [one, two]
    assert office.walk("/settlements", receipt_id=receipts[1]["id"])[0] == [two]
    assert office.walk("/settlements", customer_id=office.customer_id)[0] == [one, two]
    assert office.walk("/settlements", customer_id=1)[0] == []


def test_a_settlement_and_an_offset_may_be_dated(office: Office, refusal: Callable[..., list[str]]) -> None:
    """They are entered later than they were made: on a day on which everything that they join was there."""
    first, paid, day = (office.today - timedelta(days=days) for days in (9, 6, 3))
    receivable = office.receivable(business_date=str(first))
    receipt = office.receipt(business_date=str(paid))
    body = settle(office, receipt, (receivable, "600.00"))
    early = office.api.post("/settlements", json={**body, "business_date": str(paid - timedelta(days=1))})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    later = office.api.post("/settlements", json={**body, "business_date": str(office.today + timedelta(days=40))})
    assert refusal(later, 422, "business-rule") == ["/business_date"]
    made = office.post("/settlements", {**body, "business_date": str(day)})
    assert (made["business_date"], made["number"]) == (str(day), f"HX-{day:%Y%m}-00001")

    # What was taken back since would count twice on the days between.
    office.post(f"/settlements/{made['id']}/reverse", {"reason": "核销有误"})
    again = office.api.post("/settlements", json={**body, "business_date": str(day)})
    assert refusal(again, 422, "business-rule") == ["/business_date"]
    assert office.post("/settlements", body)["business_date"] == str(office.today)
    other = office.receivable(business_date=str(first))
    office.post(
        "/settlements", settle(office, office.receipt(business_date=str(first), amount="1130.00"), (other, "1130.00"))
    )
    red = office.post(f"/receivables/{other['id']}/red", {"reason": "退货", "business_date": str(paid)})
    third = office.receivable(business_date=str(first))
    rest = {"allocations": [{"receivable_id": third["id"], "amount": "100.00"}]}
    path = f"/receivables/{red['id']}/offset"
    early = office.api.post(path, json={**rest, "business_date": str(first)})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    assert office.post(path, {**rest, "business_date": str(day)})["business_date"] == str(day)
