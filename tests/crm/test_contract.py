"""The events of the room, as its contract announces them; examples and links are tested in tests/contracts."""

from __future__ import annotations

from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

DOCUMENT = bundle(data_folder("contracts") / "crm.yaml")


def test_every_event_of_the_room_is_documented() -> None:
    assert set(DOCUMENT["webhooks"]) == {
        "crm.customer.created",
        "crm.customer.updated",
        "crm.order.confirmed",
        "crm.order.cancelled",
    }
