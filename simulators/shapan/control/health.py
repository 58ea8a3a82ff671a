"""The systems as control shows them (系统状态): address, health, or the reason why there is none."""

from __future__ import annotations

from typing import Any

from shapan.control.clients import SystemAnswer, SystemsClient
from shapan.kernel.system import Answer, Context, ok


def shown(systems: SystemsClient, answer: SystemAnswer, workspace: str) -> dict[str, Any]:
    """One system with its health, or why there is none."""
    healthy = answer.good and isinstance(answer.body, dict)
    return {
        "name": answer.name,
        "url": systems.base(answer.name, workspace),
        "docs_url": systems.docs(answer.name),
        "reachable": healthy,
        "health": answer.body if healthy else None,
        "reason": None if healthy else answer.reason or "its answer is no JSON object",
    }


def health_of(ctx: Context) -> Answer:
    """All systems as they are now in the workspace of a request."""
    systems: SystemsClient = ctx.services["systems"]
    answers = systems.call("GET", "/_shapan/health", ctx.workspace).values()
    return ok({"items": [shown(systems, answer, ctx.workspace) for answer in answers]})
