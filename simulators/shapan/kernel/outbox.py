"""The outbox (发件箱): events written in the transaction of the change that caused them, and the pull feed over them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.ids import new_uuid
from shapan.kernel.system import Context, Event


def source_of(system: str, workspace: str) -> str:
    """The CloudEvents `source` of a system's workspace."""
    return f"urn:shapan:{system}" + ("" if workspace == "default" else f":{workspace}")


def write_events(ctx: Context, events: Iterable[Event]) -> int:
    """Write events and put them in line for every matching subscription. Returns how many deliveries are now in line."""
    number = 0
    time = rfc3339(ctx.now)
    for event in events:
        ctx.written.append(new_uuid())
        seq = ctx.db.execute(
            "INSERT INTO shapan_outbox (id, type, subject, time, traceparent, data) VALUES (?, ?, ?, ?, ?, ?)",
            (
                ctx.written[-1],
                event.type,
                event.subject,
                time,
                ctx.traceparent,
                json.dumps(event.data, ensure_ascii=False),
            ),
        ).lastrowid
        number += ctx.db.execute(
            "INSERT INTO shapan_delivery (subscription_id, seq, subject, state, attempts, next_attempt_at)"
            " SELECT id, ?, ?, 'waiting', 0, ? FROM shapan_subscription WHERE active = 1"
            " AND (types IS NULL OR EXISTS (SELECT 1 FROM json_each(types) WHERE value = ?))",
            (seq, event.subject, time, event.type),
        ).rowcount
        if ctx.services.get("kernel.broker"):
            ctx.db.execute(
                "INSERT INTO shapan_delivery (subscription_id, seq, subject, state, attempts, next_attempt_at)"
                " VALUES ('broker', ?, ?, 'waiting', 0, ?)",
                (seq, event.subject, time),
            )
            number += 1
    return number


def cloud_event(row: sqlite3.Row, source: str) -> dict[str, Any]:
    """A row of the outbox as CloudEvents 1.0 in structured JSON."""
    event = {
        "specversion": "1.0",
        "id": row["id"],
        "source": source,
        "type": row["type"],
        "subject": row["subject"],
        "time": row["time"],
        "datacontenttype": "application/json",
        "sequence": str(row["seq"]),
        "data": json.loads(row["data"]),
    }
    if row["traceparent"]:
        event["traceparent"] = row["traceparent"]
    return event


def events_after(db: sqlite3.Connection, after: int, limit: int) -> tuple[list[sqlite3.Row], bool]:
    """At most `limit` events after a sequence number, and whether there are more."""
    # More than SQLite's integers: nothing can come after it.
    rows = db.execute(
        "SELECT * FROM shapan_outbox WHERE seq > ? ORDER BY seq LIMIT ?", (min(after, 2**63 - 1), limit + 1)
    ).fetchall()
    return rows[:limit], len(rows) > limit
