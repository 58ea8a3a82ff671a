"""Closed for maintenance (停机维护): 503 with Retry-After (RFC 9110 section 15.6.4) until an instant of simulated time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel.clock import LATEST, rfc3339
from shapan.kernel.errors import Fault, simple
from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule


class Maintenance(RequestFault):
    """Nothing is served until the window is over."""

    name = "maintenance"
    en, zh = "Closed for maintenance", "停机维护"

    def refuses(self, parameters: Mapping[str, Any], now: datetime) -> list[Fault]:
        """An end is given once, and lies ahead."""
        if "until" not in parameters:
            return []
        if "seconds" in parameters:
            return [Fault("/parameters/until", "Give seconds or until, not both.", "seconds 与 until 只能给出一个。")]
        end = _instant(parameters["until"])
        if end is None or not now < end <= LATEST:
            return [
                Fault(
                    "/parameters/until",
                    f"It must be later than the simulated time, which is {rfc3339(now)}, and before the year 2200.",
                    f"必须晚于当前模拟时间 {rfc3339(now)}，且早于 2200 年。",
                )
            ]
        return []

    def ends_at(self, rule: Rule) -> datetime | None:
        """The end of the window."""
        if "seconds" in rule.parameters:
            return rule.created_at + timedelta(seconds=rule.parameters["seconds"])
        return _instant(rule.parameters["until"]) if "until" in rule.parameters else None

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Refuse."""
        end = rule.heals_at
        if end is None:
            after = rule.parameters["retry_after_seconds"]
            en, zh = "It is not known until when.", "结束时间未知。"
        else:
            after = max(1, math.ceil((end - call.now).total_seconds()))
            en, zh = f"It ends at {rfc3339(end)} simulated time.", f"模拟时间 {rfc3339(end)} 结束。"
        return Effect(
            problem=simple(
                503,
                "maintenance",
                "Closed for maintenance",
                f"The system is closed for maintenance. {en} Try again after Retry-After.",
                f"系统停机维护。{zh}请在 Retry-After 之后重试。",
                {"Retry-After": str(after)},
            )
        )


def _instant(text: str) -> datetime | None:
    """An aware instant; None for one that Python cannot tell (a leap second, hour 24)."""
    try:
        moment = datetime.fromisoformat(text.replace("z", "Z").replace("t", "T"))
        return moment if moment.utcoffset() is not None else None
    except ValueError:
        return None


MAINTENANCE = Maintenance()
