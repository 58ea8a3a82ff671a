"""Ledgers of accounts and balances by dimension (总账与明细账, 辅助核算余额)."""

from __future__ import annotations

import sqlite3

from shapan.finance import views
from shapan.finance.ranges import wanted_period, wanted_range
from shapan.finance.rules.ledger import AccountSums, balance_row, balance_totals
from shapan.finance.store import accounts as account_store
from shapan.finance.store import detail as store
from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, ok


def get_ledger(
    ctx: Context,
    account_code: str,
    from_period: str | None,
    to_period: str | None,
    customer_id: int | None,
    supplier_id: int | None,
    product_code: str | None,
    store_code: str | None,
    skip: int,
    limit: int,
) -> Answer:
    """Every line of an account and those below it, with the running balance."""
    account = _account(ctx, account_code)
    first, last = wanted_range(ctx, from_period, to_period)
    question = store.Question(account_code, first, last, customer_id, supplier_id, product_code, store_code)
    opening = store.before(ctx.db, question)
    left_out, rows, more = store.lines(ctx.db, question, skip, limit)
    debit, credit = store.sums(ctx.db, question)
    return ok(
        views.ledger.ledger(
            account, first, last, opening + left_out, rows, more, (debit, credit), opening + debit - credit
        )
    )


def get_dimension_balances(ctx: Context, account_code: str, dimension: str, period: str | None) -> Answer:
    """Balances of an account by customer, supplier, product or store."""
    account = _account(ctx, account_code)
    wanted = wanted_period(ctx, period)
    found = store.by_dimension(ctx.db, account_code, dimension, wanted)
    rows = [balance_row(AccountSums(account_code, row["opening"], row["debit"], row["credit"])) for row in found]
    return ok(views.ledger.dimension_balances(wanted, account, dimension, found, rows, balance_totals(rows)))


def _account(ctx: Context, code: str) -> sqlite3.Row:
    row = account_store.account(ctx.db, code)
    if row is None:
        raise not_found("account", "科目", code)
    return row
