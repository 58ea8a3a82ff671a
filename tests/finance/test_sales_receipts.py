"""Receipts and their settlement in full over HTTP: advances, over-payments, reversals, with vouchers, events and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .sales import WHY, act, entries, latest, settle

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]


def test_an_advance_from_receipt_to_reversal(office: Office, refusal: Refusal) -> None:
    customer = str(office.customer_id)
    advance = office.receipt(advance=True)
    assert (advance["advance_amount"], advance["unapplied_amount"], advance["state"]) == ("600.00", "0.00", "unapplied")
    assert entries(office, advance["voucher_id"]) == [("100201", "600.00", "0.00"), ("2204", "0.00", "600.00")]
    item = office.receivable()
    assert refusal(settle(office, advance, item, "1.00"), 409, "open-amount-exceeded") == ["/allocations"]
    beyond = settle(office, advance, item, "600.01", from_advance=True)
    assert refusal(beyond, 409, "open-amount-exceeded") == ["/allocations"]
    applied = settle(office, advance, item, "400.00", from_advance=True).json()
    assert entries(office, applied["voucher_id"]) == [("2204", "400.00", "0.00"), ("1122", "0.00", "400.00")]
    assert office.balance() == {"open": "730.00", "overdue": "0.00", "unapplied": "0.00"}
    balance = office.api.get(f"/customers/{customer}/balance").json()
    assert balance["advance_amount"] == "200.00"

    refused = office.api.post(f"/receipts/{advance['id']}/reverse", json=WHY)
    assert refusal(refused, 409, "receipt-applied") == []
    undone = office.post(f"/settlements/{applied['id']}/reverse", WHY)
    assert (undone["amount"], undone["reverses_id"], undone["reason"]) == ("-400.00", applied["id"], "客户要求")
    assert latest(office) == [("finance.settlement.posted", customer, undone)]
    assert entries(office, undone["voucher_id"]) == [("2204", "-400.00", "0.00"), ("1122", "0.00", "-400.00")]
    assert office.api.get(f"/settlements/{applied['id']}").json()["reversed_by_id"] == undone["id"]
    for settlement in (applied, undone):
        again = office.api.post(f"/settlements/{settlement['id']}/reverse", json=WHY)
        assert refusal(again, 409, "settlement-reversed") == []

    gone = act(office, f"/receipts/{advance['id']}/reverse", WHY)
    assert (gone["state"], gone["advance_amount"], gone["unapplied_amount"]) == ("reversed", "0.00", "0.00")
    assert (gone["reversed_on"], gone["reason"]) == (office.today.isoformat(), "客户要求")
    assert latest(office) == [("finance.receipt.reversed", customer, gone)]
    assert entries(office, gone["reversal_voucher_id"]) == [("100201", "-600.00", "0.00"), ("2204", "0.00", "-600.00")]
    for path, body in (("reverse", WHY), ("advance", None)):
        assert refusal(office.api.post(f"/receipts/{advance['id']}/{path}", json=body), 409, "receipt-reversed") == []
    assert office.balance() == {"open": "1130.00", "overdue": "0.00", "unapplied": "0.00"}


def test_an_over_payment_becomes_an_advance_on_request(office: Office, refusal: Refusal) -> None:
    customer = str(office.customer_id)
    item, paid = office.receivable(), office.receipt(amount="1500.00")
    settled = settle(office, paid, item, "1130.00", rest_to_advance=True).json()
    shown = office.api.get(f"/receipts/{paid['id']}").json()
    assert (shown["applied_amount"], shown["advance_amount"], shown["unapplied_amount"]) == (
        "1130.00",
        "370.00",
        "0.00",
    )
    assert [kind for kind, _, _ in latest(office, 2)] == ["finance.settlement.posted", "finance.receipt.advanced"]
    assert settled["voucher_id"] is None
    [voucher] = [v for v in office.walk("/vouchers")[0] if v["source"]["kind"] == "advance_transfer"]
    assert voucher["source"]["document_number"] == paid["number"]
    assert entries(office, voucher["id"]) == [("1122", "370.00", "0.00"), ("2204", "0.00", "370.00")]
    nothing = office.api.post(f"/receipts/{paid['id']}/advance")
    assert refusal(nothing, 409, "nothing-unapplied") == []

    # One step later comes to the same; then both vouchers are taken back with the receipt.
    other = office.receipt(amount="80.00")
    moved = act(office, f"/receipts/{other['id']}/advance")
    assert (moved["advance_amount"], moved["unapplied_amount"]) == ("80.00", "0.00")
    assert latest(office) == [("finance.receipt.advanced", customer, moved)]
    before = len(office.walk("/vouchers")[0])
    act(office, f"/receipts/{other['id']}/reverse", WHY)
    reds = office.walk("/vouchers")[0][before:]
    assert [entries(office, red["id"]) for red in reds] == [
        [("100201", "-80.00", "0.00"), ("1122", "0.00", "-80.00")],
        [("1122", "-80.00", "0.00"), ("2204", "0.00", "-80.00")],
    ]
    assert office.balance() == {"open": "0.00", "overdue": "0.00", "unapplied": "0.00"}


def test_many_receipts_settle_one_receivable_and_one_of_them_is_undone(office: Office) -> None:
    item = office.receivable()
    first, second = office.receipt(amount="1000.00"), office.receipt(amount="200.00")
    undo = settle(office, first, item, "1000.00").json()
    settle(office, second, item, "130.00")
    assert office.api.get(f"/receivables/{item['id']}").json()["state"] == "settled"
    watermark = office.walk("/settlements")[1]
    office.post(f"/settlements/{undo['id']}/reverse", WHY)
    shown = office.api.get(f"/receivables/{item['id']}").json()
    assert (shown["settled_amount"], shown["open_amount"], shown["state"]) == ("130.00", "1000.00", "partly_settled")
    assert office.balance() == {"open": "1000.00", "overdue": "0.00", "unapplied": "1070.00"}
    # Both have changed: the one that undoes is new, the other one says by which it is undone.
    changed = office.walk("/settlements", since=watermark)[0]
    assert sorted(one["amount"] for one in changed) == ["-1000.00", "1000.00"]
