"""What was received (入库情况), as returns and adjustments find it."""

from __future__ import annotations

import sqlite3

from shapan.kernel.errors import Fault, refused
from shapan.kernel.money import Tax
from shapan.kernel.system import Context
from shapan.scm.rules.goods_receipts import not_posted_refusal
from shapan.scm.rules.purchase_returns import Received
from shapan.scm.store import goods_receipts


def posted_receipt(ctx: Context, number: str) -> sqlite3.Row:
    """The receipt that a body names. 422 when there is none, 409 when it is not posted."""
    receipt = goods_receipts.get(ctx.db, number)
    if receipt is None:
        en, zh = f"There is no goods receipt {number}.", f"没有采购入库单 {number}。"
        raise refused([Fault("/goods_receipt_no", en, zh)])
    refusal = not_posted_refusal(number, receipt["state"])
    if refusal is not None:
        raise refusal
    return receipt


def received_lines(db: sqlite3.Connection, receipt_id: int) -> dict[int, Received]:
    """Line number -> what is left of a line, and what of it can still go back."""
    found = {}
    for line in goods_receipts.lines_of(db, [receipt_id])[receipt_id]:
        left = line["quantity_milli"] - line["returned_milli"]
        found[line["line_no"]] = Received(
            line["line_no"],
            line["product_code"],
            left,
            Tax(
                line["net_fen"] + line["adjusted_fen"] - line["returned_net_fen"],
                line["tax_fen"] - line["returned_tax_fen"],
            ),
            left - line["drafted_milli"],
            line["rejected_milli"] - line["returned_rejected_milli"] - line["drafted_rejected_milli"],
        )
    return found
