"""Chart of accounts (会计科目)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from shapan.finance import charts, views
from shapan.finance.rules.accounts import account_in_use, demand_faults, new_account_faults
from shapan.finance.rules.posting_rules import role_demands
from shapan.finance.store import accounts as store
from shapan.finance.store import books as book_store
from shapan.kernel.errors import conflict, not_found, refused
from shapan.kernel.system import Answer, Context, created, ok


def list_accounts(ctx: Context, changed_since: int, limit: int) -> Answer:
    """The chart of accounts."""
    rows, more = store.page(ctx.db, changed_since, limit)
    return ok(views.common.page(rows, [views.accounts.account(row) for row in rows], changed_since, more))


def create_account(ctx: Context, body: dict[str, Any]) -> Answer:
    """Add an account below another. The first one below a leaf takes over its roles."""
    code = body["code"]
    parent = store.account(ctx.db, code[:-2])
    required, optional = body.get("dimensions"), body.get("optional_dimensions")
    wrong = new_account_faults(code, parent is not None, required or [], optional or [])
    if wrong:
        raise refused(wrong)
    assert parent is not None  # it is among the faults above
    if store.account(ctx.db, code) is not None:
        raise conflict(
            "code-exists",
            f"There is an account {code} already. Read it, or choose another code.",
            f"科目 {code} 已存在，请查询该科目或改用其他编码。",
        )
    if parent["leaf"]:
        use = account_in_use(parent["code"], bool(parent["controlled"]), store.uses(ctx.db, parent["code"]))
        if use is not None:
            raise use
        wrong = demand_faults(required or [], _lacking(ctx, json.loads(parent["roles"])))
        if wrong:
            raise refused(wrong)
    store.insert_below(
        ctx.db,
        parent,
        {
            "code": code,
            "name": body["name"],
            "english_name": body.get("english_name", parent["english_name"]),
            "direction": body.get("direction", parent["direction"]),
        },
        required,
        optional,
    )
    return created(views.accounts.account(_account(ctx, code)), ctx.url(f"/accounts/{code}"))


def get_account(ctx: Context, account_code: str) -> Answer:
    """One account, or 404."""
    return ok(views.accounts.account(_account(ctx, account_code)))


def _lacking(ctx: Context, roles: list[str]) -> dict[str, tuple[str, ...]]:
    books = book_store.books(ctx.db)
    kinds = charts.kinds(books.standard, books.taxpayer_kind)
    rules = {name: store.posting_rule(ctx.db, name)[1] for name in book_store.rules(ctx.db) if name in kinds}
    return role_demands(roles, kinds, rules)


def _account(ctx: Context, code: str) -> sqlite3.Row:
    row = store.account(ctx.db, code)
    if row is None:
        raise not_found("account", "科目", code)
    return row
