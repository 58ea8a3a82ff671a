"""Does not carry returns over."""

from __future__ import annotations

from shapan.reference.flows.base import Json
from shapan.reference.flows.returns import ReturnFlow


class NoReturns(ReturnFlow):
    """What was sold stays sold."""

    def return_approved(self, event: Json) -> None:
        """Nothing follows."""
