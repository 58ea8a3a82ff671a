"""A salesperson's desk in the CRM: short ways to the documents that the tests need."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.conftest import Api

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Desk:
    """Documents of one CRM over HTTP, and what its refusals say."""

    unknown = UNKNOWN

    def __init__(self, api: Api) -> None:
        self.api = api
        self.customers: list[dict[str, Any]] = api.get("/customers").json()["items"]
        self.products: list[dict[str, Any]] = api.get("/products").json()["items"]

    @property
    def customer_id(self) -> str:
        """A seeded customer."""
        return str(self.customers[0]["id"])

    def lines(self, *quantities: int) -> list[dict[str, Any]]:
        """One line for each quantity, of one product after the other, at list price."""
        return [
            {"productCode": product["code"], "quantity": quantity}
            for product, quantity in zip(self.products, quantities, strict=False)
        ]

    def order(self, **members: Any) -> httpx.Response:
        """POST /orders of a seeded customer, two lines unless told otherwise. Asserts that it was taken."""
        body = {"customerId": self.customer_id, "lines": self.lines(3, 2), **members}
        answer = self.api.post("/orders", json=body)
        assert answer.status_code == 201, answer.text
        return answer

    def contact(self, **members: Any) -> httpx.Response:
        """POST a contact of a seeded customer. Asserts that it was taken."""
        answer = self.api.post(f"/customers/{self.customer_id}/contacts", json={"name": "王小明", **members})
        assert answer.status_code == 201, answer.text
        return answer

    def enter(self, path: str, **body: Any) -> dict[str, Any]:
        """POST a new document. Asserts that it was taken."""
        answer = self.api.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def act(self, path: str, **body: Any) -> dict[str, Any]:
        """POST an action, without a body when there is nothing to say. Asserts that it was done."""
        answer = self.api.post(path, json=body) if body else self.api.post(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def change(self, path: str, **body: Any) -> dict[str, Any]:
        """PATCH whatever version there is. Asserts that it was taken."""
        answer = self.api.patch(path, json=body, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def later(self, days: int = 0, seconds: int = 0) -> None:
        """Move the simulated clock, and fetch a token that is good at that time."""
        answer = self.api.post("/_shapan/clock", json={"advance_seconds": days * 86400 + seconds})
        assert answer.status_code == 200, answer.text
        self.api.token = self.api.fetch_token()

    def day(self, days: int = 0) -> str:
        """The date in so many days, on the simulated clock."""
        today = date.fromisoformat(self.api.get("/_shapan/clock").json()["now"][:10])
        return (today + timedelta(days=days)).isoformat()

    def told(self) -> list[tuple[str, str]]:
        """Type and subject of everything in the event feed."""
        return [(event["type"].removeprefix("crm."), event["subject"]) for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        """Everything in the event feed."""
        page = self.api.get("/events", params={"limit": 500}).json()
        assert page["has_more"] is False
        return list(page["events"])

    def walk(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page along the Link header, which must agree with nextCursor."""
        items: list[dict[str, Any]] = []
        answer = self.api.get(path, params=params)
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            items += page["items"]
            link = answer.links.get("next")
            if link is None:
                assert page["nextCursor"] is None
                return items
            assert page["items"], "an empty page leads on"
            url = httpx.URL(link["url"])
            assert url.params["cursor"] == page["nextCursor"]
            assert {key: url.params[key] for key in params} == {key: str(value) for key, value in params.items()}
            answer = self.api.get(str(url))


@pytest.fixture
def desk(crm: Api) -> Desk:
    """A desk in a fresh CRM."""
    return Desk(crm)
