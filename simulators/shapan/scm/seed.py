"""The SCM's view of a world (初始数据): partners, products, warehouses and opening stock."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

import sqlite_utils

from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.scm.store.catalogue import enter_categories_in_use
from shapan.scm.store.stock import value_opening

if TYPE_CHECKING:
    from shapan.world import World


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write the view into empty tables. Everything dates from the world's opening."""
    view = world.scm
    opened = rfc3339(datetime.combine(world.spec.opening, time(), SHANGHAI))
    db.table("warehouse").insert_all(
        {"code": code, "name": name, "address": address} for code, name, address in view.warehouses
    )
    db.table("partner").insert_all(
        {
            "id": serial,
            "code": partner.code,
            "short_name": partner.short_name,
            "full_name": partner.full_name,
            "tax_number": partner.tax_number,
            "phone": partner.phone,
            "address": partner.address_text,
            "created_at": opened,
            "updated_at": opened,
        }
        for serial, partner in enumerate(view.partners, 1)
    )
    db.table("product").insert_all(
        {
            "code": product.code,
            "name": product.name,
            "spec": product.spec,
            "model": product.model,
            "category": product.category,
            "base_unit": product.base_unit,
            "rate_bp": product.tax_rate_bp,
        }
        for product in view.products
    )
    db.table("product_unit").insert_all(
        {"product_code": product.code, "position": position, "unit": unit, "factor_milli": factor}
        for product in view.products
        # The base unit first, whether the world lists it or not.
        for position, (unit, factor) in enumerate(
            {product.base_unit: 1000, **dict(product.units)}.items(),
        )
    )
    db.table("stock").insert_all(
        {
            "product_code": product_code,
            "warehouse_code": warehouse_code,
            "opening_milli": quantity,
            "opening_value_fen": value,
            "on_hand_milli": quantity,
            "reserved_milli": 0,
            "opened_on": world.spec.opening.isoformat(),
        }
        for product_code, warehouse_code, quantity, value in view.opening_stock
    )
    value_opening(db.conn)
    enter_categories_in_use(db.conn)
