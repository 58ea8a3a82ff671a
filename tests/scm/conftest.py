"""A clerk's desk in the SCM: short ways to the documents that the tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.scm.works import Works

if TYPE_CHECKING:
    from tests.conftest import Api

Json = dict[str, Any]


class Clerk:
    """Documents of one SCM over HTTP. Every method asserts that it was let through and returns the document."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.partner = self._items("/partners")[0]
        self.products = self._items("/products")
        self.stock = {(row["product_code"], row["warehouse_code"]): row for row in self._items("/stock")}
        # A product with plenty in the main warehouse, and one of which there is little.
        plenty = [p for p in self.products if float(self.balance(p["product_code"])["available"]) >= 2000]
        self.product = next(p for p in plenty if len(p["units"]) > 1)
        self.other = next(p for p in plenty if p is not self.product)

    def _items(self, path: str) -> list[Json]:
        page = self.api.get(path, params={"page_size": 200}).json()
        assert page["total"] == len(page["items"])
        return list(page["items"])

    def balance(self, product_code: str, warehouse_code: str = "CK01") -> Json:
        """The stock balance now; all zero when the warehouse never held the product."""
        params = {"product_code": product_code, "warehouse_code": warehouse_code}
        items = self.api.get("/stock", params=params).json()["items"]
        return dict(items[0]) if items else {"on_hand": "0", "reserved": "0", "available": "0"}

    def line(self, quantity: str = "10", **members: Any) -> Json:
        """An order line of the product that there is plenty of, in base units."""
        line = {
            "product_code": self.product["product_code"],
            "quantity": quantity,
            "unit_price": "8.50",
            "tax_rate": "0.13",
        }
        return {**line, **members}

    def body(self, *lines: Json, **members: Any) -> Json:
        """A body for POST /sales-orders."""
        return {"partner_code": self.partner["partner_code"], "lines": list(lines) or [self.line()], **members}

    def order(self, *lines: Json, **members: Any) -> Json:
        """A draft order."""
        return self.document(self.api.post("/sales-orders", json=self.body(*lines, **members)), 201)

    def approved(self, *lines: Json, **members: Any) -> Json:
        """An approved order."""
        return self.act(f"/sales-orders/{self.order(*lines, **members)['sales_order_no']}/approve")

    def delivery(self, order: Json, *parts: tuple[int, str]) -> Json:
        """A draft delivery of some lines, or of all that is reserved."""
        body: Json = {"sales_order_no": order["sales_order_no"]}
        if parts:
            body["lines"] = [{"line_no": line_no, "quantity": quantity} for line_no, quantity in parts]
        return self.document(self.api.post("/deliveries", json=body), 201)

    def shipped(self, order: Json, *parts: tuple[int, str]) -> Json:
        """A shipped delivery."""
        return self.act(f"/deliveries/{self.delivery(order, *parts)['delivery_no']}/ship")

    def receive(self, product_code: str, quantity: str, warehouse_code: str = "CK01") -> Json:
        """An other receipt."""
        body = {
            "kind": "other_receipt",
            "product_code": product_code,
            "warehouse_code": warehouse_code,
            "quantity": quantity,
        }
        return self.document(self.api.post("/stock-movements", json=body), 201)

    def act(self, path: str) -> Json:
        """A document action without a body."""
        return self.document(self.api.post(path))

    def get(self, path: str) -> Json:
        """A document."""
        return self.document(self.api.get(path))

    def events(self) -> list[Json]:
        """The event feed so far."""
        page = self.api.get("/events", params={"limit": 500}).json()
        assert page["has_more"] is False
        return list(page["events"])

    @staticmethod
    def document(answer: httpx.Response, status: int = 200) -> Json:
        assert answer.status_code == status, answer.text
        return dict(answer.json())


@pytest.fixture
def clerk(scm: Api) -> Clerk:
    """Somebody who works in the SCM with the tiny world."""
    return Clerk(scm)


@pytest.fixture
def works(scm: Api) -> Works:
    """Somebody who builds up a company of their own in the SCM."""
    return Works(scm)
