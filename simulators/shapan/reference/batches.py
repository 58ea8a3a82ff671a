"""Many records at once: a file for the import of a system, and what became of each of its rows (批量导入).

A file that was taken says nothing of its rows: each of them was entered or refused, and the answer to each stands on one of the pages of the
import's results. Whoever does not read them all loses records without ever having seen an error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapan.reference.client import SystemClient
from shapan.reference.errors import Undecidable

_ENTERED = frozenset({"created", "unchanged", "updated"})
_POLL = 0.1
_ROWS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one record: `key` is its own key in the system, None when it was refused; `reason` says why."""

    key: str | None
    reason: str = ""


def load(client: SystemClient, resource: str, records: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Enter records row by row; one Row for each, in their order.

    The same records again, as after a crash, change nothing. Undecidable when the file as a whole was refused. Unavailable, Refused.
    """
    content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    key = f"{resource}/{hashlib.sha256(content).hexdigest()[:32]}"
    job = client.upload("/imports", content, "application/x-ndjson", key=key, resource=resource, mode="by_row")
    path = f"/imports/{job['id']}"
    while job["state"] in ("queued", "running"):
        client.pause(_POLL)
        job = client.get(path)
    if job["state"] == "failed":
        raise Undecidable(f"{client.system} could not read the file of {resource}: {job['failure']['detail']}")
    return [_row(one) for one in client.by_cursor(f"{path}/rows", limit=_ROWS)]


def _row(result: Mapping[str, Any]) -> Row:
    if result["state"] in _ENTERED:
        return Row(result["location"].rstrip("/").rpartition("/")[2])
    faults = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in result["errors"])
    return Row(None, f"line {result['line']}: {result['problem']} {faults}".strip())
