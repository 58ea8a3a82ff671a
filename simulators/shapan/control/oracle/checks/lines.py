"""O2: the lines of a CRM order and of its SCM sales order say the same: product, quantity in base units, net,
tax and gross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import Check, Difference, Kind, Result, crm_order, money, quantity, sales_order
from shapan.control.oracle.model import CrmLine, CrmOrder, SalesOrder, ScmLine

DIFFERS = Kind("line-differs")
MISSING = Kind("line-missing")
ADDITIONAL = Kind("line-additional")
TOTAL = Kind("order-total-differs")


@dataclass(frozen=True, slots=True)
class _Member:
    """One compared member of a line: its name in both languages, what CRM leads to and what SCM has."""

    en: str
    zh: str
    expected: str
    found: str
    found_zh: str = ""

    def in_chinese(self) -> str:
        """ "应为 24，实为 1"."""
        return f"{self.zh}应为 {self.expected}，实为 {self.found_zh or self.found}"


def find(books: Books) -> Result:
    """One comparison per SCM sales order that follows a confirmed CRM order and is not cancelled."""
    pairs = [
        (order, follower)
        for order in books.crm.orders
        if order.state == "confirmed"
        for follower in books.links.sales_orders_of(order)
        if follower.state != "cancelled"
    ]
    return Result(
        tuple(sales_order(follower.number) for _, follower in pairs),
        tuple(difference for order, follower in pairs for difference in _of(books, order, follower)),
    )


def same_product(books: Books, crm_code: str, scm_code: str) -> bool:
    """Whether two product codes mean the same product: by the answer key when it knows both, else by equal codes."""
    one, other = books.entity_of("crm", "product", crm_code), books.entity_of("scm", "product", scm_code)
    return one == other if one and other else crm_code == scm_code


def _of(books: Books, order: CrmOrder, follower: SalesOrder) -> Iterable[Difference]:
    pairs, missing, additional = _paired(books, order.lines, follower.lines)
    documents = (sales_order(follower.number), crm_order(order.number))
    differences = [
        *(d for line, other in pairs for d in _line(books, order, follower, line, other)),
        *(
            Difference(
                MISSING,
                documents,
                f"{line.quantity} {line.unit} of {line.product_code}",
                "no such line",
                f"Line {line.line} of CRM order {order.number} ({line.product_code}) is missing in sales order "
                f"{follower.number}.",
                f"CRM 订单 {order.number} 第 {line.line} 行（{line.product_code}）在 SCM 销售订单 {follower.number} "
                "中缺失。",
            )
            for line in missing
        ),
        *(
            Difference(
                ADDITIONAL,
                documents,
                "no such line",
                f"{quantity(other.quantity_milli)} of {other.product_code}",
                f"Line {other.line} of sales order {follower.number} ({other.product_code}) stands in no line of CRM "
                f"order {order.number}.",
                f"SCM 销售订单 {follower.number} 第 {other.line} 行（{other.product_code}）在 CRM 订单 "
                f"{order.number} 中不存在。",
            )
            for other in additional
        ),
    ]
    yield from differences or _total(order, follower)


def _paired(
    books: Books, lines: Sequence[CrmLine], others: Sequence[ScmLine]
) -> tuple[list[tuple[CrmLine, ScmLine]], list[CrmLine], list[ScmLine]]:
    """Lines that belong together: by source line where given, else by product, equal amounts first. Then what
    is left over.
    """
    pairs: list[tuple[CrmLine, ScmLine]] = []
    left, right = list(lines), list(others)

    def pair(fits: Callable[[CrmLine, ScmLine], bool]) -> None:
        for line in list(left):
            other = next((candidate for candidate in right if fits(line, candidate)), None)
            if other is not None:
                pairs.append((line, other))
                left.remove(line)
                right.remove(other)

    def by_source(line: CrmLine, other: ScmLine) -> bool:
        return other.source_line is not None and str(other.source_line) == str(line.line)

    def by_product(line: CrmLine, other: ScmLine) -> bool:
        return same_product(books, line.product_code, other.product_code)

    pair(by_source)
    pair(lambda line, other: by_product(line, other) and line.net_fen == other.net_fen)
    pair(by_product)
    return pairs, left, right


def _line(books: Books, order: CrmOrder, follower: SalesOrder, line: CrmLine, other: ScmLine) -> Iterable[Difference]:
    if _alike(books, line, other):
        return
    members = [member for member in _members(books, line, other) if member.expected != member.found]
    if members:
        expected = "; ".join(f"{member.en} {member.expected}" for member in members)
        found = "; ".join(f"{member.en} {member.found}" for member in members)
        names_zh = "；".join(member.in_chinese() for member in members)
        yield Difference(
            DIFFERS,
            (sales_order(follower.number), crm_order(order.number)),
            expected,
            found,
            f"Line {other.line} of sales order {follower.number} differs from line {line.line} of CRM order "
            f"{order.number}: "
            f"expected {expected}; found {found}.",
            f"SCM 销售订单 {follower.number} 第 {other.line} 行与 CRM 订单 {order.number} 第 {line.line} 行不一致："
            f"{names_zh}。",
        )


def _alike(books: Books, line: CrmLine, other: ScmLine) -> bool:
    """Whether nothing differs; asked first, because most lines are alike and need no words."""
    product = books.products.get(other.product_code)
    factor = product.factor(line.unit) if product else None
    return (
        factor is not None
        and line.quantity * factor == other.quantity_milli
        and (line.net_fen, line.tax_fen, line.gross_fen) == (other.net_fen, other.tax_fen, other.gross_fen)
        and same_product(books, line.product_code, other.product_code)
    )


def _members(books: Books, line: CrmLine, other: ScmLine) -> Iterable[_Member]:
    alike = same_product(books, line.product_code, other.product_code)
    yield _Member("product", "产品", line.product_code, line.product_code if alike else other.product_code)
    product = books.products.get(other.product_code)
    factor = product.factor(line.unit) if product else None
    if factor is None:
        yield _Member("unit", "单位", line.unit, f"none of {other.product_code}", f"{other.product_code} 无此单位")
    else:
        yield _Member("quantity", "基本单位数量", quantity(line.quantity * factor), quantity(other.quantity_milli))
    yield _Member("net", "不含税金额", money(line.net_fen), money(other.net_fen))
    yield _Member("tax", "税额", money(line.tax_fen), money(other.tax_fen))
    yield _Member("gross", "价税合计", money(line.gross_fen), money(other.gross_fen))


def _total(order: CrmOrder, follower: SalesOrder) -> Iterable[Difference]:
    """All lines agree: then the total of the CRM order must be their sum, too."""
    sums = [sum(getattr(line, name) for line in follower.lines) for name in ("net_fen", "tax_fen", "gross_fen")]
    if sums == [order.net_fen, order.tax_fen, order.gross_fen]:
        return
    members = [
        _Member("net", "不含税金额", money(order.net_fen), money(sum(line.net_fen for line in follower.lines))),
        _Member("tax", "税额", money(order.tax_fen), money(sum(line.tax_fen for line in follower.lines))),
        _Member("gross", "价税合计", money(order.gross_fen), money(sum(line.gross_fen for line in follower.lines))),
    ]
    wrong = [member for member in members if member.expected != member.found]
    if wrong:
        yield Difference(
            TOTAL,
            (sales_order(follower.number), crm_order(order.number)),
            "; ".join(f"{member.en} {member.expected}" for member in wrong),
            "; ".join(f"{member.en} {member.found}" for member in wrong),
            f"The lines of sales order {follower.number} do not add up to the total of CRM order {order.number}: "
            + "; ".join(f"{member.en} {member.found} instead of {member.expected}" for member in wrong)
            + ".",
            f"SCM 销售订单 {follower.number} 各行之和与 CRM 订单 {order.number} 的合计不一致："
            + "；".join(member.in_chinese() for member in wrong)
            + "。",
        )


CHECK = Check(
    "O2",
    "lines",
    "Lines of CRM order and SCM sales order agree in product, quantity in base units, net, tax and gross.",
    "CRM 订单与 SCM 销售订单逐行一致：产品、基本单位数量、不含税金额、税额、价税合计。",
    (DIFFERS, MISSING, ADDITIONAL, TOTAL),
    find,
)
