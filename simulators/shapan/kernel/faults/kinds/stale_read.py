"""Reads of the past (读到旧数据): GETs show what was true when the fault was added, as a replica does that has fallen behind."""

from __future__ import annotations

from shapan.kernel.faults.kind import Call, Effect, RequestFault
from shapan.kernel.faults.rule import Rule


class StaleRead(RequestFault):
    """Reads go to a copy of the database, which the book makes when the rule is added."""

    name = "stale-read"
    en, zh = "Reads of the past", "读到旧数据"
    makes_answers = False

    def concerns(self, rule: Rule, call: Call) -> bool:
        """Only reads."""
        return not call.request.operation.writes

    def meet(self, rule: Rule, call: Call) -> Effect | None:
        """Read the copy."""
        return Effect(older=rule.older) if rule.older is not None else None


STALE_READ = StaleRead()
