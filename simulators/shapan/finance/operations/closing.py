"""The close of a period (结账): checklist, steps, close, reopening and log."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from shapan.finance import views
from shapan.finance.closing import Reason, Step, Work, goods_received_not_invoiced, steps_of
from shapan.finance.rules.periods import first_day, next_period, previous_period
from shapan.finance.shown import shown_period
from shapan.finance.store import period_log
from shapan.finance.store import vouchers as store
from shapan.kernel.errors import Fault, conflict, locked, not_found, refused
from shapan.kernel.system import Answer, Context, ok


def get_period_checklist(ctx: Context, period: str) -> Answer:
    """Which steps the close of a period takes, and why each that is not done is not."""
    return ok(_checklist(ctx, period))


def run_period_step(ctx: Context, period: str, step: str, body: dict[str, Any]) -> Answer:
    """Run one step; 409 while an earlier one, or a period before, is open.

    Goods received and not invoiced may be accrued at any time: that reads nothing but the goods receipts.
    """
    _open_period(ctx, period)
    if step != goods_received_not_invoiced.STEP.name:
        _its_turn(ctx, period)
    found = _assessed(ctx, period)
    names = [each.name for each, _ in found]
    if step not in names:
        raise not_found("step of this period's close", "结账步骤", step)
    place = names.index(step)
    earlier = [(each, reasons) for each, reasons in found[:place] if reasons]
    if earlier:
        en, zh, faults = _listed(earlier, "/step")
        problem = conflict("step-out-of-order", f"Steps go in order. {en}", f"请按顺序执行结账步骤。{zh}")
        raise dataclasses.replace(problem, faults=faults)
    note = body.get("note")
    # The state comes first: what the step posts must find the period as it is.
    store.set_period_state(ctx.db, period, "closing")
    period_log.write(ctx.db, period, "step", ctx.client_id, ctx.timestamp, step=step, note=note)
    vouchers = found[place][0].run(Work(ctx.db, period, ctx.timestamp, ctx.client_id, note))
    return ok({"period": period, "step": step, "voucher_ids": vouchers, "checklist": _checklist(ctx, period)})


def close_period(ctx: Context, period: str) -> Answer:
    """Close and lock a period in which every step is done, after all before it."""
    _open_period(ctx, period)
    _its_turn(ctx, period)
    unfinished = [(step, reasons) for step, reasons in _assessed(ctx, period) if reasons]
    if unfinished:
        en, zh, faults = _listed(unfinished, "/period")
        problem = conflict("period-not-ready", f"{period} cannot be closed yet. {en}", f"{period} 尚不能结账。{zh}")
        raise dataclasses.replace(problem, faults=faults)
    store.set_period_state(ctx.db, period, "locked")
    period_log.write(ctx.db, period, "closed", ctx.client_id, ctx.timestamp)
    view = shown_period(ctx, period)
    ctx.emit("finance.period.closed", period, view)
    return ok(view)


def _its_turn(ctx: Context, period: str) -> None:
    """422 for a period that has not begun, 409 while one before it is open: what steps post builds on what stood before."""
    if first_day(period) > ctx.today:
        raise refused(
            [
                Fault(
                    "/period",
                    f"{period} has not begun; it is {ctx.today}.",
                    f"会计期间 {period} 尚未开始（今天是 {ctx.today}）。",
                    "path",
                )
            ]
        )
    before = previous_period(period)
    if store.last_locked(ctx.db) < before:
        first = next_period(store.last_locked(ctx.db))
        raise conflict(
            "earlier-period-open",
            f"Periods are closed one after the other, and {first} is open. Close it first.",
            f"会计期间须依次结账，{first} 尚未结账，请先完成该期间。",
        )


def reopen_period(ctx: Context, period: str, body: dict[str, Any]) -> Answer:
    """Open the period that was closed last, with a reason."""
    shown_period(ctx, period)
    last = store.last_locked(ctx.db)
    if period != last or period < store.opening_period(ctx.db):
        if last < store.opening_period(ctx.db):
            en, zh = "No period of these books is closed.", "本账簿没有已结账的期间。"
        else:
            en, zh = (
                f"The last closed period is {last}; only that can be reopened.",
                f"最近结账的期间是 {last}，只能反结账该期间。",
            )
        raise conflict("period-not-last-closed", en, zh)
    store.set_period_state(ctx.db, period, "open")
    period_log.write(ctx.db, period, "reopened", ctx.client_id, ctx.timestamp, note=body["reason"])
    view = shown_period(ctx, period)
    ctx.emit("finance.period.reopened", period, view)
    return ok(view)


def get_period_log(ctx: Context, period: str) -> Answer:
    """Everything that was done to a period."""
    shown_period(ctx, period)
    return ok(views.closing.log(period, period_log.of_period(ctx.db, period)))


def _assessed(ctx: Context, period: str) -> list[tuple[Step, list[Reason]]]:
    return [(step, step.pending(ctx.db, period)) for step in steps_of(ctx.db, period)]


def _checklist(ctx: Context, period: str) -> dict[str, Any]:
    state = shown_period(ctx, period)["state"]
    # A period before the books open has nothing to do; in one that is locked all was done, whatever rates have come into force since.
    found: list[tuple[Step, list[Reason]]] = []
    if period >= store.opening_period(ctx.db):
        done = state == "locked"
        found = [(step, []) for step in steps_of(ctx.db, period)] if done else _assessed(ctx, period)
    return views.closing.checklist(period, state, found)


def _open_period(ctx: Context, period: str) -> None:
    if shown_period(ctx, period)["state"] == "locked":
        problem = locked(
            f"Period {period} is closed. Reopen it first, if it is the last one.",
            f"会计期间 {period} 已结账，如为最近结账的期间可先反结账。",
        )
        raise dataclasses.replace(
            problem, faults=(Fault("/period", f"Period {period} is closed.", f"会计期间 {period} 已结账。", "path"),)
        )


def _listed(steps: Sequence[tuple[Step, Sequence[Reason]]], pointer: str) -> tuple[str, str, tuple[Fault, ...]]:
    """(English, Chinese, faults) of every reason of every step that is not done."""
    listed = [(step, reason) for step, reasons in steps for reason in reasons]
    faults = tuple(
        Fault(pointer, f"{step.name}: {reason.en}", f"{step.zh}：{reason.zh}", "path") for step, reason in listed
    )
    return (
        " ".join(f"{step.en}: {reason.en}" for step, reason in listed),
        "".join(f"{step.zh}：{reason.zh}" for step, reason in listed),
        faults,
    )
