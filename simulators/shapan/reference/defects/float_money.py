"""Reckons money in binary floats."""

from __future__ import annotations

from shapan.reference.flows.base import Json
from shapan.reference.flows.deliveries import DeliveryFlow


class FloatMoney(DeliveryFlow):
    """Yuan become fen by way of a float."""

    def receivable_lines(self, delivery: Json) -> list[dict[str, str]]:
        """The lines of a receivable; int(float("19.99") * 100) is 1998, so now and then a fen is lost."""
        return [
            line | {member: in_fen_and_back(line[member]) for member in ("net_amount", "tax_amount")}
            for line in super().receivable_lines(delivery)
        ]


def in_fen_and_back(yuan: str) -> str:
    """Yuan, through whole fen."""
    return f"{int(float(yuan) * 100) / 100:.2f}"
