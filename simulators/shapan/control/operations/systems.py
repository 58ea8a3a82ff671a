"""The three systems as one: their health and their key figures (系统总控)."""

from __future__ import annotations

from shapan.control.clients import SystemsClient
from shapan.control.health import health_of
from shapan.kernel.errors import Fault, refused
from shapan.kernel.system import Answer, Context, ok


def list_systems(ctx: Context) -> Answer:
    """listSystems: each system with its health; one that does not answer is listed with the reason."""
    return health_of(ctx)


def get_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """getKpis: what each system computed over a period. 503 when one does not answer."""
    if to < from_:
        raise refused([Fault("/to", f"{to} is before {from_}.", f"{to} 早于 {from_}。", "query")])
    systems: SystemsClient = ctx.services["systems"]
    return ok({"from": from_, "to": to, "systems": systems.kpis(ctx.workspace, from_, to)})
