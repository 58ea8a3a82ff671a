"""Stock ledger, key figures and monthly summaries over HTTP, with the figures of the worked month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process

Json = dict[str, Any]
CODE = "CAB-3X25-T1"


def days_of(month: str) -> dict[str, str]:
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return {"from": first.isoformat(), "to": last.isoformat()}


@pytest.fixture
def month(works: Works, scm: Api) -> str:
    """The month of the worked example, in a company whose opening stock is nothing: 150 in for 1,560, 60 out."""
    with scm.runtime.workspace("default").database.write() as db:
        db.execute("DELETE FROM product_cost")
        db.execute("DELETE FROM stock")
    works.product(CODE, "电力电缆", "goods", "件")
    works.receive("CK01", CODE, "100", "10.00")
    works.receive("CK02", CODE, "50", "11.20")
    partner = works.listed("/partners")[0]["partner_code"]
    line = {"product_code": CODE, "quantity": "60", "unit_price": "16.67", "tax_rate": "0.13"}
    order = works.new("/sales-orders", partner_code=partner, lines=[line])["sales_order_no"]
    works.act(f"/sales-orders/{order}/approve")
    delivery = works.new("/deliveries", sales_order_no=order)["delivery_no"]
    return str(works.act(f"/deliveries/{delivery}/ship")["ship_date"][:7])


def sums(ledger: Json) -> list[tuple[str, str | None]]:
    return [(ledger[name]["quantity"], ledger[name]["amount"]) for name in ("opening", "received", "issued", "closing")]


def test_the_ledger_of_the_company_and_of_a_warehouse(works: Works, month: str, scm: Api) -> None:
    transfer = works.new(
        "/transfers",
        from_warehouse_code="CK01",
        to_warehouse_code="CK02",
        lines=[{"product_code": CODE, "quantity": "10"}],
    )["transfer_no"]
    works.act(f"/transfers/{transfer}/send")
    query = {"product_code": CODE, **days_of(month)}
    whole = scm.get("/stock-ledger", params=query).json()
    assert sums(whole) == [("0", "0.00"), ("150", "1560.00"), ("60", "624.00"), ("90", "936.00")]
    shown = [
        (row["direction"], row["quantity"], row["amount"], row["balance_quantity"], row["balance_amount"])
        for row in whole["lines"]
    ]
    assert shown == [
        ("in", "100", "1000.00", "100", "1000.00"),
        ("in", "50", "560.00", "150", "1560.00"),
        ("out", "60", "624.00", "90", "936.00"),
    ]
    second = scm.get("/stock-ledger", params={**query, "page": 2, "page_size": 2}).json()
    assert (second["total"], second["lines"]) == (3, whole["lines"][2:])
    main = scm.get("/stock-ledger", params={**query, "warehouse_code": "CK01"}).json()
    assert sums(main) == [("0", None), ("100", None), ("70", None), ("30", None)]
    assert [row["kind"] for row in main["lines"]] == ["other_receipt", "sales_issue", "transfer_out"]
    assert main["lines"][-1]["balance_quantity"] == "30"
    after = {"from": f"{int(month[:4]) + 1}-01-01", "to": f"{int(month[:4]) + 1}-12-31"}
    later = scm.get("/stock-ledger", params={**query, **after}).json()
    assert (sums(later), later["lines"]) == ([("90", "936.00"), ("0", "0.00"), ("0", "0.00"), ("90", "936.00")], [])


def test_the_key_figures(month: str, scm: Api) -> None:
    figures = scm.get("/kpis", params=days_of(month)).json()
    found = {item["key"]: item for item in figures["items"]}
    turnover = found["stock_turnover"]
    assert (turnover["value"], turnover["unit"]) == ("1.333", "times")  # 624 / 468
    assert turnover["inputs"] == {"cost_of_sales": "624.00", "opening_stock": "0.00", "closing_stock": "936.00"}
    assert "期初存货" in turnover["formula"]["zh"]
    assert "Cost of sales" in turnover["formula"]["en"]
    length = int(found["stock_turnover_days"]["inputs"]["days"])
    assert 28 <= length <= 31
    assert found["stock_turnover_days"]["value"] == f"{length * 0.75:.1f}"
    assert found["stock_value"]["value"] == "936.00"
    before = scm.get("/kpis", params={"from": "2025-01-01", "to": "2025-01-31"}).json()
    assert [item["value"] for item in before["items"]] == [None, None, "0.00"]


def test_the_months(works: Works, month: str, scm: Api) -> None:
    asked = scm.get("/monthly-summaries", params={"month": month}).json()
    assert asked["total"] == 1
    (row,) = asked["items"]
    assert {member: row[member] for member in row if member.endswith(("_quantity", "_amount"))} == {
        "opening_quantity": "0",
        "opening_amount": "0.00",
        "received_quantity": "150",
        "received_amount": "1560.00",
        "issued_quantity": "60",
        "issued_amount": "624.00",
        "closing_quantity": "90",
        "closing_amount": "936.00",
        "shipped_quantity": "60",
        "shipped_amount": "624.00",
    }
    assert (row["month"], row["product_code"], row["unit"]) == (month, CODE, "件")
    assert scm.get("/monthly-summaries", params={"month": "2025-01"}).json()["items"] == []
    following = scm.get("/monthly-summaries", params={"month": f"{int(month[:4]) + 1}-01"}).json()["items"]
    assert [(row["opening_amount"], row["received_quantity"], row["closing_quantity"]) for row in following] == [
        ("936.00", "0", "90")
    ]


def test_what_a_period_refuses(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    backwards = {"from": "2026-02-01", "to": "2026-01-31"}
    assert refusal(scm.get("/kpis", params=backwards), 422, "business-rule") == ["/to"]
    code = works.listed("/products")[0]["product_code"]
    assert refusal(scm.get("/stock-ledger", params={**backwards, "product_code": code}), 422, "business-rule") == [
        "/to"
    ]
    good = days_of("2026-01")
    for query in ({"product_code": "NO-1"}, {"product_code": code, "warehouse_code": "NO99"}):
        assert refusal(scm.get("/stock-ledger", params={**good, **query}), 404, "not-found") == []


def test_the_months_of_the_seed_are_its_opening(works: Works, scm: Api, tiny_world: Any) -> None:
    asked = scm.get("/monthly-summaries", params={"month": "2026-01", "page_size": 200}).json()
    cents = [round(float(row["closing_amount"]) * 100) for row in asked["items"]]
    assert sum(cents) == sum(value for *_, value in tiny_world.scm.opening_stock)
    for row in asked["items"]:
        assert (row["opening_quantity"], row["opening_amount"]) == (row["closing_quantity"], row["closing_amount"])
