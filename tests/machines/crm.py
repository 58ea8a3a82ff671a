"""What salespeople, their managers, shops and an integration do in the CRM, right and wrong; crm_invariants.py has what must hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shapan.crm import SYSTEM
from tests.machines.crm_invariants import CUSTOMERS, check
from tests.machines.harness import WORLD, Draws, Json, Room, Worker

PRODUCTS = [product.code for product in WORLD.crm.products]
NOBODY = "00000000-0000-4000-8000-000000000000"
ROLES = ["salesManager", "creditController", "generalManager"]
TOWN = {"province": "北京市", "city": "北京市", "district": "海淀区", "street": "示范路18号"}


def prepare(worker: Worker) -> None:
    """A shop, two of its members, a customer with a limit that is soon reached, and orders and quotations in several states."""
    worker.call("POST", "/stores", {"code": "MD001", "name": "示范路店"})
    for number in range(2):
        worker.call("POST", "/members", {"phone": f"1380000{number:04}", "name": f"会员{number}"})
    worker.call("PATCH", f"/customers/{CUSTOMERS[0]}", {"creditLimit": 20000}, **{"If-Match": "*"})
    for submit, line in (
        (False, {"quantity": 4}),
        (True, {"quantity": 4, "discountPercent": 30}),
        (True, {"quantity": 90, "unitPrice": 1}),
    ):
        body = {"customerId": CUSTOMERS[1], "lines": [{"productCode": PRODUCTS[0], **line}], "submit": submit}
        order = worker.call("POST", "/orders", body).json()
    worker.call("PATCH", f"/orders/{order['id']}", {"deliveryStatus": "complete"}, **{"If-Match": "*"})
    offered: Json = {"productCode": PRODUCTS[1], "quantity": 2}
    for member in worker.pages("/members"):
        paid = [{"method": "wechat", "amount": 60}]
        sold: Json = {
            "storeCode": "MD001",
            "memberId": member["id"],
            "payments": paid,
            "lines": [{**offered, "unitPrice": 30}],
        }
        worker.call("POST", "/store-sales", sold)
    for number in range(3):
        offer = {"customerId": CUSTOMERS[number], "validUntil": "2026-01-20", "lines": [offered]}
        quotation = worker.call("POST", "/quotations", offer).json()
    worker.call("POST", f"/quotations/{quotation['id']}/send")


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
    item: Json | None = draws.one_of(worker.pages(path, **params)) if draws.chance(97) else None
    return item or {"id": NOBODY}


def _day(worker: Worker, days: int) -> str:
    """So many days from today."""
    return (worker.today() + timedelta(days)).isoformat()


def _unless_changed(draws: Draws) -> str:
    """Mostly whatever it has become since, sometimes only as it was."""
    return "*" if draws.chance(85) else f'"{draws.number(1, 3)}"'


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
    body: Json = {"deliveryStatus": draws.one_of(["none", "partial", "partial", "complete"])}
    if draws.chance(60) and "lines" in order:
        line = draws.one_of(order["lines"])
        body = {
            "deliveredLines": [{"lineNumber": line["lineNumber"], "quantity": draws.number(0, line["quantity"] + 1)}]
        }
    worker.call("PATCH", f"/orders/{order['id']}", body, **{"If-Match": _unless_changed(draws)})


def close_order(worker: Worker, draws: Draws) -> None:
    begun = [order for order in worker.pages("/orders", state="confirmed") if order["deliveryStatus"] == "partial"]
    order = draws.one_of(begun if draws.chance(85) else []) or _some(worker, draws, "/orders")
    worker.call("POST", f"/orders/{order['id']}/close", {"reason": "剩余不再补发"})


def change_draft(worker: Worker, draws: Draws) -> None:
    order = _order(worker, draws, draws.one_of(["draft", "rejected"]))
    worker.call("PATCH", f"/orders/{order['id']}", {"lines": _lines(draws)}, **{"If-Match": _unless_changed(draws)})


def ask_return(worker: Worker, draws: Draws) -> None:
    delivered = [order for order in worker.pages("/orders", state="confirmed") if order["deliveryStatus"] != "none"]
    order = draws.one_of(delivered) if draws.chance(80) else _some(worker, draws, "/orders")
    some = draws.one_of((order or {}).get("lines", [])) or {"lineNumber": 1, "quantity": 1}
    most = some["quantity"] + 1 if draws.chance(30) else max(1, some["quantity"] // 3)
    line = {"lineNumber": some["lineNumber"] + draws.chance(5), "quantity": draws.number(1, most)}
    worker.call("POST", "/returns", {"orderId": (order or {"id": NOBODY})["id"], "lines": [line], "reason": "破损"})


def act_on_return(worker: Worker, draws: Draws) -> None:
    found = _some(worker, draws, "/returns")
    bodies: Json = {
        "approve": {"approver": "张经理"},
        "reject": {"approver": "张经理", "comment": "已过期"},
        "receive": {},
        "credit": {},
    }
    follows = {"requested": "approve", "approved": "receive", "received": "credit"}
    what = follows.get(found.get("state", ""), "reject") if draws.chance(60) else draws.one_of(list(bodies))
    worker.call("POST", f"/returns/{found['id']}/{what}", bodies[what])


def enter_quotation(worker: Worker, draws: Draws) -> None:
    body: Json = {"customerId": _customer(draws), "validUntil": _day(worker, draws.number(-1, 9))}
    if draws.chance(30):
        opportunity = _some(worker, draws, "/opportunities")
        body |= {"opportunityId": opportunity["id"], "customerId": opportunity.get("customerId", NOBODY)}
    worker.call("POST", "/quotations", {**body, "lines": _lines(draws)})


def change_quotation(worker: Worker, draws: Draws) -> None:
    quotation = _some(worker, draws, "/quotations", **({"state": "draft"} if draws.chance(80) else {}))
    body = {"lines": _lines(draws), "validUntil": _day(worker, draws.number(0, 9))}
    worker.call("PATCH", f"/quotations/{quotation['id']}", body, **{"If-Match": _unless_changed(draws)})


def act_on_quotation(worker: Worker, draws: Draws) -> None:
    what = draws.one_of(["send", "send", "accept", "accept", "reject"])
    state = draws.one_of(["draft" if what == "send" else "sent", "expired", "accepted"] if draws.chance(30) else [None])
    quotation = _some(worker, draws, "/quotations", **({"state": state} if state else {}))
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


def enter_opportunity(worker: Worker, draws: Draws) -> None:
    body = {"customerId": _customer(draws), "name": "二期", "amount": draws.number(0, 99999999) / 100}
    worker.call("POST", "/opportunities", {**body, "expectedCloseDate": _day(worker, draws.number(1, 90))})


def move_opportunity(worker: Worker, draws: Draws) -> None:
    body: Json = {"stage": draws.one_of(["prospecting", "proposal", "proposal", "negotiation", "won", "lost"])}
    if draws.chance(50):
        body["reason"] = "预算变化"
    worker.call("POST", f"/opportunities/{_some(worker, draws, '/opportunities')['id']}/stage", body)


def change_opportunity(worker: Worker, draws: Draws) -> None:
    found, body = _some(worker, draws, "/opportunities"), {"probability": draws.number(0, 100)}
    worker.call("PATCH", f"/opportunities/{found['id']}", body, **{"If-Match": _unless_changed(draws)})


def note_activity(worker: Worker, draws: Draws) -> None:
    body: Json = {"kind": draws.one_of(["call", "visit", "mail", "note"]), "subject": "确认需求"}
    about = draws.one_of(["customerId", "leadId", "opportunityId"])
    body[about] = (
        _customer(draws)
        if about == "customerId"
        else _some(worker, draws, "/leads" if about == "leadId" else "/opportunities")["id"]
    )
    worker.call("POST", "/activities", body)


def _prices(worker: Worker, draws: Draws) -> Json:
    """Prices of two products, of one twice at times, and the days on which they count, at times the wrong way round."""
    items = [
        {
            "productCode": draws.one_of(PRODUCTS),
            "minimumQuantity": draws.number(1, 9),
            "price": draws.number(1, 99999) / 100,
        }
        for _ in range(2)
    ]
    return {"validFrom": _day(worker, -5), "validTo": _day(worker, draws.number(-7, 20)), "items": items}


def enter_price_list(worker: Worker, draws: Draws) -> None:
    worker.call("POST", "/price-lists", {"name": f"价目表{draws.number(1, 9)}", **_prices(worker, draws)})


def change_price_list(worker: Worker, draws: Draws) -> None:
    found, body = _some(worker, draws, "/price-lists"), _prices(worker, draws)
    worker.call("PATCH", f"/price-lists/{found['id']}", body, **{"If-Match": _unless_changed(draws)})


def change_policy(worker: Worker, draws: Draws) -> None:
    steps: list[Json] = [
        {"role": "salesManager", "triggers": ["discount"], "discountPercentOver": draws.number(5, 20)},
        {"role": "creditController", "triggers": ["credit"]},
        {"role": "generalManager", "triggers": ["amount"], "grossAmountFrom": draws.number(1, 50) * 1000},
    ]
    if draws.chance(15):
        steps[0].pop("discountPercentOver")
    worker.call("PUT", "/approval-policy", {"steps": steps, "distinctApprovers": draws.chance(60)})


def days_go_by(worker: Worker, draws: Draws) -> None:
    """Seldom, or all quotations would have expired; otherwise somebody looks in vain for what is not there."""
    if draws.chance(40):
        worker.wait(draws.number(1, 3))
    else:
        worker.call("POST", f"/quotations/{NOBODY}/send")


def change_customer(worker: Worker, draws: Draws) -> None:
    body: Json = draws.one_of(
        [
            {"name": f"更名{draws.number(1, 99)}有限公司"},
            {"creditLimit": draws.one_of([None, 0, 5000, 1000000])},
            {"creditHold": draws.one_of(["none", "overdue", "always"])},
            {"address": TOWN},
        ]
    )
    if draws.chance(25):
        body = {"priceListId": _some(worker, draws, "/price-lists")["id"]}
    worker.call("PATCH", f"/customers/{_customer(draws)}", body, **{"If-Match": _unless_changed(draws)})


def merge_customers(worker: Worker, draws: Draws) -> None:
    # Seldom, and only of the last ones, so that there are customers left to sell to.
    merged, into = draws.one_of(CUSTOMERS[-4:]), draws.one_of(CUSTOMERS[-8:])
    if draws.chance(30):
        worker.call("POST", f"/customers/{merged}/merge", {"into": into, "reason": "重复录入"})


def report_balance(worker: Worker, draws: Draws) -> None:
    body = {
        "openAmount": draws.number(0, 9999) / 100,
        "overdueAmount": draws.one_of([0, 0, 0, 5.5]),
        "asOf": f"{_day(worker, -1 if draws.chance(95) else 1)}T09:{draws.number(0, 59):02}:00+08:00",
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


def return_store_sale(worker: Worker, draws: Draws) -> None:
    sale = _some(worker, draws, "/store-sales")
    line = draws.one_of(sale.get("lines", [])) or {"lineNumber": 1, "quantity": 1, "grossAmount": 1}
    quantity = draws.number(1, line["quantity"] + draws.chance(10))
    share = round(line["grossAmount"] * quantity / line["quantity"] + 1e-9, 2)
    body = {
        "reason": "原包装退回",
        "lines": [{"lineNumber": line["lineNumber"], "quantity": quantity}],
        "refunds": [{"method": "cash", "amount": share}],
    }
    worker.call("POST", f"/store-sales/{sale['id']}/return", body)


ACTIONS = (
    enter_order,
    enter_order,
    submit_order,
    cancel_order,
    change_order,
    decide_order,
    decide_order,
    deliver_order,
    deliver_order,
    close_order,
    change_draft,
    ask_return,
    act_on_return,
    enter_quotation,
    change_quotation,
    act_on_quotation,
    act_on_quotation,
    enter_lead,
    act_on_lead,
    enter_opportunity,
    move_opportunity,
    change_opportunity,
    note_activity,
    enter_price_list,
    change_price_list,
    change_policy,
    days_go_by,
    change_customer,
    merge_customers,
    report_balance,
    sell_over_the_counter,
    void_store_sale,
    return_store_sale,
)


ROOM = Room(SYSTEM, ACTIONS, check, prepare)
