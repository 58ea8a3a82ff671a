"""Events of all systems, their deliveries and their dead letters (事件投递), and sending them again."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from shapan.control.clients import (
    SystemAnswer,
    SystemsClient,
    bad_answer,
    pass_on_refusals,
    require_all,
    unknown_systems,
)
from shapan.kernel.errors import Fault, Problem, refused
from shapan.kernel.paging import decode_cursor, encode_cursor
from shapan.kernel.system import Answer, Context, ok

_EVENTS = "/_shapan/events"


def list_all_events(
    ctx: Context,
    system: str | None,
    state: str | None,
    type: str | None,
    subject: str | None,
    since: str | None,
    after: str | None,
    limit: int,
) -> Answer:
    """listAllEvents: by simulated time, those of one system in their order. 422 for a system that there is not."""
    systems: SystemsClient = ctx.services["systems"]
    chosen = list(systems.names) if system is None else [system]
    if strange := unknown_systems(systems, [("/system", name) for name in chosen], "query"):
        raise refused(strange)
    cursor = _cursor(after)
    asked = {"state": state, "type": type, "subject": subject, "since": since, "limit": str(limit)}
    given = {name: value for name, value in asked.items() if value is not None}
    paths = {name: f"{_EVENTS}?{urlencode({**given, 'after': str(cursor.get(name, 0))})}" for name in chosen}
    pages = _good(systems.call("GET", paths, ctx.workspace, systems=chosen, language=ctx.language), ctx)
    merged = heapq.merge(*(_rows(name, page) for name, page in pages.items()), key=lambda row: row[:2])
    taken = list(islice(merged, limit))
    for _, name, entry in taken:
        cursor[name] = int(entry["event"]["sequence"])
    more = sum(len(page["events"]) for page in pages.values()) > len(taken)
    return ok(
        {
            "items": [{"system": name, **entry} for _, name, entry in taken],
            "next": encode_cursor(cursor),
            "has_more": more or any(page["has_more"] for page in pages.values()),
        }
    )


def resend_all_events(ctx: Context, body: dict[str, Any]) -> Answer:
    """resendAllEvents: nothing anywhere unless every system answers and every id is an event's of one of them (422)."""
    systems: SystemsClient = ctx.services["systems"]
    chosen = body.pop("systems", list(systems.names))
    if strange := unknown_systems(systems, ((f"/systems/{place}", name) for place, name in enumerate(chosen))):
        raise refused(strange)
    dry_run = body.pop("dry_run", False)
    # First without effect: what is wrong is found in all systems before anything is sent in one.
    tried = _resend(systems, ctx, chosen, {**body, "dry_run": True})
    unknown = set(body.get("ids", ())).intersection(*(answer["unknown"] for answer in tried.values()))
    if unknown:
        raise refused(
            Fault(f"/ids/{place}", f"There is no event {id_} in any system.", f"各系统均没有事件 {id_}。")
            for place, id_ in enumerate(body["ids"])
            if id_ in unknown
        )
    done = tried if dry_run else _resend(systems, ctx, chosen, body)
    items = [
        {"system": name, "events": answer["events"], "deliveries": answer["deliveries"]}
        for name, answer in done.items()
    ]
    totals = {member: sum(item[member] for item in items) for member in ("events", "deliveries")}
    return ok({"items": items, **totals, "dry_run": dry_run})


def _resend(systems: SystemsClient, ctx: Context, chosen: list[str], body: dict[str, Any]) -> dict[str, Any]:
    asked = {**body, **({"ignore_unknown": True} if "ids" in body else {})}
    answers = systems.call(
        "POST", f"{_EVENTS}/resend", ctx.workspace, systems=chosen, body=asked, language=ctx.language
    )
    return _good(answers, ctx)


def _good(answers: Mapping[str, SystemAnswer], ctx: Context) -> dict[str, Any]:
    """The bodies of the answers. What a system refuses in the request is refused with its words."""
    pass_on_refusals(answers.values(), (400,))
    require_all(
        answers.values(),
        ctx.workspace,
        "Events are shown and sent of all systems or of none.",
        "任一系统缺失时不显示也不投递。",
    )
    for answer in answers.values():
        if not isinstance(answer.body, Mapping):
            raise bad_answer(answer.name, f"{answer.url} did not answer with events", f"{answer.url} 返回的不是事件")
    return {name: answer.body for name, answer in answers.items()}


def _rows(name: str, page: Mapping[str, Any]) -> Iterable[tuple[datetime, str, Any]]:
    # Within a system the sequence counts: after a reset its clock may stand earlier.
    latest: datetime | None = None
    for entry in page["events"]:
        moment = datetime.fromisoformat(entry["event"]["time"])
        latest = moment if latest is None else max(latest, moment)
        yield latest, name, entry


def _cursor(text: str | None) -> dict[str, int]:
    """The last sequence number that was shown of each system. 422 for a text that fits the contract and is no cursor of ours."""
    if text is None:
        return {}
    try:
        found = decode_cursor(text)
        good = all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**63 for n in found.values())
    except Problem:
        good = False
    if not good:
        raise refused(
            [
                Fault(
                    "/after",
                    "Not a cursor of this list; take it from next.",
                    "不是该列表给出的游标，请取自 next。",
                    "query",
                )
            ]
        )
    return found
