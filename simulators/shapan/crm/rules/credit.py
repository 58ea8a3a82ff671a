"""A customer's credit (客户信用): what it may owe, what it owes as last told, and what it has ordered since."""

from __future__ import annotations

from typing import NamedTuple


class Credit(NamedTuple):
    """A customer's credit, in fen. `limit_fen` None is unchecked; `open_fen` and `overdue_fen` None is never told."""

    limit_fen: int | None
    hold: str
    open_fen: int | None
    overdue_fen: int | None
    ordered_fen: int

    @property
    def used_fen(self) -> int:
        """What finance told last and the open orders together (已用额度); what was never told counts as nothing."""
        return (self.open_fen or 0) + self.ordered_fen

    @property
    def available_fen(self) -> int | None:
        """What is left of the limit (可用额度), below zero when exceeded; None without a limit."""
        return None if self.limit_fen is None else self.limit_fen - self.used_fen
