"""Services and expenses invoiced by suppliers, money that comes back from them, and dated settlements, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.buyer import Buyer

pytestmark = pytest.mark.in_process
Refusal = Callable[..., list[str]]


def services(buyer: Buyer, *lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The body of an invoice for services, (net 100.00, 9 %) each unless a line says otherwise."""
    usual = {"quantity": "1", "net_amount": "100.00", "tax_rate": "0.09", "tax_amount": "9.00"}
    return {
        "supplier_id": buyer.supplier["id"],
        "invoice_number": buyer.invoice_number(),
        "invoice_date": buyer.today.isoformat(),
        "business_date": buyer.today.isoformat(),
        "lines": [{**usual, **line} for line in lines],
        **members,
    }


def red_payable(buyer: Buyer) -> dict[str, Any]:
    """A red payable of 113.00, of goods that were paid and sent back."""
    receipt = buyer.receipt(None, ("100", "10.0000"))
    blue = buyer.invoice(receipt, ("100", "1000.00", "130.00"))
    body = {"invoice_number": buyer.invoice_number(), "invoice_date": buyer.today.isoformat(), "reason": "退货"}
    lines = [{"line_no": 1, "quantity": "10"}]
    return buyer.payable(buyer.office.post(f"/supplier-invoices/{blue['id']}/red", {**body, "lines": lines}))


def checked(buyer: Buyer) -> list[dict[str, Any]]:
    """What the last step of the close says about the sub-ledgers of suppliers."""
    steps = buyer.api.get(f"/periods/{buyer.office.period}/checklist").json()["steps"]
    [reasons] = [step["reasons"] for step in steps if step["step"] == "checks"]
    return [reason for reason in reasons if "供应商" in reason["zh"]]


def test_a_receipt_and_an_order_of_the_same_number_are_two_things(buyer: Buyer) -> None:
    first, second = buyer.order(("100", "10.0000")), buyer.order(("50", "20.0000"))
    of_second, of_first = buyer.receipt(second, "50"), buyer.receipt(first, "100")
    assert (first["id"], of_second["id"]) == (1, 1)
    body = buyer.invoice_body(of_second, ("50", "1000.00", "130.00"))
    body["lines"] += buyer.invoice_body(first, ("100", "1000.00", "130.00"))["lines"]
    invoice = buyer.office.post("/supplier-invoices", body)
    assert (invoice["state"], invoice["differences"]) == ("matched", [])
    taken = [[part["goods_receipt_id"] for part in line["allocations"]] for line in invoice["lines"]]
    assert taken == [[of_second["id"]], [of_first["id"]]]


def test_freight_and_rent_are_invoiced_without_goods(buyer: Buyer) -> None:
    buyer.office.post("/stores", {"code": "MD09", "name": "九店"})
    freight = {"description": "运费", "account_code": "1405", "product_code": buyer.product}
    rent = {
        "description": "租金",
        "account_code": "6601",
        "store_code": "MD09",
        "net_amount": "200.00",
        "tax_amount": "18.00",
    }
    invoice = buyer.office.post("/supplier-invoices", services(buyer, freight, rent))
    assert buyer.entries(invoice["voucher_id"]) == [
        ("1405", "100.00", "0.00"),
        ("6601", "200.00", "0.00"),
        ("22210101", "27.00", "0.00"),
        ("220201", "0.00", "327.00"),
    ]
    stock, store, *_ = buyer.voucher(invoice["voucher_id"])["lines"]
    assert (stock["product_code"], stock["quantity"], store["store_code"]) == (buyer.product, None, "MD09")
    line = invoice["lines"][1]
    assert (line["account_code"], line["product_code"], line["store_code"]) == ("6601", None, "MD09")
    assert (invoice["state"], invoice["price_difference_amount"], line["allocations"]) == ("matched", "0.00", [])
    assert buyer.payable(invoice)["open_amount"] == "327.00"
    body = {"invoice_number": buyer.invoice_number(), "invoice_date": buyer.today.isoformat(), "reason": "多开"}
    lines = [{"line_no": 2, "quantity": "0.5"}]
    red = buyer.office.post(f"/supplier-invoices/{invoice['id']}/red", {**body, "lines": lines})
    assert buyer.entries(red["voucher_id"]) == [
        ("6601", "-100.00", "0.00"),
        ("22210101", "-9.00", "0.00"),
        ("220201", "0.00", "-109.00"),
    ]
    assert buyer.voucher(red["voucher_id"])["lines"][0]["store_code"] == "MD09"
    ordinary = buyer.office.post(
        "/supplier-invoices", services(buyer, {"account_code": "6602"}, invoice_kind="ordinary")
    )
    assert buyer.entries(ordinary["voucher_id"]) == [("6602", "109.00", "0.00"), ("220201", "0.00", "109.00")]
    assert checked(buyer) == []


def test_goods_and_their_freight_on_one_invoice_make_one_voucher(buyer: Buyer) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    body = buyer.invoice_body(receipt, ("100", "1001.00", "130.13"))
    body["lines"] += services(buyer, {"account_code": "6601"})["lines"]
    kept = buyer.office.post("/supplier-invoices", body)
    assert (kept["state"], [each["line_no"] for each in kept["differences"]]) == ("mismatched", [1])
    release = {"reason": "价格已确认", "released_by": "财务主管"}
    invoice = buyer.api.post(f"/supplier-invoices/{kept['id']}/release", json=release).json()
    assert buyer.entries(invoice["voucher_id"]) == [
        ("1405", "1001.00", "0.00"),
        ("22210101", "130.13", "0.00"),
        ("220201", "0.00", "1131.13"),
        ("6601", "100.00", "0.00"),
        ("22210101", "9.00", "0.00"),
        ("220201", "0.00", "109.00"),
    ]
    assert invoice["price_difference_amount"] == "1.00"
    assert buyer.payable(invoice)["gross_amount"] == "1240.13"


@pytest.mark.parametrize("standard", ["enterprise", "small_enterprise"])
def test_a_small_scale_taxpayer_expenses_the_tax(buyer: Buyer, standard: str) -> None:
    buyer.office.set_up(standard, "small_scale")
    code = {"enterprise": "6602", "small_enterprise": "5602"}[standard]
    invoice = buyer.office.post("/supplier-invoices", services(buyer, {"account_code": code}))
    assert buyer.entries(invoice["voucher_id"]) == [(code, "109.00", "0.00"), ("220201", "0.00", "109.00")]


@pytest.mark.parametrize(
    ("line", "pointers"),
    [
        ({}, [""]),
        ({"account_code": "6601", "goods_receipt_id": 1, "goods_receipt_line_no": 1}, [""]),
        (
            {"store_code": "MD09", "purchase_order_id": 999999, "purchase_order_line_no": 1},
            ["/purchase_order_id", "/store_code"],
        ),
        ({"account_code": "6999"}, ["/account_code"]),
        ({"account_code": "1002"}, ["/account_code"]),
        ({"account_code": "100201"}, ["/account_code"]),
        ({"account_code": "220201"}, ["/account_code"]),
        ({"account_code": "1123"}, ["/account_code"]),
        ({"account_code": "6001"}, ["/account_code"]),
        ({"account_code": "22210101"}, ["/account_code"]),
        ({"account_code": "1405"}, ["/product_code"]),
        ({"account_code": "6603", "store_code": "MD99"}, ["/store_code", "/store_code"]),
        ({"account_code": "6602", "to_cost_amount": "1.00"}, ["/to_cost_amount"]),
    ],
)
def test_accounts_that_take_no_services(
    buyer: Buyer, refusal: Refusal, line: dict[str, Any], pointers: list[str]
) -> None:
    answer = buyer.api.post("/supplier-invoices", json=services(buyer, {"account_code": "6602"}, line))
    assert refusal(answer, 422, "business-rule") == [f"/lines/1{pointer}" for pointer in pointers]


def test_money_comes_back_for_a_red_invoice_and_goes_again(buyer: Buyer, refusal: Refusal) -> None:
    red = red_payable(buyer)
    path = f"/payables/{red['id']}/refund"
    body = {"amount": "100.00", "business_date": buyer.today.isoformat(), "bank_reference": "LS1", "reason": "退货款"}
    short = buyer.api.post(path, json={**body, "amount": "113.01"})
    assert refusal(short, 409, "open-amount-exceeded") == ["/amount"]
    early = {**body, "business_date": buyer.month_end.isoformat(), "bank_account": "1405"}
    assert sorted(refusal(buyer.api.post(path, json=early), 422, "business-rule")) == [
        "/bank_account",
        "/business_date",
    ]
    blue = buyer.api.get("/payables").json()["items"][0]
    refusal(buyer.api.post(f"/payables/{blue['id']}/refund", json=body), 409, "payable-not-red")
    refusal(buyer.api.post("/payables/999999/refund", json=body), 404, "not-found")
    refund = buyer.office.post(path, body)
    assert buyer.entries(refund["voucher_id"]) == [("100201", "100.00", "0.00"), ("220201", "0.00", "100.00")]
    assert (refund["amount"], refund["unapplied_amount"], refund["state"]) == ("-100.00", "0.00", "applied")
    assert (refund["refunded_payable_id"], refund["refunded_payment_id"]) == (red["id"], None)
    assert buyer.api.get(f"/payables/{red['id']}").json()["open_amount"] == "-13.00"
    assert (
        buyer.api.get("/reports/payable-ageing", params={"supplier_id": buyer.supplier["id"]}).json()["open_amount"]
        == "1117.00"
    )
    assert checked(buyer) == []
    rest = buyer.office.post(path, {"amount": "13.00"})
    assert buyer.api.get(f"/payables/{red['id']}").json()["state"] == "settled"
    # The bank took it back: the red payable is open again.
    again = buyer.office.post(f"/payments/{rest['id']}/reverse", {"reason": "银行退回"})
    assert buyer.entries(again["voucher_id"]) == [("100201", "-13.00", "0.00"), ("220201", "0.00", "-13.00")]
    assert buyer.api.get(f"/payables/{red['id']}").json()["open_amount"] == "-13.00"
    assert (
        buyer.api.get("/reports/payable-ageing", params={"supplier_id": buyer.supplier["id"]}).json()["open_amount"]
        == "1117.00"
    )
    refusal(buyer.api.post(f"/payments/{rest['id']}/reverse", json={"reason": "再次"}), 409, "already-reversed")
    assert checked(buyer) == []
    told = [each["data"]["id"] for each in buyer.office.events() if each["type"] == "finance.payment.refunded"]
    assert told == [refund["id"], rest["id"]]


@pytest.mark.parametrize(
    ("kind", "account", "place"), [("prepayment", "1123", "prepaid"), ("payment", "220201", "unapplied")]
)
def test_an_unused_payment_comes_back(buyer: Buyer, refusal: Refusal, kind: str, account: str, place: str) -> None:
    payment = buyer.pay("100.00", kind=kind)
    path = f"/payments/{payment['id']}/refund"
    assert refusal(buyer.api.post(path, json={"amount": "100.01"}), 409, "open-amount-exceeded") == ["/amount"]
    refusal(buyer.api.post("/payments/999999/refund", json={"amount": "1.00"}), 404, "not-found")
    refund = buyer.office.post(path, {"amount": "60.00", "reason": "订单取消"})
    assert buyer.entries(refund["voucher_id"]) == [("100201", "60.00", "0.00"), (account, "0.00", "60.00")]
    assert (refund["kind"], refund["refunded_payment_id"], refund["reason"]) == (kind, payment["id"], "订单取消")
    shown = buyer.api.get(f"/payments/{payment['id']}").json()
    assert (shown["state"], shown["unapplied_amount"]) == ("partly_applied", "40.00")
    assert buyer.balance()[place] == "40.00"
    assert checked(buyer) == []
    refusal(buyer.api.post(f"/payments/{payment['id']}/reverse", json={"reason": "误"}), 409, "payment-applied")
    for source in (payment, refund):
        allocations = [{"payable_id": red_payable(buyer)["id"] - 1, "amount": "40.01"}]
        body = {"payment_id": source["id"], "allocations": allocations}
        refusal(buyer.api.post("/payable-settlements", json=body), 409, "open-amount-exceeded")
    again = buyer.api.post(f"{path}", json={"amount": "40.01"})
    refusal(again, 409, "open-amount-exceeded")
    refusal(buyer.api.post(f"/payments/{refund['id']}/refund", json={"amount": "0.01"}), 409, "open-amount-exceeded")
    buyer.office.post(f"/payments/{refund['id']}/reverse", {"reason": "银行退回"})
    assert buyer.balance()[place] == "100.00"
    assert checked(buyer) == []
    buyer.office.post(f"/payments/{payment['id']}/reverse", {"reason": "误"})
    assert buyer.balance()[place] == "0.00"


def test_settlements_of_payables_can_be_dated(buyer: Buyer, refusal: Refusal) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    old = {"business_date": buyer.month_end.isoformat(), "invoice_date": buyer.month_end.isoformat()}
    invoice = buyer.invoice(receipt, ("10", "100.00", "13.00"), **old)
    payment = buyer.pay("113.00", kind="prepayment", business_date=buyer.month_end.isoformat())
    body = {
        "payment_id": payment["id"],
        "allocations": [{"payable_id": invoice["payable_id"], "amount": "113.00"}],
        "business_date": buyer.month_end.isoformat(),
    }
    before = buyer.month_end.replace(day=1).isoformat()
    early = buyer.api.post("/payable-settlements", json={**body, "business_date": before})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    settlement = buyer.office.post("/payable-settlements", body)
    assert (settlement["business_date"], settlement["period"]) == (buyer.month_end.isoformat(), buyer.month)
    assert buyer.voucher(settlement["voucher_id"])["date"] == buyer.month_end.isoformat()
    path = f"/payable-settlements/{settlement['id']}/reverse"
    early = buyer.api.post(path, json={"reason": "错", "business_date": before})
    assert refusal(early, 422, "business-rule") == ["/business_date"]
    again = buyer.office.post(path, {"reason": "错", "business_date": buyer.next_first.isoformat()})
    assert again["business_date"] == buyer.next_first.isoformat()
    assert buyer.closing("1123", buyer.month) == "0.00"
    assert buyer.closing("1123") == "113.00"


def test_a_part_in_red_that_is_worth_nothing_makes_no_entry(buyer: Buyer) -> None:
    receipt = buyer.receipt(None, ("100", "10.0000"))
    body = buyer.invoice_body(receipt, ("100", "1000.00", "130.00"))
    free = {"account_code": "6601", "net_amount": "0.01", "tax_amount": "0.00"}
    body["lines"] += services(buyer, free)["lines"]
    invoice = buyer.office.post("/supplier-invoices", body)
    red = {"invoice_number": buyer.invoice_number(), "invoice_date": buyer.today.isoformat(), "reason": "退货"}
    lines = [{"line_no": 1, "quantity": "10"}, {"line_no": 2, "quantity": "0.1"}]
    taken = buyer.office.post(f"/supplier-invoices/{invoice['id']}/red", {**red, "lines": lines})
    assert [code for code, *_ in buyer.entries(taken["voucher_id"])] == ["1405", "22210101", "220201"]
