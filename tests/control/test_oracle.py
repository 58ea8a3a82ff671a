"""The oracle on facts of a correct flow, and on the same facts with one thing broken: one broken flow for every code."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import datetime
from typing import Any

import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import CHECKS, Unknown, Verdict, reconcile
from shapan.control.oracle.model import knows_nothing

from . import mistakes_documents
from .flow import JINCHENG, correct_flow, empty_sandbox, entity_of, without_integration
from .mistakes import (
    CASES,
    SALES,
    Facts,
    drop_sales_order,
    drop_source_of_order,
    forget_unit_conversion,
    lose_a_voucher_number,
    lose_stock,
    never_write_credit,
    order_on_another_company,
    shift_a_cent_between_net_and_tax,
)

CODES = sorted({kind.code for check in CHECKS for kind in check.kinds})


def verdict_of(facts: Facts, **options: Any) -> Verdict:
    return reconcile(read_books(facts, entity_of), **options)


def codes(verdict: Verdict) -> set[str]:
    return {found.kind.code for found in verdict.differences}


def shown(verdict: Verdict) -> str:
    return "\n".join(f"{found.kind.code}: {found.en}" for found in verdict.differences)


def test_a_correct_flow_is_clean_and_was_looked_at() -> None:
    verdict = verdict_of(correct_flow())
    assert verdict.ok
    assert not verdict.differences, shown(verdict)
    compared = {check.code: len(result.compared) for check, result in verdict.results}
    # 3 confirmed orders; 3 shipments; 3 sales orders + 3 shipments + 3 receivables; vouchers + trial balance + 3 customers;
    # 2 stocks + 2 shipped orders; 2 CRM customers; order 4, order 5, sales order 4, deliveries 4 and 5;
    # 2 settlements + 5 receivables + 2 receipts; 3 sales orders + 3 receivables. Links: 3 orders, 3 shipments, 2 balances. Days: 3 receivables beside
    # their shipments, and 3 in their period. Nothing was bought or sold in a store, and no cost is carried over by document.
    assert compared == {
        "O1": 3, "O2": 3, "O3": 3, "O4": 9, "O5": 0, "O6": 5, "O7": 4, "O8": 2, "O9": 8, "O10": 5, "O11": 6, "O12": 9, "O13": 6,
        "O14": 0, "O15": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("mutate", "expected", "subject"), CASES, ids=[case[0].__name__ for case in CASES])
def test_each_mistake_is_found_for_what_it_is(
    mutate: Callable[[Facts], None], expected: set[str], subject: str
) -> None:
    facts = correct_flow()
    mutate(facts)
    verdict = verdict_of(facts)
    assert codes(verdict) == expected, shown(verdict)
    assert verdict.ok == all(found.kind.severity == "warning" for found in verdict.differences)
    assert subject in {found.subject.number for found in verdict.differences}, shown(verdict)
    for found in verdict.differences:
        assert found.expected != found.found
        # The subject stands in the sentence of both languages, so that a reader knows what to look at.
        assert found.subject.number in found.en
        assert found.subject.number in found.zh


def test_every_code_has_its_mistake() -> None:
    assert sorted(set().union(*(expected for _, expected, _ in (*CASES, *mistakes_documents.CASES)))) == CODES


def test_codes_are_unique_and_belong_to_one_check() -> None:
    listed = [kind.code for check in CHECKS for kind in check.kinds]
    assert len(listed) == len(set(listed))
    assert len({check.code for check in CHECKS}) == len({check.name for check in CHECKS}) == len(CHECKS)


def test_an_empty_sandbox_reports_nothing() -> None:
    verdict = verdict_of(empty_sandbox())
    assert verdict.ok
    assert not verdict.differences, shown(verdict)


def test_a_sandbox_without_integration_reports_everything() -> None:
    verdict = verdict_of(without_integration())
    assert not verdict.ok
    by_code: dict[str, set[str]] = {}
    for found in verdict.differences:
        by_code.setdefault(found.kind.code, set()).add(found.subject.number)
    assert by_code == {
        "order-missing": {"ORD-202611-00001", "ORD-202611-00002", "ORD-202611-00003"},
        "receivable-missing": {"XSCK-202611-00001", "XSCK-202611-00002", "XSCK-202611-00003"},
        "credit-stale": {"BJ-IT-001"},
        "unlinked": {"XSDD-202611-00001", "XSDD-202611-00002"},
    }


@pytest.mark.parametrize(
    ("state", "en", "zh"),
    [("pendingApproval", "waits for approval", "尚待审批"), ("rejected", "was rejected", "已被驳回")],
)
def test_an_order_that_waits_or_was_rejected_has_nothing_downstream(state: str, en: str, zh: str) -> None:
    """It may well have been confirmed before it was changed; until it is approved nothing of it may be open."""
    facts = correct_flow()
    facts["crm"]["orders"][2]["state"] = state
    [found] = verdict_of(facts).differences
    assert (found.kind.code, found.subject.number) == ("ghost", "XSDD-202611-00003")
    assert en in found.en
    assert zh in found.zh
    facts["scm"]["sales_orders"][2]["state"] = "cancelled"
    facts["scm"]["sales_orders"][2]["lines"][0]["reserved_milli"] = 0
    facts["scm"]["deliveries"] = [d for d in facts["scm"]["deliveries"] if d["sales_order"] != "XSDD-202611-00003"]
    facts["scm"]["stock"][0]["reserved_milli"] -= correct_flow()["scm"]["sales_orders"][2]["lines"][0]["reserved_milli"]
    verdict = verdict_of(facts)
    assert not verdict.differences, shown(verdict)


def test_a_part_whose_share_rounds_to_nothing_needs_no_receivable() -> None:
    facts = without_integration()
    worthless, *others = facts["scm"]["deliveries"]
    for row in (worthless, *worthless["lines"]):
        row.update(net_fen=0, tax_fen=0, gross_fen=0)
    missing = {f.subject.number for f in verdict_of(facts).differences if f.kind.code == "receivable-missing"}
    assert missing == {row["number"] for row in others}


def test_the_sentence_names_the_documents_in_both_languages() -> None:
    facts = correct_flow()
    drop_sales_order(facts)
    (found,) = verdict_of(facts).differences
    assert found.en == "CRM order ORD-202611-00003 has no sales order in SCM."
    assert found.zh == "CRM 订单 ORD-202611-00003 在 SCM 中没有对应的销售订单。"
    assert found.as_json("O1")["documents"] == [{"system": "crm", "type": "order", "number": "ORD-202611-00003"}]


def test_a_unit_not_converted_is_told_in_base_units() -> None:
    facts = correct_flow()
    forget_unit_conversion(facts)
    (found,) = verdict_of(facts).differences
    assert (found.expected, found.found) == ("quantity 24", "quantity 1")


def test_findings_cannot_be_changed() -> None:
    facts = correct_flow()
    drop_sales_order(facts)
    (found,) = verdict_of(facts).differences
    with pytest.raises(FrozenInstanceError):
        found.en = "all is well"  # type: ignore[misc]


# -- parties: what the evidence is --


def test_without_the_answer_key_short_names_prove_nothing() -> None:
    verdict = reconcile(read_books(correct_flow(), knows_nothing))
    unproven = {found.subject.number for found in verdict.differences if found.kind.code == "party-unproven"}
    # 华信 has no tax number in SCM and finance; 锦程 has one everywhere.
    assert unproven == {"XSDD-202611-00001", "XSDD-202611-00003", "YS-202611-00001", "YS-202611-00002"}
    assert "wrong-party" not in codes(verdict)


def test_a_full_legal_name_proves_the_party_whatever_its_brackets_width() -> None:
    facts = correct_flow()
    facts["crm"]["customers"][1].update(tax_number=None, name="锦程电子\uff08苏州\uff09有限公司")
    facts["scm"]["partners"][2].update(tax_number=None, full_name="锦程电子(苏州)有限公司")
    facts["finance"]["customers"][2].update(tax_number=None, full_name="锦程电子\uff08苏州\uff09有限公司")
    verdict = verdict_of(facts)
    assert not verdict.differences, shown(verdict)


def test_a_name_that_the_customer_had_before_proves_the_party() -> None:
    facts = correct_flow()
    facts["crm"]["customers"][1].update(
        tax_number=None, name="苏州远山电子有限公司", former_names=["苏州锦程电子有限公司"]
    )
    facts["scm"]["partners"][2].update(tax_number=None, full_name="苏州锦程电子有限公司")
    facts["finance"]["customers"][2].update(tax_number=None, full_name="苏州锦程电子有限公司")
    assert not verdict_of(facts).differences
    facts["crm"]["customers"][1]["former_names"] = []
    assert "party-unproven" in codes(verdict_of(facts))


def test_two_tax_numbers_refute_equal_names() -> None:
    facts = correct_flow()
    facts["scm"]["partners"][2].update(tax_number="91110000600037341L", full_name="苏州锦程电子有限公司")
    assert codes(verdict_of(facts)) == {"wrong-party"}


def test_the_answer_key_outweighs_a_tax_number() -> None:
    facts = correct_flow()
    facts["scm"]["partners"][1]["tax_number"] = facts["crm"]["customers"][0]["tax_number"]
    order_on_another_company(facts)
    assert codes(verdict_of(facts)) == {"wrong-party"}


def test_credit_of_a_company_that_stands_twice_in_the_crm_is_shown_where_it_ordered() -> None:
    facts = correct_flow()
    twin = {**facts["crm"]["customers"][1], "id": "0d3e5a3e-1111-4111-8111-000000000009", "code": "SU-EL-009"}
    twin.update(open_fen=None, overdue_fen=None, balance_as_of=None)
    facts["crm"]["customers"].append(twin)
    assert not verdict_of(facts).differences
    facts["crm"]["customers"][1].update(open_fen=None, overdue_fen=None)
    assert [found.subject.number for found in verdict_of(facts).differences] == ["SU-EL-001"]
    for order in facts["crm"]["orders"]:
        if order["customer_id"] == JINCHENG:
            order["state"] = "draft"
    stale = [found.subject.number for found in verdict_of(facts).differences if found.kind.code == "credit-stale"]
    assert stale == ["SU-EL-001", "SU-EL-009"]


def test_what_was_there_before_the_books_opened_asks_no_balance_of_the_crm_until_it_is_settled() -> None:
    facts = correct_flow()
    for kind in ("receivables", "receipts", "settlements"):
        for document in facts["finance"][kind]:
            document["opening"] = True
    for customer in facts["crm"]["customers"]:
        customer.update(open_fen=None, overdue_fen=None, balance_as_of=None)
    assert not verdict_of(facts).differences
    # A receipt of before that is settled now changes what the customer owes.
    facts["finance"]["settlements"][0]["opening"] = False
    assert {found.kind.code for found in verdict_of(facts).differences} == {"credit-stale"}


def test_two_equal_orders_without_source_are_matched_one_to_one() -> None:
    facts = correct_flow()
    drop_source_of_order(facts)
    twin = copy.deepcopy(facts["crm"]["orders"][2])
    twin.update(number="ORD-202611-00006", id="0d3e5a3e-2222-4222-8222-000000000006")
    facts["crm"]["orders"].append(twin)
    found = {(d.kind.code, d.subject.number) for d in verdict_of(facts).differences}
    assert found == {("linked-by-content", SALES), ("order-missing", "ORD-202611-00006")}


# -- scope --


def test_order_keeps_only_what_concerns_it_and_the_ledger() -> None:
    facts = correct_flow()
    drop_sales_order(facts)
    shift_a_cent_between_net_and_tax(facts)
    lose_a_voucher_number(facts)
    never_write_credit(facts)
    lose_stock(facts)
    assert codes(verdict_of(facts, order="ORD-202611-00003")) == {"order-missing", "voucher-gap"}
    assert codes(verdict_of(facts, order="ORD-202611-00002")) == {"credit-stale", "voucher-gap", "stock-differs"}
    assert codes(verdict_of(facts, order="ORD-202611-00001")) == {"receivable-amount", "voucher-gap", "stock-differs"}
    scoped = {c.code: len(r.compared) for c, r in verdict_of(facts, order="ORD-202611-00003").results}
    assert (scoped["O1"], scoped["O3"], scoped["O6"]) == (1, 0, 5)


def test_an_unknown_order_is_no_clean_verdict() -> None:
    with pytest.raises(Unknown):
        verdict_of(correct_flow(), order="ORD-202611-00077")


def test_since_leaves_out_older_documents_but_no_states() -> None:
    facts = correct_flow()
    drop_sales_order(facts)
    shift_a_cent_between_net_and_tax(facts)
    lose_stock(facts)
    before, between, after = (datetime.fromisoformat(f"2026-11-{day}T00:00:00+08:00") for day in ("01", "05", "20"))
    assert codes(verdict_of(facts, since=before)) == {"order-missing", "receivable-amount", "stock-differs"}
    assert codes(verdict_of(facts, since=between)) == {"receivable-amount", "stock-differs"}
    assert codes(verdict_of(facts, since=after)) == {"stock-differs"}
