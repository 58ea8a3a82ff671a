"""Price finding (取价): which price a line gets, and where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shapan.crm.rules.products import Product
from shapan.kernel.errors import Fault

GIVEN, PRICE_LIST, LIST_PRICE = "given", "priceList", "listPrice"
"""Where a price can come from (价格来源): said with the line, the customer's price list, the product's list price."""


class Offer(NamedTuple):
    """A price (价格) of a price list: per sales unit, tax included, from a quantity of whole sales units on (起订量)."""

    product_code: str
    minimum_quantity: int
    price_fen: int


class Price(NamedTuple):
    """A price in fen per sales unit, and where it came from."""

    fen: int
    source: str


def find(product: Product, quantity: int, offers: Iterable[Offer]) -> Price:
    """The price of `quantity` whole sales units of `product`, when none is given.

    Of the `offers` for the product whose minimum quantity is reached, the one with the largest minimum counts, be it cheaper or not: a
    price list means what it says. Without any the list price counts.
    """
    reached = [offer for offer in offers if offer.product_code == product.code and offer.minimum_quantity <= quantity]
    if not reached:
        return Price(product.list_price_fen, LIST_PRICE)
    return Price(max(reached, key=lambda offer: offer.minimum_quantity).price_fen, PRICE_LIST)


def price_list_faults(
    valid_from: str, valid_to: str | None, items: Sequence[Mapping[str, Any]], known: Iterable[str]
) -> list[Fault]:
    """Faults of a price list (`items` in wire form): an end before the beginning, unknown products, one quantity of a product twice."""
    faults: list[Fault] = []
    if valid_to is not None and valid_to < valid_from:
        faults.append(
            Fault(
                "/validTo",
                f"The price list would end on {valid_to}, before it begins on {valid_from}. Give a later end, or null for none.",
                f"价目表的失效日期 {valid_to} 早于生效日期 {valid_from}，请改为更晚的日期，或填 null 表示长期有效。",
            )
        )
    codes = set(known)
    seen: set[tuple[str, int]] = set()
    for index, item in enumerate(items):
        code, minimum = item["productCode"], item.get("minimumQuantity", 1)
        if code not in codes:
            faults.append(
                Fault(
                    f"/items/{index}/productCode",
                    f"There is no product {code}. Enter the product first, or take its code from the list of products.",
                    f"没有商品 {code}，请先新建商品，或从商品列表中选取编码。",
                )
            )
        elif (code, minimum) in seen:
            faults.append(
                Fault(
                    f"/items/{index}/minimumQuantity",
                    f"The price of {code} from {minimum} on stands in the list twice. Leave one of them away.",
                    f"商品 {code} 起订量 {minimum} 的价格重复，请只保留一条。",
                )
            )
        seen.add((code, minimum))
    return faults
