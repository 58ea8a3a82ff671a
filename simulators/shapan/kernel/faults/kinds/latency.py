"""Late answers (延迟): fixed, or drawn from a lognormal distribution, as answering times of real systems are spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from statistics import NormalDist
from typing import Any

from shapan.kernel.errors import Fault
from shapan.kernel.faults.kind import Call, Effect, Hold, RequestFault
from shapan.kernel.faults.rule import Rule

_P95 = NormalDist().inv_cdf(0.95)
_LONGEST_MS = 600_000.0


class Latency(RequestFault):
    """The answer comes late, by real time."""

    name = "latency"
    en, zh = "Late answers", "延迟"
    makes_answers = False

    def refuses(self, parameters: Mapping[str, Any], now: datetime) -> list[Fault]:
        """A median needs one measure of the spread, and a 95th percentile is not below it."""
        if "median_ms" not in parameters:
            return []
        if ("p95_ms" in parameters) == ("sigma" in parameters):
            return [
                Fault(
                    "/parameters/median_ms",
                    "With median_ms give either p95_ms or sigma.",
                    "median_ms 必须与 p95_ms、sigma 之一同时给出。",
                )
            ]
        if parameters.get("p95_ms", math.inf) < parameters["median_ms"]:
            return [Fault("/parameters/p95_ms", "It must be at least median_ms.", "不能小于 median_ms。")]
        return []

    def meet(self, rule: Rule, call: Call) -> Effect:
        """Wait before, or send late."""
        seconds = milliseconds(rule.parameters, call.draw("latency")) / 1000
        if rule.parameters["at"] == "before":
            return Effect(hold=Hold(seconds, fixed=True))
        return Effect(late_seconds=seconds)


def milliseconds(parameters: Mapping[str, Any], chance: float) -> float:
    """How late, for a chance in [0, 1): the quantile of the distribution at that chance, at most ten minutes."""
    if "ms" in parameters:
        return float(parameters["ms"])
    median = float(parameters["median_ms"])
    spread = math.log(parameters["p95_ms"] / median) / _P95 if "p95_ms" in parameters else parameters["sigma"]
    # A chance of 0 would be an answer before time began.
    at = NormalDist().inv_cdf(min(max(chance, 1e-9), 1 - 1e-9))
    return min(median * math.exp(spread * at), _LONGEST_MS)


LATENCY = Latency()
