"""Changes of whole workspaces in two steps (两阶段变更): prepared, committed, finished or undone."""

from __future__ import annotations

from typing import Any

from shapan.kernel.errors import Fault, refused
from shapan.kernel.operator.here import here
from shapan.kernel.plans import Plans
from shapan.kernel.system import Answer, Context, no_content, ok

# Which members go with which kind, and whether they must be there.
_MEMBERS = {
    "reset": {"webhooks": False, "world": False},
    "restore": {"name": True},
    "fork": {"name": True, "webhooks": False},
    "save": {"name": True, "note": False},
}
_ALWAYS = {"kind", "lease_seconds", "patience_seconds"}


def prepare_change(ctx: Context, change_id: str, body: dict[str, Any]) -> Answer:
    """prepareChange. 422 for members that do not go with the kind, and for worlds that cannot be built."""
    runtime, workspace = here(ctx)
    kind = body["kind"]
    _require_members(kind, body)
    plans, name, webhooks = Plans(runtime), body.get("name", ""), body.get("webhooks", False)
    if kind == "reset":
        world = None
        if "world" in body:
            world = {**(runtime.world_of(workspace) or {}), **body["world"]}
        plan = plans.reset(change_id, workspace, webhooks=webhooks, world=world)
    elif kind == "restore":
        plan = plans.restore(change_id, workspace, name)
    elif kind == "fork":
        plan = plans.fork(change_id, workspace, name, webhooks=webhooks)
    else:
        plan = plans.save(change_id, workspace, name, body.get("note", ""))
    change = runtime.changes.prepare(
        change_id,
        kind,
        workspace,
        plan,
        lease=body.get("lease_seconds", 20),
        patience=body.get("patience_seconds", 10),
    )
    return ok(change.shown())


def _require_members(kind: str, body: dict[str, Any]) -> None:
    members = _MEMBERS[kind]
    found = [
        Fault(f"/{member}", f"A change of kind {kind} needs {member}.", f"{kind} 类变更缺少 {member}。")
        for member, needed in members.items()
        if needed and member not in body
    ] + [
        Fault(f"/{member}", f"A change of kind {kind} has no {member}.", f"{kind} 类变更没有 {member}。")
        for member in body
        if member not in members and member not in _ALWAYS
    ]
    if found:
        raise refused(found)


def commit_change(ctx: Context, change_id: str) -> Answer:
    """commitChange."""
    runtime, _ = here(ctx)
    return ok(runtime.changes.commit(change_id).shown())


def finish_change(ctx: Context, change_id: str) -> Answer:
    """finishChange."""
    runtime, _ = here(ctx)
    return ok({**runtime.changes.finish(change_id).shown(), "state": "finished"})


def abort_change(ctx: Context, change_id: str) -> Answer:
    """abortChange."""
    runtime, _ = here(ctx)
    runtime.changes.abort(change_id)
    return no_content()
