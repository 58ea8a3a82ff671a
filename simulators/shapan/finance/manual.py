"""What a person enters as a voucher, read and checked (手工凭证): shared by vouchers and drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shapan.finance.rules import periods
from shapan.finance.rules.vouchers import Entry, voucher_faults
from shapan.finance.store import accounts as account_store
from shapan.finance.store import masters as master_store
from shapan.kernel.errors import Fault
from shapan.kernel.money import fen_from_text, milli_from_text
from shapan.kernel.system import Context


def checked_entries(ctx: Context, body: Mapping[str, Any]) -> tuple[date | None, Sequence[Entry], list[Fault]]:
    """(date, entries, what is wrong with them apart from a locked period) of a VoucherNew or VoucherDraftNew."""
    day = periods.parse_date(body["date"])
    entries = [entry_of(line) for line in body["lines"]]
    chart = account_store.chart(ctx.db, (entry.account_code for entry in entries))
    known = master_store.known(ctx.db, (entry.dimensions for entry in entries))
    wrong = periods.business_date_faults("/date", day, ctx.today)
    return day, entries, wrong + voucher_faults(entries, chart, known, manual=True)


def entry_of(line: Mapping[str, Any]) -> Entry:
    """The entry that a line of a request means."""
    return Entry(
        line.get("summary", ""),
        line["account_code"],
        line.get("customer_id"),
        fen_from_text(line.get("debit", "0.00")),
        fen_from_text(line.get("credit", "0.00")),
        line.get("supplier_id"),
        line.get("product_code"),
        line.get("store_code"),
        milli_from_text(line["quantity"]) if "quantity" in line else None,
    )
