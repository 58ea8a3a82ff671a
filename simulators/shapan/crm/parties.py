"""Customers in other documents (客户引用): found, checked, entered. What several operations do with a customer alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from shapan.crm import rules, views
from shapan.crm.inputs import allow, uuid_key
from shapan.crm.store import contacts, customer_history
from shapan.crm.store import customers as store
from shapan.kernel.errors import Fault, not_found
from shapan.kernel.system import Context


def load_customer(ctx: Context, customer_id: str) -> sqlite3.Row:
    """The customer of a path; 404 when there is none."""
    row = store.find(ctx.db, uuid_key(customer_id))
    if row is None:
        raise not_found("customer", "客户", customer_id)
    return row


def named_customer(
    ctx: Context, customer_id: str, faults: list[Fault], pointer: str = "/customerId"
) -> sqlite3.Row | None:
    """The customer that a body names; when there is none, a fault more and None."""
    row = store.find(ctx.db, uuid_key(customer_id))
    if row is None:
        faults.append(
            Fault(
                pointer,
                f"There is no customer {customer_id}. Enter the customer first.",
                f"没有客户 {customer_id}，请先新建客户。",
            )
        )
    return row


def named_contact(
    ctx: Context, contact_id: str | None, customer: sqlite3.Row | None, faults: list[Fault]
) -> str | None:
    """The key of the contact that a body names; when the customer has none such, a fault more."""
    if contact_id is None:
        return None
    row = contacts.find(ctx.db, uuid_key(contact_id))
    if row is None or (customer is not None and row["customer_id"] != customer["id"]):
        faults.append(
            Fault(
                "/contactId",
                f"The customer has no contact {contact_id}. Take one of the customer's contacts, or enter it first.",
                f"该客户没有联系人 {contact_id}，请选择该客户的联系人，或先新建联系人。",
            )
        )
        return None
    return str(row["id"])


def refuse_merged(customer: sqlite3.Row) -> None:
    """409 when the customer was merged into another: it takes nothing new."""
    allow(rules.customers.merged_refusal(customer["code"], customer["merged_into"]))


def enter_customer(ctx: Context, values: Mapping[str, Any]) -> sqlite3.Row:
    """A new customer with these columns (all of `store.COLUMNS`), its history begun, its event sent."""
    row = store.insert(ctx.db, values, ctx.timestamp)
    customer_history.insert(ctx.db, row["seq"], "created", client_id=ctx.client_id, now=ctx.timestamp)
    ctx.emit("crm.customer.created", row["code"], views.customers.customer(row))
    return row
