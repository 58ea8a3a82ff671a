"""Fault rules in the database of their workspace (故障规则存储), where they survive a restart and kill -9."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.faults.kinds import FAULTS
from shapan.kernel.faults.matching import match_of
from shapan.kernel.faults.rule import Delivery, Rule


def rule_of(id_: str, given: Mapping[str, Any], created_at: datetime) -> Rule:
    """The rule that `given` describes, in the form of the contract's FaultNew."""
    kind = FAULTS[given["fault"]]
    parameters = kind.parameters(given.get("parameters", {}))
    return Rule(id_, kind, parameters, given, match_of(given.get("match", {})), created_at)


def load(db: sqlite3.Connection) -> list[Rule]:
    """All rules, in the order in which they were added."""
    rules = []
    for row in db.execute("SELECT * FROM shapan_fault ORDER BY place"):
        rule = rule_of(
            row["id"], json.loads(row["rule"]), datetime.fromisoformat(row["created_at"]).astimezone(SHANGHAI)
        )
        rule.seen, rule.applied, rule.memory = row["seen"], row["applied"], json.loads(row["memory"])
        rule.healed_at = datetime.fromisoformat(row["healed_at"]) if row["healed_at"] else None
        rules.append(rule)
    by_id = {rule.id: rule for rule in rules}
    for row in db.execute("SELECT * FROM shapan_fault_done"):
        if row["fault_id"] in by_id:
            by_id[row["fault_id"]].done[row["receiver"], row["event_id"]] = row["note"]
    return rules


def insert(db: sqlite3.Connection, rule: Rule) -> None:
    """Keep a new rule, after all others."""
    db.execute(
        "INSERT INTO shapan_fault (id, place, rule, created_at, memory)"
        " SELECT ?, 1 + coalesce(max(place), 0), ?, ?, ? FROM shapan_fault",
        (rule.id, _json(rule.given), rule.created_at.isoformat(), _json(rule.memory)),
    )


def delete(db: sqlite3.Connection, id_: str | None) -> None:
    """Forget a rule; all of them for None."""
    db.execute("DELETE FROM shapan_fault_done WHERE ?1 IS NULL OR fault_id = ?1", (id_,))
    db.execute("DELETE FROM shapan_fault WHERE ?1 IS NULL OR id = ?1", (id_,))


@dataclass(frozen=True, slots=True)
class Progress:
    """What has changed of a rule since it was last kept."""

    id: str
    created_at: str
    seen: int
    applied: int
    healed_at: str | None
    memory: str
    done: tuple[tuple[Delivery, str], ...]


def progress_of(rule: Rule) -> Progress:
    """What there is to keep of a rule."""
    return Progress(
        rule.id,
        rule.created_at.isoformat(),
        rule.seen,
        rule.applied,
        None if rule.healed_at is None else rule.healed_at.isoformat(),
        _json(rule.memory),
        tuple((delivery, rule.done[delivery]) for delivery in rule.fresh if delivery in rule.done),
    )


def keep(db: sqlite3.Connection, progress: list[Progress]) -> None:
    """Keep the progress of rules. One that is no longer there, or another of its name, is left alone."""
    for one in progress:
        number = db.execute(
            "UPDATE shapan_fault SET seen = ?, applied = ?, healed_at = ?, memory = ? WHERE id = ? AND created_at = ?",
            (one.seen, one.applied, one.healed_at, one.memory, one.id, one.created_at),
        ).rowcount
        if number:
            db.executemany(
                "INSERT INTO shapan_fault_done (fault_id, receiver, event_id, note) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (fault_id, receiver, event_id) DO UPDATE SET note = excluded.note",
                [(one.id, receiver, event, note) for (receiver, event), note in one.done],
            )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
