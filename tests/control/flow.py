"""Facts of a small correct flow, as the three systems report them, for tests to break one thing at a time.

Two companies. 北京华信科技有限公司 was seeded: three systems, three names, one answer key. 苏州锦程电子有限公司 came in this run, so only
its tax number joins it. Orders: 00001 (two lines, shipped in two parts, one part paid), 00002 (shipped whole and paid whole by the
newcomer), 00003 (confirmed and reserved, not shipped), 00004 (cancelled together with its sales order), 00005 (draft).
"""

from __future__ import annotations

import copy
from typing import Any

HUAXIN, JINCHENG = "0d3e5a3e-1111-4111-8111-000000000001", "0d3e5a3e-1111-4111-8111-000000000002"
HUAXIN_TAX, JINCHENG_TAX = "91110108MAY000017T", "91440305MAY7K3Q913"
CABLE, BOLT = "CAB-3X25-YJV22", "BLT-M8X40-A2"
ENTITIES = {
    ("crm", "customer", HUAXIN): "C0001",
    ("scm", "customer", "KH00001"): "C0001",
    ("scm", "customer", "KH00002"): "C0002",
    ("finance", "customer", "1"): "C0001",
    ("finance", "customer", "2"): "C0002",
    ("crm", "product", CABLE): "P0001",
    ("scm", "product", CABLE): "P0001",
    ("crm", "product", BOLT): "P0002",
    ("scm", "product", BOLT): "P0002",
}


def entity_of(system: str, kind: str, record_id: str) -> str | None:
    """The answer key of this small world. C0002 (天津远航贸易有限公司) stands in SCM and finance only."""
    return ENTITIES.get((system, kind, record_id))


def at(day: int, hour: int) -> str:
    return f"2026-11-{day:02d}T{hour:02d}:00:00.000+08:00"


def amounts(net: int, tax: int) -> dict[str, int]:
    return {"net_fen": net, "tax_fen": tax, "gross_fen": net + tax}


def total(lines: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(line[name] for line in lines) for name in ("net_fen", "tax_fen", "gross_fen")}


def crm_line(number: int, code: str, quantity: int, net: int, tax: int) -> dict[str, Any]:
    price = (net + tax) // quantity
    unit = {"unit": "箱", "unit_price_fen": price, "tax_rate_bp": 1300}
    return {"line": number, "product_code": code, "quantity": quantity, **unit, **amounts(net, tax)}


def crm_order(
    number: int, state: str, customer: str, lines: list[dict[str, Any]], delivered: str = "none"
) -> dict[str, Any]:
    return {
        "id": f"0d3e5a3e-2222-4222-8222-00000000000{number}",
        "number": f"ORD-202611-0000{number}",
        "state": state,
        "customer_id": customer,
        "confirmed_at": None if state == "draft" else at(number, 9),
        "delivery_status": delivered,
        "lines": lines,
        **total(lines),
    }


def scm_line(
    number: int, code: str, quantity: int, net: int, tax: int, reserved: int = 0, shipped: int = 0
) -> dict[str, Any]:
    return {
        "line": number,
        "product_code": code,
        "quantity_milli": quantity,
        "reserved_milli": reserved,
        "shipped_milli": shipped,
        **amounts(net, tax),
        "source_line": number,
    }


def sales_order(number: int, state: str, partner: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": f"XSDD-202611-0000{number}",
        "state": state,
        "partner_code": partner,
        "source_system": "crm",
        "source_document": f"ORD-202611-0000{number}",
        "created_at": at(number, 10),
        "lines": lines,
    }


def delivery(number: int, state: str, order: int, partner: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "number": f"XSCK-202611-0000{number}",
        "state": state,
        "sales_order": f"XSDD-202611-0000{order}",
        "partner_code": partner,
        "source_document": f"ORD-202611-0000{order}",
        "ship_date": "2026-11-12" if state == "shipped" else None,
        "shipped_at": at(10 + number, 14) if state == "shipped" else None,
        "lines": lines,
        **total(lines),
    }


def delivery_line(number: int, code: str, quantity: int, net: int, tax: int) -> dict[str, Any]:
    return {"line": number, "product_code": code, "quantity_milli": quantity, **amounts(net, tax)}


def receivable(
    id_: int, customer: int, source: str | None, net: int, tax: int, settled: int, opening: bool = False
) -> dict[str, Any]:
    return {
        "id": id_,
        "number": f"YS-2026{10 if opening else 11}-0000{id_}",
        "customer_id": customer,
        "source_system": None if opening else "scm",
        "source_document": source,
        **amounts(net, tax),
        "settled_fen": settled,
        "business_date": "2026-10-31" if opening else "2026-11-12",
        "period": "2026-10" if opening else "2026-11",
        "posted_at": at(1, 0) if opening else at(10 + id_, 15),
        "voucher": None if opening else f"记-000{id_}",
        "opening": opening,
    }


def receipt(id_: int, customer: int, amount: int, unapplied: int) -> dict[str, Any]:
    return {
        "id": id_,
        "number": f"SK-202611-0000{id_}",
        "customer_id": customer,
        "amount_fen": amount,
        "unapplied_fen": unapplied,
        "posted_at": at(20 + id_, 11),
    }


def stock(code: str, opening: int, movements: int, reserved: int) -> dict[str, Any]:
    return {
        "product_code": code,
        "warehouse_code": "CK01",
        "opening_milli": opening,
        "movements_milli": movements,
        "on_hand_milli": opening + movements,
        "reserved_milli": reserved,
    }


def sides(fen: int) -> dict[str, int]:
    return {"debit_fen": fen, "credit_fen": fen}


def customer(
    id_: int, short_name: str, tax_number: str | None, open_: int, overdue: int, unapplied: int
) -> dict[str, Any]:
    return {
        "id": id_,
        "short_name": short_name,
        "tax_number": tax_number,
        "open_fen": open_,
        "overdue_fen": overdue,
        "unapplied_fen": unapplied,
    }


def crm_customer(id_: str, code: str, name: str, tax: str, open_: int, overdue: int) -> dict[str, Any]:
    balance = {"open_fen": open_, "overdue_fen": overdue, "balance_as_of": at(23, 12)}
    return {"id": id_, "code": code, "name": name, "tax_number": tax, **balance}


def _flow() -> dict[str, Any]:
    # 5 箱 of 24 件 cable at 199.99 and 2 箱 of 100 件 bolts at 50.00, tax included: by line 884.91 + 115.04 and 88.50 + 11.50.
    first = [crm_line(1, CABLE, 5, 88491, 11504), crm_line(2, BOLT, 2, 8850, 1150)]
    second = [crm_line(1, BOLT, 3, 13274, 1726)]
    third = [crm_line(1, CABLE, 1, 17698, 2301)]
    crm = {
        "customers": [
            crm_customer(HUAXIN, "BJ-IT-001", "北京华信科技有限公司", HUAXIN_TAX, 100000 + 109995 - 53997, 100000),
            crm_customer(JINCHENG, "SU-EL-001", "苏州锦程电子有限公司", JINCHENG_TAX, 0, 0),
        ],
        "orders": [
            crm_order(1, "confirmed", HUAXIN, first, "complete"),
            crm_order(2, "confirmed", JINCHENG, second, "complete"),
            crm_order(3, "confirmed", HUAXIN, third),
            crm_order(4, "cancelled", JINCHENG, [crm_line(1, CABLE, 1, 17698, 2301)]),
            crm_order(5, "draft", HUAXIN, [crm_line(1, BOLT, 1, 4425, 575)]),
        ],
    }
    scm = {
        "partners": [
            {"code": "KH00001", "short_name": "北京华信科技", "tax_number": None},
            {"code": "KH00002", "short_name": "天津远航贸易", "tax_number": None},
            {"code": "KH00003", "short_name": "苏州锦程电子", "tax_number": JINCHENG_TAX},
        ],
        "products": [
            {"code": CABLE, "base_unit": "件", "units": {"箱": 24000}},
            {"code": BOLT, "base_unit": "件", "units": {"箱": 100000}},
        ],
        "sales_orders": [
            sales_order(
                1,
                "closed",
                "KH00001",
                [
                    scm_line(1, CABLE, 120000, 88491, 11504, shipped=120000),
                    scm_line(2, BOLT, 200000, 8850, 1150, shipped=200000),
                ],
            ),
            sales_order(2, "closed", "KH00003", [scm_line(1, BOLT, 300000, 13274, 1726, shipped=300000)]),
            sales_order(3, "approved", "KH00001", [scm_line(1, CABLE, 24000, 17698, 2301, reserved=24000)]),
            sales_order(4, "cancelled", "KH00003", [scm_line(1, CABLE, 24000, 17698, 2301)]),
        ],
        "deliveries": [
            # 72 of 120 cables: 60 % of net and tax, rounded; the second delivery takes the rest.
            delivery(1, "shipped", 1, "KH00001", [delivery_line(1, CABLE, 72000, 53095, 6902)]),
            delivery(
                2,
                "shipped",
                1,
                "KH00001",
                [delivery_line(1, CABLE, 48000, 35396, 4602), delivery_line(2, BOLT, 200000, 8850, 1150)],
            ),
            delivery(3, "shipped", 2, "KH00003", [delivery_line(1, BOLT, 300000, 13274, 1726)]),
            delivery(4, "draft", 3, "KH00001", [delivery_line(1, CABLE, 24000, 17698, 2301)]),
            delivery(5, "cancelled", 3, "KH00001", [delivery_line(1, CABLE, 24000, 17698, 2301)]),
        ],
        "stock": [stock(CABLE, 5000000, -120000, 24000), stock(BOLT, 9000000, -500000, 0)],
    }
    finance = {
        "customers": [
            customer(1, "华信科技\uff08北京\uff09", None, 100000 + 109995 - 53997, 100000, 3),
            customer(2, "远航贸易\uff08天津\uff09", None, 7000, 0, 0),
            customer(3, "锦程电子\uff08苏州\uff09", JINCHENG_TAX, 0, 0, 0),
        ],
        "receivables": [
            receivable(1, 1, "XSCK-202611-00001", 53095, 6902, 53997),
            receivable(2, 1, "XSCK-202611-00002", 44246, 5752, 0),
            receivable(3, 3, "XSCK-202611-00003", 13274, 1726, 15000),
            receivable(8, 1, None, 88496, 11504, 0, opening=True),
            receivable(9, 2, None, 6195, 805, 0, opening=True),
        ],
        "receipts": [receipt(1, 1, 54000, 3), receipt(2, 3, 15000, 0)],
        "settlements": [
            {
                "id": id_,
                "number": f"HX-202611-0000{id_}",
                "receipt_id": id_,
                "posted_at": at(22, 10 + id_),
                "allocations": [{"receivable_id": receivable_id, "amount_fen": fen}],
            }
            for id_, receivable_id, fen in ((1, 1, 53997), (2, 3, 15000))
        ],
        "vouchers": {"count": 5, "unbalanced": [], "gaps": []},
        "trial_balance": {
            "period": "2026-11",
            "opening": sides(50000000),
            "movement": sides(193995),
            "closing": sides(50124995),
            "balanced": True,
        },
        "control_account": [
            {"customer_id": 1, "ledger_1122_fen": 155995, "subledger_fen": 155995},
            {"customer_id": 2, "ledger_1122_fen": 7000, "subledger_fen": 7000},
            {"customer_id": 3, "ledger_1122_fen": 0, "subledger_fen": 0},
        ],
    }
    return {"crm": crm, "scm": scm, "finance": finance}


_FLOW = _flow()


def correct_flow() -> dict[str, Any]:
    """A fresh copy of the facts: {"crm": …, "scm": …, "finance": …}."""
    return copy.deepcopy(_FLOW)


def empty_sandbox() -> dict[str, Any]:
    """Seeded master data, opening stock and opening receivables, no document of this run."""
    facts = correct_flow()
    facts["crm"]["orders"] = []
    for row in facts["crm"]["customers"]:
        row.update(open_fen=None, overdue_fen=None, balance_as_of=None)
    facts["scm"]["sales_orders"] = []
    facts["scm"]["deliveries"] = []
    facts["scm"]["stock"] = [stock(CABLE, 5000000, 0, 0), stock(BOLT, 9000000, 0, 0)]
    finance = facts["finance"]
    finance["receivables"] = [row for row in finance["receivables"] if row["opening"]]
    finance["receipts"], finance["settlements"] = [], []
    balances = {1: 100000, 2: 7000, 3: 0}
    for row in finance["customers"]:
        row.update(open_fen=balances[row["id"]], unapplied_fen=0)
    for row in finance["control_account"]:
        row.update(ledger_1122_fen=balances[row["customer_id"]], subledger_fen=balances[row["customer_id"]])
    return facts


def without_integration() -> dict[str, Any]:
    """People did their part in each system, but nothing moved between them: orders in CRM, shipments in SCM, money in finance."""
    facts = empty_sandbox()
    flow = correct_flow()
    facts["crm"]["orders"] = flow["crm"]["orders"]
    # Whoever shipped by hand had other amounts on paper, so nothing can be matched by content.
    for number in (1, 2):
        order = flow["scm"]["sales_orders"][number - 1]
        order.update(source_system=None, source_document=None, partner_code="KH00002")
        facts["scm"]["sales_orders"].append(order)
    facts["scm"]["deliveries"] = flow["scm"]["deliveries"][:3]
    facts["scm"]["stock"] = [stock(CABLE, 5000000, -120000, 0), stock(BOLT, 9000000, -500000, 0)]
    finance = facts["finance"]
    finance["receipts"] = [receipt(1, 1, 54000, 54000)]
    finance["customers"][0]["unapplied_fen"] = 54000
    finance["control_account"][0].update(ledger_1122_fen=46000, subledger_fen=46000)
    return facts
