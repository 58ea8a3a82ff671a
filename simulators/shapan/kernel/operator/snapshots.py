"""Snapshots of one system (快照): listed, deleted, taken away as a file and brought in as one."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from shapan.kernel.errors import Fault, no_such, refused
from shapan.kernel.ids import new_uuid
from shapan.kernel.operator.here import here
from shapan.kernel.plans import snapshot_exists
from shapan.kernel.snapshots import UnusableFile, check_file, describe
from shapan.kernel.system import Answer, Context, no_content, ok
from shapan.kernel.wire import Upload

if TYPE_CHECKING:
    from shapan.kernel.runtime import Runtime
    from shapan.kernel.snapshots import Snapshot

LARGEST = 1024**3
"""Bytes of a database that is brought in: more than the largest that fits into an upload in earnest, and less than fills a disk in jest."""

_CHUNK = 1024**2


def list_system_snapshots(ctx: Context) -> Answer:
    """listSystemSnapshots."""
    runtime, _ = here(ctx)
    return ok({"items": [asdict(one) for one in runtime.snapshots.all()]})


def get_system_snapshot(ctx: Context, snapshot_name: str) -> Answer:
    """getSystemSnapshot."""
    runtime, _ = here(ctx)
    return ok(asdict(_find(runtime, snapshot_name)))


def delete_system_snapshot(ctx: Context, snapshot_name: str) -> Answer:
    """deleteSystemSnapshot."""
    runtime, _ = here(ctx)
    if not runtime.snapshots.remove(snapshot_name):
        raise no_such(f"snapshot {snapshot_name}", f"快照 {snapshot_name}")
    return no_content()


def get_system_snapshot_file(ctx: Context, snapshot_name: str) -> Answer:
    """getSystemSnapshotFile."""
    runtime, _ = here(ctx)
    _find(runtime, snapshot_name)
    content = gzip.compress(runtime.snapshots.file(snapshot_name).read_bytes(), compresslevel=3, mtime=0)
    return Answer(200, content, (("Content-Type", "application/gzip"),))


def put_system_snapshot_file(ctx: Context, snapshot_name: str, body: Upload) -> Answer:
    """putSystemSnapshotFile. 409 when the name is taken, 422 for a file that cannot be used."""
    runtime, _ = here(ctx)
    shelf = runtime.snapshots
    if shelf.find(snapshot_name) is not None:
        raise snapshot_exists(snapshot_name)
    staged = shelf.staged(new_uuid())
    try:
        _unpack(body.content, staged)
        check_file(
            staged,
            runtime.system.name,
            runtime.pristine.file(runtime.settings.world_facts),
            runtime.workspace("default").database.version,
        )
        snapshot = describe(staged, snapshot_name)
        shelf.put(staged, snapshot)
    except UnusableFile as error:
        raise refused([Fault("", f"The file cannot be used: {error.en}", f"文件无法使用：{error.zh}")]) from error
    finally:
        staged.unlink(missing_ok=True)
    return ok(asdict(snapshot))


def _find(runtime: Runtime, name: str) -> Snapshot:
    snapshot = runtime.snapshots.find(name)
    if snapshot is None:
        raise no_such(f"snapshot {name}", f"快照 {name}")
    return snapshot


def _unpack(content: bytes, target: Path) -> None:
    """A gzip file, at most LARGEST bytes of it."""
    reader = zlib.decompressobj(wbits=31)
    size, rest = 0, content
    try:
        with target.open("wb") as file:
            while rest and not reader.eof:
                part = reader.decompress(rest, _CHUNK)
                rest = reader.unconsumed_tail
                size += len(part)
                if size > LARGEST:
                    raise UnusableFile("It is larger than 1 GiB.", "超过 1 GiB。")
                file.write(part)
    except zlib.error as error:
        raise UnusableFile(f"It is no gzip file ({error}).", f"不是 gzip 文件（{error}）。") from error
    if not reader.eof or reader.unused_data:
        raise UnusableFile("It is cut off, or something stands behind its end.", "文件不完整，或末尾有多余内容。")
