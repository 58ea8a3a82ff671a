"""The control interface for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

SELDOM: list[str] = []


WORKSPACES: dict[str, list[Any]] = {"path.workspace_name": ["other"], "path.snapshot_name": ["saved"]}


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them: the order that the CRM's own preparation confirms."""
    order = [f"ORD-{world.spec.opening:%Y%m}-00001"]
    return {
        "path.document_number": order,
        "path.document": order,
        "query.document": order,
        "query.order": order,
        "path.trace_id": ["1" * 32],
        "path.fault_id": ["fault-1"],
        # Whoever follows waits for what comes; here nothing does.
        "query.wait": [0],
        **WORKSPACES,
    }


def prepare(desk: Desk, world: Any) -> None:
    """A fault in all systems; control keeps nothing of its own."""
    desk.request("POST", "/workspaces/default/fork", 201, name="other")
    desk.request("PUT", "/snapshots/saved", 201, note="to come back to")
    desk.request("POST", "/faults", 201, fault="error", id="fault-1", match={"operations": ["listWebhooks"]})
