"""The credit panel (信用情况) of a customer."""

from __future__ import annotations

from shapan.crm import parties, views
from shapan.crm.rules.credit import Credit
from shapan.crm.store import credit as store
from shapan.kernel.system import Answer, Context, ok


def get_customer_credit(ctx: Context, customer_id: str) -> Answer:
    """What a customer owes as last told, what it has ordered since, and what is left of its limit."""
    customer = parties.load_customer(ctx, customer_id)
    orders = store.open_orders(ctx.db, customer["id"])
    credit = Credit(
        customer["credit_limit_fen"],
        customer["credit_hold"],
        customer["open_fen"],
        customer["overdue_fen"],
        orders.gross_fen,
    )
    return ok(views.credit.panel(customer, credit, orders.number, ctx.now))
