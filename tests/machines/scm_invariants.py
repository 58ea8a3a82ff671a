"""What must hold in the SCM whatever was done there: quantities and values of stock, batches, what is under way, production, documents, numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from tests.machines.harness import Json, Worker, gaps

MILK = "DAI-250ML-FM1"
"""The product that is kept in batches."""
NUMBERED = {
    "/sales-orders": "sales_order_no",
    "/deliveries": "delivery_no",
    "/purchase-orders": "purchase_order_no",
    "/goods-receipts": "goods_receipt_no",
    "/transfers": "transfer_no",
    "/production-orders": "production_order_no",
    "/sales-returns": "sales_return_no",
    "/store-sales": "store_sale_no",
    "/purchase-requisitions": "purchase_requisition_no",
    "/purchase-returns": "purchase_return_no",
    "/cost-adjustments": "cost_adjustment_no",
    "/stock-counts": "stock_count_no",
    "/material-issues": "material_issue_no",
    "/material-returns": "material_return_no",
    "/production-receipts": "production_receipt_no",
}
UNNAMED = ("sales_issue", "material_issue", "store_consumption", "transfer_out")
"""Issues of which nobody here names the batch."""
Sums = defaultdict[Any, Decimal]


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """All invariants. The movement ledger is read on from where it was."""
    documents = {path: worker.pages(path) for path in NUMBERED}
    for path, number in NUMBERED.items():
        assert gaps([document[number] for document in documents[path]]) == [], path
    _follow_the_movements(worker, memory, documents["/transfers"])
    _stock_is_what_moved(facts, memory)
    _batches_are_the_stock(worker, memory)
    _months_follow_each_other(worker, facts)
    _nothing_is_lost_on_the_way(facts, memory, documents["/transfers"])
    _production_costs_what_went_in(documents, memory)
    _reserved_is_what_orders_hold(facts, documents["/sales-orders"])
    _sold(documents)
    _bought(documents)


def _follow_the_movements(worker: Worker, memory: Json, transfers: list[Json]) -> None:
    """Each new movement follows from the one before: on hand, the company's quantity and value, and the batches, of which the first to expire goes."""
    held: Sums = memory.setdefault("held", defaultdict(Decimal))  # (product, warehouse)
    batches: Sums = memory.setdefault("batches", defaultdict(Decimal))  # (product, warehouse, batch)
    company: dict[str, tuple[Decimal, Decimal]] = memory.setdefault("company", {})
    worth: Sums = memory.setdefault("worth", defaultdict(Decimal))  # by kind of movement
    moved: Sums = memory.setdefault("moved", defaultdict(Decimal))  # (transfer, product) under way
    expiry: dict[str, str] = memory.setdefault("expiry", {})
    named = {one["transfer_no"] for one in transfers if any(line["batch_no"] for line in one["lines"])}
    for batch in worker.pages("/reports/expiring-batches", product_code=MILK, days=3650, page_size=100):
        expiry.setdefault(batch["batch_no"], batch["expiry_date"])
    seen: list[str] = memory.setdefault("movements", [])
    page, size = len(seen) // 100 + 1, 100
    fresh = worker.pages("/stock-movements", page=page, page_size=size)[len(seen) % 100 :]
    for one in fresh:
        product, house, batch = one["product_code"], one["warehouse_code"], one["batch_no"]
        sign = 1 if one["direction"] == "in" else -1
        quantity, value = sign * Decimal(one["quantity"]), sign * Decimal(one["cost_amount"])
        if (product, house) in held:
            assert held[product, house] + quantity == Decimal(one["on_hand_after"]), one
        held[product, house] = Decimal(one["on_hand_after"])
        between = one["kind"] in ("transfer_out", "transfer_in")
        after = Decimal(one["stock_quantity_after"]), Decimal(one["stock_value_after"])
        if product in company:
            before = company[product]
            assert (before[0] + (0 if between else quantity), before[1] + value) == after, one
        assert not between or value == 0, one
        assert after[0] > 0 or after[1] == 0, one
        company[product] = after
        worth[one["kind"]] += value
        if between:
            moved[one["source_document"], product] -= quantity
        if batch is not None:
            if one["kind"] in UNNAMED and one["source_document"] not in named:
                _goes_first(one, expiry, batches)
            batches[product, house, batch] += quantity
            assert batches[product, house, batch] >= 0, one
    seen += [one["movement_no"] for one in fresh]
    assert gaps(seen) == []


def _goes_first(movement: Json, expiry: dict[str, str], batches: Sums) -> None:
    """What is issued without naming a batch has not expired, and nothing in the warehouse expires before it that may still be used."""
    day, own = movement["business_date"], expiry.get(movement["batch_no"])
    if own is None:
        return  # came and went within one step
    assert own >= day, movement
    place = (movement["product_code"], movement["warehouse_code"])
    usable = [
        expiry[batch]
        for (*where, batch), left in batches.items()
        if tuple(where) == place and left > 0 and batch in expiry and expiry[batch] >= day
    ]
    assert own == min([own, *usable]), (movement, usable)


def _stock_is_what_moved(facts: Json, memory: Json) -> None:
    for row in facts["stock"]:
        assert row["on_hand_milli"] == row["opening_milli"] + row["movements_milli"], row
        assert 0 <= row["reserved_milli"] <= row["on_hand_milli"], row
        last = memory["held"].get((row["product_code"], row["warehouse_code"]))
        assert last is None or last * 1000 == row["on_hand_milli"], row
    for row in facts["stock_values"]:
        assert row["value_fen"] == row["opening_fen"] + row["movements_fen"], row
        assert row["quantity_milli"] >= 0, row
        assert row["value_fen"] >= 0, row
        assert row["quantity_milli"] != 0 or row["value_fen"] == 0, row
        last = memory["company"].get(row["product_code"])
        assert last is None or (last[0] * 1000, last[1] * 100) == (row["quantity_milli"], row["value_fen"]), row


def _batches_are_the_stock(worker: Worker, memory: Json) -> None:
    """In each warehouse the batches of a product add up to what is on hand, and are what moved of them."""
    held: Sums = defaultdict(Decimal)
    shown: dict[tuple[str, str, str], Decimal] = {}
    for batch in worker.pages("/reports/expiring-batches", product_code=MILK, days=3650, page_size=100):
        left = Decimal(batch["on_hand"])
        assert left > 0, batch
        held[batch["warehouse_code"]] += left
        shown[MILK, batch["warehouse_code"], batch["batch_no"]] = left
    stock = {row["warehouse_code"]: Decimal(row["on_hand"]) for row in worker.pages("/stock", product_code=MILK)}
    assert {house: milli for house, milli in stock.items() if milli} == held
    assert {place: left for place, left in memory["batches"].items() if left} == shown


def _months_follow_each_other(worker: Worker, facts: Json) -> None:
    """Each month opens with what the one before closed with, adds up, and the last one closes with what there is."""
    company = {row["product_code"]: (row["quantity_milli"], row["value_fen"]) for row in facts["stock_values"]}
    closed: dict[str, tuple[Decimal, Decimal]] = {}
    today = worker.today()
    for month in ["2026-01", "2026-02", "2026-03"][: (today.year - 2026) * 12 + today.month]:
        for row in worker.pages("/monthly-summaries", month=month):
            opening, received, issued, closing = (
                (Decimal(row[f"{part}_quantity"]), Decimal(row[f"{part}_amount"]))
                for part in ("opening", "received", "issued", "closing")
            )
            assert (opening[0] + received[0] - issued[0], opening[1] + received[1] - issued[1]) == closing, row
            assert closed.get(row["product_code"], opening) == opening, row
            closed[row["product_code"]] = closing
    assert {code: (sums[0] * 1000, sums[1] * 100) for code, sums in closed.items() if sums[0]} == {
        code: sums for code, sums in company.items() if sums[0]
    }


def _nothing_is_lost_on_the_way(facts: Json, memory: Json, transfers: list[Json]) -> None:
    """What the company has of a product lies in a warehouse or is between two; what was sent arrived, is lost or under way."""
    there: Sums = defaultdict(Decimal)
    for row in facts["stock"]:
        there[row["product_code"]] += row["on_hand_milli"]
    going: Sums = defaultdict(Decimal)
    for transfer in transfers:
        for line in transfer["lines"]:
            sent, came, lost, under_way = (
                Decimal(line[f"{part}quantity"]) for part in ("", "received_", "lost_", "in_transit_")
            )
            if transfer["state"] in ("sent", "received"):
                assert sent == came + lost + under_way, transfer
                assert under_way == 0 or transfer["state"] == "sent", transfer
            else:
                assert came == lost == under_way == 0, transfer
            going[transfer["transfer_no"], line["product_code"]] += under_way
            there[line["product_code"]] += under_way * 1000
    assert {key: left for key, left in going.items() if left} == {
        k: left for k, left in memory["moved"].items() if left
    }
    company = {row["product_code"]: row["quantity_milli"] for row in facts["stock_values"] if row["quantity_milli"]}
    assert {code: milli for code, milli in there.items() if milli} == company
    lost_worth = sum(Decimal(one["loss_amount"]) for one in transfers)
    assert memory["worth"]["transfer_loss"] == -lost_worth


def _production_costs_what_went_in(documents: Json, memory: Json) -> None:
    """Material that was issued is in what was made, or in progress; so it is for each order, and for all movements together."""
    orders, worth = documents["/production-orders"], memory["worth"]
    sums: Sums = defaultdict(Decimal)
    for path, sign in (("/material-issues", 1), ("/material-returns", -1), ("/production-receipts", 1)):
        for one in documents[path]:
            kind = "made" if path == "/production-receipts" else "used"
            sums[kind, one["production_order_no"]] += sign * Decimal(one["cost_amount"])
    for made in orders:
        number = made["production_order_no"]
        spent = sum(Decimal(made[f"{part}_amount"]) for part in ("material", "labour", "overhead"))
        assert spent == Decimal(made["cost_amount"]) + Decimal(made["work_in_progress_amount"]), made
        assert Decimal(made["work_in_progress_amount"]) >= 0, made
        assert sums["made", number] == Decimal(made["cost_amount"]), made
        assert sums["used", number] == Decimal(made["material_amount"]), made
        assert made["state"] == "released" or Decimal(made["work_in_progress_amount"]) == 0, made
        for line in made["materials"]:
            assert 0 <= Decimal(line["returned_quantity"]) <= Decimal(line["issued_quantity"]), made
    used, got = (sum((Decimal(one[f"{part}_amount"]) for one in orders), Decimal(0)) for part in ("material", "cost"))
    assert -(worth["material_issue"] + worth["material_return"]) == used
    assert worth["production_receipt"] == got


def _reserved_is_what_orders_hold(facts: Json, orders: list[Json]) -> None:
    holds: Sums = defaultdict(Decimal)
    for order in orders:
        for line in order["lines"]:
            holds[line["product_code"], order["warehouse_code"]] += Decimal(line["reserved_quantity"]) * 1000
            assert order["state"] == "approved" or line["reserved_quantity"] == "0", order
    reserved = {
        (row["product_code"], row["warehouse_code"]): row["reserved_milli"]
        for row in facts["stock"]
        if row["reserved_milli"]
    }
    assert reserved == {place: milli for place, milli in holds.items() if milli}


def _sold(documents: Json) -> None:
    """An order's lines are what its deliveries shipped and its returns brought back, and never more than was ordered."""
    shipped: Sums = defaultdict(Decimal)
    for delivery in documents["/deliveries"]:
        for line in delivery["lines"]:
            if delivery["state"] == "shipped":
                shipped[delivery["sales_order_no"], line["line_no"]] += Decimal(line["quantity"])
            assert 0 <= Decimal(line["returned_quantity"]) <= Decimal(line["quantity"]), delivery
    back: Sums = defaultdict(Decimal)
    for one in documents["/sales-returns"]:
        for line in one["lines"]:
            if one["state"] == "received":
                back[one["sales_order_no"], line["line_no"]] += Decimal(line["quantity"])
    for order in documents["/sales-orders"]:
        for line in order["lines"]:
            key = order["sales_order_no"], line["line_no"]
            ordered, reserved, left, waiting, returned = (
                Decimal(line[f"{part}quantity"]) for part in ("", "reserved_", "shipped_", "backorder_", "returned_")
            )
            assert (left, returned) == (shipped[key], back[key]), order
            assert left + reserved + waiting <= ordered, order
            if order["state"] == "approved":
                assert left + reserved + waiting == ordered, order


def _bought(documents: Json) -> None:
    """Purchase orders are what their receipts took in and their returns sent back; requisitions are what was ordered for them."""
    came: Sums = defaultdict(Decimal)
    for receipt in documents["/goods-receipts"]:
        for line in receipt["lines"]:
            if receipt["state"] == "posted":
                came[receipt["purchase_order_no"], line["order_line"]] += Decimal(line["quantity"])
            assert 0 <= Decimal(line["returned_quantity"]) <= Decimal(line["quantity"]), receipt
    back: Sums = defaultdict(Decimal)
    for one in documents["/purchase-returns"]:
        for line in one["lines"]:
            if one["state"] == "posted" and not line["rejected"]:
                back[one["purchase_order_no"], line["order_line"]] += Decimal(line["quantity"])
    on_order: Sums = defaultdict(Decimal)
    for order in documents["/purchase-orders"]:
        for line in order["lines"]:
            key = order["purchase_order_no"], line["line_no"]
            assert Decimal(line["received_quantity"]) == came[key], order
            assert Decimal(line["returned_quantity"]) == back[key], order
            most = Decimal(line["quantity"]) * (1 + Decimal(order["over_receipt_tolerance"]))
            assert came[key] - back[key] <= most, order
            if order["state"] in ("draft", "approved") and line["purchase_requisition_no"]:
                on_order[line["purchase_requisition_no"], line["requisition_line"]] += Decimal(line["quantity"])
    states = Counter(one["state"] for one in documents["/purchase-requisitions"])
    assert set(states) <= {"draft", "approved", "ordered", "closed"}
    for one in documents["/purchase-requisitions"]:
        for line in one["lines"]:
            ordered = Decimal(line["ordered_quantity"])
            assert on_order[one["purchase_requisition_no"], line["line_no"]] <= ordered, one
            assert ordered <= Decimal(line["quantity"]), one
