"""Voucher drafts (凭证草稿): entered by a maker, checked and posted by another (制单与审核分离)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from shapan.finance import views
from shapan.finance.manual import checked_entries
from shapan.finance.posting import check_period, post
from shapan.finance.rules.refusals import refusal
from shapan.finance.rules.vouchers import checker_faults
from shapan.finance.shown import shown_voucher
from shapan.finance.store import drafts as store
from shapan.kernel.errors import conflict, not_found, refused
from shapan.kernel.system import Answer, Context, created, ok


def list_voucher_drafts(ctx: Context, changed_since: int, limit: int, state: str | None) -> Answer:
    """Drafts changed after a watermark."""
    rows, more = store.page(ctx.db, {"state": state}, changed_since, limit)
    return ok(views.common.page(rows, [views.vouchers.draft(row) for row in rows], changed_since, more))


def create_voucher_draft(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a draft. It is checked as a voucher is; the period is looked at when it is posted."""
    _check(ctx, body)
    draft_id = store.insert(ctx.db, body["date"], body.get("word", "记"), body["maker"], body["lines"], ctx.timestamp)
    return created(views.vouchers.draft(_draft(ctx, draft_id)), ctx.url(f"/voucher-drafts/{draft_id}"))


def get_voucher_draft(ctx: Context, draft_id: int) -> Answer:
    """One draft, or 404."""
    return ok(views.vouchers.draft(_draft(ctx, draft_id)))


def put_voucher_draft(ctx: Context, draft_id: int, body: dict[str, Any]) -> Answer:
    """Let a draft say something else; 409 when it is posted or discarded."""
    _open_draft(ctx, draft_id)
    _check(ctx, body)
    store.replace(ctx.db, draft_id, body["date"], body.get("word", "记"), body["maker"], body["lines"])
    return ok(views.vouchers.draft(_draft(ctx, draft_id)))


def post_voucher_draft(ctx: Context, draft_id: int, body: dict[str, Any]) -> Answer:
    """Check a draft and post it as a voucher, by another person than its maker."""
    row = _open_draft(ctx, draft_id)
    # What was right when it was entered may be no more: accounts get accounts below them, periods are closed.
    day, entries, wrong = checked_entries(ctx, {"date": row["date"], "lines": json.loads(row["lines"])})
    wrong = [*checker_faults("/checker", row["maker"], body["checker"]), *wrong]
    problem = refusal(wrong, check_period(ctx.db, "", day))
    if problem is not None:
        raise problem
    assert day is not None  # it is among the faults above
    voucher_id = post(
        *(ctx.db, day, row["word"], ("manual", None), entries, ctx.timestamp),
        maker=row["maker"],
        checker=body["checker"],
    )
    store.finish(ctx.db, draft_id, "posted", voucher_id)
    view = shown_voucher(ctx, voucher_id)
    ctx.emit("finance.voucher.posted", view["period"], view)
    return created(view, ctx.url(f"/vouchers/{voucher_id}"))


def discard_voucher_draft(ctx: Context, draft_id: int) -> Answer:
    """Give a draft up; 409 when it is posted or discarded."""
    _open_draft(ctx, draft_id)
    store.finish(ctx.db, draft_id, "discarded")
    return ok(views.vouchers.draft(_draft(ctx, draft_id)))


def _check(ctx: Context, body: dict[str, Any]) -> None:
    _, _, wrong = checked_entries(ctx, body)
    if wrong:
        raise refused(wrong)


def _draft(ctx: Context, draft_id: int) -> sqlite3.Row:
    row = store.get(ctx.db, draft_id)
    if row is None:
        raise not_found("voucher draft", "凭证草稿", draft_id)
    return row


def _open_draft(ctx: Context, draft_id: int) -> sqlite3.Row:
    row = _draft(ctx, draft_id)
    if row["state"] != "draft":
        state = {"posted": ("posted", "已过账"), "discarded": ("discarded", "已作废")}[row["state"]]
        raise conflict(
            "draft-not-open",
            f"Draft {draft_id} is {state[0]} and can no longer change. Enter a new one, or reverse the voucher.",
            f"凭证草稿 {draft_id} {state[1]}，不能再修改。请新建草稿，或冲销已生成的凭证。",
        )
    return row
