"""The operator interface (运维接口), `/_shapan/…`: what whoever runs the sandbox asks of one system."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import generate_latest

from shapan import __version__
from shapan.kernel.clock import ClockError, SimulatedClock, rfc3339
from shapan.kernel.errors import Fault, invalid, not_found, refused
from shapan.kernel.outbox import cloud_event, events_after, source_of
from shapan.kernel.system import Answer, Context, no_content, ok

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace


def _here(ctx: Context) -> tuple[Runtime, Workspace]:
    runtime: Runtime = ctx.services["kernel.runtime"]
    return runtime, runtime.workspace(ctx.workspace)


def _health(ctx: Context) -> dict[str, Any]:
    runtime, workspace = _here(ctx)
    return {
        "status": "ready",
        "system": runtime.system.name,
        "version": __version__,
        "workspace": workspace.name,
        "world": dict(runtime.settings.world_facts) if runtime.settings.world_facts else None,
        "now": rfc3339(workspace.clock.now()),
        "pid": os.getpid(),
    }


def get_health(ctx: Context) -> Answer:
    """getHealth: ready, with the world and the process id."""
    return ok(_health(ctx))


def get_metrics(ctx: Context) -> Answer:
    """getMetrics: Prometheus text. `body` is text here, not JSON."""
    runtime, _ = _here(ctx)
    text = generate_latest(runtime.metrics).decode()
    return Answer(200, text, (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),))


def reset_workspace(ctx: Context, webhooks: bool) -> Answer:
    """resetWorkspace: seeded anew."""
    runtime, workspace = _here(ctx)
    runtime.reset(workspace, webhooks=webhooks)
    return ok(_health(ctx))


def list_workspaces(ctx: Context) -> Answer:
    """listWorkspaces."""
    runtime, _ = _here(ctx)
    return ok({"items": [{"name": workspace.name} for workspace in runtime.workspaces()]})


def create_workspace(ctx: Context, workspace_name: str) -> Answer:
    """createWorkspace: there is one now, if there was none."""
    runtime, _ = _here(ctx)
    return ok({"name": runtime.create_workspace(workspace_name).name})


def delete_workspace(ctx: Context, workspace_name: str) -> Answer:
    """deleteWorkspace."""
    runtime, _ = _here(ctx)
    runtime.delete_workspace(workspace_name)
    return no_content()


def _clock(workspace: Workspace) -> dict[str, Any]:
    return {"now": rfc3339(workspace.clock.now()), "frozen": workspace.clock.frozen}


def get_clock(ctx: Context) -> Answer:
    """getClock."""
    return ok(_clock(_here(ctx)[1]))


def change_clock(ctx: Context, body: dict[str, Any]) -> Answer:
    """changeClock: advance, and freeze or run; deliveries that fall due are sent at once. 400 beyond the year 2200."""
    runtime, workspace = _here(ctx)

    def change(clock: SimulatedClock) -> None:
        # The step first: where it is refused, nothing has changed.
        clock.advance(timedelta(seconds=body.get("advance_seconds", 0)))
        if body.get("frozen") is True:
            clock.freeze()
        elif body.get("frozen") is False:
            clock.run()

    try:
        workspace.change_clock(change)
    except ClockError as error:
        raise invalid([Fault("/advance_seconds", str(error), "时钟不能超过 2200 年。")]) from error
    runtime.courier.nudge()
    return ok(_clock(workspace))


def list_operator_events(ctx: Context, after: str | None, limit: int) -> Answer:
    """listOperatorEvents: events with the state of their deliveries."""
    runtime, workspace = _here(ctx)
    start = int(after or 0)
    source = source_of(runtime.system.name, workspace.name)
    with workspace.database.read() as db:
        rows, more = events_after(db, start, limit)
        deliveries: dict[int, list[dict[str, Any]]] = {row["seq"]: [] for row in rows}
        for row in db.execute(
            "SELECT d.*, s.url FROM shapan_delivery AS d JOIN shapan_subscription AS s ON s.id = d.subscription_id"
            " WHERE d.seq IN (SELECT value FROM json_each(?)) ORDER BY d.seq, d.subscription_id",
            (json.dumps(list(deliveries)),),
        ):
            deliveries[row["seq"]].append(
                {
                    "webhook_id": row["subscription_id"],
                    "url": row["url"],
                    "state": row["state"],
                    "attempts": row["attempts"],
                    "next_attempt_at": row["next_attempt_at"],
                    "last_result": row["last_result"],
                }
            )
    return ok(
        {
            "events": [{"event": cloud_event(row, source), "deliveries": deliveries[row["seq"]]} for row in rows],
            "next": str(rows[-1]["seq"]) if rows else str(start),
            "has_more": more,
        }
    )


def resend_event(ctx: Context, event_id: str) -> Answer:
    """resendEvent: in line again for every subscription that takes its type, also for those that had it or gave up."""
    runtime, workspace = _here(ctx)
    with workspace.database.write() as db:
        event = db.execute("SELECT seq, type, subject FROM shapan_outbox WHERE id = ?", (event_id,)).fetchone()
        if event is None:
            raise not_found("event", "事件", event_id)
        number = db.execute(
            "INSERT INTO shapan_delivery (subscription_id, seq, subject, state, attempts, next_attempt_at)"
            " SELECT id, ?, ?, 'waiting', 0, ? FROM shapan_subscription WHERE active = 1"
            " AND (types IS NULL OR EXISTS (SELECT 1 FROM json_each(types) WHERE value = ?))"
            " ON CONFLICT (subscription_id, seq) DO UPDATE SET state = 'waiting', attempts = 0, next_attempt_at = excluded.next_attempt_at",
            (event["seq"], event["subject"], rfc3339(workspace.clock.now()), event["type"]),
        ).rowcount
    runtime.courier.nudge()
    return ok({"deliveries": number})


def list_journal(
    ctx: Context, operation_id: str | None, status: int | None, request_id: str | None, limit: int
) -> Answer:
    """listJournal: the newest first."""
    _, workspace = _here(ctx)
    return ok(
        {"items": workspace.journal.query(operation_id=operation_id, status=status, request_id=request_id, limit=limit)}
    )


def get_facts(ctx: Context) -> Answer:
    """getFacts: what the oracle reads, in one consistent snapshot."""
    runtime, workspace = _here(ctx)
    now = workspace.clock.now()
    with workspace.database.read() as db:
        facts = runtime.system.facts(db, now.date()) if runtime.system.facts is not None else {}
    return ok(
        {
            "system": runtime.system.name,
            "workspace": workspace.name,
            "as_of": rfc3339(now),
            "facts": facts,
        }
    )


def get_operator_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """getOperatorKpis: the key figures that this system has, for whoever puts those of all systems side by side. 422 for an empty period."""
    runtime, workspace = _here(ctx)
    first, last = date.fromisoformat(from_), date.fromisoformat(to)
    if last < first:
        raise refused([Fault("/to", f"{to} is before {from_}.", f"{to} 早于 {from_}。", "query")])
    with workspace.database.read() as db:
        items = runtime.system.kpis(db, first, last) if runtime.system.kpis is not None else []
    return ok({"system": runtime.system.name, "workspace": workspace.name, "from": from_, "to": to, "items": items})
