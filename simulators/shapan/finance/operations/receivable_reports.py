"""Ageing, allowance rates and statements of account (账龄分析表, 坏账准备计提比例, 对账单)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from shapan.finance import views
from shapan.finance.rules import periods
from shapan.finance.rules.ageing import rates_faults, spread
from shapan.finance.rules.refusals import refusal
from shapan.finance.store import accounts as account_store
from shapan.finance.store import customers as customer_store
from shapan.finance.store import sub_ledger as store
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.money import rate_from_text
from shapan.kernel.system import Answer, Context, ok


def get_ageing(ctx: Context, basis: str, as_of: str | None, customer_id: int | None) -> Answer:
    """Receivables by age, as the sub-ledger stood at the end of a day."""
    day = ctx.today if as_of is None else _past_day("as_of", as_of, ctx.today)
    if isinstance(day, Fault):
        raise refused([day])
    rows, receipts = store.open_at(ctx.db, day, customer_id), store.receipts_at(ctx.db, day, customer_id)
    names, totals = store.short_names(ctx.db), Counter[str]()
    by_customer: dict[int, list[Any]] = {customer: [] for customer, (unapplied, _) in receipts.items() if unapplied}
    for item in store.aged_items(rows):
        by_customer.setdefault(item.customer_id, []).append(item)
    shown = []
    for customer in sorted(by_customer):
        amounts = spread(by_customer[customer], basis, day)
        totals.update(amounts)
        shown.append((customer, names[customer], amounts, receipts.get(customer, (0, 0))[0]))
    return ok(views.ageing.ageing(basis, day, shown, totals))


def get_customer_statement(ctx: Context, customer_id: int, from_: str, to: str) -> Answer:
    """A customer's entries on 1122 between two days, and what is open at the end; or 404."""
    customer = customer_store.get(ctx.db, customer_id)
    if customer is None:
        raise not_found("customer", "往来单位", customer_id)
    first, last = _past_day("from", from_, ctx.today), _past_day("to", to, ctx.today)
    wrong = [day for day in (first, last) if isinstance(day, Fault)]
    if isinstance(first, date) and isinstance(last, date) and first > last:
        wrong.append(
            Fault(
                "/from", f"{first} lies after the last day {last}.", f"起始日期 {first} 晚于截止日期 {last}。", "query"
            )
        )
    problem = refusal(wrong)
    if problem is not None:
        raise problem
    # A day that is none is among the faults above.
    assert isinstance(first, date)
    assert isinstance(last, date)
    account = account_store.role(ctx.db, "receivable")
    return ok(
        views.ageing.statement(
            customer,
            (first, last),
            store.balance_before(ctx.db, account, customer_id, first),
            store.entries(ctx.db, account, customer_id, first, last),
            store.open_at(ctx.db, last, customer_id),
            store.receipts_at(ctx.db, last, customer_id).get(customer_id, (0, 0)),
        )
    )


def get_allowance_rates(ctx: Context) -> Answer:
    """The rates of the allowance for bad debts."""
    return ok(views.ageing.allowance_rates(store.allowance_rates(ctx.db)))


def put_allowance_rates(ctx: Context, body: dict[str, Any]) -> Answer:
    """Replace the rates of the allowance for bad debts."""
    rates = [(line["bucket"], rate_from_text(line["rate"])) for line in body["rates"]]
    problem = refusal(rates_faults(rates))
    if problem is not None:
        raise problem
    store.set_allowance_rates(ctx.db, rates)
    return get_allowance_rates(ctx)


def _past_day(name: str, text: str, today: date) -> date | Fault:
    """The day in a query parameter, or why it is none that can be reported on."""
    day = periods.parse_date(text)
    if day is None:
        return Fault(f"/{name}", "There is no such date.", "没有这个日期。", "query")
    if day > today:
        return Fault(
            f"/{name}",
            f"{day} lies after today ({today}); nothing is known of it.",
            f"{day} 晚于今天（{today}），尚无数据。",
            "query",
        )
    return day
