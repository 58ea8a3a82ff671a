"""A company with three systems that do not talk, and people who do by hand what an integration would: everything by contract, over HTTP."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.conftest import Api

Json = dict[str, Any]
BEGIN = "2026-01-15T10:00:00+08:00"


class Hand:
    """A person at one system, who expects that what is asked for is done, and says what was refused where it is not."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def get(self, path: str, **params: Any) -> Any:
        """The answer of a GET."""
        return _done(self.api.get(path, params=params))

    def all(self, path: str, **params: Any) -> list[Json]:
        """All items of a list, page by page."""
        items: list[Json] = []
        while True:
            page = self.get(path, **params)
            items += page["items"]
            if page.get("nextCursor"):
                params["cursor"] = page["nextCursor"]
            elif page.get("has_more"):
                params["changed_since"] = page["watermark"]
            elif len(items) < page.get("total", 0):
                params["page"] = page["page"] + 1
            else:
                return items

    def one(self, path: str, **params: Any) -> Json:
        """The only item of a list."""
        items = self.all(path, **params)
        assert len(items) == 1, f"{path} {params}: {items}"
        return items[0]

    def post(self, path: str, **body: Any) -> Json:
        """What was made, or became of it."""
        return dict(_done(self.api.post(path, json=body or None)))

    def put(self, path: str, **body: Any) -> Json:
        """What was put."""
        return dict(_done(self.api.put(path, json=body)))

    def patch(self, path: str, **body: Any) -> Json:
        """Read, then change."""
        version = self.api.get(path).headers["ETag"]
        return dict(_done(self.api.patch(path, json=body, headers={"If-Match": version})))

    def refused(self, path: str, status: int, problem: str, **body: Any) -> Json:
        """The problem with which a POST is refused."""
        answer = self.api.post(path, json=body or None)
        assert answer.status_code == status, answer.text
        told = dict(answer.json())
        assert told["type"] == f"urn:shapan:problem:{problem}", told
        return told

    def events(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event["type"] for event in self.get("/events", limit=500)["events"]]

    def advance(self, **duration: int) -> None:
        """Let simulated time go by."""
        seconds = int(timedelta(**duration).total_seconds())
        _done(self.api.http.post("/_shapan/clock", json={"advance_seconds": seconds}))

    def today(self) -> date:
        """The business date."""
        now: datetime = datetime.fromisoformat(_done(self.api.http.get("/_shapan/clock"))["now"])
        return now.date()


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else {}


class Company:
    """The three systems, and what the people between them carry over by hand."""

    def __init__(self, crm: Api, scm: Api, finance: Api) -> None:
        self.crm, self.scm, self.finance = Hand(crm), Hand(scm), Hand(finance)

    def advance(self, **duration: int) -> None:
        """Let simulated time go by in all three."""
        for hand in (self.crm, self.scm, self.finance):
            hand.advance(**duration)

    def today(self) -> str:
        """The business date."""
        return str(self.finance.today())

    # --- masters ------------------------------------------------------------------------------------------------------------

    def customer(self, number: int = 0) -> tuple[Json, Json, Json]:
        """One company in all three systems, found by its credit code."""
        with_code = [c for c in self.crm.all("/customers") if c["unifiedSocialCreditCode"]]
        mine = with_code[number]
        code = mine["unifiedSocialCreditCode"]
        return mine, self.scm.one("/partners", tax_number=code), self.finance.one("/customers", tax_number=code)

    def product(self, least: int = 100) -> tuple[Json, Json, Json]:
        """A product of the price list, the same in the SCM, and its stock, of which the main warehouse has at least so many sales units."""
        for sold in self.crm.all("/products"):
            item = self.scm.get(f"/products/{sold['code']}")
            factor = next(u["factor"] for u in item["units"] if u["unit"] == sold["unit"])
            stock = self.scm.all("/stock", product_code=sold["code"], warehouse_code=self.warehouse())
            if stock and float(stock[0]["available"]) >= least * float(factor):
                return sold, item, stock[0]
        raise AssertionError(f"no product with {least} in stock")

    def warehouse(self) -> str:
        """The main warehouse."""
        return str(self.scm.all("/warehouses")[0]["warehouse_code"])

    # --- what is carried over -------------------------------------------------------------------------------------------------

    def sales_order(self, order: Json, partner: Json) -> Json:
        """The CRM's order entered into the SCM and approved: prices without tax, units converted there."""
        lines = []
        for line in order["lines"]:
            lines.append(
                {
                    "product_code": line["productCode"],
                    "quantity": str(line["quantity"]),
                    "unit": line["unit"],
                    "unit_price": f"{line['netAmount'] / line['quantity']:.4f}",
                    "tax_rate": f"{line['taxRate']:g}",
                    "amount": f"{line['netAmount']:.2f}",
                    "tax_amount": f"{line['taxAmount']:.2f}",
                    "source_line": line["lineNumber"],
                }
            )
        made = self.scm.post(
            "/sales-orders",
            partner_code=partner["partner_code"],
            source_reference={"system": "crm", "document": order["number"], "id": order["id"]},
            lines=lines,
        )
        return self.scm.post(f"/sales-orders/{made['sales_order_no']}/approve")

    def ship(self, sales_order: Json, *lines: tuple[int, str]) -> Json:
        """All that is reserved, or these quantities by line."""
        chosen = {"lines": [{"line_no": line, "quantity": quantity} for line, quantity in lines]} if lines else {}
        made = self.scm.post("/deliveries", sales_order_no=sales_order["sales_order_no"], **chosen)
        return self.scm.post(f"/deliveries/{made['delivery_no']}/ship")

    def bill(self, delivery: Json, customer: Json, order: Json) -> Json:
        """The receivable of a delivery."""
        return self.finance.post(
            "/receivables",
            customer_id=customer["id"],
            business_date=delivery["ship_date"],
            source_reference={"system": "scm", "document": delivery["delivery_no"]},
            order_reference=order["number"],
            lines=[
                {
                    "description": f"{line['product_code']} {line['quantity']}",
                    "net_amount": line["amount"],
                    "tax_rate": line["tax_rate"],
                    "tax_amount": line["tax_amount"],
                }
                for line in delivery["lines"]
            ],
        )

    def report_balance(self, customer: Json, debtor: Json) -> Json:
        """What finance says that a customer owes, told to the CRM."""
        balance = self.finance.get(f"/customers/{debtor['id']}/balance")
        return self.crm.put(
            f"/customers/{customer['id']}/balance",
            openAmount=float(balance["open_amount"]),
            overdueAmount=float(balance["overdue_amount"]),
            asOf=balance["as_of"],
        )

    def order(self, customer: Json, *lines: tuple[str, int], **more: Any) -> Json:
        """An order of (product, quantity), submitted."""
        wanted = [{"productCode": code, "quantity": quantity} for code, quantity in lines]
        return self.crm.post("/orders", customerId=customer["id"], lines=wanted, submit=True, **more)


@pytest.fixture
def company(crm: Api, scm: Api, finance: Api) -> Company:
    """Three systems in the middle of January 2026, when the books have just opened."""
    from shapan.kernel.clock import SimulatedClock

    for api in (crm, scm, finance):
        api.runtime.workspace("default").clock = SimulatedClock.from_state(0, BEGIN)
    return Company(crm, scm, finance)
