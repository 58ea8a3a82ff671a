"""What the SCM does by itself: batches on hand expire at the end of their last day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def test_batches_on_hand_expire_with_an_event_for_each_warehouse(scm: Api, works: Works, clerk: Clerk) -> None:
    today = scm.runtime.workspace("default").clock.freeze().date()
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    for warehouse, batch, days in (
        *(("CK01", "B1", 3), ("CK02", "B1", 3), ("CK01", "B2", 5)),
        *(("CK01", "GONE", -1), ("CK01", "USED", 3)),
    ):
        expiry = (today + timedelta(days=days)).isoformat()
        works.receive(warehouse, milk, "2", "1", batch_no=batch, expiry_date=expiry)
    works.receive("CK01", milk, "2", "1", batch_no="NEVER")
    used = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": milk, "quantity": "2", "batch_no": "USED"}
    works.new("/stock-movements", **used)

    answer = scm.post("/_shapan/clock", json={"advance_seconds": 30 * 86400})
    assert answer.status_code == 200, answer.text
    scm.token = scm.fetch_token()
    first, second = answer.json()["done"]
    assert first["at"] == f"{today + timedelta(days=4)}T00:00:00.000+08:00"
    assert [(batch["warehouse_code"], batch["batch_no"], batch["on_hand"]) for batch in first["detail"]["batches"]] == [
        ("CK01", "B1", "2"),
        ("CK02", "B1", "2"),
    ]
    assert [batch["batch_no"] for batch in second["detail"]["batches"]] == ["B2"]
    told = [event for event in clerk.events() if event["type"] == "scm.batch.expired"]
    assert [event["data"]["batch_no"] for event in told] == ["B1", "B1", "B2"]
    assert {event["subject"] for event in told} == {milk}
    assert (told[0]["data"]["days_left"], told[0]["data"]["expired"]) == (-1, True)
