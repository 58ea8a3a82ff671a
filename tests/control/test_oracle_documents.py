"""The oracle on purchasing, returns, stores, stock and periods: a correct flow is clean, and each mistake is found for what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import Unknown, Verdict, reconcile

from .flow import entity_of
from .flow_documents import correct_documents
from .mistakes_documents import CASES, OPTIONS, Facts, come_late, forget_the_till, lose_a_payable, stock_account_drifts


def verdict_of(facts: Facts, **options: Any) -> Verdict:
    return reconcile(read_books(facts, entity_of), **options)


def shown(verdict: Verdict) -> str:
    return "\n".join(f"{found.kind.code}: {found.en}" for found in verdict.differences)


def codes(verdict: Verdict) -> set[str]:
    return {found.kind.code for found in verdict.differences}


def test_correct_documents_are_clean_and_were_looked_at() -> None:
    verdict = verdict_of(correct_documents())
    assert not verdict.differences, shown(verdict)
    compared = {check.code: len(result.compared) for check, result in verdict.results}
    # Order, receipt and return of the SCM, three entries of the register, invoice, payable; five documents with a value; one sale.
    assert {code: compared[code] for code in ("O5", "O14", "O15")} == {"O5": 8, "O14": 5, "O15": 1}
    assert {delay.link for delay in verdict.delays} >= {
        "goods-receipt-to-register",
        "return-to-red",
        "store-sale-to-stock",
    }


@pytest.mark.parametrize(("mutate", "expected", "subject"), CASES, ids=[case[0].__name__ for case in CASES])
def test_each_mistake_is_found_for_what_it_is(
    mutate: Callable[[Facts], None], expected: set[str], subject: str
) -> None:
    facts = correct_documents()
    mutate(facts)
    verdict = verdict_of(facts, **OPTIONS.get(mutate.__name__, {}))
    assert codes(verdict) == expected, shown(verdict)
    assert subject in {found.subject.number for found in verdict.differences}, shown(verdict)
    for found in verdict.differences:
        assert found.expected != found.found
        assert found.subject.number in found.en
        assert found.subject.number in found.zh


def test_a_document_keeps_its_chain_and_its_records() -> None:
    facts = correct_documents()
    lose_a_payable(facts)
    forget_the_till(facts)
    for number in ("CGDD-202611-00001", "CGRK-202611-00001", "RK-202611-00001", "FP-202611-00001", "GY00001"):
        assert codes(verdict_of(facts, documents=[number])) == {"payable-missing"}, number
    for number in ("SAL-202611-00001", "MDXS-202611-00001", "MD01"):
        assert codes(verdict_of(facts, documents=[number])) == {"cash-sale-missing"}, number
    both = verdict_of(facts, documents=["CGDD-202611-00001"], orders=["ORD-202611-00002"])
    assert codes(both) == {"payable-missing"}
    assert verdict_of(facts, orders=["ORD-202611-00001"]).ok


def test_the_value_of_stock_counts_for_the_whole_and_for_a_product_that_is_named() -> None:
    facts = correct_documents()
    stock_account_drifts(facts)
    assert codes(verdict_of(facts)) == {"stock-value-differs"}
    # Others move the product, too: a verdict on an order or a purchase says nothing of its account.
    assert verdict_of(facts, orders=["ORD-202611-00001"], documents=["CGDD-202611-00001"]).ok
    assert codes(verdict_of(facts, documents=["BLT-M8X40-A2"])) == {"stock-value-differs"}


def test_unknown_names_are_all_told() -> None:
    with pytest.raises(Unknown) as told:
        verdict_of(correct_documents(), orders=["ORD-202611-00077"], documents=["X-1", "GY00001", "X-2"])
    assert (told.value.orders, told.value.documents) == (("ORD-202611-00077",), ("X-1", "X-2"))


def test_a_late_document_is_right_in_the_first_open_period_only() -> None:
    facts = correct_documents()
    come_late(facts)
    assert verdict_of(facts).ok
    # Posted before the close, it had no reason to stand in December.
    facts["finance"]["receivables"][2]["posted_at"] = "2026-11-30T10:00:00.000+08:00"
    assert codes(verdict_of(facts)) == {"period-differs"}


def test_nothing_of_before_the_books_opened_is_asked_for() -> None:
    facts = correct_documents()
    facts["finance"]["opening_period"] = "2026-12"
    for name in ("purchase_orders", "goods_receipts", "purchase_returns", "cash_sales", "inventory_documents"):
        facts["finance"][name] = []
    facts["finance"]["supplier_invoices"] = facts["finance"]["payables"] = []
    assert "purchase-missing" not in codes(verdict_of(facts))
    assert not {"cost-missing", "cash-sale-missing"} & codes(verdict_of(facts))


def test_the_cost_of_sales_may_wait_for_the_month_end_but_not_longer() -> None:
    facts = correct_documents()
    facts["finance"]["inventory_documents"] = facts["finance"]["inventory_documents"][4:]
    assert not codes(verdict_of(facts)) & {"cost-missing"}
    facts["finance"]["periods"] = [
        {"period": "2026-11", "state": "locked", "closed_at": "2026-12-01T09:00:00.000+08:00"}
    ]
    missing = {found.subject.number for found in verdict_of(facts).differences if found.kind.code == "cost-missing"}
    assert missing == {"XSCK-202611-00001", "XSCK-202611-00002", "XSCK-202611-00003", "XSTH-202611-00001"}


def test_cash_sales_may_be_made_by_store_and_day() -> None:
    facts = correct_documents()
    facts["finance"]["cash_sales"][0].update(source_document="MD01/2026-11-20")
    assert "cash-sale-missing" not in codes(verdict_of(facts))
    facts["finance"]["cash_sales"][0].update(gross_fen=7100)
    assert "cash-sale-missing" in codes(verdict_of(facts))


def test_goods_that_left_before_a_cancellation_and_came_back_leave_no_ghost() -> None:
    facts = correct_documents()
    facts["crm"]["orders"][1]["state"] = "cancelled"
    assert ("ghost", "XSDD-202611-00002") in {(f.kind.code, f.subject.number) for f in verdict_of(facts).differences}
    back = {**facts["scm"]["sales_returns"][0], "number": "XSTH-202611-00002", "delivery": "XSCK-202611-00003"}
    line = {**facts["scm"]["deliveries"][2]["lines"][0], "source_line": 1}
    facts["scm"]["sales_returns"].append({**back, "source_system": None, "source_document": None, "lines": [line]})
    assert ("ghost", "XSDD-202611-00002") in {(f.kind.code, f.subject.number) for f in verdict_of(facts).differences}
    blue = facts["finance"]["receivables"][2]
    red = {**blue, "id": 7, "number": "YS-202611-00007", "red_of": 3, "source_document": "XSTH-202611-00002"}
    red.update({name: -blue[name] for name in ("net_fen", "tax_fen", "gross_fen")}, settled_fen=0)
    facts["finance"]["receivables"].append(red)
    assert ("ghost", "XSDD-202611-00002") not in {
        (f.kind.code, f.subject.number) for f in verdict_of(facts).differences
    }
