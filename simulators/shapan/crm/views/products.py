"""Products (商品) and price lists (价目表) as the CRM shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.crm.rules.prices import Offer
from shapan.kernel.money import number_from_fen, number_from_rate


def product(row: sqlite3.Row) -> dict[str, Any]:
    """`Product` of the contract."""
    return {
        "code": row["code"],
        "name": row["name"],
        "spec": row["spec"],
        "unit": row["unit"],
        "listPrice": number_from_fen(row["list_price_fen"]),
        "taxRate": number_from_rate(row["tax_rate_bp"]),
        "state": row["state"],
    }


def price_list(row: sqlite3.Row, offers: Iterable[Offer]) -> dict[str, Any]:
    """`PriceList` of the contract."""
    return {
        "id": row["id"],
        "name": row["name"],
        "validFrom": row["valid_from"],
        "validTo": row["valid_to"],
        "note": row["note"],
        "items": [
            {
                "productCode": offer.product_code,
                "minimumQuantity": offer.minimum_quantity,
                "price": number_from_fen(offer.price_fen),
            }
            for offer in offers
        ],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }
