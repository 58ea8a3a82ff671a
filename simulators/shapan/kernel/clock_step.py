"""Where somebody wants a clock to go (时钟推进目标): by seconds or to an instant, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel.clock import LATEST, rfc3339
from shapan.kernel.errors import Fault, refused


def step_target(body: Mapping[str, Any], now: datetime) -> datetime | None:
    """Where the clock is to go; None where it is not asked to. 422 for what cannot be."""
    if "advance_to" not in body:
        step = body.get("advance_seconds")
        if step is not None and timedelta(seconds=step) > LATEST - now:
            raise refused(
                [Fault("/advance_seconds", "The clock cannot go beyond the year 2200.", "时钟不能超过 2200 年。")]
            )
        return None if step is None else now + timedelta(seconds=step)
    wrong: list[Fault] = []
    if "advance_seconds" in body:
        wrong.append(
            Fault(
                "/advance_seconds",
                "advance_seconds and advance_to exclude each other; give one of them.",
                "advance_seconds 与 advance_to 只能填写一个。",
            )
        )
    to = _instant(body["advance_to"])
    if to is None or to > LATEST:
        wrong.append(Fault("/advance_to", "The clock cannot go beyond the year 2200.", "时钟不能超过 2200 年。"))
    elif to < now and not body.get("or_later", False):
        wrong.append(
            Fault(
                "/advance_to",
                f"The clock cannot go back; it shows {rfc3339(now)} already.",
                f"时钟不能后退，当前已是 {rfc3339(now)}。",
            )
        )
    if wrong:
        raise refused(wrong)
    return to


def _instant(text: str) -> datetime | None:
    """An instant that the contract let pass; None for what is beyond any calendar of ours."""
    try:
        return datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return None
