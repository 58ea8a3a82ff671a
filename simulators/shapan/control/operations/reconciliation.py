"""Do the systems agree, and which way did an order go? (对账与单据追踪)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapan.control.changes import coordinator
from shapan.control.clients import SystemsClient, bad_answer
from shapan.control.facts import FactsError, read_books
from shapan.control.oracle import Books, UnknownOrder, reconcile
from shapan.control.oracle.chain import trace
from shapan.control.oracle.model import EntityOf, knows_nothing
from shapan.control.worlds import answer_key_of
from shapan.kernel.errors import Fault, invalid, not_found
from shapan.kernel.system import Answer, Context, ok

WITH_KEY = (
    "Seeded customers are told apart by the answer key, others by tax number, else by legal name.",
    "预置客户以标准答案识别，其余客户以税号识别，无税号时以法定名称识别。",
)
WITHOUT_KEY = (
    "There is no answer key at hand: customers are told apart by tax number and legal name alone.",
    "没有标准答案可用：客户仅以税号和法定名称识别。",
)


def get_reconciliation(ctx: Context, order: str | None, since: str | None) -> Answer:
    """getReconciliation: the verdict over the facts of all three systems. 404 for an unknown order, 502/503
    without all facts.
    """
    start = _moment(since)
    read, books = _books(ctx)
    try:
        verdict = reconcile(books, order=order, since=start)
    except UnknownOrder:
        raise not_found("CRM order", " CRM 订单", order) from None
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
    """getTrace: the chain that a document stands in. 404 when no system knows it."""
    read, books = _books(ctx)
    order, steps = trace(books, document_number)
    if not steps:
        raise not_found("document", "单据", document_number)
    return ok(
        {
            "document_number": document_number,
            "workspace": ctx.workspace,
            "as_of": _as_of(read),
            "order": order,
            "steps": [step.as_json() for step in steps],
        }
    )


def _systems(ctx: Context) -> SystemsClient:
    systems: SystemsClient = ctx.services["systems"]
    return systems


def _books(ctx: Context) -> tuple[dict[str, dict[str, Any]], Books]:
    # Not in the middle of a change: every system is read before it, or every one after it.
    with coordinator(ctx).quiet(ctx.workspace):
        read = _systems(ctx).facts(ctx.workspace)
    key = answer_key_of(ctx)
    entity_of: EntityOf = key.entity if key is not None else knows_nothing
    try:
        return read, read_books({name: answer["facts"] for name, answer in read.items()}, entity_of)
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
