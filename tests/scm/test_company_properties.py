"""Whatever a company does with its stores, its workshop and its warehouses: quantity and value stay whole.

The machine calls the operations themselves on a database in memory, each in a transaction that a refusal rolls back, as the kernel does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import sqlite_utils
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.database import kernel_tables
from shapan.kernel.errors import Problem
from shapan.kernel.money import fen_from_text, text_from_milli
from shapan.kernel.system import Answer, Context
from shapan.scm import SYSTEM
from shapan.scm.operations import (
    boms,
    deliveries,
    production_orders,
    production_postings,
    sales_orders,
    sales_returns,
    stock,
    stock_counts,
    store_sales,
    transfers,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=SHANGHAI)
PLACES = ("CK01", "CK02", "MD01")
# code -> (kind, kept in batches)
PRODUCTS = {
    "FLOUR": ("material", True),
    "OIL": ("material", False),
    "SAUCE": ("finished", True),
    "CAKE": ("dish", False),
    "COLA": ("goods", False),
}
STOCKED = tuple(code for code, (kind, _) in PRODUCTS.items() if kind != "dish")
BATCHES = {"B1": "2026-11-23", "B2": "2026-11-24", "B3": "2026-12-31", "B4": None}

quantities = st.one_of(st.integers(1, 6).map(str), st.integers(1, 9_000).map(text_from_milli))
pinches = st.integers(1, 900).map(text_from_milli)
costs = st.integers(0, 99_999).map(lambda e2: f"{e2 / 100:.2f}")


def opened() -> sqlite3.Connection:
    """A database with a company that has nothing yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    db = sqlite_utils.Database(connection)
    for migration in (kernel_tables, *SYSTEM.migrations):
        migration(db)
    db.table("partner").insert(
        {"id": 1, "code": "KH00001", "short_name": "示例", "created_at": "2026-11-01", "updated_at": "2026-11-01"}
    )
    db.table("warehouse").insert_all(
        {"code": code, "name": code, "kind": "store" if code[0] == "M" else "warehouse", "address": ""}
        for code in PLACES
    )
    for code, (kind, batch_managed) in PRODUCTS.items():
        row = {"code": code, "name": code, "spec": "", "model": "", "category": "X", "base_unit": "件", "rate_bp": 1300}
        db.table("product").insert({**row, "kind": kind, "batch_managed": int(batch_managed), "shelf_life_days": 30})
        db.table("product_unit").insert({"product_code": code, "position": 0, "unit": "件", "factor_milli": 1000})
    return connection


class Company(RuleBasedStateMachine):
    """Random business on one database."""

    sent = Bundle("sent")
    orders = Bundle("orders")
    sales = Bundle("sales")
    shipped = Bundle("shipped")

    def __init__(self) -> None:
        super().__init__()
        self.db = opened()

    def teardown(self) -> None:
        self.db.close()

    def call(self, operation: Callable[..., Answer], **arguments: Any) -> Any:
        """The answer's body, or None after a refusal, which the transaction takes back."""
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
        return answer.body

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    @initialize()
    def begin(self) -> None:
        """Recipes, and goods in every warehouse."""
        recipe = [{"product_code": "FLOUR", "quantity": "0.25", "scrap_percent": "3.33"}]
        lines = [*recipe, {"product_code": "SAUCE", "quantity": "0.017"}, {"product_code": "OIL", "quantity": "0.003"}]
        assert self.call(boms.create_bom, body={"product_code": "CAKE", "lines": lines})
        lines = [*recipe, {"product_code": "OIL", "quantity": "1.5", "scrap_percent": "0.5"}]
        assert self.call(boms.create_bom, body={"product_code": "SAUCE", "base_quantity": "3", "lines": lines})
        for place in PLACES:
            for code in ("FLOUR", "OIL", "COLA"):
                self.receive(place, code, "7.5", "3.33", "B3")

    @rule(
        place=st.sampled_from(PLACES),
        code=st.sampled_from(STOCKED),
        quantity=quantities,
        cost=costs,
        batch=st.sampled_from(list(BATCHES)),
    )
    def receive(self, place: str, code: str, quantity: str, cost: str, batch: str) -> None:
        body = {"kind": "other_receipt", "warehouse_code": place, "product_code": code, "quantity": quantity}
        if PRODUCTS[code][1]:
            kept = self.rows("SELECT 1 FROM batch WHERE product_code = ? AND batch_no = ?", code, batch)
            body |= {"batch_no": batch} if kept else {"batch_no": batch, "expiry_date": BATCHES[batch]}
        assert self.call(stock.create_stock_movement, body={**body, "unit_cost": cost}) is not None

    @rule(
        target=sent,
        ends=st.permutations(PLACES),
        code=st.sampled_from(STOCKED),
        quantity=quantities,
        batch=st.sampled_from([None, None, *BATCHES]),
    )
    def send(self, ends: list[str], code: str, quantity: str, batch: str | None) -> Any:
        line = {"product_code": code, "quantity": quantity, "batch_no": batch if PRODUCTS[code][1] else None}
        body = {"from_warehouse_code": ends[0], "to_warehouse_code": ends[1], "lines": [line]}
        transfer = self.call(transfers.create_transfer, body=body)
        if (
            transfer is None
            or self.call(transfers.send_transfer, transfer_no=transfer["transfer_no"], body=None) is None
        ):
            return multiple()
        return transfer["transfer_no"]

    @rule(number=sent, quantity=st.one_of(st.none(), quantities), complete=st.booleans())
    def arrive(self, number: str, quantity: str | None, complete: bool) -> None:
        lines = None if quantity is None else [{"line_no": 1, "quantity": quantity}]
        body = {"lines": lines, "complete": complete, "reason": "破损"}
        transfer = self.call(transfers.receive_transfer, transfer_no=number, body=body)
        if transfer is not None:
            done = {line["in_transit_quantity"] for line in transfer["lines"]} == {"0"}
            assert (transfer["state"] == "received") == done
            assert done or not complete

    @rule(place=st.sampled_from(PLACES), drift=st.lists(st.integers(-9_000, 2_000), min_size=1, max_size=4))
    def count(self, place: str, drift: list[int]) -> None:
        """Somebody counts a warehouse and finds it different from the book."""
        sheet = self.call(stock_counts.create_stock_count, body={"warehouse_code": place})
        if sheet is None:
            return
        lines = []
        for index, line in enumerate(sheet["lines"]):
            book = round(float(line["book_quantity"]) * 1000)
            found = max(0, book + drift[index % len(drift)])
            counted = {"counted_quantity": text_from_milli(found)}
            lines.append({"product_code": line["product_code"], "batch_no": line["batch_no"], **counted})
        number = sheet["stock_count_no"]
        assert self.call(stock_counts.enter_stock_count, stock_count_no=number, body={"lines": lines})
        posted = self.call(stock_counts.post_stock_count, stock_count_no=number)
        if posted is not None:
            held = {
                (code, batch): milli
                for code, batch, milli in self.rows(
                    "SELECT s.product_code, NULL, s.on_hand_milli FROM stock AS s JOIN product AS p ON p.code = s.product_code"
                    " WHERE NOT p.batch_managed AND s.warehouse_code = ?1 UNION ALL"
                    " SELECT product_code, batch_no, on_hand_milli FROM batch_stock WHERE warehouse_code = ?1",
                    place,
                )
            }
            for line in posted["lines"]:
                assert text_from_milli(held[line["product_code"], line["batch_no"]]) == line["counted_quantity"]

    @rule(target=orders, quantity=quantities, places=st.permutations(PLACES))
    def plan(self, quantity: str, places: list[str]) -> Any:
        body = {"product_code": "SAUCE", "quantity": quantity, "material_warehouse_code": places[0]}
        order = self.call(production_orders.create_production_order, body=body)
        number = order["production_order_no"]
        assert self.call(production_orders.release_production_order, production_order_no=number)
        return number

    @rule(number=orders, part=st.one_of(st.none(), st.tuples(st.sampled_from([1, 2]), pinches)), beyond=st.booleans())
    def issue(self, number: str, part: tuple[int, str] | None, beyond: bool) -> None:
        body: dict[str, Any] = {"production_order_no": number, "allow_over_issue": beyond}
        if part is not None:
            body["lines"] = [{"line_no": part[0], "quantity": part[1]}]
        self.call(production_postings.create_material_issue, body=body)

    @rule(number=orders, line_no=st.sampled_from([1, 2]), share=st.integers(1, 3))
    def give_back(self, number: str, line_no: int, share: int) -> None:
        """Some of what the order holds comes back, or all of it: then exactly its worth."""
        [line] = self.rows(
            "SELECT m.issued_milli - m.returned_milli AS held, m.issued_fen - m.returned_fen AS worth FROM production_material AS m"
            " JOIN production_order AS o ON o.id = m.order_id WHERE o.number = ? AND m.line_no = ?",
            number,
            line_no,
        )
        milli = max(1, line["held"] // share)
        body = {"production_order_no": number, "lines": [{"line_no": line_no, "quantity": text_from_milli(milli)}]}
        back = self.call(production_postings.create_material_return, body=body)
        if back is not None and share == 1:
            assert fen_from_text(back["cost_amount"]) == line["worth"]

    @rule(number=orders, quantity=quantities, labour=costs, final=st.booleans())
    def make(self, number: str, quantity: str, labour: str, final: bool) -> None:
        body = {"production_order_no": number, "quantity": quantity, "labour_amount": labour, "final": final}
        self.call(production_postings.create_production_receipt, body=body)

    @rule(number=orders, cancel=st.sampled_from([False, False, False, True]))
    def end(self, number: str, cancel: bool) -> None:
        act = production_orders.cancel_production_order if cancel else production_orders.complete_production_order
        self.call(act, production_order_no=number)

    @rule(target=sales, dish=st.sampled_from(["CAKE", "COLA"]), quantity=quantities)
    def sell(self, dish: str, quantity: str) -> Any:
        body = {"warehouse_code": "MD01", "lines": [{"product_code": dish, "quantity": quantity}]}
        sale = self.call(store_sales.create_store_sale, body=body)
        return multiple() if sale is None else sale["store_sale_no"]

    @rule(number=sales)
    def void(self, number: str) -> None:
        self.call(store_sales.void_store_sale, store_sale_no=number, body=None)

    @rule(
        target=shipped,
        code=st.sampled_from(STOCKED),
        quantity=quantities,
        price=costs,
        hold=st.sampled_from([False, False, True]),
    )
    def ship(self, code: str, quantity: str, price: str, hold: bool) -> Any:
        """An order of one product on two lines, of which goes what there is; or it is only reserved, and in everybody's way."""
        line = {"product_code": code, "quantity": quantity, "unit_price": price, "tax_rate": "0.13"}
        order = self.call(sales_orders.create_sales_order, body={"partner_code": "KH00001", "lines": [line, line]})
        self.call(sales_orders.approve_sales_order, sales_order_no=order["sales_order_no"])
        if hold:
            return multiple()
        delivery = self.call(deliveries.create_delivery, body={"sales_order_no": order["sales_order_no"]})
        if delivery is None:
            return multiple()
        gone = self.call(deliveries.ship_delivery, delivery_no=delivery["delivery_no"], body=None)
        return multiple() if gone is None else gone["delivery_no"]

    @rule(number=shipped, line_no=st.sampled_from([1, 2]), quantity=quantities, receive=st.booleans())
    def bring_back(self, number: str, line_no: int, quantity: str, receive: bool) -> None:
        lines = [{"line_no": line_no, "quantity": quantity}]
        body = {"delivery_no": number, "reason": "破损", "lines": lines}
        draft = self.call(sales_returns.create_sales_return, body=body)
        if draft is not None:
            act = sales_returns.receive_sales_return if receive else sales_returns.cancel_sales_return
            more = {"body": None} if receive else {}
            assert self.call(act, sales_return_no=draft["sales_return_no"], **more)

    @rule(number=shipped)
    def bring_all_back(self, number: str) -> None:
        left = self.rows(
            "SELECT l.line_no, l.quantity_milli - l.returned_milli AS left_milli FROM delivery_line AS l"
            " JOIN delivery AS d ON d.id = l.delivery_id WHERE d.number = ? AND l.quantity_milli > l.returned_milli",
            number,
        )
        if left:
            lines = [{"line_no": row["line_no"], "quantity": text_from_milli(row["left_milli"])} for row in left]
            draft = self.call(
                sales_returns.create_sales_return, body={"delivery_no": number, "reason": "召回", "lines": lines}
            )
            number = draft["sales_return_no"]
            assert self.call(sales_returns.receive_sales_return, sales_return_no=number, body=None)

    @invariant()
    def balances_are_explained(self) -> None:
        for row in self.rows(
            "SELECT s.*, p.batch_managed, (SELECT coalesce(sum(change_milli), 0) FROM movement AS m WHERE m.product_code = s.product_code"
            " AND m.warehouse_code = s.warehouse_code) AS moved, (SELECT coalesce(sum(on_hand_milli), 0) FROM batch_stock AS b"
            " WHERE b.product_code = s.product_code AND b.warehouse_code = s.warehouse_code) AS in_batches"
            " FROM stock AS s JOIN product AS p ON p.code = s.product_code"
        ):
            assert row["on_hand_milli"] == row["opening_milli"] + row["moved"]
            assert 0 <= row["reserved_milli"] <= row["on_hand_milli"]
            assert row["in_batches"] == (row["on_hand_milli"] if row["batch_managed"] else 0)

    @invariant()
    def what_the_company_has_lies_in_warehouses_or_is_on_its_way(self) -> None:
        for code, milli, value, held, on_way, worth in self.rows(
            "SELECT c.product_code, c.quantity_milli, c.value_fen,"
            " (SELECT coalesce(sum(on_hand_milli), 0) FROM stock AS s WHERE s.product_code = c.product_code),"
            " (SELECT coalesce(sum(t.sent_milli - t.received_milli - t.lost_milli), 0) FROM transfer_part AS t JOIN transfer_line AS l"
            " USING (transfer_id, line_no) WHERE l.product_code = c.product_code),"
            " (SELECT coalesce(sum(value_change_fen), 0) FROM movement AS m WHERE m.product_code = c.product_code) FROM product_cost AS c"
        ):
            assert milli == held + on_way, code
            assert value == worth >= 0, code
            assert milli > 0 or value == 0, code

    @invariant()
    def what_is_made_is_worth_what_went_in(self) -> None:
        for row in self.rows("SELECT * FROM production_order"):
            [(made, material, extra)] = self.rows(
                "SELECT coalesce(sum(quantity_milli), 0), coalesce(sum(material_fen), 0), coalesce(sum(labour_fen + overhead_fen), 0)"
                " FROM production_receipt WHERE order_id = ?",
                row["id"],
            )
            [(booked,)] = self.rows(
                "SELECT coalesce(sum(m.value_change_fen), 0) FROM movement AS m JOIN production_receipt AS r"
                " ON r.number = m.source_document WHERE r.order_id = ?",
                row["id"],
            )
            issued = -sum(self._moved(row["id"]))
            assert issued == row["issued_fen"] - row["returned_fen"]
            assert (made, material) == (row["received_milli"], row["absorbed_fen"])
            assert booked == material + extra
            assert material <= issued
            if row["state"] in ("completed", "cancelled"):
                assert material == issued
            assert (row["state"] != "released") or made < row["quantity_milli"]

    def _moved(self, order_id: int) -> Iterator[int]:
        for (value,) in self.rows(
            "SELECT m.value_change_fen FROM movement AS m JOIN production_posting AS d ON d.number = m.source_document"
            " WHERE d.order_id = ?",
            order_id,
        ):
            yield value

    @invariant()
    def what_is_taken_back_leaves_nothing(self) -> None:
        for row in self.rows(
            "SELECT s.state, m.product_code, m.batch_no, sum(m.change_milli) AS milli, sum(m.value_change_fen) AS fen FROM store_sale AS s"
            " JOIN movement AS m ON m.source_document = s.number GROUP BY s.number, m.product_code, m.batch_no"
        ):
            assert (row["milli"] == 0) == (row["state"] == "voided")
            assert row["fen"] == 0 or row["state"] == "posted"

    @invariant()
    def returns_stay_within_what_was_shipped(self) -> None:
        for row in self.rows("SELECT * FROM delivery_line WHERE cost_fen IS NOT NULL"):
            assert 0 <= row["returned_milli"] <= row["quantity_milli"]
            for name in ("net_fen", "tax_fen", "cost_fen"):
                assert 0 <= row[f"returned_{name}"] <= row[name]
                if row["returned_milli"] == row["quantity_milli"]:
                    assert row[f"returned_{name}"] == row[name]
        for row in self.rows(
            "SELECT m.batch_no, sum(m.change_milli) AS milli FROM movement AS m"
            " LEFT JOIN sales_return AS r ON r.number = m.source_document"
            " JOIN delivery AS d ON d.id = r.delivery_id OR d.number = m.source_document"
            " GROUP BY d.id, m.source_line, m.batch_no"
        ):
            assert row["milli"] <= 0

    @invariant()
    def expired_goods_only_go_when_they_are_named(self) -> None:
        assert not self.rows(
            "SELECT m.number FROM movement AS m JOIN batch AS b ON b.product_code = m.product_code AND b.batch_no = m.batch_no"
            " WHERE b.expiry_date < ? AND m.kind IN ('sales_issue', 'store_consumption', 'material_issue') AND m.change_milli < 0",
            date(2026, 11, 24).isoformat(),
        )


TestCompany = Company.TestCase
TestCompany.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
