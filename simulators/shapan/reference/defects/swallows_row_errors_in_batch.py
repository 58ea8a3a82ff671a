"""Takes a batch for done because its import is."""

from __future__ import annotations

from collections.abc import Sequence

from shapan.reference.batches import Row
from shapan.reference.flows.customers import CustomerFlow
from shapan.reference.matching import Party


class Swallowed(CustomerFlow):
    """Does not look at the rows that were refused."""

    def refused(self, parties: Sequence[Party], rows: Sequence[Row]) -> list[str]:
        """None, whatever the rows say."""
        return []
