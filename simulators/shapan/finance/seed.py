"""Finance's view of a world (初始数据): chart of accounts, posting rules, customers, opening balances and opening receivables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlite_utils

from shapan.finance.rules.periods import period_of, previous_period
from shapan.finance.rules.vouchers import account_family
from shapan.finance.store.query import next_change
from shapan.kernel.clock import SHANGHAI, rfc3339
from shapan.kernel.yaml_file import load_yaml

if TYPE_CHECKING:
    from shapan.world import World

_DATA = Path(__file__).parent / "data"


def seed(db: sqlite_utils.Database, world: World) -> None:
    """Write the view into empty tables. The books open in the period of the world's opening; the one before is locked."""
    seed_books(db, world.spec.opening)
    view = world.finance
    opened = rfc3339(datetime.combine(world.spec.opening, time(), SHANGHAI))
    db.table("customer").insert_all(
        {
            "id": customer.id,
            "short_name": customer.short_name,
            "full_name": customer.full_name,
            "tax_number": customer.tax_number,
            "payment_terms_days": customer.payment_terms_days,
            "created_at": opened,
            "change": next_change(db.conn),
        }
        for customer in view.customers
    )
    db.table("opening_balance").insert_all(
        {"account_code": code, "customer_id": customer_id, "debit_fen": debit, "credit_fen": credit}
        for code, customer_id, debit, credit in view.opening_balances
    )
    db.table("receivable").insert_all(
        {
            "number": item.number,
            "customer_id": item.customer_id,
            "business_date": item.business_date,
            "due_date": item.due_date,
            "period": period_of(date.fromisoformat(item.business_date)),
            "net_fen": item.net_fen,
            "tax_fen": item.tax_fen,
            "gross_fen": item.gross_fen,
            "settled_fen": 0,
            "state": "open",
            "opening": 1,
            "change": next_change(db.conn),
        }
        for item in view.opening_receivables
    )


def seed_books(db: sqlite_utils.Database, opening: date) -> None:
    """Chart of accounts and posting rules, and empty books that open in the period of `opening`."""
    db.table("account").insert_all({**row, "change": next_change(db.conn)} for row in chart_of_accounts())
    db.table("posting_rule").insert_all(posting_rules())
    period = period_of(opening)
    db.table("books").insert({"id": 1, "opening_period": period})
    db.table("period").insert({"period": previous_period(period), "state": "locked", "change": next_change(db.conn)})


def chart_of_accounts() -> list[dict[str, Any]]:
    """The chart as rows, parents first. Parent and leaf follow from the codes, so they cannot contradict them."""
    with (_DATA / "chart_of_accounts.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["code"])
    parents = {account_family(row["code"])[0] for row in rows if len(row["code"]) > 4}
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "english_name": row["english_name"],
            "category": row["category"],
            "direction": row["direction"],
            "parent": account_family(row["code"])[0] if len(row["code"]) > 4 else None,
            "leaf": int(row["code"] not in parents),
            "dimensions": json.dumps(row["dimensions"].split()),
            "controlled": int(row["controlled"] == "yes"),
        }
        for row in rows
    ]


def posting_rules() -> Iterator[dict[str, Any]]:
    """The posting rules as rows."""
    for document, rule in load_yaml(_DATA / "posting_rules.yaml").items():
        for line_no, line in enumerate(rule["lines"], 1):
            yield {"document": document, "line_no": line_no, "word": rule["word"], **line}
