"""What the CRM does by itself when its time comes (定时任务): quotations expire."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from shapan.crm import views
from shapan.crm.store import quotations
from shapan.kernel.scheduled import Done, Scheduled, day_after, day_of
from shapan.kernel.system import Context


def _next_expiry(db: sqlite3.Connection, after: datetime) -> datetime | None:
    last = quotations.next_last_day(db, day_of(after))
    return None if last is None else day_after(last)


def _expire(ctx: Context) -> Done | None:
    """Sent quotations whose last day has just ended: crm.quotation.expired. That they are expired is a matter of the date, and no change."""
    rows = quotations.valid_until(ctx.db, (ctx.today - timedelta(days=1)).isoformat())
    lines = quotations.lines_of(ctx.db, [row["seq"] for row in rows])
    for row in rows:
        ctx.emit("crm.quotation.expired", row["number"], views.sales.quotation(row, lines[row["seq"]], ctx.today))
    numbers = [row["number"] for row in rows]
    if not numbers:
        return None
    listed = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    return Done(
        f"{len(numbers)} sent quotations expired without an answer ({listed}).",
        f"{len(numbers)} 张已发出的报价单到期未答复（{listed}）。",
        {"quotations": numbers},
    )


SCHEDULED = (Scheduled("quotations.expire", "Quotations expire", "报价单到期", _next_expiry, _expire),)
