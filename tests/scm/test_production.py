"""From a bill of materials to finished goods and their unit cost (P9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def workshop(works: Works) -> str:
    """Screws and boards in the main warehouse, and the bill of a shelf: 2 boards and 10 screws, waste on top. Its code."""
    works.batch_product("BOARD", "层板", unit="块")
    works.product("SCREW", "螺钉", unit="个")
    works.product("SHELF", "置物架", "finished", "个")
    works.receive("CK01", "BOARD", "30", "10", batch_no="L2")
    works.receive("CK01", "BOARD", "10", "10.40", batch_no="L1", expiry_date="2080-01-01")
    works.receive("CK01", "SCREW", "300", "0.0333")
    lines = [
        {"product_code": "BOARD", "quantity": "2", "scrap_percent": "5"},
        {"product_code": "SCREW", "quantity": "10", "scrap_percent": "0.33"},
    ]
    return str(works.new("/boms", product_code="SHELF", lines=lines)["bom_code"])


def planned(works: Works, quantity: str, **members: Any) -> str:
    """A released order; its number."""
    number = str(
        works.new("/production-orders", product_code="SHELF", quantity=quantity, **members)["production_order_no"]
    )
    works.act(f"/production-orders/{number}/release")
    return number


def figures(works: Works, number: str) -> tuple[Any, ...]:
    order = works.get(f"/production-orders/{number}")
    return tuple(order[f"{name}_amount"] for name in ("material", "labour", "overhead", "cost", "work_in_progress"))


def test_demand_becomes_a_production_order_and_goods_with_a_unit_cost(works: Works) -> None:
    bom = workshop(works)
    line = {"product_code": "SHELF", "quantity": "10", "unit_price": "99", "tax_rate": "0.13"}
    sales = works.new("/sales-orders", partner_code="KH00001", lines=[line])["sales_order_no"]
    works.act(f"/sales-orders/{sales}/approve")
    [waiting] = works.listed("/back-orders", sales_order_no=sales)
    assert (waiting["backorder_quantity"], waiting["available_quantity"]) == ("10", "0")

    draft = works.new("/production-orders", product_code="SHELF", quantity="10", sales_order_no=sales)
    number = draft["production_order_no"]
    assert (draft["state"], draft["bom_code"], draft["materials"], draft["unit_cost"]) == ("draft", bom, [], None)
    released = works.act(f"/production-orders/{number}/release")
    assert works.last_event() == released
    # 2 x 10 x 1.05; 10 x 10 x 1.0033, rounded up to a thousandth.
    assert [(m["product_code"], m["required_quantity"], m["open_quantity"]) for m in released["materials"]] == [
        ("BOARD", "21", "21"),
        ("SCREW", "100.33", "100.33"),
    ]

    first = works.new("/material-issues", production_order_no=number, lines=[{"line_no": 1, "quantity": "12"}])
    # 404 yuan for 40 boards: 10.10 on average. The batch that expires goes first.
    assert [(part["batch_no"], part["quantity"], part["cost_amount"]) for part in first["lines"]] == [
        ("L1", "10", "101.00"),
        ("L2", "2", "20.20"),
    ]
    assert (first["cost_amount"], works.last_event()) == ("121.20", first)
    rest = works.new("/material-issues", production_order_no=number)
    assert [(part["line_no"], part["quantity"], part["cost_amount"]) for part in rest["lines"]] == [
        (1, "9", "90.90"),
        (2, "100.33", "3.34"),
    ]
    assert works.listed("/material-issues", production_order_no=number) == [first, rest]

    # 1 board was not used: back into the batch that went last.
    back = works.new("/material-returns", production_order_no=number, lines=[{"line_no": 1, "quantity": "1"}])
    assert [(part["batch_no"], part["quantity"], part["cost_amount"]) for part in back["lines"]] == [
        ("L2", "1", "10.10")
    ]
    assert (works.last_event(), works.listed("/material-returns", production_order_no=number)) == (back, [back])
    assert figures(works, number) == ("205.34", "0.00", "0.00", "0.00", "205.34")

    part = works.new("/production-receipts", production_order_no=number, quantity="3", labour_amount="30")
    # 3 of 10: 205.34 x 0.3 = 61.60, and labour.
    assert (part["material_amount"], part["cost_amount"], part["unit_cost"]) == ("61.60", "91.60", "30.5333")
    assert (part["final"], part["batch_no"], works.last_event()) == (False, None, part)
    assert figures(works, number) == ("205.34", "30.00", "0.00", "91.60", "143.74")
    last = works.new("/production-receipts", production_order_no=number, quantity="7", overhead_amount="0.01")
    assert (last["material_amount"], last["cost_amount"], last["final"]) == ("143.74", "143.75", True)
    done = works.get(f"/production-orders/{number}")
    assert (done["state"], done["unit_cost"], works.last_event()) == ("completed", "23.5350", done)
    assert figures(works, number) == ("205.34", "30.00", "0.01", "235.35", "0.00")
    assert works.company("SHELF") == ("10", "235.35")
    assert works.listed("/production-receipts", production_order_no=number) == [part, last]
    assert works.listed("/production-orders", state="completed", product_code="SHELF", sales_order_no=sales) == [done]
    assert works.events(number) == [
        "scm.production_order.released",
        "scm.material_issue.posted",
        "scm.material_issue.posted",
        "scm.material_return.posted",
        "scm.production_receipt.posted",
        "scm.production_receipt.posted",
        "scm.production_order.completed",
    ]

    works.act(f"/sales-orders/{sales}/allocate")
    delivery = works.new("/deliveries", sales_order_no=sales)["delivery_no"]
    assert works.act(f"/deliveries/{delivery}/ship")["cost_amount"] == "235.35"


def test_an_order_ends_short_or_is_cancelled(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    workshop(works)
    number = planned(works, "4")
    assert refusal(scm.post(f"/production-orders/{number}/complete"), 409, "work-in-progress-left") == []
    works.new("/material-issues", production_order_no=number)
    for action, name in (("cancel", "production-order-not-cancellable"), ("complete", "work-in-progress-left")):
        assert refusal(scm.post(f"/production-orders/{number}/{action}"), 409, name) == []
    made = works.new("/production-receipts", production_order_no=number, quantity="3", final=True)
    assert (made["final"], made["material_amount"]) == (True, figures(works, number)[0])
    assert works.get(f"/production-orders/{number}")["state"] == "completed"

    # Material that is returned to the last piece brings back its worth, and the order may end.
    number = planned(works, "2")
    before = works.company("SCREW")
    works.new("/material-issues", production_order_no=number, lines=[{"line_no": 2, "quantity": "7"}])
    worth = figures(works, number)[0]
    for quantity in ("2", "2", "3"):
        works.new("/material-returns", production_order_no=number, lines=[{"line_no": 2, "quantity": quantity}])
    assert (worth, figures(works, number)[0], works.company("SCREW")) == ("0.23", "0.00", before)
    cancelled = works.act(f"/production-orders/{number}/cancel")
    assert (cancelled["state"], works.last_event()) == ("cancelled", cancelled)

    # Short without a final receipt: what is left in progress is returned, and then it can be completed.
    number = planned(works, "2")
    works.new("/material-issues", production_order_no=number, lines=[{"line_no": 1, "quantity": "4"}])
    works.new("/production-receipts", production_order_no=number, quantity="1")
    assert figures(works, number) == ("40.40", "0.00", "0.00", "20.20", "20.20")
    body: dict[str, Any] = {"production_order_no": number, "lines": [{"line_no": 1, "quantity": "3"}]}
    assert refusal(scm.post("/material-returns", json=body), 409, "work-in-progress-exceeded") == []
    assert refusal(scm.post(f"/production-orders/{number}/complete"), 409, "work-in-progress-left") == []
    assert refusal(scm.post(f"/production-orders/{number}/cancel"), 409, "production-order-not-cancellable") == []
    works.new("/material-returns", production_order_no=number, lines=[{"line_no": 1, "quantity": "2"}])
    done = works.act(f"/production-orders/{number}/complete")
    assert (done["state"], done["received_quantity"], works.last_event()) == ("completed", "1", done)
    assert figures(works, number) == ("20.20", "0.00", "0.00", "20.20", "0.00")


def test_finished_goods_in_batches(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    works.product("FLOUR", "面粉")
    works.batch_product("CAKE", "蛋糕", kind="finished", unit="个", shelf_life_days=3)
    works.new("/boms", product_code="CAKE", lines=[{"product_code": "FLOUR", "quantity": "0.2"}])
    order = works.new("/production-orders", product_code="CAKE", quantity="9")
    number, today = order["production_order_no"], order["planned_start"]
    works.act(f"/production-orders/{number}/release")
    made = {"production_order_no": number, "quantity": "3"}
    refusal(scm.post("/production-receipts", json=made), 409, "no-material-issued")
    works.receive("CK01", "FLOUR", "0.001", "0.01")
    works.new("/material-issues", production_order_no=number, lines=[{"line_no": 1, "quantity": "0.001"}])
    one = works.new("/production-receipts", **made, labour_amount="6")
    assert one["batch_no"] == one["production_receipt_no"]
    two = works.new("/production-receipts", production_order_no=number, quantity="3", batch_no="早班")
    works.new("/production-receipts", production_order_no=number, quantity="1", batch_no="早班")
    assert (two["batch_no"], two["cost_amount"]) == ("早班", "0.00")
    batches = works.listed("/reports/expiring-batches", product_code="CAKE", days=3)
    assert [(b["on_hand"], b["production_date"], b["days_left"]) for b in batches] == [("3", today, 3), ("4", today, 3)]
    body = {"production_order_no": number, "quantity": "3", "batch_no": "早班", "expiry_date": "2020-01-01"}
    answer = scm.post("/production-receipts", json={**body, "receipt_date": "2090-01-01"})
    assert refusal(answer, 422, "business-rule") == ["/receipt_date", "/quantity", "/expiry_date"]


def test_bills_have_versions_and_no_circles(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    bom = workshop(works)
    works.product("RACK", "货架", "finished", "个")
    works.product("FIX", "上门安装", "service", "次")
    works.product("MEAL", "套餐", "dish", "份")
    works.new("/boms", product_code="RACK", lines=[{"product_code": "SHELF", "quantity": "3"}])
    lines = [
        {"product_code": "NO-1", "quantity": "1"},
        {"product_code": "SHELF", "quantity": "1"},
        {"product_code": "RACK", "quantity": "1"},
        {"product_code": "FIX", "quantity": "1"},
        {"product_code": "MEAL", "quantity": "1"},
        {"product_code": "SCREW", "quantity": "1"},
        {"product_code": "SCREW", "quantity": "2"},
    ]
    body = {"product_code": "SHELF", "lines": lines, "effective_from": "2026-02-01", "effective_to": "2026-01-31"}
    assert sorted(refusal(scm.post("/boms", json=body), 422, "business-rule")) == [
        "/effective_to",
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/2/product_code",
        "/lines/3/product_code",
        "/lines/4/product_code",
        "/lines/6/product_code",
    ]
    for made in ("FIX", "NO-1"):
        answer = scm.post("/boms", json={"product_code": made, "lines": lines[5:6]})
        assert refusal(answer, 422, "business-rule") == ["/product_code"]

    screws = [{"product_code": "SCREW", "quantity": "4"}]
    later = works.new("/boms", product_code="SHELF", base_quantity="2", effective_from="2080-01-01", lines=screws)
    assert (later["version"], later["state"], later["base_quantity"]) == (2, "active", "2")
    assert works.events("SHELF")[-2:] == ["scm.bom.created", "scm.bom.created"]
    assert works.last_event() == later
    in_force = works.listed("/boms", product_code="SHELF", effective_on="2079-12-31")
    assert [row["bom_code"] for row in in_force] == [bom]
    assert len(works.listed("/boms", product_code="SHELF", effective_on="2080-01-01")) == 2
    order = works.new("/production-orders", product_code="SHELF", quantity="1", planned_start="2080-01-01")
    assert order["bom_code"] == later["bom_code"]

    retired = works.act(f"/boms/{later['bom_code']}/retire")
    assert (retired["state"], works.last_event()) == ("retired", retired)
    assert works.listed("/boms", state="retired") == [retired]
    assert refusal(scm.post(f"/boms/{later['bom_code']}/retire"), 409, "bom-retired") == []
    answer = scm.post(f"/production-orders/{order['production_order_no']}/release")
    assert refusal(answer, 409, "bom-retired") == []
    # What is out of use makes no circle any more.
    works.act(f"/boms/{bom}/retire")
    works.new("/boms", product_code="BOARD", lines=[{"product_code": "RACK", "quantity": "1"}])
    answer = scm.post("/production-orders", json={"product_code": "SHELF", "quantity": "1"})
    assert refusal(answer, 422, "business-rule") == ["/bom_code"]


def test_what_production_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    bom = workshop(works)
    works.product("MEAL", "套餐", "dish", "份")
    order = {"product_code": "SHELF", "quantity": "1"}
    places = {"material_warehouse_code": "NO98", "receipt_warehouse_code": "NO99"}
    dates = {"planned_start": "2026-02-01", "planned_finish": "2026-01-31"}
    answer = scm.post(
        "/production-orders",
        json={**order, **places, **dates, "bom_code": "BOM99999", "sales_order_no": "XSDD-209901-00001"},
    )
    assert refusal(answer, 422, "business-rule") == [
        "/bom_code",
        "/material_warehouse_code",
        "/receipt_warehouse_code",
        "/planned_finish",
        "/sales_order_no",
    ]
    for body, at in [
        ({**order, "product_code": "NO-1"}, ["/product_code"]),
        ({**order, "product_code": "MEAL"}, ["/product_code", "/bom_code"]),
        ({**order, "product_code": "SCREW"}, ["/bom_code"]),
        ({**order, "product_code": "SCREW", "bom_code": bom}, ["/bom_code"]),
        ({**order, "quantity": "9999999999"}, ["/quantity", "/quantity"]),
    ]:
        assert refusal(scm.post("/production-orders", json=body), 422, "business-rule") == at

    draft = works.new("/production-orders", product_code="SHELF", quantity="30")["production_order_no"]
    for path, more in [
        ("/material-issues", {}),
        ("/material-returns", {"lines": [{"line_no": 1, "quantity": "1"}]}),
        ("/production-receipts", {"quantity": "1"}),
    ]:
        answer = scm.post(path, json={"production_order_no": draft, **more})
        assert refusal(answer, 409, "production-order-not-released") == []
        answer = scm.post(path, json={"production_order_no": "SCDD-209901-00001", **more})
        assert refusal(answer, 422, "business-rule") == ["/production_order_no"]
    works.act(f"/production-orders/{draft}/release")
    assert refusal(scm.post(f"/production-orders/{draft}/release"), 409, "production-order-not-draft") == []
    # 63 boards and 301 screws are needed, 40 and 300 are there: both are named, nothing is booked.
    short = scm.post("/material-issues", json={"production_order_no": draft})
    assert refusal(short, 409, "insufficient-stock") == ["/production_order_no", "/production_order_no"]
    assert (works.on_hand("BOARD"), works.listed("/material-issues", production_order_no=draft)) == ("40", [])

    lines = [
        {"line_no": 3, "quantity": "1"},
        {"line_no": 1, "quantity": "63.001"},
        {"line_no": 1, "quantity": "1"},
        {"line_no": 2, "quantity": "1", "batch_no": "L1"},
    ]
    answer = scm.post(
        "/material-issues", json={"production_order_no": draft, "lines": lines, "issue_date": "2090-01-01"}
    )
    assert sorted(refusal(answer, 422, "business-rule")) == [
        "/issue_date",
        "/lines/0/line_no",
        "/lines/1/quantity",
        "/lines/2/line_no",
        "/lines/3/batch_no",
    ]
    answer = scm.post(
        "/material-returns", json={"production_order_no": draft, "lines": [*lines[:2], {"line_no": 2, "quantity": "1"}]}
    )
    assert refusal(answer, 422, "business-rule") == ["/lines/0/line_no", "/lines/1/quantity", "/lines/2/quantity"]

    small = planned(works, "1")
    body = {"production_order_no": small, "lines": [{"line_no": 1, "quantity": "5", "batch_no": "L2"}]}
    assert refusal(scm.post("/material-issues", json=body), 422, "business-rule") == ["/lines/0/quantity"]
    assert works.new("/material-issues", **body, allow_over_issue=True)["lines"][0]["batch_no"] == "L2"
    works.new("/material-issues", production_order_no=small)
    nothing = scm.post("/material-issues", json={"production_order_no": small})
    assert refusal(nothing, 409, "nothing-to-issue") == []
    works.new("/production-receipts", production_order_no=small, quantity="1")
    for action, name in (("complete", "production-order-not-released"), ("cancel", "production-order-not-cancellable")):
        assert refusal(scm.post(f"/production-orders/{small}/{action}"), 409, name) == []
