"""What waits, what is reserved, what lies and what expires."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import OPENING

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def test_orders_wait_and_stock_is_reserved(works: Works) -> None:
    cola = works.product("COLA", "可乐", "goods", "瓶")
    works.receive("CK01", cola, "5", "1")
    numbers = []
    for quantity in ("3", "4", "1"):
        line = {"product_code": cola, "quantity": quantity, "unit_price": "5", "tax_rate": "0.13"}
        order = works.new("/sales-orders", partner_code="KH00001", lines=[line], requested_date="2080-01-01")
        numbers.append(order["sales_order_no"])
    assert (works.listed("/back-orders", product_code=cola), works.listed("/reservations", product_code=cola)) == (
        [],
        [],
    )
    for number in numbers:
        works.act(f"/sales-orders/{number}/approve")
    [second, third] = works.listed("/back-orders", product_code=cola, warehouse_code="CK01")
    assert [second["sales_order_no"], third["sales_order_no"]] == numbers[1:]
    assert (second["quantity"], second["reserved_quantity"], second["backorder_quantity"]) == ("4", "2", "2")
    assert (second["available_quantity"], second["requested_date"]) == ("0", "2080-01-01")
    reserved = works.listed("/reservations", product_code=cola, warehouse_code="CK01")
    assert [(row["sales_order_no"], row["reserved_quantity"]) for row in reserved] == list(
        zip(numbers, ("3", "2"), strict=False)
    )
    works.receive("CK01", cola, "1", "1")
    assert works.listed("/back-orders", sales_order_no=numbers[2])[0]["available_quantity"] == "1"
    works.act(f"/sales-orders/{numbers[0]}/cancel")
    assert works.listed("/reservations", sales_order_no=numbers[0]) == []
    assert works.listed("/back-orders", warehouse_code="CK02") == []


def test_stock_that_nothing_moves_is_stale(works: Works, scm: Api) -> None:
    clock = scm.runtime.workspace("default").clock
    today = clock.freeze().date()
    held = [row for row in works.listed("/stock") if row["on_hand"] != "0"]
    age = (today - OPENING).days
    assert works.listed("/reports/stale-stock", days=age + 1) == []
    clock.advance(timedelta(days=180))
    scm.token = scm.fetch_token()
    moved, kept = held[0], held[1]
    works.receive(moved["warehouse_code"], moved["product_code"], "1", "1")
    stale = works.listed("/reports/stale-stock")
    assert {(row["product_code"], row["warehouse_code"]) for row in stale} == {
        (row["product_code"], row["warehouse_code"]) for row in held[1:]
    }
    assert {(row["last_moved_on"], row["days_without_movement"]) for row in stale} == {(OPENING.isoformat(), age + 180)}
    clock.advance(timedelta(days=10))
    scm.token = scm.fetch_token()
    place = {"product_code": moved["product_code"], "warehouse_code": moved["warehouse_code"]}
    assert works.listed("/reports/stale-stock", days=11, **place) == []
    [row] = works.listed("/reports/stale-stock", days=10, **place)
    assert (row["days_without_movement"], row["last_moved_on"]) == (10, (today + timedelta(days=180)).isoformat())
    place = {"product_code": kept["product_code"], "warehouse_code": kept["warehouse_code"]}
    [row] = works.listed("/reports/stale-stock", **place)
    assert row["on_hand"] == kept["on_hand"]
    # A warehouse's part of the company's value.
    assert float(row["stock_amount"]) == pytest.approx(float(kept["on_hand"]) * float(kept["average_cost"]), rel=1e-3)


def test_batches_are_shown_before_they_expire(works: Works, scm: Api) -> None:
    today = scm.runtime.workspace("default").clock.freeze().date()
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    for batch, days in (("LATE", 31), ("SOON", 30), ("TODAY", 0), ("GONE", -1)):
        works.receive("CK01", milk, "2", "1", batch_no=batch, expiry_date=(today + timedelta(days=days)).isoformat())
    works.receive("CK01", milk, "2", "1", batch_no="NEVER")
    rows = works.listed("/reports/expiring-batches", product_code=milk)
    assert [(row["batch_no"], row["days_left"], row["expired"]) for row in rows] == [
        ("GONE", -1, True),
        ("TODAY", 0, False),
        ("SOON", 30, False),
    ]
    assert [row["batch_no"] for row in works.listed("/reports/expiring-batches", warehouse_code="CK01", days=0)] == [
        "GONE",
        "TODAY",
    ]
    body = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": milk, "quantity": "2", "batch_no": "GONE"}
    works.new("/stock-movements", **body)
    assert [row["batch_no"] for row in works.listed("/reports/expiring-batches", days=0)] == ["TODAY"]
