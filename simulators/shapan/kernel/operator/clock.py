"""The simulated clock of one workspace (模拟时钟): read and changed; and what the system does by itself (定时任务)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapan.kernel.clock import SimulatedClock, rfc3339
from shapan.kernel.clock_step import step_target
from shapan.kernel.operator.here import here
from shapan.kernel.system import Answer, Context, ok

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace


def get_clock(ctx: Context) -> Answer:
    """getClock."""
    return ok(_clock(*here(ctx)))


def get_schedule(ctx: Context, limit: int) -> Answer:
    """getSchedule: what is due next of each kind, and the latest of what was done."""
    runtime, workspace = here(ctx)
    return ok(
        {
            "next": [due.as_json() for due in runtime.schedule.upcoming(workspace)],
            "done": runtime.schedule.latest(workspace, limit),
        }
    )


def change_clock(ctx: Context, body: dict[str, Any]) -> Answer:
    """changeClock: a step forward over all work that is due until then, and freeze, run or another rate.

    422 for a step back and one beyond the year 2200; nothing has then changed.
    """
    runtime, workspace = here(ctx)
    to = step_target(body, workspace.clock.now())
    done: list[dict[str, Any]] = []
    if body.get("frozen") is True:
        # Before the step, so that it then shows the very instant.
        workspace.change_clock(SimulatedClock.freeze)
    if to is not None:
        # It was not past a moment ago, and the clock goes on.
        done = runtime.schedule.advance(workspace, to, or_later=True)

    def change(clock: SimulatedClock) -> None:
        if "rate" in body:
            clock.set_rate(body["rate"])
        if body.get("frozen") is False:
            clock.run()

    workspace.change_clock(change)
    runtime.courier.nudge(workspace)
    return ok({**_clock(runtime, workspace), "done": done})


def _clock(runtime: Runtime, workspace: Workspace) -> dict[str, Any]:
    ahead = runtime.schedule.upcoming(workspace)
    return {
        "now": rfc3339(workspace.clock.now()),
        "frozen": workspace.clock.frozen,
        "rate": workspace.clock.rate,
        "next_due": ahead[0].as_json() if ahead else None,
    }
