"""SQL of the approval policy (审批策略) and of the steps of orders (审批环节)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from shapan.crm.rules.approvals import BY_LINE, DEFAULT_POLICY, Needed, Policy, PolicyStep


def policy(db: sqlite3.Connection) -> Policy:
    """The policy in force."""
    row = db.execute("SELECT * FROM approval_policy WHERE id = 1").fetchone()
    if row is None:
        return Policy(DEFAULT_POLICY, True, None, BY_LINE)
    steps = [PolicyStep(role, tuple(triggers), *rest) for role, triggers, *rest in json.loads(row["steps"])]
    return Policy(steps, bool(row["distinct_approvers"]), row["updated_at"], row["discount_basis"])


def set_policy(
    db: sqlite3.Connection, steps: Iterable[PolicyStep], distinct_approvers: bool, discount_basis: str, now: str
) -> None:
    """Replace the policy."""
    db.execute(
        "INSERT INTO approval_policy (id, steps, distinct_approvers, discount_basis, updated_at) VALUES (1, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET steps = excluded.steps, distinct_approvers = excluded.distinct_approvers,"
        " discount_basis = excluded.discount_basis, updated_at = excluded.updated_at",
        (json.dumps(list(steps)), distinct_approvers, discount_basis, now),
    )


def next_round(db: sqlite3.Connection, order_seq: int) -> int:
    """The number of the next approval of an order, from 1."""
    row = db.execute("SELECT max(round) FROM approval_step WHERE order_seq = ?", (order_seq,)).fetchone()
    return int(row[0] or 0) + 1


def insert(db: sqlite3.Connection, order_seq: int, approval_round: int, needed: Iterable[Needed], now: str) -> None:
    """The steps of an approval: the first is pending from now on, the others wait."""
    db.executemany(
        "INSERT INTO approval_step (order_seq, round, step, role, reasons, state, requested_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                order_seq,
                approval_round,
                number,
                step.role,
                json.dumps(step.reasons),
                "pending" if number == 1 else "waiting",
                now if number == 1 else None,
            )
            for number, step in enumerate(needed, 1)
        ],
    )


def append(db: sqlite3.Connection, last: sqlite3.Row, needed: Iterable[Needed]) -> None:
    """Further steps of an approval under way, behind its `last` one."""
    db.executemany(
        "INSERT INTO approval_step (order_seq, round, step, role, reasons, state) VALUES (?, ?, ?, ?, ?, 'waiting')",
        [
            (last["order_seq"], last["round"], last["step"] + number, step.role, json.dumps(step.reasons))
            for number, step in enumerate(needed, 1)
        ],
    )


def pending(db: sqlite3.Connection, order_seq: int, approval_round: int) -> sqlite3.Row | None:
    """The step that is pending."""
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM approval_step WHERE order_seq = ? AND round = ? AND state = 'pending'",
        (order_seq, approval_round),
    ).fetchone()
    return row


def decide(db: sqlite3.Connection, step: sqlite3.Row, state: str, approver: str, comment: str | None, now: str) -> None:
    """Write the decision into a step."""
    db.execute(
        "UPDATE approval_step SET state = ?, approver = ?, comment = ?, decided_at = ?"
        " WHERE order_seq = ? AND round = ? AND step = ?",
        (state, approver, comment, now, step["order_seq"], step["round"], step["step"]),
    )


def advance(db: sqlite3.Connection, step: sqlite3.Row, now: str) -> bool:
    """The step after `step` becomes pending. False when there is none."""
    cursor = db.execute(
        "UPDATE approval_step SET state = 'pending', requested_at = ? WHERE order_seq = ? AND round = ? AND step = ?",
        (now, step["order_seq"], step["round"], step["step"] + 1),
    )
    return cursor.rowcount == 1


def withdraw(db: sqlite3.Connection, order_seq: int, approval_round: int) -> None:
    """Whatever is not decided is needed no more."""
    db.execute(
        "UPDATE approval_step SET state = 'withdrawn' WHERE order_seq = ? AND round = ? AND state IN ('waiting', 'pending')",
        (order_seq, approval_round),
    )


def steps_of(db: sqlite3.Connection, orders: Iterable[sqlite3.Row]) -> dict[int, list[sqlite3.Row]]:
    """The steps of the approval that each of these orders needed, by the order's seq, in one statement; none, none."""
    rounds = {row["seq"]: row["approval_round"] for row in orders if row["approval_round"]}
    found: dict[int, list[sqlite3.Row]] = {seq: [] for seq in rounds}
    if rounds:
        for step in db.execute(
            "SELECT s.* FROM json_each(?) AS wanted JOIN approval_step AS s"
            " ON s.order_seq = json_extract(wanted.value, '$[0]') AND s.round = json_extract(wanted.value, '$[1]')"
            " ORDER BY s.order_seq, s.step",
            (json.dumps(list(rounds.items())),),
        ):
            found[step["order_seq"]].append(step)
    return found
