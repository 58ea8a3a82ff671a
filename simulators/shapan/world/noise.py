"""What went wrong in documents and stock, for the answer key (噪声日志): old and unclear money, products that do not move, stock in the books only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from shapan.world import views
from shapan.world.documents import Carried, Sale, StockAt
from shapan.world.draws import stream
from shapan.world.entities import Noise, Product
from shapan.world.mess import Mess
from shapan.world.spec import WorldSpec


def noise_of_sale(spec: WorldSpec, document: Sale | Carried) -> Iterator[Noise]:
    """What went wrong with the money for a sale: not settled, not identified, short by cents, never paid or too late."""
    number, id_ = document.receivable_number, document.finance_id
    path = f"{spec.seed}:{number}"
    receivable = partial(Noise, "finance", "receivable", number, "settled")
    if isinstance(document, Carried):
        yield receivable("items.over_365", "", document.business_date.isoformat(), path)
        return
    for receipt in document.receipts:
        noted = partial(Noise, "finance", "receipt", receipt.number)
        if receipt.customer_id != id_:
            yield noted("customer_id", "items.unidentified", str(id_), str(receipt.customer_id), path)
        elif not receipt.settled_fen:
            yield noted("settled", "items.unsettled", number, "", path)
    left = document.gross_fen - document.settled_fen
    if document.settled_fen and 0 < left < 10:
        yield receivable("items.cents", str(document.gross_fen), str(document.settled_fen), path)
    overdue = (spec.opening - document.due_on).days
    if not document.receipts and overdue > 90:
        rule = "items.over_180" if overdue > 180 else "items.over_90"
        yield receivable(rule, "", document.due_on.isoformat(), path)


def stale_products(spec: WorldSpec, mess: Mess, products: Iterable[Product]) -> dict[str, int]:
    """Code of product -> 180 or 365: it has not moved for at least so many days (呆滞). The first products never are when there is a demo set."""
    found: dict[str, int] = {}
    for place, product in enumerate(products, 1):
        # Materials move whenever something is made of them, and dishes are never in stock.
        if product.kind not in ("goods", "finished") or (mess.demo and place <= views.DEMO_PRODUCTS):
            continue
        chance = stream(spec.seed, "stale", product.code).random()
        if chance < mess.rates["stock.stale_365"]:
            found[product.code] = 365
        elif chance < mess.rates["stock.stale_180"]:
            found[product.code] = 180
    return found


def noise_of_stock(
    spec: WorldSpec,
    mess: Mess,
    products: tuple[Product, ...],
    stale: Mapping[str, int],
    stock: Iterable[StockAt],
    main: str,
) -> Iterator[Noise]:
    """Products that do not move, and stock of the `main` warehouse that stands in the books only (账面虚库存): after is what the books say."""
    for code, days in stale.items():
        yield Noise("scm", "product", code, "stock", f"stock.stale_{days}", "", "", f"{spec.seed}:stale:{code}")
    demo = {product.code for product in products[: views.DEMO_PRODUCTS]} if mess.demo else set()
    for row in stock:
        code = row.product.code
        if row.warehouse != main or code in demo:
            continue
        rng = stream(spec.seed, "ghost", code)
        if rng.random() < mess.rates["stock.ghost"]:
            true = int(row.quantity_milli * rng.random() * 0.8) // 1000 * 1000
            path = f"{spec.seed}:ghost:{code}"
            yield Noise(
                "scm", "product", code, "on_hand_milli", "stock.ghost", str(true), str(row.quantity_milli), path
            )
