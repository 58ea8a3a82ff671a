"""Goods received and what is invoiced of them (入库, 已收未票), and the match of order, receipt and invoice (三单匹配).

Amounts are fen, quantities thousandths of the base unit, unit prices 1/10000 yuan without tax, rates basis points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shapan.finance.rules.expenses import Expense
from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, text_from_fen, text_from_milli, text_from_rate

Key = tuple[int, int]
"""Id of a document and number of a line in it."""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of a registered goods receipt. `used` is what was returned or invoiced of its quantity."""

    receipt_id: int
    line_no: int
    receipt_number: str
    supplier_id: int
    product_code: str
    stock_class: str
    quantity: int
    price_e4: int
    rate_bp: int
    net: int
    tax: int
    returned: int
    invoiced: int
    order: Key | None = None

    @property
    def key(self) -> Key:
        """Receipt and line."""
        return self.receipt_id, self.line_no

    @property
    def used(self) -> int:
        """What of the quantity was returned or invoiced."""
        return self.returned + self.invoiced

    @property
    def open(self) -> int:
        """What is still to be invoiced; below zero a red invoice is due."""
        return self.quantity - self.used

    @property
    def open_net(self) -> int:
        """Value of the open quantity without tax."""
        return self.net - self.value(self.used)

    @property
    def open_tax(self) -> int:
        """Tax on the open quantity."""
        return self.tax - divide_half_up(self.tax * self.used, self.quantity)

    def value(self, used: int) -> int:
        """Value of the first `used` thousandths of the line: values of parts are differences of it, and so add up exactly."""
        return divide_half_up(self.net * used, self.quantity)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of a registered purchase order, as the match sees it. `invoiced` is what posted invoices took of its quantity."""

    supplier_id: int
    price_e4: int
    rate_bp: int
    quantity: int
    invoiced: int


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of a supplier invoice; it names a line of a goods receipt, one of a purchase order, or where a service goes."""

    receipt: Key | None
    order: Key | None
    quantity: int
    net: int
    rate_bp: int
    tax: int
    to_cost: int
    expense: Expense | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """The goods that invoice lines name: receipt lines by themselves, and those of order lines, oldest first.

    Receipts and orders are numbered apart, so that 1/1 can be a line of either.
    """

    lines: Mapping[Key, ReceiptLine] = field(default_factory=dict)
    of_orders: Mapping[Key, Sequence[ReceiptLine]] = field(default_factory=dict)

    def of(self, line: InvoiceLine) -> Sequence[ReceiptLine]:
        """The receipt lines that an invoice line can stand for."""
        if line.order is not None:
            return self.of_orders.get(line.order, ())
        named = None if line.receipt is None else self.lines.get(line.receipt)
        return () if named is None else (named,)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far the net amount of an invoice line may be from the ordered price (匹配容差): the larger of the two counts."""

    price_bp: int
    line_fen: int

    def allows(self, invoiced: int, expected: int) -> bool:
        """Whether the difference is within it. Compared in 1/10000 fen, so that nothing is rounded before it is judged."""
        return abs(invoiced - expected) * 10000 <= max(expected * self.price_bp, self.line_fen * 10000)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between invoice, order and receipt (匹配差异)."""

    line_no: int
    kind: str
    invoiced: str
    expected: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """What an invoice line stands for: quantities by receipt line, and what they should cost; a service stands for no goods."""

    allocations: tuple[tuple[Key, int], ...]
    expected_net: int
    service: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of a three-way match: one MatchedLine for each line of the invoice, and every difference."""

    lines: tuple[MatchedLine, ...]
    differences: tuple[Difference, ...]

    @property
    def postable(self) -> bool:
        """Whether something has come in for every line, so that the invoice could be posted if it is released."""
        return all(line.allocations or line.service for line in self.lines)


def line_value(quantity: int, price_e4: int) -> int:
    """Quantity x unit price, in fen: 50 pieces at 11.2000 are 560.00."""
    return divide_half_up(quantity * price_e4, 100_000)


def receipt_state(lines: Sequence[ReceiptLine]) -> str:
    """open, partly_invoiced or invoiced (开票状态). What went back needs no invoice."""
    if all(line.open <= 0 for line in lines):
        return "invoiced"
    return "partly_invoiced" if any(line.invoiced > 0 for line in lines) else "open"


def three_way_match(
    lines: Sequence[InvoiceLine],
    received: Received,
    orders: Mapping[Key, OrderLine],
    tolerance: Tolerance,
) -> Match:
    """Match the lines of an invoice (三单匹配). `received` are the goods that it names; a service has nothing to be matched with.

    `orders` are the order lines that are named, or that named receipt lines belong to; all their invoices together stay within the order.
    Quantities are taken from what is open of them, first come first matched; two lines of the invoice never use the same goods. What
    is beyond goes to the last of them, so that a released invoice stands against a receipt in full.
    """
    left = {line.key: max(line.open, 0) for named in lines for line in received.of(named)}
    to_invoice = {key: order.quantity - order.invoiced for key, order in orders.items()}
    matched: list[MatchedLine] = []
    found: list[Difference] = []
    for line_no, line in enumerate(lines, 1):
        if line.expense is not None:
            matched.append(MatchedLine((), line.net, service=True))
            continue
        candidates = received.of(line)
        allocations: dict[Key, int] = {}
        rest = line.quantity
        for candidate in candidates:
            part = min(rest, left[candidate.key])
            if part:
                allocations[candidate.key] = part
                left[candidate.key] -= part
                rest -= part
        if rest and candidates:
            allocations[candidates[-1].key] = allocations.get(candidates[-1].key, 0) + rest
        terms = _terms(line, candidates, orders, allocations)
        matched.append(MatchedLine(tuple(allocations.items()), terms.expected_net))
        found += _quantity_differences(line_no, line, rest, bool(candidates))
        order = line.order or candidates[0].order
        if order is not None and order in orders:
            found += _order_differences(line_no, line.quantity, orders[order].quantity, max(to_invoice[order], 0))
            to_invoice[order] -= line.quantity
        found += _differences(line_no, line, terms, tolerance)
    return Match(tuple(matched), tuple(found))


@dataclass(frozen=True, slots=True)
class _Terms:
    expected_net: int
    rates: frozenset[int]


def _terms(
    line: InvoiceLine,
    candidates: Sequence[ReceiptLine],
    orders: Mapping[Key, OrderLine],
    allocations: Mapping[Key, int],
) -> _Terms:
    if not candidates:
        assert line.order is not None  # a receipt line that is named exists
        order = orders[line.order]
        return _Terms(line_value(line.quantity, order.price_e4), frozenset({order.rate_bp}))
    by_key = {candidate.key: candidate for candidate in candidates}
    # By price and not by receipt, so that goods which came in three parts are not rounded three times.
    quantities: dict[int, int] = {}
    for key, quantity in allocations.items():
        price = by_key[key].price_e4
        quantities[price] = quantities.get(price, 0) + quantity
    expected = sum(line_value(quantity, price) for price, quantity in quantities.items())
    return _Terms(expected, frozenset(by_key[key].rate_bp for key in allocations))


def _quantity_differences(line_no: int, line: InvoiceLine, beyond: int, received: bool) -> list[Difference]:
    found = []
    invoiced, fits = text_from_milli(line.quantity), text_from_milli(line.quantity - beyond)
    if not received:
        found.append(
            Difference(
                line_no, "not_received", invoiced, "0", "Nothing has come in for it yet.", "该行尚无入库，货未到。"
            )
        )
    elif beyond:
        found.append(
            Difference(
                line_no,
                "quantity_exceeds_receipt",
                invoiced,
                fits,
                f"{invoiced} are invoiced, but only {fits} came in and are not invoiced yet.",
                f"发票数量 {invoiced}，已入库未开票数量只有 {fits}。",
            )
        )
    return found


def _order_differences(line_no: int, quantity: int, ordered: int, left: int) -> list[Difference]:
    if quantity <= left:
        return []
    invoiced, fits, whole = text_from_milli(quantity), text_from_milli(left), text_from_milli(ordered)
    return [
        Difference(
            line_no,
            "quantity_exceeds_order",
            invoiced,
            fits,
            f"{invoiced} are invoiced, but only {fits} of the {whole} that were ordered are not invoiced yet.",
            f"发票数量 {invoiced}，订购数量 {whole} 中未开票的只有 {fits}。",
        )
    ]


def _differences(line_no: int, line: InvoiceLine, terms: _Terms, tolerance: Tolerance) -> list[Difference]:
    found = []
    if not tolerance.allows(line.net, terms.expected_net):
        net, expected = text_from_fen(line.net), text_from_fen(terms.expected_net)
        found.append(
            Difference(
                line_no,
                "price_differs",
                net,
                expected,
                f"The net amount is {net}, by the ordered price it would be {expected}.",
                f"发票不含税金额 {net}，按订单单价应为 {expected}。",
            )
        )
    if terms.rates != {line.rate_bp}:
        rate = text_from_rate(line.rate_bp)
        wanted = ", ".join(text_from_rate(value) for value in sorted(terms.rates))
        found.append(
            Difference(
                line_no,
                "tax_rate_differs",
                rate,
                wanted,
                f"The tax rate is {rate}, that of the order {wanted}.",
                f"发票税率 {rate}，订单税率 {wanted}。",
            )
        )
    return found


def to_cost_faults(lines: Mapping[int, InvoiceLine], match: Match) -> list[Fault]:
    """The part of a price difference that goes to cost of sales (差异转销售成本) cannot be more than the difference, or against it.

    `lines` are those that were matched, by their place in /lines.
    """
    found = []
    for (index, line), matched in zip(lines.items(), match.lines, strict=True):
        difference = line.net - matched.expected_net
        if line.to_cost and not (0 < line.to_cost <= difference or difference <= line.to_cost < 0):
            found.append(
                Fault(
                    f"/lines/{index}/to_cost_amount",
                    f"{text_from_fen(line.to_cost)} is no part of the price difference, which is {text_from_fen(difference)}.",
                    f"转销售成本 {text_from_fen(line.to_cost)} 不在价差 {text_from_fen(difference)} 之内。",
                )
            )
    return found


def line_faults(
    index: int,
    line: InvoiceLine,
    supplier_id: int,
    received: Received,
    orders: Mapping[Key, OrderLine],
) -> list[Fault]:
    """What is wrong with the references of an invoice line: none or two, lines that do not exist, or another supplier's.

    Where a service goes is looked at by `expense_faults`.
    """
    pointer = f"/lines/{index}"
    if [line.receipt, line.order, line.expense].count(None) != 2:
        return [
            Fault(
                pointer,
                "Name a line of a goods receipt (goods_receipt_id, goods_receipt_line_no) or one of a purchase order"
                " (purchase_order_id, purchase_order_line_no), each with its id and line number, or for a service the account that takes it"
                " (account_code); only one of the three.",
                "请指明入库单行\uff08goods_receipt_id、goods_receipt_line_no\uff09、采购订单行\uff08purchase_order_id、purchase_order_line_no\uff09"
                "或费用科目\uff08account_code\uff09，三者只能选一；编号与行号都要填。",
            )
        ]
    if line.expense is not None:
        return []
    if line.receipt is not None:
        named = received.lines.get(line.receipt)
        owner = None if named is None else named.supplier_id
        return _reference_faults(
            f"{pointer}/goods_receipt_id", line.receipt, owner, supplier_id, ("goods receipt", "入库单")
        )
    assert line.order is not None
    order = orders.get(line.order)
    return _reference_faults(
        f"{pointer}/purchase_order_id",
        line.order,
        None if order is None else order.supplier_id,
        supplier_id,
        ("purchase order", "采购订单"),
    )


def _reference_faults(
    pointer: str, key: Key, owner: int | None, supplier_id: int, words: tuple[str, str]
) -> list[Fault]:
    en, zh = words
    if owner is None:
        return [Fault(pointer, f"There is no line {key[1]} of {en} {key[0]}.", f"{zh} {key[0]} 没有第 {key[1]} 行。")]
    if owner != supplier_id:
        return [
            Fault(
                pointer,
                f"The {en} {key[0]} belongs to supplier {owner}, the invoice to {supplier_id}.",
                f"{zh} {key[0]} 属于供应商 {owner}，发票属于 {supplier_id}。",
            )
        ]
    return []


def red_part(amount: int, already: int, part: int, whole: int) -> int:
    """The share of `amount` for `part` of `whole`, after `already`; shares of all parts add up exactly."""
    return divide_half_up(amount * (already + part), whole) - divide_half_up(amount * already, whole)
