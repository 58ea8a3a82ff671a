"""Transfers -> JSON (调拨单)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from shapan.kernel.money import text_from_fen, text_from_milli
from shapan.scm.views.common import Json, source


def _part(row: sqlite3.Row) -> Json:
    return {
        "batch_no": row["batch_no"],
        "production_date": row["production_date"],
        "expiry_date": row["expiry_date"],
        "quantity": text_from_milli(row["sent_milli"]),
        "received_quantity": text_from_milli(row["received_milli"]),
        "lost_quantity": text_from_milli(row["lost_milli"]),
    }


def _line(row: sqlite3.Row, parts: Sequence[sqlite3.Row]) -> Json:
    received, lost = sum(part["received_milli"] for part in parts), sum(part["lost_milli"] for part in parts)
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "batch_no": row["batch_no"],
        "received_quantity": text_from_milli(received),
        "lost_quantity": text_from_milli(lost),
        "in_transit_quantity": text_from_milli(sum(part["sent_milli"] for part in parts) - received - lost),
        "cost_amount": None if row["cost_fen"] is None else text_from_fen(row["cost_fen"]),
        "batches": [_part(part) for part in parts],
    }


def transfer(
    row: sqlite3.Row, lines: Sequence[sqlite3.Row], parts: Mapping[tuple[int, int], Sequence[sqlite3.Row]]
) -> Json:
    """Transfer with its lines; `parts` are those of `store.transfers.parts_of`."""
    return {
        "transfer_no": row["number"],
        "state": row["state"],
        "from_warehouse_code": row["from_warehouse_code"],
        "to_warehouse_code": row["to_warehouse_code"],
        "send_date": row["send_date"],
        "receive_date": row["receive_date"],
        "note": row["note"],
        "source_reference": source(row),
        "lines": [_line(line, parts.get((row["id"], line["line_no"]), ())) for line in lines],
        "loss_amount": text_from_fen(sum(line["loss_fen"] for line in lines)),
        "loss_reason": row["loss_reason"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "sent_at": row["sent_at"],
        "received_at": row["received_at"],
        "cancelled_at": row["cancelled_at"],
    }
