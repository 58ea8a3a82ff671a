"""The month-end close by itself (结账计划): when, or not at all."""

from __future__ import annotations

from datetime import time
from typing import Any

from shapan.finance.store import closing_schedule as store
from shapan.kernel.clock import rfc3339
from shapan.kernel.scheduled import next_monthly
from shapan.kernel.system import Answer, Context, ok


def get_closing_schedule(ctx: Context) -> Answer:
    """When the close runs by itself."""
    return ok(_view(ctx, store.get(ctx.db)))


def put_closing_schedule(ctx: Context, body: dict[str, Any]) -> Answer:
    """Set when the close runs by itself. It counts from now on: nothing is made up for."""
    schedule = store.ClosingSchedule(body["enabled"], body["day"], body["time"], body["close_period"], ctx.timestamp)
    store.put(ctx.db, schedule)
    return ok(_view(ctx, schedule))


def _view(ctx: Context, schedule: store.ClosingSchedule) -> dict[str, Any]:
    at = next_monthly(ctx.now, schedule.day, time.fromisoformat(schedule.time)) if schedule.enabled else None
    return {
        "enabled": schedule.enabled,
        "day": schedule.day,
        "time": schedule.time,
        "close_period": schedule.close_period,
        "next_run_at": None if at is None else rfc3339(at),
    }
