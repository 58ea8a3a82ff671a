"""Every profile opens balanced (建账平衡): the rooms take its masters and its past year, and their books agree with each other to the fen."""

from __future__ import annotations

import importlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from shapan.control.facts import read_books
from shapan.control.oracle import reconcile
from shapan.kernel.bulk.calls import Caller
from shapan.kernel.bulk.exports import every_record, walked
from shapan.kernel.clock import SHANGHAI
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.world import World, WorldSpec, build_world, list_profiles
from tests.conftest import CLIENT, Api

# Ahead of every real clock, which a simulated one cannot go behind.
OPENING, MONTH = date(2031, 1, 1), "2031-01"
NOW = datetime(2031, 1, 6, 9, tzinfo=SHANGHAI)
SYSTEMS = ("crm", "scm", "finance")


class Sandbox(NamedTuple):
    """A world and the three systems that were seeded with it, in strict mode."""

    world: World
    crm: Api
    scm: Api
    finance: Api

    def facts(self) -> dict[str, Any]:
        return {name: getattr(self, name).http.get("/_shapan/facts").json()["facts"] for name in SYSTEMS}


@pytest.fixture(scope="module", params=list_profiles())
def sandbox(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Made once for each profile; tests that change something come last."""
    world = build_world(WorldSpec(request.param, "tiny", 42, OPENING))
    folder: Path = tmp_path_factory.mktemp(f"world-{request.param}")
    with ExitStack() as stack:
        apis = []
        for name in SYSTEMS:
            system = importlib.import_module(f"shapan.{name}").SYSTEM
            runtime = Runtime(system, Settings(folder / name, (CLIENT,), lambda: world, strict=True))
            runtime.start()
            stack.callback(runtime.stop)
            http = httpx.Client(transport=httpx.WSGITransport(create_app(runtime)), base_url="http://127.0.0.1")
            stack.enter_context(http)
            clock = runtime.workspace("default").clock
            clock.freeze()
            clock.advance(NOW - clock.now())
            apis.append(Api(http, runtime))
        yield Sandbox(world, *apis)


def test_every_list_shows_all_that_was_seeded_as_the_contract_says(sandbox: Sandbox) -> None:
    """Strict mode compares each answer with the contract; a list is walked to its end by the pages of an export."""
    for name in SYSTEMS:
        api: Api = getattr(sandbox, name)
        resources = api.runtime.bulk.resources
        job = type(
            "Job",
            (),
            {"base_url": "http://127.0.0.1", "client_id": CLIENT.client_id, "request_id": "", "traceparent": None},
        )()
        caller = Caller(api.runtime, "default", job)
        workspace = api.runtime.workspace("default")
        counts = {}
        with workspace.database.read() as db:
            for resource in resources.values():
                if resource.listing is None:
                    continue
                parent = walked(resource, resources, {})
                required = {p.name for p in resource.listing.parameters if p.required and p.location == "query"}
                if required or (parent is None and any(p.location == "path" for p in resource.listing.parameters)):
                    continue
                found = every_record(caller, db, workspace, resource.listing, {}, parent)
                counts[resource.name] = sum(1 for _ in found)
        masters = {"crm": "customers", "scm": "partners", "finance": "customers"}
        assert counts[masters[name]] >= 20, counts


def test_the_books_open_balanced_and_their_sub_ledgers_agree(sandbox: Sandbox) -> None:
    finance = sandbox.finance
    balance = finance.get("/trial-balance", params={"period": MONTH}).json()
    assert balance["balanced"] is True
    assert balance["totals"]["opening_debit"] == balance["totals"]["opening_credit"] != "0.00"
    checklist = finance.get(f"/periods/{MONTH}/checklist").json()["steps"]
    [checks] = [step for step in checklist if step["step"] == "checks"]
    assert checks["reasons"] == []
    facts = sandbox.facts()["finance"]
    assert facts["control_account"]
    assert all(row["ledger_1122_fen"] == row["subledger_fen"] for row in facts["control_account"])
    assert facts["vouchers"]["count"] == 0


def test_stock_is_worth_what_the_books_say(sandbox: Sandbox) -> None:
    """By product, to the fen: 1405 for goods, 1403 for materials."""
    opening = sandbox.finance.get("/opening-balances").json()["lines"]
    booked: Counter[tuple[str | None, str]] = Counter()
    for line in opening:
        if line["account_code"] in ("1403", "1405"):
            entity = sandbox.world.answer_key.entity("finance", "product", line["product_code"])
            booked[entity, line["account_code"]] += round(float(line["debit"]) * 100)
    kinds = {product.key: product.kind for product in sandbox.world.products}
    kept: Counter[tuple[str | None, str]] = Counter()
    for row in sandbox.facts()["scm"]["stock_values"]:
        entity = sandbox.world.answer_key.entity("scm", "product", row["product_code"])
        assert entity is not None
        kept[entity, "1403" if kinds[entity] == "material" else "1405"] += row["value_fen"]
        assert row["opening_fen"] + row["movements_fen"] == row["value_fen"]
    assert +kept == +booked
    assert sum(kept.values()) > 0


def test_the_stock_ledger_runs_from_its_opening_to_what_is_on_hand(sandbox: Sandbox) -> None:
    """In the order of booking and by day, for the company, each warehouse and each batch: never negative, and the sums are right."""
    with sandbox.scm.runtime.workspace("default").database.read() as db:
        company = {
            row[0]: [row[1], row[2]]
            for row in db.execute(
                "SELECT product_code, sum(opening_milli), sum(opening_value_fen) FROM stock GROUP BY 1"
            )
        }
        places = {
            (row[0], row[1]): row[2]
            for row in db.execute("SELECT product_code, warehouse_code, opening_milli FROM stock")
        }
        batches = {
            tuple(row[:3]): row[3]
            for row in db.execute("SELECT product_code, warehouse_code, batch_no, opening_milli FROM batch_stock")
        }
        days: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for row in db.execute("SELECT * FROM movement ORDER BY id"):
            known = company.setdefault(row["product_code"], [0, 0])
            known[0] += row["company_change_milli"]
            known[1] += row["value_change_fen"]
            assert [row["company_after_milli"], row["value_after_fen"]] == known
            place = (row["product_code"], row["warehouse_code"])
            places[place] = places.get(place, 0) + row["change_milli"]
            assert row["on_hand_after_milli"] == places[place] >= 0
            if row["batch_no"] is not None:
                batches[*place, row["batch_no"]] = batches.get((*place, row["batch_no"]), 0) + row["change_milli"]
                assert batches[*place, row["batch_no"]] >= 0
            days[place].append((row["business_date"], row["change_milli"]))
            assert row["business_date"] < OPENING.isoformat()
        stock = db.execute(
            "SELECT product_code, warehouse_code, opening_milli, on_hand_milli, reserved_milli FROM stock"
        ).fetchall()
        assert {(row[0], row[1]): row[3] for row in stock} == places
        assert all(row["reserved_milli"] == 0 for row in stock)
        for place, moves in days.items():
            on_hand = next(row["opening_milli"] for row in stock if (row[0], row[1]) == place)
            by_day: Counter[str] = Counter()
            for day, change in moves:
                by_day[day] += change
            for day in sorted(by_day):
                on_hand += by_day[day]
                assert on_hand >= 0, (place, day)
        assert {
            tuple(row[:3]): row[3]
            for row in db.execute("SELECT product_code, warehouse_code, batch_no, on_hand_milli FROM batch_stock")
        } == batches
        managed = {row[0] for row in db.execute("SELECT code FROM product WHERE batch_managed")}
        in_batches: Counter[tuple[str, str]] = Counter()
        for (product, warehouse, _), milli in batches.items():
            in_batches[product, warehouse] += milli
        assert +in_batches == Counter(
            {place: milli for place, milli in places.items() if place[0] in managed and milli}
        )
        costs = {row[0]: [row[1], row[2]] for row in db.execute("SELECT * FROM product_cost")}
        assert {code: cost for code, cost in costs.items() if cost != [0, 0]} == {
            code: cost for code, cost in company.items() if cost != [0, 0]
        }


def test_the_oracle_finds_nothing(sandbox: Sandbox) -> None:
    key = sandbox.world.answer_key
    books = read_books(sandbox.facts(), key.entity)
    verdict = reconcile(books)
    assert [found.en for found in verdict.differences] == []
    assert len(books.crm.orders) == len(books.scm.sales_orders) == len(books.scm.deliveries) > 20
    assert len(books.finance.receivables) >= len(books.scm.deliveries)
    assert books.finance.receipts
    assert books.finance.settlements


def test_goods_of_the_past_year_come_back(sandbox: Sandbox) -> None:
    """Of every delivered line something is returned: at its cost, and where batches are kept now as a batch of its own."""
    scm = sandbox.scm
    managed = {product.code for product in sandbox.world.products if product.batch_managed}
    latest = scm.get("/deliveries", params={"page_size": 200}).json()["items"][-1]
    lines = [{"line_no": line["line_no"], "quantity": "1"} for line in latest["lines"]]
    body = {"delivery_no": latest["delivery_no"], "reason": "客户退货", "lines": lines}
    made = scm.post("/sales-returns", json=body)
    assert made.status_code == 201, made.text
    number = made.json()["sales_return_no"]
    answer = scm.post(f"/sales-returns/{number}/receive", json={})
    assert answer.status_code == 200, answer.text
    moved = scm.get("/stock-movements", params={"source_document": number}).json()["items"]
    batches = {row["product_code"]: row["batch_no"] for row in moved}
    assert batches == {
        line["product_code"]: number if line["product_code"] in managed else None for line in latest["lines"]
    }
    with scm.runtime.workspace("default").database.read() as db:
        unequal = db.execute(
            "SELECT s.product_code, s.warehouse_code FROM stock AS s JOIN product AS p ON p.code = s.product_code"
            " WHERE p.batch_managed AND s.on_hand_milli <> (SELECT coalesce(sum(on_hand_milli), 0) FROM batch_stock AS b"
            " WHERE b.product_code = s.product_code AND b.warehouse_code = s.warehouse_code)"
        ).fetchall()
    assert unequal == []


def test_work_goes_on_after_the_past_year(sandbox: Sandbox) -> None:
    """Numbers go on, what is there is sold and paid, old items are settled, and the first period is closed."""
    crm, scm, finance = sandbox.crm, sandbox.scm, sandbox.finance
    customer = crm.get("/customers").json()["items"][0]
    product = crm.get("/products").json()["items"][0]
    order = crm.post(
        "/orders",
        json={"customerId": customer["id"], "lines": [{"productCode": product["code"], "quantity": 1}], "submit": True},
    )
    assert order.status_code == 201, order.text
    partner = scm.get("/partners").json()["items"][0]
    stocked = {
        row["product_code"]: row
        for row in scm.get("/stock", params={"page_size": 200}).json()["items"]
        if float(row["available"]) > 0
    }
    sold = next(
        p
        for p in scm.get("/products", params={"page_size": 200}).json()["items"]
        if p["product_code"] in stocked and p["kind"] in ("goods", "finished")
    )
    line = {
        "product_code": sold["product_code"],
        "quantity": "1",
        "unit": sold["base_unit"],
        "unit_price": "10.0000",
        "tax_rate": sold["tax_rate"],
    }
    made = scm.post(
        "/sales-orders",
        json={
            "partner_code": partner["partner_code"],
            "warehouse_code": stocked[sold["product_code"]]["warehouse_code"],
            "lines": [line],
        },
    )
    assert made.status_code == 201, made.text
    number = made.json()["sales_order_no"]
    assert scm.post(f"/sales-orders/{number}/approve").status_code == 200
    delivery = scm.post("/deliveries", json={"sales_order_no": number})
    assert delivery.status_code == 201, delivery.text
    shipped = scm.post(f"/deliveries/{delivery.json()['delivery_no']}/ship")
    assert shipped.status_code == 200, shipped.text
    assert float(shipped.json()["cost_amount"]) > 0
    debts = [
        row
        for row in finance.get("/receivables", params={"state": "open", "limit": 200}).json()["items"]
        if row["open_amount"] == row["gross_amount"]
    ]
    paid = finance.post(
        "/receipts",
        json={
            "customer_id": debts[0]["customer_id"],
            "business_date": NOW.date().isoformat(),
            "amount": debts[0]["open_amount"],
            "bank_account": "100201",
        },
    )
    assert paid.status_code == 201, paid.text
    settled = finance.post(
        "/settlements",
        json={
            "receipt_id": paid.json()["id"],
            "allocations": [{"receivable_id": debts[0]["id"], "amount": debts[0]["open_amount"]}],
        },
    )
    assert settled.status_code == 201, settled.text
    for step in finance.get(f"/periods/{MONTH}/checklist").json()["steps"]:
        done = finance.post(f"/periods/{MONTH}/steps/{step['step']}", json={})
        assert done.status_code == 200, done.text
    closed = finance.post(f"/periods/{MONTH}/close")
    assert closed.status_code == 200, closed.text
    assert finance.get("/trial-balance", params={"period": MONTH}).json()["balanced"] is True
    assert json.loads(json.dumps(sandbox.facts()["finance"]["vouchers"]["gaps"])) == []
