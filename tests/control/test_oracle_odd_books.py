"""Books that are right though not everyday ones, on which the oracle keeps quiet, and wrong ones that look right at first sight."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import reconcile
from shapan.control.oracle.chain import trace

from . import flow
from .flow_documents import DISH, correct_documents

pytestmark = pytest.mark.in_process

Facts = dict[str, Any]


def found(facts: Facts, **options: Any) -> set[tuple[str, str]]:
    """(code, number of the subject) of every difference."""
    verdict = reconcile(read_books(facts, flow.entity_of), **options)
    return {(difference.kind.code, difference.subject.number) for difference in verdict.differences}


def red(blue: dict[str, Any], id_: int, **members: Any) -> dict[str, Any]:
    """A receivable that takes another back altogether."""
    amounts = {name: -blue[name] for name in ("net_fen", "tax_fen", "gross_fen")}
    number = f"YS-202611-0001{id_}"
    return {**blue, **amounts, "id": id_, "number": number, "settled_fen": 0, "red_of": blue["id"], **members}


@pytest.fixture
def documents() -> Facts:
    return correct_documents()


def test_a_sale_that_was_voided_days_later_left_stock_on_its_own_day(documents: Facts) -> None:
    scm, finance = documents["scm"], documents["finance"]
    documents["crm"]["store_sales"][0]["state"] = scm["store_sales"][0]["state"] = "voided"
    finance["cash_sales"][0]["state"] = "reversed"
    used = next(change for change in scm["value_changes"] if change["kind"] == "store_consumption")
    scm["value_changes"].append(
        {**used, "kind": "store_consumption_void", "business_date": "2026-12-02", "value_fen": -used["value_fen"]}
    )
    posted = next(item for item in finance["inventory_documents"] if item["kind"] == "store_consumption")
    finance["inventory_documents"].append(
        {**posted, "number": "CH-202612-00001", "amount_fen": -posted["amount_fen"], "reverses": posted["number"]}
    )
    assert found(documents) == set()
    posted["business_date"] = "2026-11-19"
    assert found(documents) == {("business-date-differs", posted["number"])}


def test_what_was_accepted_a_month_later_stands_in_the_period_of_its_acceptance(documents: Facts) -> None:
    accepted = documents["finance"]["receivables"][0]
    accepted.update(recognised_on="2026-12-02", period="2026-12")
    assert found(documents) == set()
    accepted["period"] = "2026-11"
    assert found(documents) == {("period-differs", accepted["number"])}


def test_goods_that_were_refused_and_came_back_need_no_red_receivable(documents: Facts) -> None:
    finance = documents["finance"]
    refused = finance["receivables"][1]
    finance["receivables"] = [item for item in finance["receivables"] if item.get("red_of") != refused["id"]]
    refused.update(recognised=False, voucher=None, settled_fen=0)
    documents["crm"]["returns"][0]["state"] = "received"
    codes = {code for code, _ in found(documents)}
    assert not codes & {"red-missing", "return-status"}


def test_an_order_that_was_cancelled_after_its_goods_were_refused_leaves_no_ghost(documents: Facts) -> None:
    documents["crm"]["orders"][1]["state"] = "cancelled"
    back = {**documents["scm"]["sales_returns"][0], "number": "XSTH-202611-00002", "delivery": "XSCK-202611-00003"}
    line = {**documents["scm"]["deliveries"][2]["lines"][0], "source_line": 1}
    documents["scm"]["sales_returns"].append({**back, "source_system": None, "source_document": None, "lines": [line]})
    assert ("ghost", "XSDD-202611-00002") in found(documents)
    documents["finance"]["receivables"][2].update(recognised=False, voucher=None)
    assert ("ghost", "XSDD-202611-00002") not in found(documents)


def test_a_receivable_on_the_wrong_customer_is_mended_by_a_red_one_and_a_new_one() -> None:
    facts = flow.correct_flow()
    finance = facts["finance"]
    right = finance["receivables"][1]
    wrong = {**right, "id": 4, "number": "YS-202611-00004", "customer_id": 2}
    finance["receivables"] += [wrong, red(wrong, 5)]
    assert found(facts) == set()
    finance["receivables"].remove(right)
    assert ("wrong-party", wrong["number"]) in found(facts)


def test_a_receivable_for_nothing_is_mended_by_a_red_one() -> None:
    facts = flow.correct_flow()
    receivables = facts["finance"]["receivables"]
    strange = {**receivables[1], "id": 4, "number": "YS-202611-00004", "source_document": "XSDD-202611-00001"}
    receivables.append(strange)
    assert ("receivable-unknown", strange["number"]) in found(facts)
    receivables.append(red(strange, 5))
    assert found(facts) == set()


def test_stock_of_a_small_scale_taxpayer_has_the_tax_in_it(documents: Facts) -> None:
    documents["finance"]["inventory_accounts"][0]["ledger_fen"] += 2600
    assert found(documents) == {("stock-value-differs", flow.BOLT)}
    documents["finance"]["taxpayer_kind"] = "small_scale"
    assert found(documents) == set()


def test_a_customer_keeps_its_orders_that_were_never_confirmed() -> None:
    facts = flow.correct_flow()
    facts["finance"]["opening_period"] = "2026-11"
    facts["crm"]["orders"][1].update(state="pendingApproval", confirmed_at=None)
    assert ("ghost", "XSDD-202611-00002") in found(facts, documents=["SU-EL-001"])


def test_a_payment_of_two_payables_shows_what_all_of_it_was(documents: Facts) -> None:
    finance = documents["finance"]
    finance["payables"].append({**finance["payables"][0], "number": "YF-202611-00002"})
    paid = finance["payable_settlements"][0]
    finance["payable_settlements"].append({**paid, "payable": "YF-202611-00002", "amount_fen": 700})
    _, steps = trace(read_books(documents, flow.entity_of), paid["number"])
    step = next(step for step in steps if step.document.number == paid["number"])
    assert step.gross_fen == 11300 + 700
    assert step.follows is not None
    assert step.follows.number == "YF-202611-00001"


def test_each_receipt_without_accrual_is_told_in_its_own_scope(documents: Facts) -> None:
    scm, finance = documents["scm"], documents["finance"]
    order = {**copy.deepcopy(scm["purchase_orders"][0]), "number": "CGDD-202611-00002"}
    goods = {
        **copy.deepcopy(scm["goods_receipts"][0]),
        "number": "CGRK-202611-00002",
        "purchase_order": order["number"],
    }
    scm["purchase_orders"].append(order)
    scm["goods_receipts"].append(goods)
    entries = []
    for number, after in ((2, "CGRK-202611-00001"), (3, goods["number"])):
        entry = {**copy.deepcopy(finance["goods_receipts"][0]), "id": number, "number": f"RK-202611-0000{number}"}
        entry.update(source_document=after)
        entry["lines"][0].update(returned_milli=0, invoiced_milli=0)
        entries.append(entry)
    finance["goods_receipts"] += entries
    finance["periods"] = [{"period": "2026-11", "state": "locked", "closed_at": "2026-12-01T09:00:00.000+08:00"}]
    for entry in entries:
        assert ("accrual-missing", entry["number"]) in found(documents, documents=[entry["number"]])


def test_a_cash_sale_of_a_day_has_the_tax_of_that_day(documents: Facts) -> None:
    cash = documents["finance"]["cash_sales"][0]
    cash.update(source_document="MD01/2026-11-20")
    assert found(documents) == set()
    cash.update(net_fen=7200, tax_fen=0)
    assert ("cash-sale-missing", "SAL-202611-00001") in found(documents)


def alike(*same: tuple[str, str]) -> Any:
    """An answer key by which these (system, product code) are one product."""

    def entity_of(system: str, kind: str, record_id: str) -> str | None:
        one = kind == "product" and (system, record_id) in same
        return "ENTITY-1" if one else flow.entity_of(system, kind, record_id)

    return entity_of


def test_units_of_a_return_are_those_of_the_true_product_whatever_its_code_in_the_crm(documents: Facts) -> None:
    documents["crm"]["returns"][0]["lines"][0]["product_code"] = "BOLT-OLD"
    key = alike(("crm", "BOLT-OLD"), ("scm", flow.BOLT))
    assert "return-differs" not in {one.kind.code for one in reconcile(read_books(documents, key)).differences}


def test_units_of_a_store_sale_are_those_of_the_true_product_whatever_its_code_in_the_crm(documents: Facts) -> None:
    dish = next(one for one in documents["scm"]["products"] if one["code"] == DISH)
    dish["units"] = {"锅": 5000}
    documents["crm"]["store_sales"][0]["lines"][0].update(product_code="DISH-OLD", unit="锅")
    documents["scm"]["store_sales"][0]["lines"][0]["quantity_milli"] = 10000
    key = alike(("crm", "DISH-OLD"), ("scm", DISH))
    assert "store-sale-differs" not in {one.kind.code for one in reconcile(read_books(documents, key)).differences}


def test_a_product_that_stands_twice_in_the_scm_is_valued_under_either_code(documents: Facts) -> None:
    twin = {**next(one for one in documents["scm"]["products"] if one["code"] == flow.BOLT), "code": "BOLT-TWIN"}
    documents["scm"]["products"].append(twin)
    documents["finance"]["inventory_accounts"][0]["ledger_fen"] += 1
    books = read_books(documents, alike(("scm", flow.BOLT), ("scm", "BOLT-TWIN"), ("finance", flow.BOLT)))
    for code in (flow.BOLT, "BOLT-TWIN"):
        told = [one.kind.code for one in reconcile(books, documents=[code]).differences]
        assert "stock-value-differs" in told, code


def test_money_that_was_left_over_may_pay_other_debts_before_the_rest_of_the_order_is_billed() -> None:
    facts = flow.correct_flow()
    finance = facts["finance"]
    paid = {**flow.receipt(3, 1, 5000, 0), "bank_reference": "支付 ORD-202611-00001"}
    finance["receipts"].append(paid)
    settled = {"receivable_id": 8, "amount_fen": 5000}
    settlement = {"id": 3, "number": "HX-202611-00003", "receipt_id": 3, "posted_at": flow.at(22, 9)}
    finance["settlements"].append({**settlement, "allocations": [settled]})
    assert ("settlement-misdirected", paid["number"]) in found(facts)
    for item in finance["receivables"][:2]:
        item["posted_at"] = flow.at(22, 10)
    assert ("settlement-misdirected", paid["number"]) not in found(facts)


def test_chinese_sentences_have_no_english_words_in_them(documents: Facts) -> None:
    finance = documents["finance"]
    finance["goods_receipts"][0]["lines"][0]["product_code"] = flow.CABLE
    documents["scm"]["store_sales"][0]["warehouse_code"] = "MD02"
    finance["supplier_invoices"][0]["state"] = "cancelled"
    verdict = reconcile(read_books(documents, flow.entity_of))
    told = {difference.kind.code: difference.zh for difference in verdict.differences}
    assert {"purchase-differs", "store-sale-differs", "payable-duplicated"} <= told.keys()
    words = {code: re.findall(r"[a-z]{2,}", sentence) for code, sentence in told.items()}
    assert not any(words.values()), words


def test_a_return_is_credited_on_the_receivable_that_was_right_whatever_was_booked_before_it(documents: Facts) -> None:
    receivables = documents["finance"]["receivables"]
    right = receivables[2]
    mistake = {**right, "id": 4, "number": "YS-202611-00004", "net_fen": 1, "tax_fen": 0, "gross_fen": 1}
    receivables[2:2] = [mistake, red(mistake, 6, source_document=None, reason="金额有误")]
    back = {**documents["scm"]["sales_returns"][0], "number": "XSTH-202611-00002", "delivery": "XSCK-202611-00003"}
    line = {**documents["scm"]["deliveries"][2]["lines"][0], "source_line": 1}
    sums = {name: line[name] for name in ("net_fen", "tax_fen", "gross_fen")}
    documents["scm"]["sales_returns"].append(
        {**back, **sums, "source_system": None, "source_document": None, "lines": [line]}
    )
    assert ("red-missing", "XSTH-202611-00002") in found(documents)
    receivables.append(red(right, 7, source_document="XSTH-202611-00002", business_date=back["receive_date"]))
    told = {code for code, _ in found(documents)}
    assert not told & {"red-missing", "red-amount", "red-duplicated", "receivable-amount", "receivable-missing"}


@pytest.mark.parametrize("reversed_", [False, True])
def test_the_part_of_a_receipt_that_has_no_invoice_at_month_end_is_accrued(documents: Facts, reversed_: bool) -> None:
    finance = documents["finance"]
    finance["periods"] = [{"period": "2026-11", "state": "locked", "closed_at": "2026-12-01T09:00:00.000+08:00"}]
    entry, blue = finance["goods_receipts"][0], finance["supplier_invoices"][0]
    if reversed_:
        entry["lines"][0]["invoiced_milli"] = 0
        again = {**copy.deepcopy(blue), "number": "FP-202611-00002", "reverses": blue["number"]}
        again["lines"][0]["matched_milli"] = -200000
        finance["supplier_invoices"].append(again)
    told = {
        one.subject.number: one.expected
        for one in reconcile(read_books(documents, flow.entity_of)).differences
        if one.kind.code == "accrual-missing"
    }
    assert told == {entry["number"]: f"{'250.00' if reversed_ else '50.00'} accrued in 2026-11"}
    # An invoice of the month after says nothing of what was open before.
    finance["supplier_invoices"].append(
        {
            **copy.deepcopy(blue),
            "number": "FP-202612-00001",
            "invoice_number": "24312000000000000009",
            "period": "2026-12",
        }
    )
    entry["lines"][0]["invoiced_milli"] = 250000
    assert "accrual-missing" not in {code for code, _ in found(documents)}
    for invoice in finance["supplier_invoices"]:
        invoice["period"] = "2026-12"
    assert ("accrual-missing", entry["number"]) in found(documents)


def test_nothing_of_before_the_books_opened_was_late(documents: Facts) -> None:
    crm, scm, finance = documents["crm"], documents["scm"], documents["finance"]
    crm["store_sales"][0].update(business_date="2026-10-20", sold_at="2026-10-20T12:00:00.000+08:00")
    scm["goods_receipts"][0].update(receipt_date="2026-10-05", posted_at="2026-10-05T09:00:00.000+08:00")
    crm["returns"][0]["decided_at"] = "2026-10-24T09:00:00.000+08:00"
    scm["sales_returns"][0]["received_at"] = "2026-10-25T09:00:00.000+08:00"
    verdict = reconcile(read_books(documents, flow.entity_of), deadline=7 * 86400)
    old = {"goods-receipt-to-register", "store-sale-to-stock", "store-sale-to-cash-sale", "return-to-sales-return"}
    assert not {*old, "return-to-red"} & {delay.link for delay in verdict.delays}
    finance["opening_period"] = "2026-10"
    verdict = reconcile(read_books(documents, flow.entity_of), deadline=7 * 86400)
    assert {*old, "return-to-red"} <= {delay.link for delay in verdict.delays}


def test_a_receivable_that_waits_for_acceptance_may_carry_what_its_goods_cost(documents: Facts) -> None:
    finance = documents["finance"]
    costs = {item["source_document"]: item for item in finance["inventory_documents"]}
    finance["inventory_documents"].remove(costs["XSCK-202611-00001"])
    assert found(documents) == {("cost-missing", "XSCK-202611-00001")}
    pending = finance["receivables"][0]
    pending["cost_fen"] = 30000
    assert found(documents) == set()
    pending["cost_fen"] = 29999
    assert found(documents) == {("cost-amount", "XSCK-202611-00001")}
    # Goods that were refused: finance took their cost back itself.
    finance["inventory_documents"].remove(costs["XSTH-202611-00001"])
    assert ("cost-missing", "XSTH-202611-00001") not in found(documents)
    finance["inventory_documents"].append(
        {**costs["XSTH-202611-00001"], "source_document": None, "source_system": "scm"}
    )
    assert ("cost-missing", "XSTH-202611-00001") in found(documents)
    finance["inventory_documents"].remove(costs["XSCK-202611-00002"])
    finance["receivables"][1].update(recognised=False, cost_fen=24000)
    assert not {number for code, number in found(documents) if code == "cost-missing"}
