"""Store sales (门店销售单): book what was sold as what it used, and take it back."""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import Any

from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import milli_from_text
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import rules, views
from shapan.scm.rules.boms import Bom
from shapan.scm.store import boms, masters, parts, stock
from shapan.scm.store import store_sales as store
from shapan.scm.store.query import draw_number


def list_store_sales(
    ctx: Context,
    page: int,
    page_size: int,
    warehouse_code: str | None,
    business_date: str | None,
    state: str | None,
    source_document: str | None,
) -> Answer:
    """A page of store sales."""
    filters = {
        "warehouse_code": warehouse_code,
        "business_date": business_date,
        "state": state,
        "source_document": source_document,
    }
    rows, total = store.page(ctx.db, filters, page, page_size)
    lines = store.lines_of(ctx.db, (row["id"] for row in rows))
    used = store.consumption_of(ctx.db, (row["number"] for row in rows))
    items = [views.store_sales.store_sale(row, lines[row["id"]], used.get(row["number"], ())) for row in rows]
    return ok(views.page(items, page, page_size, total))


def create_store_sale(ctx: Context, body: dict[str, Any]) -> Answer:
    """Book a sale and what it used. 422 for what cannot be sold there, 409 insufficient-stock. Emits scm.store_sale.posted."""
    code, day = body["warehouse_code"], body.get("business_date") or ctx.today.isoformat()
    warehouse = masters.warehouse(ctx.db, code)
    faults = rules.store_sales.store_faults(code, None if warehouse is None else warehouse["kind"])
    faults += rules.references.future_fault(day, ctx.today.isoformat(), "/business_date")
    sold = [(line["product_code"], milli_from_text(line["quantity"])) for line in body["lines"]]
    kitchen = _Kitchen(ctx, day)
    for index, (product_code, _) in enumerate(sold):
        faults += kitchen.learn(product_code, f"/lines/{index}/product_code")
    if faults:
        raise refused(faults)
    used = rules.boms.consumption(sold, kitchen.kinds, kitchen.recipes)
    faults = rules.boms.too_much_faults(used.items(), "/lines")
    if faults:
        raise refused(faults)
    number = draw_number(ctx.db, "MDXS", date.fromisoformat(day))
    _consume(ctx, number, code, day, used, kitchen.pointers(sold))
    header = {
        "number": number,
        "warehouse_code": code,
        "business_date": day,
        "note": body.get("note"),
        **views.source_columns(body),
        "created_at": ctx.timestamp,
    }
    recipes = kitchen.recipes
    store.insert(
        ctx.db,
        header,
        [(product, milli, recipes[product].code if product in recipes else None) for product, milli in sold],
    )
    view = _view(ctx, number)
    ctx.emit("scm.store_sale.posted", number, view)
    return created(view, ctx.url(f"/store-sales/{number}"))


def get_store_sale(ctx: Context, store_sale_no: str) -> Answer:
    """One store sale. 404."""
    return ok(_view(ctx, store_sale_no))


def void_store_sale(ctx: Context, store_sale_no: str, body: dict[str, Any] | None) -> Answer:
    """posted -> voided: each ingredient back into its batch at its cost. 404, 409. Emits scm.store_sale.voided."""
    row = _load(ctx, store_sale_no)
    refusal = rules.store_sales.voided_refusal(store_sale_no, row["state"])
    if refusal is not None:
        raise refusal
    # Movement by movement, so that each batch gets back what it gave, to the fen.
    for part in parts.parts_of(ctx.db, [store_sale_no], store.CONSUMPTION):
        stock.book(
            ctx.db,
            "store_consumption_void",
            row["warehouse_code"],
            part.product_code,
            part.milli,
            ctx.today,
            ctx.timestamp,
            value_fen=part.value_fen,
            batches=None if part.batch_no is None else [(part.batch_no, part.milli)],
            source_document=store_sale_no,
        )
    store.void(ctx.db, row["id"], (body or {}).get("reason"), ctx.timestamp)
    view = _view(ctx, store_sale_no)
    ctx.emit("scm.store_sale.voided", store_sale_no, view)
    return ok(view)


class _Kitchen:
    """The products and recipes that a sale reaches, read once each."""

    def __init__(self, ctx: Context, day: str) -> None:
        self.ctx = ctx
        self.day = day
        self.kinds: dict[str, str] = {}
        self.recipes: dict[str, Bom] = {}

    def learn(self, code: str, pointer: str) -> list[Fault]:
        """Read a product and all that its recipe leads to; a fault for each product or recipe that is missing, at every line that needs it."""
        missing: dict[str, str] = {}
        reached: set[str] = set()
        open_codes = [code]
        while open_codes:
            product_code = open_codes.pop()
            if product_code in reached:
                continue
            reached.add(product_code)
            if product_code not in self.kinds and not self._read(product_code):
                # Only the product sold can be missing: what stands in a recipe was there when it was entered.
                return [rules.references.missing_product(product_code, pointer)]
            if product_code in self.recipes:
                open_codes += [line.product_code for line in self.recipes[product_code].lines]
            elif self.kinds[product_code] == "dish":
                missing[product_code] = pointer
        return rules.store_sales.recipe_faults(missing, self.day)

    def _read(self, code: str) -> bool:
        """Keep the kind of a product, and of a dish its recipe in force; whether there is such a product."""
        product = masters.product(self.ctx.db, code)
        if product is None:
            return False
        self.kinds[code] = product["kind"]
        if product["kind"] == "dish" and (bom_code := boms.in_force(self.ctx.db, code, self.day)) is not None:
            self.recipes[code] = boms.bill(self.ctx.db, bom_code)
        return True

    def pointers(self, sold: list[tuple[str, int]]) -> dict[str, str]:
        """Ingredient -> the first line that needs it."""
        found: dict[str, str] = {}
        for index, line in enumerate(sold):
            for ingredient in rules.boms.consumption([line], self.kinds, self.recipes):
                found.setdefault(ingredient, f"/lines/{index}")
        return found


def _consume(
    ctx: Context, number: str, warehouse_code: str, day: str, used: dict[str, int], pointers: dict[str, str]
) -> None:
    """Book what a sale uses out of the store. 409 names each ingredient that is short."""
    plan, short = rules.issues.plan_issue(
        [
            rules.issues.Wanted(index, pointers[product_code], product_code, milli, None)
            for index, (product_code, milli) in enumerate(used.items())
        ],
        parts.holdings(ctx.db, warehouse_code, used),
        ctx.today,
    )
    refusal = rules.issues.short_refusal(number, warehouse_code, short)
    if refusal is not None:
        raise refusal
    for index, (product_code, milli) in enumerate(used.items()):
        stock.book(
            ctx.db,
            store.CONSUMPTION,
            warehouse_code,
            product_code,
            -milli,
            date.fromisoformat(day),
            ctx.timestamp,
            batches=plan[index],
            source_document=number,
        )


def _load(ctx: Context, number: str) -> sqlite3.Row:
    row = store.get(ctx.db, number)
    if row is None:
        raise not_found("store sale", "门店销售单", number)
    return row


def _view(ctx: Context, number: str) -> views.Json:
    row = _load(ctx, number)
    used = store.consumption_of(ctx.db, [number])
    return views.store_sales.store_sale(row, store.lines_of(ctx.db, [row["id"]])[row["id"]], used.get(number, ()))
