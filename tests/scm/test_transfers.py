"""Transfers: goods leave one warehouse, are on their way, and arrive in another, with their batches (P8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def transfer(works: Works, *lines: tuple[str, str], **members: Any) -> dict[str, Any]:
    rows = [{"product_code": code, "quantity": quantity} for code, quantity in lines]
    return works.new("/transfers", from_warehouse_code="CK01", to_warehouse_code="MD01", lines=rows, **members)


def test_what_is_sent_is_in_transit_until_it_is_received(works: Works) -> None:
    milk, cola = works.batch_product("MILK", "鲜牛奶", unit="盒"), works.product("COLA", "可乐", "goods", "瓶")
    works.place("MD01")
    works.receive("CK01", milk, "10", "2", batch_no="N1", expiry_date="2080-03-01")
    works.receive("CK01", milk, "5", "5", batch_no="N2", expiry_date="2080-01-01")
    works.receive("CK01", milk, "4", "3", batch_no="OLD", expiry_date="2020-01-01")
    works.receive("CK01", cola, "30", "1.5")

    draft = transfer(
        works, (milk, "8"), (cola, "12"), note="补货", source_reference={"system": "crm", "document": "B-1"}
    )
    assert (draft["state"], draft["send_date"], draft["lines"][0]["batches"]) == ("draft", None, [])
    assert works.on_hand(milk) == "19"
    number = draft["transfer_no"]

    sent = works.act(f"/transfers/{number}/send")
    assert (sent["state"], works.last_event()) == ("sent", sent)
    # First expiry first out, and never what has expired. 57 yuan for 19: 3 on average.
    assert works.moves(number) == [
        ("transfer_out", "CK01", milk, "N2", "-5", "0.00"),
        ("transfer_out", "CK01", milk, "N1", "-3", "0.00"),
        ("transfer_out", "CK01", cola, None, "-12", "0.00"),
    ]
    line = sent["lines"][0]
    assert (line["in_transit_quantity"], line["received_quantity"], line["cost_amount"]) == ("8", "0", "24.00")
    assert [(batch["batch_no"], batch["quantity"], batch["expiry_date"]) for batch in line["batches"]] == [
        ("N2", "5", "2080-01-01"),
        ("N1", "3", "2080-03-01"),
    ]
    assert (works.on_hand(milk), works.on_hand(milk, "MD01")) == ("11", "0")
    assert works.company(milk) == ("19", "57.00")
    assert works.listed("/transfers", state="sent", from_warehouse_code="CK01", to_warehouse_code="MD01") == [sent]

    # A part arrives, the earliest to expire first; a batch that is named comes as named.
    part = works.act(f"/transfers/{number}/receive", lines=[{"line_no": 1, "quantity": "1", "batch_no": "N1"}])
    assert (part["state"], part["lines"][0]["in_transit_quantity"]) == ("sent", "7")
    part = works.act(
        f"/transfers/{number}/receive", lines=[{"line_no": 1, "quantity": "2"}, {"line_no": 2, "quantity": "12"}]
    )
    assert works.moves(number)[3:] == [
        ("transfer_in", "MD01", milk, "N1", "1", "0.00"),
        ("transfer_in", "MD01", milk, "N2", "2", "0.00"),
        ("transfer_in", "MD01", cola, None, "12", "0.00"),
    ]
    done = works.act(f"/transfers/{number}/receive")
    assert (done["state"], done["loss_amount"], done["lines"][1]["received_quantity"]) == ("received", "0.00", "12")
    assert (works.on_hand(milk, "MD01"), works.on_hand(cola, "MD01")) == ("8", "12")
    assert works.company(milk) == ("19", "57.00")
    assert works.events(number) == ["scm.transfer.sent", *["scm.transfer.received"] * 3]
    assert works.last_event() == done


def test_what_is_missing_at_the_end_is_a_loss_at_average_cost(
    works: Works, scm: Api, refusal: Callable[..., list[str]]
) -> None:
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    works.place("MD01")
    works.receive("CK01", milk, "3", "3.33", batch_no="N1", expiry_date="2080-03-01")
    number = transfer(works, (milk, "3"))["transfer_no"]
    works.act(f"/transfers/{number}/send")
    answer = scm.post(
        f"/transfers/{number}/receive", json={"lines": [{"line_no": 1, "quantity": "2"}], "complete": True}
    )
    assert refusal(answer, 422, "business-rule") == ["/reason"]
    done = works.act(
        f"/transfers/{number}/receive", lines=[{"line_no": 1, "quantity": "2"}], complete=True, reason="运输破损"
    )
    assert (done["state"], done["loss_amount"], done["loss_reason"]) == ("received", "3.33", "运输破损")
    assert (done["lines"][0]["received_quantity"], done["lines"][0]["lost_quantity"]) == ("2", "1")
    assert works.moves(number)[1:] == [
        ("transfer_in", "MD01", milk, "N1", "2", "0.00"),
        ("transfer_in", "MD01", milk, "N1", "1", "0.00"),
        ("transfer_loss", "MD01", milk, "N1", "-1", "3.33"),
    ]
    assert works.company(milk) == ("2", "6.66")

    # What does not expire arrives last.
    tea = works.batch_product("TEA", "茶叶")
    works.receive("CK01", tea, "1", "1", batch_no="A0")
    works.receive("CK01", tea, "1", "1", batch_no="B1", expiry_date="2080-01-01")
    number = transfer(works, (tea, "2"))["transfer_no"]
    works.act(f"/transfers/{number}/send")
    part = works.act(f"/transfers/{number}/receive", lines=[{"line_no": 1, "quantity": "1"}])
    assert [(batch["batch_no"], batch["received_quantity"]) for batch in part["lines"][0]["batches"]] == [
        ("B1", "1"),
        ("A0", "0"),
    ]

    # All of it can be lost, and an expired batch can be sent when it is named.
    works.receive("CK01", milk, "2", "1", batch_no="OLD", expiry_date="2020-01-01")
    lines = [{"product_code": milk, "quantity": "2", "batch_no": "OLD"}]
    number = works.new("/transfers", from_warehouse_code="CK01", to_warehouse_code="MD01", lines=lines)["transfer_no"]
    works.act(f"/transfers/{number}/send")
    empty = scm.post(f"/transfers/{number}/receive", json={"lines": []})
    assert refusal(empty, 422, "business-rule") == ["/lines"]
    lost = works.act(f"/transfers/{number}/receive", lines=[], complete=True, reason="途中销毁")
    assert (lost["state"], lost["lines"][0]["lost_quantity"], works.company(milk)[0]) == ("received", "2", "2")


def test_what_a_transfer_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    milk = works.batch_product("MILK", "鲜牛奶", unit="盒")
    cola, meal = works.product("COLA", "可乐", "goods", "瓶"), works.product("MEAL", "套餐", "dish", "份")
    works.place("MD01")
    works.receive("CK01", cola, "5", "1")
    works.receive("CK01", milk, "5", "1", batch_no="N1", expiry_date="2080-01-01")
    lines = [
        {"product_code": "NO-1", "quantity": "1"},
        {"product_code": meal, "quantity": "1"},
        {"product_code": milk, "quantity": "1", "batch_no": "N9"},
        {"product_code": cola, "quantity": "1", "batch_no": "N1"},
    ]
    answer = scm.post("/transfers", json={"from_warehouse_code": "NO99", "to_warehouse_code": "NO98", "lines": lines})
    assert refusal(answer, 422, "business-rule") == [
        "/from_warehouse_code",
        "/to_warehouse_code",
        "/lines/0/product_code",
        "/lines/1/product_code",
        "/lines/2/batch_no",
        "/lines/3/batch_no",
    ]
    body = {
        "from_warehouse_code": "CK01",
        "to_warehouse_code": "CK01",
        "lines": [{"product_code": cola, "quantity": "1"}],
    }
    assert refusal(scm.post("/transfers", json=body), 422, "business-rule") == ["/to_warehouse_code"]

    # Each line that is short is named, and nothing moves. What is reserved stays.
    line = {"product_code": cola, "quantity": "2", "unit_price": "9", "tax_rate": "0.13"}
    order = works.new("/sales-orders", partner_code="KH00001", lines=[line])
    works.act(f"/sales-orders/{order['sales_order_no']}/approve")
    number = transfer(works, (cola, "2"), (milk, "6"), (cola, "2"))["transfer_no"]
    short = scm.post(f"/transfers/{number}/send")
    assert refusal(short, 409, "insufficient-stock") == ["/lines/1", "/lines/2"]
    assert works.moves(number) == []
    assert refusal(scm.post(f"/transfers/{number}/receive"), 409, "transfer-not-sent") == []
    late = scm.post(f"/transfers/{number}/send", json={"send_date": "2090-01-01"})
    assert refusal(late, 422, "business-rule") == ["/send_date"]
    cancelled = works.act(f"/transfers/{number}/cancel")
    assert (cancelled["state"], works.events(number)) == ("cancelled", [])
    assert refusal(scm.post(f"/transfers/{number}/send"), 409, "transfer-not-draft") == []

    number = transfer(works, (cola, "2"))["transfer_no"]
    works.act(f"/transfers/{number}/send")
    assert refusal(scm.post(f"/transfers/{number}/cancel"), 409, "transfer-not-draft") == []
    wrong = [
        {"line_no": 2, "quantity": "1"},
        {"line_no": 1, "quantity": "2.001"},
        {"line_no": 1, "quantity": "1"},
    ]
    body = {"lines": wrong, "receive_date": "2020-01-01"}
    answer = scm.post(f"/transfers/{number}/receive", json=body)
    assert refusal(answer, 422, "business-rule") == [
        "/lines/0/line_no",
        "/lines/1/quantity",
        "/lines/2/line_no",
        *["/receive_date"] * 2,
    ]
    works.act(f"/transfers/{number}/receive")
    assert refusal(scm.post(f"/transfers/{number}/receive"), 409, "transfer-not-sent") == []
