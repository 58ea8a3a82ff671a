"""Contacts over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

NEW = {"name": "王小明", "title": "采购经理", "phone": "13800001234", "email": "wang@huaxin.example"}


def test_a_new_contact_is_shown_as_it_was_entered(crm: Api, desk: Desk) -> None:
    answer = crm.post(f"/customers/{desk.customer_id}/contacts", json=NEW)
    assert answer.status_code == 201
    contact = answer.json()
    assert {key: contact[key] for key in NEW} == NEW
    assert contact["customerId"] == desk.customer_id
    again = crm.get(answer.headers["Location"])
    assert again.json() == contact
    assert again.headers["ETag"] == answer.headers["ETag"] == '"1"'
    assert desk.events() == []


def test_contacts_are_listed_by_customer_and_page(crm: Api, desk: Desk) -> None:
    path = f"/customers/{desk.customer_id}/contacts"
    seeded = desk.walk(path)
    added = [desk.contact(name=f"联系人{number}").json() for number in range(5)]
    other = f"/customers/{desk.customers[1]['id']}/contacts"
    assert desk.walk(path, limit=2) == [*seeded, *added]
    assert not {contact["id"] for contact in desk.walk(other)} & {contact["id"] for contact in added}


def test_the_contacts_are_those_of_the_world(desk: Desk, tiny_world: Any) -> None:
    for customer in tiny_world.crm.customers:
        assert [
            (c["id"], c["customerId"], c["name"], c["title"], c["phone"], c["email"])
            for c in desk.walk(f"/customers/{customer.id}/contacts")
        ] == [(c.id, customer.id, c.name, c.title, c.phone, c.email) for c in customer.contacts]
    assert any(customer.contacts for customer in tiny_world.crm.customers)


def test_a_change_replaces_what_it_names(crm: Api, desk: Desk) -> None:
    contact = desk.contact(**NEW).json()
    path = f"/contacts/{contact['id']}"
    answer = crm.patch(path, json={"title": "采购总监", "email": None}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.json() == {**contact, "title": "采购总监", "email": None, "updatedAt": answer.json()["updatedAt"]}
    assert answer.headers["ETag"] == '"2"'
    assert crm.get(path).json() == answer.json()


def test_a_change_that_changes_nothing_is_no_change(crm: Api, desk: Desk) -> None:
    contact = desk.contact().json()
    answer = crm.patch(f"/contacts/{contact['id']}", json={"title": None}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, contact, '"1"')


def test_a_stale_change_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    path = f"/contacts/{desk.contact().json()['id']}"
    answer = crm.patch(path, json={"title": "会计"}, headers={"If-Match": '"7"'})
    assert sorted(refusal(answer, 412, "precondition-failed")) == []
    assert sorted(refusal(crm.patch(path, json={"title": "会计"}), 428, "precondition-required")) == ["/If-Match"]
    assert crm.get(path).json()["title"] is None


def test_every_fault_is_named(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    body = {"title": "采购\n经理", "phone": "call me", "email": "nobody", "age": 40}
    answer = crm.post(f"/customers/{desk.customer_id}/contacts", json=body)
    assert sorted(refusal(answer, 400, "validation-failed")) == ["/age", "/email", "/name", "/phone", "/title"]


def test_the_same_key_enters_one_contact(crm: Api, desk: Desk) -> None:
    path = f"/customers/{desk.customer_id}/contacts"
    before = len(desk.walk(path))
    first, second = (crm.post(path, json=NEW, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(desk.walk(path)) == before + 1


@pytest.mark.in_process
def test_a_customer_has_one_primary_contact_who_is_still_there(
    crm: Api, desk: Desk, refusal: Callable[..., list[str]]
) -> None:
    def primary() -> list[str]:
        listed = desk.walk(f"/customers/{desk.customer_id}/contacts")
        return [contact["name"] for contact in listed if contact["primary"]]

    assert primary() == []
    one, two = desk.contact(name="甲", primary=True).json(), desk.contact(name="乙").json()
    assert (one["state"], one["primary"], two["primary"]) == ("active", True, False)
    assert primary() == ["甲"]
    answer = crm.patch(f"/contacts/{two['id']}", json={"primary": True}, headers={"If-Match": '"1"'})
    assert (answer.json()["primary"], primary()) == (True, ["乙"])
    assert crm.get(f"/contacts/{one['id']}").headers["ETag"] == '"2"'
    desk.contact(name="丙", primary=True)
    assert primary() == ["丙"]
    desk.change(f"/contacts/{two['id']}", primary=True)

    left = desk.change(f"/contacts/{two['id']}", state="left")
    assert (left["state"], left["primary"], primary()) == ("left", False, [])
    wrong: list[dict[str, Any]] = [{"primary": True}, {"primary": True, "state": "left"}]
    for body in wrong:
        answer = crm.patch(f"/contacts/{two['id']}", json=body, headers={"If-Match": "*"})
        assert refusal(answer, 422, "business-rule") == ["/primary"]
    path = f"/customers/{desk.customer_id}/contacts"
    assert desk.enter(path, name="丁", state="left")["state"] == "left"
    answer = crm.post(path, json={"name": "戊", "state": "left", "primary": True})
    assert refusal(answer, 422, "business-rule") == ["/primary"]
    back = desk.change(f"/contacts/{two['id']}", primary=True, state="active")
    assert (back["primary"], primary()) == (True, ["乙"])
