"""The script that comes with Shapan, against systems that answer as their contracts say: with an integration at work, and without.

The answers are canned, because only the script is under test here; the flow through the real systems has its own tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest

from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder
from shapan.kernel.uscc import check as credit_code_is_right
from shapan.scenario import Environment, Scenario, ScenarioResult, load_scenarios, run_scenario

if TYPE_CHECKING:
    from conftest import FakeTime, Shop

ORDER, SALES_ORDER, DELIVERY = "ORD-202611-00001", "XSDD-202611-00001", "XSCK-202611-00001"
UUID = "0d3d9a52-64a5-4ba4-8a6e-2f1de6f3c011"
NET, TAX, GROSS = "2654.84", "345.13", "2999.97"
AMOUNTS = {"net_amount": NET, "tax_amount": TAX, "gross_amount": GROSS}


def sales_order(backorder: str = "0", state: str = "approved") -> dict[str, Any]:
    lines = [{"line_no": 1, "backorder_quantity": backorder}]
    return {"sales_order_no": SALES_ORDER, "state": state, "warehouse_code": "CK01", "lines": lines}


def page(*items: Any) -> tuple[int, Any]:
    return 200, {"items": list(items), "total": len(items)}


def customer(balance: Any) -> tuple[int, Any]:
    return 200, {"id": UUID, "code": "BJ-IT-201", "balance": balance}


@pytest.fixture
def systems(shop: Shop) -> Shop:
    """All four systems as they answer when an integration joins them. Paths do not overlap but for /customers and tokens."""
    receivable = {
        "id": 31,
        "number": "YS-202611-00001",
        "customer_id": 1001,
        "business_date": "2026-11-24",
        "open_amount": GROSS,
        "voucher_id": 5,
        "order_reference": ORDER,
        **AMOUNTS,
    }
    shop.on("GET /crm/products", page({"code": "CAB-3X25-YJV22"}))
    shop.on("POST /crm/customers", (201, {"id": UUID, "code": "BJ-IT-201", "name": "n"}))
    shop.on(
        "POST /crm/orders",
        (
            201,
            {
                "id": UUID,
                "number": ORDER,
                "state": "confirmed",
                "netAmount": 2654.84,
                "taxAmount": 345.13,
                "grossAmount": 2999.97,
            },
        ),
    )
    shop.on(f"GET /crm/orders/{UUID}", (200, {"deliveryStatus": "none"}), (200, {"deliveryStatus": "complete"}))
    owes = {"openAmount": 2999.97, "overdueAmount": 0}
    shop.on(
        f"GET /crm/customers/{UUID}",
        customer(None),
        customer(owes),
        customer(owes),
        customer({**owes, "openAmount": 0.0}),
    )
    shop.on("GET /scm/sales-orders", page(), page(sales_order(state="draft")), page(sales_order()))
    shop.on("POST /scm/deliveries", (201, {"delivery_no": DELIVERY}))
    shop.on(
        f"POST /scm/deliveries/{DELIVERY}/ship",
        (200, {"delivery_no": DELIVERY, "state": "shipped", "amount": NET, "tax_amount": TAX, "gross_amount": GROSS}),
    )
    shop.on(
        "GET /finance/receivables",
        page(),
        page({"id": 31, "source_reference": {"system": "scm", "document": DELIVERY}}),
    )
    shop.on("GET /finance/receivables/31", (200, receivable))
    shop.on("GET /finance/vouchers/5", (200, {"label": "记-0001", "debit_total": GROSS, "credit_total": GROSS}))
    shop.on("POST /finance/receipts", (201, {"id": 7, "number": "SK-202611-00001"}))
    shop.on("POST /finance/settlements", (201, {"id": 9, "number": "HX-202611-00001"}))
    shop.on("GET /control/reconciliation", (200, {"ok": True, "differences": []}))
    for system in ("crm", "scm", "finance"):
        shop.on(f"POST /{system}/oauth/token", (200, {"access_token": f"token-{system}"}))
    return shop


@pytest.fixture
def scenario() -> Scenario:
    (found,) = load_scenarios(["order-to-receivable"])
    return found


@pytest.fixture
def verify(systems: Shop, scenario: Scenario, environment: Environment) -> Callable[[], ScenarioResult]:
    urls = {name: f"http://sandbox.test/{name}" for name in ("crm", "scm", "finance", "control")}
    return lambda: run_scenario(scenario, replace(environment, base_urls=urls))


def test_it_says_what_it_proves(scenario: Scenario) -> None:
    assert {"P6", "K3", "P2", "P5"} == set(scenario.requirements)
    assert credit_code_is_right(scenario.workflows["order-to-receivable"].inputs["properties"]["creditCode"]["default"])


def test_with_an_integration_it_passes_and_names_every_document(
    verify: Callable[[], ScenarioResult], systems: Shop
) -> None:
    result = verify()
    assert result.passed, result.reason
    assert result.outputs == {
        "order": ORDER, "sales_order": SALES_ORDER, "delivery": DELIVERY,
        "receivable": "YS-202611-00001", "receipt": "SK-202611-00001", "settlement": "HX-202611-00001",
    }  # fmt: skip
    steps = [step.step for step in result.steps]
    assert steps[-1] == "oracle"
    assert "receive-goods" not in steps
    assert f"GET /scm/sales-orders?source_document={ORDER}" in systems.routes()
    assert f"GET /control/reconciliation?order={ORDER}" in systems.routes()


def test_every_body_that_it_sends_fits_the_contract(verify: Callable[[], ScenarioResult], systems: Shop) -> None:
    systems.on("GET /scm/sales-orders", page(sales_order("12.5")))
    systems.on("POST /scm/stock-movements", (201, {})).on(
        f"POST /scm/sales-orders/{SALES_ORDER}/allocate", (200, sales_order())
    )
    assert verify().passed
    folder = data_folder("contracts")
    checked = 0
    for request in systems.requests:
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            continue
        _, system, path = request.url.path.split("/", 2)
        contract = bundle(folder / f"{system}.yaml")
        body = contract["paths"]["/" + path.replace(DELIVERY, "{delivery_no}")]["post"]["requestBody"]
        whole = {**body["content"]["application/json"]["schema"], "components": contract["components"]}
        jsonschema_rs.Draft202012Validator(whole).validate(json.loads(request.content))
        checked += 1
    assert checked == 7


def test_without_integration_it_fails_at_the_first_wait_and_names_the_missing_sales_order(
    verify: Callable[[], ScenarioResult], systems: Shop, time: FakeTime
) -> None:
    systems.on("GET /scm/sales-orders", page())
    result = verify()
    assert (result.verdict, result.step) == ("failed", "sales-order")
    assert result.reason is not None
    assert result.reason.en.startswith(f"SCM has no sales order for {ORDER} (expected")
    assert result.reason.zh.startswith(f"SCM 没有订单 {ORDER} 对应的销售订单（期望")
    assert result.failure is not None
    assert (result.failure.system, result.failure.document) == ("scm", ORDER)
    assert 10 <= sum(time.naps) <= 20, "it waits well beyond the 5 s that an order may take, and no minute"
    assert not any("finance" in route for route in systems.routes())


def test_goods_that_earlier_runs_took_are_taken_in_first(verify: Callable[[], ScenarioResult], systems: Shop) -> None:
    systems.on("GET /scm/sales-orders", page(sales_order("12.5")))
    systems.on("POST /scm/stock-movements", (201, {})).on(
        f"POST /scm/sales-orders/{SALES_ORDER}/allocate", (200, sales_order())
    )
    result = verify()
    assert result.passed, result.reason
    assert [body["quantity"] for body in systems.bodies() if "quantity" in body] == ["12.5"]


@pytest.mark.parametrize(
    ("route", "reply", "step", "says"),
    [
        ("GET /scm/sales-orders", page(sales_order(), sales_order()), "sales-order", f"SCM has 2 sales orders for {ORDER}"),
        ("GET /scm/sales-orders", page(sales_order(state="draft")), "sales-order", f"SCM sales order {SALES_ORDER} for {ORDER} is not approved"),
        ("GET /finance/receivables", page(), "receivable", f"Finance has no receivable for delivery {DELIVERY}"),
        ("GET /finance/receivables/31", (200, {"number": "YS-1", **AMOUNTS, "gross_amount": "2999.98"}), "receivable-amounts", f"Finance receivable YS-1 differs from {ORDER}"),
        ("GET /finance/receivables/31", (200, {"number": "YS-1", **AMOUNTS, "tax_amount": "345.12"}), "receivable-amounts", f"Finance receivable YS-1 differs from {ORDER}"),
        ("GET /finance/vouchers/5", (200, {"label": "记-0001", "debit_total": GROSS, "credit_total": NET}), "voucher", "Finance voucher 记-0001 of YS-202611-00001 does not balance"),
        (f"GET /crm/orders/{UUID}", (200, {"deliveryStatus": "partial"}), "delivery-status", f"CRM still shows {ORDER} as not delivered in full"),
        (f"GET /crm/customers/{UUID}", customer(None), "debt-shown", "CRM does not show that customer BJ-IT-201 owes 2999.97 yuan"),
        (f"GET /crm/customers/{UUID}", customer({"openAmount": 2999.97}), "debt-gone", "CRM still shows a debt of customer BJ-IT-201"),
        ("GET /control/reconciliation", (200, {"ok": False, "differences": [{"en": "It is wrong.", "zh": "错了。"}]}), "oracle", f"The oracle found a difference for {ORDER}: It is wrong"),
        ("GET /control/reconciliation", httpx.ConnectError("refused"), "oracle", "control at http://sandbox.test/control/ gave no answer"),
    ],
)  # fmt: skip
def test_each_mistake_of_an_integration_is_found_where_it_shows(
    verify: Callable[[], ScenarioResult], systems: Shop, route: str, reply: Any, step: str, says: str
) -> None:
    systems.on(route, reply)
    result = verify()
    assert result.step == step
    assert result.reason is not None
    assert result.reason.en.startswith(says)
