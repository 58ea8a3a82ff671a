"""Warehouses and stores: opened, changed, listed by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.scm.works import Works

pytestmark = pytest.mark.in_process


def test_a_store_is_opened_changed_and_listed(works: Works, scm: Api, refusal: Callable[..., list[str]]) -> None:
    main = works.listed("/warehouses")[0]
    assert main["kind"] == "warehouse"
    store = works.new("/warehouses", warehouse_code="AA01", name="示范店", kind="store", address="上海市示范路8号")
    assert store == {"warehouse_code": "AA01", "name": "示范店", "kind": "store", "address": "上海市示范路8号"}
    assert works.last_event() == store
    assert works.events("AA01") == ["scm.warehouse.created"]
    assert works.listed("/warehouses", kind="store") == [store]
    assert store not in works.listed("/warehouses", kind="warehouse")
    # A store comes before the main warehouse in the alphabet, and does not become it.
    order = {"partner_code": "KH00001", "lines": [_line(works)]}
    assert works.new("/sales-orders", **order)["warehouse_code"] == main["warehouse_code"]

    changed = scm.put("/warehouses/AA01", json={"name": "示范旗舰店", "address": "上海市示范路10号"})
    assert changed.json() == {**store, "name": "示范旗舰店", "address": "上海市示范路10号"}
    assert works.get("/warehouses/AA01") == changed.json()

    taken = scm.post("/warehouses", json={"warehouse_code": "AA01", "name": "x", "address": "y"})
    assert refusal(taken, 409, "warehouse-exists") == []
    plain = works.new("/warehouses", warehouse_code="CK99", name="备用仓", address="上海市示范路9号")
    assert plain["kind"] == "warehouse"


def _line(works: Works) -> dict[str, str]:
    code = works.listed("/products")[0]["product_code"]
    return {"product_code": code, "quantity": "1", "unit_price": "1", "tax_rate": "0.13"}
