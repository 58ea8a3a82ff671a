"""Entries of the journal on a terminal: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_COLOURS = {0: "red", 2: "green", 3: "cyan", 4: "yellow", 5: "red"}


def line(entry: Mapping[str, Any]) -> str:
    """An entry as one line of rich markup: local time of day, system, what, result, who."""
    from rich.markup import escape

    moment = datetime.fromisoformat(entry["started_at"].replace("Z", "+00:00")).astimezone()
    head = f"[dim]{moment:%H:%M:%S}.{moment.microsecond // 1000:03}[/] {escape(entry['system']):<8}"
    status = entry["status"]
    colour = _COLOURS.get(status // 100, "white")
    faults = f" [magenta]fault {escape(' '.join(entry['faults']))}[/]" if entry["faults"] else ""
    if entry["delivery"] is not None:
        about = entry["delivery"]
        what = f"→ {about['event_type']} {about['subject']} to {about['url']}"
        attempt = f", attempt {about['attempt']}" if about["attempt"] > 1 else ""
        return f"{head}{escape(what)} [{colour}]{escape(str(about['state']))}[/] [dim]{escape(about['reason'])}{attempt}[/]{faults}"
    result = f"[{colour}]{status}[/]" + (f" {escape(entry['problem'])}" if entry["problem"] else "")
    sent = {"half": " [red]half of the answer sent[/]", "nothing": " [red]answer not sent[/]"}.get(entry["sent"], "")
    replayed = " replayed" if entry["replayed"] else ""
    who = escape(f"{entry['operation_id'] or 'no operation'} {entry['client_id'] or '-'}")
    return (
        f"{head}{escape(entry['method'])} {escape(entry['path'])} {result}{replayed}{sent} "
        f"[dim]{entry['duration_ms']:.0f} ms {who}[/]{faults}"
    )


def bodies(entry: Mapping[str, Any]) -> list[str]:
    """The bodies of an entry, each on a line below it."""
    from rich.markup import escape

    pairs = (("<", entry.get("request_body")), (">", entry.get("response_body")))
    return [f"    [dim]{mark} {escape(text)}[/]" for mark, text in pairs if text]


def misses(nearest: list[dict[str, Any]]) -> list[str]:
    """The entries that come nearest to what was expected, with what differs."""
    from rich.markup import escape

    lines = []
    for miss in nearest:
        lines.append(f"  nearest 最接近: {line(miss['entry'])}")
        for difference in miss["differences"]:
            lines.append(f"    {escape(difference['en'])}")
            lines.append(f"    {escape(difference['zh'])}")
    return lines
