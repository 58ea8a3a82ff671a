"""Stock ledger (收发存), key figures (关键指标) and monthly summaries (月度汇总) as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from shapan.kernel.money import text_from_fen, text_from_milli
from shapan.scm.rules.figures import Figure, Sums
from shapan.scm.views.common import Json


def ledger_sums(sums: Sums, valued: bool) -> Json:
    """Opening, received, issued and closing of a ledger; the values only when they mean something."""
    return {
        name: {"quantity": text_from_milli(milli), "amount": text_from_fen(fen) if valued else None}
        for name, milli, fen in (
            ("opening", sums.opening_milli, sums.opening_fen),
            ("received", sums.received_milli, sums.received_fen),
            ("issued", sums.issued_milli, sums.issued_fen),
            ("closing", sums.closing_milli, sums.closing_fen),
        )
    }


def ledger_line(row: sqlite3.Row, sums: Sums, valued: bool) -> Json:
    """A movement with the balance after it."""
    change, value = row["change_milli"], row["value_change_fen"]
    return {
        "movement_no": row["number"],
        "business_date": row["business_date"],
        "kind": row["kind"],
        "direction": "in" if (change or value) > 0 else "out",
        "warehouse_code": row["warehouse_code"],
        "quantity": text_from_milli(abs(change)),
        "amount": text_from_fen(abs(value)) if valued else None,
        "balance_quantity": text_from_milli(sums.opening_milli + row["running_milli"]),
        "balance_amount": text_from_fen(sums.opening_fen + row["running_fen"]) if valued else None,
        "batch_no": row["batch_no"],
        "source_document": row["source_document"],
        "note": row["note"],
    }


def kpi(figure: Figure) -> Json:
    """A key figure."""
    return {
        "key": figure.key,
        "name": _both(figure.name),
        "value": figure.value,
        "unit": figure.unit,
        "formula": _both(figure.formula),
        "inputs": dict(figure.inputs),
    }


def _both(text: tuple[str, str]) -> Mapping[str, str]:
    return {"en": text[0], "zh": text[1]}


def monthly_summary(month: str, row: sqlite3.Row, sums: Sums) -> Json:
    """A product's month."""
    return {
        "month": month,
        "product_code": row["code"],
        "product_name": row["name"],
        "unit": row["base_unit"],
        "opening_quantity": text_from_milli(sums.opening_milli),
        "opening_amount": text_from_fen(sums.opening_fen),
        "received_quantity": text_from_milli(sums.received_milli),
        "received_amount": text_from_fen(sums.received_fen),
        "issued_quantity": text_from_milli(sums.issued_milli),
        "issued_amount": text_from_fen(sums.issued_fen),
        "closing_quantity": text_from_milli(sums.closing_milli),
        "closing_amount": text_from_fen(sums.closing_fen),
        "shipped_quantity": text_from_milli(row["shipped_milli"]),
        "shipped_amount": text_from_fen(row["shipped_fen"]),
    }
