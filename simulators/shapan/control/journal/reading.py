"""Entries of several systems in the order of real time, with one cursor over all of them (合并日志).

Simulated clocks of systems may differ, and stand still; what came first is a matter of real time.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shapan.control.clients import SystemsClient, bad_answer, pass_on_refusals, require_all, unknown_systems
from shapan.kernel.errors import Fault, conflict, invalid, refused

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in the order that was asked for. `next` and `older` are cursors, see `cursor_of`."""

    items: list[Entry]
    next: str
    older: str
    has_more: bool


def cursor_of(places: Mapping[str, int]) -> str:
    """A cursor over several systems: crm:17,scm:4."""
    return ",".join(f"{name}:{place}" for name, place in places.items())


def places_of(cursor: str | None, name: str) -> dict[str, int]:
    """The place in each system. 400 where a system is named twice."""
    pairs = [part.partition(":") for part in cursor.split(",")] if cursor else []
    places = {system: int(place) for system, _, place in pairs}
    if len(places) < len(pairs):
        raise invalid([Fault(f"/{name}", "A system stands in it twice.", "同一系统出现了两次。", "query")])
    return places


def chosen(
    systems: SystemsClient, system: str | None, pointer: str = "/system", where: str = "query"
) -> tuple[str, ...]:
    """The systems that are meant: all, or the one that is named. 422 for one that control does not know."""
    if system is None:
        return systems.names
    if strange := unknown_systems(systems, [(pointer, system)], where):
        raise refused(strange)
    return (system,)


def ask(
    systems: SystemsClient,
    method: str,
    path: str | Mapping[str, str],
    workspace: str,
    names: tuple[str, ...],
    body: Any = None,
) -> dict[str, Any]:
    """What each system answered. 503, 502 or 404 naming each that did not, 409 where one keeps no journal."""
    answers = systems.call(method, path, workspace, systems=names, body=body)
    off = [name for name, answer in answers.items() if answer.status == 409]
    if off:
        listed = ", ".join(off)
        raise conflict(
            "journal-off",
            f"No journal is kept by {listed}: it was started with --no-journal. Start it without, and ask again.",
            f"{listed} 以 --no-journal 启动，未记录请求日志；请去掉该选项重新启动。",
        )
    pass_on_refusals(answers.values())
    require_all(
        answers.values(), workspace, "The journal is given for all systems or none.", "任一系统缺失时不给出日志。"
    )
    return {name: answer.body for name, answer in answers.items()}


def read(
    systems: SystemsClient,
    workspace: str,
    names: tuple[str, ...],
    filters: Mapping[str, Any],
    *,
    after: str | None = None,
    before: str | None = None,
    newest_first: bool = True,
    limit: int = 100,
) -> Page:
    """The entries of these systems that fit `filters` (parameters of listJournal), at most `limit`. Problems as `ask` raises them."""
    given = {name: _text(value) for name, value in filters.items() if value is not None}
    from_, to = places_of(after, "after"), places_of(before, "before")
    paths = {}
    for name in names:
        own = {**given, "limit": str(limit), "order": "newest" if newest_first else "oldest"}
        if after is not None:
            own["after"] = str(from_.get(name, 0))
        if name in to:
            own["before"] = str(to[name])
        paths[name] = f"/_shapan/journal?{urlencode(own)}"
    answers = ask(systems, "GET", paths, workspace, names)
    # Entries of one system stay in the order in which they ended, or a cursor could not say which were given already.
    columns = [_entries(name, body) for name, body in answers.items()]
    found = list(heapq.merge(*columns, key=lambda entry: (entry["started_at"], entry["system"]), reverse=newest_first))
    items = found[:limit]
    more = len(found) > limit or any(body["has_more"] for body in answers.values())
    return Page(items, _next(answers, from_, items, found, newest_first), _older(to, items), more)


def _entries(name: str, body: Any) -> list[Entry]:
    if not (isinstance(body, Mapping) and isinstance(body.get("items"), list) and isinstance(body.get("next"), str)):
        raise bad_answer(name, "it did not answer with a journal", "返回的不是请求日志")
    return list(body["items"])


def _next(
    answers: Mapping[str, Any], from_: Mapping[str, int], items: list[Entry], found: list[Entry], newest_first: bool
) -> str:
    """Where to go on: behind what was given; where a system gave all that it had, behind everything that it has."""
    left = {entry["system"] for entry in found[len(items) :]}
    places = {}
    for name, body in answers.items():
        if newest_first or name not in left:
            places[name] = int(body["next"])
        else:
            given = [int(entry["cursor"]) for entry in items if entry["system"] == name]
            places[name] = max(given, default=from_.get(name, 0))
    return cursor_of({**from_, **places})


def _older(to: Mapping[str, int], items: list[Entry]) -> str:
    """Before the oldest that was given of each system."""
    places = dict(to)
    for entry in items:
        place = int(entry["cursor"])
        places[entry["system"]] = min(place, places.get(entry["system"], place))
    return cursor_of(places)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def parameters(given: Mapping[str, Any]) -> str:
    """The query of a request, with its question mark; nothing where nothing is given."""
    asked = {name: _text(value) for name, value in given.items() if value is not None}
    return f"?{urlencode(asked)}" if asked else ""
