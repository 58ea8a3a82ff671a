"""Workspaces of one system (工作区): made, put back, deleted."""

from __future__ import annotations

from shapan.kernel.operator.here import here
from shapan.kernel.operator.state import get_health
from shapan.kernel.system import Answer, Context, no_content, ok


def reset_workspace(ctx: Context, webhooks: bool) -> Answer:
    """resetWorkspace: seeded anew."""
    runtime, workspace = here(ctx)
    runtime.reset(workspace, webhooks=webhooks)
    return get_health(ctx)


def list_workspaces(ctx: Context) -> Answer:
    """listWorkspaces."""
    runtime, _ = here(ctx)
    return ok({"items": [{"name": workspace.name} for workspace in runtime.workspaces()]})


def create_workspace(ctx: Context, workspace_name: str) -> Answer:
    """createWorkspace: there is one now, if there was none."""
    runtime, _ = here(ctx)
    return ok({"name": runtime.create_workspace(workspace_name).name})


def delete_workspace(ctx: Context, workspace_name: str) -> Answer:
    """deleteWorkspace."""
    runtime, _ = here(ctx)
    runtime.delete_workspace(workspace_name)
    return no_content()
