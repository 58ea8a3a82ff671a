"""Returns of sold goods: back at the cost at which they left, never more than was shipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def shipped(works: Works, *lines: tuple[str, str, str]) -> dict[str, Any]:
    """A shipped delivery of (product, quantity, unit price)."""
    rows = [
        {"product_code": code, "quantity": quantity, "unit_price": price, "tax_rate": "0.13", "source_line": 7 + index}
        for index, (code, quantity, price) in enumerate(lines)
    ]
    number = works.new("/sales-orders", partner_code="KH00001", lines=rows)["sales_order_no"]
    works.act(f"/sales-orders/{number}/approve")
    delivery = works.new("/deliveries", sales_order_no=number)["delivery_no"]
    return works.act(f"/deliveries/{delivery}/ship")


def test_goods_come_back_at_their_cost_and_into_their_batches(works: Works) -> None:
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    cola = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", milk, "2", "3", batch_no="N1", expiry_date="2080-01-01")
    works.receive("CK01", milk, "2", "4", batch_no="N2", expiry_date="2080-02-01")
    works.receive("CK01", cola, "9", "1")
    delivery = shipped(works, (milk, "1", "3.33"), (milk, "3", "3.33"), (cola, "2", "5"))
    number, order = delivery["delivery_no"], delivery["sales_order_no"]
    assert [line["cost_amount"] for line in delivery["lines"]] == ["3.50", "10.50", "2.00"]
    works.receive("CK01", milk, "5", "100", batch_no="N3", expiry_date="2080-03-01")
    works.place("TH01", "warehouse")

    body = {"delivery_no": number, "reason": "外包装破损", "source_reference": {"system": "crm", "document": "RET-1"}}
    draft = works.new("/sales-returns", **body, warehouse_code="TH01", lines=[{"line_no": 2, "quantity": "2"}])
    one = draft["sales_return_no"]
    assert (draft["state"], draft["cost_amount"], draft["lines"][0]["source_line"]) == ("draft", None, 8)
    # 9.99 net and 1.30 tax for 3.
    assert (draft["amount"], draft["tax_amount"], draft["gross_amount"]) == ("6.66", "0.87", "7.53")
    received = works.act(f"/sales-returns/{one}/receive")
    assert (received["state"], received["cost_amount"], received["amount"]) == ("received", "7.00", "6.66")
    # Line 2 took N1 first and N2 last: what went last comes back first.
    assert works.moves(one) == [("sales_return", "TH01", milk, "N2", "2", "7.00")]
    assert (works.events(order)[-1], works.last_event()) == ("scm.sales_return.received", received)

    # The rest brings back what is left of the line, to the fen.
    rest = works.new(
        "/sales-returns", delivery_no=number, reason="召回", lines=[{"line_no": n, "quantity": "1"} for n in (2, 1)]
    )
    two = rest["sales_return_no"]
    done = works.act(f"/sales-returns/{two}/receive", receive_date=delivery["ship_date"])
    assert [(line["line_no"], line["amount"], line["tax_amount"], line["cost_amount"]) for line in done["lines"]] == [
        (1, "3.33", "0.43", "3.50"),
        (2, "3.33", "0.43", "3.50"),
    ]
    assert works.moves(two) == [
        ("sales_return", "CK01", milk, "N1", "1", "3.50"),
        ("sales_return", "CK01", milk, "N1", "1", "3.50"),
    ]
    assert [line["returned_quantity"] for line in works.get(f"/deliveries/{number}")["lines"]] == ["1", "3", "0"]
    lines = works.get(f"/sales-orders/{order}")["lines"]
    assert [(line["shipped_quantity"], line["returned_quantity"]) for line in lines] == [
        ("1", "1"),
        ("3", "3"),
        ("2", "0"),
    ]
    assert works.listed("/sales-returns", delivery_no=number, sales_order_no=order, state="received") == [
        received,
        done,
    ]
    assert works.company(milk) == ("9", "514.00")


def test_what_a_return_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    cola = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", cola, "9", "1")
    delivery = shipped(works, (cola, "2", "5"))["delivery_no"]
    body = {"delivery_no": delivery, "reason": "破损", "lines": [{"line_no": 1, "quantity": "1"}]}
    assert refusal(
        scm.post("/sales-returns", json={**body, "delivery_no": "XSCK-209901-00001"}), 422, "business-rule"
    ) == ["/delivery_no"]
    lines = [{"line_no": 2, "quantity": "1"}, {"line_no": 1, "quantity": "2.001"}, {"line_no": 1, "quantity": "1"}]
    answer = scm.post("/sales-returns", json={**body, "lines": lines, "warehouse_code": "NO99"})
    assert refusal(answer, 422, "business-rule") == [
        "/warehouse_code",
        "/lines/0/line_no",
        "/lines/1/quantity",
        "/lines/2/line_no",
    ]
    # A draft holds what it asks for; one that is cancelled lets it go.
    number = works.new("/sales-returns", **{**body, "lines": [{"line_no": 1, "quantity": "1.5"}]})["sales_return_no"]
    assert refusal(scm.post("/sales-returns", json=body), 422, "business-rule") == ["/lines/0/quantity"]
    for day in ("2020-01-01", "2090-01-01"):
        answer = scm.post(f"/sales-returns/{number}/receive", json={"receive_date": day})
        assert set(refusal(answer, 422, "business-rule")) == {"/receive_date"}
    cancelled = works.act(f"/sales-returns/{number}/cancel")
    assert (cancelled["state"], works.moves(number)) == ("cancelled", [])
    for action in ("receive", "cancel"):
        assert refusal(scm.post(f"/sales-returns/{number}/{action}"), 409, "sales-return-not-draft") == []
    works.new("/sales-returns", **{**body, "lines": [{"line_no": 1, "quantity": "2"}]})

    # Nothing comes back of what never left.
    order = works.new(
        "/sales-orders",
        partner_code="KH00001",
        lines=[{"product_code": cola, "quantity": "1", "unit_price": "5", "tax_rate": "0"}],
    )["sales_order_no"]
    works.act(f"/sales-orders/{order}/approve")
    draft = works.new("/deliveries", sales_order_no=order)["delivery_no"]
    assert refusal(scm.post("/sales-returns", json={**body, "delivery_no": draft}), 409, "delivery-not-shipped") == []
