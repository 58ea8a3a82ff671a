"""Where everything stands in the diagrams of the HTML report, in units of CSS pixels. The templates only draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMES: Mapping[str, tuple[str, str]] = {
    "people": ("People", "人员"),
    "crm": ("CRM", "CRM"),
    "scm": ("SCM", "SCM"),
    "finance": ("Finance", "财务"),
    "integration": ("Integration", "集成程序"),
    "control": ("Control", "总控"),
}
_LEFT, _COLUMN, _HEAD, _ROW, _NOTE = 110, 176, 46, 36, 15
_LONGEST = 44


def sequence_drawing(sequence: Mapping[str, Any]) -> dict[str, Any]:
    """The diagram of `verify.sequence`: lifelines with x; rows with y, both ends, texts."""
    names = sequence["lifelines"]
    x = {name: _LEFT + index * _COLUMN for index, name in enumerate(names)}
    rows, y = [], _HEAD
    for message in sequence["messages"]:
        y += _ROW
        start, end = x[message["from"]], x[message["to"]]
        if message["note"]:
            y += _NOTE
        rows.append(
            {
                "y": y,
                "start": start,
                "end": end,
                "middle": (start + end) / 2,
                "time": f"{message['at']:.2f} s",
                "label": _short(message["label"]),
                "title": message["label"],
                "answer": _answer(message),
                "note": _short(message["note"], 70),
                "kind": _kind(message),
                "failed": message["failed"],
                "event": message["event"],
            }
        )
    return {
        "width": _LEFT + (len(names) - 1) * _COLUMN + 90,
        "height": y + 30,
        "bottom": y + 16,
        "lifelines": [{"x": x[name], "en": NAMES[name][0], "zh": NAMES[name][1]} for name in names],
        "rows": rows,
    }


def _answer(message: Mapping[str, Any]) -> str:
    times = f" × {message['times']}" if message["times"] > 1 else ""
    status = message["status"] or "–"
    return f"{times} → {status}, {message['milliseconds']:.0f} ms"


def _kind(message: Mapping[str, Any]) -> str:
    if message["failed"]:
        return "failed"
    if message["bad"]:
        return "bad"
    return "event" if message["event"] else "good"


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


_BAR_LEFT, _BAR_WIDTH, _BAR_HEIGHT, _GROUP = 370, 480, 13, 66
_MEASURES = (("p50", "50 %"), ("p95", "95 %"), ("max", "max"))


def delays_drawing(delays: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The chart of `verify.delays`: for each link bars for p50, p95 and max on one scale that ends beyond the limit."""
    rows = [row for row in delays if row["count"]]
    limit = max((row["limit"] for row in rows), default=5.0)
    longest = max([limit * 1.25, *(row["max"] * 1.05 for row in rows)])
    groups = []
    for index, row in enumerate(rows):
        top = 30 + index * _GROUP
        bars = [
            {
                "name": name,
                "y": top + place * (_BAR_HEIGHT + 4),
                "width": max(_BAR_WIDTH * row[measure] / longest, 1.5),
                "seconds": f"{row[measure]:.2f} s",
                "late": row[measure] > row["limit"],
            }
            for place, (measure, name) in enumerate(_MEASURES)
        ]
        groups.append(
            {
                "y": top + 14,
                "en": _short(row["name"]["en"]),
                "zh": _short(row["name"]["zh"], 24),
                "count": row["count"],
                "bars": bars,
            }
        )
    return {
        "width": _BAR_LEFT + _BAR_WIDTH + 90,
        "height": 30 + len(rows) * _GROUP + 10,
        "left": _BAR_LEFT,
        "bar_height": _BAR_HEIGHT,
        "limit_x": _BAR_LEFT + _BAR_WIDTH * limit / longest,
        "limit": f"{limit:g} s",
        "groups": groups,
    }
