"""Purchasing from order to payment over HTTP: match, accrual and its reversal, price differences, red invoices, settlement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.buyer import Buyer

pytestmark = pytest.mark.in_process
Refusal = Callable[..., list[str]]


def test_order_receipt_invoice_payable_payment_settlement_and_back(buyer: Buyer) -> None:
    stock = buyer.closing("1405")
    order = buyer.order(("100", "10.0000"))
    receipt = buyer.receipt(order, "60")
    assert (receipt["net_amount"], receipt["tax_amount"], receipt["state"]) == ("600.00", "78.00", "open")
    buyer.receipt(order, "40")
    invoice = buyer.invoice(order, ("100", "1000.00", "130.00"))
    assert (invoice["state"], invoice["differences"]) == ("matched", [])
    assert [part["quantity"] for part in invoice["lines"][0]["allocations"]] == ["60", "40"]
    assert buyer.entries(invoice["voucher_id"]) == [
        ("1405", "1000.00", "0.00"),
        ("22210101", "130.00", "0.00"),
        ("220201", "0.00", "1130.00"),
    ]
    line = buyer.voucher(invoice["voucher_id"])["lines"]
    assert (line[0]["product_code"], line[0]["quantity"]) == (buyer.product, "100")
    assert line[2]["supplier_id"] == buyer.supplier["id"]
    assert float(buyer.closing("1405")) - float(stock) == 1000
    payable = buyer.payable(invoice)
    assert (payable["gross_amount"], payable["open_amount"], payable["state"]) == ("1130.00", "1130.00", "open")
    assert payable["due_date"] == invoice["due_date"] > invoice["business_date"]

    payment = buyer.pay("1200.00", bank_reference="LS20261124000188")
    assert buyer.entries(payment["voucher_id"]) == [("220201", "1200.00", "0.00"), ("100201", "0.00", "1200.00")]
    assert buyer.owed() == "70.00"
    settlement = buyer.settle((payable["id"], "1130.00"), payment_id=payment["id"])
    assert settlement["voucher_id"] is None
    assert buyer.payable(invoice)["state"] == "settled"
    assert buyer.balance() == {
        "open": "0.00",
        "overdue": "0.00",
        "unapplied": "70.00",
        "prepaid": "0.00",
        "uninvoiced": "0.00",
    }

    reversal = buyer.office.post(f"/payable-settlements/{settlement['id']}/reverse", {"reason": "核销错单"})
    assert (reversal["amount"], reversal["reverses_id"]) == ("-1130.00", settlement["id"])
    assert buyer.api.get(f"/payable-settlements/{settlement['id']}").json()["reversed_by_id"] == reversal["id"]
    assert buyer.payable(invoice)["open_amount"] == "1130.00"
    back = buyer.office.post(f"/payments/{payment['id']}/reverse", {"reason": "银行退回"})
    assert (back["amount"], back["state"], back["unapplied_amount"]) == ("-1200.00", "reversed", "0.00")
    assert buyer.entries(back["voucher_id"]) == [("220201", "-1200.00", "0.00"), ("100201", "0.00", "-1200.00")]
    assert buyer.owed() == "-1130.00"
    assert [event["type"].removeprefix("finance.") for event in buyer.office.events()] == [
        "supplier.created",
        "purchase_order.registered",
        "goods_receipt.registered",
        "goods_receipt.registered",
        "supplier_invoice.posted",
        "payable.posted",
        "payment.posted",
        "payable_settlement.posted",
        "payable_settlement.reversed",
        "payment.reversed",
    ]


def test_goods_without_an_invoice_are_accrued_net_and_reversed_on_the_first(buyer: Buyer) -> None:
    stock = float(buyer.closing("1405", buyer.month))
    order = buyer.order(("50", "11.2000"))
    receipt = buyer.receipt(order, "50")
    assert buyer.accrual_step()["state"] == "open"
    assert "560.00" in buyer.accrual_step()["reasons"][0]["en"]
    voucher_id, reversal_id = buyer.accrue()
    assert buyer.accrual_step()["state"] == "done"
    assert buyer.accrue() == []
    assert buyer.entries(voucher_id) == [("1405", "560.00", "0.00"), ("220202", "0.00", "560.00")]
    assert buyer.entries(reversal_id) == [("1405", "-560.00", "0.00"), ("220202", "0.00", "-560.00")]
    voucher, reversal = buyer.voucher(voucher_id), buyer.voucher(reversal_id)
    assert (voucher["date"], reversal["date"]) == (buyer.month_end.isoformat(), buyer.next_first.isoformat())
    assert reversal["lines"][0]["summary"].startswith("冲销")
    assert buyer.closing("220202", buyer.month) == "-560.00"
    assert float(buyer.closing("1405", buyer.month)) - stock == 560
    assert buyer.closing("220202") == "0.00"

    # The invoice comes in the month after, with a price that is 0.80 more; 60 % of the goods are sold already.
    buyer.api.put("/match-tolerance", json={"price_percent": "10", "line_amount": "0.02"})
    body = buyer.invoice_body(receipt, ("50", "600.00", "78.00"))
    body["lines"][0]["to_cost_amount"] = "24.00"
    invoice = buyer.office.post("/supplier-invoices", body)
    assert (invoice["state"], invoice["price_difference_amount"], invoice["to_cost_amount"]) == (
        "matched",
        "40.00",
        "24.00",
    )
    assert buyer.entries(invoice["voucher_id"]) == [
        ("1405", "576.00", "0.00"),
        ("6401", "24.00", "0.00"),
        ("22210101", "78.00", "0.00"),
        ("220201", "0.00", "678.00"),
    ]
    assert float(buyer.closing("1405")) - stock == 576
    # What was accrued for the month before stays as it was: the invoice is none of its business.
    assert buyer.accrual_step()["state"] == "done"
    accruals = buyer.api.get("/accruals", params={"period": buyer.month}).json()["items"]
    assert [(each["amount"], each["voucher_id"], each["reversal_voucher_id"]) for each in accruals] == [
        ("560.00", voucher_id, reversal_id)
    ]
    assert buyer.api.get(f"/accruals/{accruals[0]['id']}").json() == accruals[0]


def test_what_changes_after_the_accrual_is_accrued_as_a_difference(buyer: Buyer) -> None:
    receipt = buyer.receipt(None, ("50", "11.2000"))
    assert len(buyer.accrue()) == 2
    # An invoice of the same month takes 20 pieces out of the accrual, a late receipt puts 10.00 into it.
    in_month = buyer.month_end.isoformat()
    invoice = buyer.invoice(receipt, ("20", "224.00", "29.12"), business_date=in_month, invoice_date=in_month)
    assert invoice["state"] == "matched"
    buyer.receipt(None, ("1", "10.0000"))
    assert buyer.accrual_step()["state"] == "open"
    voucher_id, reversal_id = buyer.accrue()
    assert buyer.entries(voucher_id) == [("1405", "-214.00", "0.00"), ("220202", "0.00", "-214.00")]
    assert buyer.entries(reversal_id) == [("1405", "214.00", "0.00"), ("220202", "0.00", "214.00")]
    assert buyer.closing("220202", buyer.month) == "-346.00"
    assert buyer.closing("220202") == "0.00"
    assert buyer.api.get(f"/goods-receipts/{receipt['id']}").json()["state"] == "partly_invoiced"


def test_goods_that_went_back_are_not_accrued_and_the_invoice_is_taken_back_in_red(buyer: Buyer) -> None:
    stock = float(buyer.closing("1405"))
    receipt = buyer.receipt(None, ("100", "10.0000"))
    invoice = buyer.invoice(receipt, ("100", "1000.00", "130.00"))
    returned = buyer.send_back(receipt, "10")
    assert returned["lines"][0]["goods_receipt_number"] == receipt["number"]
    shown = buyer.api.get(f"/goods-receipts/{receipt['id']}").json()
    assert (shown["lines"][0]["open_quantity"], shown["uninvoiced_amount"]) == ("-10", "-100.00")
    # Nothing red has come yet: the books owe a red accrual at the end of the month.
    assert "-100.00" in buyer.accrual_step(buyer.office.period)["reasons"][0]["en"]
    red_body = {
        "invoice_number": buyer.invoice_number(),
        "invoice_date": buyer.today.isoformat(),
        "reason": "退货 10 件",
        "lines": [{"line_no": 1, "quantity": "10"}],
    }
    red = buyer.office.post(f"/supplier-invoices/{invoice['id']}/red", red_body)
    assert (red["red"], red["reverses_id"], red["gross_amount"]) == (True, invoice["id"], "-113.00")
    assert buyer.entries(red["voucher_id"]) == [
        ("1405", "-100.00", "0.00"),
        ("22210101", "-13.00", "0.00"),
        ("220201", "0.00", "-113.00"),
    ]
    assert buyer.accrual_step(buyer.office.period)["state"] == "done"
    assert float(buyer.closing("1405")) - stock == 900
    assert buyer.api.get(f"/supplier-invoices/{invoice['id']}").json()["lines"][0]["red_quantity"] == "10"
    blue_payable, red_payable = buyer.payable(invoice), buyer.payable(red)
    assert (red_payable["red"], red_payable["open_amount"]) == (True, "-113.00")
    offset = buyer.settle((blue_payable["id"], "113.00"), red_payable_id=red_payable["id"])
    assert (offset["payment_id"], offset["voucher_id"]) == (None, None)
    assert buyer.payable(red)["state"] == "settled"
    assert buyer.payable(invoice)["open_amount"] == "1017.00"
    assert buyer.balance()["open"] == "1017.00"
    # The rest goes back whole: shares add up, and the goods can be invoiced again.
    rest = {"invoice_number": buyer.invoice_number(), "invoice_date": buyer.today.isoformat(), "reason": "重开"}
    whole = buyer.office.post(f"/supplier-invoices/{invoice['id']}/red", rest)
    assert whole["gross_amount"] == "-1017.00"
    again = buyer.invoice(receipt, ("90", "900.00", "117.00"))
    assert again["state"] == "matched"
    assert buyer.owed() == "-1017.00"


def test_a_prepayment_stands_in_1123_until_it_is_applied(buyer: Buyer) -> None:
    receipt = buyer.receipt(None, ("30", "10.0000"))
    first = buyer.invoice(receipt, ("10", "100.00", "13.00"))
    second = buyer.invoice(receipt, ("20", "200.00", "26.00"))
    payment = buyer.pay("300.00", kind="prepayment", bank_account="100202")
    assert buyer.entries(payment["voucher_id"]) == [("1123", "300.00", "0.00"), ("100202", "0.00", "300.00")]
    settlement = buyer.settle(
        (first["payable_id"], "113.00"), (second["payable_id"], "100.00"), payment_id=payment["id"]
    )
    assert buyer.entries(settlement["voucher_id"]) == [("220201", "213.00", "0.00"), ("1123", "0.00", "213.00")]
    assert (buyer.closing("1123"), buyer.owed()) == ("87.00", "-126.00")
    assert (buyer.payable(second)["state"], buyer.payable(second)["open_amount"]) == ("partly_settled", "126.00")
    # A second payment settles the rest: many payments to one payable.
    cash = buyer.pay("126.00")
    buyer.settle((second["payable_id"], "126.00"), payment_id=cash["id"])
    assert buyer.payable(second)["state"] == "settled"
    buyer.office.post(f"/payable-settlements/{settlement['id']}/reverse", {"reason": "核销错单"})
    assert (buyer.closing("1123"), buyer.owed()) == ("300.00", "-213.00")
    assert buyer.balance()["prepaid"] == "300.00"


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"quantity": "101", "net_amount": "1010.00", "tax_amount": "131.30"}, ["quantity_exceeds_receipt"]),
        ({"net_amount": "1020.00", "tax_amount": "132.60"}, ["price_differs"]),
        ({"tax_rate": "0.09", "tax_amount": "90.00"}, ["tax_rate_differs"]),
        (
            {"quantity": "120", "net_amount": "1300.00", "tax_rate": "0.09", "tax_amount": "117.00"},
            ["quantity_exceeds_receipt", "price_differs", "tax_rate_differs"],
        ),
    ],
)
def test_an_invoice_that_does_not_match_waits_for_a_decision(
    buyer: Buyer, refusal: Refusal, change: dict[str, str], kinds: list[str]
) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    body = buyer.invoice_body(receipt, ("100", "1000.00", "130.00"))
    body["lines"][0] |= change
    invoice = buyer.office.post("/supplier-invoices", body)
    assert invoice["state"] == "mismatched"
    assert [difference["kind"] for difference in invoice["differences"]] == kinds
    assert (invoice["voucher_id"], invoice["payable_id"], invoice["posted_at"]) == (None, None, None)
    assert buyer.owed() == "0.00"
    assert buyer.api.get(f"/goods-receipts/{receipt['id']}").json()["state"] == "open"
    place = f"/supplier-invoices/{invoice['id']}"
    red = {"invoice_number": buyer.invoice_number(), "invoice_date": body["invoice_date"], "reason": "红冲"}
    assert refusal(buyer.api.post(f"{place}/red", json=red), 409, "invoice-not-posted") == []
    assert buyer.api.post(f"{place}/match", json={}).json()["differences"] == invoice["differences"]
    release = {"reason": "采购经理已确认", "released_by": "财务主管"}
    released = buyer.api.post(f"{place}/release", json=release).json()
    assert (released["state"], released["reason"], released["released_by"]) == (
        "released",
        "采购经理已确认",
        "财务主管",
    )
    assert released["differences"] == invoice["differences"]
    assert buyer.payable(released)["gross_amount"] == released["gross_amount"] == invoice["gross_amount"]
    for action, content in (("match", {}), ("release", release), ("cancel", {"reason": "作废"})):
        assert refusal(buyer.api.post(f"{place}/{action}", json=content), 409, "invoice-decided") == []
    # What is invoiced beyond what came in stands as red accrual until the goods come.
    beyond = buyer.api.get(f"/goods-receipts/{receipt['id']}").json()["lines"][0]["uninvoiced_amount"]
    reasons = buyer.accrual_step(buyer.office.period)["reasons"]
    assert (beyond == "0.00") == (reasons == [])
    assert beyond == "0.00" or beyond in reasons[0]["en"]


def test_an_invoice_before_the_goods_is_matched_when_they_come(buyer: Buyer, refusal: Refusal) -> None:
    order = buyer.order(("100", "10.0000"))
    body = buyer.invoice_body(order, ("100", "1000.00", "130.00"))
    invoice = buyer.office.post("/supplier-invoices", body)
    assert [difference["kind"] for difference in invoice["differences"]] == ["not_received"]
    place = f"/supplier-invoices/{invoice['id']}"
    release = {"reason": "先开票", "released_by": "财务主管"}
    assert refusal(buyer.api.post(f"{place}/release", json=release), 409, "goods-not-received") == []
    again = buyer.api.post("/supplier-invoices", json={**body, "summary": "再次录入"})
    assert refusal(again, 409, "invoice-registered") == []
    buyer.receipt(order, "100")
    matched = buyer.api.post(f"{place}/match", json={"business_date": buyer.next_first.isoformat()}).json()
    assert (matched["state"], matched["business_date"]) == ("matched", buyer.next_first.isoformat())
    assert buyer.api.get(f"/purchase-orders/{order['id']}").json()["lines"][0]["invoiced_quantity"] == "100"

    other = buyer.invoice(order, ("1", "10.00", "1.30"))
    assert other["state"] == "mismatched"
    cancelled = buyer.api.post(f"/supplier-invoices/{other['id']}/cancel", json={"reason": "重复开票"}).json()
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "重复开票")
    assert buyer.office.events()[-1]["data"] == cancelled
    # A cancelled number may come again.
    number = {"invoice_number": other["invoice_number"]}
    assert buyer.invoice(order, ("1", "10.00", "1.30"), **number)["state"] == "mismatched"


def test_more_than_was_ordered_waits_for_a_decision(buyer: Buyer) -> None:
    """What came in beyond the order is paid only when somebody says so, by whichever document the invoice names it."""
    order = buyer.order(("100", "10.0000"))
    receipt = buyer.receipt(order, "105")
    assert buyer.invoice(receipt, ("60", "600.00", "78.00"))["state"] == "matched"
    [found] = (rest := buyer.invoice(receipt, ("45", "450.00", "58.50")))["differences"]
    assert (rest["state"], found["kind"], found["invoiced"], found["expected"]) == (
        *("mismatched", "quantity_exceeds_order", "45"),
        "40",
    )
    assert found["text"]["zh"] == "发票数量 45，订购数量 100 中未开票的只有 40。"
    [same] = buyer.invoice(order, ("45", "450.00", "58.50"))["differences"]
    assert same == found
    assert buyer.invoice(order, ("40", "400.00", "52.00"))["state"] == "matched"


def test_an_invoice_is_not_posted_before_its_goods(buyer: Buyer, refusal: Refusal) -> None:
    order = buyer.order(("100", "10.0000"))
    earlier = {"business_date": buyer.month_end.isoformat()}
    kept = buyer.invoice(order, ("50", "500.00", "65.00"), **earlier)
    other = buyer.invoice(order, ("1", "99.00", "12.87"), **earlier)
    buyer.receipt(order, "60", **earlier)
    later = buyer.receipt(order, "40", business_date=buyer.today.isoformat())
    before = buyer.office.events()
    release = {"reason": "已确认", "released_by": "财务主管"}
    assert buyer.invoice(order, ("45", "450.00", "58.50"), **earlier)["state"] == "matched"
    for path, body in (
        ("/supplier-invoices", buyer.invoice_body(later, ("1", "10.00", "1.30"), **earlier)),
        ("/supplier-invoices", buyer.invoice_body(later, ("1", "99.00", "12.87"), **earlier)),
        (f"/supplier-invoices/{kept['id']}/match", earlier),
    ):
        assert refusal(buyer.api.post(path, json=body), 422, "business-rule") == ["/business_date"], path
    assert len(buyer.office.events()) == len(before) + 2  # of the one that was posted
    # Its own day is before the goods: it is posted with them.
    matched = buyer.api.post(f"/supplier-invoices/{kept['id']}/match", json={}).json()
    assert (matched["state"], matched["business_date"]) == ("matched", buyer.today.isoformat())
    place = f"/supplier-invoices/{other['id']}/release"
    assert refusal(buyer.api.post(place, json={**release, **earlier}), 422, "business-rule") == ["/business_date"]
    released = buyer.api.post(place, json=release).json()
    assert (released["state"], released["business_date"]) == ("released", buyer.today.isoformat())


def test_an_ordinary_invoice_gives_no_input_tax(buyer: Buyer) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    invoice = buyer.invoice(receipt, ("100", "1000.00", "130.00"), invoice_kind="ordinary")
    assert buyer.entries(invoice["voucher_id"]) == [("1405", "1130.00", "0.00"), ("220201", "0.00", "1130.00")]


@pytest.mark.parametrize("standard", ["enterprise", "small_enterprise"])
def test_a_small_scale_taxpayer_has_the_tax_in_its_cost(buyer: Buyer, standard: str) -> None:
    books = {
        "standard": standard,
        "taxpayer_kind": "small_scale",
        "opening_period": buyer.api.get("/books").json()["opening_period"],
        "keep_opening_balances": True,
    }
    assert buyer.api.put("/books", json=books).status_code == 200
    receipt = buyer.receipt(None, ("100", "10.0000"))
    voucher_id, _ = buyer.accrue()
    assert buyer.entries(voucher_id) == [("1405", "1130.00", "0.00"), ("220202", "0.00", "1130.00")]
    invoice = buyer.invoice(receipt, ("100", "1000.00", "130.00"))
    assert buyer.entries(invoice["voucher_id"]) == [("1405", "1130.00", "0.00"), ("220201", "0.00", "1130.00")]
    cost = {"enterprise": "6401", "small_enterprise": "5401"}[standard]
    document = buyer.office.post(
        "/inventory-documents",
        {
            "kind": "sales_cost",
            "business_date": buyer.today.isoformat(),
            "source_reference": buyer.source("XSCK"),
            "lines": [{"product_code": buyer.product, "quantity": "10", "amount": "113.00"}],
        },
    )
    assert buyer.entries(document["voucher_id"]) == [(cost, "113.00", "0.00"), ("1405", "0.00", "113.00")]


def test_ageing_of_payables_as_of_any_day(buyer: Buyer, refusal: Refusal) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    old = {"business_date": buyer.month_end.isoformat(), "invoice_date": buyer.month_end.isoformat()}
    overdue = buyer.invoice(receipt, ("10", "100.00", "13.00"), due_date=buyer.month_end.isoformat(), **old)
    buyer.invoice(receipt, ("20", "200.00", "26.00"))
    payment = buyer.pay("13.00")
    buyer.settle((overdue["payable_id"], "13.00"), payment_id=payment["id"])

    def ageing(**params: Any) -> dict[str, str]:
        answer = buyer.api.get("/reports/payable-ageing", params=params).json()
        (row,) = [row for row in answer["rows"] if row["supplier_id"] == buyer.supplier["id"]]
        for total in answer["totals"]:
            parts = [
                bucket["amount"]
                for each in answer["rows"]
                for bucket in each["buckets"]
                if bucket["key"] == total["key"]
            ]
            assert f"{sum(map(float, parts)):.2f}" == total["amount"]
        return {bucket["key"]: bucket["amount"] for bucket in row["buckets"] if bucket["amount"] != "0.00"}

    days = (buyer.today - buyer.month_end).days
    bucket = "days_1_30" if days <= 30 else "days_31_60"
    assert ageing() == {"not_due": "226.00", bucket: "100.00"}
    assert ageing(as_of=buyer.month_end.isoformat()) == {"not_due": "113.00"}
    assert ageing(basis="posting_date") == {"years_0_1": "326.00"}
    assert ageing(supplier_id=buyer.supplier["id"]) == ageing()
    assert buyer.api.get("/reports/payable-ageing", params={"supplier_id": 999999}).json()["rows"] == []
    tomorrow = buyer.today.replace(year=buyer.today.year + 1).isoformat()
    answer = buyer.api.get("/reports/payable-ageing", params={"as_of": tomorrow})
    assert refusal(answer, 422, "business-rule") == ["/as_of"]
    assert buyer.balance()["overdue"] == "100.00"
