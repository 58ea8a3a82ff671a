"""What the seeds of several systems must agree on beyond the world itself: the stores, ids of past orders, opening batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shapan.world.draws import between, stream
from shapan.world.views import record_uuid

if TYPE_CHECKING:
    from shapan.world.build import World


class OpeningBatch(NamedTuple):
    """A batch (批次) that lies in a warehouse at the opening: thousandths of the base unit; no expiry where the product has none."""

    product_code: str
    warehouse: str
    number: str
    produced_on: date
    expires_on: date | None
    quantity_milli: int


def stores(world: World) -> tuple[tuple[str, str, str], ...]:
    """(code, name, address) of the stores, in their order."""
    return tuple(one for one in world.warehouses if one[0] in world.store_codes)


def order_id(world: World, number: str) -> str:
    """The CRM's id of the past order with this number, which the SCM knows as the source of its own."""
    return record_uuid(world.spec.seed, "order", number)


def opening_batches(world: World) -> Iterator[OpeningBatch]:
    """The opening stock of products that are kept in batches: two batches a product, the older one with a third of each balance.

    The newer one is fresh, the older one may be past two thirds of its shelf life (临期).
    """
    managed = {product.code: product for product in world.products if product.batch_managed}
    for code, warehouse, milli, _ in world.scm.opening_stock:
        if code not in managed:
            continue
        life = managed[code].shelf_life_days
        rng = stream(world.spec.seed, "batches", code)
        newer = world.spec.opening - timedelta(days=between(rng, 1, max(1, (life or 400) // 10)))
        older = newer - timedelta(days=between(rng, 1, max(1, (life or 400) * 6 // 10)))
        first = milli // 3000 * 1000
        for made, part in ((older, first), (newer, milli - first)):
            if part:
                expires = made + timedelta(days=life) if life else None
                yield OpeningBatch(code, warehouse, f"{made:%Y%m%d}", made, expires, part)
