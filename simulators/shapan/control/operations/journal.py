"""The journals of all systems as one: asked, followed, verified, exported, correlated (全系统请求日志)."""

from __future__ import annotations

from typing import Any

from shapan.control.clients import SystemsClient
from shapan.control.journal import correlating, har, reading, verifying
from shapan.kernel.errors import not_found, refused
from shapan.kernel.journal import matching
from shapan.kernel.system import Answer, Context, no_content, ok
from shapan.kernel.waiting import Pause, Wait

LOOK_SECONDS = 0.5
"""How often control looks again for somebody who follows; it waits outside of the threads."""
_MOST_DOCUMENTS = 40
_MOST_ENTRIES = 500


def _systems(ctx: Context) -> SystemsClient:
    systems: SystemsClient = ctx.services["systems"]
    return systems


def search_journal(
    ctx: Context,
    system: str | None,
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
    """searchJournal: entries of all systems in the order of real time. 422 for an unknown system, 409 without a journal, 502/503."""
    systems = _systems(ctx)
    filters = {
        "kind": kind,
        "operation_id": operation_id,
        "status": status,
        "method": method,
        "path": path,
        "client": client,
        "request_id": request_id,
        "trace_id": trace_id,
        "problem": problem,
        "fault": fault,
        "document": document,
        "webhook_id": webhook_id,
        "event_type": event_type,
        "since": since,
        "until": until,
        "bodies": bodies,
    }
    page = reading.read(
        systems,
        ctx.workspace,
        reading.chosen(systems, system),
        filters,
        after=after,
        before=before,
        newest_first=order == "newest" or (order is None and after is None),
        limit=limit,
    )
    waited = sum(1 for name in ctx.passed if name.startswith("journal-"))
    if not page.items and after is not None and waited * LOOK_SECONDS < wait:
        raise Wait(Pause(f"journal-{waited}", LOOK_SECONDS, abandon=True))
    return ok({"items": page.items, "next": page.next, "older": page.older or page.next, "has_more": page.has_more})


def clear_journals(ctx: Context) -> Answer:
    """clearJournals."""
    systems = _systems(ctx)
    reading.ask(systems, "DELETE", "/_shapan/journal", ctx.workspace, systems.names)
    return no_content()


def verify_journal(ctx: Context, body: dict[str, Any]) -> Answer:
    """verifyJournal: is what the journals hold as expected? 422 for what cannot be asked."""
    faults = verifying.faults_of(body)
    steps = body.get("sequence") or ([body["match"]] if "match" in body else [])
    for number, matcher in enumerate(steps):
        faults += matching.faults_of(matcher, f"/sequence/{number}" if "sequence" in body else "/match")
    if faults:
        raise refused(faults)
    systems = _systems(ctx)
    answers = []
    for number, matcher in enumerate(steps):
        pointer = f"/sequence/{number}/system" if "sequence" in body else "/match/system"
        names = reading.chosen(systems, matcher.get("system"), pointer, "body")
        answers.append(reading.ask(systems, "POST", "/_shapan/journal/match", ctx.workspace, names, matcher))
    return ok(verifying.in_sequence(answers) if "sequence" in body else verifying.counted(body, answers[0]))


def list_violations(ctx: Context, system: str | None, client: str | None, operation_id: str | None) -> Answer:
    """listViolations: groups of all systems, the most frequent first."""
    systems = _systems(ctx)
    asked = {"client": client, "operation_id": operation_id}
    path = "/_shapan/journal/violations" + reading.parameters(asked)
    answers = reading.ask(systems, "GET", path, ctx.workspace, reading.chosen(systems, system))
    groups = [group for answer in answers.values() for group in answer["items"]]
    return ok({"items": sorted(groups, key=lambda group: -group["count"])})


def get_journal_har(
    ctx: Context,
    system: str | None,
    operation_id: str | None,
    status: int | str | None,
    client: str | None,
    trace_id: str | None,
    document: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> Answer:
    """getJournalHar: the latest entries that fit, oldest first."""
    systems = _systems(ctx)
    filters = {
        "kind": "all",
        "operation_id": operation_id,
        "status": status,
        "client": client,
        "trace_id": trace_id,
        "document": document,
        "since": since,
        "until": until,
    }
    page = reading.read(systems, ctx.workspace, reading.chosen(systems, system), filters, limit=limit)
    return ok(har.archive(reversed(page.items), lambda name: systems.base(name, ctx.workspace)))


def get_journal_trace(ctx: Context, trace_id: str) -> Answer:
    """getJournalTrace: 404 where no journal knows the trace."""
    page = _about(ctx, trace_id=trace_id)
    if not page.items:
        raise not_found("entry of the journal of trace", "请求日志中的链路", trace_id)
    subjects = (name for entry in page.items if entry["kind"] == "delivery" for name in [entry["delivery"]["subject"]])
    documents = list(dict.fromkeys(name for name in subjects if name))
    return ok({"documents": documents, "items": correlating.chain(page.items), "has_more": page.has_more})


def get_document_history(ctx: Context, document: str) -> Answer:
    """getDocumentHistory: what was done about a document and those made from it. 404 where no journal knows it."""
    documents, waiting = [document], [document]
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    more = False
    while waiting and len(entries) < _MOST_ENTRIES:
        page = _about(ctx, document=waiting.pop(0))
        more = more or page.has_more
        entries.update({(entry["system"], entry["cursor"]): entry for entry in page.items})
        found = [name for name in correlating.made_from(documents, page.items) if name not in documents]
        room = _MOST_DOCUMENTS - len(documents)
        documents += found[:room]
        waiting += found[:room]
    if not entries:
        raise not_found("entry of the journal about", "请求日志提及的单据", document)
    chained = correlating.chain(entries.values())
    left = len(chained) > _MOST_ENTRIES or bool(waiting)
    return ok({"documents": documents, "items": chained[:_MOST_ENTRIES], "has_more": more or left})


def _about(ctx: Context, **filters: str) -> reading.Page:
    systems = _systems(ctx)
    wanted = {"kind": "all", "bodies": False, **filters}
    return reading.read(systems, ctx.workspace, systems.names, wanted, newest_first=False, limit=_MOST_ENTRIES)
