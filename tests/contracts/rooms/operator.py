"""The operator interface for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

SELDOM: list[str] = []
EVENT = "10000000-0000-4000-8000-000000000006"


WORKSPACES: dict[str, list[Any]] = {"path.snapshot_name": ["saved"], "path.change_id": ["prepared"]}


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {
        "path.workspace_name": ["other", "third"],
        "path.event_id": [EVENT],
        "path.fault_id": ["fault-1"],
        # Whoever follows waits for what comes; here nothing does.
        "query.wait": [0],
        **WORKSPACES,
    }


def prepare(desk: Desk, world: Any) -> None:
    """An order, whose event can be sent again, a second workspace, and a fault. It is the CRM that is served."""
    lines = [{"productCode": world.crm.products[0].code, "quantity": 2}]
    desk.post("/orders", customerId=world.crm.customers[0].id, lines=lines, submit=True)
    desk.real[EVENT] = desk.request("GET", "/events")["events"][0]["id"]
    desk.request("PUT", "/_shapan/workspaces/other")
    for name in ("saved", "prepared"):
        change = f"/_shapan/changes/{name}"
        desk.request("PUT", f"/ws/other{change}", kind="save", name=name, lease_seconds=60)
        if name == "saved":
            desk.request("POST", f"/ws/other{change}/finish")
    desk.request("POST", "/_shapan/faults", 201, fault="error", id="fault-1", match={"operations": ["listWebhooks"]})
