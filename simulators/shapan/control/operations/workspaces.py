"""Workspaces over all systems (工作区): made, forked, deleted, put back, given another world."""

from __future__ import annotations

from typing import Any

from shapan.control.changes import coordinator, objected
from shapan.control.clients import SystemsClient, require_all
from shapan.control.health import health_of
from shapan.kernel.errors import Problem, no_such
from shapan.kernel.system import Answer, Context, created, no_content, ok

DEFAULT = "default"


def reset_all(ctx: Context, webhooks: bool) -> Answer:
    """resetAll: the first state, in every system or in none."""
    coordinator(ctx).change(ctx.workspace, {"kind": "reset", "webhooks": webhooks}, ctx.language)
    return health_of(ctx)


def seed_all(ctx: Context, body: dict[str, Any]) -> Answer:
    """seedAll: another world, in every system or in none."""
    coordinator(ctx).change(ctx.workspace, {"kind": "reset", "world": body}, ctx.language)
    return health_of(ctx)


def list_all_workspaces(ctx: Context) -> Answer:
    """listAllWorkspaces: by name, each with the systems that have it."""
    systems: SystemsClient = ctx.services["systems"]
    # Asked of the default workspace, which every system has.
    answers = systems.call("GET", "/_shapan/workspaces", DEFAULT, language=ctx.language)
    require_all(answers.values(), DEFAULT, "There is no list without all systems.", "任一系统缺失时不列出工作区。")
    having: dict[str, list[str]] = {}
    for system, answer in answers.items():
        for item in answer.body["items"]:
            having.setdefault(item["name"], []).append(system)
    return ok(
        {
            "items": [
                {"name": name, "complete": len(some) == len(answers), "systems": some}
                for name, some in sorted(having.items())
            ]
        }
    )


def create_workspace_everywhere(ctx: Context, workspace_name: str) -> Answer:
    """createWorkspaceEverywhere: what some systems had made goes again when one cannot."""
    systems: SystemsClient = ctx.services["systems"]
    path = f"/_shapan/workspaces/{workspace_name}"
    with coordinator(ctx).quiet(workspace_name):
        before = systems.call("GET", "/_shapan/workspaces", DEFAULT, language=ctx.language)
        require_all(before.values(), DEFAULT, "Nothing was created.", "没有创建任何工作区。")
        missing = [
            name for name, one in before.items() if workspace_name not in {item["name"] for item in one.body["items"]}
        ]
        made = systems.call("PUT", path, DEFAULT, systems=missing, language=ctx.language, seconds=120)
        try:
            objected(made.values(), DEFAULT)
        except Problem:
            systems.call("DELETE", path, DEFAULT, systems=missing)
            raise
    return ok({"name": workspace_name})


def delete_workspace_everywhere(ctx: Context, workspace_name: str) -> Answer:
    """deleteWorkspaceEverywhere. 404 when no system has it, 409 for the default one."""
    systems: SystemsClient = ctx.services["systems"]
    with coordinator(ctx).quiet(workspace_name):
        answers = systems.call("DELETE", f"/_shapan/workspaces/{workspace_name}", DEFAULT, language=ctx.language)
    if all(answer.status == 404 for answer in answers.values()):
        raise no_such(f"workspace {workspace_name}", f"工作区 {workspace_name}")
    objected([answer for answer in answers.values() if answer.status != 404], DEFAULT)
    return no_content()


def fork_workspace(ctx: Context, workspace_name: str, body: dict[str, Any]) -> Answer:
    """forkWorkspace: the same moment of every system, or nothing. 409 when the name is taken."""
    plan = {"kind": "fork", "name": body["name"], "webhooks": body.get("webhooks", False)}
    coordinator(ctx).change(workspace_name, plan, ctx.language)
    return created({"name": body["name"], "from": workspace_name}, ctx.url(f"/workspaces/{body['name']}"))
