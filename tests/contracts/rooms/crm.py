"""The CRM for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

# Operations that fit seldom by chance, and get more examples: members that the order's state allows.
SELDOM = ["updateOrder"]
# Stand-ins for keys that are drawn at random when the document is made; `Server.fill_in` puts the real one in (desk.real).
DRAFTS = [f"10000000-0000-4000-8000-00000000000{n}" for n in (1, 2)]
CONFIRMED, CONTACT, WEBHOOK = (f"10000000-0000-4000-8000-00000000000{n}" for n in (3, 4, 5))


def _each(values: list[Any], *places: str) -> dict[str, list[Any]]:
    """The same values for several parameters and members."""
    return dict.fromkeys(places, values)


def _customers(world: Any) -> list[str]:
    return [c.id for c in world.crm.customers][:2]


def _sold(world: Any) -> list[str]:
    return [p.code for p in world.crm.products][:2]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {
        **_each(_customers(world), "path.customerId", "query.customerId", "body.customerId"),
        **_each(_sold(world), "path.productCode", "body.lines[*].productCode"),
        "path.orderId": [*DRAFTS, CONFIRMED],
        "path.contactId": [CONTACT],
        "path.webhook_id": [WEBHOOK],
        "header.If-Match": ['"1"', '"2"'],
    }


def prepare(desk: Desk, world: Any) -> None:
    """The documents behind those keys."""
    desk.webhook(WEBHOOK)
    customer = _customers(world)[0]
    lines = [{"productCode": code, "quantity": 2} for code in _sold(world)]
    for stand_in, submit in ((CONFIRMED, True), (DRAFTS[0], False), (DRAFTS[1], False)):
        desk.real[stand_in] = desk.post("/orders", customerId=customer, lines=lines, submit=submit)["id"]
    desk.real[CONTACT] = desk.post(f"/customers/{customer}/contacts", name="王小明")["id"]
