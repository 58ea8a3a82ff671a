"""Balance sheet, income statement, value added tax and monthly summaries (财务报表)."""

from __future__ import annotations

import sqlite3

from shapan.finance import views
from shapan.finance.charts import statements
from shapan.finance.closing.vat import COLUMN, VAT_PAYABLE
from shapan.finance.figures import TRANSFERS
from shapan.finance.ranges import periods_between, wanted_period, wanted_range
from shapan.finance.rules.ledger import AccountSums
from shapan.finance.rules.statements import income_amounts, sheet_amounts
from shapan.finance.store import accounts as account_store
from shapan.finance.store import balances
from shapan.finance.store import ledger as ledger_store
from shapan.finance.store.books import books
from shapan.kernel.system import Answer, Context, ok

MOST_PERIODS = 12


def get_balance_sheet(ctx: Context, period: str | None) -> Answer:
    """The balance sheet at the end of a period."""
    wanted = wanted_period(ctx, period)
    choices = books(ctx.db)
    lines, _ = statements(choices.standard)
    closing = sheet_amounts(lines, balances.standing(ctx.db, wanted))
    opening = sheet_amounts(lines, balances.standing(ctx.db, f"{int(wanted[:4]) - 1:04}-12"))
    return ok(views.statements.balance_sheet(choices.standard, wanted, lines, closing, opening, ctx.timestamp))


def get_income_statement(ctx: Context, period: str | None) -> Answer:
    """The income statement of a period and of the year up to it."""
    wanted = wanted_period(ctx, period)
    choices = books(ctx.db)
    _, lines = statements(choices.standard)
    month = income_amounts(lines, balances.earned(ctx.db, wanted, wanted, TRANSFERS))
    year = income_amounts(lines, balances.earned(ctx.db, f"{wanted[:4]}-01", wanted, TRANSFERS))
    return ok(views.statements.income_statement(choices.standard, wanted, lines, month, year, ctx.timestamp))


def get_vat_ledger(ctx: Context, period: str | None) -> Answer:
    """What the accounts of value added tax hold at the end of a period, and what the period did to them."""
    wanted = wanted_period(ctx, period)
    roles = account_store.roles(ctx.db)
    family = account_store.family(ctx.db, VAT_PAYABLE)
    sums = {each.account_code: each for each in ledger_store.sums(ctx.db, wanted)}
    rows = [
        (account.code, account.name, sums.get(account.code, AccountSums(account.code, 0, 0, 0)))
        for account in family.values()
        if account.leaf
    ]
    kind = books(ctx.db).taxpayer_kind
    # The column itself, with all accounts below it: only the first of those has the role.
    columns = {role: code[:COLUMN] for role, code in roles.items()}
    if kind == "small_scale":
        columns = {"output_vat": VAT_PAYABLE}
    output, input_ = (_earned(ctx.db, columns.get(role), wanted) for role in ("output_vat", "input_vat"))
    transferred = _earned(ctx.db, columns.get("vat_transferred_out"), wanted)
    owed = -balances.balance(ctx.db, VAT_PAYABLE, wanted)
    return ok(views.statements.vat_ledger(wanted, kind, rows, output, -input_, -transferred, owed))


def _earned(db: sqlite3.Connection, code: str | None, period: str) -> int:
    """Credits less debits of an account in a period; small-scale taxpayers' payments are no tax charged."""
    if code is None:
        return 0
    debit, credit = balances.movement(db, code, period, period)
    return credit if code == VAT_PAYABLE else credit - debit


def get_monthly_summaries(ctx: Context, from_period: str | None, to_period: str | None) -> Answer:
    """Opening balance, debits, credits and closing balance of each leaf account by month."""
    first, last = wanted_range(ctx, from_period, to_period, MOST_PERIODS)
    months = [(period, ledger_store.sums(ctx.db, period)) for period in periods_between(first, last)]
    titles = account_store.titles(ctx.db, {each.account_code for _, sums in months for each in sums})
    return ok(views.statements.monthly_summaries(first, last, months, titles))
