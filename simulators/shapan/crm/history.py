"""The orders of the year before the opening (历史订单), as the CRM keeps them: confirmed, and delivered in full."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import time
from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.seeding import Numbers, fill, timestamp
from shapan.world.seeding import order_id

if TYPE_CHECKING:
    from shapan.world import World
    from shapan.world.documents import Sale

# The day's report of what left the warehouse.
_REPORTED = time(18)


def write(db: sqlite3.Connection, world: World) -> None:
    """Write the orders and their lines, in the order in which they were entered, and let the numbers go on after them."""
    names = {customer.id: customer.name for customer in world.crm.customers}
    sales = sorted(world.sales, key=lambda sale: (sale.ordered_at, sale.order_number))
    numbers = Numbers()
    fill(
        db,
        "sales_order",
        "seq id number customer_id customer_name state delivery_status net_fen tax_fen version created_at updated_at submitted_at"
        " confirmed_at completed_at delivered delivered_fen",
        (
            _order(seq, sale, order_id(world, sale.order_number), names[sale.customer_id], numbers)
            for seq, sale in enumerate(sales, 1)
        ),
    )
    fill(
        db,
        "sales_order_line",
        "order_seq line_number product_code product_name unit quantity_milli unit_price_fen tax_rate_bp net_fen tax_fen discount_bp",
        (line for seq, sale in enumerate(sales, 1) for line in _lines(seq, sale)),
    )
    numbers.leave(db, lambda series: series.replace("ORD", "order"))


def _order(seq: int, sale: Sale, id_: str, customer_name: str, numbers: Numbers) -> tuple[Any, ...]:
    entered = rfc3339(sale.ordered_at)
    delivered = timestamp(sale.shipped_on, _REPORTED)
    quantities = {line_number: line.packs * 1000 for line_number, line in enumerate(sale.lines, 1)}
    return (
        *(seq, id_, numbers.take(sale.order_number), sale.customer_id, customer_name, "confirmed", "complete"),
        # Entered and confirmed at once, then reported as delivered: two versions.
        *(sale.net_fen, sale.tax_fen, 2, entered, delivered, entered, entered, delivered),
        *(json.dumps(quantities), sale.gross_fen),
    )


def _lines(seq: int, sale: Sale) -> Iterator[tuple[Any, ...]]:
    for line_number, line in enumerate(sale.lines, 1):
        product = line.product
        yield (
            *(seq, line_number, product.code, product.name, product.sales_unit, line.packs * 1000, line.price_fen),
            *(product.tax_rate_bp, line.net_fen, line.tax_fen, line.discount_bp),
        )
