"""Contract coverage (契约覆盖): which operations the integration used, which documented answers it never met, which events it acted on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from shapan.kernel.contract import load_contract
from shapan.kernel.resources import data_folder
from shapan.sandbox.options import SIMULATORS
from shapan.verify.journal import Entry

_OURS = frozenset({"createWebhook", "deleteWebhook"})
"""What the sandbox asks in the integration's name when it starts and ends it."""


def coverage(entries: Iterable[Entry], people: str) -> dict[str, Any]:
    """Coverage by system, from the journals of all workspaces; `people` is the client id as which the people of the scenarios act.

    An event counts as acted on when the integration later wrote something that names its subject.
    """
    seen = list(entries)
    requests = [entry for entry in seen if entry.event is None and entry.client not in (None, people)]
    statuses: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry in requests:
        if entry.operation is not None and entry.operation not in _OURS:
            statuses[entry.system, entry.operation][str(entry.status)] += 1
    return {
        "requests": len(requests),
        "systems": [_system(name, statuses) for name in SIMULATORS],
        "events": _events(seen, [entry for entry in requests if entry.writes and entry.operation not in _OURS]),
    }


def _system(name: str, statuses: dict[tuple[str, str], Counter[str]]) -> dict[str, Any]:
    used: list[dict[str, Any]] = []
    unused: list[str] = []
    for operation in load_contract(data_folder("contracts") / f"{name}.yaml").operations.values():
        if operation.access != "oauth":
            continue
        met = statuses.get((name, operation.operation_id))
        if not met:
            unused.append(operation.operation_id)
            continue
        used.append(
            {
                "operation": operation.operation_id,
                "method": operation.method,
                "path": operation.path,
                "calls": met.total(),
                "met": dict(sorted(met.items())),
                "never_met": sorted({*operation.responses} - {*met} - {"default"}),
            }
        )
    used.sort(key=lambda row: (-row["calls"], row["operation"]))
    return {"system": name, "used": used, "unused": sorted(unused)}


def _events(entries: list[Entry], writes: list[Entry]) -> list[dict[str, Any]]:
    """Event types that were delivered: how many events (not attempts), and of how many the subject stands in a later write."""
    last_write: dict[str, float] = {}
    for entry in writes:
        for name in entry.about:
            last_write[name] = max(entry.at, last_write.get(name, 0.0))
    received: dict[str, set[tuple[str, str]]] = defaultdict(set)
    acted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    systems: dict[str, str] = {}
    for entry in entries:
        if entry.event is None or entry.subject is None or entry.state != "delivered":
            continue
        systems[entry.event] = entry.system
        one = (entry.system, entry.subject)
        received[entry.event].add(one)
        if last_write.get(entry.subject, 0.0) >= entry.at:
            acted[entry.event].add(one)
    return [
        {"system": systems[kind], "event": kind, "received": len(received[kind]), "acted_on": len(acted[kind])}
        for kind in sorted(received)
    ]
