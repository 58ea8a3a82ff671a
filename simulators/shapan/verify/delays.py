"""How long what joins the systems took (衔接时延), over all workspaces of a run, as the oracle measured it (O9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LIMIT_SECONDS = 5.0
"""The target of P10: an order reaches finance within so long. For links to which the oracle was given no deadline."""


@dataclass
class _Link:
    en: str
    zh: str
    limit: float
    seconds: list[float] = field(default_factory=list)


def pooled(told: Iterable[Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """A row for each link, from the `delays` of several verdicts (contracts/control.yaml): count, p50, p95 and max in seconds."""
    links: dict[str, _Link] = {}
    for delays in told:
        for one in delays:
            limit = one.get("deadline_seconds") or LIMIT_SECONDS
            link = links.setdefault(one["link"], _Link(one["en"], one["zh"], limit))
            link.seconds += [float(value) for value in one["seconds"]]
    return [_row(name, link) for name, link in links.items() if link.seconds]


def _row(name: str, link: _Link) -> dict[str, Any]:
    seconds = sorted(link.seconds)
    return {
        "link": name,
        "name": {"en": link.en, "zh": link.zh},
        "count": len(seconds),
        "p50": _percentile(seconds, 50),
        "p95": _percentile(seconds, 95),
        "max": seconds[-1],
        "limit": link.limit,
    }


def _percentile(ascending: list[float], percent: int) -> float:
    """The smallest value that at least so many percent do not exceed (nearest rank)."""
    return ascending[math.ceil(len(ascending) * percent / 100) - 1]
