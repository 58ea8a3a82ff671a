"""Snapshots of all systems under one name (快照): saved, restored, deleted, taken to another machine as one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapan.control.changes import coordinator, objected
from shapan.control.clients import SystemAnswer, SystemsClient, require_all
from shapan.control.health import health_of
from shapan.control.package import PackageError, pack, unpack
from shapan.kernel.errors import Problem, conflict, no_such, refused
from shapan.kernel.system import Answer, Context, created, no_content, ok
from shapan.kernel.wire import Upload

DEFAULT = "default"


def list_snapshots(ctx: Context) -> Answer:
    """listSnapshots: by name."""
    found = _all(ctx)
    return ok({"items": [_shown(ctx, some) for _, some in sorted(found.items())]})


def get_snapshot(ctx: Context, snapshot_name: str) -> Answer:
    """getSnapshot."""
    return ok(_shown(ctx, _find(ctx, snapshot_name)))


def save_snapshot(ctx: Context, snapshot_name: str, body: dict[str, Any] | None) -> Answer:
    """saveSnapshot: the same moment of every system, or nothing. 409 when the name is taken."""
    plan = {"kind": "save", "name": snapshot_name, "note": (body or {}).get("note", "")}
    coordinator(ctx).change(ctx.workspace, plan, ctx.language)
    return created(_shown(ctx, _find(ctx, snapshot_name)), ctx.url(f"/snapshots/{snapshot_name}"))


def restore_snapshot(ctx: Context, snapshot_name: str) -> Answer:
    """restoreSnapshot: into every system or into none."""
    some = _find(ctx, snapshot_name)
    if len(some) < len(_systems(ctx).names):
        raise _incomplete(snapshot_name, some)
    coordinator(ctx).change(ctx.workspace, {"kind": "restore", "name": snapshot_name}, ctx.language)
    return health_of(ctx)


def delete_snapshot(ctx: Context, snapshot_name: str) -> Answer:
    """deleteSnapshot: in every system that has it."""
    answers = _systems(ctx).call("DELETE", f"/_shapan/snapshots/{snapshot_name}", DEFAULT, language=ctx.language)
    if all(answer.status == 404 for answer in answers.values()):
        raise no_such(f"snapshot {snapshot_name}", f"快照 {snapshot_name}")
    objected([answer for answer in answers.values() if answer.status != 404], DEFAULT)
    return no_content()


def get_snapshot_file(ctx: Context, snapshot_name: str) -> Answer:
    """getSnapshotFile: the package."""
    some = _find(ctx, snapshot_name)
    if len(some) < len(_systems(ctx).names):
        raise _incomplete(snapshot_name, some)
    answers = _systems(ctx).fetch(f"/_shapan/snapshots/{snapshot_name}/file", DEFAULT, language=ctx.language)
    require_all(answers.values(), DEFAULT, "There is no file without all systems.", "任一系统缺失时无法导出。")
    content = pack(_shown(ctx, some), {name: answer.body for name, answer in answers.items()})
    return Answer(
        200,
        content,
        (
            ("Content-Type", "application/zip"),
            ("Content-Disposition", f'attachment; filename="{snapshot_name}.shapan.zip"'),
        ),
    )


def load_snapshot_file(ctx: Context, snapshot_name: str, body: Upload) -> Answer:
    """loadSnapshotFile: into every system or into none. 422 with every fault of the package, or with what the systems find wrong."""
    systems = _systems(ctx)
    try:
        files = unpack(body.content, systems.names)
    except PackageError as error:
        raise refused(error.faults) from error
    present = _all(ctx).get(snapshot_name, {})
    if present:
        raise conflict(
            "snapshot-exists",
            f"There is a snapshot {snapshot_name} already. Take another name, or delete it first.",
            f"快照 {snapshot_name} 已存在。请换一个名称，或先删除它。",
        )
    path = f"/_shapan/snapshots/{snapshot_name}"
    answers = systems.send(f"{path}/file", DEFAULT, files, "application/gzip", language=ctx.language)
    try:
        objected(answers.values(), DEFAULT)
    except Problem:
        systems.call(
            "DELETE", path, DEFAULT, systems=[name for name, answer in answers.items() if answer.status != 409]
        )
        raise
    return ok(_shown(ctx, {name: answer.body for name, answer in answers.items()}))


def _systems(ctx: Context) -> SystemsClient:
    systems: SystemsClient = ctx.services["systems"]
    return systems


def _all(ctx: Context) -> dict[str, dict[str, dict[str, Any]]]:
    """{snapshot: {system: what it says of it}}."""
    answers: Mapping[str, SystemAnswer] = _systems(ctx).call(
        "GET", "/_shapan/snapshots", DEFAULT, language=ctx.language
    )
    require_all(answers.values(), DEFAULT, "There is no list without all systems.", "任一系统缺失时不列出快照。")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for system, answer in answers.items():
        for item in answer.body["items"]:
            found.setdefault(item["name"], {})[system] = item
    return found


def _find(ctx: Context, name: str) -> dict[str, dict[str, Any]]:
    found = _all(ctx).get(name)
    if found is None:
        raise no_such(f"snapshot {name}", f"快照 {name}")
    return found


def _shown(ctx: Context, some: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    first = next(iter(some.values()))
    return {
        "name": first["name"],
        "complete": len(some) == len(_systems(ctx).names),
        "workspace": first["workspace"],
        "created_at": first["created_at"],
        "now": first["now"],
        "note": first["note"],
        "world": first["world"],
        "size": sum(one["size"] for one in some.values()),
        "systems": [
            {"name": system, "version": one["version"], "size": one["size"], "sha256": one["sha256"]}
            for system, one in some.items()
        ],
    }


def _incomplete(name: str, some: Mapping[str, Any]) -> Problem:
    return conflict(
        "snapshot-incomplete",
        f"Only {', '.join(some)} have the snapshot {name}. Delete it and save it again.",
        f"只有 {'、'.join(some)} 具有快照 {name}。请删除后重新保存。",
    )
