"""New customers reach SCM and finance, one by one or as a file; mergers are followed. Against the real rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shapan.kernel.uscc import complete
from shapan.reference.batches import Row, load
from shapan.reference.flows import customers
from shapan.reference.flows.customers import ALONE
from shapan.reference.state import Incoming

from .conftest import cloud_event, encoded
from .house import House, Integration, done

MANY = customers.MANY + 5


@pytest.fixture
def transport() -> str:
    return "in-process"


def enter(house: House, number: int, **more: Any) -> dict[str, Any]:
    body = {
        "name": f"北京演练{number:03}科技有限公司",
        "unifiedSocialCreditCode": complete("91", "110000", f"MAU{number:04}A"),
        "region": "BJ",
        "industry": "IT",
        **more,
    }
    return done(house.crm.post("/customers", json=body))


def partners(house: House, customer: dict[str, Any]) -> list[dict[str, Any]]:
    query = {"tax_number": customer["unifiedSocialCreditCode"]}
    return list(done(house.scm.get("/partners", params=query))["items"])


def debtors(house: House, customer: dict[str, Any]) -> list[dict[str, Any]]:
    query = {"tax_number": customer["unifiedSocialCreditCode"]}
    return list(done(house.finance.get("/customers", params=query))["items"])


def test_a_new_customer_is_in_both_systems_before_its_first_order(house: House, integration: Integration) -> None:
    customer = enter(house, 1)
    integration.run()
    (partner,), (debtor,) = partners(house, customer), debtors(house, customer)
    assert partner["full_name"] == debtor["full_name"] == customer["name"]
    assert partner["source_reference"]["id"] == customer["id"]
    integration.run()
    assert integration.state.linked("customer", "crm", customer["id"], "scm") == partner["partner_code"]


def test_many_go_as_a_file_and_are_not_entered_twice(house: House, start: Callable[..., Integration]) -> None:
    entered = [enter(house, number) for number in range(MANY)]
    there = done(
        house.scm.post("/partners", json={"short_name": "老客户", "tax_number": entered[3]["unifiedSocialCreditCode"]})
    )
    start().run()
    assert len(done(house.scm.get("/imports"))["items"]) == len(done(house.finance.get("/imports"))["items"]) == 1
    assert [len(partners(house, one)) for one in entered] == [len(debtors(house, one)) for one in entered] == [1] * MANY
    assert partners(house, entered[3])[0]["partner_code"] == there["partner_code"]
    # All memory lost: everything is found again.
    start("another").run()
    assert [len(partners(house, one)) for one in entered] == [len(debtors(house, one)) for one in entered] == [1] * MANY


def test_what_a_file_refuses_goes_its_own_way(
    house: House, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(*args: Any) -> list[Row]:
        return [Row(None, "line 1: injected") if n == 0 else row for n, row in enumerate(load(*args))]

    monkeypatch.setattr(customers, "load", half)
    entered = [enter(house, number) for number in range(MANY)]
    integration.run()
    for one in entered:
        assert integration.state.linked("customer", "crm", one["id"], "scm") == partners(house, one)[0]["partner_code"]
        assert integration.state.linked("customer", "crm", one["id"], "finance") == str(debtors(house, one)[0]["id"])


def test_two_records_of_one_company_in_a_file_are_one_partner(house: House, integration: Integration) -> None:
    entered = [enter(house, number) for number in range(MANY)]
    again = enter(house, 2)
    integration.run()
    assert len(partners(house, again)) == len(debtors(house, again)) == 1
    linked = [integration.state.linked("customer", "crm", one["id"], "scm") for one in (entered[2], again)]
    assert linked[0] == linked[1] is not None


def test_one_that_cannot_be_handed_over_is_parked_alone(integration: Integration) -> None:
    work = f"crm.customer.created: {ALONE}"
    event = cloud_event("e1", "crm.customer.created", "BJ-IT-404", {"id": "00000000-0000-4000-8000-000000000404"})
    integration.state.store([Incoming("urn:shapan:crm", "e1", work, "customer BJ-IT-404", encoded(event).decode())])
    integration.work()
    (letter,) = integration.state.dead_letters()
    assert letter.document == "customer BJ-IT-404"
    assert "answered 404" in letter.reason


def test_a_merged_customer_leaves_its_counterparts_to_the_one_that_is_left(
    house: House, integration: Integration
) -> None:
    kept, merged = enter(house, 1, name="北京甲科技有限公司"), enter(house, 2, name="北京乙科技有限公司")
    integration.run()
    counterpart = integration.state.linked("customer", "crm", merged["id"], "scm")
    with integration.state._transaction() as db:
        db.execute("DELETE FROM link WHERE source = ?", (kept["id"],))
    done(house.crm.post(f"/customers/{merged['id']}/merge", json={"into": kept["id"]}))
    integration.run()
    assert integration.state.linked("customer", "crm", kept["id"], "scm") == counterpart
