"""What every operation of the operator interface begins with: the system and the workspace it was asked in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapan.kernel.system import Context

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime, Workspace


def here(ctx: Context) -> tuple[Runtime, Workspace]:
    """The running system and the workspace of a request."""
    runtime: Runtime = ctx.services["kernel.runtime"]
    return runtime, runtime.workspace(ctx.workspace)
