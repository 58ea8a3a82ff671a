"""A company of one's own in the SCM: products, stores and stock that a test makes through the contract alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.conftest import Api

Json = dict[str, Any]


class Works:
    """Documents of one SCM over HTTP. Every method asserts that it was let through and returns the document."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.category = self.new("/categories", category_code="FNB", name="食材")["category_code"]

    def new(self, path: str, **body: Any) -> Json:
        """A document that is created."""
        answer = self.api.post(path, json=body)
        document = self._document(answer, 201)
        assert self._document(self.api.get(answer.headers["Location"].removeprefix("http://127.0.0.1"))) == document
        return document

    def act(self, path: str, **body: Any) -> Json:
        """A document after an action; without arguments it is sent without a body."""
        return self._document(self.api.post(path, json=body) if body else self.api.post(path))

    def get(self, path: str) -> Json:
        """A document."""
        return self._document(self.api.get(path))

    def listed(self, path: str, **params: Any) -> list[Json]:
        """All items of a list that fits into one page."""
        page = self._document(self.api.get(path, params={"page_size": 200, **params}))
        assert page["total"] == len(page["items"])
        return list(page["items"])

    def product(self, code: str, name: str, kind: str = "material", unit: str = "千克", **members: Any) -> str:
        """A product; its code."""
        body = {"product_code": code, "name": name, "category": self.category, "kind": kind, "base_unit": unit}
        return str(self.new("/products", **body, tax_rate="0.13", **members)["product_code"])

    def batch_product(self, code: str, name: str, **members: Any) -> str:
        """A product that is kept in batches."""
        return self.product(code, name, batch_managed=True, **members)

    def place(self, code: str, kind: str = "store") -> str:
        """A store or a warehouse; its code."""
        body = {"warehouse_code": code, "name": f"示例{code}", "kind": kind, "address": "上海市示范路1号"}
        return str(self.new("/warehouses", **body)["warehouse_code"])

    def receive(self, place: str, code: str, quantity: str, unit_cost: str, **batch: Any) -> Json:
        """An other receipt at a cost, of a batch where there are batches."""
        body = {"kind": "other_receipt", "warehouse_code": place, "product_code": code, "quantity": quantity}
        return self.new("/stock-movements", **body, unit_cost=unit_cost, **batch)

    def on_hand(self, code: str, place: str = "CK01") -> str:
        """What a warehouse has of a product now."""
        rows = self.listed("/stock", product_code=code, warehouse_code=place)
        return str(rows[0]["on_hand"]) if rows else "0"

    def company(self, code: str) -> tuple[str, str]:
        """Quantity and value of a product in the whole company, as its last movement left it."""
        last = self.listed("/stock-movements", product_code=code)[-1]
        return last["stock_quantity_after"], last["stock_value_after"]

    def moves(self, document: str) -> list[tuple[Any, ...]]:
        """(kind, warehouse, product, batch, signed quantity, value) of the movements of a document."""
        return [
            (
                row["kind"],
                row["warehouse_code"],
                row["product_code"],
                row["batch_no"],
                row["quantity"] if row["direction"] == "in" else f"-{row['quantity']}",
                row["cost_amount"],
            )
            for row in self.listed("/stock-movements", source_document=document)
        ]

    def events(self, *subjects: str) -> list[str]:
        """Types of the events of these subjects, in order."""
        page = self.get("/events?limit=500")
        assert page["has_more"] is False
        return [event["type"] for event in page["events"] if event["subject"] in subjects]

    def last_event(self) -> Json:
        """The data of the newest event."""
        return dict(self.get("/events?limit=500")["events"][-1]["data"])

    @staticmethod
    def _document(answer: httpx.Response, status: int = 200) -> Json:
        assert answer.status_code == status, answer.text
        return dict(answer.json())
