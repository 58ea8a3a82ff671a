"""The oracle and what accounting does besides plain receivables and receipts: red ones, advances, write-offs, what waits for acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import reconcile

from . import flow

pytestmark = pytest.mark.in_process


def differences(facts: dict[str, Any]) -> set[tuple[str, str]]:
    """(code, number of the document) of every difference."""
    verdict = reconcile(read_books(facts, flow.entity_of))
    return {(difference.kind.code, difference.subject.number) for difference in verdict.differences}


def red(blue: dict[str, Any], id_: int, settled: int, **members: Any) -> dict[str, Any]:
    """A receivable that takes another back altogether."""
    amounts = {name: -blue[name] for name in ("net_fen", "tax_fen", "gross_fen")}
    return {
        **blue,
        **amounts,
        "id": id_,
        "number": f"YS-202611-0001{id_}",
        "settled_fen": settled,
        "red_of": blue["id"],
        "source_document": None,
        "source_system": None,
        **members,
    }


def offset(blue: int, red_: int, fen: int) -> list[dict[str, Any]]:
    return [
        {"kind": "offset", "number": "DC-202611-00001", "receivable_id": id_, "amount_fen": amount}
        for id_, amount in ((blue, fen), (red_, -fen))
    ]


@pytest.fixture
def facts() -> dict[str, Any]:
    return flow.correct_flow()


def receivable(facts: dict[str, Any], id_: int) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in facts["finance"]["receivables"] if one["id"] == id_)
    return found


def owe(facts: dict[str, Any], customer: int, fen: int) -> None:
    """A customer owes so much more, in every place that says so."""
    finance = facts["finance"]
    finance["customers"][customer - 1]["open_fen"] += fen
    for row in finance["control_account"]:
        if row["customer_id"] == customer:
            row["ledger_1122_fen"] += fen
            row["subledger_fen"] += fen
    facts["crm"]["customers"][0]["open_fen"] += fen if customer == 1 else 0


def test_a_receivable_booked_twice_is_mended_by_a_red_one(facts: dict[str, Any]) -> None:
    finance = facts["finance"]
    twice = {**receivable(facts, 2), "id": 4, "number": "YS-202611-00004", "voucher": "记-0006"}
    finance["receivables"].append(twice)
    owe(facts, 1, twice["gross_fen"])
    assert differences(facts) == {("receivable-duplicated", "XSCK-202611-00002")}
    finance["receivables"].append(red(twice, 5, 0))
    owe(facts, 1, -twice["gross_fen"])
    assert differences(facts) == set()
    # Offset against each other both are settled, and say so.
    finance["clearings"] = offset(4, 5, twice["gross_fen"])
    twice["settled_fen"], finance["receivables"][-1]["settled_fen"] = twice["gross_fen"], -twice["gross_fen"]
    assert differences(facts) == set()
    finance["clearings"] = []
    assert differences(facts) == {("settlement-differs", twice["number"]), ("settlement-differs", "YS-202611-00015")}
    finance["clearings"] = offset(4, 5, twice["gross_fen"] + 1)
    assert ("settlement-over", twice["number"]) in differences(facts)
    assert ("settlement-over", "YS-202611-00015") in differences(facts)


def test_a_receivable_that_is_taken_back_in_part_still_counts(facts: dict[str, Any]) -> None:
    blue = receivable(facts, 2)
    part = red({**blue, "net_fen": 100, "tax_fen": 13, "gross_fen": 113}, 5, 0, red_of=2)
    facts["finance"]["receivables"].append(part)
    owe(facts, 1, -113)
    assert differences(facts) == set()
    twice = {**blue, "id": 4, "number": "YS-202611-00004"}
    facts["finance"]["receivables"].append(twice)
    owe(facts, 1, blue["gross_fen"])
    assert differences(facts) == {("receivable-duplicated", "XSCK-202611-00002")}


def test_a_write_off_settles_a_receivable(facts: dict[str, Any]) -> None:
    item = receivable(facts, 2)
    facts["finance"]["clearings"] = [
        {"kind": "write_off", "number": "HZ-202611-00001", "receivable_id": 2, "amount_fen": 9998}
    ]
    assert differences(facts) == {("settlement-differs", item["number"])}
    item["settled_fen"] = 9998
    owe(facts, 1, -9998)
    assert differences(facts) == set()


def test_an_advance_is_neither_applied_nor_unapplied(facts: dict[str, Any]) -> None:
    finance = facts["finance"]
    advance = flow.receipt(3, 3, 5000, 0)
    finance["receipts"].append(advance)
    assert differences(facts) == {("settlement-differs", advance["number"])}
    advance["advance_fen"] = 5000
    assert differences(facts) == set()


def test_a_reversed_receipt_is_nothing_any_more(facts: dict[str, Any]) -> None:
    gone = {**flow.receipt(3, 3, 5000, 0), "reversed": True}
    facts["finance"]["receipts"].append(gone)
    assert differences(facts) == set()
    gone["unapplied_fen"] = 5000
    assert ("subledger-differs", "3") in differences(facts)


def test_a_settlement_and_its_reversal_come_to_nothing(facts: dict[str, Any]) -> None:
    finance = facts["finance"]
    first = finance["settlements"][0]
    parts = [{**part, "amount_fen": -part["amount_fen"]} for part in first["allocations"]]
    finance["settlements"].append({**first, "id": 3, "number": "HX-202611-00003", "allocations": parts})
    item, paid = receivable(facts, 1), finance["receipts"][0]
    assert differences(facts) == {("settlement-differs", item["number"]), ("settlement-differs", paid["number"])}
    for customer in (finance["customers"][0], facts["crm"]["customers"][0]):
        customer["open_fen"] += item["settled_fen"]
    item["settled_fen"], paid["unapplied_fen"] = 0, paid["amount_fen"]
    finance["customers"][0]["unapplied_fen"] = paid["amount_fen"]
    assert differences(facts) == set()


def test_what_waits_for_acceptance_is_not_owed_and_needs_no_voucher(facts: dict[str, Any]) -> None:
    item = receivable(facts, 2)
    item["recognised"], item["voucher"] = False, None
    owe(facts, 1, -item["gross_fen"])
    assert differences(facts) == set()
    item["recognised"] = True
    found = differences(facts)
    assert ("voucher-missing", item["number"]) in found
    assert ("subledger-differs", "1") in found
