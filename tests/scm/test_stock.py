"""Stock balances, receipts and issues over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.conftest import Clerk

pytestmark = pytest.mark.in_process


def movement(product_code: str, kind: str, quantity: str, **members: Any) -> dict[str, Any]:
    return {"kind": kind, "warehouse_code": "CK01", "product_code": product_code, "quantity": quantity, **members}


def test_a_receipt_and_an_issue_move_the_balance_and_are_in_the_ledger(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    opening = Decimal(clerk.balance(code)["on_hand"])
    answer = scm.post("/stock-movements", json=movement(code, "other_receipt", "12.5", note="盘盈入库"))
    receipt = clerk.document(answer, 201)
    assert answer.headers["Location"].endswith(f"/stock-movements/{receipt['movement_no']}")
    assert (receipt["direction"], receipt["quantity"], receipt["note"]) == ("in", "12.5", "盘盈入库")
    assert Decimal(receipt["on_hand_after"]) == opening + Decimal("12.5")
    issue = clerk.document(scm.post("/stock-movements", json=movement(code, "other_issue", "0.001")), 201)
    assert (issue["direction"], issue["quantity"], issue["note"]) == ("out", "0.001", None)
    balance = clerk.balance(code)
    assert balance["on_hand"] == balance["available"] == issue["on_hand_after"]
    assert Decimal(balance["on_hand"]) == opening + Decimal("12.499")
    assert balance["unit"] == clerk.product["base_unit"] == receipt["unit"]
    ledger = scm.get("/stock-movements", params={"product_code": code}).json()
    assert ledger["items"] == [receipt, issue]
    assert clerk.get(f"/stock-movements/{issue['movement_no']}") == issue
    for query, found in [
        ({"kind": "other_issue"}, [issue]),
        ({"warehouse_code": "CK02"}, []),
        ({"source_document": "X"}, []),
    ]:
        assert scm.get("/stock-movements", params=query).json()["items"] == found
    assert [int(m["movement_no"].rpartition("-")[2]) for m in ledger["items"]] == [1, 2]


def test_a_warehouse_gets_its_first_stock_of_a_product_by_a_receipt(scm: Api, clerk: Clerk) -> None:
    code = next(p["product_code"] for p in clerk.products if (p["product_code"], "CK02") not in clerk.stock)
    refused = scm.post("/stock-movements", json={**movement(code, "other_issue", "1"), "warehouse_code": "CK02"})
    assert refused.status_code == 409
    receipt = clerk.receive(code, "3", "CK02")
    assert receipt["on_hand_after"] == clerk.balance(code, "CK02")["available"] == "3"


def test_an_issue_never_takes_what_is_reserved(scm: Api, clerk: Clerk, refusal: Callable[..., list[str]]) -> None:
    code = clerk.product["product_code"]
    clerk.approved(clerk.line("100"))
    balance = clerk.balance(code)
    assert balance["reserved"] == "100"
    everything = movement(code, "other_issue", balance["on_hand"])
    assert refusal(scm.post("/stock-movements", json=everything), 409, "insufficient-stock") == []
    assert clerk.balance(code) == balance
    clerk.document(scm.post("/stock-movements", json=movement(code, "other_issue", balance["available"])), 201)
    left = clerk.balance(code)
    assert (left["on_hand"], left["reserved"], left["available"]) == ("100", "100", "0")
    assert (
        refusal(scm.post("/stock-movements", json=movement(code, "other_issue", "0.001")), 409, "insufficient-stock")
        == []
    )


def test_unknown_codes_are_both_named(scm: Api, refusal: Callable[..., list[str]]) -> None:
    body = {**movement("NO-1", "other_receipt", "1"), "warehouse_code": "NO99"}
    assert refusal(scm.post("/stock-movements", json=body), 422, "business-rule") == [
        "/warehouse_code",
        "/product_code",
    ]


def test_every_fault_of_a_movement_is_named(scm: Api, refusal: Callable[..., list[str]]) -> None:
    body = {
        "kind": "sales_issue",
        "warehouse_code": "ck",
        "product_code": "",
        "quantity": "-1",
        "note": "\n",
        "extra": 1,
    }
    assert sorted(refusal(scm.post("/stock-movements", json=body), 400, "validation-failed")) == [
        "/extra",
        "/kind",
        "/note",
        "/product_code",
        "/quantity",
        "/warehouse_code",
    ]


def test_quantities_are_positive_decimals_with_three_places_at_most(scm: Api, clerk: Clerk) -> None:
    code = clerk.product["product_code"]
    for wrong in ("0", "0.000", "01", "1.2345", "1e3", " 1", "1.", ".5", "+1", "10000000000", 1):
        answer = scm.post("/stock-movements", json={**movement(code, "other_receipt", "1"), "quantity": wrong})
        assert answer.status_code == 400, wrong
    for right in ("0.001", "1.50", "9999999999.999"):
        clerk.receive(code, right)


def test_a_movement_is_booked_once_per_key(scm: Api, clerk: Clerk) -> None:
    body = movement(clerk.product["product_code"], "other_receipt", "5")
    answers = [scm.post("/stock-movements", json=body, headers={"Idempotency-Key": "m-1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert scm.get("/stock-movements").json()["total"] == 1


def test_balances_are_filtered_and_paged(scm: Api, clerk: Clerk) -> None:
    whole = scm.get("/stock", params={"page_size": 200}).json()["items"]
    assert {row["warehouse_code"] for row in whole} == {"CK01", "CK02"}
    in_main = scm.get("/stock", params={"warehouse_code": "CK01"}).json()
    assert in_main["items"] == [row for row in whole if row["warehouse_code"] == "CK01"]
    paged = [scm.get("/stock", params={"page": n, "page_size": 10}).json() for n in (1, 2, 3)]
    assert [row for page in paged for row in page["items"]] == whole
    assert scm.get("/stock", params={"product_code": "NO-1"}).json()["total"] == 0
