"""Sales orders over HTTP: entering, approving, allocating, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]
SOURCE = {"system": "crm", "document": "ORD-202611-00001", "id": "0d3d9a52-64a5-4ba4-8a6e-2f1de6f3c011"}


def test_an_order_is_entered_read_and_found(scm: Api, clerk: Clerk) -> None:
    body = clerk.body(
        clerk.line("10", source_line=7),
        {"product_code": clerk.other["product_code"], "quantity": "1.5", "unit_price": "2", "tax_rate": "0"},
        warehouse_code="CK02",
        order_date="2026-01-05",
        requested_date="2026-01-31",
        note="请整箱发货\n谢谢",
        source_reference=SOURCE,
    )
    answer = scm.post("/sales-orders", json=body)
    order = clerk.document(answer, 201)
    number = order["sales_order_no"]
    assert number == "XSDD-202601-00001"
    assert answer.headers["Location"].endswith(f"/sales-orders/{number}")
    assert order["state"] == "draft"
    assert order["partner_short_name"] == clerk.partner["short_name"]
    assert {key: order[key] for key in body if key != "lines"} == {key: body[key] for key in body if key != "lines"}
    first, second = order["lines"]
    assert (first["line_no"], first["amount"], first["tax_amount"], first["gross_amount"]) == (
        1,
        "85.00",
        "11.05",
        "96.05",
    )
    assert (first["unit_price"], first["tax_rate"], first["source_line"]) == ("8.5000", "0.13", 7)
    assert (second["quantity"], second["amount"], second["tax_amount"], second["source_line"]) == (
        "1.5",
        "3.00",
        "0.00",
        None,
    )
    assert (order["amount"], order["tax_amount"], order["gross_amount"]) == ("88.00", "11.05", "99.05")
    assert clerk.get(f"/sales-orders/{number}") == order
    queries: list[dict[str, Any]] = [
        {"source_document": "ORD-202611-00001"},
        {"state": "draft"},
        {"partner_code": order["partner_code"]},
    ]
    for query in queries:
        assert scm.get("/sales-orders", params=query).json()["items"] == [order]
    for query in ({"source_document": "ORD-202611-00002"}, {"state": "approved"}, {"partner_code": "KH00012"}):
        assert scm.get("/sales-orders", params=query).json()["total"] == 0
    assert clerk.events() == []
    assert clerk.balance(clerk.product["product_code"], "CK02")["reserved"] == "0"


def test_the_main_warehouse_and_today_are_the_defaults(clerk: Clerk) -> None:
    order = clerk.order(warehouse_code=None, order_date=None, note=None, source_reference=None)
    assert order["warehouse_code"] == "CK01"
    assert order["order_date"] == order["created_at"][:10]
    assert order["sales_order_no"] == f"XSDD-{order['order_date'][:7].replace('-', '')}-00001"
    assert order["source_reference"] is order["requested_date"] is order["note"] is None


def test_a_line_in_the_sales_unit_is_converted_and_keeps_the_figures_of_the_other_system(clerk: Clerk) -> None:
    unit = clerk.product["units"][1]
    line = clerk.line("3", unit=unit["unit"], unit_price="884.9558", amount="2654.87", tax_amount="345.13")
    order = clerk.order(line)
    (kept,) = order["lines"]
    assert Decimal(kept["quantity"]) == 3 * Decimal(unit["factor"])
    assert kept["unit"] == clerk.product["base_unit"]
    assert (kept["amount"], kept["tax_amount"], kept["gross_amount"]) == ("2654.87", "345.13", "3000.00")
    assert (order["amount"], order["tax_amount"], order["gross_amount"]) == ("2654.87", "345.13", "3000.00")


def test_the_same_source_document_twice_makes_two_orders(scm: Api, clerk: Clerk) -> None:
    numbers = [clerk.order(source_reference=SOURCE)["sales_order_no"] for _ in range(2)]
    assert numbers[0] != numbers[1]
    found = scm.get("/sales-orders", params={"source_document": SOURCE["document"]}).json()
    assert [order["sales_order_no"] for order in found["items"]] == numbers


def test_the_same_key_twice_makes_one_order(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    key = {"Idempotency-Key": "order-1"}
    first, again = (scm.post("/sales-orders", json=clerk.body(), headers=key) for _ in range(2))
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, first.json(), "true")
    other = scm.post("/sales-orders", json=clerk.body(clerk.line("11")), headers=key)
    assert refusal(other, 422, "idempotency-key-reused") == ["/Idempotency-Key"]
    assert scm.get("/sales-orders").json()["total"] == 1


def test_every_fault_against_the_contract_is_named_at_once(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    good = clerk.line()
    lines = [{**good, "quantity": 10}, {**good, "unit_price": "1.23456"}, {**good, "tax_rate": "1.13"}, {"unit": ""}]
    body = {"partner_code": "1", "order_date": "2026-02-30", "lines": lines, "extra": None}
    assert sorted(refusal(scm.post("/sales-orders", json=body), 400, "validation-failed")) == [
        "/extra",
        "/lines/0/quantity",
        "/lines/1/unit_price",
        "/lines/2/tax_rate",
        "/lines/3/product_code",
        "/lines/3/quantity",
        "/lines/3/tax_rate",
        "/lines/3/unit",
        "/lines/3/unit_price",
        "/order_date",
        "/partner_code",
    ]
    empty = scm.post("/sales-orders", json=clerk.body() | {"lines": []})
    assert refusal(empty, 400, "validation-failed") == ["/lines"]


def test_every_fault_against_the_business_is_named_at_once(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    tomorrow = date.fromisoformat(clerk.order()["order_date"]) + timedelta(days=1)
    body = clerk.body(
        clerk.line(product_code="NO-1"),
        clerk.line(unit="吨"),
        clerk.line(amount="84.00"),
        clerk.line(amount="85.00", tax_amount="12.00"),
        clerk.line(),
        partner_code="KH99999",
        warehouse_code="NO99",
        order_date=str(tomorrow),
    )
    assert refusal(scm.post("/sales-orders", json=body), 422, "business-rule") == [
        "/partner_code",
        "/warehouse_code",
        "/order_date",
        "/lines/0/product_code",
        "/lines/1/unit",
        "/lines/2/amount",
        "/lines/3/tax_amount",
    ]
    assert scm.get("/sales-orders").json()["total"] == 1


def test_an_order_too_large_for_the_books_is_refused(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    line = clerk.line("9999999999.999", unit_price="99999999.9999", tax_rate="0.9999")
    answer = scm.post("/sales-orders", json=clerk.body(*[line] * 200))
    assert refusal(answer, 422, "business-rule") == ["/lines"]
    order = clerk.approved(clerk.line("9999999999.999", unit_price="0.8", tax_rate="0.13"))
    assert order["gross_amount"] == "9040000000.00"
    assert Decimal(order["lines"][0]["backorder_quantity"]) > 0


def test_orders_that_race_for_the_last_stock_share_it(scm: Api, clerk: Clerk) -> None:
    code = next(p["product_code"] for p in clerk.products if (p["product_code"], "CK02") not in clerk.stock)
    clerk.receive(code, "100", "CK02")
    line = {"product_code": code, "quantity": "30", "unit_price": "1", "tax_rate": "0.13"}
    numbers = [clerk.order(line, warehouse_code="CK02")["sales_order_no"] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        orders = list(pool.map(lambda number: clerk.act(f"/sales-orders/{number}/approve"), numbers))
    reserved = sorted(order["lines"][0]["reserved_quantity"] for order in orders)
    assert reserved == ["0", "0", "0", "0", "10", "30", "30", "30"]
    assert clerk.balance(code, "CK02")["available"] == "0"


def test_refusals_speak_chinese_when_asked(scm: Api, clerk: Clerk) -> None:
    answer = scm.post("/sales-orders", json=clerk.body(partner_code="KH99999"), headers={"Accept-Language": "zh-CN"})
    assert answer.json()["errors"] == [{"in": "body", "pointer": "/partner_code", "detail": "没有往来单位 KH99999。"}]


def test_approval_reserves_and_is_told_with_the_order(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    before = clerk.balance(code)
    order = clerk.approved(clerk.line("30"), clerk.line("12.5"))
    assert order["state"] == "approved"
    assert order["approved_at"] == order["updated_at"]
    assert [line["reserved_quantity"] for line in order["lines"]] == ["30", "12.5"]
    assert [line["backorder_quantity"] for line in order["lines"]] == ["0", "0"]
    after = clerk.balance(code)
    assert (after["on_hand"], after["reserved"]) == (before["on_hand"], "42.5")
    assert Decimal(after["available"]) == Decimal(before["available"]) - Decimal("42.5")
    (event,) = clerk.events()
    assert (event["type"], event["subject"]) == ("scm.sales_order.approved", order["sales_order_no"])
    assert event["data"] == order == clerk.get(f"/sales-orders/{order['sales_order_no']}")


def test_what_is_not_there_is_back_ordered_until_it_is_allocated(scm: Api, clerk: Clerk) -> None:
    """Signed for 100 pieces, 50 in stock: never negative, the rest waits."""
    code = clerk.other["product_code"]
    line = {"product_code": code, "quantity": "100", "unit_price": "1", "tax_rate": "0.13"}
    on_hand = Decimal(clerk.balance(code)["on_hand"])
    scm.post(
        "/stock-movements",
        json={"kind": "other_issue", "warehouse_code": "CK01", "product_code": code, "quantity": str(on_hand - 50)},
    )
    order = clerk.approved(line)
    assert (order["lines"][0]["reserved_quantity"], order["lines"][0]["backorder_quantity"]) == ("50", "50")
    assert clerk.balance(code)["available"] == "0"
    path = f"/sales-orders/{order['sales_order_no']}"
    assert clerk.act(f"{path}/allocate") == order
    clerk.receive(code, "30")
    assert clerk.get(path) == order
    partly = clerk.act(f"{path}/allocate")
    assert (partly["lines"][0]["reserved_quantity"], partly["lines"][0]["backorder_quantity"]) == ("80", "20")
    clerk.receive(code, "500")
    fully = clerk.act(f"{path}/allocate")
    assert (fully["lines"][0]["reserved_quantity"], fully["lines"][0]["backorder_quantity"]) == ("100", "0")
    assert clerk.balance(code)["available"] == "480"
    assert [event["type"] for event in clerk.events()] == ["scm.sales_order.approved"]


def test_stock_of_another_warehouse_does_not_serve_an_order(clerk: Clerk) -> None:
    code = next(p["product_code"] for p in clerk.products if (p["product_code"], "CK02") not in clerk.stock)
    line = {"product_code": code, "quantity": "5", "unit_price": "1", "tax_rate": "0.13"}
    order = clerk.approved(line, warehouse_code="CK02")
    assert (order["lines"][0]["reserved_quantity"], order["lines"][0]["backorder_quantity"]) == ("0", "5")


def test_cancelling_releases_reservations_and_draft_deliveries(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    before = clerk.balance(code)
    order = clerk.approved(clerk.line("40"))
    draft = clerk.delivery(order, (1, "15"))
    cancelled = clerk.act(f"/sales-orders/{order['sales_order_no']}/cancel")
    assert (cancelled["state"], cancelled["lines"][0]["reserved_quantity"]) == ("cancelled", "0")
    assert cancelled["lines"][0]["backorder_quantity"] == "0"
    assert cancelled["cancelled_at"] == cancelled["updated_at"]
    assert clerk.balance(code) == before
    assert clerk.get(f"/deliveries/{draft['delivery_no']}")["state"] == "cancelled"
    event = clerk.events()[-1]
    assert (event["type"], event["subject"]) == ("scm.sales_order.cancelled", order["sales_order_no"])
    assert event["data"] == cancelled == clerk.get(f"/sales-orders/{order['sales_order_no']}")


def test_a_draft_can_be_cancelled(clerk: Clerk) -> None:
    order = clerk.order()
    assert clerk.act(f"/sales-orders/{order['sales_order_no']}/cancel")["state"] == "cancelled"
    assert [event["type"] for event in clerk.events()] == ["scm.sales_order.cancelled"]


def test_what_the_state_does_not_allow_changes_nothing(scm: Api, clerk: Clerk, refusal: Refusal) -> None:
    draft, approved, part_shipped, closed = clerk.order(), clerk.approved(), clerk.approved(), clerk.approved()
    clerk.shipped(part_shipped, (1, "4"))
    clerk.shipped(closed)
    cancelled = clerk.act(f"/sales-orders/{clerk.order()['sales_order_no']}/cancel")
    told = clerk.events()
    cases = [
        (draft, "allocate", "sales-order-not-approved"),
        (approved, "approve", "sales-order-not-draft"),
        (part_shipped, "approve", "sales-order-not-draft"),
        (part_shipped, "cancel", "sales-order-not-cancellable"),
        (closed, "approve", "sales-order-not-draft"),
        (closed, "allocate", "sales-order-not-approved"),
        (closed, "cancel", "sales-order-not-cancellable"),
        (cancelled, "approve", "sales-order-not-draft"),
        (cancelled, "allocate", "sales-order-not-approved"),
        (cancelled, "cancel", "sales-order-not-cancellable"),
    ]
    for order, action, name in cases:
        path = f"/sales-orders/{order['sales_order_no']}"
        before = clerk.get(path)
        assert refusal(scm.post(f"{path}/{action}"), 409, name) == []
        assert clerk.get(path) == before
    assert clerk.events() == told


def test_orders_are_paged_in_the_order_of_entry(scm: Api, clerk: Clerk) -> None:
    numbers = [clerk.order()["sales_order_no"] for _ in range(5)]
    pages = [scm.get("/sales-orders", params={"page": n, "page_size": 2}).json() for n in (1, 2, 3)]
    assert [order["sales_order_no"] for page in pages for order in page["items"]] == numbers
    assert {page["total"] for page in pages} == {5}
    assert scm.get("/sales-orders", params={"state": "closed"}).json()["items"] == []
