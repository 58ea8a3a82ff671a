"""The three systems as one: their health, their key figures, and reset of all (系统总控)."""

from __future__ import annotations

from typing import Any

from shapan.control.clients import SystemAnswer, SystemsClient
from shapan.kernel.errors import Fault, refused
from shapan.kernel.system import Answer, Context, ok


def list_systems(ctx: Context) -> Answer:
    """listSystems: each system with its health; one that does not answer is listed with the reason."""
    systems: SystemsClient = ctx.services["systems"]
    return ok({"items": [_item(systems, answer, ctx.workspace) for answer in systems.health(ctx.workspace)]})


def get_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """getKpis: what each system computed over a period. 503 when one does not answer."""
    if to < from_:
        raise refused([Fault("/to", f"{to} is before {from_}.", f"{to} 早于 {from_}。", "query")])
    systems: SystemsClient = ctx.services["systems"]
    return ok({"from": from_, "to": to, "systems": systems.kpis(ctx.workspace, from_, to)})


def reset_all(ctx: Context) -> Answer:
    """resetAll: every system seeded anew, and its health now. 503 when one does not answer; then none is reset."""
    systems: SystemsClient = ctx.services["systems"]
    return ok({"items": [_item(systems, answer, ctx.workspace) for answer in systems.reset(ctx.workspace)]})


def _item(systems: SystemsClient, answer: SystemAnswer, workspace: str) -> dict[str, Any]:
    healthy = answer.good and isinstance(answer.body, dict)
    return {
        "name": answer.name,
        "url": systems.base(answer.name, workspace),
        "docs_url": systems.docs(answer.name),
        "reachable": healthy,
        "health": answer.body if healthy else None,
        "reason": None if healthy else answer.reason or "its answer is no JSON object",
    }
