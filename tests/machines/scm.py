"""What the warehouse, the buyers, the workshop and the stores do in the SCM, right and wrong; scm_invariants.py has what must hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shapan.scm import SYSTEM
from tests.machines.harness import WORLD, Draws, Json, Room, Worker
from tests.machines.scm_invariants import MILK, check

PARTNERS = [partner.code for partner in WORLD.scm.partners][:3]
PRODUCTS = [product.code for product in WORLD.scm.products][:3]
HOUSES = [code for code, *_ in WORLD.scm.warehouses]
PREFIXES = {
    "sales_order_no": "XSDD",
    "delivery_no": "XSCK",
    "sales_return_no": "XSTH",
    "purchase_requisition_no": "CGSQ",
    "purchase_order_no": "CGDD",
    "goods_receipt_no": "CGRK",
    "transfer_no": "DBDD",
    "production_order_no": "SCDD",
    "store_sale_no": "MDXS",
}
"""Of the numbers of documents."""
DISH, PUMP = "DISH-MILK", "PMP-050W-X1"


def _quantity(draws: Draws) -> str:
    return f"{draws.number(1, 4000) / draws.one_of([1, 1, 4, 10]):g}"


def _some(worker: Worker, draws: Draws, path: str, number: str, **params: Any) -> str:
    """The number of one document of a list, any; where there is none, one that does not exist."""
    found = draws.one_of(worker.pages(path, **params)) if draws.chance(97) else None
    if found:
        return str(found[number])
    return f"{PREFIXES[number]}-202601-99999" if number in PREFIXES else "GY99999"


def _mostly(draws: Draws, state: str) -> Json:
    """The filter for this state, sometimes none."""
    return {"state": state} if draws.chance(80) else {}


def _post(worker: Worker, path: str, **body: Any) -> None:
    worker.call("POST", path, body or None)


def _batch(worker: Worker, draws: Draws) -> Json:
    """One of a few batches: some are known already, some have expired."""
    made = worker.today() - timedelta(draws.number(0, 24))
    return {"batch_no": f"B{draws.number(1, 6)}", "production_date": made.isoformat()}


def prepare(worker: Worker) -> None:
    """A supplier, a product with batches and some of it, a dish with its recipe, a product that is made, a store."""

    def made(path: str, **body: Any) -> None:
        answer = worker.call("POST", path, body)
        assert answer.status_code == 201, answer.text

    made("/suppliers", name="光华乳业有限公司", over_receipt_tolerance="0.1")
    for code, name in (("DAI", "乳制品"), ("DSH", "菜品"), ("PMP", "水泵")):
        made("/categories", category_code=code, name=name)
    milk = {"product_code": MILK, "name": "鲜牛奶", "category": "DAI", "base_unit": "盒", "tax_rate": "0.09"}
    made("/products", **milk, kind="material", batch_managed=True, shelf_life_days=21)
    made("/products", product_code=DISH, name="热牛奶", category="DSH", base_unit="份", tax_rate="0.06", kind="dish")
    made("/products", product_code=PUMP, name="水泵", category="PMP", base_unit="台", tax_rate="0.13", kind="finished")
    made("/warehouses", warehouse_code="MD01", name="一店", kind="store", address="上海市徐汇区示范路8号")
    made("/boms", product_code=DISH, lines=[{"product_code": MILK, "quantity": "1.5", "scrap_percent": "10"}])
    made(
        "/boms",
        product_code=PUMP,
        lines=[{"product_code": code, "quantity": "2", "scrap_percent": "5"} for code in PRODUCTS[:2]],
    )
    old, new = ((worker.today() - timedelta(days)).isoformat() for days in (20, 2))
    for house, batch, day in (("MD01", "A1", old), ("MD01", "A2", new), (HOUSES[0], "A1", old), (HOUSES[0], "A2", new)):
        stock = {"kind": "other_receipt", "warehouse_code": house, "product_code": MILK, "quantity": "400"}
        made("/stock-movements", **stock, batch_no=batch, production_date=day, unit_cost="3.3333")
    _begin(worker)


def _begin(worker: Worker) -> None:
    """An order that is shipped in part and something of it that comes back, goods between two warehouses, production under way."""

    def made(path: str, number: str, action: str = "", **body: Any) -> str:
        answer = worker.call("POST", path, body)
        assert answer.status_code == 201, answer.text
        key = str(answer.json()[number])
        if action:
            done = worker.call("POST", f"{path}/{key}/{action}", None)
            assert done.status_code == 200, done.text
        return key

    line = {"product_code": MILK, "quantity": "50", "unit_price": "7.3739", "tax_rate": "0.13"}
    sold = {"partner_code": PARTNERS[0], "warehouse_code": HOUSES[0], "lines": [line]}
    for _ in range(2):
        number = made("/sales-orders", "sales_order_no", "approve", **sold)
    part = [{"line_no": 1, "quantity": "30"}]
    number = made("/deliveries", "delivery_no", "ship", sales_order_no=number, lines=part)
    back = [{"line_no": 1, "quantity": "3"}]
    made("/sales-returns", "sales_return_no", delivery_no=number, reason="破损", lines=back)
    sent = {"from_warehouse_code": HOUSES[0], "to_warehouse_code": "MD01"}
    for amount in ("5", "7.5"):
        lines = [{"product_code": MILK, "quantity": amount}]
        made("/transfers", "transfer_no", "send", **sent, lines=lines)
    made("/transfers", "transfer_no", **sent, lines=lines)
    for product in PRODUCTS[:2]:
        stock = {"kind": "other_receipt", "warehouse_code": HOUSES[0], "product_code": product, "quantity": "200"}
        made("/stock-movements", "movement_no", **stock, unit_cost="2.5")
    number = made("/production-orders", "production_order_no", "release", product_code=PUMP, quantity="20")
    made("/material-issues", "material_issue_no", production_order_no=number)


def enter_master(worker: Worker, draws: Draws) -> None:
    code = draws.one_of(["DAI-250ML-FM2", MILK])
    body = {
        "product_code": code,
        "name": "酸奶",
        "category": draws.one_of(["DAI", "NON"]),
        "base_unit": "盒",
        "tax_rate": "0.09",
    }
    worker.call("POST", "/products", body)


def move_stock(worker: Worker, draws: Draws) -> None:
    product = draws.one_of([*PRODUCTS, MILK])
    body: Json = {"kind": draws.one_of(["other_receipt", "other_issue"]), "warehouse_code": draws.one_of(HOUSES)}
    body |= {"product_code": product, "quantity": _quantity(draws)}
    if body["kind"] == "other_receipt":
        body |= _batch(worker, draws) if product == MILK else {}
        body |= {"unit_cost": f"{draws.number(1, 900) / 100:.4f}"} if draws.chance(50) else {}
    worker.call("POST", "/stock-movements", body)


def scrap(worker: Worker, draws: Draws) -> None:
    """A batch that expires soon, by its name."""
    found = draws.one_of(worker.pages("/reports/expiring-batches", product_code=MILK, days=9)) or {}
    body = {"warehouse_code": found.get("warehouse_code", HOUSES[0]), "batch_no": found.get("batch_no", "B404")}
    amount = found.get("on_hand", "1") if draws.chance(70) else _quantity(draws)
    worker.call("POST", "/stock-movements", {**body, "kind": "other_issue", "product_code": MILK, "quantity": amount})


def days_go_by(worker: Worker, draws: Draws) -> None:
    """Seldom, or nothing would be fit to be issued; otherwise somebody ships in vain what is not there."""
    if draws.chance(25):
        worker.wait(draws.number(1, 2))
    else:
        worker.call("POST", "/deliveries/XSCK-202601-99999/ship")


def order(worker: Worker, draws: Draws) -> None:
    lines = [
        {
            "product_code": draws.one_of([*PRODUCTS, MILK]),
            "quantity": _quantity(draws),
            "unit_price": "7.3739",
            "tax_rate": "0.13",
        }
        for _ in range(draws.number(1, 2))
    ]
    made = worker.call("POST", "/sales-orders", {"partner_code": draws.one_of(PARTNERS), "lines": lines})
    if made.status_code == 201 and draws.chance(80):
        _post(worker, f"/sales-orders/{made.json()['sales_order_no']}/approve")


def act_on_order(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/sales-orders", "sales_order_no")
    what = draws.one_of(["approve", "allocate", "allocate", "cancel", "close"])
    _post(worker, f"/sales-orders/{number}/{what}", **({"reason": "客户不要了"} if what == "close" else {}))


def deliver(worker: Worker, draws: Draws) -> None:
    body: Json = {"sales_order_no": _some(worker, draws, "/sales-orders", "sales_order_no", state="approved")}
    if draws.chance(60):
        body["lines"] = [{"line_no": draws.number(1, 2), "quantity": _quantity(draws)}]
    made = worker.call("POST", "/deliveries", body)
    if made.status_code == 201 and draws.chance(75):
        _post(worker, f"/deliveries/{made.json()['delivery_no']}/ship")


def act_on_delivery(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/deliveries", "delivery_no")
    _post(worker, f"/deliveries/{number}/{draws.one_of(['ship', 'cancel'])}")


def give_back(worker: Worker, draws: Draws) -> None:
    """Mostly a part of what was shipped, so that several can follow each other."""
    shipped = draws.one_of(worker.pages("/deliveries", state="shipped")) or {}
    line = draws.one_of(shipped.get("lines", [])) or {"line_no": 1, "quantity": "1"}
    most = max(1, int(float(line["quantity"]) / draws.one_of([1, 2, 3])))
    quantity = str(draws.number(1, most)) if draws.chance(85) else _quantity(draws)
    body: Json = {"delivery_no": shipped.get("delivery_no", "XSCK-202601-99999"), "reason": "型号不符"}
    body["lines"] = [{"line_no": line["line_no"], "quantity": quantity}]
    made = worker.call("POST", "/sales-returns", body)
    if made.status_code == 201 and draws.chance(80):
        _post(worker, f"/sales-returns/{made.json()['sales_return_no']}/receive")


def requisition(worker: Worker, draws: Draws) -> None:
    lines = [{"product_code": draws.one_of([*PRODUCTS, MILK, DISH]), "quantity": _quantity(draws)} for _ in range(2)]
    made = worker.call("POST", "/purchase-requisitions", {"warehouse_code": draws.one_of(HOUSES), "lines": lines})
    if made.status_code == 201 and draws.chance(85):
        _post(worker, f"/purchase-requisitions/{made.json()['purchase_requisition_no']}/approve")


def act_on_requisition(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/purchase-requisitions", "purchase_requisition_no")
    what = draws.one_of(["approve", "approve", "close"])
    _post(worker, f"/purchase-requisitions/{number}/{what}")


def buy(worker: Worker, draws: Draws) -> None:
    supplier = _some(worker, draws, "/suppliers", "supplier_code")
    line: Json = {"product_code": draws.one_of([*PRODUCTS, MILK]), "quantity": _quantity(draws)}
    asked = draws.one_of(worker.pages("/purchase-requisitions", state="approved") if draws.chance(40) else [])
    if asked:
        wanted = draws.one_of(asked["lines"])
        line = {
            "product_code": wanted["product_code"],
            "quantity": wanted["open_quantity"] if wanted["open_quantity"] != "0" else "1",
            "purchase_requisition_no": asked["purchase_requisition_no"],
            "requisition_line": wanted["line_no"],
        }
    line["unit_price"] = f"{draws.number(1, 900) / 100:.4f}"
    made = worker.call(
        "POST",
        "/purchase-orders",
        {"supplier_code": supplier, "warehouse_code": draws.one_of([*HOUSES, "MD01"]), "lines": [line]},
    )
    if made.status_code == 201 and draws.chance(90):
        _post(worker, f"/purchase-orders/{made.json()['purchase_order_no']}/approve")


def act_on_purchase_order(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/purchase-orders", "purchase_order_no")
    _post(worker, f"/purchase-orders/{number}/{draws.one_of(['approve', 'close', 'cancel'])}")


def receive(worker: Worker, draws: Draws) -> None:
    """Mostly what was ordered or a part of it, in a batch where it must be."""
    found = draws.one_of(worker.pages("/purchase-orders", state="approved" if draws.chance(90) else "draft")) or {}
    ordered = found.get("lines", [{"product_code": MILK, "quantity": "5"}])[0]
    line: Json = {"order_line": 1, "quantity": ordered["quantity"] if draws.chance(50) else _quantity(draws)}
    if draws.chance(95 if ordered["product_code"] == MILK else 5):
        line |= _batch(worker, draws)
    if draws.chance(20):
        line |= {"rejected_quantity": "1", "reject_reason": "破损"}
    number = found.get("purchase_order_no", "CGDD-202601-99999")
    made = worker.call("POST", "/goods-receipts", {"purchase_order_no": number, "lines": [line]})
    if made.status_code == 201 and draws.chance(85):
        _post(worker, f"/goods-receipts/{made.json()['goods_receipt_no']}/post")


def act_on_receipt(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/goods-receipts", "goods_receipt_no", **_mostly(draws, "draft"))
    _post(worker, f"/goods-receipts/{number}/{draws.one_of(['post', 'cancel'])}")


def send_back(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/goods-receipts", "goods_receipt_no", state="posted")
    made = worker.call(
        "POST",
        "/purchase-returns",
        {
            "goods_receipt_no": number,
            "reason": "规格不符",
            "lines": [{"receipt_line": 1, "quantity": _quantity(draws)}],
        },
    )
    if made.status_code == 201:
        _post(worker, f"/purchase-returns/{made.json()['purchase_return_no']}/post")


def adjust_cost(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/goods-receipts", "goods_receipt_no", state="posted")
    line = {"receipt_line": 1, "unit_price": f"{draws.number(1, 900) / 100:.4f}"}
    worker.call("POST", "/cost-adjustments", {"goods_receipt_no": number, "lines": [line]})


def transfer(worker: Worker, draws: Draws) -> None:
    houses = [*HOUSES, "MD01"]
    line = {"product_code": draws.one_of([*PRODUCTS, MILK]), "quantity": _quantity(draws)}
    body = {"from_warehouse_code": draws.one_of(houses), "to_warehouse_code": draws.one_of(houses), "lines": [line]}
    made = worker.call("POST", "/transfers", body)
    if made.status_code == 201:
        _post(worker, f"/transfers/{made.json()['transfer_no']}/send")


def receive_transfer(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/transfers", "transfer_no", **_mostly(draws, "sent"))
    body: Json = {"complete": draws.chance(50), "reason": "运输破损"}
    if draws.chance(60):
        body["lines"] = [{"line_no": 1, "quantity": _quantity(draws)}]
    worker.call("POST", f"/transfers/{number}/receive", body)


def cancel_transfer(worker: Worker, draws: Draws) -> None:
    _post(worker, f"/transfers/{_some(worker, draws, '/transfers', 'transfer_no', **_mostly(draws, 'draft'))}/cancel")


def count(worker: Worker, draws: Draws) -> None:
    made = worker.call("POST", "/stock-counts", {"warehouse_code": draws.one_of(HOUSES)})
    if made.status_code != 201:
        return
    number = made.json()["stock_count_no"]
    line: Json = {"product_code": draws.one_of([*PRODUCTS, MILK]), "counted_quantity": _quantity(draws)}
    if line["product_code"] == MILK:
        line |= _batch(worker, draws)
    worker.call("POST", f"/stock-counts/{number}/enter", {"lines": [line]})
    _post(worker, f"/stock-counts/{number}/{draws.one_of(['post', 'post', 'cancel'])}")


def produce(worker: Worker, draws: Draws) -> None:
    made = worker.call("POST", "/production-orders", {"product_code": PUMP, "quantity": str(draws.number(1, 20))})
    if made.status_code == 201:
        _post(worker, f"/production-orders/{made.json()['production_order_no']}/release")


def issue_material(worker: Worker, draws: Draws) -> None:
    body: Json = {
        "production_order_no": _some(
            worker, draws, "/production-orders", "production_order_no", **_mostly(draws, "released")
        ),
        "allow_over_issue": draws.chance(20),
    }
    if draws.chance(30):
        body["lines"] = [{"line_no": draws.number(1, 2), "quantity": str(draws.number(1, 25))}]
    worker.call("POST", "/material-issues", body)


def return_material(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/production-orders", "production_order_no", **_mostly(draws, "released"))
    lines = [{"line_no": draws.number(1, 2), "quantity": str(draws.number(1, 6) / 2)}]
    worker.call("POST", "/material-returns", {"production_order_no": number, "lines": lines})


def end_production(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/production-orders", "production_order_no")
    _post(worker, f"/production-orders/{number}/{draws.one_of(['complete', 'cancel'])}")


def finish(worker: Worker, draws: Draws) -> None:
    body = {
        "production_order_no": _some(
            worker, draws, "/production-orders", "production_order_no", **_mostly(draws, "released")
        ),
        "quantity": str(draws.number(1, 12)),
        "labour_amount": f"{draws.number(0, 9999) / 100:.2f}",
        "final": draws.chance(40),
    }
    worker.call("POST", "/production-receipts", body)


def sell_in_store(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST",
        "/store-sales",
        {"warehouse_code": "MD01", "lines": [{"product_code": DISH, "quantity": str(draws.number(1, 120))}]},
    )


def void_store_sale(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST", f"/store-sales/{_some(worker, draws, '/store-sales', 'store_sale_no')}/void", {"reason": "退单"}
    )


def act_on_sales_return(worker: Worker, draws: Draws) -> None:
    number = _some(worker, draws, "/sales-returns", "sales_return_no", **_mostly(draws, "draft"))
    _post(worker, f"/sales-returns/{number}/{draws.one_of(['receive', 'cancel'])}")


ACTIONS = (
    *(enter_master, move_stock, scrap, days_go_by),
    *(order, order, act_on_order, deliver, deliver, act_on_delivery, give_back, give_back, act_on_sales_return),
    *(requisition, act_on_requisition, buy, buy, act_on_purchase_order, receive, receive, act_on_receipt, send_back),
    *(adjust_cost, transfer, receive_transfer, cancel_transfer, count),
    *(produce, issue_material, return_material, finish, end_production, sell_in_store, sell_in_store, void_store_sale),
)


ROOM = Room(SYSTEM, ACTIONS, check, prepare)
