"""Key figures and monthly summaries, against sums that the test works out itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.crm.rules.figures import Figures, Sums, kpis, month, percentile_95, period, period_faults
from shapan.kernel.clock import SHANGHAI

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

Refusal = Callable[..., list[str]]


def test_a_period_is_whole_days() -> None:
    assert period(date(2026, 11, 1), date(2026, 11, 30)) == ("2026-11-01", "2026-12-01") == month("2026-11")
    assert month("2026-12") == ("2026-12-01", "2027-01-01")
    assert month("2028-02") == ("2028-02-01", "2028-03-01")
    assert [fault.pointer for fault in period_faults("2026-11-02", "2026-11-01")] == ["/to"]
    assert period_faults("2026-11-01", "2026-11-01") == []


@pytest.mark.parametrize(
    ("values", "found"), [([7], 7), (list(range(1, 21)), 19), (list(range(1, 22)), 20), (list(range(100, 0, -1)), 95)]
)
def test_the_95th_percentile_is_a_value_that_occurred(values: list[float], found: float) -> None:
    assert percentile_95(values) == found


def test_the_figures_of_a_worked_month() -> None:
    figures = Figures(
        Sums(2, 100_000, 13_000),
        Sums(1, 10_000, 1_300),
        Sums(3, 9_00, 54),
        Sums(1, 2_00, 12),
        [3600, 7200, 36000],
        [1800, 5400],
    )
    found = {figure["key"]: figure for figure in kpis(figures)}
    assert {key: figure["value"] for key, figure in found.items()} == {
        "revenueOrdered": 1130.0,
        "orderLeadTime": 2.0,
        "approvalLeadTime": 1.0,
        "returnRate": 10.0,
        "storeRevenue": 7.42,
    }
    assert found["orderLeadTime"]["inputs"] == {"orders": 3, "median": 2.0, "mean": 4.3333, "p95": 10.0}
    assert found["returnRate"]["inputs"] == {"returns": 1, "returnedAmount": 113.0, "revenueOrdered": 1130.0}
    assert found["storeRevenue"]["inputs"] == {
        "sales": 3,
        "netAmount": 9.0,
        "taxAmount": 0.54,
        "returns": 1,
        "returnedAmount": 2.12,
    }
    empty = {figure["key"]: figure["value"] for figure in kpis(Figures(*[Sums(0, 0, 0)] * 4, [], []))}
    assert empty == {
        "revenueOrdered": 0.0,
        "orderLeadTime": None,
        "approvalLeadTime": None,
        "returnRate": None,
        "storeRevenue": 0.0,
    }
    assert all(figure["formula"]["en"] and figure["formula"]["zh"] for figure in found.values())


@pytest.mark.in_process
def test_a_month_of_business_in_figures(crm: Api, desk: Desk, refusal: Refusal) -> None:
    clock = crm.runtime.workspace("default").clock
    clock.freeze()
    clock.advance(datetime(2099, 3, 10, 10, tzinfo=SHANGHAI) - clock.now())
    crm.token = crm.fetch_token()
    product = desk.products[0]["code"]

    def order(price: float, customer: int = 0, **members: Any) -> dict[str, Any]:
        lines = [{"productCode": product, "quantity": 1, "unitPrice": price}]
        return dict(
            desk.order(customerId=desk.customers[customer]["id"], lines=lines, **{"submit": True, **members}).json()
        )

    first, _, third = order(1000), order(500, 1), order(1_000_000, 1)
    cancelled = order(77)
    crm.post(f"/orders/{cancelled['id']}/cancel", json={"reason": "放弃"})
    order(88, submit=False)
    clock.advance(timedelta(hours=3))
    crm.token = crm.fetch_token()
    for step in third["approval"]["steps"]:
        crm.post(f"/orders/{third['id']}/approve", json={"role": step["role"], "approver": f"王总{step['step']}"})
    for one in (first, third):
        crm.patch(f"/orders/{one['id']}", json={"deliveryStatus": "complete"}, headers={"If-Match": "*"})
    body = {"orderId": first["id"], "reason": "破损", "lines": [{"lineNumber": 1, "quantity": 1}]}
    returned = crm.post("/returns", json=body).json()
    crm.post(f"/returns/{returned['id']}/approve", json={"approver": "李建国"})
    crm.post(f"/returns/{returned['id']}/receive", json={})
    crm.post("/stores", json={"code": "MD001", "name": "示范路店"})
    for number in range(2):
        sale = {"storeCode": "MD001", "payments": [{"method": "cash", "amount": 10}]}
        sold = crm.post(
            "/store-sales", json={**sale, "lines": [{"productCode": product, "quantity": 1, "unitPrice": 10}]}
        )
        if number:
            crm.post(f"/store-sales/{sold.json()['id']}/void", json={"reason": "重复"})
    clock.advance(timedelta(days=31))
    crm.token = crm.fetch_token()
    order(5000)

    answer = crm.get("/kpis", params={"from": "2099-03-01", "to": "2099-03-31"}).json()
    assert (answer["from"], answer["to"]) == ("2099-03-01", "2099-03-31")
    found = {figure["key"]: figure for figure in answer["items"]}
    assert found["revenueOrdered"]["value"] == 1_001_500.0
    assert found["revenueOrdered"]["inputs"]["orders"] == 3
    # Three hours from confirmation to the report for the first; the third was confirmed at that very moment.
    assert found["orderLeadTime"]["inputs"] == {"orders": 2, "median": 1.5, "mean": 1.5, "p95": 3.0}
    assert found["approvalLeadTime"]["value"] == 3.0
    assert found["returnRate"]["value"] == pytest.approx(100 * 1000 / 1_001_500, abs=0.005)
    assert found["storeRevenue"]["value"] == 10.0
    nothing = {
        f["key"]: f["value"]
        for f in crm.get("/kpis", params={"from": "2099-05-01", "to": "2099-05-31"}).json()["items"]
    }
    assert (nothing["revenueOrdered"], nothing["orderLeadTime"], nothing["returnRate"]) == (0.0, None, None)
    backwards = crm.get("/kpis", params={"from": "2099-05-01", "to": "2099-04-30"})
    assert refusal(backwards, 422, "business-rule") == ["/to"]
    assert refusal(crm.get("/kpis"), 400, "validation-failed") == ["/from", "/to"]

    rows = desk.walk("/monthly-summaries", month="2099-03", limit=1)
    assert [
        (row["customerCode"], row["orders"], row["grossAmount"], row["returns"], row["returnedAmount"]) for row in rows
    ] == [
        (desk.customers[0]["code"], 1, 1000.0, 1, 1000.0),
        (desk.customers[1]["code"], 2, 1_000_500.0, 0, 0.0),
    ]
    assert {row["month"] for row in rows} == {"2099-03"}
    assert [row["grossAmount"] for row in desk.walk("/monthly-summaries", month="2099-04")] == [5000.0]
    assert desk.walk("/monthly-summaries", month="2099-05") == []
