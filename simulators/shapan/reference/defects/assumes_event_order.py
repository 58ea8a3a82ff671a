"""Believes that events come in the order in which things happened."""

from __future__ import annotations

from shapan.reference.flows.base import Json
from shapan.reference.flows.orders import OrderFlow


class Trusting(OrderFlow):
    """Takes what came last for what is true."""

    def overtaken(self, order: Json) -> bool:
        """Never thinks so."""
        return False
