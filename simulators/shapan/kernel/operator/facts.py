"""What the oracle and the key figures rest on (对账事实)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, refused
from shapan.kernel.operator.facts_delta import Looks, changes, looked
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, ok

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime

_LOOKS: WeakKeyDictionary[Runtime, Looks] = WeakKeyDictionary()


def get_facts(ctx: Context, since: str | None) -> Answer:
    """getFacts: what the oracle reads, in one consistent snapshot; with `since` only what changed after that look, where it is known."""
    runtime, workspace = here(ctx)
    now = workspace.clock.now()
    # Read before the snapshot is taken: what is written meanwhile is found by the next look.
    writes, state = workspace.database.writes, workspace.state
    # No id: Python gives that of a workspace which was deleted to the next one.
    owner = ref(workspace.database)
    head = {"system": runtime.system.name, "workspace": workspace.name, "as_of": rfc3339(now)}
    looks = _LOOKS.setdefault(runtime, Looks())
    before = looks.last(workspace.name, since, owner, state) if since is not None else None
    if before is not None and (before.writes, before.today) == (writes, now.date()):
        return ok({**head, "version": before.version, "facts": {}, "changes": {}})
    with workspace.database.read() as db:
        facts = runtime.system.facts(db, now.date()) if runtime.system.facts is not None else {}
    if since is None:
        return ok({**head, "facts": facts})
    after = looked(facts, owner, state, writes, now.date())
    looks.keep(workspace.name, after)
    changed = changes(facts, before, after) if before is not None else None
    if changed is None:
        return ok({**head, "version": after.version, "facts": facts})
    return ok({**head, "version": after.version, "facts": {}, "changes": changed})


def get_operator_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """getOperatorKpis: the key figures that this system has, for whoever puts those of all systems side by side. 422 for an empty period."""
    runtime, workspace = here(ctx)
    first, last = date.fromisoformat(from_), date.fromisoformat(to)
    if last < first:
        raise refused([Fault("/to", f"{to} is before {from_}.", f"{to} 早于 {from_}。", "query")])
    with workspace.database.read() as db:
        items = runtime.system.kpis(db, first, last) if runtime.system.kpis is not None else []
    return ok({"system": runtime.system.name, "workspace": workspace.name, "from": from_, "to": to, "items": items})
