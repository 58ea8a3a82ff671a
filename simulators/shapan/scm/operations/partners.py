"""Business partners (往来单位)."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import not_found
from shapan.kernel.system import Answer, Context, created, ok
from shapan.scm import views
from shapan.scm.store import masters


def list_partners(ctx: Context, page: int, page_size: int, tax_number: str | None, short_name: str | None) -> Answer:
    """A page of partners."""
    rows, total = masters.partners(ctx.db, tax_number, short_name, page, page_size)
    return ok(views.page([views.partners.partner(row) for row in rows], page, page_size, total))


def create_partner(ctx: Context, body: dict[str, Any]) -> Answer:
    """Enter a partner; duplicates are not refused. Emits scm.partner.created."""
    columns = {name: body.get(name) for name in ("short_name", "full_name", "tax_number", "phone", "address")}
    code = masters.insert_partner(ctx.db, {**columns, **views.source_columns(body), "created_at": ctx.timestamp})
    partner = _partner(ctx, code)
    ctx.emit("scm.partner.created", code, partner)
    return created(partner, ctx.url(f"/partners/{code}"))


def get_partner(ctx: Context, partner_code: str) -> Answer:
    """One partner. 404."""
    return ok(_partner(ctx, partner_code))


def _partner(ctx: Context, code: str) -> views.Json:
    row = masters.partner(ctx.db, code)
    if row is None:
        raise not_found("partner", "往来单位", code)
    return views.partners.partner(row)
