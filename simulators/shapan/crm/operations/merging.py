"""Two records of one company become one (合并客户), and what happened to a customer (变更历史)."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import page_answer, uuid_key
from shapan.crm.parties import load_customer, named_customer, refuse_merged
from shapan.crm.store import customer_history as store
from shapan.crm.store import customers
from shapan.kernel.errors import Fault, refused
from shapan.kernel.system import Answer, Context, ok


def merge_customer(ctx: Context, customer_id: str, body: dict[str, Any]) -> Answer:
    """Merge a customer into another: all that it has moves. 422 for an unknown other and itself, 409 when one of them is merged already."""
    merged = load_customer(ctx, customer_id)
    faults: list[Fault] = []
    into = named_customer(ctx, body["into"], faults, "/into")
    if uuid_key(body["into"]) == merged["id"]:
        faults.append(
            Fault(
                "/into",
                f"Customer {merged['code']} cannot be merged into itself. Name the other record of the company.",
                f"客户 {merged['code']} 不能合并到自身，请填写同一公司的另一条记录。",
            )
        )
    if into is None or faults:
        raise refused(faults)
    refuse_merged(merged)
    refuse_merged(into)
    moved = store.move(ctx.db, merged["id"], into["id"], ctx.timestamp)
    filled = rules.merging.filled(dict(into), dict(merged))
    former = rules.merging.former_names(dict(into), dict(merged), ctx.timestamp)
    if former != into["former_names"]:
        filled["former_names"] = former
    balance = rules.merging.latest(_balance(into), _balance(merged))
    if filled or balance != _balance(into):
        into_now = store.absorb(ctx.db, into["id"], filled, balance, ctx.timestamp)
    else:
        into_now = into
    merged_now = store.close(ctx.db, merged["id"], into["id"], ctx.timestamp)
    _write_down(ctx, merged, into, into_now, body.get("reason"))
    shown = views.customers.customer(merged_now), views.customers.customer(into_now)
    ctx.emit("crm.customer.merged", merged["code"], shown[0])
    if filled:
        ctx.emit("crm.customer.updated", into["code"], shown[1])
    return ok({"customer": shown[0], "into": shown[1], "moved": moved})


def _balance(row: sqlite3.Row) -> rules.merging.Balance:
    return rules.merging.Balance(row["open_fen"], row["overdue_fen"], row["balance_as_of"])


def _write_down(
    ctx: Context, merged: sqlite3.Row, into: sqlite3.Row, into_now: sqlite3.Row, reason: str | None
) -> None:
    lost = rules.merging.given_up(_balance(merged))
    won = rules.merging.changes(dict(into), dict(into_now), customers.COLUMNS)
    for row, kind, other, changes in ((merged, "merged", into, lost), (into, "absorbed", merged, won)):
        store.insert(
            ctx.db,
            row["seq"],
            kind,
            client_id=ctx.client_id,
            now=ctx.timestamp,
            changes=changes,
            other_id=other["id"],
            reason=reason,
        )


def list_customer_history(ctx: Context, customer_id: str, cursor: str | None, limit: int) -> Answer:
    """One page of what happened to a customer."""
    seq = load_customer(ctx, customer_id)["seq"]
    return page_answer(
        ctx,
        cursor,
        limit,
        None,
        lambda after, count: store.page(ctx.db, seq, after=after, limit=count),
        lambda rows: [views.customers.history(row) for row in rows],
    )
