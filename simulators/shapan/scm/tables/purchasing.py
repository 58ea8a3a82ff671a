"""Purchasing (采购): categories, suppliers, requisitions, orders, receipts, returns, adjustments of cost."""

from __future__ import annotations

from typing import Any

import sqlite_utils

_SOURCE = {"source_system": str, "source_document": str, "source_id": str}
_CREATED = {"created_at": str, "updated_at": str}


def categories_and_suppliers(db: sqlite_utils.Database) -> None:
    """Categories of products, those in use to begin with, and suppliers."""
    db.table("category").create(
        {"code": str, "name": str, "parent_code": str},
        pk="code",
        not_null={"name"},
        foreign_keys=[("parent_code", "category", "code")],
        strict=True,
    )
    db.execute("INSERT INTO category (code, name) SELECT DISTINCT category, category FROM product")
    db.table("supplier").create(
        {
            "id": int,
            "code": str,
            "name": str,
            "short_name": str,
            "class": str,
            "payment_terms": str,
            "tax_number": str,
            "tolerance_bp": int,
            "contact": str,
            "phone": str,
            "address": str,
            **_SOURCE,
            **_CREATED,
        },
        pk="id",
        not_null={"code", "name", "short_name", "class", "payment_terms", "tolerance_bp", *_CREATED},
        strict=True,
    )
    db.table("supplier").create_index(["code"], unique=True)
    db.table("supplier").create_index(["tax_number"])


def orders_and_receipts(db: sqlite_utils.Database) -> None:
    """Requisitions, purchase orders, goods receipts, returns to suppliers and adjustments of the cost of receipts."""
    _requisitions(db)
    _orders(db)
    _receipts(db)
    _returns(db)
    _adjustments(db)


def _document(
    db: sqlite_utils.Database,
    name: str,
    columns: dict[str, Any],
    optional: set[str],
    references: list[tuple[str, str, str]],
) -> None:
    """The header of a kind of document: id, number, its own columns and when what was done to it."""
    db.table(name).create(
        {"id": int, "number": str, **columns},
        pk="id",
        not_null={"number", *columns} - optional,
        foreign_keys=tuple(references),
        strict=True,
    )
    db.table(name).create_index(["number"], unique=True)


def _requisitions(db: sqlite_utils.Database) -> None:
    done = {"approved_at": str, "closed_at": str}
    own = {"warehouse_code": str, "requested_by": str, "needed_date": str, "note": str}
    _document(
        db,
        "purchase_requisition",
        {"state": str, **own, **_SOURCE, **_CREATED, **done},
        {"requested_by", "needed_date", "note", *_SOURCE, *done},
        [("warehouse_code", "warehouse", "code")],
    )
    db.execute(
        """
        CREATE TABLE purchase_requisition_line (
            requisition_id INTEGER NOT NULL REFERENCES purchase_requisition (id),
            line_no INTEGER NOT NULL,
            product_code TEXT NOT NULL REFERENCES product (code),
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli > 0),
            ordered_milli INTEGER NOT NULL DEFAULT 0 CHECK (ordered_milli BETWEEN 0 AND quantity_milli),
            PRIMARY KEY (requisition_id, line_no)
        ) STRICT
        """
    )


def _orders(db: sqlite_utils.Database) -> None:
    done = {"approved_at": str, "closed_at": str, "cancelled_at": str}
    own = {"supplier_code": str, "warehouse_code": str, "payment_terms": str, "tolerance_bp": int, "order_date": str}
    also = {"expected_date": str, "note": str, **_SOURCE}
    _document(
        db,
        "purchase_order",
        {"state": str, **own, **also, "net_fen": int, "tax_fen": int, **_CREATED, **done},
        {*also, *done},
        [("supplier_code", "supplier", "code"), ("warehouse_code", "warehouse", "code")],
    )
    db.table("purchase_order").create_index(["supplier_code"])
    db.execute(
        """
        CREATE TABLE purchase_order_line (
            order_id INTEGER NOT NULL REFERENCES purchase_order (id),
            line_no INTEGER NOT NULL,
            product_code TEXT NOT NULL REFERENCES product (code),
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli > 0),
            unit_price_e4 INTEGER NOT NULL,
            rate_bp INTEGER NOT NULL,
            net_fen INTEGER NOT NULL,
            tax_fen INTEGER NOT NULL,
            received_milli INTEGER NOT NULL DEFAULT 0 CHECK (received_milli >= 0),
            received_net_fen INTEGER NOT NULL DEFAULT 0,
            received_tax_fen INTEGER NOT NULL DEFAULT 0,
            rejected_milli INTEGER NOT NULL DEFAULT 0 CHECK (rejected_milli >= 0),
            returned_milli INTEGER NOT NULL DEFAULT 0 CHECK (returned_milli BETWEEN 0 AND received_milli),
            requisition_no TEXT REFERENCES purchase_requisition (number),
            requisition_line INTEGER,
            PRIMARY KEY (order_id, line_no)
        ) STRICT
        """
    )


def _receipts(db: sqlite_utils.Database) -> None:
    done = {"posted_at": str, "cancelled_at": str}
    own = {"order_id": int, "receipt_date": str}
    also = {"delivery_note": str, "note": str}
    _document(
        db,
        "goods_receipt",
        {"state": str, **own, **also, **_CREATED, **done},
        {*also, *done},
        [("order_id", "purchase_order", "id")],
    )
    db.table("goods_receipt").create_index(["order_id"])
    # What enters stock is quantity_milli; rejected_milli never does. net_fen + adjusted_fen - returned_net_fen is the cost of what is left.
    db.execute(
        """
        CREATE TABLE goods_receipt_line (
            receipt_id INTEGER NOT NULL REFERENCES goods_receipt (id),
            line_no INTEGER NOT NULL,
            order_line INTEGER NOT NULL,
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli >= 0),
            rejected_milli INTEGER NOT NULL CHECK (rejected_milli >= 0),
            reject_reason TEXT,
            batch_no TEXT,
            production_date TEXT,
            expiry_date TEXT,
            net_fen INTEGER NOT NULL,
            tax_fen INTEGER NOT NULL,
            returned_milli INTEGER NOT NULL DEFAULT 0 CHECK (returned_milli BETWEEN 0 AND quantity_milli),
            returned_net_fen INTEGER NOT NULL DEFAULT 0,
            returned_tax_fen INTEGER NOT NULL DEFAULT 0,
            returned_rejected_milli INTEGER NOT NULL DEFAULT 0 CHECK (returned_rejected_milli BETWEEN 0 AND rejected_milli),
            adjusted_fen INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (receipt_id, line_no)
        ) STRICT
        """
    )


def _returns(db: sqlite_utils.Database) -> None:
    done = {"posted_at": str, "cancelled_at": str}
    _document(
        db,
        "purchase_return",
        {"state": str, "receipt_id": int, "return_date": str, "reason": str, **_CREATED, **done},
        set(done),
        [("receipt_id", "goods_receipt", "id")],
    )
    db.table("purchase_return").create_index(["receipt_id"])
    db.execute(
        """
        CREATE TABLE purchase_return_line (
            return_id INTEGER NOT NULL REFERENCES purchase_return (id),
            line_no INTEGER NOT NULL,
            receipt_line INTEGER NOT NULL,
            quantity_milli INTEGER NOT NULL CHECK (quantity_milli > 0),
            rejected INTEGER NOT NULL,
            net_fen INTEGER NOT NULL,
            tax_fen INTEGER NOT NULL,
            cost_fen INTEGER,
            PRIMARY KEY (return_id, line_no)
        ) STRICT
        """
    )


def _adjustments(db: sqlite_utils.Database) -> None:
    also = {"reason": str, **_SOURCE}
    _document(
        db,
        "cost_adjustment",
        {"receipt_id": int, "adjustment_date": str, **also, "created_at": str},
        set(also),
        [("receipt_id", "goods_receipt", "id")],
    )
    db.table("cost_adjustment").create_index(["receipt_id"])
    db.table("cost_adjustment_line").create(
        {
            "adjustment_id": int,
            "line_no": int,
            "receipt_line": int,
            "quantity_milli": int,
            "before_fen": int,
            "after_fen": int,
            "to_stock_fen": int,
            "to_cost_fen": int,
        },
        pk=("adjustment_id", "line_no"),
        not_null={"receipt_line", "quantity_milli", "before_fen", "after_fen", "to_stock_fen", "to_cost_fen"},
        foreign_keys=[("adjustment_id", "cost_adjustment", "id")],
        strict=True,
    )
