"""The operations of the memo system, with which the kernel is tested. Some texts make it misbehave on purpose."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.kernel.errors import not_found
from shapan.kernel.etag import check_if_match, etag
from shapan.kernel.system import Answer, Context, created, ok


def _view(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "text": row["text"], "sealed": bool(row["sealed"])}


def list_memos(ctx: Context, limit: int, sealed: bool | None) -> Answer:
    rows = ctx.db.execute(
        "SELECT * FROM memo WHERE ?1 IS NULL OR sealed = ?1 ORDER BY id LIMIT ?2", (sealed, limit)
    ).fetchall()
    return ok({"items": [_view(row) for row in rows]})


def create_memo(ctx: Context, body: dict[str, Any]) -> Answer:
    memo_id = ctx.db.execute("INSERT INTO memo (text, sealed) VALUES (?, 0)", (body["text"],)).lastrowid
    view = _view(ctx.db.execute("SELECT * FROM memo WHERE id = ?", (memo_id,)).fetchone())
    ctx.emit("memo.created", body["text"][:4], view)
    match body["text"]:
        case "crash":
            raise RuntimeError("on purpose")
        case "break the contract":
            view = {"id": "not a number"}
        case "break the event":
            ctx.emit("memo.created", "x", {"id": 1})
        case "unknown event":
            ctx.emit("memo.burnt", "x", view)
    return created(view, ctx.url(f"/memos/{memo_id}"), etag=etag(1))


def seal_memo(ctx: Context, memo_id: int, if_match: str) -> Answer:
    row = ctx.db.execute("SELECT * FROM memo WHERE id = ?", (memo_id,)).fetchone()
    if row is None:
        raise not_found("memo", "便笺", memo_id)
    check_if_match(if_match, 1 + row["sealed"])
    ctx.db.execute("UPDATE memo SET sealed = 1 WHERE id = ?", (memo_id,))
    return ok({**_view(row), "sealed": True}, etag=etag(2))
