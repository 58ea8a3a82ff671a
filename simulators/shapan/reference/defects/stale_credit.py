"""Tells the CRM what a customer owes when it is billed, and not when it pays."""

from __future__ import annotations

from shapan.reference.flows.balances import BalanceFlow
from shapan.reference.flows.base import Route


class StaleCredit(BalanceFlow):
    """The credit figures only ever grow."""

    def routes(self) -> tuple[Route, ...]:
        """Receivables alone are a reason to report a balance."""
        return tuple(route for route in super().routes() if route.event == "finance.receivable.posted")
