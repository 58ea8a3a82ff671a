"""What clients asked and were answered, and what was delivered (请求日志)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapan.kernel.errors import Fault, invalid, refused
from shapan.kernel.journal import Query, matching
from shapan.kernel.journal.violations import violations
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, no_content, ok
from shapan.kernel.waiting import Pause, Wait

_WAITED = "journal"


def list_journal(
    ctx: Context,
    kind: str,
    operation_id: str | None,
    status: int | str | None,
    method: str | None,
    path: str | None,
    client: str | None,
    request_id: str | None,
    trace_id: str | None,
    problem: str | None,
    fault: str | None,
    document: str | None,
    webhook_id: str | None,
    event_type: str | None,
    since: str | None,
    until: str | None,
    after: str | None,
    before: str | None,
    order: str | None,
    wait: int,
    bodies: bool,
    limit: int,
) -> Answer:
    """listJournal: entries that fit; waits outside of the threads where nothing is there yet. 409 where no journal is kept."""
    journal = here(ctx)[1].journal
    query = Query(
        kind=None if kind == "all" else kind,
        operation_id=operation_id,
        status=None if status is None else str(status),
        method=method,
        path=path,
        client_id=client,
        request_id=request_id,
        trace_id=trace_id,
        problem=problem,
        fault=fault,
        document=document,
        webhook_id=webhook_id,
        event_type=event_type,
        **_period(since, until),
        after=None if after is None else int(after),
        before=None if before is None else int(before),
        newest_first=order == "newest" or (order is None and after is None),
        limit=limit,
    )
    # Asked for before the look, or what comes between would be missed.
    arrival = journal.arrival()
    last = journal.last
    items, more = journal.query(query, content=bodies)
    if not items and wait and after is not None and _WAITED not in ctx.passed:
        raise Wait(Pause(_WAITED, wait, arrival, abandon=True))
    if items and more and not query.newest_first:
        last = int(items[-1]["cursor"])
    elif items:
        # What was written between the two looks is among them.
        last = max(last, int(items[0 if query.newest_first else -1]["cursor"]))
    return ok({"items": items, "next": str(last), "has_more": more})


def _period(since: str | None, until: str | None) -> dict[str, datetime | None]:
    """The moments of `since` and `until`. 400 for those that are in no calendar (RFC 3339 allows a leap second)."""
    moments: dict[str, datetime | None] = {}
    faults = []
    for name, text in (("since", since), ("until", until)):
        try:
            moments[name] = None if text is None else datetime.fromisoformat(text.upper())
        except ValueError:
            faults.append(Fault(f"/{name}", "This moment is not in the calendar.", "该时刻不存在。", "query"))
    if faults:
        raise invalid(faults)
    return moments


def clear_journal(ctx: Context) -> Answer:
    """clearJournal. 409 where no journal is kept."""
    journal = here(ctx)[1].journal
    journal.store.clear(ctx.workspace)
    return no_content()


def match_journal(ctx: Context, body: dict[str, Any]) -> Answer:
    """matchJournal: the entries that fit and those that come nearest. 422 for patterns and pointers that are none."""
    faults = matching.faults_of(body)
    if faults:
        raise refused(faults)
    found = here(ctx)[1].journal.match(body)
    return ok(
        {
            "found": found.number,
            "compared": found.compared,
            "items": found.items,
            "nearest": [
                {"entry": entry, "differences": [one.as_json() for one in differences]}
                for entry, differences in found.nearest
            ],
        }
    )


def list_journal_violations(ctx: Context, client: str | None, operation_id: str | None) -> Answer:
    """listJournalViolations."""
    runtime, workspace = here(ctx)
    with workspace.journal.store.read() as db:
        if db is None:
            return ok({"items": []})
        return ok({"items": violations(db, runtime.system.name, workspace.name, client, operation_id)})
