"""The SCM (供应链管理): partners, products, purchasing, warehouses and stores, stock, production, sales orders, deliveries, returns.

How to read this room, from the outside in:

contracts/scm.yaml  what it promises: every path, member, bound and refusal
operations/         one function per operationId; load → rules → store → event → answer
rules/              amounts, units, reservation, shares of part shipments, what a state allows, by subject; pure
store/              every SQL statement, by subject
tables/             the schema, by subject; stock and order lines carry CHECKs as a last line of defence
views/              rows → JSON in this system's convention, by subject
bodies.py, …        what operations of several subjects read of bodies and documents
seed.py, history.py what it starts with: masters and batches; stock, and the documents of the past year
facts.py            what the oracle reads of it
schedule.py         what is done by itself when its time comes: batches expire

Stock in three sentences: `stock` holds on hand and reserved by product and warehouse, `movement` is the ledger that explains on hand
from the opening. Approving an order reserves what is available and back-orders the rest; only a reserved quantity can be put on a
delivery, and shipping takes it out of both. So on hand = opening + movements, reserved = what the open order lines have reserved, and
0 ≤ reserved ≤ on hand, always.

What stock costs: `product_cost` holds quantity and value of the whole company, never the average; each movement says what it changed of both and
what is there after it. An issue takes its share of the value, the last one all of it (`rules.costing`). What a receipt costs is its order's net
price; another price on the invoice falls on what is still on hand, and the rest is told as cost of sales. Of products that are kept in batches each
movement is of one batch, and the first to expire goes first (`rules.batches`).

Who moves stock, and how it is taken back: every movement is written by `store.stock.book` and names its document and line. A document that
gives back (void of a store sale, return of material or of sold goods) reads the movements by which it went (`store.parts`), so that quantity,
batch and value return as they left. Issues of several lines are planned before anything is booked (`rules.issues`), and a refusal names every
line that is short. Goods between two warehouses are in no balance, but still in the company's quantity and value (`product_cost`).
"""

from __future__ import annotations

from shapan.kernel.system import System
from shapan.scm.facts import facts
from shapan.scm.figures import kpis
from shapan.scm.operations import (
    boms,
    cost_adjustments,
    deliveries,
    figures,
    goods_receipts,
    partners,
    production_orders,
    production_postings,
    products,
    purchase_orders,
    purchase_requisitions,
    purchase_returns,
    sales_orders,
    sales_returns,
    stock,
    stock_counts,
    stock_reports,
    store_sales,
    suppliers,
    transfers,
    warehouses,
)
from shapan.scm.schedule import SCHEDULED
from shapan.scm.seed import seed
from shapan.scm.tables import MIGRATIONS

SYSTEM = System(
    name="scm",
    title="Shapan SCM",
    contract="scm.yaml",
    operations=(
        partners,
        products,
        warehouses,
        stock,
        sales_orders,
        deliveries,
        suppliers,
        purchase_requisitions,
        purchase_orders,
        goods_receipts,
        purchase_returns,
        cost_adjustments,
        figures,
        transfers,
        stock_counts,
        boms,
        production_orders,
        production_postings,
        store_sales,
        sales_returns,
        stock_reports,
    ),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
    kpis=kpis,
    scheduled=SCHEDULED,
)
