"""What clients did that the contract does not allow (违约请求): by client and operation, with the members at fault and how often.

Not every refusal is one: that a business rule refuses an order, or that somebody changed a document meanwhile, is the course of business.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

PROBLEMS = (
    "validation-failed",
    "malformed-body",
    "malformed-jwe",
    "bad-request",
    "no-such-path",
    "method-not-allowed",
    "body-too-large",
    "unsupported-media-type",
    "precondition-required",
    "idempotency-key-reused",
    "uri-too-long",
    "header-fields-too-large",
)
"""Problems that say that a request was not as the contract has it."""

_MOST_FAULTS = 20


def violations(
    db: sqlite3.Connection, system: str, workspace: str, client_id: str | None = None, operation_id: str | None = None
) -> list[dict[str, Any]]:
    """Groups of requests by client, operation (or method and path, where there is none) and problem; the most frequent first."""
    marks = ", ".join("?" * len(PROBLEMS))
    rows = db.execute(
        "SELECT e.seq, e.at, e.method, e.path, e.operation_id, e.client_id, e.status, e.problem, e.request_id, c.response_body"  # noqa: S608 - marks only
        f" FROM entry AS e JOIN content AS c USING (seq) WHERE e.workspace = ? AND e.kind = 'request' AND e.problem IN ({marks})"
        " AND (? IS NULL OR e.client_id = ?) AND (? IS NULL OR e.operation_id = ?) ORDER BY e.seq",
        (workspace, *PROBLEMS, client_id, client_id, operation_id, operation_id),
    )
    groups: dict[tuple[str | None, ...], dict[str, Any]] = {}
    for row in rows:
        path = row["path"].partition("?")[0]
        key = (
            row["client_id"],
            row["operation_id"],
            row["problem"],
            *(() if row["operation_id"] else (row["method"], path)),
        )
        group = groups.get(key)
        if group is None:
            group = groups[key] = {
                "system": system,
                "client_id": row["client_id"],
                "operation_id": row["operation_id"],
                "method": row["method"],
                "path": path,
                "status": row["status"],
                "problem": row["problem"],
                "count": 0,
                "first_at": row["at"],
                "faults": {},
            }
        group["count"] += 1
        group["last_at"], group["last_request_id"], group["last_path"] = row["at"], row["request_id"], row["path"]
        _add_faults(group["faults"], row["response_body"])
    for group in groups.values():
        faults = sorted(group["faults"].values(), key=lambda fault: -fault["count"])
        group["faults"] = faults[:_MOST_FAULTS]
    return sorted(groups.values(), key=lambda group: -group["count"])


def _add_faults(faults: dict[tuple[str, str], dict[str, Any]], body: str | None) -> None:
    try:
        problem = json.loads(body or "{}")
    except ValueError:
        return  # more than is kept of a body: it had hundreds of faults
    for error in problem.get("errors", []):
        where = (error.get("in", "body"), error["pointer"])
        fault = faults.setdefault(where, {"in": where[0], "pointer": where[1], "detail": error["detail"], "count": 0})
        fault["count"] += 1
        fault["detail"] = error["detail"]
