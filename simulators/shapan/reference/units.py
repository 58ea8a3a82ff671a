"""Units of measure (计量单位): how many base units (件) one sales unit (箱) of a product is. The SCM is the one that knows."""

from __future__ import annotations

import threading
from decimal import Decimal

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused, Undecidable
from shapan.reference.money import decimal


class UnknownProduct(Undecidable):
    """The SCM has no product of this code. Codes that look alike may be two products, so no other one is guessed."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"the SCM has no product {code}; enter it there, or correct the order. "
            f"供应链系统中没有物料 {code}，请在其中维护，或更正订单。"
        )
        self.code = code


class Units:
    """The factors, asked for once a product. Thread-safe."""

    def __init__(self, scm: SystemClient) -> None:
        self._scm = scm
        self._factors: dict[tuple[str, str], Decimal] = {}
        self._lock = threading.Lock()

    def factor(self, product_code: str, unit: str) -> Decimal:
        """How many base units one `unit` of a product is, as the SCM has it. UnknownProduct, or Undecidable without such a unit."""
        with self._lock:
            factor = self._factors.get((product_code, unit))
        if factor is None:
            units = self._units(product_code)
            factors = {(product_code, one["unit"]): decimal(one["factor"], "factor") for one in units}
            factor = factors.get((product_code, unit))
            if factor is None:
                raise Undecidable(
                    f"product {product_code} has no unit {unit} in the SCM; add the unit there. "
                    f"供应链系统中商品 {product_code} 没有单位 {unit}，请先维护。"
                )
            with self._lock:
                self._factors.update(factors)
        return factor

    def _units(self, product_code: str) -> list[dict[str, str]]:
        try:
            return list(self._scm.get(f"/products/{product_code}")["units"])
        except Refused as refusal:
            if refusal.status != 404:
                raise
            raise UnknownProduct(product_code) from refusal
