"""The SCM (供应链管理): business partners, products, warehouses, stock, sales orders and deliveries.

How to read this room, from the outside in:

contracts/scm.yaml  what it promises: every path, member, bound and refusal
operations/         one function per operationId; load → rules → store → event → answer
rules.py            amounts, units, reservation, shares of part shipments, what a state allows; pure
store/              every SQL statement, by subject
tables.py           the schema; stock and order lines carry CHECKs as a last line of defence
views.py            rows → JSON in this system's convention
seed.py, facts.py   what it starts with; what the oracle reads of it

Stock in three sentences: `stock` holds on hand and reserved by product and warehouse, `movement` is the ledger that explains on hand
from the opening. Approving an order reserves what is available and back-orders the rest; only a reserved quantity can be put on a
delivery, and shipping takes it out of both. So on hand = opening + movements, reserved = what the open order lines have reserved, and
0 ≤ reserved ≤ on hand, always.
"""

from __future__ import annotations

from shapan.kernel.system import System
from shapan.scm.facts import facts
from shapan.scm.operations import deliveries, partners, products, sales_orders, stock, warehouses
from shapan.scm.seed import seed
from shapan.scm.tables import MIGRATIONS

SYSTEM = System(
    name="scm",
    title="Shapan SCM",
    contract="scm.yaml",
    operations=(partners, products, warehouses, stock, sales_orders, deliveries),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
)
