"""Receivables in full over HTTP: red ones, acceptance, deferred tax, with vouchers, events and refusals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from .sales import WHY, act, entries, latest, pending, settle

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]


def test_a_red_receivable_takes_back_and_is_offset(office: Office, refusal: Refusal) -> None:
    customer = str(office.customer_id)
    blue = office.receivable()
    settle(office, office.receipt(amount="1000.00"), blue, "1000.00")
    part = {
        "lines": [{"line_no": 1, "net_amount": "442.48"}],
        **WHY,
        "source_reference": {"system": "scm", "document": "XSTH-202611-00001"},
    }
    red = office.post(f"/receivables/{blue['id']}/red", part)
    assert (red["net_amount"], red["tax_amount"], red["gross_amount"]) == ("-442.48", "-57.52", "-500.00")
    assert (red["red_of_id"], red["red_of_number"], red["reason"]) == (blue["id"], blue["number"], "客户要求")
    # Of the blue one 130.00 was open; the rest of the red one waits.
    assert (red["settled_amount"], red["open_amount"], red["state"]) == ("-130.00", "-370.00", "partly_settled")
    assert [(kind, subject) for kind, subject, _ in latest(office, 2)] == [
        ("finance.offset.posted", customer),
        ("finance.receivable.posted", customer),
    ]
    assert latest(office)[0][2] == red
    assert entries(office, red["voucher_id"]) == [
        ("1122", "-500.00", "0.00"),
        ("6001", "0.00", "-442.48"),
        ("22210107", "0.00", "-57.52"),
    ]
    shown = office.api.get(f"/receivables/{blue['id']}").json()
    assert (shown["state"], shown["red_amount"], shown["settled_amount"]) == ("settled", "500.00", "1130.00")
    assert office.balance() == {"open": "-370.00", "overdue": "0.00", "unapplied": "0.00"}

    other = office.receivable()
    offset = office.post(
        f"/receivables/{red['id']}/offset", {"allocations": [{"receivable_id": other["id"], "amount": "300.00"}]}
    )
    assert (offset["amount"], offset["red_receivable_number"]) == ("300.00", red["number"])
    assert latest(office) == [("finance.offset.posted", customer, offset)]
    assert [one["amount"] for one in office.walk("/offsets", customer_id=office.customer_id)[0]] == ["130.00", "300.00"]
    assert office.walk("/offsets", customer_id=1)[0] == []
    path = f"/receivables/{red['id']}/offset"
    much = office.api.post(path, json={"allocations": [{"receivable_id": other["id"], "amount": "900.00"}]})
    assert refusal(much, 409, "open-amount-exceeded") == ["/allocations/0/amount", "/allocations"]
    strange = office.api.post(path, json={"allocations": [{"receivable_id": 1, "amount": "1.00"}]})
    assert refusal(strange, 422, "business-rule") == ["/allocations/0/receivable_id"]
    wrong = office.api.post(
        f"/receivables/{other['id']}/offset", json={"allocations": [{"receivable_id": 1, "amount": "1.00"}]}
    )
    assert refusal(wrong, 409, "receivable-not-red") == []
    paid = settle(office, office.receipt(), red, "1.00")
    assert refusal(paid, 409, "open-amount-exceeded") == ["/allocations/0/amount"]

    assert refusal(office.api.post(f"/receivables/{red['id']}/red", json=WHY), 409, "receivable-red") == []
    rest = office.post(f"/receivables/{blue['id']}/red", WHY)
    assert (rest["gross_amount"], rest["open_amount"]) == ("-630.00", "-630.00")
    again = office.api.post(f"/receivables/{blue['id']}/red", json=WHY)
    assert refusal(again, 409, "nothing-to-reverse") == []


def test_what_is_wrong_with_a_red_receivable_is_named_at_once(office: Office, refusal: Refusal) -> None:
    blue = office.receivable()
    yesterday = (office.today - timedelta(days=1)).isoformat()
    lines = [
        {"line_no": 1, "net_amount": "884.97"},
        {"line_no": 9, "net_amount": "1.00"},
        {"line_no": 2, "net_amount": "100.00", "tax_amount": "14.00"},
    ]
    answer = office.api.post(f"/receivables/{blue['id']}/red", json={**WHY, "business_date": yesterday, "lines": lines})
    assert refusal(answer, 422, "business-rule") == [
        "/business_date",
        "/lines/0/net_amount",
        "/lines/1/line_no",
        "/lines/2/tax_amount",
    ]
    opening = office.walk("/receivables", customer_id=office.api.get("/receivables").json()["items"][0]["customer_id"])[
        0
    ][0]
    locked = office.api.post(f"/receivables/{opening['id']}/red", json={**WHY, "business_date": "2025-12-31"})
    assert refusal(locked, 423, "period-locked") == ["/business_date"]
    # The blue one stands in a locked period, its red one in the open one.
    red = office.post(f"/receivables/{opening['id']}/red", WHY)
    assert (red["gross_amount"], red["period"]) == (f"-{opening['gross_amount']}", office.period)
    assert office.api.get(f"/receivables/{opening['id']}").json()["state"] == "settled"


def test_revenue_waits_for_acceptance_and_tax_for_the_invoice(office: Office, refusal: Refusal) -> None:
    customer = str(office.customer_id)
    sold = pending(office)
    assert (sold["state"], sold["open_amount"], sold["voucher_id"]) == ("pending", "0.00", None)
    assert sold["recognised_on"] is None
    assert entries(office, sold["dispatch_voucher_id"]) == [("1406", "624.00", "0.00"), ("1405", "0.00", "624.00")]
    assert office.balance()["open"] == "0.00"
    for path in ("red", "invoice"):
        body = WHY if path == "red" else {"invoice_date": office.today.isoformat()}
        answer = office.api.post(f"/receivables/{sold['id']}/{path}", json=body)
        assert refusal(answer, 409, "receivable-not-recognised") == []
    unowed = settle(office, office.receipt(), sold, "1.00")
    assert refusal(unowed, 409, "open-amount-exceeded") == ["/allocations/0/amount"]

    path = f"/receivables/{sold['id']}/accept"
    day = office.today + timedelta(days=3)
    early = {"acceptance_date": (office.today - timedelta(days=1)).isoformat(), "due_date": "2025-01-01"}
    assert refusal(office.api.post(path, json=early), 422, "business-rule") == ["/acceptance_date", "/due_date"]
    accepted = act(office, path, {"acceptance_date": day.isoformat(), "invoiced": False})
    assert (accepted["state"], accepted["open_amount"], accepted["recognised_on"]) == (
        "open",
        "1130.00",
        day.isoformat(),
    )
    terms = next(c for c in office.customers if c["id"] == office.customer_id)["payment_terms_days"]
    assert accepted["due_date"] == (day + timedelta(days=terms)).isoformat()
    assert latest(office) == [("finance.receivable.accepted", customer, accepted)]
    assert entries(office, accepted["voucher_id"]) == [
        ("1122", "1130.00", "0.00"),
        ("6001", "0.00", "1000.00"),
        ("222106", "0.00", "130.00"),
    ]
    assert entries(office, accepted["cost_voucher_id"]) == [("6401", "624.00", "0.00"), ("1406", "0.00", "624.00")]
    for verb, body in (("accept", {"acceptance_date": day.isoformat()}), ("reject", WHY)):
        answer = office.api.post(f"/receivables/{sold['id']}/{verb}", json=body)
        assert refusal(answer, 409, "receivable-not-pending") == []

    red = office.post(
        f"/receivables/{sold['id']}/red",
        {**WHY, "lines": [{"line_no": 2, "net_amount": "115.04", "tax_amount": "14.96"}]},
    )
    assert entries(office, red["voucher_id"])[2] == ("222106", "0.00", "-14.96")
    assert (
        refusal(
            office.api.post(f"/receivables/{red['id']}/invoice", json={"invoice_date": day.isoformat()}),
            409,
            "receivable-red",
        )
        == []
    )
    path = f"/receivables/{sold['id']}/invoice"
    assert refusal(office.api.post(path, json={"invoice_date": office.today.isoformat()}), 422, "business-rule") == [
        "/invoice_date"
    ]
    number = "26112000000012345678"
    invoiced = act(office, path, {"invoice_date": day.isoformat(), "invoice_number": number})
    assert (invoiced["invoiced"], invoiced["invoiced_on"], invoiced["invoice_number"]) == (
        True,
        day.isoformat(),
        number,
    )
    assert latest(office) == [("finance.receivable.invoiced", customer, invoiced)]
    assert entries(office, invoiced["invoice_voucher_id"]) == [
        ("222106", "115.04", "0.00"),
        ("22210107", "0.00", "115.04"),
    ]
    again = office.api.post(path, json={"invoice_date": day.isoformat()})
    assert refusal(again, 409, "receivable-invoiced") == []


def test_goods_that_are_not_accepted_come_back(office: Office) -> None:
    sold = pending(office)
    rejected = act(office, f"/receivables/{sold['id']}/reject", WHY)
    assert (rejected["state"], rejected["open_amount"], rejected["reason"]) == ("rejected", "0.00", "客户要求")
    assert latest(office) == [("finance.receivable.rejected", str(office.customer_id), rejected)]
    red = office.walk("/vouchers")[0][-1]
    assert entries(office, red["id"]) == [("1406", "-624.00", "0.00"), ("1405", "0.00", "-624.00")]
    assert office.walk("/receivables", state="rejected")[0] == [rejected]


def test_members_that_do_not_go_together_are_named(office: Office, refusal: Refusal) -> None:
    costs = [{"product_code": "NO-SUCH", "amount": "1.00"}]
    answer = office.api.post("/receivables", json=office.receivable_body(cost_lines=costs))
    assert refusal(answer, 422, "business-rule") == ["/cost_lines/0/product_code", "/cost_lines"]
    body = office.receivable_body(recognition="on_acceptance", invoiced=True)
    assert refusal(office.api.post("/receivables", json=body), 422, "business-rule") == ["/invoiced"]
    odd = {"description": "电缆", "net_amount": "100.00", "tax_rate": "0.17", "tax_amount": "17.00"}
    answer = office.api.post("/receivables", json=office.receivable_body(lines=[odd]))
    assert refusal(answer, 422, "business-rule") == ["/lines/0/tax_rate"]


def test_a_general_taxpayer_charges_a_levy_by_the_simplified_method(office: Office) -> None:
    levy = {"description": "旧设备", "net_amount": "100.00", "tax_rate": "0.03", "tax_amount": "3.00"}
    lines = [*office.receivable_body()["lines"], levy]
    posted = office.receivable(lines=lines)
    assert entries(office, posted["voucher_id"])[2:] == [("22210107", "0.00", "130.00"), ("222108", "0.00", "3.00")]
    # Taken back it leaves where it stood, also when part of it went back before its invoice came.
    red = office.post(f"/receivables/{posted['id']}/red", WHY)
    assert entries(office, red["voucher_id"])[2:] == [("22210107", "0.00", "-130.00"), ("222108", "0.00", "-3.00")]
    later = office.receivable(lines=lines, invoiced=False)
    part = {**WHY, "lines": [{"line_no": len(lines), "net_amount": "40.00"}]}
    red = office.post(f"/receivables/{later['id']}/red", part)
    assert entries(office, red["voucher_id"])[2:] == [("222106", "0.00", "-1.20")]
    voucher_id = act(office, f"/receivables/{later['id']}/invoice", {"invoice_date": office.today.isoformat()})[
        "invoice_voucher_id"
    ]
    assert set(entries(office, voucher_id)) == {
        ("222106", "131.80", "0.00"),
        ("22210107", "0.00", "130.00"),
        ("222108", "0.00", "1.80"),
    }


def test_books_may_recognise_revenue_on_acceptance(office: Office) -> None:
    books = {
        "standard": "enterprise",
        "taxpayer_kind": "general",
        "opening_period": office.period,
        "revenue_recognition": "on_acceptance",
    }
    assert office.api.put("/books", json=books).status_code == 200
    assert office.receivable()["state"] == "pending"
    assert office.receivable(recognition="on_shipment")["state"] == "open"


def test_a_repeated_key_takes_back_once(office: Office) -> None:
    path = f"/receivables/{office.receivable()['id']}/red"
    body = {**WHY, "lines": [{"line_no": 1, "net_amount": "10.00"}]}
    first, again = (office.api.post(path, json=body, headers={"Idempotency-Key": "red-1"}) for _ in range(2))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert office.balance()["open"] == "1118.70"
