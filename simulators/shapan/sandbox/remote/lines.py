"""Entries of the journal, and why none fits, as lines for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_LONGEST = 200


def entry_line(entry: Mapping[str, Any]) -> str:
    """An entry in one line: when, where, what was asked or delivered, what came of it, and the faults that acted."""
    delivery = entry.get("delivery")
    if delivery:
        what = f"{delivery['event_type']} {delivery['subject']}, attempt {delivery['attempt']}, {delivery['state']}"
    else:
        what = entry.get("operation_id") or "no operation"
    path = str(entry["path"])
    path = path if len(path) <= _LONGEST else path[:_LONGEST] + "…"
    status = str(entry["status"] or "no answer")
    problem = f" {entry['problem']}" if entry.get("problem") else ""
    cut = {"half": ", answer cut off", "nothing": ", answer lost"}.get(entry["sent"], "")
    acted = f"  [fault {', '.join(entry['faults'])}]" if entry["faults"] else ""
    took = f"{entry['duration_ms']:.0f} ms"
    return f"{entry['at']}  {entry['system']:<8} {entry['method']} {path} ({what}) -> {status}{problem}{cut}, {took}{acted}"


def verdict_lines(verdict: Mapping[str, Any]) -> list[str]:
    """Why the journal is not as expected: the sentence in both languages, then what comes nearest, with what differs."""
    lines = [str(verdict["en"]), str(verdict["zh"])]
    for miss in verdict["nearest"]:
        lines.append(f"nearest: {entry_line(miss['entry'])}")
        for one in miss["differences"]:
            expected, found = (json.dumps(one[name], ensure_ascii=False) for name in ("expected", "found"))
            lines.append(f"    {one['member']}: expected {expected}, found {found}")
    return lines
