"""Rules of purchasing by themselves: values of parts, the match and its tolerance, accruals; and payables that the books open with."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.finance.charts import kinds
from shapan.finance.rules.accruals import AccrualLine, accrual_lines, vouchers_of
from shapan.finance.rules.inventory_documents import POSTS_AS
from shapan.finance.rules.payables import payable_state, payment_state
from shapan.finance.rules.posting import imbalance
from shapan.finance.rules.purchasing import (
    InvoiceLine,
    OrderLine,
    ReceiptLine,
    Received,
    Tolerance,
    line_value,
    receipt_state,
    red_part,
    three_way_match,
    to_cost_faults,
)
from shapan.kernel.money import split_net

if TYPE_CHECKING:
    from tests.finance.buyer import Buyer

EXACT = Tolerance(0, 2)


def received(
    quantity: int, price_e4: int, returned: int = 0, invoiced: int = 0, *, receipt_id: int = 1, rate: int = 1300
) -> ReceiptLine:
    net = line_value(quantity, price_e4)
    return ReceiptLine(
        *(receipt_id, 1, f"RK-{receipt_id}", 1, "CAB-1", "goods", quantity, price_e4, rate, net),
        *(split_net(net, rate).tax, returned, invoiced),
    )


def invoiced(quantity: int, net: int, *, rate: int = 1300, to_cost: int = 0) -> InvoiceLine:
    return InvoiceLine(None, (1, 1), quantity, net, rate, split_net(net, rate).tax, to_cost)


def ordered(quantity: int, invoiced: int = 0) -> OrderLine:
    return OrderLine(1, 100_000, 1300, quantity, invoiced)


def kinds_of(lines: list[InvoiceLine], receipts: list[ReceiptLine], tolerance: Tolerance = EXACT) -> list[str]:
    match = three_way_match(lines, Received(of_orders={(1, 1): receipts}), {(1, 1): ordered(1_000_000)}, tolerance)
    return [difference.kind for difference in match.differences]


@pytest.mark.parametrize(
    ("quantity", "price_e4", "fen"),
    [(50_000, 112_000, 56_000), (1, 1, 0), (1_000, 5_000, 50), (3_000, 333_333, 10_000), (1_500, 10_001, 150)],
)
def test_a_line_is_worth_quantity_times_price(quantity: int, price_e4: int, fen: int) -> None:
    assert line_value(quantity, price_e4) == fen


@given(
    quantity=st.integers(1, 10_000_000),
    price=st.integers(0, 99_999_999),
    cuts=st.lists(st.integers(0, 10_000_000), max_size=5),
)
def test_values_of_parts_add_up(quantity: int, price: int, cuts: list[int]) -> None:
    line = received(quantity, price)
    bounds = [0, *sorted(min(cut, quantity) for cut in cuts), quantity]
    assert sum(line.value(b) - line.value(a) for a, b in itertools.pairwise(bounds)) == line.net
    for used in bounds:
        rest = received(quantity, price, invoiced=used)
        assert rest.open_net == line.net - line.value(used)
        assert 0 <= rest.open_tax <= line.tax
    assert received(quantity, price, returned=quantity).open_net == 0


@given(amount=st.integers(-(10**9), 10**9), cuts=st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_red_parts_add_up(amount: int, cuts: list[int]) -> None:
    whole = sum(cuts)
    assert sum(red_part(amount, sum(cuts[:n]), cut, whole) for n, cut in enumerate(cuts)) == amount


@pytest.mark.parametrize(
    ("tolerance", "invoice", "allowed"),
    [
        (Tolerance(0, 2), 100_002, True),
        (Tolerance(0, 2), 100_003, False),
        (Tolerance(0, 0), 100_000, True),
        (Tolerance(0, 0), 99_999, False),
        (Tolerance(150, 2), 101_500, True),
        (Tolerance(150, 2), 101_501, False),
        (Tolerance(150, 2), 98_500, True),
        (Tolerance(150, 2), 98_499, False),
    ],
)
def test_the_larger_tolerance_counts(tolerance: Tolerance, invoice: int, allowed: bool) -> None:
    assert tolerance.allows(invoice, 100_000) == allowed


def test_the_match_takes_the_oldest_goods_first_and_none_twice() -> None:
    receipts = [received(60_000, 100_000, receipt_id=1, returned=10_000), received(40_000, 100_000, receipt_id=2)]
    lines = [invoiced(70_000, 70_000), invoiced(20_000, 20_000)]
    match = three_way_match(lines, Received(of_orders={(1, 1): receipts}), {}, EXACT)
    assert match.differences == ()
    assert [line.allocations for line in match.lines] == [(((1, 1), 50_000), ((2, 1), 20_000)), (((2, 1), 20_000),)]
    assert [line.expected_net for line in match.lines] == [70_000, 20_000]
    beyond = three_way_match([*lines, invoiced(5_000, 5_000)], Received(of_orders={(1, 1): receipts}), {}, EXACT)
    assert [(d.line_no, d.kind, d.invoiced, d.expected) for d in beyond.differences] == [
        (3, "quantity_exceeds_receipt", "5", "0")
    ]
    # What is beyond stands against the last goods, so that a release posts the invoice in full.
    assert beyond.lines[2].allocations == (((2, 1), 5_000),)
    assert beyond.postable


def test_each_difference_is_found() -> None:
    goods = [received(100_000, 100_000)]
    assert kinds_of([invoiced(100_000, 100_000)], goods) == []
    assert kinds_of([invoiced(100_000, 100_002)], goods) == []
    assert kinds_of([invoiced(100_000, 100_003)], goods) == ["price_differs"]
    assert kinds_of([invoiced(100_000, 100_000, rate=900)], goods) == ["tax_rate_differs"]
    assert kinds_of([invoiced(100_001, 100_001)], goods) == ["quantity_exceeds_receipt"]
    assert kinds_of([invoiced(100_000, 100_000)], []) == ["not_received"]
    assert kinds_of([invoiced(100_000, 90_000, rate=600)], []) == ["not_received", "price_differs", "tax_rate_differs"]
    nothing = three_way_match([invoiced(1, 1)], Received(), {(1, 1): OrderLine(1, 10_000, 1300, 1, 0)}, EXACT)
    assert not nothing.postable


def test_all_invoices_together_stay_within_the_order() -> None:
    """Lines that name the receipt count as those that name the order; those invoiced before count, red ones give back."""
    goods = [dataclasses.replace(received(200_000, 100_000, receipt_id=7), order=(1, 1))]
    of_receipt = dataclasses.replace(invoiced(40_000, 40_000), receipt=(7, 1), order=None)
    of_order = invoiced(50_000, 50_000)

    def found(order: OrderLine) -> list[tuple[int, str, str, str]]:
        received = Received({(7, 1): goods[0]}, {(1, 1): goods})
        match = three_way_match([of_receipt, of_order], received, {(1, 1): order}, EXACT)
        return [(d.line_no, d.kind, d.invoiced, d.expected) for d in match.differences]

    kind = "quantity_exceeds_order"
    assert found(ordered(90_000)) == []
    assert found(ordered(100_000, 10_000)) == []
    assert found(ordered(100_000, 10_001)) == [(2, kind, "50", "49.999")]
    assert found(ordered(89_999)) == [(2, kind, "50", "49.999")]
    assert found(ordered(100_000, 120_000)) == [(1, kind, "40", "0"), (2, kind, "50", "0")]
    assert kinds_of([dataclasses.replace(of_order, quantity=1_000_001, net=1_000_001)], []) == ["not_received", kind]


@pytest.mark.parametrize(
    ("net", "to_cost", "wrong"),
    [
        (104_000, 4_000, False),
        (104_000, 4_001, True),
        (104_000, -1, True),
        (96_000, -4_000, False),
        (96_000, 1, True),
        (100_000, 0, False),
    ],
)
def test_only_the_price_difference_can_go_to_cost(net: int, to_cost: int, wrong: bool) -> None:
    lines = [invoiced(100_000, net, to_cost=to_cost)]
    match = three_way_match(lines, Received(of_orders={(1, 1): [received(100_000, 100_000)]}), {}, EXACT)
    assert [fault.pointer for fault in to_cost_faults(dict(enumerate(lines)), match)] == (
        ["/lines/0/to_cost_amount"] if wrong else []
    )


def test_what_is_accrued_already_is_not_accrued_again() -> None:
    half = received(50_000, 112_000, invoiced=25_000)
    assert accrual_lines([half], {}, False) == [AccrualLine(half, 25_000, 28_000)]
    assert accrual_lines([half], {}, True) == [AccrualLine(half, 25_000, 28_000 + 3_640)]
    assert accrual_lines([half], {half.key: (50_000, 56_000)}, False) == [AccrualLine(half, -25_000, -28_000)]
    assert accrual_lines([half], {half.key: (25_000, 28_000)}, False) == []
    over = received(10_000, 100_000, returned=10_000, invoiced=10_000)
    assert accrual_lines([over], {}, False) == [AccrualLine(over, -10_000, -10_000)]
    # A voucher cannot come to zero: red goods stand apart then.
    up, down = AccrualLine(half, 1, 5), AccrualLine(over, -1, -5)
    assert vouchers_of([up, down]) == [[up], [down]]
    assert vouchers_of([up, up]) == [[up, up]]


def test_states() -> None:
    fresh, half, done = (received(100, 100, invoiced=n) for n in (0, 50, 100))
    gone = received(100, 100, returned=100)
    assert [receipt_state([line]) for line in (fresh, half, done, gone)] == [
        "open",
        "partly_invoiced",
        "invoiced",
        "invoiced",
    ]
    assert receipt_state([fresh, done]) == "partly_invoiced"
    assert [payable_state(100, n) for n in (0, 1, 100)] == ["open", "partly_settled", "settled"]
    assert [payable_state(-100, n) for n in (0, -1, -100)] == ["open", "partly_settled", "settled"]
    assert [payment_state(100, n) for n in (0, 1, 100)] == ["unapplied", "partly_applied", "applied"]


@pytest.mark.parametrize("standard", ["enterprise", "small_enterprise"])
@pytest.mark.parametrize("taxpayer", ["general", "small_scale"])
def test_every_rule_of_the_purchasing_side_exists_and_balances(standard: str, taxpayer: str) -> None:
    found = kinds(standard, taxpayer)
    names = {"supplier_invoice", "supplier_invoice_ordinary", "accrual", "payment", "prepayment", "prepayment_applied"}
    for name in names | {rule for rule, *_ in POSTS_AS.values()}:
        assert imbalance(found[name].lines, found[name].figures) == {}, name
    deducted = {line.account for line in found["supplier_invoice"].lines}
    assert ("input_vat" in deducted) == (taxpayer == "general")


@pytest.mark.in_process
def test_payables_and_prepayments_that_the_books_open_with(buyer: Buyer, refusal: Callable[..., list[str]]) -> None:
    supplier = buyer.supplier["id"]
    old = {"business_date": "2025-12-20", "due_date": "2026-01-19"}
    opened = {
        "lines": [
            {"account_code": "220201", "supplier_id": supplier, "credit": "1130.00", "item": {"number": "QC-1", **old}},
            {"account_code": "1123", "supplier_id": supplier, "debit": "500.00", "item": {"number": "QC-2", **old}},
            {"account_code": "410415", "debit": "630.00"},
        ]
    }
    # Entered twice: what was there is taken away first.
    assert buyer.api.put("/opening-balances", json=opened).status_code == 200
    answer = buyer.api.put("/opening-balances", json=opened)
    assert answer.status_code == 200, answer.text
    assert buyer.balance() == {
        "open": "1130.00",
        "overdue": "1130.00",
        "unapplied": "0.00",
        "prepaid": "500.00",
        "uninvoiced": "0.00",
    }
    (payable,) = buyer.api.get("/payables").json()["items"]
    (payment,) = buyer.api.get("/payments").json()["items"]
    assert (payable["opening"], payable["voucher_id"], payable["supplier_invoice_id"]) == (True, None, None)
    assert (payment["opening"], payment["kind"], payment["voucher_id"]) == (True, "prepayment", None)
    back = buyer.api.post(f"/payments/{payment['id']}/reverse", json={"reason": "退回"})
    assert refusal(back, 409, "opening-item") == []
    buyer.settle((payable["id"], "500.00"), payment_id=payment["id"])
    assert (buyer.closing("220201"), buyer.closing("1123")) == ("-630.00", "0.00")
