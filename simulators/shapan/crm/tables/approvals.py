"""What orders grew after 0.1: discounts, approval (审批), revisions (历史版本), and customers with a credit limit (信用额度)."""

from __future__ import annotations

import sqlite_utils


def orders_in_full(db: sqlite_utils.Database) -> None:
    customer = db.table("customer")
    customer.add_column("credit_limit_fen", int)
    customer.add_column("credit_hold", str, not_null_default="none")

    order = db.table("sales_order")
    order.add_column("submitted_at", str)
    order.add_column("completed_at", str)
    order.add_column("revision", int, not_null_default=1)
    # Of the approval that the order as it stands needed; 0 is none.
    order.add_column("approval_round", int, not_null_default=0)
    order.create_index(["confirmed_at"])
    # What a customer has ordered and not got, summed up for its credit without a look at a single order.
    db.execute(
        "CREATE INDEX idx_sales_order_open ON sales_order (customer_id, state, delivery_status, net_fen, tax_fen)"
        " WHERE state = 'confirmed' AND delivery_status <> 'complete'"
    )
    db.execute("CREATE INDEX idx_sales_order_completed ON sales_order (completed_at) WHERE completed_at IS NOT NULL")

    line = db.table("sales_order_line")
    line.add_column("discount_bp", int, not_null_default=0)
    line.add_column("price_source", str, not_null_default="listPrice")


def approvals_and_revisions(db: sqlite_utils.Database) -> None:
    # One row at most: before somebody writes it, the default policy of the rules is in force.
    db.table("approval_policy").create(
        {"id": int, "steps": str, "updated_at": str}, pk="id", not_null={"steps", "updated_at"}, strict=True
    )
    db.table("approval_step").create(
        {
            "order_seq": int,
            "round": int,
            "step": int,
            "role": str,
            "reasons": str,
            "state": str,
            "requested_at": str,
            "decided_at": str,
            "approver": str,
            "comment": str,
        },
        pk=("order_seq", "round", "step"),
        not_null={"role", "reasons", "state"},
        foreign_keys=[("order_seq", "sales_order", "seq")],
        strict=True,
    )
    # `document` is what was agreed, in wire form: a former revision is shown as it stood and never computed anew.
    revision = db.table("order_revision")
    revision.create(
        {"seq": int, "order_seq": int, "revision": int, "replaced_at": str, "reason": str, "document": str},
        pk="seq",
        not_null={"order_seq", "revision", "replaced_at", "reason", "document"},
        foreign_keys=[("order_seq", "sales_order", "seq")],
        strict=True,
    )
    revision.create_index(["order_seq"])


def deliveries_and_deciders(db: sqlite_utils.Database) -> None:
    order = db.table("sales_order")
    # Thousandths delivered by line number, as JSON; NULL where nobody said of what.
    order.add_column("delivered", str)
    order.add_column("delivered_fen", int, not_null_default=0)
    db.execute("UPDATE sales_order SET delivered_fen = net_fen + tax_fen WHERE delivery_status = 'complete'")
    db.table("approval_policy").add_column("distinct_approvers", int, not_null_default=1)
    # An order that waits for its approval takes its share of the credit limit too.
    db.execute("DROP INDEX idx_sales_order_open")
    db.execute(
        "CREATE INDEX idx_sales_order_open ON sales_order"
        " (customer_id, state, delivery_status, net_fen, tax_fen, delivered_fen)"
        " WHERE state IN ('confirmed', 'pendingApproval') AND delivery_status <> 'complete'"
    )


def discounts_and_rests(db: sqlite_utils.Database) -> None:
    db.table("approval_policy").add_column("discount_basis", str, not_null_default="line")
    # Of a part-delivered order whose rest does not come any more.
    order = db.table("sales_order")
    order.add_column("closed_at", str)
    order.add_column("close_reason", str)
    db.execute("DROP INDEX idx_sales_order_open")
    db.execute(
        "CREATE INDEX idx_sales_order_open ON sales_order"
        " (customer_id, state, delivery_status, net_fen, tax_fen, delivered_fen, closed_at)"
        " WHERE state IN ('confirmed', 'pendingApproval') AND delivery_status <> 'complete' AND closed_at IS NULL"
    )
