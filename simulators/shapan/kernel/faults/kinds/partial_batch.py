"""A batch that is entered in part (批量部分失败): some rows of an import fail, the others are entered, the same file again enters the rest."""

from __future__ import annotations

from shapan.kernel.errors import Problem
from shapan.kernel.faults.kind import RowFault
from shapan.kernel.faults.kinds.error import injected
from shapan.kernel.faults.rule import Rule


class PartialBatch(RowFault):
    """A row is refused with a problem that invites to try again."""

    name = "partial-batch"
    en, zh = "A batch that is entered in part", "批量部分失败"

    def refusal(self, rule: Rule) -> Problem:
        """503 `injected-fault`."""
        return injected(503, rule.id, {})


PARTIAL_BATCH = PartialBatch()
