"""Whatever people do, in whatever order: stock stays whole, and part shipments add up.

The machine calls the operations themselves on a database in memory, each in a transaction that a refusal rolls back, as the kernel does.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlite_utils
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.kernel.money import text_from_e4, text_from_milli
from shapan.kernel.system import Answer, Context
from shapan.scm import SYSTEM
from shapan.scm.operations import deliveries, sales_orders, stock
from tests.scm.opening import value_opening

PRODUCTS = ("A-1", "B-2")
WAREHOUSES = ("CK01", "CK02")
OPENING = {("A-1", "CK01"): 12_000, ("B-2", "CK01"): 7_500}
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)

# Small and mostly whole, so that orders are often part-shipped, back-ordered and completed; prices with four decimals, so that shares round.
quantities = st.one_of(st.integers(1, 4).map(str), st.integers(1, 12_000).map(text_from_milli))
order_lines = st.fixed_dictionaries(
    {
        "product_code": st.sampled_from(PRODUCTS),
        "quantity": st.integers(1, 6).map(str),
        "unit": st.sampled_from([None, "件", "箱"]),
        "unit_price": st.integers(0, 999_999).map(text_from_e4),
        "tax_rate": st.sampled_from(["0", "0.06", "0.13"]),
    }
)


def opened() -> sqlite3.Connection:
    """A database with two products and two warehouses, one of them empty."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(db)
    db.table("partner").insert(
        {
            "id": 1,
            "code": "KH00001",
            "short_name": "北京华信科技",
            "created_at": "2026-11-01",
            "updated_at": "2026-11-01",
        }
    )
    db.table("warehouse").insert_all({"code": code, "name": code, "address": ""} for code in WAREHOUSES)
    for code in PRODUCTS:
        db.table("product").insert(
            {"code": code, "name": code, "spec": "", "model": "", "category": "", "base_unit": "件", "rate_bp": 1300}
        )
        db.table("product_unit").insert_all(
            {"product_code": code, "position": n, "unit": unit, "factor_milli": factor}
            for n, (unit, factor) in enumerate([("件", 1000), ("箱", 2500)])
        )
    db.table("stock").insert_all(
        {
            "product_code": product,
            "warehouse_code": warehouse,
            "opening_milli": milli,
            "opening_value_fen": 0,
            "on_hand_milli": milli,
            "reserved_milli": 0,
        }
        for (product, warehouse), milli in OPENING.items()
    )
    value_opening(connection)
    return connection


class Warehouse(RuleBasedStateMachine):
    """Random business on one database."""

    orders = Bundle("orders")
    drafts = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self.db = opened()
        self.seen_events: list[tuple[str, str]] = []

    def teardown(self) -> None:
        self.db.close()

    @property
    def facts(self) -> dict[str, Any]:
        assert SYSTEM.facts is not None
        return SYSTEM.facts(self.db, date(2026, 11, 24))

    def call(self, operation: Callable[..., Answer], **arguments: Any) -> Any:
        """The answer's body, or None after a refusal, which must have changed nothing."""
        context = Context(self.db, NOW, "default", "tests", "http://127.0.0.1", "/", "", "1")
        before = self.facts
        self.db.execute("BEGIN IMMEDIATE")
        refusal: Problem | None = None
        try:
            answer = operation(context, **arguments)
        except Problem as problem:
            refusal = problem
        if refusal is not None:
            self.db.execute("ROLLBACK")
            assert refusal.status in (409, 422)
            assert self.facts == before
            return None
        self.db.execute("COMMIT")
        self.seen_events += [(event.type, event.subject) for event in context.events]
        return answer.body

    def order(self, number: str) -> dict[str, Any]:
        return next(order for order in self.facts["sales_orders"] if order["number"] == number)

    def assert_nothing_waits_beside_stock(self, number: str) -> None:
        """After a reservation, a line waits only where nothing is available."""
        order = self.order(number)
        free = {
            (row["product_code"], row["warehouse_code"]): row["on_hand_milli"] - row["reserved_milli"]
            for row in self.facts["stock"]
        }
        for line in order["lines"]:
            if line["quantity_milli"] > line["reserved_milli"] + line["shipped_milli"]:
                assert free.get((line["product_code"], order["warehouse_code"]), 0) == 0

    @rule(
        kind=st.sampled_from(["other_receipt", "other_issue"]),
        product_code=st.sampled_from(PRODUCTS),
        warehouse_code=st.sampled_from(WAREHOUSES),
        quantity=quantities,
    )
    def move(self, **body: Any) -> None:
        self.call(stock.create_stock_movement, body=body)

    @precondition(lambda self: len(self.facts["sales_orders"]) < 5)
    @rule(
        target=orders,
        warehouse_code=st.sampled_from(WAREHOUSES),
        lines=st.lists(order_lines, min_size=1, max_size=3),
        approve=st.booleans(),
    )
    def enter(self, warehouse_code: str, lines: list[dict[str, Any]], approve: bool) -> Any:
        body = {"partner_code": "KH00001", "warehouse_code": warehouse_code, "lines": lines}
        order = self.call(sales_orders.create_sales_order, body=body)
        assert order is not None
        assert order["state"] == "draft"
        if approve:
            self.approve(order["sales_order_no"])
        return order["sales_order_no"]

    @rule(number=orders)
    def approve(self, number: str) -> None:
        was = self.order(number)["state"]
        order = self.call(sales_orders.approve_sales_order, sales_order_no=number)
        assert (order is not None) == (was == "draft")
        if order is not None:
            self.assert_nothing_waits_beside_stock(number)

    @rule(number=orders)
    def allocate(self, number: str) -> None:
        was = self.order(number)["state"]
        order = self.call(sales_orders.allocate_sales_order, sales_order_no=number)
        assert (order is not None) == (was == "approved")
        if order is not None:
            self.assert_nothing_waits_beside_stock(number)

    @rule(number=orders)
    def cancel(self, number: str) -> None:
        before = self.order(number)
        shipped = any(line["shipped_milli"] for line in before["lines"])
        order = self.call(sales_orders.cancel_sales_order, sales_order_no=number)
        assert (order is not None) == (before["state"] == "draft" or (before["state"] == "approved" and not shipped))

    @rule(target=drafts, number=orders)
    def deliver_all(self, number: str) -> Any:
        delivery = self.call(deliveries.create_delivery, body={"sales_order_no": number})
        return multiple() if delivery is None else delivery["delivery_no"]

    @rule(target=drafts, number=orders, line_no=st.sampled_from([1, 1, 2, 3]), quantity=quantities)
    def deliver_part(self, number: str, line_no: int, quantity: str) -> Any:
        body = {"sales_order_no": number, "lines": [{"line_no": line_no, "quantity": quantity}]}
        delivery = self.call(deliveries.create_delivery, body=body)
        return multiple() if delivery is None else delivery["delivery_no"]

    @rule(number=orders, line_no=st.sampled_from([1, 1, 2, 3]), quantity=quantities)
    def ship_part_at_once(self, number: str, line_no: int, quantity: str) -> None:
        body = {"sales_order_no": number, "lines": [{"line_no": line_no, "quantity": quantity}]}
        delivery = self.call(deliveries.create_delivery, body=body)
        if delivery is not None:
            assert (
                self.call(deliveries.ship_delivery, delivery_no=delivery["delivery_no"], body={})["state"] == "shipped"
            )

    @rule(number=orders)
    def receive_what_waits(self, number: str) -> None:
        """Somebody buys what the order lacks; then it can be reserved to the last piece."""
        order = self.order(number)
        if order["state"] != "approved":
            return
        lacking: defaultdict[str, int] = defaultdict(int)
        for line in order["lines"]:
            lacking[line["product_code"]] += line["quantity_milli"] - line["reserved_milli"] - line["shipped_milli"]
        for product_code, milli in lacking.items():
            if milli:
                body = {
                    "kind": "other_receipt",
                    "product_code": product_code,
                    "warehouse_code": order["warehouse_code"],
                }
                assert self.call(stock.create_stock_movement, body={**body, "quantity": text_from_milli(milli)})
        allocated = self.call(sales_orders.allocate_sales_order, sales_order_no=number)
        assert {line["backorder_quantity"] for line in allocated["lines"]} == {"0"}

    @rule(number=orders, cuts=st.lists(st.integers(1, 3_000), min_size=1, max_size=3))
    def ship_in_parts(self, number: str, cuts: list[int]) -> None:
        """Each line goes out in several parts, of which the last one takes the rest."""
        self.receive_what_waits(number)
        for cut in cuts:
            ready = [line for line in self.order(number)["lines"] if line["reserved_milli"] > cut]
            lines = [{"line_no": line["line"], "quantity": text_from_milli(cut)} for line in ready]
            body = {"sales_order_no": number, "lines": lines} if lines else {"sales_order_no": number}
            delivery = self.call(deliveries.create_delivery, body=body)
            if delivery is not None:
                self.call(deliveries.ship_delivery, delivery_no=delivery["delivery_no"], body=None)
        delivery = self.call(deliveries.create_delivery, body={"sales_order_no": number})
        if delivery is not None:
            self.call(deliveries.ship_delivery, delivery_no=delivery["delivery_no"], body=None)

    @rule(number=drafts)
    def ship(self, number: str) -> None:
        self.call(deliveries.ship_delivery, delivery_no=number, body=None)

    @rule(number=drafts)
    def drop(self, number: str) -> None:
        self.call(deliveries.cancel_delivery, delivery_no=number)

    @invariant()
    def stock_is_whole(self) -> None:
        facts = self.facts
        reserved: defaultdict[tuple[str, str], int] = defaultdict(int)
        for order in facts["sales_orders"]:
            for line in order["lines"]:
                assert order["state"] == "approved" or line["reserved_milli"] == 0
                assert (
                    0
                    <= line["shipped_milli"]
                    <= line["shipped_milli"] + line["reserved_milli"]
                    <= line["quantity_milli"]
                )
                reserved[line["product_code"], order["warehouse_code"]] += line["reserved_milli"]
        for row in facts["stock"]:
            assert 0 <= row["reserved_milli"] <= row["on_hand_milli"]
            assert row["on_hand_milli"] == row["opening_milli"] + row["movements_milli"]
            assert row["reserved_milli"] == reserved.pop((row["product_code"], row["warehouse_code"]), 0)
        assert not any(reserved.values())

    @invariant()
    def deliveries_agree_with_their_orders(self) -> None:
        facts = self.facts
        parts: defaultdict[tuple[str, str, int], list[dict[str, Any]]] = defaultdict(list)
        for delivery in facts["deliveries"]:
            for line in delivery["lines"]:
                parts[delivery["state"], delivery["sales_order"], line["line"]].append(line)
        for order in facts["sales_orders"]:
            complete = True
            for line in order["lines"]:
                shipped = parts["shipped", order["number"], line["line"]]
                drafted = parts["draft", order["number"], line["line"]]
                assert sum(part["quantity_milli"] for part in shipped) == line["shipped_milli"]
                assert sum(part["quantity_milli"] for part in drafted) <= line["reserved_milli"]
                net, tax = sum(part["net_fen"] for part in shipped), sum(part["tax_fen"] for part in shipped)
                assert 0 <= net <= line["net_fen"]
                assert 0 <= tax <= line["tax_fen"]
                if line["shipped_milli"] == line["quantity_milli"]:
                    assert (net, tax) == (line["net_fen"], line["tax_fen"])
                else:
                    complete = False
            assert (order["state"] == "closed") == complete
            assert order["gross_fen"] == sum(line["net_fen"] + line["tax_fen"] for line in order["lines"])

    @invariant()
    def each_change_is_told_once(self) -> None:
        facts = self.facts
        expected = [
            ("scm.sales_order.cancelled", o["number"]) for o in facts["sales_orders"] if o["state"] == "cancelled"
        ]
        expected += [("scm.delivery.shipped", d["sales_order"]) for d in facts["deliveries"] if d["state"] == "shipped"]
        got = [event for event in self.seen_events if event[0] != "scm.sales_order.approved"]
        assert sorted(got) == sorted(expected)

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        for kind, prefix in (("sales_orders", "XSDD-202611-"), ("deliveries", "XSCK-202611-")):
            numbers = [document["number"] for document in self.facts[kind]]
            assert numbers == [f"{prefix}{n:05d}" for n in range(1, len(numbers) + 1)]


TestWarehouse = Warehouse.TestCase
TestWarehouse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
