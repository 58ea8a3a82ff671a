"""What finance does by itself when its time comes (定时任务): receivables fall overdue, and the month-end close where one is set."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from shapan.finance.closing import Reason, Step, steps_of
from shapan.finance.operations.closing import close_period, run_period_step
from shapan.finance.rules.periods import next_period, period_of, previous_period
from shapan.finance.store import closing_schedule, receivables, vouchers
from shapan.finance.sub_ledger import receivable_view
from shapan.kernel.money import text_from_fen
from shapan.kernel.scheduled import Done, Scheduled, day_after, day_of, next_monthly
from shapan.kernel.system import Context


def _next_overdue(db: sqlite3.Connection, after: datetime) -> datetime | None:
    last = receivables.next_due_date(db, day_of(after))
    return None if last is None else day_after(last)


def _fall_overdue(ctx: Context) -> Done | None:
    """Open receivables whose due date has just ended: finance.receivable.overdue, one by one."""
    rows = receivables.overdue_after(ctx.db, (ctx.today - timedelta(days=1)).isoformat())
    for row in rows:
        ctx.emit("finance.receivable.overdue", str(row["customer_id"]), receivable_view(ctx, row["id"]))
    if not rows:
        return None
    amount = text_from_fen(sum(row["open_fen"] for row in rows))
    numbers = [row["number"] for row in rows]
    listed = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
    return Done(
        f"{len(rows)} receivables fell overdue with {amount} open ({listed}).",
        f"{len(rows)} 张应收单逾期，未收 {amount}（{listed}）。",
        {"receivables": numbers, "open_amount": amount},
    )


def _next_close(db: sqlite3.Connection, after: datetime) -> datetime | None:
    schedule = closing_schedule.get(db)
    if not schedule.enabled:
        return None
    # Nothing is made up for that fell before somebody wished for it.
    begin = max(after, datetime.fromisoformat(schedule.since))
    return next_monthly(begin, schedule.day, time.fromisoformat(schedule.time))


@dataclass
class _Closing:
    """What was done to one period."""

    period: str
    ran: list[str] = field(default_factory=list)
    closed: bool = False
    blocked: list[tuple[Step, Reason]] = field(default_factory=list)

    def en(self) -> str:
        ran = f"ran {', '.join(self.ran)}; " if self.ran else ""
        if self.blocked:
            reasons = " ".join(f"{step.name}: {reason.en}" for step, reason in self.blocked)
            return f"{self.period}: {ran}blocked. {reasons}"
        return f"{self.period}: {ran}{'closed' if self.closed else 'every step is done'}."

    def zh(self) -> str:
        ran = f"已执行 {'、'.join(self.ran)}；" if self.ran else ""
        if self.blocked:
            reasons = "".join(f"{step.zh}：{reason.zh}" for step, reason in self.blocked)
            return f"{self.period}：{ran}受阻。{reasons}"
        return f"{self.period}：{ran}{'已结账' if self.closed else '各步骤均已完成'}。"

    def as_json(self) -> dict[str, Any]:
        return {
            "period": self.period,
            "steps_run": self.ran,
            "closed": self.closed,
            "blocked": [{"step": step.name, "en": reason.en, "zh": reason.zh} for step, reason in self.blocked],
        }


def _month_end(ctx: Context) -> Done | None:
    """The close of every open period up to last month, one after the other; what is blocked is told and not forced."""
    last = previous_period(period_of(ctx.today))
    period = next_period(vouchers.last_locked(ctx.db))
    lock = closing_schedule.get(ctx.db).close_period
    done: list[_Closing] = []
    while period <= last:
        done.append(_close(ctx, period, lock=lock))
        if not done[-1].closed:
            break
        period = next_period(period)
    if not done:
        return None
    return Done(
        " ".join(each.en() for each in done),
        "".join(each.zh() for each in done),
        {"periods": [each.as_json() for each in done]},
    )


def _close(ctx: Context, period: str, *, lock: bool) -> _Closing:
    """Run each step that is not done, in order, up to one that stays so."""
    found = _Closing(period)
    for step in steps_of(ctx.db, period):
        if step.pending(ctx.db, period):
            run_period_step(ctx, period, step.name, {})
            found.ran.append(step.name)
            found.blocked = [(step, reason) for reason in step.pending(ctx.db, period)]
            if found.blocked:
                return found
    # A later step may have posted something that an earlier one has to take up.
    found.blocked = [(step, reason) for step in steps_of(ctx.db, period) for reason in step.pending(ctx.db, period)]
    if lock and not found.blocked:
        close_period(ctx, period)
        found.closed = True
    return found


SCHEDULED = (
    Scheduled("receivables.fall_overdue", "Receivables fall overdue", "应收逾期", _next_overdue, _fall_overdue),
    Scheduled("periods.close", "Month-end close", "月末结账", _next_close, _month_end),
)
