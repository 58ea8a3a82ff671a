"""Mistakes beside plain sales, each broken into the facts of flow_documents.py, with what the oracle must say: see mistakes.py."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .flow import BOLT, at
from .flow_documents import RICE

Facts = dict[str, Any]


def forget_to_register_an_order(facts: Facts) -> None:
    facts["finance"]["purchase_orders"] = []


def register_goods_twice(facts: Facts) -> None:
    twice = copy.deepcopy(facts["finance"]["goods_receipts"][0])
    twice.update(number="RK-202611-00002")
    twice["lines"][0].update(returned_milli=0, invoiced_milli=0)
    facts["finance"]["goods_receipts"].append(twice)


def register_another_quantity(facts: Facts) -> None:
    facts["finance"]["purchase_returns"][0]["lines"][0]["quantity_milli"] = 5000


def register_for_another_supplier(facts: Facts) -> None:
    facts["finance"]["purchase_orders"][0]["supplier_id"] = 2


def register_what_nobody_bought(facts: Facts) -> None:
    entry = copy.deepcopy(facts["finance"]["purchase_orders"][0])
    facts["finance"]["purchase_orders"].append(
        {**entry, "number": "CG-202611-00002", "source_document": "CGDD-202611-00099"}
    )


def lose_a_payable(facts: Facts) -> None:
    facts["finance"]["payables"] = []


def double_payable(facts: Facts) -> None:
    payable = {**facts["finance"]["payables"][0], "number": "YF-202611-00002", "settled_fen": 0}
    facts["finance"]["payables"].append(payable)


def enter_one_invoice_twice(facts: Facts) -> None:
    finance = facts["finance"]
    invoice = {**copy.deepcopy(finance["supplier_invoices"][0]), "number": "FP-202611-00002"}
    invoice["lines"][0].update(service=1, goods_receipts="", matched_milli=0)
    finance["supplier_invoices"].append(invoice)
    payable = {**finance["payables"][0], "number": "YF-202611-00002", "supplier_invoice": "FP-202611-00002"}
    finance["payables"].append({**payable, "settled_fen": 0})


def owe_another_amount(facts: Facts) -> None:
    facts["finance"]["payables"][0].update(net_fen=20001, gross_fen=22601)


def pay_more_than_is_said(facts: Facts) -> None:
    facts["finance"]["payables"][0]["settled_fen"] = 11301


def pay_beyond_the_payable(facts: Facts) -> None:
    facts["finance"]["payables"][0]["settled_fen"] = 22601


def invoice_more_than_came_in(facts: Facts) -> None:
    facts["finance"]["goods_receipts"][0]["lines"][0].update(returned_milli=0, invoiced_milli=300001)


def let_an_invoice_wait(facts: Facts) -> None:
    invoice = {**facts["finance"]["supplier_invoices"][0], "number": "FP-202611-00002", "state": "mismatched"}
    facts["finance"]["supplier_invoices"].append(
        {**invoice, "invoice_number": "24312000000000000002", "posted_at": None}
    )


def _close_november(facts: Facts) -> None:
    facts["finance"]["periods"] = [
        {"period": "2026-11", "state": "locked", "closed_at": "2026-12-01T09:00:00.000+08:00"}
    ]


def close_without_accrual(facts: Facts) -> None:
    _close_november(facts)
    finance = facts["finance"]
    finance["supplier_invoices"][0].update(period="2026-12", business_date="2026-12-02")


def leave_an_accrual(facts: Facts) -> None:
    accrual = {"number": "ZG-202611-00001", "supplier_id": 1, "period": "2026-11", "amount_fen": 5000}
    facts["finance"]["accruals"] = [{**accrual, "reversal_period": None, "posted_at": at(30, 9)}]


def payable_account_drifts(facts: Facts) -> None:
    facts["finance"]["payable_accounts"][0]["ledger_fen"] += 1


def stock_account_drifts(facts: Facts) -> None:
    facts["finance"]["inventory_accounts"][0]["ledger_fen"] += 1


def forget_a_return(facts: Facts) -> None:
    facts["scm"]["sales_returns"] = []
    facts["scm"]["value_changes"].pop(3)
    facts["finance"]["inventory_documents"].pop(3)
    _forget_the_red_one(facts)


def _forget_the_red_one(facts: Facts) -> None:
    finance = facts["finance"]
    finance["receivables"] = [one for one in finance["receivables"] if one["id"] != 5]
    finance["receivables"][1]["settled_fen"] -= 5000
    finance["clearings"] = []
    finance["customers"][0]["open_fen"] += 5000
    facts["crm"]["customers"][0]["open_fen"] += 5000
    for row in ("ledger_1122_fen", "subledger_fen"):
        finance["control_account"][0][row] += 5000


def take_back_twice(facts: Facts) -> None:
    item = {**copy.deepcopy(facts["scm"]["sales_returns"][0]), "number": "XSTH-202611-00002", "state": "draft"}
    facts["scm"]["sales_returns"].append(item)


def take_back_another_quantity(facts: Facts) -> None:
    facts["scm"]["sales_returns"][0]["lines"][0]["quantity_milli"] = 1000


def take_back_what_was_rejected(facts: Facts) -> None:
    facts["crm"]["returns"][0]["state"] = "rejected"


def never_tell_of_the_credit(facts: Facts) -> None:
    facts["crm"]["returns"][0]["state"] = "received"


def forget_the_red_receivable(facts: Facts) -> None:
    _forget_the_red_one(facts)


def double_red_receivable(facts: Facts) -> None:
    red = {**facts["finance"]["receivables"][-1], "id": 6, "number": "YS-202611-00006", "settled_fen": 0}
    finance = facts["finance"]
    finance["receivables"].append(red)
    finance["customers"][0]["open_fen"] -= 5000
    facts["crm"]["customers"][0]["open_fen"] -= 5000
    for row in ("ledger_1122_fen", "subledger_fen"):
        finance["control_account"][0][row] -= 5000


def take_back_another_amount(facts: Facts) -> None:
    facts["finance"]["receivables"][-1].update(net_fen=-4424, tax_fen=-576)


def date_taken_from_utc(facts: Facts) -> None:
    # 1 November, half past midnight, in Shanghai is still October in London.
    facts["scm"]["deliveries"][2].update(ship_date="2026-11-12", shipped_at="2026-11-12T00:30:00.000+08:00")
    facts["finance"]["receivables"][2]["business_date"] = "2026-11-11"


def order_of_another_day(facts: Facts) -> None:
    facts["scm"]["sales_orders"][0]["order_date"] = "2026-11-02"


def book_in_another_month(facts: Facts) -> None:
    facts["finance"]["receivables"][2].update(business_date="2026-12-01", period="2026-12")


def stand_in_another_period(facts: Facts) -> None:
    facts["finance"]["cash_sales"][0]["period"] = "2026-12"


def come_late(facts: Facts) -> None:
    facts["finance"]["periods"] = [
        {"period": "2026-11", "state": "locked", "closed_at": "2026-12-01T09:00:00.000+08:00"}
    ]
    facts["finance"]["receivables"][2].update(
        business_date="2026-12-01", period="2026-12", posted_at="2026-12-01T10:00:00.000+08:00"
    )
    facts["finance"]["accruals"] = [
        {
            "number": "ZG-202611-00001",
            "supplier_id": 1,
            "period": "2026-11",
            "amount_fen": 5000,
            "reversal_period": "2026-12",
            "posted_at": at(30, 9),
        }
    ]


def settle_another_than_is_named(facts: Facts) -> None:
    facts["finance"]["receipts"][0]["bank_reference"] = "货款 XSCK-202611-00002"


def leave_what_is_named_unsettled(facts: Facts) -> None:
    facts["finance"]["receipts"][0]["bank_reference"] = "支付 ORD-202611-00001"


def forget_the_cost(facts: Facts) -> None:
    del facts["finance"]["inventory_documents"][4]


def carry_the_cost_over_twice(facts: Facts) -> None:
    document = {**facts["finance"]["inventory_documents"][0], "number": "CH-202611-00009"}
    facts["finance"]["inventory_documents"].append(document)


def carry_another_cost_over(facts: Facts) -> None:
    facts["finance"]["inventory_documents"][1]["amount_fen"] += 1


def carry_over_what_nothing_cost(facts: Facts) -> None:
    document = {**facts["finance"]["inventory_documents"][0], "number": "CH-202611-00009"}
    facts["finance"]["inventory_documents"].append({**document, "source_document": "XSCK-202611-00077"})


def forget_the_larder(facts: Facts) -> None:
    facts["scm"]["store_sales"] = []
    del facts["scm"]["value_changes"][4]
    del facts["finance"]["inventory_documents"][4]


def use_ingredients_twice(facts: Facts) -> None:
    facts["scm"]["store_sales"].append({**facts["scm"]["store_sales"][0], "number": "MDXS-202611-00002"})


def use_another_dish(facts: Facts) -> None:
    facts["scm"]["store_sales"][0]["lines"][0]["product_code"] = RICE


def forget_the_till(facts: Facts) -> None:
    facts["finance"]["cash_sales"] = []


def ring_up_twice(facts: Facts) -> None:
    facts["finance"]["cash_sales"].append({**facts["finance"]["cash_sales"][0], "number": "XX-202611-00002"})


def ring_up_another_amount(facts: Facts) -> None:
    facts["finance"]["cash_sales"][0].update(net_fen=6793, tax_fen=407)


def ring_up_in_another_store(facts: Facts) -> None:
    facts["finance"]["cash_sales"][0]["store_code"] = "MD02"


def keep_a_voided_sale(facts: Facts) -> None:
    facts["crm"]["store_sales"][0]["state"] = "voided"
    facts["scm"]["store_sales"][0]["state"] = "voided"
    del facts["scm"]["value_changes"][4]
    del facts["finance"]["inventory_documents"][4]


def be_late(facts: Facts) -> None:
    facts["scm"]["goods_receipts"][0]["posted_at"] = "2026-11-05T03:00:00.000+08:00"


OPTIONS: dict[str, dict[str, Any]] = {"be_late": {"deadline": 6 * 3600.0}}
CASES: list[tuple[Callable[[Facts], None], set[str], str]] = [
    (forget_to_register_an_order, {"purchase-missing"}, "CGDD-202611-00001"),
    (register_goods_twice, {"purchase-duplicated"}, "CGRK-202611-00001"),
    (register_another_quantity, {"purchase-differs"}, "CGTH-202611-00001"),
    (register_for_another_supplier, {"purchase-party"}, "CGDD-202611-00001"),
    (register_what_nobody_bought, {"purchase-unknown"}, "CG-202611-00002"),
    (lose_a_payable, {"payable-missing"}, "FP-202611-00001"),
    (double_payable, {"payable-duplicated"}, "FP-202611-00001"),
    (enter_one_invoice_twice, {"payable-duplicated"}, "FP-202611-00001"),
    (owe_another_amount, {"payable-amount"}, "FP-202611-00001"),
    (pay_more_than_is_said, {"payable-amount"}, "YF-202611-00001"),
    (pay_beyond_the_payable, {"payable-amount"}, "YF-202611-00001"),
    (invoice_more_than_came_in, {"match-differs"}, "RK-202611-00001"),
    (let_an_invoice_wait, {"invoice-waiting"}, "FP-202611-00002"),
    (close_without_accrual, {"accrual-missing"}, "RK-202611-00001"),
    (leave_an_accrual, {"accrual-not-reversed"}, "ZG-202611-00001"),
    (payable_account_drifts, {"payable-differs"}, "1"),
    (stock_account_drifts, {"stock-value-differs"}, BOLT),
    (forget_a_return, {"return-missing"}, "RET-202611-00001"),
    (take_back_twice, {"return-duplicated"}, "RET-202611-00001"),
    (take_back_another_quantity, {"return-differs"}, "RET-202611-00001"),
    (take_back_what_was_rejected, {"ghost"}, "XSTH-202611-00001"),
    (never_tell_of_the_credit, {"return-status"}, "RET-202611-00001"),
    (forget_the_red_receivable, {"red-missing"}, "XSTH-202611-00001"),
    (double_red_receivable, {"red-duplicated"}, "XSTH-202611-00001"),
    (take_back_another_amount, {"red-amount"}, "XSTH-202611-00001"),
    (date_taken_from_utc, {"business-date-differs"}, "YS-202611-00003"),
    (order_of_another_day, {"business-date-differs"}, "XSDD-202611-00001"),
    (book_in_another_month, {"period-differs"}, "YS-202611-00003"),
    (stand_in_another_period, {"period-differs"}, "XX-202611-00001"),
    (come_late, {"period-late"}, "YS-202611-00003"),
    (settle_another_than_is_named, {"settlement-misdirected"}, "SK-202611-00001"),
    (leave_what_is_named_unsettled, {"settlement-missing"}, "SK-202611-00001"),
    (forget_the_cost, {"cost-missing"}, "MDXS-202611-00001"),
    (carry_the_cost_over_twice, {"cost-duplicated"}, "XSCK-202611-00001"),
    (carry_another_cost_over, {"cost-amount"}, "XSCK-202611-00002"),
    (carry_over_what_nothing_cost, {"cost-unknown"}, "CH-202611-00009"),
    (forget_the_larder, {"store-sale-missing"}, "SAL-202611-00001"),
    (use_ingredients_twice, {"store-sale-duplicated"}, "SAL-202611-00001"),
    (use_another_dish, {"store-sale-differs"}, "SAL-202611-00001"),
    (forget_the_till, {"cash-sale-missing"}, "SAL-202611-00001"),
    (ring_up_twice, {"cash-sale-duplicated"}, "SAL-202611-00001"),
    (ring_up_another_amount, {"cash-sale-amount"}, "SAL-202611-00001"),
    (ring_up_in_another_store, {"cash-sale-store"}, "SAL-202611-00001"),
    (keep_a_voided_sale, {"store-ghost"}, "SAL-202611-00001"),
    (be_late, {"late"}, "CGRK-202611-00001"),
]
