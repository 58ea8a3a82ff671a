"""Approval (审批) of orders: the policy, and the decisions of its steps."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import ordering, rules, views
from shapan.crm.store import approvals as store
from shapan.crm.store import orders
from shapan.kernel.errors import refused
from shapan.kernel.system import Answer, Context, ok


def get_approval_policy(ctx: Context) -> Answer:
    """The policy in force."""
    return ok(views.approvals.policy(*store.policy(ctx.db)))


def put_approval_policy(ctx: Context, body: dict[str, Any]) -> Answer:
    """Replace the policy; 422 with every fault of it."""
    faults = rules.approvals.policy_faults(body["steps"])
    if faults:
        raise refused(faults)
    store.set_policy(ctx.db, rules.approvals.policy_from_wire(body["steps"]), ctx.timestamp)
    return ok(views.approvals.policy(*store.policy(ctx.db)))


def approve_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Approve the pending step, and confirm the order after the last one; 409 for any other role, or when nothing is pending."""
    row, step = _pending(ctx, order_id, body["role"])
    store.decide(ctx.db, step, "approved", body["approver"], body.get("comment"), ctx.timestamp)
    more = store.advance(ctx.db, step, ctx.timestamp)
    row = orders.decide(ctx.db, row["seq"], "pendingApproval" if more else "confirmed", ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.approved", *([] if more else ["crm.order.confirmed"]))


def reject_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Reject the order at the pending step; 409 as for approving."""
    row, step = _pending(ctx, order_id, body["role"])
    store.decide(ctx.db, step, "rejected", body["approver"], body["comment"], ctx.timestamp)
    store.withdraw(ctx.db, row["seq"], row["approval_round"])
    row = orders.decide(ctx.db, row["seq"], "rejected", ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.rejected")


def _pending(ctx: Context, order_id: str, role: str) -> tuple[sqlite3.Row, sqlite3.Row]:
    row = ordering.load(ctx, order_id)
    step = store.pending(ctx.db, row["seq"], row["approval_round"])
    refusal = rules.approvals.decision_refusal(
        row["number"], row["state"], None if step is None else step["role"], role
    )
    if refusal is not None:
        raise refusal
    assert step is not None, "nothing is refused only when a step is pending"
    return row, step
