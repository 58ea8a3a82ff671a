"""Price lists (价目表): agreed prices by quantity, for a time; customers name theirs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import moment, page_answer, uuid_key
from shapan.crm.rules.prices import Offer
from shapan.crm.store import price_lists as store
from shapan.crm.store import products
from shapan.crm.store.pages import Position
from shapan.kernel.errors import not_found, refused
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.money import fen_from_number
from shapan.kernel.system import Answer, Context, created, ok

_COLUMN_OF = {"name": "name", "validFrom": "valid_from", "validTo": "valid_to", "note": "note"}


def list_price_lists(
    ctx: Context, name: str | None, updated_since: str | None, cursor: str | None, limit: int
) -> Answer:
    """One page of price lists with their prices."""
    since = None if updated_since is None else moment(updated_since)

    def select(after: Position, count: int) -> list[sqlite3.Row]:
        return store.page(ctx.db, name=name, updated_since=since, after=after, limit=count)

    def view(rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
        offers = store.offers_in(ctx.db, [row["seq"] for row in rows])
        return [views.products.price_list(row, offers[row["seq"]]) for row in rows]

    return page_answer(ctx, cursor, limit, since, select, view)


def create_price_list(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a price list; 422 for unknown products, prices that stand twice, and an end before the beginning."""
    values = _values(dict.fromkeys(store.COLUMNS), body)
    _check(ctx, values, body["items"])
    offers = _offers(body["items"])
    row = store.insert(ctx.db, values, offers, ctx.timestamp)
    shown = views.products.price_list(row, offers)
    ctx.emit("crm.price_list.created", row["id"], shown)
    return created(shown, ctx.url(f"/price-lists/{row['id']}"), etag=etag(row["version"]))


def get_price_list(ctx: Context, price_list_id: str) -> Answer:
    """One price list with its prices."""
    row = _load(ctx, price_list_id)
    return ok(views.products.price_list(row, _offers_in(ctx, row)), etag=etag(row["version"]))


def update_price_list(ctx: Context, price_list_id: str, if_match: str, body: dict[str, Any]) -> Answer:
    """Change a price list; a change that changes nothing leaves the version alone."""
    row = _load(ctx, price_list_id)
    check_if_match(if_match, row["version"])
    before = {column: row[column] for column in store.COLUMNS}
    values = _values(before, body)
    _check(ctx, values, body.get("items", []))
    offers_before = _offers_in(ctx, row)
    offers = _offers(body["items"]) if "items" in body else offers_before
    if (values, offers) == (before, offers_before):
        return ok(views.products.price_list(row, offers), etag=etag(row["version"]))
    row = store.update(ctx.db, row["seq"], values, None if offers == offers_before else offers, ctx.timestamp)
    shown = views.products.price_list(row, offers)
    ctx.emit("crm.price_list.updated", row["id"], shown)
    return ok(shown, etag=etag(row["version"]))


def _load(ctx: Context, price_list_id: str) -> sqlite3.Row:
    row = store.find(ctx.db, uuid_key(price_list_id))
    if row is None:
        raise not_found("price list", "价目表", price_list_id)
    return row


def _offers_in(ctx: Context, row: sqlite3.Row) -> list[Offer]:
    return store.offers_in(ctx.db, [row["seq"]])[row["seq"]]


def _offers(items: Sequence[Mapping[str, Any]]) -> list[Offer]:
    return [
        Offer(item["productCode"], item.get("minimumQuantity", 1), fen_from_number(item["price"])) for item in items
    ]


def _check(ctx: Context, values: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    known = products.known(ctx.db, {item["productCode"] for item in items})
    faults = rules.prices.price_list_faults(values["valid_from"], values["valid_to"], items, known)
    if faults:
        raise refused(faults)


def _values(before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a price list: those that the body names, the others as before."""
    return {**before, **{_COLUMN_OF[member]: value for member, value in body.items() if member in _COLUMN_OF}}
