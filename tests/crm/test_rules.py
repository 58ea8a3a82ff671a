"""The CRM's rules by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shapan.crm import rules
from shapan.crm.rules.prices import Offer, Price
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.errors import Problem
from shapan.kernel.money import Tax

CABLE = rules.products.Product("CAB-3X25-YJV22", "电力电缆", "3×25", "箱", 33_33, 1300)
FREIGHT = rules.products.Product("SRV-KM-STD", "运输服务", "公里", "次", 88_88, 900)
PRICES = {product.code: product for product in (CABLE, FREIGHT)}


def test_a_line_is_quantity_times_price_with_tax_split_off() -> None:
    line = rules.orders.price_line(1, CABLE, 3, Price(333_33, "given"))
    assert (line.quantity_milli, line.gross_fen) == (3000, 999_99)
    assert (line.net_fen, line.tax_fen) == (884_95, 115_04)


def test_lines_take_the_list_price_unless_one_is_agreed() -> None:
    wanted = [
        {"productCode": FREIGHT.code, "quantity": 1},
        {"productCode": CABLE.code, "quantity": 2, "unitPrice": 12.34},
    ]
    lines, faults = rules.orders.price_lines(wanted, PRICES)
    assert faults == []
    assert [(line.line_number, line.unit_price_fen, line.tax_rate_bp) for line in lines] == [
        (1, 88_88, 900),
        (2, 12_34, 1300),
    ]
    assert [(line.net_fen, line.tax_fen) for line in lines] == [(81_54, 7_34), (21_84, 2_84)]
    assert [(line.product_name, line.unit) for line in lines] == [("运输服务", "次"), ("电力电缆", "箱")]


@pytest.mark.parametrize(
    ("quantity", "price", "percent", "gross", "net"),
    [
        (1, 100.00, 12.5, 87_50, 77_43),
        (3, 33.33, 33.33, 66_66, 58_99),  # 66.663...
        (1, 0.01, 50, 1, 1),  # half a fen is rounded up
        (7, 999.99, 0, 6999_93, 6194_63),
        (5, 12.34, 100, 0, 0),
        (1, 200.00, 0.01, 199_98, 176_97),
    ],
)
def test_a_discount_is_taken_off_the_line_and_rounded_once(
    quantity: int, price: float, percent: float, gross: int, net: int
) -> None:
    wanted = [{"productCode": CABLE.code, "quantity": quantity, "unitPrice": price, "discountPercent": percent}]
    [line], faults = rules.orders.price_lines(wanted, PRICES)
    assert faults == []
    assert (line.gross_fen, line.net_fen, line.tax_fen) == (gross, net, gross - net)
    assert (line.discount_bp, line.price_source) == (round(percent * 100), "given")


def test_a_line_says_where_its_price_came_from() -> None:
    offers = {CABLE.code: [Offer(CABLE.code, 10, 30_00), Offer(CABLE.code, 1, 32_00)]}
    wanted = [
        {"productCode": CABLE.code, "quantity": 10, "discountPercent": 10},
        {"productCode": CABLE.code, "quantity": 9},
        {"productCode": FREIGHT.code, "quantity": 1},
        {"productCode": CABLE.code, "quantity": 10, "unitPrice": 31},
    ]
    lines, faults = rules.orders.price_lines(wanted, PRICES, offers)
    assert faults == []
    assert [(line.unit_price_fen, line.price_source, line.gross_fen) for line in lines] == [
        (30_00, "priceList", 270_00),
        (32_00, "priceList", 288_00),
        (88_88, "listPrice", 88_88),
        (31_00, "given", 310_00),
    ]


def test_tax_is_rounded_by_line_and_the_header_is_the_sum() -> None:
    """Three times 33.33 at 13 % is 88.50 + 11.49 by line; on the total it would be 88.49 + 11.50."""
    lines, _ = rules.orders.price_lines([{"productCode": CABLE.code, "quantity": 1}] * 3, PRICES)
    assert rules.orders.total(lines) == Tax(88_50, 11_49)


def test_every_unknown_product_is_named() -> None:
    wanted = [{"productCode": code, "quantity": 1} for code in ("NO-1", CABLE.code, "NO-2")]
    lines, faults = rules.orders.price_lines(wanted, PRICES)
    assert [fault.pointer for fault in faults] == ["/lines/0/productCode", "/lines/2/productCode"]
    assert all("NO-" in fault.en and "NO-" in fault.zh for fault in faults)
    assert [line.line_number for line in lines] == [2]


@pytest.mark.parametrize(("price", "pointers"), [(1_000_000, []), (1_000_000.01, ["/lines"])])
def test_the_sum_of_an_order_has_a_limit(price: float, pointers: list[str]) -> None:
    _, faults = rules.orders.price_lines([{"productCode": CABLE.code, "quantity": 10_000, "unitPrice": price}], PRICES)
    assert [fault.pointer for fault in faults] == pointers


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("draft", None),
        ("pendingApproval", "order-not-draft"),
        ("rejected", "order-not-draft"),
        ("confirmed", "order-not-draft"),
        ("cancelled", "order-not-draft"),
    ],
)
def test_only_a_draft_is_submitted(state: str, name: str | None) -> None:
    assert _name(rules.orders.submit_refusal("ORD-1", state)) == name


@pytest.mark.parametrize(
    ("state", "delivered", "name"),
    [
        ("draft", "none", None),
        ("pendingApproval", "none", None),
        ("rejected", "none", None),
        ("confirmed", "none", None),
        ("confirmed", "partial", "order-not-cancellable"),
        ("confirmed", "complete", "order-not-cancellable"),
        ("cancelled", "none", "order-not-cancellable"),
    ],
)
def test_an_order_is_cancelled_once_and_before_delivery(state: str, delivered: str, name: str | None) -> None:
    assert _name(rules.orders.cancel_refusal("ORD-1", state, delivered)) == name


def _name(problem: Problem | None) -> str | None:
    if problem is None:
        return None
    assert problem.status == 409
    assert "ORD-1" in problem.en
    assert "ORD-1" in problem.zh
    return problem.name


@pytest.mark.parametrize(
    ("state", "pointers"),
    [
        ("draft", ["/deliveryStatus"]),
        ("rejected", ["/deliveryStatus"]),
        ("confirmed", ["/lines", "/note", "/requestedDeliveryDate"]),
    ],
)
def test_every_member_that_may_not_change_is_named(state: str, pointers: list[str]) -> None:
    faults = rules.orders.change_faults(state, ["lines", "note", "requestedDeliveryDate", "deliveryStatus"])
    assert [fault.pointer for fault in faults] == pointers
    assert rules.orders.change_refusal("ORD-1", state) is None


def test_an_order_that_is_cancelled_or_waits_takes_no_change() -> None:
    assert _name(rules.orders.change_refusal("ORD-1", "cancelled")) == "order-cancelled"
    assert _name(rules.orders.change_refusal("ORD-1", "pendingApproval")) == "order-pending-approval"


@pytest.mark.parametrize(
    ("state", "delivered", "name"),
    [
        ("confirmed", "none", None),
        ("confirmed", "partial", "order-not-changeable"),
        ("confirmed", "complete", "order-not-changeable"),
        *((state, "none", "order-not-changeable") for state in ("draft", "pendingApproval", "rejected", "cancelled")),
    ],
)
def test_only_a_confirmed_order_before_delivery_gets_a_new_revision(
    state: str, delivered: str, name: str | None
) -> None:
    assert _name(rules.orders.revise_refusal("ORD-1", state, delivered)) == name


def test_states_and_changeable_members_cover_the_same_states() -> None:
    assert set(rules.orders.TRANSITIONS) == set(rules.orders.CHANGEABLE) == set(rules.orders.STATE_NAMES)
    assert set().union(*rules.orders.TRANSITIONS.values()) <= set(rules.orders.TRANSITIONS)


@pytest.mark.parametrize("code", ["91110108MAY000017T", "91440305MAY7K3Q913", None])
def test_right_and_absent_credit_codes_are_taken(code: str | None) -> None:
    assert rules.customers.customer_faults({"unifiedSocialCreditCode": code}) == []
    assert rules.customers.customer_faults({}) == []


@pytest.mark.parametrize("code", ["91110108MAY0000170", "91110108MAY000027T", "91110180MAY000017T"])
def test_wrong_check_characters_are_refused(code: str) -> None:
    (fault,) = rules.customers.customer_faults({"unifiedSocialCreditCode": code})
    assert fault.pointer == "/unifiedSocialCreditCode"
    assert code in fault.zh


@pytest.mark.parametrize(("ahead", "pointers"), [(-3600, []), (0, []), (300, []), (300.001, ["/asOf"])])
def test_a_balance_of_the_future_is_refused(ahead: float, pointers: list[str]) -> None:
    now = datetime(2026, 1, 5, 10, tzinfo=SHANGHAI)
    faults = rules.customers.balance_faults(now + timedelta(seconds=ahead), now)
    assert [fault.pointer for fault in faults] == pointers
    assert all("2026-01-05T10:00:00.000+08:00" in fault.zh for fault in faults)


def test_only_an_older_balance_is_refused() -> None:
    earlier, later = "2026-01-05T10:00:00.000+08:00", "2026-01-05T10:00:00.001+08:00"
    assert rules.customers.balance_refusal("BJ-IT-001", None, earlier) is None
    assert rules.customers.balance_refusal("BJ-IT-001", earlier, earlier) is None
    assert rules.customers.balance_refusal("BJ-IT-001", earlier, later) is None
    refused = rules.customers.balance_refusal("BJ-IT-001", later, earlier)
    assert refused is not None
    assert (refused.status, refused.name) == (409, "balance-outdated")
