"""O7: stock (库存) of the SCM adds up, is never negative, and carries the reservations and shipments of its
documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Kind,
    Result,
    delivery,
    money,
    product,
    quantity,
    sales_order,
    warehouse,
)
from shapan.control.oracle.model import DeliveryLine, SalesOrder, ScmLine, Stock

DIFFERS = Kind("stock-differs")
NEGATIVE = Kind("stock-negative")
OVER_RESERVED = Kind("stock-over-reserved")
RESERVATION = Kind("stock-reservation-differs")
SHIPMENT = Kind("shipment-differs")


def find(books: Books) -> Result:
    """One comparison per product and warehouse, and one per sales order with shipments."""
    shipped = [item for item in books.scm.sales_orders if _has_shipments(books, item)]
    return Result(
        (
            *(product(item.product_code) for item in books.scm.stock),
            *(sales_order(item.number) for item in shipped),
        ),
        (
            *(difference for item in books.scm.stock for difference in _stock(item)),
            *_reservations(books),
            *(difference for item in shipped for difference in _shipments(books, item)),
        ),
    )


def _stock(item: Stock) -> Iterable[Difference]:
    documents = (product(item.product_code), warehouse(item.warehouse_code))
    where_en = f"{item.product_code} in warehouse {item.warehouse_code}"
    where_zh = f"仓库 {item.warehouse_code} 的 {item.product_code} "
    expected = item.opening_milli + item.movements_milli
    on_hand, reserved = quantity(item.on_hand_milli), quantity(item.reserved_milli)
    if item.on_hand_milli != expected:
        yield Difference(
            DIFFERS,
            documents,
            quantity(expected),
            on_hand,
            f"Stock of {where_en} is {on_hand}, but opening stock and movements add up to {quantity(expected)}.",
            f"{where_zh}现存量为 {on_hand}，而期初加出入库合计为 {quantity(expected)}。",
        )
    if item.on_hand_milli < 0:
        yield Difference(
            NEGATIVE,
            documents,
            "0 or more",
            on_hand,
            f"Stock of {where_en} is negative: {on_hand}.",
            f"{where_zh}现存量为负：{on_hand}。",
        )
    if item.reserved_milli > max(item.on_hand_milli, 0) or item.reserved_milli < 0:
        yield Difference(
            OVER_RESERVED,
            documents,
            f"from 0 to {on_hand} reserved",
            f"{reserved} reserved",
            f"{reserved} of {where_en} are reserved, but {on_hand} are on hand.",
            f"{where_zh}已预留 {reserved}，而现存量为 {on_hand}。",
        )


def _reservations(books: Books) -> Iterable[Difference]:
    """What stock counts as reserved is what the lines of sales orders have reserved, per product."""
    in_stock: Counter[str] = Counter()
    for item in books.scm.stock:
        in_stock[item.product_code] += item.reserved_milli
    by_orders: Counter[str] = Counter()
    for order in books.scm.sales_orders:
        for line in order.lines:
            by_orders[line.product_code] += line.reserved_milli
    for code in sorted({*in_stock, *by_orders}):
        if in_stock[code] != by_orders[code]:
            expected, found = quantity(by_orders[code]), quantity(in_stock[code])
            yield Difference(
                RESERVATION,
                (product(code),),
                f"{expected} reserved",
                f"{found} reserved",
                f"Stock of {code} shows {found} reserved, but sales orders have reserved {expected}.",
                f"{code} 的库存预留量为 {found}，而销售订单预留合计为 {expected}。",
            )


def _has_shipments(books: Books, order: SalesOrder) -> bool:
    shipped = any(item.state == "shipped" for item in books.links.deliveries_of(order))
    return shipped or order.state == "closed" or any(line.shipped_milli for line in order.lines)


def _shipments(books: Books, order: SalesOrder) -> Iterable[Difference]:
    """Shipped deliveries add up to what the lines say was shipped, and to the whole order once it is closed, unless its rest was."""
    shipped = [item for item in books.links.deliveries_of(order) if item.state == "shipped"]
    wrong: list[tuple[str, str, str, str]] = []
    whole = order.state == "closed" and not order.closed_short
    for line in order.lines:
        delivered = [part for item in shipped for part in item.lines if part.line == line.line]
        if _adds_up(line, delivered, whole):
            continue
        moved = sum(part.quantity_milli for part in delivered)
        goods = {part.product_code for part in delivered} or {line.product_code}
        rows = [("product", "产品", line.product_code, ", ".join(sorted(goods)))]
        rows += [("quantity shipped", "已发数量", quantity(line.shipped_milli), quantity(moved))]
        if whole:
            rows += [
                ("quantity ordered", "订单数量", quantity(line.quantity_milli), quantity(moved)),
                ("net", "不含税金额", money(line.net_fen), money(sum(part.net_fen for part in delivered))),
                ("tax", "税额", money(line.tax_fen), money(sum(part.tax_fen for part in delivered))),
            ]
        wrong += [
            (f"{en} of line {line.line}", f"第 {line.line} 行{zh}", want, have)
            for en, zh, want, have in rows
            if want != have
        ]
    for item in shipped:
        sums = tuple(sum(getattr(part, name) for part in item.lines) for name in ("net_fen", "tax_fen", "gross_fen"))
        if sums == (item.net_fen, item.tax_fen, item.gross_fen):
            continue
        for en, zh, header, total in (
            ("net", "不含税金额", item.net_fen, sum(part.net_fen for part in item.lines)),
            ("tax", "税额", item.tax_fen, sum(part.tax_fen for part in item.lines)),
            ("gross", "价税合计", item.gross_fen, sum(part.gross_fen for part in item.lines)),
        ):
            if header != total:
                wrong.append((f"{en} of {item.number}", f"{item.number} {zh}", money(total), money(header)))
    if wrong:
        expected = "; ".join(f"{en} {want}" for en, _, want, _ in wrong)
        found = "; ".join(f"{en} {have}" for en, _, _, have in wrong)
        listed_zh = "；".join(f"{zh}应为 {want}，实为 {have}" for _, zh, want, have in wrong)
        yield Difference(
            SHIPMENT,
            (sales_order(order.number), *(delivery(item.number) for item in shipped)),
            expected,
            found,
            f"The shipments of sales order {order.number} do not add up: expected {expected}; found {found}.",
            f"SCM 销售订单 {order.number} 的发货不一致：{listed_zh}。",
        )


def _adds_up(line: ScmLine, delivered: list[DeliveryLine], whole: bool) -> bool:
    """Whether nothing of a line differs; asked first, because most need no words."""
    moved = sum(part.quantity_milli for part in delivered)
    if moved != line.shipped_milli or any(part.product_code != line.product_code for part in delivered):
        return False
    if not whole:
        return True
    net, tax = sum(part.net_fen for part in delivered), sum(part.tax_fen for part in delivered)
    return (moved, net, tax) == (line.quantity_milli, line.net_fen, line.tax_fen)


CHECK = Check(
    "O7",
    "stock",
    "Stock equals opening plus movements, is never negative, and its reservations and shipments agree with the "
    "sales orders.",
    "现存量等于期初加出入库，不为负；预留与发货同销售订单一致。",
    (DIFFERS, NEGATIVE, OVER_RESERVED, RESERVATION, SHIPMENT),
    find,
)
