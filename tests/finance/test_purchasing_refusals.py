"""What the purchasing side refuses: every fault of a request at once, locked periods, states that allow no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.finance.registering import rate_faults

if TYPE_CHECKING:
    from tests.finance.buyer import Buyer

pytestmark = pytest.mark.in_process
Refusal = Callable[..., list[str]]
NOBODY = 999999


def refused(buyer: Buyer, refusal: Refusal, path: str, body: dict[str, Any]) -> list[str]:
    """The pointers of a 422, which must have left nothing behind."""
    before = buyer.office.events()
    pointers = refusal(buyer.api.post(path, json=body), 422, "business-rule")
    assert buyer.office.events() == before
    return pointers


def test_every_fault_of_a_request_is_named(buyer: Buyer, refusal: Refusal) -> None:
    far = (buyer.today + timedelta(days=60)).isoformat()
    huge = {"product_code": "NO-SUCH", "quantity": "999999999", "unit_price": "9999999", "tax_rate": "0.13"}
    order_body = {
        "supplier_id": NOBODY,
        "business_date": far,
        "source_reference": buyer.source("CGDD"),
        "lines": [huge],
    }
    assert refused(buyer, refusal, "/purchase-orders", order_body) == [
        "/supplier_id",
        "/business_date",
        "/lines/0/product_code",
        "/lines/0/quantity",
    ]
    order = buyer.order(("10", "10.0000"))
    other = buyer.office.post("/suppliers", {"short_name": "永固五金"})
    assert refused(
        buyer,
        refusal,
        "/goods-receipts",
        {
            "supplier_id": other["id"],
            "purchase_order_id": order["id"],
            "business_date": far,
            "source_reference": buyer.source(),
            "lines": [
                {"purchase_order_line_no": 2, "quantity": "1"},
                {"purchase_order_line_no": 1, "quantity": "1", "unit_price": "10.5", "tax_rate": "0.09"},
                {"product_code": buyer.product, "quantity": "1"},
            ],
        },
    ) == [
        "/business_date",
        "/purchase_order_id",
        "/lines/0/purchase_order_line_no",
        "/lines/1/unit_price",
        "/lines/1/tax_rate",
        "/lines/2",
    ]
    nowhere = buyer.receipt_body(None, ("1", "1.0000"), purchase_order_id=NOBODY, supplier_id=NOBODY)
    nowhere["lines"] = [{"purchase_order_line_no": 1, "quantity": "1"}]
    assert refused(buyer, refusal, "/goods-receipts", nowhere) == ["/supplier_id", "/purchase_order_id"]
    unknown = buyer.receipt_body(None, ("1", "1.0000"), ("999999999", "9999999"), ("1", "1.0000"), supplier_id=NOBODY)
    for line in unknown["lines"][:2]:
        line["product_code"] = "NO-SUCH"
    del unknown["lines"][0]["unit_price"]
    assert refused(buyer, refusal, "/goods-receipts", unknown) == [
        "/supplier_id",
        "/lines/0",
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/1/quantity",
    ]
    early = buyer.receipt_body(order, "1", business_date=buyer.month_end.replace(day=1).isoformat())
    assert refused(buyer, refusal, "/goods-receipts", early) == ["/business_date"]


def test_a_supplier_charges_a_rate_that_there_is(buyer: Buyer, refusal: Refusal) -> None:
    """Rates of either kind of taxpayer, by the dated table; goods keep the rate at which they came in."""
    on = {"business_date": "2026-01-05"} if buyer.today.year == 2026 else {}
    rates = ("0.17", "0.16", "0.13", "0.09", "0.06", "0.05", "0.03", "0.01", "0", "0.02")
    wrong = [f"/lines/{n}/tax_rate" for n, rate in enumerate(rates) if rate in ("0.17", "0.16", "0.02")]
    line = {"product_code": buyer.product, "quantity": "1", "unit_price": "1"}
    order = {
        **on,
        "supplier_id": buyer.supplier["id"],
        "source_reference": buyer.source("CGDD"),
        "lines": [{**line, "tax_rate": rate} for rate in rates],
    }
    assert refused(buyer, refusal, "/purchase-orders", order) == wrong
    receipt = {**order, "source_reference": buyer.source()}
    assert refused(buyer, refusal, "/goods-receipts", receipt) == wrong
    good = [rate for rate in rates if rate not in ("0.17", "0.16", "0.02")]
    receipt["lines"] = [{**line, "tax_rate": rate} for rate in good]
    came = buyer.office.post("/goods-receipts", receipt)
    body = buyer.invoice_body(came, *[("1", "1.00", "0.00")] * len(good))
    for named, rate in zip(body["lines"], good, strict=True):
        named |= {"tax_rate": rate, "tax_amount": f"{float(rate):.2f}"}
    odd = {**body, "lines": [*body["lines"][:-1], {**body["lines"][-1], "tax_rate": "0.17", "tax_amount": "0.17"}]}
    assert refused(buyer, refusal, "/supplier-invoices", odd) == [f"/lines/{len(good) - 1}/tax_rate"]
    assert buyer.office.post("/supplier-invoices", body)["state"] == "matched"


def test_rates_are_those_of_the_day() -> None:
    def wrong(rate_bp: int, day: date, *agreed: int) -> bool:
        return rate_faults({4: rate_bp}, day, {4: frozenset(agreed)}) != []

    before, after = date(2019, 3, 31), date(2019, 4, 1)
    assert [(wrong(rate, before), wrong(rate, after)) for rate in (1600, 1300, 0)] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    assert (wrong(1600, after, 1600), wrong(1600, after, 1300)) == (False, True)
    assert (wrong(100, date(2027, 12, 31)), wrong(100, date(2028, 1, 1))) == (False, True)
    [fault] = rate_faults({4: 1700, 5: 1300}, after)
    assert fault.pointer == "/lines/4/tax_rate"
    assert "0.13, 0.09" in fault.en
    assert "0.13、0.09" in fault.zh


def test_faults_of_returns_invoices_and_red_invoices(buyer: Buyer, refusal: Refusal) -> None:
    receipt = buyer.receipt(None, ("10", "10.0000"))
    other = buyer.office.post("/suppliers", {"short_name": "永固五金"})
    foreign = buyer.receipt(None, ("5", "1.0000"), supplier_id=other["id"])
    named = {"goods_receipt_id": receipt["id"], "goods_receipt_line_no": 1}
    returned = {
        "supplier_id": buyer.supplier["id"],
        "business_date": buyer.month_end.replace(day=1).isoformat(),
        "source_reference": buyer.source("CGTH"),
        "lines": [
            {**named, "quantity": "6"},
            {**named, "quantity": "6"},
            {"goods_receipt_id": receipt["id"], "goods_receipt_line_no": 2, "quantity": "1"},
            {"goods_receipt_id": foreign["id"], "goods_receipt_line_no": 1, "quantity": "1"},
        ],
    }
    assert refused(buyer, refusal, "/purchase-returns", returned) == [
        "/business_date",
        "/lines/1/quantity",
        "/lines/2/goods_receipt_id",
        "/lines/3/goods_receipt_id",
    ]
    amounts = {"quantity": "1", "net_amount": "10.00", "tax_rate": "0.13", "tax_amount": "1.30"}
    both = {**named, "purchase_order_id": 1, "purchase_order_line_no": 1}
    invoice = {
        "supplier_id": buyer.supplier["id"],
        "invoice_number": buyer.invoice_number(),
        "invoice_date": (buyer.today + timedelta(days=1)).isoformat(),
        "business_date": buyer.today.isoformat(),
        "due_date": buyer.month_end.isoformat(),
        "lines": [
            {**named, **amounts, "tax_amount": "9.00"},
            amounts,
            {**both, **amounts},
            {"goods_receipt_id": NOBODY, "goods_receipt_line_no": 1, **amounts},
            {"goods_receipt_id": foreign["id"], "goods_receipt_line_no": 1, **amounts},
            {"purchase_order_id": NOBODY, "purchase_order_line_no": 1, **amounts},
        ],
    }
    assert refused(buyer, refusal, "/supplier-invoices", invoice) == [
        "/invoice_date",
        "/due_date",
        "/lines/0/tax_amount",
        "/lines/1",
        "/lines/2",
        "/lines/3/goods_receipt_id",
        "/lines/4/goods_receipt_id",
        "/lines/5/purchase_order_id",
    ]
    too_much = buyer.invoice_body(receipt, ("10", "110.00", "14.30"))
    too_much["lines"][0]["to_cost_amount"] = "10.01"
    assert refused(buyer, refusal, "/supplier-invoices", too_much) == ["/lines/0/to_cost_amount"]
    too_much["lines"][0]["to_cost_amount"] = "-1.00"
    assert refused(buyer, refusal, "/supplier-invoices", too_much) == ["/lines/0/to_cost_amount"]

    # Whatever else is wrong, what can be judged is.
    too_much["lines"].append({**amounts, "tax_rate": "0.17", "tax_amount": "1.70"})
    too_much |= {"invoice_date": invoice["invoice_date"], "business_date": "2026-01-01"}
    assert refused(buyer, refusal, "/supplier-invoices", too_much) == [
        *("/business_date", "/invoice_date", "/lines/1/tax_rate", "/lines/1", "/lines/0/to_cost_amount"),
    ]

    posted = buyer.invoice(receipt, ("10", "100.00", "13.00"))
    red = {
        "invoice_number": buyer.invoice_number(),
        "invoice_date": buyer.today.isoformat(),
        "business_date": buyer.month_end.isoformat(),
        "reason": "退货",
        "lines": [{"line_no": 2, "quantity": "1"}, {"line_no": 1, "quantity": "11"}, {"line_no": 1, "quantity": "1"}],
    }
    place = f"/supplier-invoices/{posted['id']}/red"
    assert refused(buyer, refusal, place, red) == [
        "/business_date",
        "/lines/0/line_no",
        "/lines/1/quantity",
        "/lines/2/line_no",
    ]
    taken = {"invoice_number": posted["invoice_number"], "invoice_date": buyer.today.isoformat(), "reason": "退货"}
    assert refusal(buyer.api.post(place, json=taken), 409, "invoice-registered") == []
    whole = {**taken, "invoice_number": buyer.invoice_number()}
    red_invoice = buyer.office.post(place, whole)
    nothing = {**taken, "invoice_number": buyer.invoice_number()}
    assert refused(buyer, refusal, place, nothing) == ["/lines"]
    early = {**nothing, "business_date": buyer.month_end.isoformat()}
    assert refused(buyer, refusal, place, early) == ["/business_date", "/lines"]
    of_red = f"/supplier-invoices/{red_invoice['id']}/red"
    assert refusal(buyer.api.post(of_red, json=nothing), 409, "invoice-not-posted") == []


def test_faults_of_payments_and_settlements(buyer: Buyer, refusal: Refusal) -> None:
    bad = {"supplier_id": NOBODY, "business_date": "2000-01-01", "amount": "1.00", "bank_account": "6601"}
    assert refused(buyer, refusal, "/payments", bad) == ["/supplier_id", "/bank_account", "/business_date"]
    other = buyer.office.post("/suppliers", {"short_name": "永固五金"})
    receipt = buyer.receipt(None, ("10", "10.0000"))
    invoice = buyer.invoice(receipt, ("10", "100.00", "13.00"))
    foreign_receipt = buyer.receipt(None, ("1", "10.0000"), supplier_id=other["id"])
    foreign = buyer.invoice(foreign_receipt, ("1", "10.00", "1.30"), supplier_id=other["id"])
    payment = buyer.pay("100.00")
    mine, theirs = invoice["payable_id"], foreign["payable_id"]
    path, line = "/payable-settlements", {"payable_id": mine, "amount": "1.00"}
    assert refused(buyer, refusal, path, {"allocations": [line]}) == [""]
    assert refused(buyer, refusal, path, {"payment_id": NOBODY, "allocations": [line]}) == ["/payment_id"]
    assert refused(buyer, refusal, path, {"red_payable_id": mine, "allocations": [line]}) == ["/red_payable_id"]
    wrong = [line, {"payable_id": NOBODY, "amount": "1.00"}, {"payable_id": theirs, "amount": "99.00"}, line]
    assert refused(buyer, refusal, path, {"payment_id": payment["id"], "allocations": wrong}) == [
        "/allocations/1/payable_id",
        "/allocations/2/payable_id",
        "/allocations/3/payable_id",
        "/allocations/2/amount",
        "/allocations",
    ]
    short = {"payment_id": payment["id"], "allocations": [{"payable_id": mine, "amount": "113.01"}]}
    answer = buyer.api.post(path, json=short)
    assert refusal(answer, 409, "open-amount-exceeded") == ["/allocations/0/amount", "/allocations"]
    settlement = buyer.settle((mine, "100.00"), payment_id=payment["id"])
    back = f"/payments/{payment['id']}/reverse"
    assert refusal(buyer.api.post(back, json={"reason": "退回"}), 409, "payment-applied") == []
    undo = f"/payable-settlements/{settlement['id']}/reverse"
    reversal = buyer.office.post(undo, {"reason": "错单"})
    for place in (undo, f"/payable-settlements/{reversal['id']}/reverse"):
        assert refusal(buyer.api.post(place, json={"reason": "错单"}), 409, "already-reversed") == []
    early = {"reason": "退回", "business_date": buyer.month_end.isoformat()}
    assert refused(buyer, refusal, back, early) == ["/business_date"]
    second = buyer.office.post(back, {"reason": "退回"})
    for place in (back, f"/payments/{second['id']}/reverse"):
        assert refusal(buyer.api.post(place, json={"reason": "退回"}), 409, "already-reversed") == []
    # A reversed payment has nothing left to apply.
    gone = {"payment_id": payment["id"], "allocations": [line]}
    assert refusal(buyer.api.post(path, json=gone), 409, "open-amount-exceeded") == ["/allocations"]


def test_a_locked_period_takes_nothing(buyer: Buyer, refusal: Refusal) -> None:
    locked = {"business_date": "2025-12-31"}
    order = buyer.order(("10", "10.0000"))
    mismatched = buyer.invoice(order, ("9", "90.00", "11.70"))
    payment = buyer.pay("1.00")
    document = {
        "kind": "sales_cost",
        "source_reference": buyer.source("XSCK"),
        "lines": [{"product_code": buyer.product, "amount": "1.00"}],
    }
    order_lines = [{"product_code": buyer.product, "quantity": "1", "unit_price": "1", "tax_rate": "0.13"}]
    bodies: list[tuple[str, dict[str, Any]]] = [
        (
            "/purchase-orders",
            {"supplier_id": buyer.supplier["id"], "source_reference": buyer.source("CGDD"), "lines": order_lines},
        ),
        ("/goods-receipts", buyer.receipt_body(None, ("1", "1.0000"))),
        ("/supplier-invoices", buyer.invoice_body(order, ("1", "10.00", "1.30"))),
        (f"/supplier-invoices/{mismatched['id']}/match", {}),
        (f"/supplier-invoices/{mismatched['id']}/release", {"reason": "放行", "released_by": "财务主管"}),
        ("/payments", {"supplier_id": buyer.supplier["id"], "amount": "1.00"}),
        ("/inventory-documents", document),
    ]
    for path, body in bodies:
        answer = buyer.api.post(path, json={**body, **locked})
        assert refusal(answer, 423, "period-locked") == ["/business_date"], path
    # What follows another document cannot lie before it, locked or not.
    reverse = buyer.api.post(f"/payments/{payment['id']}/reverse", json={"reason": "退回", **locked})
    assert refusal(reverse, 422, "business-rule") == ["/business_date", "/business_date"]
