"""The documents of the year before the opening (历史单据), as the SCM keeps them: sales, purchases and production, all of them done.

Batches are kept from the opening on: what was moved before names none.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.seeding import Numbers, fill, timestamp
from shapan.world.seeding import order_id

if TYPE_CHECKING:
    from shapan.world import World
    from shapan.world.documents import Production, Purchase, PurchaseLine, Sale, SaleLine

# In the order of a day: what comes in is there for what goes out.
_ORDER = ("purchase_receipt", "production_receipt", "material_issue", "sales_issue")
_MORNING, _NOON, _EVENING = time(9, 30), time(12), time(17)


@dataclass(frozen=True, slots=True)
class _Move:
    """A movement of the ledger before it is booked; quantity in thousandths and value in fen have the sign of the change."""

    kind: str
    day: date
    product_code: str
    warehouse: str
    milli: int
    fen: int
    document: str
    line: int | None


def first_day(world: World) -> date:
    """The day on which the stock was counted with which the ledger begins: before the first document, or that of the opening."""
    days = [purchase.ordered_on for purchase in world.purchases]
    days += [sale.ordered_at.date() for sale in world.sales]
    return min(days) - timedelta(days=1) if days else world.spec.opening


def write(db: sqlite3.Connection, world: World) -> None:
    """Write the documents and the movements behind them onto the stock that was there before; the numbers go on after them."""
    numbers = Numbers()
    _sales(db, world, numbers)
    _purchases(db, world, numbers)
    _productions(db, world, numbers)
    moves = sorted(_moves(world), key=lambda move: (move.day, _ORDER.index(move.kind), move.document, move.line or 0))
    _ledger(db, world, moves, numbers)
    numbers.leave(db)


def _sales(db: sqlite3.Connection, world: World, numbers: Numbers) -> None:
    sales = list(enumerate(sorted(world.sales, key=lambda one: (one.ordered_at, one.sales_order_number)), 1))
    fill(
        db,
        "sales_order",
        "id number state partner_code warehouse_code order_date source_system source_document source_id net_fen tax_fen created_at"
        " updated_at approved_at closed_at",
        (_sales_order(world, serial, sale, numbers) for serial, sale in sales),
    )
    fill(
        db,
        "sales_order_line",
        "order_id line_no product_code quantity_milli unit_price_e4 rate_bp net_fen tax_fen shipped_milli shipped_net_fen"
        " shipped_tax_fen source_line",
        (
            (*_line(serial, line_no, line), line_no)
            for serial, sale in sales
            for line_no, line in enumerate(sale.lines, 1)
        ),
    )
    shipped = [
        (serial, order_id, sale)
        for serial, (order_id, sale) in enumerate(sorted(sales, key=lambda one: (one[1].shipped_on, one[0])), 1)
    ]
    fill(
        db,
        "delivery",
        "id number state order_id ship_date created_at updated_at shipped_at",
        (
            (
                *(serial, numbers.take(sale.delivery_number), "shipped", order_id, sale.shipped_on.isoformat()),
                *(_entered(sale), *(timestamp(sale.shipped_on, _EVENING),) * 2),
            )
            for serial, order_id, sale in shipped
        ),
    )
    fill(
        db,
        "delivery_line",
        "delivery_id line_no quantity_milli net_fen tax_fen cost_fen",
        (
            (serial, line_no, line.quantity_milli, line.net_fen, line.tax_fen, line.cost_fen)
            for serial, _, sale in shipped
            for line_no, line in enumerate(sale.lines, 1)
        ),
    )


def _line(order: int, line_no: int, line: SaleLine | PurchaseLine) -> tuple[Any, ...]:
    """A line of an order, and that all of it came or left."""
    return (
        *(order, line_no, line.product.code, line.quantity_milli, line.unit_price_e4, line.product.tax_rate_bp),
        *(line.net_fen, line.tax_fen, line.quantity_milli, line.net_fen, line.tax_fen),
    )


def _entered(sale: Sale) -> str:
    """Ten minutes after the CRM's order."""
    return rfc3339(sale.ordered_at + timedelta(minutes=10))


def _sales_order(world: World, serial: int, sale: Sale, numbers: Numbers) -> tuple[Any, ...]:
    entered, closed = _entered(sale), timestamp(sale.shipped_on, _EVENING)
    return (
        *(serial, numbers.take(sale.sales_order_number), "closed", sale.partner_code, sale.warehouse),
        *(sale.ordered_at.date().isoformat(), "crm", sale.order_number, order_id(world, sale.order_number)),
        *(sale.net_fen, sale.tax_fen, entered, closed, entered, closed),
    )


def _purchases(db: sqlite3.Connection, world: World, numbers: Numbers) -> None:
    terms = {supplier.code: supplier.payment_terms for supplier in world.scm.suppliers}
    purchases = list(enumerate(sorted(world.purchases, key=lambda one: (one.ordered_on, one.order_number)), 1))
    fill(
        db,
        "purchase_order",
        "id number state supplier_code warehouse_code payment_terms tolerance_bp order_date expected_date net_fen tax_fen created_at"
        " updated_at approved_at closed_at",
        (_purchase_order(serial, one, terms[one.supplier.code], numbers) for serial, one in purchases),
    )
    fill(
        db,
        "purchase_order_line",
        "order_id line_no product_code quantity_milli unit_price_e4 rate_bp net_fen tax_fen received_milli received_net_fen"
        " received_tax_fen",
        (_line(serial, line_no, line) for serial, one in purchases for line_no, line in enumerate(one.lines, 1)),
    )
    received = [
        (serial, order_id, one)
        for serial, (order_id, one) in enumerate(sorted(purchases, key=lambda each: (each[1].received_on, each[0])), 1)
    ]
    fill(
        db,
        "goods_receipt",
        "id number state order_id receipt_date created_at updated_at posted_at",
        (
            (
                *(serial, numbers.take(one.receipt_number), "posted", order_id, one.received_on.isoformat()),
                *(timestamp(one.received_on, _MORNING),) * 3,
            )
            for serial, order_id, one in received
        ),
    )
    fill(
        db,
        "goods_receipt_line",
        "receipt_id line_no order_line quantity_milli rejected_milli net_fen tax_fen",
        (
            (serial, line_no, line_no, line.quantity_milli, 0, line.net_fen, line.tax_fen)
            for serial, _, one in received
            for line_no, line in enumerate(one.lines, 1)
        ),
    )


def _purchase_order(serial: int, one: Purchase, terms: str, numbers: Numbers) -> tuple[Any, ...]:
    entered, closed = timestamp(one.ordered_on, _MORNING), timestamp(one.received_on, _MORNING)
    return (
        *(serial, numbers.take(one.order_number), "closed", one.supplier.code, one.warehouse, terms, 0),
        *(one.ordered_on.isoformat(), one.received_on.isoformat(), one.net_fen, one.tax_fen),
        *(entered, closed, entered, closed),
    )


def _productions(db: sqlite3.Connection, world: World, numbers: Numbers) -> None:
    boms = {row["product_code"]: row["code"] for row in db.execute("SELECT product_code, code FROM bom")}
    made = list(enumerate(sorted(world.productions, key=lambda one: (one.released_on, one.order_number)), 1))
    fill(
        db,
        "production_order",
        "id number state product_code bom_code quantity_milli received_milli material_warehouse_code receipt_warehouse_code"
        " planned_start planned_finish issued_fen absorbed_fen labour_fen created_at updated_at released_at completed_at",
        (_production_order(serial, one, boms[one.product.code], numbers) for serial, one in made),
    )
    fill(
        db,
        "production_material",
        "order_id line_no product_code required_milli issued_milli issued_fen",
        (
            (serial, line_no, line.product.code, line.quantity_milli, line.quantity_milli, line.value_fen)
            for serial, one in made
            for line_no, line in enumerate(one.materials, 1)
        ),
    )
    fill(
        db,
        "production_posting",
        "number kind order_id warehouse_code business_date created_at",
        (
            (
                *(numbers.take(one.issue_number), "issue", serial, one.warehouse, one.issued_on.isoformat()),
                timestamp(one.issued_on, _NOON),
            )
            for serial, one in sorted(made, key=lambda each: (each[1].issued_on, each[0]))
        ),
    )
    fill(
        db,
        "production_receipt",
        "number order_id warehouse_code business_date quantity_milli final material_fen labour_fen overhead_fen created_at",
        (
            (
                *(numbers.take(one.receipt_number), serial, one.warehouse, one.received_on.isoformat()),
                *(one.quantity_milli, 1, _material(one), one.labour_fen, 0, timestamp(one.received_on, _MORNING)),
            )
            for serial, one in sorted(made, key=lambda each: (each[1].received_on, each[0]))
        ),
    )


def _material(one: Production) -> int:
    return sum(line.value_fen for line in one.materials)


def _production_order(serial: int, one: Production, bom: str, numbers: Numbers) -> tuple[Any, ...]:
    released, completed = timestamp(one.released_on, _MORNING), timestamp(one.received_on, _MORNING)
    return (
        *(serial, numbers.take(one.order_number), "completed", one.product.code, bom, one.quantity_milli),
        *(one.quantity_milli, one.warehouse, one.warehouse, one.issued_on.isoformat(), one.received_on.isoformat()),
        *(_material(one), _material(one), one.labour_fen, released, completed, released, completed),
    )


def _moves(world: World) -> Iterator[_Move]:
    for sale in world.sales:
        for line_no, line in enumerate(sale.lines, 1):
            yield _Move(
                *("sales_issue", sale.shipped_on, line.product.code, sale.warehouse),
                *(-line.quantity_milli, -line.cost_fen, sale.delivery_number, line_no),
            )
    for bought in world.purchases:
        for line_no, part in enumerate(bought.lines, 1):
            yield _Move(
                *("purchase_receipt", bought.received_on, part.product.code, bought.warehouse),
                *(part.quantity_milli, part.net_fen, bought.receipt_number, line_no),
            )
    for made in world.productions:
        for line_no, used in enumerate(made.materials, 1):
            yield _Move(
                *("material_issue", made.issued_on, used.product.code, made.warehouse),
                *(-used.quantity_milli, -used.value_fen, made.issue_number, line_no),
            )
        yield _Move(
            *("production_receipt", made.received_on, made.product.code, made.warehouse),
            *(made.quantity_milli, made.cost_fen, made.receipt_number, None),
        )


def _ledger(db: sqlite3.Connection, world: World, moves: list[_Move], numbers: Numbers) -> None:
    """Stock as it was, what moved, and what there is now: by warehouse, and quantity and value of the whole company."""
    before = {(row.product.code, row.warehouse): row for row in world.stock_before}
    on_hand: Counter[tuple[str, str]] = Counter({place: row.quantity_milli for place, row in before.items()})
    quantity: Counter[str] = Counter()
    value: Counter[str] = Counter()
    for (product_code, _), row in before.items():
        quantity[product_code] += row.quantity_milli
        value[product_code] += row.value_fen
    booked = []
    for move in moves:
        place = (move.product_code, move.warehouse)
        on_hand[place] += move.milli
        quantity[move.product_code] += move.milli
        value[move.product_code] += move.fen
        booked.append(
            (
                *(numbers.next(f"KCLS-{move.day:%Y%m}"), move.kind, *place, move.milli, on_hand[place]),
                *(move.milli, quantity[move.product_code], move.fen, value[move.product_code], move.day.isoformat()),
                *(move.document, move.line, timestamp(move.day, _MORNING if move.milli > 0 else _EVENING)),
            )
        )
    since = first_day(world).isoformat()
    fill(
        db,
        "stock",
        "product_code warehouse_code opening_milli opening_value_fen on_hand_milli reserved_milli opened_on",
        (
            (*place, counted.quantity_milli, counted.value_fen, milli, 0, since)
            if (counted := before.get(place))
            else (*place, 0, 0, milli, 0, None)
            for place, milli in on_hand.items()
        ),
    )
    fill(
        db,
        "product_cost",
        "product_code quantity_milli value_fen",
        ((product_code, milli, value[product_code]) for product_code, milli in quantity.items()),
    )
    fill(
        db,
        "movement",
        "number kind product_code warehouse_code change_milli on_hand_after_milli company_change_milli company_after_milli"
        " value_change_fen value_after_fen business_date source_document source_line created_at",
        booked,
    )
