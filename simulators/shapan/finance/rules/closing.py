"""Rules of a period's close (结账规则)."""

from __future__ import annotations

from shapan.kernel.money import divide_half_up

STATUTORY_RESERVE_BP = 1000
"""A tenth of the profit after tax (公司法)."""


def statutory_reserve(profit: int, retained_before: int) -> int:
    """What goes to the statutory surplus reserve, in fen: a tenth of the year's profit less the losses of earlier years."""
    base = profit + min(retained_before, 0)
    return divide_half_up(base * STATUTORY_RESERVE_BP, 10000) if base > 0 else 0
