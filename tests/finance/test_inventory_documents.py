"""Inventory documents: the voucher of each kind under both standards, their reversal and their refusals; opening payables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.buyer import Buyer

pytestmark = pytest.mark.in_process

# kind -> (debit account, credit account, sign) under 企业会计准则.
KINDS = {
    "sales_cost": ("6401", "1405", ""),
    "sales_return_cost": ("6401", "1405", "-"),
    "goods_dispatched": ("1406", "1405", ""),
    "dispatched_cost": ("6401", "1406", ""),
    "material_issue": ("5001", "1403", ""),
    "material_return": ("5001", "1403", "-"),
    "conversion_cost": ("5001", "5101", ""),
    "finished_goods": ("1405", "5001", ""),
    "store_consumption": ("6401", "1403", ""),
    "store_consumption_return": ("6401", "1403", "-"),
    "count_gain": ("1405", "6602", ""),
    "count_loss": ("6602", "1405", ""),
    "cost_adjustment": ("6401", "1405", ""),
}
MATERIALS = {"material_issue", "material_return", "store_consumption", "store_consumption_return"}
SMALL = {"6401": "5401", "5001": "4001", "5101": "4101"}
"""Accounts of 小企业会计准则 that differ; a count goes to 营业外 there."""


def document(buyer: Buyer, kind: str, **members: Any) -> dict[str, Any]:
    stock_class = "materials" if kind in MATERIALS else "goods"
    body = {
        "kind": kind,
        "business_date": buyer.today.isoformat(),
        "source_reference": buyer.source("XSCK"),
        "lines": [
            {"product_code": buyer.product, "stock_class": stock_class, "quantity": "6", "amount": "62.40"},
            {"product_code": buyer.product, "stock_class": stock_class, "amount": "0.60"},
        ],
        **members,
    }
    if kind.startswith("store_"):
        body["store_code"] = "MD01"
    return body


def use(buyer: Buyer, standard: str) -> None:
    books = {
        "standard": standard,
        "taxpayer_kind": "general",
        "opening_period": buyer.api.get("/books").json()["opening_period"],
        "keep_opening_balances": True,
    }
    assert buyer.api.put("/books", json=books).status_code == 200


@pytest.mark.parametrize("standard", ["enterprise", "small_enterprise"])
def test_each_kind_makes_its_voucher_and_can_be_reversed(buyer: Buyer, standard: str) -> None:
    use(buyer, standard)
    buyer.office.post("/stores", {"code": "MD01", "name": "示范路店"})
    for kind, (debit, credit, sign) in KINDS.items():
        if standard == "small_enterprise":
            debit, credit = SMALL.get(debit, debit), SMALL.get(credit, credit)
            debit = "5711" if kind == "count_loss" else debit
            credit = "5301" if kind == "count_gain" else credit
        made = buyer.office.post("/inventory-documents", document(buyer, kind))
        assert (made["kind"], made["amount"]) == (kind, "63.00")
        entries = [(debit, f"{sign}63.00", "0.00"), (credit, "0.00", f"{sign}63.00")]
        assert buyer.entries(made["voucher_id"]) == entries, kind
        for line in buyer.voucher(made["voucher_id"])["lines"]:
            if line["account_code"] == "1405":
                assert (line["product_code"], line["quantity"]) == (buyer.product, f"{sign}6"), kind
            if kind.startswith("store_") and line["account_code"] in ("6401", "5401"):
                assert line["store_code"] == "MD01"
        back = buyer.office.post(f"/inventory-documents/{made['id']}/reverse", {"reason": "出库作废"})
        assert (back["amount"], back["reverses_id"]) == ("-63.00", made["id"])
        red = "" if sign else "-"
        assert buyer.entries(back["voucher_id"]) == [(debit, f"{red}63.00", "0.00"), (credit, "0.00", f"{red}63.00")]
        assert buyer.voucher(back["voucher_id"])["reverses"] == made["voucher_id"]
    listed, _ = buyer.office.walk("/inventory-documents", limit=5)
    assert len(listed) == 2 * len(KINDS)
    assert sum(item["reversed_by_id"] is not None for item in listed) == len(KINDS)
    kinds = {event["type"] for event in buyer.office.events()} - {"finance.supplier.created", "finance.store.created"}
    assert kinds == {"finance.inventory_document.posted", "finance.inventory_document.reversed"}


def test_a_count_loss_by_bad_management_gives_its_input_tax_back(buyer: Buyer) -> None:
    made = buyer.office.post("/inventory-documents", document(buyer, "count_loss", vat_transferred_out_amount="8.19"))
    assert made["vat_transferred_out_amount"] == "8.19"
    assert buyer.entries(made["voucher_id"]) == [
        ("6602", "71.19", "0.00"),
        ("1405", "0.00", "63.00"),
        ("22210109", "0.00", "8.19"),
    ]


def test_goods_dispatched_become_cost_when_they_are_accepted(buyer: Buyer) -> None:
    buyer.office.post("/inventory-documents", document(buyer, "goods_dispatched"))
    assert buyer.closing("1406") == "63.00"
    buyer.office.post("/inventory-documents", document(buyer, "dispatched_cost"))
    assert (buyer.closing("1406"), buyer.closing("6401")) == ("0.00", "63.00")


def test_a_user_can_change_which_entry_a_kind_makes(buyer: Buyer) -> None:
    rule = buyer.api.get("/posting-rules/sales_cost").json()
    lines = [{**line, "account": "6402"} if line["side"] == "debit" else line for line in rule["lines"]]
    changed = buyer.api.put("/posting-rules/sales_cost", json={"word": rule["word"], "lines": lines})
    assert changed.status_code == 200, changed.text
    made = buyer.office.post("/inventory-documents", document(buyer, "sales_cost"))
    assert buyer.entries(made["voucher_id"]) == [("6402", "63.00", "0.00"), ("1405", "0.00", "63.00")]


@pytest.mark.parametrize(
    ("kind", "members", "pointers"),
    [
        ("sales_cost", {"lines": [{"product_code": "NO-SUCH", "amount": "-1.00"}]}, ["/lines/0/product_code", "/lines/0/amount"]),
        ("store_consumption", {"store_code": None}, ["/store_code"]),
        ("sales_cost", {"store_code": "NO-SUCH", "vat_transferred_out_amount": "1.00"}, ["/vat_transferred_out_amount", "/store_code"]),
        ("cost_adjustment", {"lines": [("1.00"), ("-1.00")]}, ["/lines"]),
    ],
)  # fmt: skip
def test_faults_are_named(
    buyer: Buyer, refusal: Callable[..., list[str]], kind: str, members: dict[str, Any], pointers: list[str]
) -> None:
    body = {**document(buyer, kind), **members}
    body["lines"] = [
        line if isinstance(line, dict) else {"product_code": buyer.product, "amount": line} for line in body["lines"]
    ]
    body = {name: value for name, value in body.items() if value is not None}
    assert refusal(buyer.api.post("/inventory-documents", json=body), 422, "business-rule") == pointers


def test_reversed_once_only(buyer: Buyer, refusal: Callable[..., list[str]]) -> None:
    made = buyer.office.post("/inventory-documents", document(buyer, "cost_adjustment"))
    path = f"/inventory-documents/{made['id']}/reverse"
    back = buyer.office.post(path, {"reason": "出库作废"})
    for place in (path, f"/inventory-documents/{back['id']}/reverse"):
        assert refusal(buyer.api.post(place, json={"reason": "出库作废"}), 409, "already-reversed") == []
