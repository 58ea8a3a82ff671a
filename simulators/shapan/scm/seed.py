"""The SCM's view of a world (初始数据): partners, suppliers, products and what they are made of, warehouses, stock, the past year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.kernel.seeding import fill, timestamp
from shapan.scm import history
from shapan.scm.store.catalogue import enter_categories_in_use
from shapan.world.seeding import opening_batches

if TYPE_CHECKING:
    from shapan.world import World


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write the view into empty tables. All masters date from the day on which the stock was counted, see history.py."""
    _warehouses(db, world)
    _parties(db, world)
    _products(db, world)
    _boms(db, world)
    history.write(db.conn, world)
    _batches(db, world)


def _batches(db: sqlite_utils.Database, world: World) -> None:
    """The batches in which the stock lies at the opening; from then on they are kept."""
    opened = timestamp(world.spec.opening)
    batches = list(opening_batches(world))
    made = {(one.product_code, one.number): one for one in batches}
    fill(
        db.conn,
        "batch",
        "product_code batch_no production_date expiry_date created_at",
        (
            (*key, one.produced_on.isoformat(), one.expires_on and one.expires_on.isoformat(), opened)
            for key, one in made.items()
        ),
    )
    fill(
        db.conn,
        "batch_stock",
        "product_code warehouse_code batch_no on_hand_milli opening_milli",
        ((one.product_code, one.warehouse, one.number, one.quantity_milli, one.quantity_milli) for one in batches),
    )


def _warehouses(db: sqlite_utils.Database, world: World) -> None:
    db.table("warehouse").insert_all(
        {"code": code, "name": name, "address": address, "kind": "store" if code in world.store_codes else "warehouse"}
        for code, name, address in world.scm.warehouses
    )


def _parties(db: sqlite_utils.Database, world: World) -> None:
    opened = timestamp(history.first_day(world))
    db.table("partner").insert_all(
        {
            # The next code is the highest id and one more; not every company is a partner, so that numbers are left out.
            "id": int(partner.code.removeprefix("KH")),
            "code": partner.code,
            "short_name": partner.short_name,
            "full_name": partner.full_name,
            "tax_number": partner.tax_number,
            "phone": partner.phone,
            "address": partner.address_text,
            "created_at": opened,
            "updated_at": opened,
        }
        for partner in world.scm.partners
    )
    db.table("supplier").insert_all(
        {
            "id": int(supplier.code.removeprefix("GY")),
            "code": supplier.code,
            "name": supplier.name,
            "short_name": supplier.short_name,
            "class": supplier.grade,
            "payment_terms": supplier.payment_terms,
            "tax_number": supplier.tax_number,
            "tolerance_bp": 0,
            "contact": supplier.contact,
            "phone": supplier.phone,
            "address": supplier.address_text,
            "created_at": opened,
            "updated_at": opened,
        }
        for supplier in world.scm.suppliers
    )


def _products(db: sqlite_utils.Database, world: World) -> None:
    true = {product.key: product for product in world.products}
    db.table("product").insert_all(
        {
            "code": product.code,
            "name": product.name,
            "spec": product.spec,
            "model": product.model,
            "category": product.category,
            "base_unit": product.base_unit,
            "rate_bp": product.tax_rate_bp,
            "kind": true[product.entity].kind,
            "batch_managed": int(true[product.entity].batch_managed),
            "shelf_life_days": true[product.entity].shelf_life_days,
        }
        for product in world.scm.products
    )
    db.table("product_unit").insert_all(
        {"product_code": product.code, "position": position, "unit": unit, "factor_milli": factor}
        for product in world.scm.products
        # The base unit first, whether the world lists it or not.
        for position, (unit, factor) in enumerate(
            {product.base_unit: 1000, **dict(product.units)}.items(),
        )
    )
    enter_categories_in_use(db.conn)


def _boms(db: sqlite_utils.Database, world: World) -> None:
    codes = {product.entity: product.code for product in world.scm.products}
    # They are as old as the oldest price: nobody knows since when a dish is cooked so.
    first = min((product.prices[0][0] for product in world.products if product.prices), default="")
    since = first or world.spec.opening.isoformat()
    made = timestamp(date.fromisoformat(since))
    boms = list(enumerate(world.boms, 1))
    db.table("bom").insert_all(
        {
            "id": serial,
            "code": f"BOM{serial:05d}",
            "product_code": codes[bom.product],
            "version": 1,
            "state": "active",
            "base_milli": 1000,
            "effective_from": since,
            "created_at": made,
            "updated_at": made,
        }
        for serial, bom in boms
    )

    def lines() -> Iterator[dict[str, Any]]:
        for serial, bom in boms:
            for line_no, line in enumerate(bom.lines, 1):
                yield {
                    "bom_id": serial,
                    "line_no": line_no,
                    "product_code": codes[line.material],
                    "quantity_milli": line.quantity_milli,
                    "scrap_bp": line.scrap_bp,
                }

    db.table("bom_line").insert_all(lines())
