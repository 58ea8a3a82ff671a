"""Pure rules of the sales side: red lines, tax rates, ageing, allowance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.finance.rules.ageing import (
    BUCKETS,
    BY_POSTING_DATE,
    AgedItem,
    allowance_target,
    bucket_key,
    exposed,
    rates_faults,
    spread,
)
from shapan.finance.rules.receivables import OpenItem, ReceivableLine, open_and_overdue, rate_faults, receivable_state
from shapan.finance.rules.red import BlueLine, RedPart, red_lines, whole_rest
from shapan.finance.rules.write_offs import lost_of, write_off_state
from shapan.kernel.money import split_net

pytestmark = pytest.mark.in_process

DAY = date(2026, 11, 30)
RATES = dict(zip((bucket.key for bucket in BY_POSTING_DATE), (500, 1000, 3000, 5000, 8000, 10000), strict=True))


def blue(net: int, tax: int, taken: tuple[int, int] = (0, 0), rate: int = 1300, line_no: int = 1) -> BlueLine:
    return BlueLine(line_no, ReceivableLine("电缆", net, rate, tax), *taken)


@pytest.mark.parametrize(
    ("part", "pointers"),
    [
        (RedPart(1, 10000, 1300), []),
        (RedPart(1, 5000, None), []),
        (RedPart(1, 0, 1), []),  # a fen that rounding left over
        (RedPart(2, 1, 0), ["/lines/0/line_no"]),
        (RedPart(1, 10001, 1300), ["/lines/0/net_amount"]),
        (RedPart(1, 10000, 1301), ["/lines/0/tax_amount"]),
        (RedPart(1, 10001, 1301), ["/lines/0/net_amount", "/lines/0/tax_amount"]),
        (RedPart(1, 5000, 600), ["/lines/0/tax_amount"]),
        (RedPart(1, 0, 0), ["/lines"]),
    ],
)
def test_what_can_be_taken_back(part: RedPart, pointers: list[str]) -> None:
    faults, made = red_lines({1: blue(10000, 1300)}, [part])
    assert [fault.pointer for fault in faults] == pointers
    if not pointers:
        tax = 650 if part.tax is None else part.tax
        assert [(red.blue_line_no, red.line.net, red.line.tax) for red in made] == [(1, -part.net, -tax)]


def test_a_line_is_taken_back_once_in_one_document() -> None:
    faults, _ = red_lines({1: blue(10000, 1300)}, [RedPart(1, 1, None), RedPart(1, 1, None)])
    assert [fault.pointer for fault in faults] == ["/lines/1/line_no"]


def test_the_whole_rest_leaves_out_what_is_red() -> None:
    lines = [blue(100, 13, (100, 13)), blue(200, 26, (50, 7), line_no=2)]
    assert whole_rest(lines) == [RedPart(2, 150, 19)]


@settings(max_examples=50)
@given(
    net=st.integers(1, 10**7), rate=st.sampled_from([100, 300, 600, 900, 1300]), cuts=st.lists(st.integers(0, 10**7))
)
def test_parts_taken_back_add_up_to_the_line(net: int, rate: int, cuts: list[int]) -> None:
    tax, taken_net, taken_tax = split_net(net, rate).tax, 0, 0
    for point in [*sorted(cut % net for cut in cuts), net]:
        if point == taken_net:
            continue
        line = blue(net, tax, (taken_net, taken_tax), rate)
        faults, [red] = red_lines({1: line}, [RedPart(1, point - taken_net, None)])
        assert faults == []
        taken_net, taken_tax = taken_net - red.line.net, taken_tax - red.line.tax
        assert 0 <= taken_tax <= tax
    assert (taken_net, taken_tax) == (net, tax)


def test_rates_that_cannot_be_charged_are_named_with_those_that_can() -> None:
    lines = [ReceivableLine("电缆", 100, 1300, 13), ReceivableLine("电缆", 100, 100, 1)]
    [fault] = rate_faults(lines, {300, 100, 0}, DAY)
    assert fault.pointer == "/lines/0/tax_rate"
    assert fault.en.endswith("use one of 0.03, 0.01, 0.")


@pytest.mark.parametrize(
    ("gross", "settled", "state"),
    [
        (100, 0, "open"),
        (100, 1, "partly_settled"),
        (100, 100, "settled"),
        (-100, 0, "open"),
        (-100, -1, "partly_settled"),
        (-100, -100, "settled"),
    ],
)
def test_the_state_of_blue_and_red(gross: int, settled: int, state: str) -> None:
    assert receivable_state(gross, settled) == state


def test_a_red_item_reduces_what_is_open_and_never_what_is_overdue() -> None:
    late, soon = DAY - timedelta(days=1), DAY
    items = [OpenItem(1, "YS-1", 1, 500, late), OpenItem(2, "YS-2", 1, -200, late), OpenItem(3, "YS-3", 1, 70, soon)]
    assert open_and_overdue(items, DAY) == (370, 500)


@pytest.mark.parametrize(
    ("basis", "days", "key"),
    [
        ("due_date", -40, "not_due"),
        ("due_date", 0, "not_due"),
        ("due_date", 1, "days_1_30"),
        ("due_date", 30, "days_1_30"),
        ("due_date", 31, "days_31_60"),
        ("due_date", 61, "days_61_90"),
        ("due_date", 91, "days_91_180"),
        ("due_date", 181, "days_181_365"),
        ("due_date", 365, "days_181_365"),
        ("due_date", 366, "days_366_up"),
        ("posting_date", 0, "years_0_1"),
        ("posting_date", 365, "years_0_1"),
        ("posting_date", 366, "years_1_2"),
        ("posting_date", 1825, "years_4_5"),
        ("posting_date", 1826, "years_5_up"),
    ],
)
def test_each_age_has_its_bucket(basis: str, days: int, key: str) -> None:
    assert bucket_key(BUCKETS[basis], days) == key


@pytest.mark.parametrize("basis", sorted(BUCKETS))
def test_no_age_is_in_two_buckets_or_none(basis: str) -> None:
    for days in range(-10, 2000):
        assert [bucket.holds(days) for bucket in BUCKETS[basis]].count(True) == 1


def item(age: int, open_: int, number: str = "YS-1") -> AgedItem:
    return AgedItem(1, number, DAY - timedelta(days=age), DAY - timedelta(days=age - 30), open_)


@pytest.mark.parametrize(
    ("items", "credit", "target"),
    [
        ([item(10, 53000)], 0, 2650),  # the worked month: 5 % of 530
        ([item(10, 10000), item(400, 10000)], 0, 1500),
        ([item(10, 10000), item(400, 10000)], 10000, 500),  # a receipt takes from the oldest
        ([item(10, 10000), item(5, -4000)], 0, 300),
        ([item(10, 10000)], 20000, 0),  # a customer in credit is no loss, and no gain either
        ([item(2000, 333)], 0, 333),
        ([], 500, 0),
    ],
)
def test_the_target_of_the_allowance(items: list[AgedItem], credit: int, target: int) -> None:
    assert allowance_target(spread(exposed(items, credit), "posting_date", DAY), RATES) == target


def test_rates_cover_each_bucket_once() -> None:
    whole = list(RATES.items())
    assert rates_faults(whole) == []
    faults = rates_faults([*whole[:5], whole[0]])
    assert [fault.pointer for fault in faults] == ["/rates/5/bucket", "/rates"]


def test_rates_do_not_fall_with_age() -> None:
    def pointers(*rates: int) -> list[str]:
        return [fault.pointer for fault in rates_faults(list(zip(RATES, rates, strict=True)))]

    assert pointers(500, 500, 500, 500, 500, 500) == []
    assert pointers(500, 1000, 999, 1000, 0, 10000) == ["/rates/2/rate", "/rates/4/rate"]
    # In whatever order they are given: the pointer names the place in the request.
    turned = list(reversed(RATES.items()))
    assert rates_faults(turned) == []
    assert [fault.pointer for fault in rates_faults([(turned[0][0], 7999), *turned[1:]])] == ["/rates/0/rate"]


@pytest.mark.parametrize(
    ("recovered", "lost"), [(0, (400, 600)), (300, (100, 600)), (400, (0, 600)), (700, (0, 300)), (1000, (0, 0))]
)
def test_what_a_write_off_leaves_lost(recovered: int, lost: tuple[int, int]) -> None:
    allocations = [(1, 300), (2, 600), (1, 100)] if not recovered else [(1, 400), (2, 600)]
    assert (lost_of(1, allocations, recovered), lost_of(2, allocations, recovered)) == lost
    assert lost_of(3, allocations, recovered) == 0


def test_a_red_line_is_taxed_by_the_method_of_the_blue_one() -> None:
    line = BlueLine(1, ReceivableLine("旧设备", 10000, 300, 300, simplified=True), 0, 0)
    _, [red] = red_lines({1: line, 2: blue(10000, 1300, line_no=2)}, [RedPart(1, 5000, None)])
    assert red.line == ReceivableLine("旧设备", -5000, 300, -150, simplified=True)


@pytest.mark.parametrize(("recovered", "state"), [(0, "posted"), (1, "partly_recovered"), (100, "recovered")])
def test_the_state_of_a_write_off(recovered: int, state: str) -> None:
    assert write_off_state(100, recovered) == state
