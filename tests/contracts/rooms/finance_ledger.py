"""Ledger, books and closing for Schemathesis: keys, and what their operations begin with (rooms/finance.py takes them in)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contracts.test_schemathesis import Desk

# Debit that equals credit; lines that make a rule balance.
SELDOM = ["createVoucherDraft", "putVoucherDraft", "putPostingRule", "putOpeningBalances"]
# What is possible only while nothing is posted, or when nothing is left to do.
BLANK = {"putBooks", "putOpeningBalances", "closePeriod", "reopenPeriod"}


def keys(world: Any, today: str) -> dict[str, list[Any]]:
    """By the parameter or member that takes them."""
    item = world.scm.products[0].code
    return {
        "path.draft_id": [1, 2],
        "path.document_kind": ["receivable", "receipt"],
        "path.step": ["goods_received_not_invoiced", "checks"],
        "path.store_code": ["MD01"],
        "path.item_code": [item],
        "query.account_code": ["1122", "1002"],
        "query.date": [today],
        "query.from_period": [today[:7]],
        "query.to_period": [today[:7]],
        "body.opening_period": [today[:7]],
        # A code for each that takes one: accounts, stores and items.
        "body.code": ["660201", "660202"],
        "body.checker": ["李静"],
    }


def prepare(desk: Desk, world: Any, today: str) -> bool:
    """The documents behind those keys; whether others may follow, or the books must stay as they are."""
    if desk.operation in BLANK:
        if desk.operation != "putOpeningBalances":
            desk.request(
                "PUT",
                "/books",
                standard="enterprise",
                taxpayer_kind="general",
                opening_period=today[:7],
                keep_opening_balances=False,
            )
        if desk.operation == "reopenPeriod":
            desk.post(f"/periods/{today[:7]}/close")
        return False
    lines = [
        {"summary": "办公费", "account_code": "6602", "debit": "5.00"},
        {"summary": "办公费", "account_code": "100201", "credit": "5.00"},
    ]
    for _ in range(2):
        desk.post("/vouchers", date=today, lines=lines)
        desk.post("/voucher-drafts", date=today, maker="王芳", lines=lines)
    return True
