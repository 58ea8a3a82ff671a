"""The SCM for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

BULK = runpy.run_path(str(Path(__file__).with_name("bulk.py")))
BUYING = runpy.run_path(str(Path(__file__).with_name("scm_buying.py")))
WORKS = runpy.run_path(str(Path(__file__).with_name("scm_works.py")))
# Operations that fit seldom by chance, and get more examples.
SELDOM: list[str] = [*WORKS["SELDOM"], *BUYING["SELDOM"]]
# Stand-ins for keys that are drawn at random when the document is made; `Server.fill_in` puts the real one in (desk.real).
WEBHOOK = "10000000-0000-4000-8000-000000000005"


def _each(values: list[Any], *places: str) -> dict[str, list[Any]]:
    """The same values for several parameters and members."""
    return dict.fromkeys(places, values)


def _partners(world: Any) -> list[str]:
    return [p.code for p in world.scm.partners][:2]


def _stocked(world: Any) -> list[str]:
    return [p.code for p in world.scm.products][:2]


def _warehouses(world: Any) -> list[str]:
    return [code for code, *_ in world.scm.warehouses]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    month = f"{world.spec.opening:%Y%m}"
    orders = [f"XSDD-{month}-0000{n}" for n in (1, 2, 3, 4)]
    return {
        **_each(_partners(world), "path.partner_code", "query.partner_code", "body.partner_code"),
        **_each(
            _stocked(world),
            "path.product_code",
            "query.product_code",
            "body.product_code",
            "body.lines[*].product_code",
        ),
        **_each([*_warehouses(world), "MD01"], "path.warehouse_code", "query.warehouse_code", "body.warehouse_code"),
        **_each(orders, "path.sales_order_no", "query.sales_order_no", "body.sales_order_no"),
        "path.delivery_no": [f"XSCK-{month}-00001", f"XSCK-{month}-00002"],
        "path.movement_no": [f"KCLS-{month}-00001"],
        "path.webhook_id": [WEBHOOK],
        **WORKS["keys"](world),
        **BUYING["keys"](world),
        **BULK["keys"]("partners", "sales-orders"),
    }


def prepare(desk: Desk, world: Any) -> None:
    """The documents behind those keys."""
    desk.webhook(WEBHOOK)
    BULK["prepare"](desk, "partners")
    stocked = _stocked(world)
    lines = [{"product_code": code, "quantity": "2", "unit_price": "10", "tax_rate": "0.13"} for code in stocked]
    partner = _partners(world)[0]
    orders = [desk.post("/sales-orders", partner_code=partner, lines=lines)["sales_order_no"] for _ in range(6)]
    for order in orders[2:]:
        desk.post(f"/sales-orders/{order}/approve")
    for order in orders[4:]:
        desk.post("/deliveries", sales_order_no=order)
    receipt = {"kind": "other_receipt", "warehouse_code": _warehouses(world)[0], "product_code": stocked[0]}
    desk.post("/stock-movements", **receipt, quantity="5")
    WORKS["prepare"](desk, world)
    BUYING["prepare"](desk, world)
    # Partly shipped: its rest can be closed.
    part = desk.post("/deliveries", sales_order_no=orders[3], lines=[{"line_no": 1, "quantity": "1"}])["delivery_no"]
    desk.post(f"/deliveries/{part}/ship")
