"""Write-offs of bad debts (核销坏账) and what becomes of them."""

from __future__ import annotations


def write_off_state(amount: int, recovered: int) -> str:
    """posted, partly_recovered or recovered (状态)."""
    return "recovered" if recovered >= amount else "partly_recovered" if recovered > 0 else "posted"
