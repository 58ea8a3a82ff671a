"""The way to an order (销售过程): leads, opportunities with their stages, quotations with their lines, activities."""

from __future__ import annotations

import sqlite_utils


def leads_and_opportunities(db: sqlite_utils.Database) -> None:
    lead = db.table("lead")
    lead.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "state": str,
            "company_name": str,
            "contact_name": str,
            "title": str,
            "phone": str,
            "email": str,
            "region": str,
            "industry": str,
            "source": str,
            "owner": str,
            "note": str,
            "lost_reason": str,
            "customer_id": str,
            "contact_id": str,
            "opportunity_id": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
            "closed_at": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "state",
            "company_name",
            "contact_name",
            "source",
            "version",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("customer_id", "customer", "id"), ("contact_id", "contact", "id")],
        strict=True,
    )
    lead.create_index(["id"], unique=True)
    lead.create_index(["number"], unique=True)
    for column in ("state", "company_name", "customer_id", "updated_at"):
        lead.create_index([column])

    opportunity = db.table("opportunity")
    opportunity.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "customer_id": str,
            "contact_id": str,
            "lead_id": str,
            "name": str,
            "stage": str,
            "amount_fen": int,
            "probability": int,
            "expected_close_date": str,
            "owner": str,
            "note": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
            "closed_at": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "customer_id",
            "name",
            "stage",
            "amount_fen",
            "probability",
            "expected_close_date",
            "version",
            "created_at",
            "updated_at",
        },
        foreign_keys=[("customer_id", "customer", "id"), ("contact_id", "contact", "id"), ("lead_id", "lead", "id")],
        strict=True,
    )
    opportunity.create_index(["id"], unique=True)
    opportunity.create_index(["number"], unique=True)
    for column in ("stage", "customer_id", "updated_at"):
        opportunity.create_index([column])

    stage = db.table("opportunity_stage")
    stage.create(
        {"seq": int, "opportunity_seq": int, "stage": str, "at": str, "reason": str},
        pk="seq",
        not_null={"opportunity_seq", "stage", "at"},
        foreign_keys=[("opportunity_seq", "opportunity", "seq")],
        strict=True,
    )
    stage.create_index(["opportunity_seq"])


def quotations_and_activities(db: sqlite_utils.Database) -> None:
    quotation = db.table("quotation")
    quotation.create(
        {
            "seq": int,
            "id": str,
            "number": str,
            "customer_id": str,
            "customer_name": str,
            "opportunity_id": str,
            "state": str,
            "valid_until": str,
            "note": str,
            "net_fen": int,
            "tax_fen": int,
            "order_id": str,
            "reject_reason": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
            "sent_at": str,
            "decided_at": str,
        },
        pk="seq",
        not_null={
            "id",
            "number",
            "customer_id",
            "customer_name",
            "state",
            "valid_until",
            "net_fen",
            "tax_fen",
            "version",
            "created_at",
            "updated_at",
        },
        foreign_keys=[
            ("customer_id", "customer", "id"),
            ("opportunity_id", "opportunity", "id"),
            ("order_id", "sales_order", "id"),
        ],
        strict=True,
    )
    quotation.create_index(["id"], unique=True)
    quotation.create_index(["number"], unique=True)
    for column in ("state", "customer_id", "opportunity_id", "updated_at"):
        quotation.create_index([column])

    # The columns of a line of an order, in the same order: an accepted quotation becomes an order line by line.
    db.table("quotation_line").create(
        {
            "quotation_seq": int,
            "line_number": int,
            "product_code": str,
            "product_name": str,
            "unit": str,
            "quantity_milli": int,
            "unit_price_fen": int,
            "tax_rate_bp": int,
            "net_fen": int,
            "tax_fen": int,
            "discount_bp": int,
            "price_source": str,
        },
        pk=("quotation_seq", "line_number"),
        not_null={
            "product_code",
            "product_name",
            "unit",
            "quantity_milli",
            "unit_price_fen",
            "tax_rate_bp",
            "net_fen",
            "tax_fen",
            "discount_bp",
            "price_source",
        },
        foreign_keys=[("quotation_seq", "quotation", "seq")],
        strict=True,
    )

    activity = db.table("activity")
    activity.create(
        {
            "seq": int,
            "id": str,
            "customer_id": str,
            "lead_id": str,
            "opportunity_id": str,
            "kind": str,
            "subject": str,
            "detail": str,
            "owner": str,
            "occurred_at": str,
            "next_date": str,
            "version": int,
            "created_at": str,
            "updated_at": str,
        },
        pk="seq",
        not_null={"id", "kind", "subject", "occurred_at", "version", "created_at", "updated_at"},
        foreign_keys=[
            ("customer_id", "customer", "id"),
            ("lead_id", "lead", "id"),
            ("opportunity_id", "opportunity", "id"),
        ],
        strict=True,
    )
    activity.create_index(["id"], unique=True)
    for column in ("customer_id", "lead_id", "opportunity_id", "kind", "updated_at"):
        activity.create_index([column])
