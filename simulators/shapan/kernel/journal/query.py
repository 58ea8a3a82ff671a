"""Asking the journal (查询): what is looked for, as SQL, and how an entry looks on the wire."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shapan.kernel.clock import rfc3339


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries are wanted; None asks nothing of a member. All that is asked must hold.

    kind         "request" or "delivery"
    status       one code ("201"), or a class of them ("4xx"); 0 where no answer came
    path         a pattern with * and ?, without the query
    since, until simulated times, the first included, the second not
    document     a number or id that the entry is about or names
    after, before  numbers of entries, both excluded
    """

    kind: str | None = None
    operation_id: str | None = None
    status: str | None = None
    method: str | None = None
    path: str | None = None
    client_id: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    problem: str | None = None
    fault: str | None = None
    document: str | None = None
    webhook_id: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    before: int | None = None
    newest_first: bool = True
    limit: int = 100

    def conditions(self) -> tuple[list[str], list[Any]]:
        """The conditions of a WHERE over `entry` and their values."""
        found: list[str] = []
        values: list[Any] = []

        def ask(condition: str, *given: Any) -> None:
            found.append(condition)
            values.extend(given)

        for column in ("kind", "operation_id", "method", "client_id", "request_id", "trace_id", "problem"):
            if (value := getattr(self, column)) is not None:
                ask(f"{column} = ?", value)
        if self.status is not None:
            if self.status.endswith("xx"):
                ask("status / 100 = ?", int(self.status[0]))
            else:
                ask("status = ?", int(self.status))
        if self.path is not None:
            pattern = self.path.replace("[", "[[]")
            ask("(path GLOB ? OR path GLOB ?)", pattern, pattern + "[?]*")
        if self.fault is not None:
            ask("instr(faults, ?) > 0", json.dumps(self.fault))
        if self.document is not None:
            name = json.dumps(self.document, ensure_ascii=False)
            ask("(instr(subjects, ?) > 0 OR instr(refs, ?) > 0)", name, name)
        if self.webhook_id is not None:
            ask("json_extract(delivery, '$.webhook_id') = ?", self.webhook_id)
        if self.event_type is not None:
            ask("json_extract(delivery, '$.event_type') GLOB ?", self.event_type.replace("[", "[[]"))
        if self.since is not None:
            ask("at >= ?", rfc3339(self.since))
        if self.until is not None:
            ask("at < ?", rfc3339(self.until))
        if self.after is not None:
            ask("seq > ?", self.after)
        if self.before is not None:
            ask("seq < ?", self.before)
        return found, values

    def select(self, workspace: str, *, content: bool) -> tuple[str, list[Any]]:
        """The statement that finds them in a workspace, at most `limit`, with headers and bodies where `content` is set."""
        conditions, values = self.conditions()
        where = " AND ".join(["workspace = ?", *conditions])
        order = "DESC" if self.newest_first else "ASC"
        inner = f"SELECT * FROM entry WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - names and order are ours
        joined = f"SELECT * FROM ({inner}) JOIN content USING (seq) ORDER BY seq {order}"  # noqa: S608
        return joined if content else inner, [workspace, *values, self.limit]


class Seen(Mapping[str, Any]):
    """A row as `shown` shows it, but each member is made when it is asked for: thousands are looked at, and few are shown."""

    def __init__(self, row: sqlite3.Row, system: str) -> None:
        self._row = row
        self._system = system

    def __getitem__(self, name: str) -> Any:
        if name == "system":
            return self._system
        if name in _JSON:
            column, empty = _JSON[name]
            return json.loads(self._row[column] or empty)
        if name == "replayed":
            return bool(self._row["replayed"])
        if name == "request_id":
            return self._row["request_id"] or ""
        return self._row[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row.keys())

    def __len__(self) -> int:
        return len(self._row)


_JSON = {
    "faults": ("faults", "[]"),
    "subjects": ("subjects", "[]"),
    "references": ("refs", "[]"),
    "events": ("events", "[]"),
    "delivery": ("delivery", "null"),
    "request_headers": ("request_headers", "{}"),
    "response_headers": ("response_headers", "{}"),
}


def shown(row: sqlite3.Row, system: str) -> dict[str, Any]:
    """An entry as the operator interface shows it; headers and bodies where the row has them."""
    names = row.keys()
    started = datetime.fromtimestamp(row["started_us"] / 1_000_000, UTC)
    entry = {
        "cursor": str(row["seq"]),
        "system": system,
        "workspace": row["workspace"],
        "kind": row["kind"],
        "at": row["at"],
        "started_at": started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "duration_ms": row["duration_ms"],
        "method": row["method"],
        "path": row["path"],
        "operation_id": row["operation_id"],
        "client_id": row["client_id"],
        "status": row["status"],
        "sent": row["sent"],
        "problem": row["problem"],
        "request_id": row["request_id"] or "",
        "traceparent": row["traceparent"],
        "trace_id": row["trace_id"],
        "idempotency_key": row["idempotency_key"],
        "replayed": bool(row["replayed"]),
        "faults": json.loads(row["faults"] or "[]"),
        "subjects": json.loads(row["subjects"]),
        "references": json.loads(row["refs"]),
        "events": json.loads(row["events"] or "[]"),
        "delivery": json.loads(row["delivery"]) if row["delivery"] else None,
        "request_bytes": row["request_bytes"],
        "response_bytes": row["response_bytes"],
    }
    if "request_body" in names:
        entry["request_headers"] = json.loads(row["request_headers"] or "{}")
        entry["response_headers"] = json.loads(row["response_headers"] or "{}")
        entry["request_body"] = row["request_body"]
        entry["response_body"] = row["response_body"]
    return entry
