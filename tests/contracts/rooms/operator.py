"""The operator interface for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

SELDOM: list[str] = []
EVENT = "10000000-0000-4000-8000-000000000006"


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {"path.workspace_name": ["other", "third"], "path.event_id": [EVENT]}


def prepare(desk: Desk, world: Any) -> None:
    """An order, whose event can be sent again, and a second workspace. It is the CRM that is served."""
    lines = [{"productCode": world.crm.products[0].code, "quantity": 2}]
    desk.post("/orders", customerId=world.crm.customers[0].id, lines=lines, submit=True)
    desk.real[EVENT] = desk.request("GET", "/events")["events"][0]["id"]
    desk.request("PUT", "/_shapan/workspaces/other")
