"""Chart of accounts (会计科目)."""

from __future__ import annotations

from shapan.finance import views
from shapan.finance.store import accounts as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok


def list_accounts(ctx: Context, changed_since: int, limit: int) -> Answer:
    """The chart of accounts."""
    rows, more = store.page(ctx.db, changed_since, limit)
    return ok(views.page(rows, [views.account(row) for row in rows], changed_since, more))


def get_account(ctx: Context, account_code: str) -> Answer:
    """One account, or 404."""
    row = store.account(ctx.db, account_code)
    if row is None:
        raise not_found("account", "科目", account_code)
    return ok(views.account(row))
