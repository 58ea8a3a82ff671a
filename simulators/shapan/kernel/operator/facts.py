"""What the oracle and the key figures rest on (对账事实)."""

from __future__ import annotations

from datetime import date

from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, refused
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, ok


def get_facts(ctx: Context) -> Answer:
    """getFacts: what the oracle reads, in one consistent snapshot."""
    runtime, workspace = here(ctx)
    now = workspace.clock.now()
    with workspace.database.read() as db:
        facts = runtime.system.facts(db, now.date()) if runtime.system.facts is not None else {}
    return ok(
        {
            "system": runtime.system.name,
            "workspace": workspace.name,
            "as_of": rfc3339(now),
            "facts": facts,
        }
    )


def get_operator_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """getOperatorKpis: the key figures that this system has, for whoever puts those of all systems side by side. 422 for an empty period."""
    runtime, workspace = here(ctx)
    first, last = date.fromisoformat(from_), date.fromisoformat(to)
    if last < first:
        raise refused([Fault("/to", f"{to} is before {from_}.", f"{to} 早于 {from_}。", "query")])
    with workspace.database.read() as db:
        items = runtime.system.kpis(db, first, last) if runtime.system.kpis is not None else []
    return ok({"system": runtime.system.name, "workspace": workspace.name, "from": from_, "to": to, "items": items})
