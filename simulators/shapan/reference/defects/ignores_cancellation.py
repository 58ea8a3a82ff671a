"""Does not carry cancellations over."""

from __future__ import annotations

from shapan.reference.flows.base import Json
from shapan.reference.flows.orders import OrderFlow


class NoCancellation(OrderFlow):
    """What was confirmed once stays in the SCM."""

    def order_cancelled(self, event: Json) -> None:
        """Nothing follows."""
