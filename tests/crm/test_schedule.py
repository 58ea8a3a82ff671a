"""What the CRM does by itself: sent quotations expire at the end of their last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process


def sent(desk: Desk, days: int) -> dict[str, Any]:
    body = {"customerId": desk.customer_id, "validUntil": desk.day(days), "lines": desk.lines(1)}
    return desk.act(f"/quotations/{desk.enter('/quotations', **body)['id']}/send")


def advance(crm: Api, **change: Any) -> dict[str, Any]:
    answer = crm.post("/_shapan/clock", json=change)
    assert answer.status_code == 200, answer.text
    crm.token = crm.fetch_token()
    return answer.json()


def test_sent_quotations_expire_in_order_with_an_event_each(crm: Api, desk: Desk) -> None:
    advance(crm, frozen=True)
    later, first, second = sent(desk, 9), sent(desk, 3), sent(desk, 3)
    desk.enter("/quotations", customerId=desk.customer_id, validUntil=desk.day(3), lines=desk.lines(1))  # a draft
    answered = sent(desk, 3)
    desk.act(f"/quotations/{answered['id']}/accept")
    before = len(desk.events())
    due = crm.get("/_shapan/clock").json()["next_due"]
    assert (due["work"], due["at"]) == ("quotations.expire", f"{desk.day(4)}T00:00:00.000+08:00")
    fourth, tenth = desk.day(4), desk.day(10)

    done = advance(crm, advance_seconds=30 * 86400)["done"]
    assert [(each["at"][:10], each["detail"]["quotations"]) for each in done] == [
        (fourth, [first["number"], second["number"]]),
        (tenth, [later["number"]]),
    ]
    told = desk.events()[before:]
    assert [(event["type"], event["subject"]) for event in told] == [
        ("crm.quotation.expired", quotation["number"]) for quotation in (first, second, later)
    ]
    # As a GET shows it, at the moment at which it expired.
    assert told[0]["data"] == crm.get(f"/quotations/{first['id']}").json()
    assert told[0]["data"]["state"] == "expired"
    assert told[0]["time"] == done[0]["at"]
    assert advance(crm, advance_seconds=30 * 86400)["done"] == []
