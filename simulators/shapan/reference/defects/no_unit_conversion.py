"""Does not convert units."""

from __future__ import annotations

from decimal import Decimal

from shapan.reference.units import Units


class NoConversion(Units):
    """Takes a box for a piece."""

    def factor(self, product_code: str, unit: str) -> Decimal:
        """Always one."""
        return Decimal(1)
