"""The inbox and the pull feed: which document an event belongs to, duplicates by either way, cursors."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shapan.reference.client import SystemClient
from shapan.reference.errors import Unavailable
from shapan.reference.inbox import Inbox, NoEvent, parse
from shapan.reference.pull import Puller
from shapan.reference.state import State

from .conftest import Script, cloud_event, encoded
from .house import work_of

FROM_SHOP = {"delivery_no": "XSCK-1", "source_reference": {"system": "shop", "document": "9", "id": None}}
FROM_CRM = {"delivery_no": "XSCK-1", "source_reference": {"system": "crm", "document": "ORD-1", "id": None}}


@pytest.mark.parametrize(
    ("type_", "subject", "data", "work"),
    [
        ("crm.order.confirmed", "ORD-1", {}, [("order ORD-1", False)]),
        ("crm.order.changed", "ORD-1", {}, [("order ORD-1", False)]),
        ("crm.order.cancelled", "ORD-1", {}, [("order ORD-1", False)]),
        ("scm.delivery.shipped", "XSDD-1", FROM_CRM, [("order ORD-1", False), ("delivery status ORD-1", True)]),
        ("scm.delivery.shipped", "XSDD-1", {"source_reference": None}, [("sales order XSDD-1", False)]),
        ("scm.delivery.shipped", "XSDD-1", FROM_SHOP, [("sales order XSDD-1", False)]),
        ("finance.receivable.posted", "17", {}, [("balance 17", True)]),
        ("finance.receipt.posted", "17", {}, [("balance 17", True)]),
        ("finance.settlement.posted", "17", {}, [("balance 17", True)]),
        ("crm.customer.updated", "BJ-IT-001", {}, []),
        ("scm.sales_order.approved", "XSDD-1", {}, []),
    ],
)
def test_what_an_event_asks_for_and_must_stay_in_order_with(
    type_: str, subject: str, data: dict[str, Any], work: list[tuple[str, bool]]
) -> None:
    found = work_of(cloud_event("a", type_, subject, data))
    assert [(document, report) for _, document, report in found] == work
    assert {kind.partition(":")[0] for kind, _, _ in found} <= {type_}
    assert len({kind for kind, _, _ in found}) == len(work)


def test_a_delivery_is_kept_as_two_pieces_of_work_and_both_once(inbox: Inbox, state: State) -> None:
    body = encoded(cloud_event("a", "scm.delivery.shipped", "XSDD-1", FROM_CRM))
    assert [inbox.take(body), inbox.take(body)] == [True, False]
    assert [(work.document, work.report) for work, _ in state.heads(9)] == [
        ("order ORD-1", False),
        ("delivery status ORD-1", True),
    ]


def test_a_pushed_event_is_taken_once(inbox: Inbox, state: State) -> None:
    body = encoded(cloud_event("a"))
    assert inbox.take(body) is True
    assert inbox.take(body) is False
    assert len(state.waiting()) == 1


def test_an_event_of_no_interest_is_not_kept(inbox: Inbox, state: State) -> None:
    assert inbox.take(encoded(cloud_event("a", "crm.customer.updated"))) is False
    assert state.waiting() == []


@pytest.mark.parametrize(
    "body",
    [b"no json", b"\xff", b"[]", b"{}", b"null", encoded({"type": "crm.order.confirmed", "subject": "x"})],
)
def test_what_is_no_event_is_refused(inbox: Inbox, body: bytes) -> None:
    with pytest.raises(NoEvent):
        inbox.take(body)


def page(*events: dict[str, Any], next_: str, more: bool = False) -> httpx.Response:
    return httpx.Response(200, json={"events": list(events), "next": next_, "has_more": more})


def never(seconds: float) -> bool:
    raise AssertionError("a single pull does not wait")


def test_the_feed_is_read_page_by_page_from_the_cursor_on(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    client, script = scripted(
        page(cloud_event("a"), cloud_event("b", subject="ORD-2"), next_="2", more=True),
        page(cloud_event("c", subject="ORD-3"), next_="3"),
        page(next_="3"),
    )
    puller = Puller(client, inbox, state, 1.0, never)
    assert puller.pull() == 3
    assert puller.pull() == 0
    assert [request.url.params.get("after") for request in script.requests] == [None, "2", "3"]
    assert state.cursor("scm") == "3"


def test_the_feed_finds_what_the_webhook_missed_and_doubles_nothing(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    inbox.take(encoded(cloud_event("a")))
    client, _ = scripted(page(cloud_event("a"), cloud_event("b", subject="ORD-2"), next_="2"))
    assert Puller(client, inbox, state, 1.0, never).pull() == 1
    assert len(state.waiting()) == 2


def test_a_page_that_fails_leaves_the_cursor(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    client, _ = scripted(page(cloud_event("a"), next_="1", more=True), httpx.ReadTimeout("slow"))
    with pytest.raises(Unavailable):
        Puller(client, inbox, state, 1.0, never).pull()
    assert state.cursor("scm") == "1"
    assert len(state.waiting()) == 1


def test_a_broken_event_does_not_hold_up_the_feed(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    client, _ = scripted(page({"type": "crm.order.confirmed"}, cloud_event("b"), next_="2"))
    assert Puller(client, inbox, state, 1.0, never).pull() == 1
    assert state.cursor("scm") == "2"


def test_amounts_of_a_pulled_event_stay_exact(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    event = cloud_event("a", data={"number": "ORD-1", "grossAmount": 1234567890123.45, "netAmount": 0.1})
    client, _ = scripted(httpx.Response(200, content=json.dumps({"events": [event], "next": "1", "has_more": False})))
    Puller(client, inbox, state, 1.0, never).pull()
    ((work, _),) = state.heads(1)
    assert parse(work.body)["data"]["grossAmount"] == Decimal("1234567890123.45")
    assert parse(work.body)["data"]["netAmount"] == Decimal("0.1")


def test_the_thread_goes_on_after_a_failure_and_stops_when_told(
    scripted: Callable[..., tuple[SystemClient, Script]], inbox: Inbox, state: State
) -> None:
    client, _ = scripted(httpx.ReadTimeout("slow"), page(cloud_event("a"), next_="1"))
    pauses: list[float] = []

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) == 2

    puller = Puller(client, inbox, state, 0.25, wait)
    puller.start()
    puller.join(30.0)
    assert pauses == [0.5, 0.25]
    assert len(state.waiting()) == 1
