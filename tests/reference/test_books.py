"""Which period a document goes to, and which inventory item a product is: against a scripted finance."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from shapan.reference.books import Books, late_text, next_month
from shapan.reference.errors import Refused
from shapan.reference.items import Item, Items, skeleton, swapped
from shapan.reference.state import State

Scripted = Callable[..., tuple[Any, Any]]
BODY = {
    "business_date": "2026-11-30",
    "source_reference": {"system": "scm", "document": "XSCK-202611-00009"},
    "summary": "销售出库",
}


def ok(body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body)


def refused(status: int, name: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"urn:shapan:problem:{name}", "detail": "No."})


def page(*items: dict[str, Any]) -> httpx.Response:
    return ok({"items": list(items), "watermark": len(items), "has_more": False})


def test_a_document_goes_to_the_period_of_its_day(scripted: Scripted) -> None:
    finance, script = scripted(ok({"id": 1}))
    assert Books(finance).post("/receivables", BODY, key="k", remark="summary") == {"id": 1}
    [request] = script.requests
    assert (json.loads(request.content), request.headers["Idempotency-Key"]) == (BODY, "k")


def test_a_late_one_goes_to_the_next_open_period_and_says_when_it_happened(scripted: Scripted) -> None:
    periods = page(
        {"period": "2026-11", "state": "locked"},
        {"period": "2026-12", "state": "locked"},
        {"period": "2027-01", "state": "closing"},
    )
    finance, script = scripted(refused(423, "period-locked"), periods, ok({"id": 2}))
    assert Books(finance).post("/receivables", BODY, key="k", remark="summary") == {"id": 2}
    posted = script.requests[-1]
    assert json.loads(posted.content) == BODY | {
        "business_date": "2027-01-01",
        "summary": "XSCK-202611-00009 业务日期 2026-11-30，原期间已结账；销售出库",
    }
    assert posted.headers["Idempotency-Key"] == "k/2027-01"


def test_what_is_refused_for_another_reason_stays_refused(scripted: Scripted) -> None:
    finance, script = scripted(refused(422, "validation-failed"))
    with pytest.raises(Refused):
        Books(finance).post("/receivables", BODY, key="k")
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("day", "month"), [("2026-12-31", "2027-01-01"), ("2026-01-31", "2026-02-01"), ("2028-02-01", "2028-03-01")]
)
def test_months_follow_each_other(day: str, month: str) -> None:
    assert next_month(date.fromisoformat(day)).isoformat() == month


def test_the_remark_fits_what_finance_takes() -> None:
    assert len(late_text("很长" * 200, "XSCK-202611-00009", "2026-11-30")) == 200
    assert late_text(None, "XSCK-1", "2026-11-30").startswith("XSCK-1 业务日期 2026-11-30")


@pytest.mark.parametrize(
    "code", ["CAB-3X25-YJV22", "cab-3x25-yjv22", "CAB3X25-YJV22", "CAB-3X2S-YJV22", "CAB 3X25-YJV22 "]
)
def test_codes_that_look_the_same(code: str) -> None:
    assert skeleton(code) == skeleton("CAB-3X25-YJV22")


def test_codes_that_do_not() -> None:
    assert len({skeleton(code) for code in ("CAB-3X25-YJV22", "CAB-3X25-YJV22-OLD", "CAB-3X35-YJV22")}) == 3
    assert (swapped("CAB-3X25-YJV22"), swapped("AB-1")) == ("CAB-YJV22-3X25", "AB-1")


@pytest.mark.parametrize("there", ["CAB-YJV22-3X25", "CAB-3X2S-YJV22"])
def test_a_product_is_the_item_that_looks_like_it_and_is_asked_for_once(
    scripted: Scripted, state: State, there: str
) -> None:
    product = {
        "product_code": "CAB-3X25-YJV22",
        "name": "电缆",
        "base_unit": "米",
        "category": "CAB",
        "kind": "material",
    }
    scm, _ = scripted(ok(product), refused(404, "not-found"))
    finance, script = scripted(page(), page({"code": "LED-1-A"}, {"code": there}))
    items = Items(scm, finance, state)
    assert [items.item_of("CAB-3X25-YJV22"), items.item_of("CAB-3X25-YJV22")] == [Item(there, "materials")] * 2
    assert len(script.requests) == 2


def test_a_product_that_two_items_look_like_is_entered(scripted: Scripted, state: State) -> None:
    product = {"product_code": "AB-O1-C2", "name": "灯", "base_unit": "件", "category": "AB", "kind": "goods"}
    scm, _ = scripted(ok(product))
    # Somebody else enters it at the same moment.
    finance, script = scripted(page(), page({"code": "AB-01-C2"}, {"code": "AB-0I-C2"}), refused(409, "code-exists"))
    assert Items(scm, finance, state).item_of("AB-O1-C2") == Item("AB-O1-C2", "goods")
    assert json.loads(script.requests[-1].content) == {"code": "AB-O1-C2", "name": "灯", "unit": "件", "category": "AB"}


def test_an_item_that_another_product_bears_as_its_own_code_is_not_taken(scripted: Scripted, state: State) -> None:
    product = {"product_code": "LED-1-S", "name": "灯", "base_unit": "件", "category": "LED", "kind": "goods"}
    scm, asked = scripted(ok(product), ok({**product, "product_code": "LED-1-5"}))
    finance, script = scripted(page(), page({"code": "LED-1-5"}), ok({}))
    assert Items(scm, finance, state).item_of("LED-1-S") == Item("LED-1-S", "goods")
    assert asked.requests[-1].url.path == "/products/LED-1-5"
    assert json.loads(script.requests[-1].content)["code"] == "LED-1-S"
