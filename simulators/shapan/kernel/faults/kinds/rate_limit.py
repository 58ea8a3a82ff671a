"""A rate limit (限流): 429 beyond a quota, and on every answer how much of it is left.

`RateLimit` and `RateLimit-Policy` are those of draft-ietf-httpapi-ratelimit-headers-10, structured fields (RFC 9651). All seconds are simulated.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from shapan.kernel.errors import simple
from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule

_MOST_CLIENTS = 10_000


class RateLimit(RequestFault):
    """So many calls in a window; who calls more often is refused."""

    name = "rate-limit"
    en, zh = "A rate limit", "限流"

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Count, and refuse beyond the quota."""
        quota, window = rule.parameters["quota"], timedelta(seconds=rule.parameters["window_seconds"])
        key = call.caller() if rule.parameters["by"] == "client" else "*"
        windows: dict[str, list[object]] = rule.memory.setdefault("windows", {})
        began, used = windows.get(key, (None, 0))
        start = None if began is None else datetime.fromisoformat(str(began))
        # A clock that was put back (a workspace that starts anew) leaves no window that ends in years.
        if start is None or not start <= call.now < start + window:
            start, used = call.now, 0
        assert isinstance(used, int)
        if len(windows) >= _MOST_CLIENTS and key not in windows:
            windows.clear()
        windows[key] = [start.isoformat(), min(used + 1, quota)]
        rule.dirty = True
        left = max(0, quota - used - 1)
        ends_in = max(1, math.ceil((start + window - call.now).total_seconds()))
        headers = (
            ("RateLimit-Policy", f'"{rule.id}";q={quota};w={rule.parameters["window_seconds"]}'),
            ("RateLimit", f'"{rule.id}";r={left};t={ends_in}'),
        )
        if used < quota:
            return Effect(headers=headers, acted=False)
        return Effect(
            headers=headers,
            problem=simple(
                429,
                "rate-limited",
                "Too many requests",
                f"More than {quota} calls in {rule.parameters['window_seconds']} s. Try again in {ends_in} s (Retry-After).",
                f"{rule.parameters['window_seconds']} 秒内超过 {quota} 次调用，请在 {ends_in} 秒后重试（见 Retry-After）。",
                {"Retry-After": str(ends_in)},
            ),
        )


RATE_LIMIT = RateLimit()
