"""What salespeople, their managers, shops and an integration do in the CRM, and what must hold whatever they did."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from shapan.crm import SYSTEM
from shapan.crm.rules.orders import TRANSITIONS
from tests.machines.harness import WORLD, Draws, Json, Room, Worker, gaps

CUSTOMERS = [customer.id for customer in WORLD.crm.customers]
PRODUCTS = [product.code for product in WORLD.crm.products]
NOBODY = "00000000-0000-4000-8000-000000000000"
ROLES = ["salesManager", "creditController", "generalManager"]
TOWN = {"province": "北京市", "city": "北京市", "district": "海淀区", "street": "示范路18号"}
SERIES = ("orders", "quotations", "returns", "store-sales")
"""Lists of documents that are numbered without gaps."""


def prepare(worker: Worker) -> None:
    """A shop, two of its members, a customer with a limit that is soon reached."""
    worker.call("POST", "/stores", {"code": "MD001", "name": "示范路店"})
    for number in range(2):
        worker.call("POST", "/members", {"phone": f"1380000{number:04}", "name": f"会员{number}"})
    worker.call("PATCH", f"/customers/{CUSTOMERS[0]}", {"creditLimit": 20000}, **{"If-Match": "*"})


def _lines(draws: Draws) -> list[Json]:
    lines: list[Json] = [
        {
            "productCode": draws.one_of([*PRODUCTS[:8], "NO-SUCH-1"]) if draws.chance(20) else draws.one_of(PRODUCTS),
            "quantity": draws.number(1, 40),
        }
        for _ in range(draws.number(1, 3))
    ]
    for line in lines:
        if draws.chance(30):
            line["unitPrice"] = draws.number(1, 99999) / 100
        if draws.chance(20):
            line["discountPercent"] = draws.one_of([5, 12.5, 30])
    return lines


def _some(worker: Worker, draws: Draws, path: str, **params: Any) -> Json:
    """One document of a list, any; an empty one where there is none, whose id no system knows."""
    item: Json | None = draws.one_of(worker.pages(path, **params))
    return item or {"id": NOBODY}


def _customer(draws: Draws) -> str:
    return str(draws.one_of(CUSTOMERS) if draws.chance(95) else NOBODY)


def _order(worker: Worker, draws: Draws, state: str) -> Json:
    """Mostly an order in this state, sometimes any."""
    return _some(worker, draws, "/orders", **({"state": state} if draws.chance(80) else {}))


def enter_order(worker: Worker, draws: Draws) -> None:
    worker.call("POST", "/orders", {"customerId": _customer(draws), "lines": _lines(draws), "submit": draws.chance(60)})


def submit_order(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/orders/{_order(worker, draws, 'draft')['id']}/submit")


def cancel_order(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/orders/{_some(worker, draws, '/orders')['id']}/cancel", {"reason": "客户取消"})


def change_order(worker: Worker, draws: Draws) -> None:
    body: Json = {"reason": "客户变更"}
    if draws.chance(70):
        body["lines"] = _lines(draws)
    if draws.chance(50):
        body["note"] = draws.one_of(["送二号门", None])
    worker.call("POST", f"/orders/{_order(worker, draws, 'confirmed')['id']}/change", body)


def decide_order(worker: Worker, draws: Draws) -> None:
    order = _order(worker, draws, "pendingApproval")
    steps = (order.get("approval") or {}).get("steps", [])
    due = [step["role"] for step in steps if step["state"] == "pending"]
    role = due[0] if due and draws.chance(80) else draws.one_of(ROLES)
    approver = draws.one_of(["张经理", "王会计", "李总"])
    what, body = ("approve", {}) if draws.chance(70) else ("reject", {"comment": "不同意"})
    worker.call("POST", f"/orders/{order['id']}/{what}", {"role": role, "approver": approver, **body})


def deliver_order(worker: Worker, draws: Draws) -> None:
    order = _order(worker, draws, "confirmed")
    body: Json = {"deliveryStatus": draws.one_of(["none", "partial", "complete"])}
    if draws.chance(60) and "lines" in order:
        line = draws.one_of(order["lines"])
        body = {
            "deliveredLines": [{"lineNumber": line["lineNumber"], "quantity": draws.number(0, line["quantity"] + 1)}]
        }
    worker.call("PATCH", f"/orders/{order['id']}", body, **{"If-Match": draws.one_of(["*", '"1"', '"2"', '"3"'])})


def change_draft(worker: Worker, draws: Draws) -> None:
    order = _order(worker, draws, "draft")
    worker.call("PATCH", f"/orders/{order['id']}", {"lines": _lines(draws)}, **{"If-Match": draws.one_of(["*", '"1"'])})


def ask_return(worker: Worker, draws: Draws) -> None:
    delivered = [order for order in worker.pages("/orders", state="confirmed") if order["deliveryStatus"] != "none"]
    order = draws.one_of(delivered) if draws.chance(80) else _some(worker, draws, "/orders")
    line = {"lineNumber": draws.number(1, 3), "quantity": draws.number(1, 20)}
    worker.call("POST", "/returns", {"orderId": (order or {"id": NOBODY})["id"], "lines": [line], "reason": "破损"})


def act_on_return(worker: Worker, draws: Draws) -> None:
    found = _some(worker, draws, "/returns")
    bodies: Json = {
        "approve": {"approver": "张经理"},
        "reject": {"approver": "张经理", "comment": "已过期"},
        "receive": {},
        "credit": {},
    }
    what = draws.one_of(list(bodies))
    worker.call("POST", f"/returns/{found['id']}/{what}", bodies[what])


def enter_quotation(worker: Worker, draws: Draws) -> None:
    body = {"customerId": _customer(draws), "validUntil": "2026-01-31", "lines": _lines(draws)}
    worker.call("POST", "/quotations", body)


def act_on_quotation(worker: Worker, draws: Draws) -> None:
    quotation = _some(worker, draws, "/quotations")
    what = draws.one_of(["send", "send", "accept", "accept", "reject"])
    worker.call("POST", f"/quotations/{quotation['id']}/{what}", {"reason": "价格偏高"} if what == "reject" else None)


def enter_lead(worker: Worker, draws: Draws) -> None:
    name = f"示例{draws.number(1, 9)}科技有限公司"
    worker.call("POST", "/leads", {"companyName": name, "contactName": "王小明", "region": "BJ", "industry": "IT"})


def act_on_lead(worker: Worker, draws: Draws) -> None:
    lead = _some(worker, draws, "/leads")
    bodies: Json = {
        "qualify": None,
        "convert": {"opportunity": {"name": "一期", "amount": 1000, "expectedCloseDate": "2026-03-31"}},
        "lose": {"reason": "预算取消"},
    }
    what = draws.one_of(["qualify", "qualify", "convert", "convert", "lose"])
    worker.call("POST", f"/leads/{lead['id']}/{what}", bodies[what])


def change_customer(worker: Worker, draws: Draws) -> None:
    body: Json = draws.one_of(
        [
            {"name": f"更名{draws.number(1, 99)}有限公司"},
            {"creditLimit": draws.one_of([None, 0, 5000, 1000000])},
            {"creditHold": draws.one_of(["none", "overdue", "always"])},
            {"address": TOWN},
        ]
    )
    worker.call("PATCH", f"/customers/{_customer(draws)}", body, **{"If-Match": draws.one_of(["*", '"1"'])})


def merge_customers(worker: Worker, draws: Draws) -> None:
    # Seldom, and only of the last ones, so that there are customers left to sell to.
    merged, into = draws.one_of(CUSTOMERS[-4:]), draws.one_of(CUSTOMERS[-8:])
    if draws.chance(30):
        worker.call("POST", f"/customers/{merged}/merge", {"into": into, "reason": "重复录入"})


def report_balance(worker: Worker, draws: Draws) -> None:
    body = {
        "openAmount": draws.number(0, 9999) / 100,
        "overdueAmount": 0,
        "asOf": f"2026-01-15T09:{draws.number(0, 59):02}:00+08:00",
    }
    worker.call("PUT", f"/customers/{_customer(draws)}/balance", body)


def sell_over_the_counter(worker: Worker, draws: Draws) -> None:
    price, quantity = draws.number(1, 9999) / 100, draws.number(1, 5)
    paid = round(price * quantity, 2) + (0.01 if draws.chance(10) else 0)
    body: Json = {
        "storeCode": draws.one_of(["MD001", "MD001", "MD001", "MD404"]),
        "payments": [{"method": "cash", "amount": round(paid, 2)}],
        "lines": [{"productCode": draws.one_of(PRODUCTS), "quantity": quantity, "unitPrice": price}],
    }
    if draws.chance(70):
        body["memberId"] = _some(worker, draws, "/members")["id"]
    worker.call("POST", "/store-sales", body)


def void_store_sale(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/store-sales/{_some(worker, draws, '/store-sales')['id']}/void", {"reason": "录错"})


ACTIONS = (
    enter_order,
    enter_order,
    submit_order,
    cancel_order,
    change_order,
    decide_order,
    decide_order,
    deliver_order,
    change_draft,
    ask_return,
    act_on_return,
    enter_quotation,
    act_on_quotation,
    enter_lead,
    act_on_lead,
    change_customer,
    merge_customers,
    report_balance,
    sell_over_the_counter,
    void_store_sale,
)


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """Numbers without gaps, sums, states that only go where they may, an event for each of them, credit, returns, points."""
    documents = {name: worker.pages(f"/{name}") for name in SERIES}
    orders = documents["orders"]
    for name, found in documents.items():
        assert gaps([one["number"] for one in found]) == [], name
        assert all(_adds_up(one) for one in found if "lines" in one), name
    shown = {order["number"]: order["state"] for order in orders}
    assert {order["number"]: order["state"] for order in facts["orders"]} == shown
    _went_where_they_may(orders, memory.setdefault("states", {}))
    _told(worker, orders, memory)
    _kept_former_revisions(worker, orders)
    _returned_no_more_than_came(orders, documents["returns"])
    _credit(worker, orders, memory)
    members = {member["id"]: member["points"] for member in worker.pages("/members")}
    earned: Counter[str] = Counter()
    for sale in documents["store-sales"]:
        if sale["memberId"] and sale["state"] == "completed":
            earned[sale["memberId"]] += sale["points"]
    assert members == {member: earned[member] for member in members}


def _adds_up(document: Json) -> bool:
    sums = all(
        round(sum(line[amount] for line in document["lines"]), 2) == document[amount]
        for amount in ("netAmount", "taxAmount", "grossAmount")
    )
    return sums and round(document["netAmount"] + document["taxAmount"], 2) == document["grossAmount"]


def _went_where_they_may(orders: list[Json], states: Json) -> None:
    """In a step of two actions, an order goes at most two states on, and a delivery never back."""
    ranks = ["none", "partial", "complete"]
    for order in orders:
        state, rank, revision = order["state"], ranks.index(order["deliveryStatus"]), order["revision"]
        was = states.get(order["id"])
        if was is not None:
            near = {was[0], *TRANSITIONS[was[0]]}
            assert state in near | {after for one in near for after in TRANSITIONS[one]}, (was, order)
            assert rank >= was[1], (was, order)
            assert revision >= was[2], (was, order)
        assert rank == 0 or state == "confirmed", order
        assert (order["cancelledAt"] is not None) == (state == "cancelled")
        states[order["id"]] = (state, rank, revision)


def _told(worker: Worker, orders: list[Json], memory: Json) -> None:
    """Whoever missed an event could never be right again: each decision left exactly one, and the feed has no gaps."""
    told: Counter[tuple[str, str]] = memory.setdefault("told", Counter())
    while True:
        page = worker.get("/events", limit=500, after=memory.get("after", 0))
        for event in page["events"]:
            told[event["type"], event["subject"]] += 1
        numbers = [memory.get("after", 0), *(int(event["sequence"]) for event in page["events"])]
        assert all(after == before + 1 for before, after in pairwise(numbers)), numbers
        memory["after"] = numbers[-1]
        if not page["has_more"]:
            break
    for order in orders:
        number = order["number"]
        changes = told["crm.order.changed", number] + told["crm.order.change_rejected", number]
        assert changes == order["revision"] - 1, order
        assert told["crm.order.cancelled", number] == (order["state"] == "cancelled"), order
        assert (told["crm.order.confirmed", number] > 0) == (order["confirmedAt"] is not None), order


def _kept_former_revisions(worker: Worker, orders: list[Json]) -> None:
    changed = [order for order in orders if order["revision"] > 1]
    for order in changed[-2:]:
        former = worker.pages(f"/orders/{order['id']}/revisions")
        assert [one["revision"] for one in former] == list(range(1, order["revision"]))


def _returned_no_more_than_came(orders: list[Json], returns: list[Json]) -> None:
    back: Counter[tuple[str, int]] = Counter()
    for one in returns:
        if one["state"] != "rejected":
            for line in one["lines"]:
                back[one["orderId"], line["lineNumber"]] += line["quantity"]
    for order in orders:
        for line in order["lines"]:
            known = line["deliveredQuantity"]
            assert 0 <= back[order["id"], line["lineNumber"]] <= (line["quantity"] if known is None else known), order


def _credit(worker: Worker, orders: list[Json], memory: Json) -> None:
    """One customer after the other: its panel is what its orders say; of one that was merged, nothing is left."""
    turn = memory["turn"] = memory.get("turn", -1) + 1
    customer = CUSTOMERS[turn % len(CUSTOMERS)]
    mine = [order for order in orders if order["customerId"] == customer]
    if worker.get(f"/customers/{customer}")["state"] == "merged":
        assert mine == []
        return
    open_ = [one for one in mine if one["state"] in ("confirmed", "pendingApproval")]
    panel = worker.get(f"/customers/{customer}/credit")
    assert panel["openOrderCount"] == sum(one["deliveryStatus"] != "complete" for one in open_)
    least = sum(one["grossAmount"] for one in open_ if one["deliveryStatus"] == "none")
    most = sum(one["grossAmount"] for one in open_ if one["deliveryStatus"] != "complete")
    assert round(least, 2) <= panel["openOrders"] <= round(most, 2), (panel, mine)


ROOM = Room(SYSTEM, ACTIONS, check, prepare)
