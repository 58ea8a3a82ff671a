"""Health and metrics of one system (状态): is it ready, and how busy is it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prometheus_client import generate_latest

from shapan import __version__
from shapan.kernel.clock import rfc3339
from shapan.kernel.delivery import lines
from shapan.kernel.delivery.lines import BROKER
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, ok

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace


def _health(ctx: Context) -> dict[str, Any]:
    runtime, workspace = here(ctx)
    world = runtime.world_of(workspace)
    return {
        "status": "ready",
        "system": runtime.system.name,
        "version": __version__,
        "workspace": workspace.name,
        "world": dict(world) if world is not None else None,
        "now": rfc3339(workspace.clock.now()),
        "pid": os.getpid(),
        "broker": _broker(runtime, workspace),
    }


def _broker(runtime: Runtime, workspace: Workspace) -> dict[str, Any] | None:
    publisher = runtime.courier.publisher
    if publisher is None:
        return None
    with workspace.database.read() as db:
        return {**publisher.status(), "waiting": lines.waiting_for(db, BROKER)}


def get_health(ctx: Context) -> Answer:
    """getHealth: ready, with the world and the process id."""
    return ok(_health(ctx))


def get_metrics(ctx: Context) -> Answer:
    """getMetrics: Prometheus text. `body` is text here, not JSON."""
    runtime, _ = here(ctx)
    text = generate_latest(runtime.metrics).decode()
    return Answer(200, text, (("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),))
