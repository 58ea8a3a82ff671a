"""Facts of what goes on beside plain sales: a purchase, a return, a day of a store, production, as the three systems report them.

They stand upon the small correct flow of flow.py: `correct_documents()` is clean, and tests break one thing at a time. The books open in November 2026.
"""

from __future__ import annotations

import copy
from typing import Any

from .flow import BOLT, HUAXIN, amounts, at, correct_flow

DISH, RICE = "DISH-RICE", "RICE-A1"
SUPPLIER_TAX = "91310115MAY2K8T60B"


def _source(document: str, system: str = "scm") -> dict[str, Any]:
    return {"source_system": system, "source_document": document}


def _line(code: str, milli: int, net: int, tax: int, **more: Any) -> dict[str, Any]:
    return {"line": 1, "product_code": code, "quantity_milli": milli, "net_fen": net, "tax_fen": tax, **more}


def _purchasing(facts: dict[str, Any]) -> None:
    """300 bolts ordered and received, 50 sent back, 200 invoiced, 113.00 of them paid; 50 wait for their invoice."""
    scm, finance = facts["scm"], facts["finance"]
    scm["suppliers"] = [
        {"code": "GY00001", "name": "苏州恒丰五金有限公司", "short_name": "恒丰五金", "tax_number": SUPPLIER_TAX}
    ]
    finance["suppliers"] = [
        {"id": 1, "short_name": "恒丰五金", "full_name": None, "tax_number": SUPPLIER_TAX},
        {"id": 2, "short_name": "远大包装", "full_name": None, "tax_number": "91320507MAY0P5K23A"},
    ]
    scm["purchase_orders"] = [
        {
            "number": "CGDD-202611-00001",
            "state": "approved",
            "supplier_code": "GY00001",
            "order_date": "2026-11-02",
            "approved_at": at(2, 9),
            **amounts(30000, 3900),
            "lines": [_line(BOLT, 300000, 30000, 3900)],
        }
    ]
    scm["goods_receipts"] = [
        {
            "number": "CGRK-202611-00001",
            "state": "posted",
            "purchase_order": "CGDD-202611-00001",
            "supplier_code": "GY00001",
            "receipt_date": "2026-11-05",
            "posted_at": at(5, 9),
            **amounts(30000, 3900),
            "lines": [_line(BOLT, 300000, 30000, 3900)],
        }
    ]
    scm["purchase_returns"] = [
        {
            "number": "CGTH-202611-00001",
            "state": "posted",
            "goods_receipt": "CGRK-202611-00001",
            "supplier_code": "GY00001",
            "return_date": "2026-11-06",
            "posted_at": at(6, 9),
            "lines": [_line(BOLT, 50000, 5000, 650, rejected=0)],
        }
    ]

    def registered(number: str, day: str, source: str, **more: Any) -> dict[str, Any]:
        moment = at(int(day[-2:]), 10)
        kept = {"id": 1, "number": number, "supplier_id": 1, "business_date": day, "period": "2026-11"}
        return {**kept, **_source(source), "registered_at": moment, **more}

    finance["purchase_orders"] = [
        registered(
            "CG-202611-00001",
            "2026-11-02",
            "CGDD-202611-00001",
            **amounts(30000, 3900),
            lines=[_line(BOLT, 300000, 30000, 3900)],
        )
    ]
    finance["goods_receipts"] = [
        registered(
            "RK-202611-00001",
            "2026-11-05",
            "CGRK-202611-00001",
            **amounts(30000, 3900),
            lines=[_line(BOLT, 300000, 30000, 3900, returned_milli=50000, invoiced_milli=200000)],
        )
    ]
    returned = {"line": 1, "goods_receipt": "RK-202611-00001", "product_code": BOLT, "quantity_milli": 50000}
    finance["purchase_returns"] = [registered("TH-202611-00001", "2026-11-06", "CGTH-202611-00001", lines=[returned])]
    invoiced = {
        "line": 1,
        "service": 0,
        "quantity_milli": 200000,
        **amounts(20000, 2600),
        "matched_milli": 200000,
        "goods_receipts": "RK-202611-00001",
    }
    finance["supplier_invoices"] = [
        {
            "number": "FP-202611-00001",
            "supplier_id": 1,
            "state": "matched",
            "invoice_number": "24312000000000000001",
            "reverses": None,
            "business_date": "2026-11-08",
            "period": "2026-11",
            "posted_at": at(8, 9),
            **amounts(20000, 2600),
            "lines": [invoiced],
        }
    ]
    finance["payables"] = [
        {
            "number": "YF-202611-00001",
            "supplier_id": 1,
            "supplier_invoice": "FP-202611-00001",
            **amounts(20000, 2600),
            "settled_fen": 11300,
            "business_date": "2026-11-08",
            "period": "2026-11",
            "posted_at": at(8, 9),
            "opening": False,
        }
    ]
    finance["payable_settlements"] = [
        {
            "number": "FH-202611-00001",
            "payment": "FK-202611-00001",
            "payable": "YF-202611-00001",
            "amount_fen": 11300,
            "posted_at": at(9, 9),
        }
    ]
    finance["accruals"] = []
    finance["payable_accounts"] = [{"supplier_id": 1, "account": "220201", "ledger_fen": 11300, "subledger_fen": 11300}]


def _return(facts: dict[str, Any]) -> None:
    """One box of the bolts of order 00001 comes back: 44.25 net, 5.75 tax."""
    crm, scm, finance = facts["crm"], facts["scm"], facts["finance"]
    crm["returns"] = [
        {
            "number": "RET-202611-00001",
            "state": "credited",
            "order_number": "ORD-202611-00001",
            "customer_id": HUAXIN,
            "decided_at": at(24, 9),
            "received_at": at(25, 9),
            "credited_at": at(25, 10),
            **amounts(4425, 575),
            "lines": [{"line": 2, "product_code": BOLT, "quantity": 1, "unit": "箱", "net_fen": 4425, "tax_fen": 575}],
        }
    ]
    scm["sales_returns"] = [
        {
            "number": "XSTH-202611-00001",
            "state": "received",
            "delivery": "XSCK-202611-00002",
            "partner_code": "KH00001",
            **_source("RET-202611-00001", "crm"),
            "receive_date": "2026-11-25",
            "created_at": at(24, 10),
            "received_at": at(25, 9),
            **amounts(4425, 575),
            "lines": [
                {
                    "line": 2,
                    "product_code": BOLT,
                    "quantity_milli": 100000,
                    **amounts(4425, 575),
                    "source_line": 2,
                }
            ],
        }
    ]
    red = copy.deepcopy(finance["receivables"][1])
    red.update(
        id=5,
        number="YS-202611-00005",
        **_source("XSTH-202611-00001"),
        **amounts(-4425, -575),
        settled_fen=-5000,
        business_date="2026-11-25",
        posted_at=at(25, 10),
        voucher="记-0009",
        red_of=2,
    )
    finance["receivables"].append(red)
    finance["receivables"][1]["settled_fen"] += 5000
    finance["clearings"] = [
        {"kind": "offset", "number": "DC-202611-00001", "receivable_id": id_, "amount_fen": fen}
        for id_, fen in ((2, 5000), (5, -5000))
    ]
    finance["customers"][0]["open_fen"] -= 5000
    crm["customers"][0]["open_fen"] -= 5000
    for row in ("ledger_1122_fen", "subledger_fen"):
        finance["control_account"][0][row] -= 5000


def _store(facts: dict[str, Any]) -> None:
    """Two dishes of rice in a store: 0.4 kg leave its larder, worth 2.40."""
    crm, scm, finance = facts["crm"], facts["scm"], facts["finance"]
    scm["products"] += [
        {"code": DISH, "base_unit": "份", "units": {}},
        {"code": RICE, "base_unit": "千克", "units": {}},
    ]
    crm["store_sales"] = [
        {
            "number": "SAL-202611-00001",
            "state": "completed",
            "store_code": "MD01",
            "business_date": "2026-11-20",
            "sold_at": at(20, 12),
            **amounts(6792, 408),
            "returned_net_fen": 0,
            "returned_tax_fen": 0,
            "lines": [{"line": 1, "product_code": DISH, "quantity": 2, "unit": "份", "returned": 0}],
        }
    ]
    scm["store_sales"] = [
        {
            "number": "MDXS-202611-00001",
            "state": "posted",
            "warehouse_code": "MD01",
            "business_date": "2026-11-20",
            **_source("SAL-202611-00001", "crm"),
            "created_at": at(20, 13),
            "lines": [{"line": 1, "product_code": DISH, "quantity_milli": 2000}],
        }
    ]
    finance["cash_sales"] = [
        {
            "number": "XX-202611-00001",
            "state": "posted",
            "store_code": "MD01",
            **_source("SAL-202611-00001", "crm"),
            "business_date": "2026-11-20",
            "period": "2026-11",
            **amounts(6792, 408),
            "posted_at": at(20, 13),
        }
    ]


def _worth(facts: dict[str, Any]) -> None:
    """What the documents were worth in stock, and in the books: the rice, the deliveries, the return."""
    scm, finance = facts["scm"], facts["finance"]
    changes = (
        ("XSCK-202611-00001", "sales_issue", "2026-11-12", -30000, "sales_cost"),
        ("XSCK-202611-00002", "sales_issue", "2026-11-12", -24000, "sales_cost"),
        ("XSCK-202611-00003", "sales_issue", "2026-11-12", -9000, "sales_cost"),
        ("XSTH-202611-00001", "sales_return", "2026-11-25", 3000, "sales_return_cost"),
        ("MDXS-202611-00001", "store_consumption", "2026-11-20", -240, "store_consumption"),
    )
    scm["value_changes"] = [
        {
            "document": document,
            "kind": kind,
            "business_date": day,
            "created_at": f"{day}T14:00:00.000+08:00",
            "value_fen": fen,
        }
        for document, kind, day, fen, _ in changes
    ]
    finance["inventory_documents"] = [
        {
            "number": f"CH-202611-0000{number}",
            "kind": kind,
            "store_code": "MD01" if kind == "store_consumption" else None,
            **_source(document),
            "business_date": day,
            "period": "2026-11",
            "amount_fen": abs(fen),
            "posted_at": f"{day}T15:00:00.000+08:00",
            "reverses": None,
        }
        for number, (document, _, day, fen, kind) in enumerate(changes, 1)
    ]
    scm["stock_values"] = [
        {"product_code": BOLT, "quantity_milli": 0, "value_fen": 90000, "opening_fen": 0, "movements_fen": 90000}
    ]
    finance["inventory_accounts"] = [{"product_code": BOLT, "ledger_fen": 85000, "uninvoiced_fen": 5000}]


def _documents() -> dict[str, Any]:
    facts = correct_flow()
    facts["finance"].update(opening_period="2026-11", periods=[])
    for order in facts["scm"]["sales_orders"]:
        order["order_date"] = order["created_at"][:10]
    _purchasing(facts)
    _return(facts)
    _store(facts)
    _worth(facts)
    return facts


def correct_documents() -> dict[str, Any]:
    """A fresh copy, for a test to change."""
    return copy.deepcopy(_documents())
