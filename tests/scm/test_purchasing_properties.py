"""Whatever is ordered, received, refused, sent back and re-priced, in whatever order: quantities stay within what was ordered, amounts add up.

The machine calls the operations themselves on a database in memory, each in a transaction that a refusal rolls back, as the kernel does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlite_utils
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.kernel.money import milli_from_text, text_from_e4, text_from_fen, text_from_milli
from shapan.kernel.system import Answer, Context
from shapan.scm import SYSTEM
from shapan.scm.operations import (
    cost_adjustments,
    goods_receipts,
    purchase_orders,
    purchase_requisitions,
    purchase_returns,
    stock,
    suppliers,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)
PLAIN, BATCHED = "A-1", "B-2"

quantities = st.one_of(st.integers(1, 6).map(str), st.integers(1, 6_000).map(text_from_milli))
refused = st.one_of(st.just(0), st.just(0), st.integers(1, 1_000))
prices = st.integers(0, 999_999).map(text_from_e4)
ordered_lines = st.lists(st.tuples(st.sampled_from([PLAIN, BATCHED]), quantities, prices), min_size=1, max_size=2)
seldom = st.sampled_from([False, False, False, True])


def opened() -> sqlite3.Connection:
    """A company that has nothing yet, with two products, of which one is kept in batches."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(db)
    db.table("warehouse").insert({"code": "CK01", "name": "主仓", "address": ""})
    for code in (PLAIN, BATCHED):
        row = {"code": code, "name": code, "spec": "", "model": "", "category": "", "base_unit": "件", "rate_bp": 1300}
        db.table("product").insert({**row, "batch_managed": int(code == BATCHED)})
        db.table("product_unit").insert({"product_code": code, "position": 0, "unit": "件", "factor_milli": 1000})
    return connection


class Buying(RuleBasedStateMachine):
    """Random business on one database."""

    requisitions = Bundle("requisitions")
    orders = Bundle("orders")
    receipts = Bundle("receipts")
    returns = Bundle("returns")

    def __init__(self) -> None:
        super().__init__()
        self.db = opened()
        self.told: list[str] = []
        self.suppliers = [
            self.call(suppliers.create_supplier, body={"name": "示例供应商", "over_receipt_tolerance": tolerance})[
                "supplier_code"
            ]
            for tolerance in ("0", "0.2")
        ]

    def teardown(self) -> None:
        self.db.close()

    def rows(self, sql: str) -> list[sqlite3.Row]:
        return self.db.execute(sql).fetchall()

    def call(self, operation: Callable[..., Answer], **arguments: Any) -> Any:
        """The answer's body, or None after a refusal, which must have changed nothing."""
        context = Context(self.db, NOW, "default", "tests", "http://127.0.0.1", "/", "", "1")
        self.db.execute("BEGIN IMMEDIATE")
        refusal: Problem | None = None
        try:
            answer = operation(context, **arguments)
        except Problem as problem:
            refusal = problem
        if refusal is not None:
            self.db.execute("ROLLBACK")
            assert refusal.status in (409, 422), refusal
            return None
        self.db.execute("COMMIT")
        self.told += [event.type for event in context.events]
        return answer.body

    def buy(self, supplier: int, lines: list[tuple[str, str, str]], received: int) -> tuple[str, str]:
        """An approved order, and a posted receipt of `received` percent of each line with a little refused; both numbers."""
        given = [{"product_code": code, "quantity": quantity, "unit_price": price} for code, quantity, price in lines]
        body: dict[str, Any] = {"supplier_code": self.suppliers[supplier], "lines": given}
        order = self.call(purchase_orders.create_purchase_order, body=body)["purchase_order_no"]
        assert self.call(purchase_orders.approve_purchase_order, purchase_order_no=order)
        arrived = [
            {
                "order_line": line_no,
                "quantity": text_from_milli(max(1, milli_from_text(line["quantity"]) * received // 100) + line_no),
                "rejected_quantity": text_from_milli(line_no),
                "reject_reason": "破损",
                "batch_no": f"P{line_no}" if line["product_code"] == BATCHED else None,
            }
            for line_no, line in enumerate(given, 1)
        ]
        body = {"purchase_order_no": order, "lines": arrived}
        receipt = self.call(goods_receipts.create_goods_receipt, body=body)["goods_receipt_no"]
        assert self.call(goods_receipts.post_goods_receipt, goods_receipt_no=receipt)
        return order, receipt

    @initialize(target=orders)
    def begin_with_an_order(self) -> str:
        return self.buy(1, [(PLAIN, "10", "3.3333"), (BATCHED, "5", "0.07")], 60)[0]

    @initialize(target=receipts)
    def begin_with_a_receipt(self) -> str:
        return self.buy(0, [(PLAIN, "7", "12.3456"), (BATCHED, "3", "9.99")], 90)[1]

    @rule(target=receipts, supplier=st.integers(0, 1), lines=ordered_lines, received=st.integers(1, 100))
    def buy_at_once(self, supplier: int, lines: list[tuple[str, str, str]], received: int) -> str:
        return self.buy(supplier, lines, received)[1]

    @initialize(target=requisitions, code=st.sampled_from([PLAIN, BATCHED]))
    def begin_with_a_requisition(self, code: str) -> str:
        return self.ask("4", code, True)

    def ask(self, quantity: str, code: str, approve: bool) -> str:
        body = {"lines": [{"product_code": code, "quantity": quantity}]}
        number = str(self.call(purchase_requisitions.create_purchase_requisition, body=body)["purchase_requisition_no"])
        if approve:
            assert self.call(purchase_requisitions.approve_purchase_requisition, purchase_requisition_no=number)
        return number

    @rule(
        target=requisitions,
        quantity=quantities,
        code=st.sampled_from([PLAIN, BATCHED]),
        approve=st.sampled_from([True, True, False]),
    )
    def ask_for(self, quantity: str, code: str, approve: bool) -> str:
        return self.ask(quantity, code, approve)

    @rule(number=requisitions, really=seldom)
    def close_requisition(self, number: str, really: bool) -> None:
        if really:
            self.call(purchase_requisitions.close_purchase_requisition, purchase_requisition_no=number)

    @rule(
        target=orders,
        supplier=st.integers(0, 1),
        lines=ordered_lines,
        requisition=st.one_of(st.none(), requisitions),
        part=st.booleans(),
        approve=st.sampled_from([True, True, False]),
    )
    def order(
        self, supplier: int, lines: list[tuple[str, str, str]], requisition: str | None, part: bool, approve: bool
    ) -> Any:
        given: list[dict[str, Any]] = [
            {"product_code": code, "quantity": quantity, "unit_price": price} for code, quantity, price in lines
        ]
        if requisition is not None:
            document = self.call(purchase_requisitions.get_purchase_requisition, purchase_requisition_no=requisition)
            asked = document["lines"][0]
            given[0] |= {"purchase_requisition_no": requisition, "requisition_line": 1}
            given[0]["product_code"] = asked["product_code"]
            if not part:
                given[0]["quantity"] = asked["open_quantity"] if asked["open_quantity"] != "0" else asked["quantity"]
        body = {"supplier_code": self.suppliers[supplier], "lines": given}
        order = self.call(purchase_orders.create_purchase_order, body=body)
        if order is None:
            assert requisition is not None
            return multiple()
        if approve:
            assert self.call(purchase_orders.approve_purchase_order, purchase_order_no=order["purchase_order_no"])
        return order["purchase_order_no"]

    @rule(number=orders, what=st.sampled_from(["approve", "close", "cancel"]), really=seldom)
    def act_on_order(self, number: str, what: str, really: bool) -> None:
        if what == "approve" or really:
            self.call(getattr(purchase_orders, f"{what}_purchase_order"), purchase_order_no=number)

    def cut(self, milli: int, room: int, beyond: bool) -> str:
        """A quantity that fits into what there is room for, unless it is to go beyond."""
        if beyond:
            return text_from_milli(max(0, room) + 1 + milli % 999)
        return text_from_milli(1 + milli % room if room > 0 else milli)

    @rule(
        target=receipts,
        number=orders,
        parts=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 6_000), refused, seldom), min_size=1, max_size=3),
        post=st.sampled_from([True, True, False]),
    )
    def receive(self, number: str, parts: list[tuple[int, int, int, bool]], post: bool) -> Any:
        open_lines = self.rows(
            "SELECT l.line_no, l.product_code, l.quantity_milli + l.quantity_milli * o.tolerance_bp / 10000 - l.received_milli AS room"
            f" FROM purchase_order_line AS l JOIN purchase_order AS o ON o.id = l.order_id WHERE o.number = '{number}' ORDER BY l.line_no"
        )
        given: list[dict[str, Any]] = []
        for index, milli, rejected, beyond in parts:
            ordered = open_lines[index % len(open_lines)]
            accepted = milli_from_text(self.cut(milli, ordered["room"] // len(parts), beyond))
            line = {"order_line": ordered["line_no"], "quantity": text_from_milli(accepted + rejected)}
            if rejected:
                line |= {"rejected_quantity": text_from_milli(rejected), "reject_reason": "破损"}
            if ordered["product_code"] == BATCHED:
                line |= {"batch_no": f"P{len(given)}"}
            given.append(line)
        receipt = self.call(goods_receipts.create_goods_receipt, body={"purchase_order_no": number, "lines": given})
        if receipt is None:
            return multiple()
        if post:
            assert self.call(goods_receipts.post_goods_receipt, goods_receipt_no=receipt["goods_receipt_no"])
        return receipt["goods_receipt_no"]

    @rule(target=receipts, number=orders)
    def receive_everything(self, number: str) -> Any:
        receipt = self.call(goods_receipts.create_goods_receipt, body={"purchase_order_no": number})
        return multiple() if receipt is None else receipt["goods_receipt_no"]

    @rule(number=receipts, what=st.sampled_from(["post", "post", "cancel"]))
    def act_on_receipt(self, number: str, what: str) -> None:
        self.call(getattr(goods_receipts, f"{what}_goods_receipt"), goods_receipt_no=number)

    @rule(
        target=returns,
        number=receipts,
        parts=st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 6_000), st.booleans(), seldom), min_size=1, max_size=2
        ),
        post=st.sampled_from([True, True, False]),
    )
    def send_back(self, number: str, parts: list[tuple[int, int, bool, bool]], post: bool) -> Any:
        came = self.rows(
            "SELECT g.*, quantity_milli - returned_milli AS room FROM goods_receipt_line AS g"
            f" WHERE receipt_id = (SELECT id FROM goods_receipt WHERE number = '{number}') ORDER BY line_no"
        )
        lines = []
        for index, milli, rejected, beyond in parts:
            line = came[index % len(came)]
            rejected = rejected and line["rejected_milli"] > line["returned_rejected_milli"]
            room = line["rejected_milli"] - line["returned_rejected_milli"] if rejected else line["room"]
            quantity = self.cut(milli, room // len(parts), beyond)
            lines.append({"receipt_line": line["line_no"], "quantity": quantity, "rejected": rejected})
        body = {"goods_receipt_no": number, "reason": "破损", "lines": lines}
        made = self.call(purchase_returns.create_purchase_return, body=body)
        if made is None:
            return multiple()
        if post:
            self.call(purchase_returns.post_purchase_return, purchase_return_no=made["purchase_return_no"])
        return made["purchase_return_no"]

    @rule(number=returns, what=st.sampled_from(["post", "cancel"]))
    def act_on_return(self, number: str, what: str) -> None:
        self.call(getattr(purchase_returns, f"{what}_purchase_return"), purchase_return_no=number)

    @rule(number=receipts, line_no=st.sampled_from([1, 1, 2]), fen=st.integers(0, 99_999))
    def another_price(self, number: str, line_no: int, fen: int) -> None:
        body = {"goods_receipt_no": number, "lines": [{"receipt_line": line_no, "amount": text_from_fen(fen)}]}
        self.call(cost_adjustments.create_cost_adjustment, body=body)

    @rule(code=st.sampled_from([PLAIN, BATCHED]), quantity=quantities)
    def use(self, code: str, quantity: str) -> None:
        body = {"kind": "other_issue", "warehouse_code": "CK01", "product_code": code, "quantity": quantity}
        self.call(stock.create_stock_movement, body=body)

    @invariant()
    def lines_keep_what_their_receipts_say(self) -> None:
        for row in self.rows(
            "SELECT l.*, o.state, o.tolerance_bp, (SELECT count(*) FROM purchase_order_line AS x WHERE x.order_id = o.id"
            " AND x.received_milli < x.quantity_milli) AS waiting,"
            " (SELECT coalesce(sum(g.quantity_milli), 0) FROM goods_receipt_line AS g JOIN goods_receipt AS r ON r.id = g.receipt_id"
            "  WHERE r.order_id = o.id AND g.order_line = l.line_no AND r.state = 'posted') AS posted_milli,"
            " (SELECT coalesce(sum(g.quantity_milli), 0) FROM goods_receipt_line AS g JOIN goods_receipt AS r ON r.id = g.receipt_id"
            "  WHERE r.order_id = o.id AND g.order_line = l.line_no AND r.state = 'draft') AS drafted_milli,"
            " (SELECT coalesce(sum(g.net_fen), 0) FROM goods_receipt_line AS g JOIN goods_receipt AS r ON r.id = g.receipt_id"
            "  WHERE r.order_id = o.id AND g.order_line = l.line_no AND r.state = 'posted') AS posted_fen,"
            " (SELECT coalesce(sum(g.returned_milli), 0) FROM goods_receipt_line AS g JOIN goods_receipt AS r ON r.id = g.receipt_id"
            "  WHERE r.order_id = o.id AND g.order_line = l.line_no) AS sent_back_milli"
            " FROM purchase_order_line AS l JOIN purchase_order AS o ON o.id = l.order_id"
        ):
            assert row["received_milli"] == row["posted_milli"]
            assert row["received_net_fen"] == row["posted_fen"]
            assert row["returned_milli"] == row["sent_back_milli"] <= row["received_milli"]
            most = row["quantity_milli"] + row["quantity_milli"] * row["tolerance_bp"] // 10_000
            assert row["received_milli"] + row["drafted_milli"] <= most
            if row["received_milli"] == row["quantity_milli"]:
                assert (row["received_net_fen"], row["received_tax_fen"]) == (row["net_fen"], row["tax_fen"])
            assert row["state"] != "approved" or row["waiting"]
            assert row["state"] in ("approved", "closed") or not row["received_milli"]

    @invariant()
    def requisitions_know_what_is_ordered(self) -> None:
        for row in self.rows(
            "SELECT q.state, l.quantity_milli, l.ordered_milli, (SELECT coalesce(sum(iif(o.state = 'closed',"
            " min(ol.quantity_milli, ol.received_milli), ol.quantity_milli)), 0) FROM purchase_order_line AS ol"
            " JOIN purchase_order AS o ON o.id = ol.order_id WHERE ol.requisition_no = q.number AND ol.requisition_line = l.line_no"
            " AND o.state <> 'cancelled') AS on_orders"
            " FROM purchase_requisition_line AS l JOIN purchase_requisition AS q ON q.id = l.requisition_id"
        ):
            assert row["ordered_milli"] == row["on_orders"] <= row["quantity_milli"]
            if row["state"] != "closed":
                assert (row["state"] == "ordered") == (row["ordered_milli"] == row["quantity_milli"])

    @invariant()
    def stock_is_what_moved_and_never_worth_less_than_nothing(self) -> None:
        for row in self.rows(
            "SELECT c.*, (SELECT sum(change_milli) FROM movement AS m WHERE m.product_code = c.product_code) AS moved_milli,"
            " (SELECT sum(value_change_fen) FROM movement AS m WHERE m.product_code = c.product_code) AS moved_fen,"
            " (SELECT coalesce(sum(on_hand_milli), 0) FROM batch_stock AS b WHERE b.product_code = c.product_code) AS batched_milli"
            " FROM product_cost AS c"
        ):
            assert row["quantity_milli"] == row["moved_milli"] >= 0
            assert row["value_fen"] == row["moved_fen"] >= 0
            assert row["quantity_milli"] or not row["value_fen"]
            assert row["batched_milli"] == (row["quantity_milli"] if row["product_code"] == BATCHED else 0)

    @invariant()
    def what_a_difference_fell_on_adds_up(self) -> None:
        for row in self.rows("SELECT * FROM cost_adjustment_line"):
            assert row["to_stock_fen"] + row["to_cost_fen"] == row["after_fen"] - row["before_fen"]
        for row in self.rows("SELECT * FROM goods_receipt_line"):
            left = row["net_fen"] + row["adjusted_fen"] - row["returned_net_fen"]
            assert left >= 0
            assert row["returned_milli"] < row["quantity_milli"] or left == 0 or not row["returned_milli"]

    @invariant()
    def each_change_is_told_once_and_numbers_have_no_gaps(self) -> None:
        for table, state, event in (
            ("purchase_order", "cancelled", "scm.purchase_order.cancelled"),
            ("purchase_order", "closed", "scm.purchase_order.closed"),
            ("goods_receipt", "posted", "scm.goods_receipt.posted"),
            ("purchase_return", "posted", "scm.purchase_return.posted"),
        ):
            rows = self.rows(f"SELECT number, state FROM {table} ORDER BY id")
            assert self.told.count(event) == sum(row["state"] == state for row in rows)
            assert [int(row["number"][-5:]) for row in rows] == list(range(1, len(rows) + 1))
        assert self.told.count("scm.cost_adjustment.posted") == len(self.rows("SELECT 1 FROM cost_adjustment"))


TestBuying = Buying.TestCase
TestBuying.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
