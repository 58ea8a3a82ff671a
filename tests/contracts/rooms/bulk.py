"""Imports and exports for Schemathesis, the same in every system: how files are sent, and a job of each kind (the rooms load this file)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import schemathesis

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

IMPORT, EXPORT = "90000000-0000-4000-8000-000000000001", "90000000-0000-4000-8000-000000000002"
_PAUSE = threading.Event()


@schemathesis.serializer(
    "text/csv",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
    "application/gzip",
)
def _file(context: Any, value: Any) -> bytes:
    """A file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def keys(*resources: str) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {
        "query.resource": list(resources),
        "body.resource": list(resources),
        "path.import_id": [IMPORT],
        "path.export_id": [EXPORT],
    }


def prepare(desk: Desk, resource: str) -> None:
    """One import and one export that are done with."""
    client, headers = desk._client, desk._headers
    answer = client.post(
        "/imports", params={"resource": resource}, content=b"x\n1\n", headers={**headers, "Content-Type": "text/csv"}
    )
    assert answer.status_code == 202, answer.text
    desk.real[IMPORT] = answer.json()["id"]
    desk.real[EXPORT] = desk.request("POST", "/exports", 202, resource=resource)["id"]
    for path in (f"/imports/{desk.real[IMPORT]}", f"/exports/{desk.real[EXPORT]}"):
        for _ in range(1000):
            if desk.request("GET", path)["state"] in ("done", "failed"):
                break
            _PAUSE.wait(0.01)
