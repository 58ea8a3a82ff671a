"""The CRM for Schemathesis: keys that exist, and the documents that a test begins with (test_schemathesis.py loads this file)."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

BULK = runpy.run_path(str(Path(__file__).with_name("bulk.py")))
# Operations that fit seldom by chance, and get more examples: members that the order's state allows.
SELDOM = [
    *("createActivity", "convertLead", "mergeCustomer", "updateOrder"),
    *(
        "approveOrder",
        "rejectOrder",
        "changeOrder",
        "closeOrder",
        "createReturn",
        "receiveReturn",
        "creditReturn",
        "createStoreSale",
        "returnStoreSale",
    ),
]
# Stand-ins for keys that are drawn at random when the document is made; `Server.fill_in` puts the real one in (desk.real).
DRAFTS = [f"10000000-0000-4000-8000-00000000000{n}" for n in (1, 2)]
LEADS = [f"20000000-0000-4000-8000-00000000000{n}" for n in (1, 2)]
QUALIFIED = [f"20000000-0000-4000-8000-00000000000{n}" for n in (3, 4)]
QUOTATION_DRAFTS = [f"20000000-0000-4000-8000-00000000000{n}" for n in (5, 6)]
SENT = [f"20000000-0000-4000-8000-00000000000{n}" for n in (7, 8)]
OPPORTUNITY, PRICE_LIST, ACTIVITY = (f"20000000-0000-4000-8000-00000000001{n}" for n in range(3))
WAITING = [f"30000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3)]
# One return in each state that an action needs, twice.
RETURNS = {
    state: [f"30000000-0000-4000-8000-0000000000{n}{one}" for one in (1, 2)]
    for n, state in enumerate(("requested", "approved", "received"), 1)
}
SALES = [f"30000000-0000-4000-8000-00000000004{n}" for n in range(1, 7)]
PART = [f"30000000-0000-4000-8000-00000000006{n}" for n in (1, 2)]
DELIVERED, MEMBER = (f"30000000-0000-4000-8000-00000000005{n}" for n in (1, 2))
STORE = "MD001"
CONFIRMED, CONTACT, WEBHOOK = (f"10000000-0000-4000-8000-00000000000{n}" for n in (3, 4, 5))


def _each(values: list[Any], *places: str) -> dict[str, list[Any]]:
    """The same values for several parameters and members."""
    return dict.fromkeys(places, values)


def _customers(world: Any) -> list[str]:
    return [c.id for c in world.crm.customers][:2]


def _sold(world: Any) -> list[str]:
    return [p.code for p in world.crm.products][:2]


def keys(world: Any) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    return {
        **_each(_customers(world), "path.customerId", "query.customerId", "body.customerId"),
        **_each(_sold(world), "path.productCode", "body.lines[*].productCode"),
        "path.orderId": [*DRAFTS, CONFIRMED, *WAITING, *PART],
        "path.contactId": [CONTACT],
        "path.webhook_id": [WEBHOOK],
        **BULK["keys"]("customers", "orders"),
        **_each(_sold(world), "body.items[*].productCode"),
        "body.into": _customers(world),
        "path.leadId": [*LEADS, *QUALIFIED],
        "path.opportunityId": [OPPORTUNITY],
        "path.quotationId": [*QUOTATION_DRAFTS, *SENT],
        "path.priceListId": [PRICE_LIST],
        "path.activityId": [ACTIVITY],
        "body.asOf": ["2026-01-15T09:00:00+08:00"],
        "body.role": ["generalManager"],
        **_each([DELIVERED], "body.orderId", "query.orderId"),
        "body.lines[*].lineNumber": [1],
        "path.returnId": [one for some in RETURNS.values() for one in some],
        **_each([STORE], "path.storeCode", "query.storeCode", "body.storeCode"),
        **_each([MEMBER], "path.memberId", "query.memberId", "body.memberId"),
        "path.storeSaleId": SALES,
        "header.If-Match": ['"1"', '"2"'],
    }


def prepare(desk: Desk, world: Any) -> None:
    """The documents behind those keys."""
    desk.webhook(WEBHOOK)
    BULK["prepare"](desk, "customers")
    customer = _customers(world)[0]
    lines = [{"productCode": code, "quantity": 2} for code in _sold(world)]
    for stand_in, submit in ((CONFIRMED, True), (DRAFTS[0], False), (DRAFTS[1], False)):
        desk.real[stand_in] = desk.post("/orders", customerId=customer, lines=lines, submit=submit)["id"]
    desk.real[CONTACT] = desk.post(f"/customers/{customer}/contacts", name="王小明")["id"]
    _way_to_an_order(desk, customer, lines)
    _behind_an_order(desk, customer, lines[0]["productCode"])


def _behind_an_order(desk: Desk, customer: str, product: str) -> None:
    large = [{"productCode": product, "quantity": 1, "unitPrice": 1_000_000}]
    for stand_in in WAITING:
        desk.real[stand_in] = desk.post("/orders", customerId=customer, lines=large, submit=True)["id"]
    many = [{"productCode": product, "quantity": 900, "unitPrice": 1}]
    order = desk.post("/orders", customerId=customer, lines=many, submit=True)["id"]
    desk.real[DELIVERED] = order
    headers = {**desk._headers, "If-Match": "*"}
    told = desk._client.patch(f"/orders/{order}", json={"deliveryStatus": "complete"}, headers=headers)
    assert told.status_code == 200, told.text
    for stand_in in PART:
        desk.real[stand_in] = desk.post("/orders", customerId=customer, lines=many, submit=True)["id"]
        told = desk._client.patch(f"/orders/{desk.real[stand_in]}", json={"deliveryStatus": "partial"}, headers=headers)
        assert told.status_code == 200, told.text
    for state, stand_ins in RETURNS.items():
        for stand_in in stand_ins:
            wanted = [{"lineNumber": 1, "quantity": 1}]
            desk.real[stand_in] = desk.post("/returns", orderId=order, lines=wanted, reason="外皮破损")["id"]
            if state != "requested":
                desk.post(f"/returns/{desk.real[stand_in]}/approve", approver="李建国")
            if state == "received":
                desk.post(f"/returns/{desk.real[stand_in]}/receive")
    desk.post("/stores", code=STORE, name="味满楼示范路店")
    desk.real[MEMBER] = desk.post("/members", phone="13800001234", name="陈晓红")["id"]
    # The product of the contract's examples, whose payments add up.
    desk.post(
        "/products", code="CAB-3X25-YJV22", name="电力电缆", spec="3×25", unit="箱", listPrice=1864.5, taxRate=0.13
    )
    for stand_in in SALES:
        sold = [{"productCode": product, "quantity": 1, "unitPrice": 128}]
        paid = [{"method": "wechat", "amount": 128}]
        desk.real[stand_in] = desk.post("/store-sales", storeCode=STORE, lines=sold, payments=paid)["id"]


def _way_to_an_order(desk: Desk, customer: str, lines: list[dict[str, Any]]) -> None:
    for stand_in in (*LEADS, *QUALIFIED):
        lead = desk.post(
            "/leads", companyName="南京博远智能科技有限公司", contactName="李晓华", region="NJ", industry="EL"
        )
        desk.real[stand_in] = lead["id"]
    for stand_in in QUALIFIED:
        desk.post(f"/leads/{desk.real[stand_in]}/qualify")
    deal = {"name": "一号车间电缆改造", "amount": 180000, "expectedCloseDate": "2026-12-20"}
    desk.real[OPPORTUNITY] = desk.post("/opportunities", customerId=customer, **deal)["id"]
    for stand_in in (*QUOTATION_DRAFTS, *SENT):
        quotation = desk.post("/quotations", customerId=customer, lines=lines, validUntil="2098-12-31")
        desk.real[stand_in] = quotation["id"]
    for stand_in in SENT:
        desk.post(f"/quotations/{desk.real[stand_in]}/send")
    prices = [{"productCode": line["productCode"], "price": 88} for line in lines]
    desk.real[PRICE_LIST] = desk.post("/price-lists", name="经销商价", validFrom="2026-01-01", items=prices)["id"]
    desk.real[ACTIVITY] = desk.post("/activities", customerId=customer, kind="call", subject="确认采购计划")["id"]
