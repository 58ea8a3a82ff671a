"""Faults of one workspace (故障): listed, added, removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from shapan.kernel.errors import Fault, refused
from shapan.kernel.faults.kind import EventFault
from shapan.kernel.faults.kinds import FAULTS
from shapan.kernel.faults.matching import type_pattern, unusable
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, created, no_content, ok

BROKER = "broker"


def list_faults(ctx: Context) -> Answer:
    """listFaults: in the order in which they were added."""
    _, workspace = here(ctx)
    return ok({"items": workspace.faults.view()})


def get_fault(ctx: Context, fault_id: str) -> Answer:
    """getFault."""
    _, workspace = here(ctx)
    return ok(workspace.faults.rule(fault_id))


def create_fault(ctx: Context, known_only: bool, body: dict[str, Any]) -> Answer:
    """createFault: it acts from now on. 422 with everything that this system does not have, or that contradicts itself."""
    runtime, workspace = here(ctx)
    kind = FAULTS[body["fault"]]
    match = dict(body.get("match", {}))
    given, known = (
        ("types", runtime.contract.events) if isinstance(kind, EventFault) else ("operations", _operations(ctx))
    )
    fits = _fits_type if given == "types" else _is_operation
    strange = [name for name in match.get(given, ()) if not fits(name, known)]
    if known_only and strange and len(strange) < len(match[given]):
        match[given] = [name for name in match[given] if name not in strange]
        strange = []
    wrong = [_unknown(given, match[given].index(name), name) for name in strange]
    wrong += unusable(match)
    parameters = kind.parameters(body.get("parameters", {}))
    wrong += kind.refuses(parameters, workspace.clock.now())
    with workspace.database.read() as db:
        wrong += _no_webhook(db, match)
    if wrong:
        raise refused(wrong)
    rule = workspace.faults.add({**body, **({"match": match} if match else {})})
    return created(workspace.faults.rule(rule.id), ctx.url(f"/_shapan/faults/{rule.id}"))


def _operations(ctx: Context) -> Iterable[str]:
    runtime, _ = here(ctx)
    return [operation.operation_id for operation in runtime.contract.operations.values() if not operation.is_operators]


def _is_operation(name: str, known: Iterable[str]) -> bool:
    return name in known


def _fits_type(glob: str, known: Iterable[str]) -> bool:
    pattern = type_pattern(glob)
    return any(pattern.fullmatch(name) for name in known)


def _unknown(member: str, place: int, name: str) -> Fault:
    if member == "types":
        en, zh = f"No event of this system is of type {name}.", f"本系统没有类型为 {name} 的事件。"
    else:
        en, zh = f"This system has no operation {name}.", f"本系统没有操作 {name}。"
    return Fault(f"/match/{member}/{place}", f"{en} /openapi.json has all.", f"{zh}全部见 /openapi.json。")


def _no_webhook(db: sqlite3.Connection, match: Mapping[str, Any]) -> list[Fault]:
    webhook = match.get("webhook", BROKER)
    if webhook == BROKER or db.execute("SELECT 1 FROM shapan_subscription WHERE id = ?", (webhook,)).fetchone():
        return []
    return [
        Fault(
            "/match/webhook",
            f"There is no webhook {webhook} in this workspace; /webhooks has all.",
            f"本工作区没有订阅 {webhook}，全部见 /webhooks。",
        )
    ]


def delete_fault(ctx: Context, fault_id: str) -> Answer:
    """deleteFault: it acts no longer."""
    _, workspace = here(ctx)
    workspace.faults.remove(fault_id)
    return no_content()


def delete_faults(ctx: Context) -> Answer:
    """deleteFaults: everything works again."""
    _, workspace = here(ctx)
    workspace.faults.clear()
    return no_content()


def list_fault_types(ctx: Context) -> Answer:
    """listFaultTypes: what can go wrong, with the schema of what each can be told."""
    items = [
        {"name": kind.name, "en": kind.en, "zh": kind.zh, "acts_on": kind.acts_on, "parameters": dict(kind.schema)}
        for kind in FAULTS.values()
    ]
    return ok({"items": items})
