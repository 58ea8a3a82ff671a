"""Events, what became of their deliveries, and delivering them again (事件投递)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.delivery import lines
from shapan.kernel.delivery.lines import Selection
from shapan.kernel.errors import Fault, invalid, not_found, refused
from shapan.kernel.operator.here import here
from shapan.kernel.outbox import cloud_event, source_of
from shapan.kernel.system import Answer, Context, ok
from shapan.kernel.waiting import Wait


def list_operator_events(
    ctx: Context,
    after: str | None,
    limit: int,
    state: str | None,
    type: str | None,
    subject: str | None,
    since: str | None,
) -> Answer:
    """listOperatorEvents: events with the state of their deliveries."""
    runtime, workspace = here(ctx)
    start = int(after or 0)
    selection = Selection(since=_moment(since, "query"), types=None if type is None else [type], subject=subject)
    publisher = runtime.courier.publisher
    with workspace.database.read() as db:
        rows, more = lines.events_with(db, start, limit, selection, state)
        deliveries = lines.deliveries_of(
            db, [row["seq"] for row in rows], None if publisher is None else publisher.shown
        )
    source = source_of(runtime.system.name, workspace.name)
    return ok(
        {
            "events": [{"event": cloud_event(row, source), "deliveries": deliveries[row["seq"]]} for row in rows],
            "next": str(rows[-1]["seq"]) if rows else str(start),
            "has_more": more,
        }
    )


def resend_event(ctx: Context, event_id: str) -> Answer:
    """resendEvent: in line again for every subscription that takes its type, also for those that had it or gave up."""
    resent = _resend(ctx, Selection(ids=[event_id]), ignore_unknown=False, dry_run=False)
    if resent["unknown"]:
        raise not_found("event", "事件", event_id)
    return ok({"deliveries": resent["deliveries"]})


def resend_events(ctx: Context, body: dict[str, Any]) -> Answer:
    """resendEvents: many at once. 422 naming each id that is no event's, unless such are to be ignored."""
    selection = Selection(
        body.get("ids"), _moment(body.get("since"), "body"), body.get("types"), dead=body.get("dead", False)
    )
    ignore = body.get("ignore_unknown", False)
    resent = _resend(ctx, selection, ignore_unknown=ignore, dry_run=body.get("dry_run", False))
    if resent["unknown"] and not ignore:
        raise refused(
            Fault(f"/ids/{place}", f"There is no event {id_} in this workspace.", f"本工作区没有事件 {id_}。")
            for place, id_ in enumerate(body["ids"])
            if id_ in resent["unknown"]
        )
    return ok(resent)


def _resend(ctx: Context, selection: Selection, *, ignore_unknown: bool, dry_run: bool) -> dict[str, Any]:
    """Put events back in line, unless some are unknown or it is only a trial; what is, or would be, in line."""
    runtime, workspace = here(ctx)
    if (pause := workspace.gate.enter()) is not None:
        # Not in this thread: whoever holds the gate needs one to let go of it.
        raise Wait(pause)
    try:
        with workspace.database.write() as db:
            unknown = lines.unknown_ids(db, selection.ids or ())
            if unknown and not ignore_unknown:
                return {"events": 0, "deliveries": 0, "unknown": unknown}
            now = rfc3339(workspace.clock.now())
            db.execute("SAVEPOINT shapan_resend")
            events, deliveries = lines.resend(db, selection, now, broker=runtime.courier.publisher is not None)
            if dry_run:
                db.execute("ROLLBACK TO shapan_resend")
            db.execute("RELEASE shapan_resend")
    finally:
        workspace.gate.leave()
    if not dry_run:
        runtime.courier.nudge(workspace)
    return {"events": events, "deliveries": deliveries, "unknown": unknown}


def _moment(text: str | None, where: str) -> str | None:
    """As the outbox writes times, so that they compare. 400 for one that is in no calendar (RFC 3339 allows a leap second)."""
    if text is None:
        return None
    try:
        return rfc3339(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError) as error:
        raise invalid([Fault("/since", "This moment is not in the calendar.", "该时刻不存在。", where)]) from error
