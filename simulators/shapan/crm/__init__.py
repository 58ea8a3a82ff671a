"""The CRM (客户关系管理): customers, contacts, price list and sales orders, as a sales department's web service has them.

How to read this room; the other two are built to the same plan:

    contracts/crm.yaml   what can be asked and answered: the only place where routes, bounds, scopes and events are written down
    operations/          one function per operationId, thin: load, ask the rules, store, emit, answer
    rules.py             amounts, states of an order, and every refusal with its words; pure
    store/               every SQL statement
    tables.py            the schema, as migrations
    views.py, inputs.py  rows to wire form and back, and the answer of a list
    seed.py, facts.py    what a world gives this system, and what the oracle reads of it

An order goes draft → confirmed → cancelled, or draft → cancelled; its lines bind once it is confirmed. What was delivered
(`deliveryStatus`) and what a customer owes (`balance`) are not the CRM's own: other systems report them, and the CRM shows
what it was told last.
"""

from __future__ import annotations

from shapan.crm.facts import facts
from shapan.crm.operations import contacts, customers, orders, products
from shapan.crm.seed import seed
from shapan.crm.tables import MIGRATIONS
from shapan.kernel.system import System

SYSTEM = System(
    name="crm",
    title="Shapan CRM",
    contract="crm.yaml",
    operations=(customers, contacts, products, orders),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
)
