"""Money given back to customers: of what settles nothing, of advances, for red receivables; and what came back of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.finance.sales import entries, settle

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]
WHY = {"reason": "客户取消订单"}


def in_order(office: Office) -> None:
    """The control account and the account of advances agree with the documents, now and in the report of any day."""
    facts = office.api.get("/_shapan/facts").json()["facts"]
    assert [row for row in facts["control_account"] if row["ledger_1122_fen"] != row["subledger_fen"]] == []
    assert facts["trial_balance"]["balanced"] is True


def test_an_advance_and_what_settles_nothing_are_given_back(office: Office, refusal: Refusal) -> None:
    day, later = office.today - timedelta(days=5), office.today - timedelta(days=2)
    advance = office.receipt(amount="500.00", advance=True, business_date=str(day))
    plain = office.receipt(amount="300.00", business_date=str(day))
    body = {"receipt_id": advance["id"], "from_advance": True, "amount": "200.00", **WHY}
    early = office.api.post("/refunds", json={**body, "business_date": str(day - timedelta(days=1))})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    made = office.post("/refunds", {**body, "business_date": str(later), "bank_reference": "LS-1"})
    assert (made["number"], made["customer_id"]) == (f"TK-{later:%Y%m}-00001", office.customer_id)
    assert entries(office, made["voucher_id"]) == [("2204", "200.00", "0.00"), ("100201", "0.00", "200.00")]
    shown = office.api.get(f"/receipts/{advance['id']}").json()
    assert (shown["advance_amount"], shown["unapplied_amount"], shown["state"]) == ("300.00", "0.00", "unapplied")
    other = office.post("/refunds", {"receipt_id": plain["id"], "amount": "300.00", **WHY})
    assert entries(office, other["voucher_id"]) == [("1122", "300.00", "0.00"), ("100201", "0.00", "300.00")]
    assert office.balance()["unapplied"] == "0.00"
    in_order(office)

    much = office.api.post("/refunds", json={**body, "amount": "300.01"})
    assert refusal(much, 409, "open-amount-exceeded") == ["/amount"]
    nothing = office.api.post("/refunds", json={"receipt_id": plain["id"], "amount": "0.01", **WHY})
    assert refusal(nothing, 409, "open-amount-exceeded") == ["/amount"]
    assert refusal(office.api.post(f"/receipts/{plain['id']}/advance"), 409, "nothing-unapplied") == []
    assert refusal(office.api.post(f"/receipts/{plain['id']}/reverse", json=WHY), 409, "receipt-applied") == []
    neither = office.api.post("/refunds", json={"amount": "1.00", "bank_account": "1002", **WHY})
    assert refusal(neither, 422, "business-rule") == ["", "/bank_account"]
    unknown = office.api.post("/refunds", json={"receipt_id": 999, "amount": "1.00", **WHY})
    assert refusal(unknown, 422, "business-rule") == ["/receipt_id"]
    assert [event["type"] for event in office.events()][-2:] == ["finance.refund.posted"] * 2
    assert office.events()[-1]["data"] == other
    assert office.walk("/refunds", customer_id=office.customer_id)[0] == [made, other]

    # What was taken back on a day was not there before it.
    blue = office.receivable(business_date=str(day))
    third = office.receipt(amount="100.00", business_date=str(day))
    settlement = settle(office, third, blue, "100.00", business_date=str(day)).json()
    office.post(f"/settlements/{settlement['id']}/reverse", {"reason": "核销有误"})
    once = {"receipt_id": third["id"], "amount": "100.00", **WHY}
    early = office.api.post("/refunds", json={**once, "business_date": str(later)})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    assert office.api.post(f"/refunds/{office.post('/refunds', once)['id']}/reverse", json=WHY).status_code == 200
    in_order(office)

    back = office.api.post(f"/refunds/{other['id']}/reverse", json={"reason": "账号有误，银行退回"}).json()
    assert (back["state"], back["reversal_reason"]) == ("reversed", "账号有误，银行退回")
    assert entries(office, back["reversal_voucher_id"]) == [("1122", "-300.00", "0.00"), ("100201", "0.00", "-300.00")]
    assert office.balance()["unapplied"] == "400.00"  # with the receipt whose settlement was taken back
    assert refusal(office.api.post(f"/refunds/{other['id']}/reverse", json=WHY), 409, "refund-reversed") == []
    assert office.api.post(f"/receipts/{plain['id']}/reverse", json=WHY).status_code == 200
    in_order(office)


def test_a_paid_receivable_that_is_taken_back_is_paid_back(office: Office, refusal: Refusal) -> None:
    blue = office.receivable()
    settle(office, office.receipt(amount="1130.00"), blue, "1130.00")
    red = office.post(f"/receivables/{blue['id']}/red", {"reason": "退货"})
    assert red["open_amount"] == "-1130.00"
    body: dict[str, Any] = {"receivable_id": red["id"], "amount": "1000.00", "reason": "退货款"}
    owed = office.api.post("/refunds", json={**body, "receivable_id": office.receivable()["id"], "from_advance": True})
    assert refusal(owed, 422, "business-rule") == ["/from_advance", "/receivable_id"]
    rate = "/kpis", {"from_period": f"{office.today:%Y-%m}"}

    def collected() -> str:
        kpis = office.api.get(rate[0], params=rate[1]).json()["kpis"]
        return str(next(kpi for kpi in kpis if kpi["key"] == "collection_rate")["inputs"]["settled"])

    assert collected() == "1130.00"
    made = office.post("/refunds", body)
    # What is paid back was not collected.
    assert collected() == "130.00"
    assert (made["receivable_number"], made["receipt_id"]) == (red["number"], None)
    shown = office.api.get(f"/receivables/{red['id']}").json()
    assert (shown["settled_amount"], shown["open_amount"], shown["state"]) == ("-1000.00", "-130.00", "partly_settled")
    assert refusal(office.api.post("/refunds", json=body), 409, "open-amount-exceeded") == ["/amount"]
    aged = office.api.get("/reports/ageing", params={"customer_id": office.customer_id}).json()
    # Another receivable is open, and the rest of the red one.
    assert aged["open_amount"] == "1000.00", aged
    in_order(office)
    office.api.post(f"/refunds/{made['id']}/reverse", json=WHY)
    assert office.api.get(f"/receivables/{red['id']}").json()["open_amount"] == "-1130.00"
    in_order(office)
