"""Approval (审批) of orders: the policy, and the decisions of its steps."""

from __future__ import annotations

import sqlite3
from typing import Any

from shapan.crm import ordering, rules, views
from shapan.crm.store import approvals as store
from shapan.crm.store import orders, revisions
from shapan.kernel.errors import refused
from shapan.kernel.system import Answer, Context, ok

MOST_STEPS = 3
"""Steps of an approval at most, as the policy has them."""


def get_approval_policy(ctx: Context) -> Answer:
    """The policy in force."""
    return ok(views.approvals.policy(store.policy(ctx.db)))


def put_approval_policy(ctx: Context, body: dict[str, Any]) -> Answer:
    """Replace the policy; 422 with every fault of it."""
    faults = rules.approvals.policy_faults(body["steps"])
    if faults:
        raise refused(faults)
    steps = rules.approvals.policy_from_wire(body["steps"])
    basis = body.get("discountBasis", rules.approvals.BY_LINE)
    store.set_policy(ctx.db, steps, body.get("distinctApprovers", True), basis, ctx.timestamp)
    return ok(views.approvals.policy(store.policy(ctx.db)))


def approve_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Approve the pending step, and confirm the order after the last one; 409 for any other role or the same person, or when nothing is pending.

    Before the last step ends the approval, the policy is asked again: what was within the limit may have been overtaken by other orders.
    """
    row, step = _pending(ctx, order_id, body["role"])
    steps = store.steps_of(ctx.db, [row])[row["seq"]]
    if store.policy(ctx.db).distinct_approvers:
        refusal = rules.approvals.approver_refusal(
            row["number"], body["approver"], rules.approvals.deciders([dict(one) for one in steps])
        )
        if refusal is not None:
            raise refusal
    store.decide(ctx.db, step, "approved", body["approver"], body.get("comment"), ctx.timestamp)
    if step["step"] == len(steps):
        lines = orders.lines_of(ctx.db, [row["seq"]])[row["seq"]]
        now = ordering.approval_needed(ctx, ordering.customer_of(ctx, row), lines, row["seq"])
        roles = [one["role"] for one in steps]
        store.append(ctx.db, step, rules.approvals.further(now, roles, MOST_STEPS))
    more = store.advance(ctx.db, step, ctx.timestamp)
    row = orders.decide(ctx.db, row["seq"], "pendingApproval" if more else "confirmed", ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.approved", *([] if more else ["crm.order.confirmed"]))


def reject_order(ctx: Context, order_id: str, body: dict[str, Any]) -> Answer:
    """Reject the order at the pending step; 409 as for approving. Of a confirmed order only the change is rejected: what was agreed stays."""
    row, step = _pending(ctx, order_id, body["role"])
    store.decide(ctx.db, step, "rejected", body["approver"], body["comment"], ctx.timestamp)
    store.withdraw(ctx.db, row["seq"], row["approval_round"])
    if row["confirmed_at"] is not None:
        return _reject_change(ctx, row, body["comment"])
    row = orders.decide(ctx.db, row["seq"], "rejected", ctx.timestamp)
    return ordering.answered(ctx, row, None, "crm.order.rejected")


def _reject_change(ctx: Context, row: sqlite3.Row, comment: str) -> Answer:
    lines = orders.lines_of(ctx.db, [row["seq"]])[row["seq"]]
    agreed = revisions.last(ctx.db, row["seq"])
    revisions.insert(
        ctx.db, row["seq"], row["revision"], views.orders.former_revision(row, lines), comment, ctx.timestamp
    )
    lines = [rules.orders.line_from_wire(line) for line in agreed["lines"]]
    orders.replace_lines(ctx.db, row["seq"], lines)
    row = orders.revise(
        ctx.db,
        row["seq"],
        requested_delivery_date=agreed["requestedDeliveryDate"],
        note=agreed["note"],
        amount=rules.orders.total(lines),
        approval_round=row["approval_round"],
        pending=False,
        now=ctx.timestamp,
    )
    return ordering.answered(ctx, row, lines, "crm.order.change_rejected", "crm.order.confirmed")


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
