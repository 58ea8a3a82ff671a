"""What the SCM does by itself when its time comes (定时任务): batches on hand expire."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from shapan.kernel.scheduled import Done, Scheduled, day_after, day_of
from shapan.kernel.system import Context
from shapan.scm import views
from shapan.scm.store import batches


def _next_expiry(db: sqlite3.Connection, after: datetime) -> datetime | None:
    last = batches.next_last_day(db, day_of(after))
    return None if last is None else day_after(last)


def _expire(ctx: Context) -> Done | None:
    """Batches on hand whose last day has just ended: scm.batch.expired for each warehouse. Orders are not served from them any more."""
    rows = batches.expired_after(ctx.db, (ctx.today - timedelta(days=1)).isoformat())
    found = [views.stock_reports.expiring(row, ctx.today) for row in rows]
    for batch in found:
        ctx.emit("scm.batch.expired", batch["product_code"], batch)
    if not found:
        return None
    names = [f"{batch['product_code']} {batch['batch_no']}" for batch in found]
    listed = ", ".join(dict.fromkeys(names[:5])) + (" …" if len(names) > 5 else "")
    return Done(
        f"{len(found)} stocks of batches expired ({listed}).",
        f"{len(found)} 处批次库存过期（{listed}）。",
        {
            "batches": [
                {name: batch[name] for name in ("product_code", "batch_no", "warehouse_code", "on_hand")}
                for batch in found
            ]
        },
    )


SCHEDULED = (Scheduled("batches.expire", "Batches expire", "批次过期", _next_expiry, _expire),)
