"""Leads (线索), opportunities (商机), quotations (报价单) and activities (跟进记录) as the CRM shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from typing import Any

from shapan.crm.rules.opportunities import weighted_fen
from shapan.crm.rules.orders import Line
from shapan.crm.rules.quotations import shown_state
from shapan.crm.views.orders import line as shown_line
from shapan.kernel.money import number_from_fen


def lead(row: sqlite3.Row) -> dict[str, Any]:
    """`Lead` of the contract."""
    return {
        "id": row["id"],
        "number": row["number"],
        "state": row["state"],
        "companyName": row["company_name"],
        "contactName": row["contact_name"],
        "title": row["title"],
        "phone": row["phone"],
        "email": row["email"],
        "region": row["region"],
        "industry": row["industry"],
        "source": row["source"],
        "owner": row["owner"],
        "note": row["note"],
        "lostReason": row["lost_reason"],
        "customerId": row["customer_id"],
        "contactId": row["contact_id"],
        "opportunityId": row["opportunity_id"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "closedAt": row["closed_at"],
    }


def opportunity(row: sqlite3.Row, stages: Iterable[sqlite3.Row]) -> dict[str, Any]:
    """`Opportunity` of the contract."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customerId": row["customer_id"],
        "contactId": row["contact_id"],
        "name": row["name"],
        "stage": row["stage"],
        "amount": number_from_fen(row["amount_fen"]),
        "probability": row["probability"],
        "weightedAmount": number_from_fen(weighted_fen(row["amount_fen"], row["probability"])),
        "expectedCloseDate": row["expected_close_date"],
        "owner": row["owner"],
        "note": row["note"],
        "leadId": row["lead_id"],
        "stages": [{"stage": stage["stage"], "at": stage["at"], "reason": stage["reason"]} for stage in stages],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "closedAt": row["closed_at"],
    }


def quotation(row: sqlite3.Row, lines: Iterable[Line], today: date) -> dict[str, Any]:
    """`Quotation` of the contract, with the state that it has today."""
    return {
        "id": row["id"],
        "number": row["number"],
        "customerId": row["customer_id"],
        "customerName": row["customer_name"],
        "opportunityId": row["opportunity_id"],
        "state": shown_state(row["state"], row["valid_until"], today),
        "validUntil": row["valid_until"],
        "note": row["note"],
        "currency": "CNY",
        "lines": [shown_line(line) for line in lines],
        "netAmount": number_from_fen(row["net_fen"]),
        "taxAmount": number_from_fen(row["tax_fen"]),
        "grossAmount": number_from_fen(row["net_fen"] + row["tax_fen"]),
        "orderId": row["order_id"],
        "rejectReason": row["reject_reason"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "sentAt": row["sent_at"],
        "decidedAt": row["decided_at"],
    }


def activity(row: sqlite3.Row) -> dict[str, Any]:
    """`Activity` of the contract."""
    return {
        "id": row["id"],
        "customerId": row["customer_id"],
        "leadId": row["lead_id"],
        "opportunityId": row["opportunity_id"],
        "kind": row["kind"],
        "subject": row["subject"],
        "detail": row["detail"],
        "owner": row["owner"],
        "occurredAt": row["occurred_at"],
        "nextDate": row["next_date"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }
