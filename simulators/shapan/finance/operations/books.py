"""The books (账套): setting them up, opening balances, and the dated tax rates."""

from __future__ import annotations

from typing import Any

from shapan.finance import charts, tax_rates, views
from shapan.finance.manual import entry_of
from shapan.finance.opening import OPENERS, OpeningItem
from shapan.finance.rules import periods
from shapan.finance.rules.books import carried_over, opening_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import books as store
from shapan.finance.store import masters as master_store
from shapan.finance.store import openings as opening_store
from shapan.kernel.errors import Fault, conflict, refused
from shapan.kernel.system import Answer, Context, ok


def get_books(ctx: Context) -> Answer:
    """The choices of the books."""
    return ok(views.books.books(store.books(ctx.db), store.in_use(ctx.db)))


def put_books(ctx: Context, body: dict[str, Any]) -> Answer:
    """Set the books up anew, with opening balances carried over or dropped. Only while nothing is posted."""
    _not_in_use(ctx)
    old = store.books(ctx.db)
    new = store.Books(
        body["standard"],
        body["taxpayer_kind"],
        body["opening_period"],
        body.get("revenue_recognition", "on_shipment"),
    )
    keep = body.get("keep_opening_balances", True)
    wrong = _opening_period_faults(ctx, new.opening_period, keep)
    if wrong:
        raise refused(wrong)
    entries = opening_store.entries(ctx.db) if keep else []
    if not keep:
        for opener in OPENERS.values():
            opener.clear(ctx.db)
    # An account that was added below another stands for the nearest one above it that comes with the standard.
    places = _places(old, new)
    opening_store.replace(ctx.db, [])
    chart = charts.chart_of_accounts(new.standard, new.taxpayer_kind)
    store.set_up(ctx.db, new, chart, charts.kinds(new.standard, new.taxpayer_kind).values())
    target = {entry.account_code: _place(entry.account_code, places) for entry in entries}
    accounts = account_store.chart(ctx.db, target.values())
    opening_store.replace(ctx.db, carried_over(entries, target, accounts))
    return ok(views.books.books(new, store.in_use(ctx.db)))


def get_opening_balances(ctx: Context) -> Answer:
    """Balances at the start of the opening period."""
    return ok(views.books.opening_balances(store.books(ctx.db).opening_period, opening_store.rows(ctx.db)))


def put_opening_balances(ctx: Context, body: dict[str, Any]) -> Answer:
    """Replace all opening balances and the open items behind them. Only while nothing is posted."""
    _not_in_use(ctx)
    period = store.books(ctx.db).opening_period
    entries = [entry_of(line) for line in body["lines"]]
    items = [_item(line["item"]) if "item" in line else None for line in body["lines"]]
    chart = account_store.chart(ctx.db, (entry.account_code for entry in entries))
    known = master_store.known(ctx.db, (entry.dimensions for entry in entries))
    roles = account_store.roles(ctx.db)
    openers = {roles[role]: opener for role, opener in OPENERS.items() if role in roles}
    sides = {code: opener.side for code, opener in openers.items()}
    wrong = opening_faults(entries, items, chart, known, sides, period)
    wrong += [
        Fault(
            f"/lines/{index}/item/number",
            f"Another document has the number {item[0]}.",
            f"单据编号 {item[0]} 已被占用。",
        )
        for index, (entry, item) in enumerate(zip(entries, items, strict=True))
        if item is not None
        and entry.account_code in openers
        and opening_store.number_taken(ctx.db, openers[entry.account_code].table, item[0])
    ]
    if wrong:
        raise refused(wrong)
    for opener in OPENERS.values():
        opener.clear(ctx.db)
    opening_store.replace(ctx.db, entries)
    for entry, item in zip(entries, items, strict=True):
        if item is not None:
            number, business, due = item
            assert business is not None  # missing dates are among the faults above
            assert due is not None
            openers[entry.account_code].create(ctx.db, OpeningItem(entry, number, business, due))
    return ok(views.books.opening_balances(period, opening_store.rows(ctx.db)))


def get_tax_rates(ctx: Context, date: str | None, taxpayer_kind: str | None) -> Answer:
    """The tax rates that hold on a day."""
    day = periods.parse_date(date) if date is not None else ctx.today
    if day is None:
        raise refused([Fault("/date", "There is no such date.", "没有这个日期。", "query")])
    kind = taxpayer_kind or store.books(ctx.db).taxpayer_kind
    return ok(views.books.tax_rates(day, kind, tax_rates.rates_on(day, kind)))


def _item(item: dict[str, str]) -> tuple[str, Any, Any]:
    return item["number"], periods.parse_date(item["business_date"]), periods.parse_date(item["due_date"])


def _not_in_use(ctx: Context) -> None:
    if store.in_use(ctx.db):
        raise conflict(
            "books-in-use",
            "Something is posted, waits as a draft or is closed, so the books can no longer be set up anew. Reset the workspace"
            " to begin again, or post what is to change.",
            "账簿中已有凭证、未处理的草稿或已结账期间，不能重新建账。请重置工作区后重来，或以凭证调整。",
        )


def _opening_period_faults(ctx: Context, period: str, keep: bool) -> list[Fault]:
    furthest = periods.period_of(periods.furthest_date(ctx.today))
    if period > furthest:
        return [
            Fault(
                "/opening_period",
                f"{period} lies too far ahead; {furthest} is the last period that can be posted to today.",
                f"启用期间 {period} 过晚，目前最晚可用 {furthest}。",
            )
        ]
    latest = (
        opening_store.latest_item(ctx.db, ("receipt", *(opener.table for opener in OPENERS.values()))) if keep else None
    )
    if latest is not None and latest >= periods.first_day(period).isoformat():
        return [
            Fault(
                "/opening_period",
                f"There is an opening document of {latest}, after {period} begins. Drop the opening balances, or open later.",
                f"期初单据日期 {latest} 不早于启用期间 {period}。请不保留期初余额，或改用更晚的启用期间。",
            )
        ]
    return []


def _places(old: store.Books, new: store.Books) -> dict[str, str]:
    """Old code -> new code of every account that comes with the old standard and taxpayer kind."""
    there = {row.code: row for row in charts.chart_of_accounts(new.standard, new.taxpayer_kind)}
    same = old.standard == new.standard
    places = {}
    for row in charts.chart_of_accounts(old.standard, old.taxpayer_kind):
        code = row.code if same else row.other_standard
        while code not in there:  # small-scale taxpayers keep no columns of value added tax
            code = code[:-2]
        places[row.code] = code
    return places


def _place(code: str, places: dict[str, str]) -> str:
    while code not in places:
        code = code[:-2]
    return places[code]
