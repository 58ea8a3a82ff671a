"""Write-offs of bad debts (核销坏账) and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable


def write_off_state(amount: int, recovered: int) -> str:
    """posted, partly_recovered or recovered (状态)."""
    return "recovered" if recovered >= amount else "partly_recovered" if recovered > 0 else "posted"


def lost_of(receivable_id: int, allocations: Iterable[tuple[int, int]], recovered: int) -> int:
    """What a write-off leaves lost of one of its receivables, in fen; `allocations` are (receivable id, fen) in order.

    What was recovered was paid after all, and counts for the allocations in their order.
    """
    lost = 0
    for owner, amount in allocations:
        paid = min(recovered, amount)
        recovered -= paid
        if owner == receivable_id:
            lost += amount - paid
    return lost
