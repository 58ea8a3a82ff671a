"""Settles the oldest receivable first, whatever the bank text says."""

from __future__ import annotations

from collections.abc import Iterable

from shapan.reference.flows.base import Json
from shapan.reference.flows.receipts import ReceiptFlow


class OldestFirst(ReceiptFlow):
    """Money is money."""

    def receivables_for(self, receipt: Json, named: Iterable[str]) -> list[Json]:
        """All that the customer owes, the oldest first."""
        there = self.finance.by_watermark("/receivables", customer_id=receipt["customer_id"])
        owed = [one for one in there if one["red_of_id"] is None and one["recognised_on"] is not None]
        return sorted(owed, key=lambda one: (one["business_date"], one["id"]))
