"""The clocks of all systems as one (模拟时钟): read, advanced from one piece of scheduled work to the next, frozen, run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shapan.control.changes import coordinator
from shapan.control.clients import SystemsClient, require_all
from shapan.kernel.clock import rfc3339
from shapan.kernel.clock_step import step_target
from shapan.kernel.system import Answer, Context, ok

_CLOCK = "/_shapan/clock"
# A month-end close of a large workspace takes its time.
_PATIENCE = 600.0
Bodies = dict[str, dict[str, Any]]
"""What the systems said, by name, in the order in which a business document goes through them."""


def get_clocks(ctx: Context) -> Answer:
    """getClocks. 503 when a system does not answer."""
    return ok(_shown(_read(ctx, _CLOCK)))


def get_schedules(ctx: Context, limit: int) -> Answer:
    """getSchedules: what is due next in each system, and what was done. 503 when a system does not answer."""
    bodies = _read(ctx, f"/_shapan/schedule?limit={limit}")
    return ok(
        {
            "next": _in_order(due | {"system": name} for name, body in bodies.items() for due in body["next"]),
            "done": _in_order(done | {"system": name} for name, body in bodies.items() for done in body["done"])[
                -limit:
            ],
        }
    )


def change_clocks(ctx: Context, body: dict[str, Any]) -> Answer:
    """changeClocks: forward over all work of all systems, in order; and freeze, run or another rate.

    422 for a step back or too far, 503 when a system does not answer; then nothing has been moved.
    """
    # Two steps at a time would each reckon from where the clocks stood before; and a restore amid a step would leave each at another time.
    with coordinator(ctx).quiet(ctx.workspace):
        return _change_clocks(ctx, body)


def _change_clocks(ctx: Context, body: dict[str, Any]) -> Answer:
    clocks = _read(ctx, _CLOCK)
    target = step_target(body, _ahead(clocks))
    done: list[dict[str, Any]] = []
    if body.get("frozen") is True:
        # Before the step, so that all then show the very instant; each stops at a moment of its own.
        clocks = _tell(ctx, {"frozen": True}, done)
        clocks = _tell(ctx, {"advance_to": rfc3339(_ahead(clocks)), "or_later": True}, done)
    if target is not None:
        while (at := _next_due(clocks)) is not None and at <= target:
            clocks = _tell(ctx, {"advance_to": rfc3339(at), "or_later": True}, done)
        _tell(ctx, {"advance_to": rfc3339(target), "or_later": True}, done)
    running: dict[str, Any] = {name: body[name] for name in ("frozen", "rate") if name in body}
    if running:
        _tell(ctx, running, done)
    return ok({**_shown(_read(ctx, _CLOCK)), "done": done})


def _read(ctx: Context, path: str) -> Bodies:
    systems: SystemsClient = ctx.services["systems"]
    answers = systems.call("GET", path, ctx.workspace)
    require_all(
        answers.values(), ctx.workspace, "The clocks move together or not at all.", "各系统的时钟只能一起变动。"
    )
    return {name: answer.body for name, answer in answers.items()}


def _tell(ctx: Context, change: Mapping[str, Any], done: list[dict[str, Any]]) -> Bodies:
    """Change every clock alike. What was done is put behind what was done before, of one instant in the order of the systems."""
    systems: SystemsClient = ctx.services["systems"]
    answers = systems.call("POST", _CLOCK, ctx.workspace, body=change, seconds=_PATIENCE)
    require_all(
        answers.values(),
        ctx.workspace,
        "The other clocks have moved already; ask again for the same instant when all answer.",
        "其他系统的时钟已经变动，请在全部系统恢复后再次推进到同一时刻。",
    )
    bodies = {name: answer.body for name, answer in answers.items()}
    done += _in_order(each | {"system": name} for name, body in bodies.items() for each in body["done"])
    return bodies


def _in_order(items: Any) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: datetime.fromisoformat(item["at"]))


def _ahead(clocks: Bodies) -> datetime:
    return max(datetime.fromisoformat(clock["now"]) for clock in clocks.values())


def _next_due(clocks: Bodies) -> datetime | None:
    return min(
        (datetime.fromisoformat(clock["next_due"]["at"]) for clock in clocks.values() if clock["next_due"] is not None),
        default=None,
    )


def _shown(clocks: Bodies) -> dict[str, Any]:
    due = _in_order(
        clock["next_due"] | {"system": name} for name, clock in clocks.items() if clock["next_due"] is not None
    )
    return {
        "now": rfc3339(_ahead(clocks)),
        "frozen": all(clock["frozen"] for clock in clocks.values()),
        "rate": max(clock["rate"] for clock in clocks.values()),
        "next_due": due[0] if due else None,
        "systems": [{"system": name, **clock} for name, clock in clocks.items()],
    }
