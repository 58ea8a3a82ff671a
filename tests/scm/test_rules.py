"""Rules of the SCM on their own: units, amounts, reservation, shares, states."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.kernel.errors import Problem
from shapan.kernel.money import Tax
from shapan.scm import rules

UNITS = {"件": 1000, "箱": 24_000, "卷": 2_500}


def line(**members: Any) -> dict[str, Any]:
    return {"product_code": "CAB-1", "quantity": "10", "unit_price": "100", "tax_rate": "0.13", **members}


def pointers(faults: Any) -> list[str]:
    return [fault.pointer for fault in faults]


def kept(**members: Any) -> rules.sales_orders.OrderLine:
    order_line, faults = rules.sales_orders.order_line(line(**members), UNITS, "/lines/0")
    assert faults == []
    assert order_line is not None
    return order_line


# --- Units


def test_a_line_in_another_unit_is_kept_in_base_units_and_keeps_its_amounts() -> None:
    got = kept(quantity="10", unit="箱", unit_price="1650.0000", amount="16500.00", tax_amount="2145.00", source_line=3)
    assert got == rules.sales_orders.OrderLine("CAB-1", 240_000, 687_500, 1300, Tax(1_650_000, 214_500), 3)


def test_the_base_unit_is_the_default() -> None:
    assert kept(unit=None) == kept(unit="件") == kept()
    assert kept().quantity_milli == 10_000


def test_a_price_per_base_unit_is_rounded_to_four_decimals_and_the_amount_is_not_touched() -> None:
    got = kept(quantity="1", unit="箱", unit_price="100")
    assert got.unit_price_e4 == 41_667
    assert got.amount.net == 10_000


@pytest.mark.parametrize(
    ("quantity", "factor", "base"),
    [(1_500, 24_000, 36_000), (1, 2_000, 2), (1, 2_500, None), (2, 2_500, 5), (1, 500, None)],
)
def test_conversion_is_exact_or_refused(quantity: int, factor: int, base: int | None) -> None:
    assert rules.amounts.to_base_quantity(quantity, factor) == base


def test_every_fault_of_a_line_is_named() -> None:
    nothing, faults = rules.sales_orders.order_line(
        line(unit="吨", amount="999.00", tax_amount="999.00"), UNITS, "/lines/4"
    )
    assert nothing is None
    assert pointers(faults) == ["/lines/4/unit", "/lines/4/amount", "/lines/4/tax_amount"]
    assert "件、箱、卷" in faults[0].zh


def test_an_unknown_product_is_one_fault_although_its_unit_is_unknown_too() -> None:
    _, faults = rules.sales_orders.order_line(line(unit="吨"), None, "/lines/0")
    assert pointers(faults) == ["/lines/0/product_code"]


def test_a_quantity_with_too_many_decimals_in_base_units_is_a_fault() -> None:
    _, faults = rules.sales_orders.order_line(line(quantity="0.001", unit="卷"), UNITS, "/lines/0")
    assert pointers(faults) == ["/lines/0/quantity"]


# --- Amounts


def test_absent_amounts_are_computed_by_line_rounded_half_up() -> None:
    assert kept(quantity="3", unit_price="0.1250", tax_rate="0.13").amount == Tax(38, 5)
    assert kept(quantity="1", unit_price="0.0050", tax_rate="0").amount == Tax(1, 0)
    assert kept(amount="1000.01").amount == Tax(100_001, 13_000)


@pytest.mark.parametrize(
    ("amount", "agrees"),
    # 10 at 100.0000: 0.01 + 10 x 0.00005 = 0.0105, so one fen off is fine and two are not
    [("1000.00", True), ("1000.01", True), ("999.99", True), ("1000.02", False), ("999.98", False)],
)
def test_a_given_amount_agrees_within_its_tolerance(amount: str, agrees: bool) -> None:
    _, faults = rules.sales_orders.order_line(line(amount=amount), UNITS, "")
    assert (pointers(faults) == []) is agrees


def test_the_tolerance_of_an_amount_grows_with_the_quantity() -> None:
    # 1000 units: 0.01 + 0.05 yuan
    assert rules.amounts.amount_agrees(10_000_006, 1_000_000, 1_000_000)
    assert not rules.amounts.amount_agrees(10_000_007, 1_000_000, 1_000_000)
    assert rules.amounts.amount_agrees(9_999_994, 1_000_000, 1_000_000)
    assert not rules.amounts.amount_agrees(9_999_993, 1_000_000, 1_000_000)


@pytest.mark.parametrize(
    ("tax", "agrees"), [("130.00", True), ("130.01", True), ("129.99", True), ("130.02", False), ("129.98", False)]
)
def test_a_given_tax_agrees_within_one_fen(tax: str, agrees: bool) -> None:
    _, faults = rules.sales_orders.order_line(line(amount="1000.00", tax_amount=tax), UNITS, "")
    assert (pointers(faults) == []) is agrees


@given(gross=st.integers(1, 10**9), quantity=st.integers(1, 10**5), rate=st.sampled_from([0, 100, 300, 600, 900, 1300]))
def test_whatever_a_tax_inclusive_system_hands_over_agrees(gross: int, quantity: int, rate: int) -> None:
    """net = gross / (1 + rate) rounded, tax = the rest, unit price rounded to four decimals: as a CRM with prices including tax has it."""
    net = (2 * gross * 10_000 + 10_000 + rate) // (2 * (10_000 + rate))
    price_e4 = (2 * net * 100 + quantity) // (2 * quantity)
    assert rules.amounts.amount_agrees(net, quantity * 1000, price_e4)
    assert rules.amounts.tax_agrees(gross - net, net, rate)


def test_a_converted_quantity_has_ten_digits_at_most() -> None:
    assert rules.amounts.to_base_quantity(416_666_666_000, 24_000) == 9_999_999_984_000
    assert rules.amounts.to_base_quantity(416_666_667_000, 24_000) is None
    _, faults = rules.sales_orders.order_line(line(quantity="416666667", unit="箱", unit_price="0"), UNITS, "/lines/0")
    assert pointers(faults) == ["/lines/0/quantity"]


def test_an_order_has_an_upper_bound() -> None:
    half = rules.sales_orders.OrderLine("A", 1000, 0, 0, Tax(500_000_000_000, 0), None)
    assert rules.sales_orders.order_total_faults([half, half]) == []
    one_fen = rules.sales_orders.OrderLine("A", 1000, 0, 0, Tax(0, 1), None)
    assert pointers(rules.sales_orders.order_total_faults([half, half, one_fen])) == ["/lines"]


# --- Dates


def test_dates_of_orders_and_shipments() -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    assert rules.sales_orders.order_date_fault(tuesday, tuesday) == []
    assert pointers(rules.sales_orders.order_date_fault(tuesday, monday)) == ["/order_date"]
    assert rules.deliveries.ship_date_fault(monday, monday, tuesday) == []
    assert pointers(rules.deliveries.ship_date_fault(tuesday, monday, monday)) == ["/ship_date"]
    assert pointers(rules.deliveries.ship_date_fault(monday, tuesday, tuesday)) == ["/ship_date"]


# --- Reservation


def test_what_is_not_there_is_back_ordered() -> None:
    assert rules.stock.allocate([rules.stock.Demand(1, "A", 100_000)], {"A": 50_000}) == {1: 50_000}
    assert rules.stock.backorder("approved", 100_000, 50_000, 0) == 50_000


def test_lines_of_one_product_share_what_is_available_first_line_first() -> None:
    demands = [
        rules.stock.Demand(1, "A", 30),
        rules.stock.Demand(2, "B", 5),
        rules.stock.Demand(3, "A", 30),
        rules.stock.Demand(4, "A", 1),
    ]
    assert rules.stock.allocate(demands, {"A": 50}) == {1: 30, 3: 20}


def test_a_line_that_waits_for_nothing_gets_nothing() -> None:
    assert rules.stock.allocate([rules.stock.Demand(1, "A", 0)], {"A": 50}) == {}


@given(
    waiting=st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 50)), max_size=6),
    available=st.fixed_dictionaries({"A": st.integers(0, 80), "B": st.integers(0, 80)}),
)
def test_allocation_takes_as_much_as_there_is_and_never_more(
    waiting: list[tuple[str, int]], available: dict[str, int]
) -> None:
    granted = rules.stock.allocate(
        [rules.stock.Demand(n, code, milli) for n, (code, milli) in enumerate(waiting)], available
    )
    for code in "AB":
        wanted = sum(milli for product, milli in waiting if product == code)
        got = sum(granted.get(n, 0) for n, (product, _) in enumerate(waiting) if product == code)
        assert got == min(wanted, available[code])
    assert all(granted.get(n, 0) <= milli for n, (_, milli) in enumerate(waiting))


@pytest.mark.parametrize(("state", "waiting"), [("draft", 0), ("approved", 60), ("closed", 0), ("cancelled", 0)])
def test_only_an_approved_order_waits(state: str, waiting: int) -> None:
    assert rules.stock.backorder(state, 100, 30, 10) == waiting


def test_an_issue_leaves_what_is_reserved() -> None:
    assert rules.stock.issue_refusal("A", "CK01", 5_000, 5_000) is None
    refusal = rules.stock.issue_refusal("A", "CK01", 5_001, 5_000)
    assert refusal is not None
    assert (refusal.status, refusal.name) == (409, "insufficient-stock")
    assert "5.001" in refusal.en


# --- Deliveries

LINES = [rules.deliveries.Deliverable(1, 100, 60), rules.deliveries.Deliverable(2, 40, 0)]


def planned(wanted: list[tuple[int, int]] | None, lines: list[rules.deliveries.Deliverable]) -> dict[int, int]:
    plan = rules.deliveries.plan_delivery("XSDD-1", wanted, lines)
    assert isinstance(plan, dict)
    return plan


def refusal_of(wanted: list[tuple[int, int]] | None, lines: list[rules.deliveries.Deliverable]) -> Problem:
    plan = rules.deliveries.plan_delivery("XSDD-1", wanted, lines)
    assert isinstance(plan, Problem)
    return plan


def test_by_default_everything_that_is_ready_is_delivered() -> None:
    assert planned(None, LINES) == {1: 60}
    assert planned([(1, 60)], LINES) == {1: 60}


def test_with_nothing_ready_there_is_nothing_to_deliver() -> None:
    refusal = refusal_of(None, [rules.deliveries.Deliverable(1, 100, 0)])
    assert (refusal.status, refusal.name) == (409, "nothing-to-deliver")


def test_more_than_reserved_is_a_conflict_that_names_each_line() -> None:
    refusal = refusal_of([(1, 61), (2, 40)], LINES)
    assert (refusal.status, refusal.name) == (409, "insufficient-stock")
    assert pointers(refusal.faults) == ["/lines/0/quantity", "/lines/1/quantity"]


def test_what_can_never_be_delivered_is_refused_with_every_fault() -> None:
    refusal = refusal_of([(1, 101), (9, 1), (1, 1), (2, 1)], LINES)
    assert refusal.status == 422
    assert sorted(pointers(refusal.faults)) == [
        "/lines/0/quantity",
        "/lines/1/line_no",
        "/lines/2/line_no",
        "/lines/3/quantity",
    ]


@given(
    net=st.integers(0, 10**9),
    tax=st.integers(0, 10**8),
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=8),
)
def test_the_shares_of_all_part_shipments_add_up_to_the_line(net: int, tax: int, parts: list[int]) -> None:
    whole, shipped, given_so_far = sum(parts), 0, Tax(0, 0)
    for part in parts:
        step = rules.deliveries.shipment_share(Tax(net, tax), whole, shipped, given_so_far, part)
        assert step.net >= 0
        assert step.tax >= 0
        shipped += part
        given_so_far = Tax(given_so_far.net + step.net, given_so_far.tax + step.tax)
    assert given_so_far == Tax(net, tax)


def test_a_third_of_a_hundred_yuan() -> None:
    first = rules.deliveries.shipment_share(Tax(10_000, 1_300), 3, 0, Tax(0, 0), 1)
    second = rules.deliveries.shipment_share(Tax(10_000, 1_300), 3, 1, first, 1)
    assert (first, second) == (Tax(3_333, 433), Tax(3_334, 434))


# --- States


@pytest.mark.parametrize(
    ("state", "allowed"), [("draft", True), ("approved", False), ("closed", False), ("cancelled", False)]
)
def test_only_a_draft_is_approved(state: str, allowed: bool) -> None:
    refusal = rules.sales_orders.approve_refusal("XSDD-1", state)
    assert (None if refusal is None else (refusal.status, refusal.name)) == (
        None if allowed else (409, "sales-order-not-draft")
    )


@pytest.mark.parametrize(
    ("state", "allowed"), [("draft", False), ("approved", True), ("closed", False), ("cancelled", False)]
)
def test_only_an_approved_order_is_allocated_and_delivered(state: str, allowed: bool) -> None:
    refusal = rules.sales_orders.not_approved_refusal("XSDD-1", state)
    assert (None if refusal is None else refusal.name) == (None if allowed else "sales-order-not-approved")


@pytest.mark.parametrize(
    ("state", "shipped", "allowed"),
    [
        ("draft", False, True),
        ("approved", False, True),
        ("approved", True, False),
        ("closed", True, False),
        ("cancelled", False, False),
    ],
)
def test_what_can_be_cancelled(state: str, shipped: bool, allowed: bool) -> None:
    refusal = rules.sales_orders.cancel_refusal("XSDD-1", state, shipped)
    assert (None if refusal is None else refusal.name) == (None if allowed else "sales-order-not-cancellable")


@pytest.mark.parametrize(("state", "allowed"), [("draft", True), ("shipped", False), ("cancelled", False)])
def test_only_a_draft_delivery_changes(state: str, allowed: bool) -> None:
    refusal = rules.deliveries.delivery_refusal("XSCK-1", state)
    assert (None if refusal is None else refusal.name) == (None if allowed else "delivery-not-draft")
