"""Returns (退货申请) and their lines."""

from __future__ import annotations

import sqlite_utils


def returns(db: sqlite_utils.Database) -> None:
    request = db.table("return_request")
    request.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "order_seq": int,
            "customer_id": str,
            "state": str,
            "reason": str,
            "net_fen": int,
            "tax_fen": int,
            "version": int,
            "requested_at": str,
            "decided_at": str,
            "approver": str,
            "comment": str,
            "received_at": str,
            "receipt_reference": str,
            "credited_at": str,
            "credit_reference": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "order_seq",
            "customer_id",
            "state",
            "reason",
            "net_fen",
            "tax_fen",
            "version",
            "requested_at",
            "updated_at",
        },
        foreign_keys=[("order_seq", "sales_order", "seq"), ("customer_id", "customer", "id")],
        strict=True,
    )
    request.create_index(["id"], unique=True)
    request.create_index(["number"], unique=True)
    for column in ("order_seq", "customer_id", "state", "received_at"):
        request.create_index([column])

    # What the order's line says of product and price is read there: it changes no more once goods are delivered.
    db.table("return_line").create(
        {"return_seq": int, "line_number": int, "quantity_milli": int, "net_fen": int, "tax_fen": int},
        pk=("return_seq", "line_number"),
        not_null={"quantity_milli", "net_fen", "tax_fen"},
        foreign_keys=[("return_seq", "return_request", "seq")],
        strict=True,
    )
