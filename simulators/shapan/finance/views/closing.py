"""The close of a period (结账检查表, 期间日志)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapan.finance.closing.step import Reason, Step


def checklist(period: str, state: str, steps: Sequence[tuple[Step, Sequence[Reason]]]) -> dict[str, Any]:
    """PeriodChecklist. The first step that is not done is open, those after it wait."""
    shown, waiting = [], False
    for step, reasons in steps:
        shown.append(
            {
                "step": step.name,
                "title": {"en": step.en, "zh": step.zh},
                "state": "done" if not reasons else "waiting" if waiting else "open",
                "reasons": [{"en": reason.en, "zh": reason.zh} for reason in reasons],
            }
        )
        waiting = waiting or bool(reasons)
    return {"period": period, "state": state, "ready": not waiting, "steps": shown}


def log(period: str, rows: Sequence[sqlite3.Row]) -> dict[str, Any]:
    """PeriodLog."""
    return {
        "period": period,
        "entries": [
            {
                "action": row["action"],
                "step": row["step"],
                "note": row["note"],
                "actor": row["actor"],
                "at": row["at"],
            }
            for row in rows
        ],
    }
