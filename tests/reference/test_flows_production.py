"""Production: what went into a product, what was added, and what came out of it, in the books of finance."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .house import House, Integration, done

pytestmark = pytest.mark.in_process


def test_production_reaches_the_books_at_what_went_in(house: House, start: Callable[..., Integration]) -> None:
    scm, finance = house.scm, house.finance
    main = done(scm.get("/warehouses"))["items"][0]["warehouse_code"]
    category = done(scm.get("/categories"))["items"][0]["category_code"]
    for code, kind in (("MADE-PART", "material"), ("MADE-PUMP", "finished")):
        body = {"product_code": code, "name": code, "category": category, "base_unit": "台", "tax_rate": "0.13"}
        done(scm.post("/products", json={**body, "kind": kind}))
    lines = [{"product_code": "MADE-PART", "quantity": "2"}]
    done(scm.post("/boms", json={"product_code": "MADE-PUMP", "lines": lines}))
    stock = {"kind": "other_receipt", "warehouse_code": main, "product_code": "MADE-PART", "quantity": "50"}
    done(scm.post("/stock-movements", json={**stock, "unit_cost": "10"}))
    order = done(scm.post("/production-orders", json={"product_code": "MADE-PUMP", "quantity": "10"}))
    of = {"production_order_no": order["production_order_no"]}
    released = done(scm.post(f"/production-orders/{order['production_order_no']}/release"))
    issue = done(
        scm.post("/material-issues", json={**of, "lines": [{"line_no": 1, "quantity": "22"}], "allow_over_issue": True})
    )
    part = {"line_no": released["materials"][0]["line_no"], "quantity": "2"}
    back = done(scm.post("/material-returns", json={**of, "lines": [part]}))
    first = done(scm.post("/production-receipts", json={**of, "quantity": "4"}))
    rest = {**of, "quantity": "6", "labour_amount": "60.00", "overhead_amount": "12.50"}
    last = done(scm.post("/production-receipts", json=rest))
    start().run()
    start("another").run()

    def booked(source: str) -> list[tuple[str, str]]:
        items = done(finance.get("/inventory-documents", params={"source_document": source}))["items"]
        return [(document["kind"], document["amount"]) for document in items]

    assert booked(issue["material_issue_no"]) == [("material_issue", "220.00")]
    assert booked(back["material_return_no"]) == [("material_return", "20.00")]
    # No work was added to the first four, so there is no conversion cost of them.
    assert booked(first["production_receipt_no"]) == [("finished_goods", "80.00")]
    assert booked(last["production_receipt_no"]) == [("conversion_cost", "72.50"), ("finished_goods", "192.50")]
    period = issue["issue_date"][:7]
    accounts = {
        row["account_code"]: row for row in done(finance.get("/trial-balance", params={"period": period}))["rows"]
    }
    assert accounts["5001"]["movement_debit"] == accounts["5001"]["movement_credit"] == "272.50"
