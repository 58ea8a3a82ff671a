"""What was open when the books opened, and the year before it (期初往来与历史单据), as finance keeps them.

None of it has a voucher: its entries stand in the former ledger, and here in the opening balances. With the year before, receivables
and payables are there in full with what settled them; without it only what is open of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import TYPE_CHECKING, Any

from shapan.finance.rules.payables import payable_state
from shapan.finance.rules.periods import period_of
from shapan.finance.rules.receivables import receipt_state, receivable_state
from shapan.kernel.numbering import continue_after, next_number
from shapan.kernel.seeding import Numbers, fill, timestamp

if TYPE_CHECKING:
    from shapan.world import World
    from shapan.world.documents import Carried, Purchase, Receipt, Sale
    from shapan.world.entities import OpeningReceivable

_RECEIVABLE = (
    "id number customer_id business_date due_date period net_fen tax_fen gross_fen settled_fen state opening source_system"
    " source_document order_reference posted_at change"
)
_RECEIPT = "id number customer_id business_date period amount_fen applied_fen state bank_account bank_reference opening posted_at change"
_PAYABLE = "id number supplier_id business_date due_date period net_fen tax_fen gross_fen settled_fen state opening posted_at change"
_PAYMENT = (
    "id number supplier_id business_date period kind amount_fen applied_fen state opening bank_account posted_at change"
)
_BANK = "100201"
_EVENING = time(18)


class Changes:
    """Change numbers (变更序号) for many rows, drawn at once when the last of them is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._next = next_number(db, "change")

    def draw(self) -> int:
        """The next one."""
        self._next += 1
        return self._next - 1

    def leave(self) -> None:
        """Let the numbers go on after these."""
        continue_after(self._db, "change", self._next - 1)


def write(db: sqlite3.Connection, world: World) -> None:
    """Write the open items, or the documents of the past year that leave the same open; the numbers go on after them."""
    changes, numbers = Changes(db), Numbers()
    if world.spec.history:
        _receivables(db, world, changes, numbers)
        _payables(db, world, changes, numbers)
    else:
        _open_items(db, world, changes, numbers)
    changes.leave()
    # Finance counts by period, which it writes with a dash: YS-202511-00001 is of the series YS-2025-11.
    numbers.leave(db, lambda series: f"{series[:-2]}-{series[-2:]}")


def _posted(day: date) -> str:
    return timestamp(day, _EVENING)


# --- with the year before -------------------------------------------------------------------------------------------------


def _receivables(db: sqlite3.Connection, world: World, changes: Changes, numbers: Numbers) -> None:
    sales = list(enumerate(sorted(world.sales, key=lambda one: (one.shipped_on, one.receivable_number)), 1))
    carried = list(
        enumerate(sorted(world.carried, key=lambda one: (one.business_date, one.receivable_number)), len(sales) + 1)
    )
    fill(db, "receivable", _RECEIVABLE, (_sold(id_, sale, changes, numbers) for id_, sale in sales))
    fill(db, "receivable", _RECEIVABLE, (_carried(id_, one, changes, numbers) for id_, one in carried))
    fill(
        db,
        "receivable_line",
        "receivable_id line_no description net_fen rate_bp tax_fen",
        (
            (
                id_,
                line_no,
                f"{line.product.name} {line.product.spec}",
                line.net_fen,
                line.product.tax_rate_bp,
                line.tax_fen,
            )
            for id_, sale in sales
            for line_no, line in enumerate(sale.lines, 1)
        ),
    )
    paid = sorted(
        ((receipt, id_, sale) for id_, sale in sales for receipt in sale.receipts),
        key=lambda one: (one[0].received_on, one[0].number),
    )
    receipts = list(enumerate(paid, 1))
    fill(
        db,
        "receipt",
        _RECEIPT,
        (_receipt(id_, receipt, changes, numbers) for id_, (receipt, _, _) in receipts),
    )
    settled = [
        (id_, receipt, receivable_id)
        for id_, (receipt, receivable_id, _) in receipts
        if receipt.settlement_number is not None
    ]
    fill(
        db,
        "settlement",
        "id number customer_id receipt_id business_date period posted_at change",
        (
            (
                *(id_, numbers.take(receipt.settlement_number or ""), receipt.customer_id, receipt_id),
                *(receipt.received_on.isoformat(), period_of(receipt.received_on), _posted(receipt.received_on)),
                changes.draw(),
            )
            for id_, (receipt_id, receipt, _) in enumerate(settled, 1)
        ),
    )
    fill(
        db,
        "settlement_line",
        "settlement_id line_no receivable_id amount_fen",
        ((id_, 1, receivable_id, receipt.settled_fen) for id_, (_, receipt, receivable_id) in enumerate(settled, 1)),
    )


def _sold(id_: int, sale: Sale, changes: Changes, numbers: Numbers) -> tuple[Any, ...]:
    gross, settled = sale.gross_fen, sale.settled_fen
    return (
        *(id_, numbers.take(sale.receivable_number), sale.finance_id, sale.shipped_on.isoformat()),
        *(sale.due_on.isoformat(), period_of(sale.shipped_on), sale.net_fen, sale.tax_fen, gross, settled),
        *(receivable_state(gross, settled), 1, "scm", sale.delivery_number, sale.order_number),
        *(_posted(sale.shipped_on), changes.draw()),
    )


def _carried(id_: int, one: Carried, changes: Changes, numbers: Numbers) -> tuple[Any, ...]:
    """One that is older than the year: nothing is known of where it came from."""
    return (
        *(id_, numbers.take(one.receivable_number), one.finance_id, one.business_date.isoformat()),
        *(one.due_on.isoformat(), period_of(one.business_date), one.net_fen, one.tax_fen, one.net_fen + one.tax_fen),
        *(0, "open", 1, None, None, None, _posted(one.business_date), changes.draw()),
    )


def _receipt(id_: int, receipt: Receipt, changes: Changes, numbers: Numbers) -> tuple[Any, ...]:
    day = receipt.received_on
    return (
        *(id_, numbers.take(receipt.number), receipt.customer_id, day.isoformat(), period_of(day)),
        *(receipt.amount_fen, receipt.settled_fen, receipt_state(receipt.amount_fen, receipt.settled_fen)),
        *(_BANK, f"LS{day:%Y%m%d}{id_:06d}", 1, _posted(day), changes.draw()),
    )


def _payables(db: sqlite3.Connection, world: World, changes: Changes, numbers: Numbers) -> None:
    bought = list(enumerate(sorted(world.purchases, key=lambda one: (one.received_on, one.payable_number)), 1))
    fill(db, "payable", _PAYABLE, (_payable(id_, one, changes, numbers) for id_, one in bought))
    paid = [
        (payable_id, one, one.paid_on, one.payment_number)
        for payable_id, one in sorted(bought, key=lambda each: (each[1].paid_on or date.max, each[0]))
        if one.paid_on is not None and one.payment_number is not None
    ]
    fill(
        db,
        "payment",
        _PAYMENT,
        (
            (
                *(id_, numbers.take(number), one.finance_id, day.isoformat(), period_of(day), "payment", one.gross_fen),
                *(one.gross_fen, "applied", 1, _BANK, _posted(day), changes.draw()),
            )
            for id_, (_, one, day, number) in enumerate(paid, 1)
        ),
    )
    fill(
        db,
        "payable_settlement",
        "id number supplier_id business_date period payment_id posted_at change",
        (
            (
                *(id_, numbers.next(f"FH-{day:%Y%m}"), one.finance_id, day.isoformat(), period_of(day), id_),
                *(_posted(day), changes.draw()),
            )
            for id_, (_, one, day, _) in enumerate(paid, 1)
        ),
    )
    fill(
        db,
        "payable_settlement_line",
        "payable_settlement_id line_no payable_id amount_fen",
        ((id_, 1, payable_id, one.gross_fen) for id_, (payable_id, one, _, _) in enumerate(paid, 1)),
    )


def _payable(id_: int, one: Purchase, changes: Changes, numbers: Numbers) -> tuple[Any, ...]:
    settled = 0 if one.paid_on is None else one.gross_fen
    return (
        *(id_, numbers.take(one.payable_number), one.finance_id, one.received_on.isoformat(), one.due_on.isoformat()),
        *(period_of(one.received_on), one.net_fen, one.tax_fen, one.gross_fen, settled),
        *(payable_state(one.gross_fen, settled), 1, _posted(one.received_on), changes.draw()),
    )


# --- only what is open ----------------------------------------------------------------------------------------------------


def _open_items(db: sqlite3.Connection, world: World, changes: Changes, numbers: Numbers) -> None:
    view = world.finance
    fill(db, "receivable", _RECEIVABLE, _open_receivables(view.opening_receivables, changes, numbers))
    fill(
        db,
        "receipt",
        _RECEIPT,
        (
            (
                *(id_, numbers.take(one.number), one.customer_id, one.business_date, one.business_date[:7]),
                *(one.amount_fen, 0, "unapplied", _BANK, None, 1),
                *(_posted(date.fromisoformat(one.business_date)), changes.draw()),
            )
            for id_, one in enumerate(view.opening_receipts, 1)
        ),
    )
    fill(
        db,
        "payable",
        _PAYABLE,
        (
            (
                *(
                    id_,
                    numbers.take(one.number),
                    one.supplier_id,
                    one.business_date,
                    one.due_date,
                    one.business_date[:7],
                ),
                *(one.net_fen, one.tax_fen, one.gross_fen, 0, "open", 1, None, changes.draw()),
            )
            for id_, one in enumerate(view.opening_payables, 1)
        ),
    )


def _open_receivables(
    items: Iterable[OpeningReceivable], changes: Changes, numbers: Numbers
) -> Iterator[tuple[Any, ...]]:
    for id_, one in enumerate(items, 1):
        yield (
            *(id_, numbers.take(one.number), one.customer_id, one.business_date, one.due_date, one.business_date[:7]),
            *(one.net_fen, one.tax_fen, one.gross_fen, 0, "open", 1, None, None, None, None, changes.draw()),
        )
