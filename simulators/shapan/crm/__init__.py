"""The CRM (客户关系管理): customers, the way from a lead to an order, and orders, as a sales department's web service has them.

How to read this room; the other two are built to the same plan:

    contracts/crm.yaml   what can be asked and answered: the only place where routes, bounds, scopes and events are written down;
    contracts/crm/       one file a subject
    operations/          one function per operationId, thin: load, ask the rules, store, emit, answer
    rules/               amounts, states, and every refusal with its words; pure
    store/               every SQL statement
    tables/              the schema, as migrations
    views/, inputs.py    rows to wire form and back, and the answer of a list
    ordering.py, parties.py  what several operations do with orders and with customers
    seed.py, history.py  what a world gives this system: its masters, and the orders of the past year
    facts.py             what the oracle reads of it
    schedule.py          what is done by itself when its time comes: quotations expire

A lead becomes a customer, a contact and an opportunity; a quotation becomes an order. Any of these may also be the first. A line's price is
the one given, that of the customer's price list, or the list price (rules/prices.py). Customers are renamed and merged, and keep their history
(rules/merging.py).

An order that is submitted is confirmed, or waits for approval (rules/approvals.py: credit, discount, amount) and is then confirmed or
rejected. Its lines bind once it is confirmed; a change after that is a new revision. What was delivered (`deliveryStatus`) and what a
customer owes (`balance`) are not the CRM's own: other systems report them, and the CRM shows what it was told last.
"""

from __future__ import annotations

from shapan.crm.facts import facts
from shapan.crm.figures import kpis
from shapan.crm.operations import (
    activities,
    approvals,
    contacts,
    credit,
    customers,
    figures,
    leads,
    members,
    merging,
    opportunities,
    orders,
    price_lists,
    products,
    quotations,
    returns,
    store_sales,
    stores,
)
from shapan.crm.schedule import SCHEDULED
from shapan.crm.seed import seed
from shapan.crm.tables import MIGRATIONS
from shapan.kernel.system import System

SYSTEM = System(
    name="crm",
    title="Shapan CRM",
    contract="crm.yaml",
    operations=(
        customers,
        merging,
        contacts,
        products,
        price_lists,
        leads,
        opportunities,
        quotations,
        activities,
        orders,
        approvals,
        returns,
        credit,
        stores,
        members,
        store_sales,
        figures,
    ),
    migrations=MIGRATIONS,
    seed=seed,
    facts=facts,
    kpis=kpis,
    scheduled=SCHEDULED,
)
