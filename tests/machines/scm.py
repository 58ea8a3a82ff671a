"""What the warehouse, the buyers, the workshop and the stores do in the SCM, and what must hold whatever they did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shapan.scm import SYSTEM
from tests.machines.harness import WORLD, Draws, Json, Room, Worker, gaps

PARTNERS = [partner.code for partner in WORLD.scm.partners][:3]
PRODUCTS = [product.code for product in WORLD.scm.products][:3]
HOUSES = [code for code, *_ in WORLD.scm.warehouses]
MILK, DISH, PUMP = "DAI-250ML-FM1", "DISH-MILK", "PMP-050W-X1"


def _quantity(draws: Draws) -> str:
    return f"{draws.number(1, 4000) / draws.one_of([1, 1, 4, 10]):g}"


def _some(worker: Worker, draws: Draws, path: str, number: str, **params: Any) -> str:
    """The number of one document of a list, any; where there is none, one that does not exist."""
    found = draws.one_of(worker.pages(path, **params))
    return str(found[number]) if found else "XX-202601-99999"


def _post(worker: Worker, path: str, **body: Any) -> None:
    worker.call("POST", path, body or None)


def prepare(worker: Worker) -> None:
    """A supplier, a product with batches, a dish with its recipe, a product that is made, a store."""

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
    body: Json = {"kind": draws.one_of(["other_receipt", "other_issue"]), "warehouse_code": draws.one_of(HOUSES)}
    body |= {"product_code": draws.one_of(PRODUCTS), "quantity": _quantity(draws)}
    if body["kind"] == "other_receipt" and draws.chance(50):
        body["unit_cost"] = f"{draws.number(1, 900) / 100:.4f}"
    worker.call("POST", "/stock-movements", body)


def order(worker: Worker, draws: Draws) -> None:
    lines = [
        {
            "product_code": draws.one_of(PRODUCTS),
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
    _post(worker, f"/sales-orders/{number}/{draws.one_of(['approve', 'allocate', 'allocate', 'cancel'])}")


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
    number = _some(worker, draws, "/deliveries", "delivery_no", state="shipped")
    body = {"delivery_no": number, "reason": "型号不符", "lines": [{"line_no": 1, "quantity": _quantity(draws)}]}
    made = worker.call("POST", "/sales-returns", body)
    if made.status_code == 201 and draws.chance(80):
        _post(worker, f"/sales-returns/{made.json()['sales_return_no']}/receive")


def buy(worker: Worker, draws: Draws) -> None:
    supplier = _some(worker, draws, "/suppliers", "supplier_code")
    line = {
        "product_code": draws.one_of([*PRODUCTS, MILK]),
        "quantity": _quantity(draws),
        "unit_price": f"{draws.number(1, 900) / 100:.4f}",
    }
    made = worker.call(
        "POST",
        "/purchase-orders",
        {"supplier_code": supplier, "warehouse_code": draws.one_of([*HOUSES, "MD01"]), "lines": [line]},
    )
    if made.status_code == 201:
        _post(worker, f"/purchase-orders/{made.json()['purchase_order_no']}/approve")


def receive(worker: Worker, draws: Draws) -> None:
    line: Json = {"order_line": 1, "quantity": _quantity(draws)}
    if draws.chance(40):
        line |= {"batch_no": f"B{draws.number(1, 3)}", "production_date": f"2026-01-0{draws.number(1, 9)}"}
    if draws.chance(20):
        line |= {"rejected_quantity": "1", "reject_reason": "破损"}
    number = _some(worker, draws, "/purchase-orders", "purchase_order_no", state="approved")
    made = worker.call("POST", "/goods-receipts", {"purchase_order_no": number, "lines": [line]})
    if made.status_code == 201 and draws.chance(85):
        _post(worker, f"/goods-receipts/{made.json()['goods_receipt_no']}/post")


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
    number = _some(worker, draws, "/transfers", "transfer_no")
    body: Json = {"complete": draws.chance(50)}
    if draws.chance(60):
        body["lines"] = [{"line_no": 1, "quantity": _quantity(draws)}]
    worker.call("POST", f"/transfers/{number}/receive", body)


def count(worker: Worker, draws: Draws) -> None:
    made = worker.call("POST", "/stock-counts", {"warehouse_code": draws.one_of(HOUSES)})
    if made.status_code != 201:
        return
    number = made.json()["stock_count_no"]
    body = {"lines": [{"product_code": draws.one_of(PRODUCTS), "counted_quantity": _quantity(draws)}]}
    worker.call("POST", f"/stock-counts/{number}/enter", body)
    _post(worker, f"/stock-counts/{number}/{draws.one_of(['post', 'post', 'cancel'])}")


def produce(worker: Worker, draws: Draws) -> None:
    made = worker.call("POST", "/production-orders", {"product_code": PUMP, "quantity": str(draws.number(1, 20))})
    if made.status_code == 201:
        _post(worker, f"/production-orders/{made.json()['production_order_no']}/release")


def issue_material(worker: Worker, draws: Draws) -> None:
    body: Json = {"production_order_no": _some(worker, draws, "/production-orders", "production_order_no")}
    if draws.chance(50):
        body["lines"] = [{"line_no": draws.number(1, 2), "quantity": _quantity(draws)}]
    worker.call("POST", "/material-issues", body)


def finish(worker: Worker, draws: Draws) -> None:
    body = {
        "production_order_no": _some(worker, draws, "/production-orders", "production_order_no"),
        "quantity": str(draws.number(1, 20)),
        "labour_amount": f"{draws.number(0, 9999) / 100:.2f}",
        "final": draws.chance(40),
    }
    worker.call("POST", "/production-receipts", body)


def sell_in_store(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST",
        "/store-sales",
        {"warehouse_code": "MD01", "lines": [{"product_code": DISH, "quantity": str(draws.number(1, 40))}]},
    )


def void_store_sale(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST", f"/store-sales/{_some(worker, draws, '/store-sales', 'store_sale_no')}/void", {"reason": "退单"}
    )


ACTIONS = (
    *(enter_master, move_stock, order, order, act_on_order, deliver, deliver, act_on_delivery, give_back),
    *(buy, buy, receive, receive, send_back, adjust_cost, transfer, receive_transfer, count),
    *(produce, issue_material, finish, sell_in_store, void_store_sale),
)
NUMBERED = {
    "/sales-orders": "sales_order_no",
    "/deliveries": "delivery_no",
    "/stock-movements": "movement_no",
    "/purchase-orders": "purchase_order_no",
    "/goods-receipts": "goods_receipt_no",
    "/transfers": "transfer_no",
    "/production-orders": "production_order_no",
    "/sales-returns": "sales_return_no",
    "/store-sales": "store_sale_no",
    "/purchase-requisitions": "purchase_requisition_no",
    "/purchase-returns": "purchase_return_no",
    "/stock-counts": "stock_count_no",
    "/material-issues": "material_issue_no",
    "/material-returns": "material_return_no",
    "/production-receipts": "production_receipt_no",
}


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """Stock is what it opened with and what moved, in quantity and value; nothing is negative; numbers have no gaps."""
    for row in facts["stock"]:
        assert row["on_hand_milli"] == row["opening_milli"] + row["movements_milli"], row
        assert 0 <= row["reserved_milli"] <= row["on_hand_milli"], row
    closings: dict[str, Decimal] = {}
    for row in worker.pages("/monthly-summaries", month="2026-01"):
        opening, received, issued, closing = (
            (Decimal(row[f"{part}_quantity"]), Decimal(row[f"{part}_amount"]))
            for part in ("opening", "received", "issued", "closing")
        )
        assert (opening[0] + received[0] - issued[0], opening[1] + received[1] - issued[1]) == closing, row
        assert closing[0] >= 0
        assert closing[1] >= 0
        assert closing[0] != 0 or closing[1] == 0, row
        closings[row["product_code"]] = closing[0]
    documents = {path: worker.pages(path) for path in NUMBERED}
    for path, number in NUMBERED.items():
        assert gaps([document[number] for document in documents[path]]) == [], path
    _batches_are_the_stock(worker)
    _nothing_is_lost_on_the_way(facts, closings, documents["/transfers"])
    for made in documents["/production-orders"]:
        spent = sum(Decimal(made[f"{part}_amount"]) for part in ("material", "labour", "overhead"))
        assert spent == Decimal(made["cost_amount"]) + Decimal(made["work_in_progress_amount"]), made
        assert Decimal(made["work_in_progress_amount"]) >= 0, made
        received = [
            one
            for one in documents["/production-receipts"]
            if one["production_order_no"] == made["production_order_no"]
        ]
        assert sum(Decimal(one["cost_amount"]) for one in received) == Decimal(made["cost_amount"]), made
    for document in documents["/sales-orders"]:
        for line in document["lines"]:
            ordered, reserved, shipped, waiting = (
                Decimal(line[f"{part}quantity"]) for part in ("", "reserved_", "shipped_", "backorder_")
            )
            if document["state"] in ("approved", "closed"):
                assert ordered == reserved + shipped + waiting, line


def _batches_are_the_stock(worker: Worker) -> None:
    """In each warehouse the batches of a product add up to what is on hand, and none is below nothing."""
    held: dict[str, Decimal] = {}
    for batch in worker.pages("/reports/expiring-batches", product_code=MILK, days=3650):
        assert Decimal(batch["on_hand"]) > 0, batch
        house = batch["warehouse_code"]
        held[house] = held.get(house, Decimal(0)) + Decimal(batch["on_hand"])
    stock = {row["warehouse_code"]: Decimal(row["on_hand"]) for row in worker.pages("/stock", product_code=MILK)}
    assert {house: milli for house, milli in stock.items() if milli} == held


def _nothing_is_lost_on_the_way(facts: Json, closings: dict[str, Decimal], transfers: list[Json]) -> None:
    """What the company has of a product lies in a warehouse or is between two of them; what was sent arrived, is lost or under way."""
    there: dict[str, Decimal] = {}
    for row in facts["stock"]:
        code = row["product_code"]
        there[code] = there.get(code, Decimal(0)) + Decimal(row["on_hand_milli"]) / 1000
    for transfer in transfers:
        for line in transfer["lines"]:
            sent, came, lost, under_way = (
                Decimal(line[f"{part}quantity"]) for part in ("", "received_", "lost_", "in_transit_")
            )
            if transfer["state"] in ("sent", "received"):
                assert sent == came + lost + under_way, transfer
                assert under_way == 0 or transfer["state"] == "sent", transfer
            else:
                assert came == lost == under_way == 0, transfer
            code = line["product_code"]
            there[code] = there.get(code, Decimal(0)) + under_way
    assert {code: milli for code, milli in there.items() if milli} == {
        code: milli for code, milli in closings.items() if milli
    }


ROOM = Room(SYSTEM, ACTIONS, check, prepare)
