"""What a product of the price list is (商品), and what is refused of it."""

from __future__ import annotations

from typing import NamedTuple

from shapan.kernel.errors import Problem, conflict


class Product(NamedTuple):
    """A product of the price list; the price is per sales unit and includes tax. `state` is active or discontinued (停售)."""

    code: str
    name: str
    spec: str
    unit: str
    list_price_fen: int
    tax_rate_bp: int
    state: str = "active"


def taken(code: str) -> Problem:
    """409: there is a product of this code."""
    return conflict(
        "product-exists",
        f"There is a product {code} already. Change it with PATCH, or take another code.",
        f"商品编码 {code} 已存在，请用 PATCH 修改该商品，或换一个编码。",
    )
