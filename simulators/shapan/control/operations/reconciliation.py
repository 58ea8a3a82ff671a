"""Do the systems agree, and which way did an order go? (对账与单据追踪)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapan.control.changes import coordinator
from shapan.control.clients import SystemsClient, bad_answer
from shapan.control.facts import FactsError
from shapan.control.journal import making
from shapan.control.journal import reading as journal
from shapan.control.keeping import keeper
from shapan.control.oracle import Books, Unknown, reconcile
from shapan.control.oracle.chain import trace
from shapan.control.oracle.model import EntityOf, knows_nothing
from shapan.control.worlds import answer_key_of
from shapan.kernel.errors import Fault, Problem, invalid, not_found
from shapan.kernel.system import Answer, Context, ok

_MOST_DOCUMENTS = 60
_MOST_ENTRIES = 500
WITH_KEY = (
    "Seeded customers are told apart by the answer key, others by tax number, else by legal name.",
    "预置客户以标准答案识别，其余客户以税号识别，无税号时以法定名称识别。",
)
WITHOUT_KEY = (
    "There is no answer key at hand: customers are told apart by tax number and legal name alone.",
    "没有标准答案可用：客户仅以税号和法定名称识别。",
)


def get_reconciliation(
    ctx: Context,
    order: list[str] | None,
    document: list[str] | None,
    since: str | None,
    deadline_seconds: float | None,
) -> Answer:
    """getReconciliation: the verdict over the facts of all three systems. 404 naming each unknown order or document, 502/503
    without all facts.
    """
    start = _moment(since)
    read, books = _books(ctx)
    try:
        verdict = reconcile(
            books, orders=_names(order), documents=_names(document), since=start, deadline=deadline_seconds
        )
    except Unknown as error:
        raise _nobody_knows(error) from None
    has_key = books.entity_of is not knows_nothing
    en, zh = WITH_KEY if has_key else WITHOUT_KEY
    return ok(
        {
            "ok": verdict.ok,
            "as_of": _as_of(read),
            "workspace": ctx.workspace,
            "party_evidence": {"answer_key": has_key, "en": en, "zh": zh},
            "checks": [
                {
                    "code": check.code,
                    "name": check.name,
                    "en": check.en,
                    "zh": check.zh,
                    "compared": len(result.compared),
                    "differences": len(result.differences),
                }
                for check, result in verdict.results
            ],
            "differences": [
                found.as_json(check.code) for check, result in verdict.results for found in result.differences
            ],
            "delays": [delay.as_json() for delay in verdict.delays],
            "systems": [
                {
                    "name": name,
                    "url": _systems(ctx).base(name, ctx.workspace),
                    "reachable": True,
                    "as_of": read[name]["as_of"],
                }
                for name in ("crm", "scm", "finance")
            ],
        }
    )


def get_trace(ctx: Context, document_number: str) -> Answer:
    """getTrace: the chain that a document stands in, with the requests that made it. 404 when no system knows it."""
    read, books = _books(ctx)
    order, steps = trace(books, document_number)
    if not steps:
        raise not_found("document", "单据", document_number)
    entries = _entries(ctx, [step.document.number for step in steps])
    keys = [(step.document.system, step.document.number) for step in steps]
    requests, deliveries = making.assigned(keys, entries or ())
    times = {step.document.number: step.at for step in steps}
    shown = [
        {
            **step.as_json(),
            "seconds_after": _seconds(times.get(step.follows.number) if step.follows else None, step.at),
            "requests": requests[key],
            "deliveries": deliveries[key],
        }
        for key, step in zip(keys, steps, strict=True)
    ]
    return ok(
        {
            "document_number": document_number,
            "workspace": ctx.workspace,
            "as_of": _as_of(read),
            "order": order,
            "journal": entries is not None,
            "steps": shown,
        }
    )


def _entries(ctx: Context, numbers: list[str]) -> list[dict[str, Any]] | None:
    """What the journals know of these documents; None where a system keeps none."""
    systems = _systems(ctx)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        for number in dict.fromkeys(numbers[:_MOST_DOCUMENTS]):
            wanted = {"kind": "all", "bodies": False, "document": number}
            page = journal.read(systems, ctx.workspace, systems.names, wanted, newest_first=False, limit=_MOST_ENTRIES)
            found.update({(entry["system"], entry["cursor"]): entry for entry in page.items})
    except Problem as problem:
        if problem.name != "journal-off":
            raise
        return None
    return list(found.values())


def _seconds(before: str | None, after: str | None) -> float | None:
    """Simulated seconds from one moment to another; None unless both are known."""
    if before is None or after is None:
        return None
    return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()


def _names(given: list[str] | None) -> tuple[str, ...]:
    """Each name once; several may stand in one text, with commas between."""
    return tuple(dict.fromkeys(name for text in given or () for name in text.split(",")))


def _nobody_knows(error: Unknown) -> Problem:
    kinds = (("CRM order", " CRM 订单", error.orders), ("document or record", "单据或档案", error.documents))
    en = " and no ".join(f"{kind} {', '.join(names)}" for kind, _, names in kinds if names)
    zh = "，也没有".join(f"{kind} {'、'.join(names)}" for _, kind, names in kinds if names)
    return Problem(
        404,
        "not-found",
        "There is no such resource",
        f"There is no {en} in this workspace. Check the number, and that you ask the right workspace.",
        f"本工作区没有{zh}。请核对编号以及所用的工作区。",
    )


def _systems(ctx: Context) -> SystemsClient:
    systems: SystemsClient = ctx.services["systems"]
    return systems


def _books(ctx: Context) -> tuple[dict[str, dict[str, Any]], Books]:
    key = answer_key_of(ctx)
    entity_of: EntityOf = key.entity if key is not None else knows_nothing
    systems = _systems(ctx)
    try:
        # Not in the middle of a change: every system is read before it, or every one after it.
        with coordinator(ctx).quiet(ctx.workspace):
            return keeper(systems).look(systems, ctx.workspace, entity_of)
    except FactsError as error:
        raise bad_answer(error.system, str(error), f"对账事实不符合契约：{error}") from error


def _as_of(read: dict[str, dict[str, Any]]) -> str:
    """The verdict is as old as the oldest facts that it rests on."""
    oldest: str = min((answer["as_of"] for answer in read.values()), key=datetime.fromisoformat)
    return oldest


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        # RFC 3339 allows a leap second; the calendar here does not.
        fault = Fault("/since", "This moment is not in the calendar.", "该时刻不存在。", "query")
        raise invalid([fault]) from None
