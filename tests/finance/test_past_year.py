"""Receivables, receipts, payables and payments of before the books opened: read, settled and taken away like any opening item."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from shapan.finance import SYSTEM
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.world import World, WorldSpec, build_world
from tests.conftest import CLIENT, Api

NOW = datetime(2031, 1, 6, 9, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def world() -> World:
    """A world in which money went astray: the small trading company in its worst state."""
    return build_world(WorldSpec("trading", "small", 42, date(2031, 1, 1), "filthy"))


@pytest.fixture
def books(world: World, tmp_path: Path) -> Iterator[Api]:
    """Finance with that world, on 6 January 2031."""
    runtime = Runtime(SYSTEM, Settings(tmp_path, (CLIENT,), lambda: world, strict=True))
    runtime.start()
    clock = runtime.workspace("default").clock
    clock.freeze()
    clock.advance(NOW - clock.now())
    with httpx.Client(transport=httpx.WSGITransport(create_app(runtime)), base_url="http://127.0.0.1") as http:
        yield Api(http, runtime)
    runtime.stop()


def rows(books: Api, path: str, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"watermark": 0, "has_more": True}
    while page["has_more"]:
        page = books.get(path, params={"changed_since": page["watermark"], "limit": 200, **filters}).json()
        found += page["items"]
    return found


def checks(books: Api) -> list[Any]:
    steps = books.get("/periods/2031-01/checklist").json()["steps"]
    return next(list(step["reasons"]) for step in steps if step["step"] == "checks")


def test_the_past_is_told_without_vouchers(books: Api, world: World) -> None:
    receipts = rows(books, "/receipts")
    told = {
        receipt.number: (f"{receipt.amount_fen / 100:.2f}", f"{receipt.settled_fen / 100:.2f}")
        for sale in world.sales
        for receipt in sale.receipts
    }
    assert {one["number"]: (one["amount"], one["applied_amount"]) for one in receipts} == told
    assert all(one["opening"] and one["voucher_id"] is None and one["voucher_label"] is None for one in receipts)
    assert [one["business_date"] for one in receipts] == sorted(one["business_date"] for one in receipts)
    unapplied = [one for one in receipts if one["state"] == "unapplied"]
    unknown = books.get("/customers", params={"short_name": "待查款项"}).json()["items"]
    # Money of which nobody knows whom it is from, and money that was not settled.
    assert 0 < sum(one["customer_id"] == unknown[0]["id"] for one in unapplied) < len(unapplied)
    receivables = rows(books, "/receivables")
    assert len(receivables) == len(world.sales) + len(world.carried)
    followed = {one["source_reference"]["document"]: one for one in receivables if one["source_reference"]}
    sale = world.sales[0]
    one = followed[sale.delivery_number]
    assert (one["number"], one["order_reference"], one["opening"]) == (sale.receivable_number, sale.order_number, True)
    assert [line["net_amount"] for line in one["lines"]] == [f"{line.net_fen / 100:.2f}" for line in sale.lines]
    # Some are short by cents, some as old as can be.
    assert any(one["state"] == "partly_settled" and float(one["open_amount"]) < 0.1 for one in receivables)
    assert min(one["business_date"] for one in receivables) < "2029-12-31"
    payables = rows(books, "/payables")
    assert len(payables) == len(world.purchases)
    assert sum(one["state"] == "settled" for one in payables) == len(rows(books, "/payments")) > 0
    assert checks(books) == []


def test_money_that_lay_about_is_settled_moved_and_not_reversed(books: Api, refusal: Callable[..., list[str]]) -> None:
    debts = {one["customer_id"]: one for one in rows(books, "/receivables", state="open")}
    lying = [one for one in rows(books, "/receipts", state="unapplied") if one["customer_id"] in debts]
    assert lying
    receipt, debt = lying[0], debts[lying[0]["customer_id"]]
    back = books.post(f"/receipts/{receipt['id']}/reverse", json={"reason": "不是我们的"})
    assert refusal(back, 409, "opening-item") == []
    part = f"{min(float(receipt['amount']), float(debt['open_amount'])) / 2:.2f}"
    allocation = {"receivable_id": debt["id"], "amount": part}
    settled = books.post("/settlements", json={"receipt_id": receipt["id"], "allocations": [allocation]})
    assert settled.status_code == 201, settled.text
    assert checks(books) == []
    # A settlement of the past is taken back on a day of the open period; then both documents are open again.
    past = rows(books, "/settlements")[0]
    undone = books.post(f"/settlements/{past['id']}/reverse", json={"reason": "核错了"})
    assert undone.status_code in (200, 201), undone.text
    assert books.get(f"/receipts/{past['receipt_id']}").json()["state"] == "unapplied"
    assert checks(books) == []
    # Nothing is in the ledger by now, and what moves to the account of advances is.
    assert books.get("/vouchers").json()["items"] == []
    moved = books.post(f"/receipts/{receipt['id']}/advance", json={})
    assert moved.status_code == 200, moved.text
    assert len(books.get("/vouchers").json()["items"]) == 1
    assert checks(books) == []


def test_new_opening_balances_take_the_past_away(books: Api) -> None:
    lines = [{"account_code": "100201", "debit": "1000.00"}, {"account_code": "4001", "credit": "1000.00"}]
    answer = books.put("/opening-balances", json={"lines": lines})
    assert answer.status_code == 200, answer.text
    for path in ("/receivables", "/receipts", "/settlements", "/payables", "/payments", "/payable-settlements"):
        assert books.get(path).json()["items"] == [], path
    assert checks(books) == []


def test_another_standard_takes_the_past_along(books: Api) -> None:
    before = {path: len(rows(books, path)) for path in ("/receivables", "/receipts", "/settlements", "/payables")}
    choices = {"standard": "small_enterprise", "taxpayer_kind": "small_scale", "opening_period": "2031-01"}
    answer = books.put("/books", json=choices)
    assert answer.status_code == 200, answer.text
    assert {path: len(rows(books, path)) for path in before} == before
    assert checks(books) == []
    late = books.put("/books", json={**choices, "opening_period": "2029-01"})
    assert late.status_code == 422
    assert [error["pointer"] for error in late.json()["errors"]] == ["/opening_period"]


def test_what_has_a_voucher_and_what_has_none_is_kept_apart(books: Api) -> None:
    """The database itself refuses a receipt of the open books without a voucher, and to lose one once something is posted."""
    with books.runtime.workspace("default").database.write() as db:
        columns = ", ".join(row[1] for row in db.execute("PRAGMA table_info(receipt)") if row[1] != "id")
        last = db.execute("SELECT max(change) FROM receipt").fetchone()[0]
        select = columns.replace("number", "'SK-X'").replace("change", str(last + 100_000)).replace("opening", "0")
        with pytest.raises(sqlite3.IntegrityError, match="it has no voucher"):
            db.execute(f"INSERT INTO receipt ({columns}) SELECT {select} FROM receipt LIMIT 1")
    entry = {"date": "2031-01-06", "lines": [{"summary": "费用", "account_code": "6602", "debit": "1.00"}, {"summary": "费用", "account_code": "100201", "credit": "1.00"}]}  # fmt: skip
    assert books.post("/vouchers", json=entry).status_code == 201
    for table in ("settlement_line", "settlement", "receivable_line", "receipt", "payable_settlement_line"):
        with (
            pytest.raises(sqlite3.IntegrityError, match=f"{table}: what is posted is never deleted"),
            books.runtime.workspace("default").database.write() as db,
        ):
            db.execute(f"DELETE FROM {table}")
