"""The operations of `/events` and `/webhooks`, the same in every system: the pull feed and webhook subscriptions (订阅)."""

from __future__ import annotations

import base64
import json
import sqlite3
from typing import Any

import httpx

from shapan.kernel.delivery.targets import TargetRefused, Targets
from shapan.kernel.errors import Fault, not_found, refused
from shapan.kernel.ids import new_uuid
from shapan.kernel.outbox import cloud_event, events_after, source_of
from shapan.kernel.system import Answer, Context, created, no_content, ok


def list_events(ctx: Context, after: str | None, limit: int) -> Answer:
    """listEvents: events after the cursor, oldest first; `next` stays valid when the page is empty."""
    start = int(after or 0)
    rows, more = events_after(ctx.db, start, limit)
    rows, more, upto = ctx.services["kernel.runtime"].workspace(ctx.workspace).faults.feed(rows, more, start)
    source = source_of(ctx.services["kernel.system"], ctx.workspace)
    return ok(
        {
            "events": [cloud_event(row, source) for row in rows],
            "next": str(upto),
            "has_more": more,
        }
    )


def _view(row: sqlite3.Row) -> dict[str, Any]:
    view = {"id": row["id"], "url": row["url"], "active": bool(row["active"]), "created_at": row["created_at"]}
    if row["types"] is not None:
        view["types"] = json.loads(row["types"])
    return view


def list_webhooks(ctx: Context) -> Answer:
    """listWebhooks: all subscriptions, oldest first, without their secrets."""
    rows = ctx.db.execute("SELECT * FROM shapan_subscription ORDER BY created_at, id").fetchall()
    return ok({"items": [_view(row) for row in rows]})


def create_webhook(ctx: Context, body: dict[str, Any]) -> Answer:
    """createWebhook: events from now on go to `url`. 422 for a URL or secret that has the right shape and still cannot be used."""
    wrong = _unusable(body, ctx.services["kernel.runtime"].settings.webhook_targets)
    if wrong:
        raise refused(wrong)
    webhook_id = new_uuid()
    types = json.dumps(body["types"]) if "types" in body else None
    ctx.db.execute(
        "INSERT INTO shapan_subscription (id, url, secret, types, active, created_at) VALUES (?, ?, ?, ?, 1, ?)",
        (webhook_id, body["url"], body["secret"], types, ctx.timestamp),
    )
    row = ctx.db.execute("SELECT * FROM shapan_subscription WHERE id = ?", (webhook_id,)).fetchone()
    return created(_view(row), ctx.url(f"/webhooks/{webhook_id}"))


def _unusable(body: dict[str, Any], targets: Targets) -> list[Fault]:
    found = []
    try:
        host = httpx.URL(body["url"]).host
        if not host:
            raise httpx.InvalidURL("no host")
        host.encode("idna")  # as a look-up of the name will
        # An address is looked at now, so that its owner learns of it at once; a name whenever it is called.
        targets.refuse_literal(host)
    except TargetRefused as error:
        found.append(Fault("/url", error.en, error.zh))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        found.append(Fault("/url", f"This URL cannot be called: {error}.", "该 URL 无法访问。"))
    try:
        if not 24 <= len(base64.b64decode(body["secret"].removeprefix("whsec_"), validate=True)) <= 64:
            raise ValueError("wrong length")
    except ValueError:
        found.append(
            Fault(
                "/secret",
                "After whsec_ there must be 24 to 64 bytes in Base64.",
                "whsec_ 之后必须是 24 到 64 字节的 Base64 编码。",
            )
        )
    return found


def delete_webhook(ctx: Context, webhook_id: str) -> Answer:
    """deleteWebhook: ends the subscription and drops what waits for it."""
    if ctx.db.execute("DELETE FROM shapan_subscription WHERE id = ?", (webhook_id,)).rowcount == 0:
        raise not_found("webhook", "订阅", webhook_id)
    ctx.db.execute("DELETE FROM shapan_delivery WHERE subscription_id = ?", (webhook_id,))
    return no_content()
