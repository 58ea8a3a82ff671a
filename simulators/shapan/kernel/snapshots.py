"""Snapshots of one system's workspaces (快照): whole databases under a name, kept beside the workspaces and for all of them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.copies import clock_stood, told_in, world_in

_HEADER = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a snapshot. `created_at` is real time, `now` the simulated one in it; `version` counts the migrations of its file."""

    name: str
    workspace: str
    created_at: str
    now: str
    note: str
    world: dict[str, Any] | None
    version: int
    size: int
    sha256: str


class UnusableFile(Exception):
    """A file is no snapshot of this system; the text says why, in English and Chinese."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


class Shelf:
    """The snapshots of one system: NAME.sqlite and beside it NAME.json, which is written last and removed first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Snapshot]:
        """Every snapshot, by name."""
        found = (self.find(path.stem) for path in sorted(self._folder.glob("*.json")))
        return [one for one in found if one is not None]

    def find(self, name: str) -> Snapshot | None:
        """The snapshot of this name."""
        try:
            noted = json.loads((self._folder / f"{name}.json").read_text("utf-8"))
            return Snapshot(**noted) if self.file(name).exists() else None
        except (OSError, ValueError, TypeError):
            return None

    def file(self, name: str) -> Path:
        """Where the database of a snapshot lies."""
        return self._folder / f"{name}.sqlite"

    def staged(self, token: str) -> Path:
        """Where a file may be made ready under a name that is no snapshot's."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f".{token}.new"

    def put(self, staged: Path, snapshot: Snapshot) -> None:
        """Put a file that was made ready under its name, instead of what stood there."""
        self.remove(snapshot.name)
        staged.replace(self.file(snapshot.name))
        note = self._folder / f".{snapshot.name}.note"
        note.write_text(json.dumps(asdict(snapshot), ensure_ascii=False, indent=1), "utf-8")
        note.replace(self._folder / f"{snapshot.name}.json")

    def tidy(self) -> None:
        """Remove what a process that was killed had made ready, or not written down any more. Call it before anybody uses the shelf."""
        named = {path.stem for path in self._folder.glob("*.json")}
        for path in [*self._folder.glob(".*"), *self._folder.glob("*.sqlite*")]:
            if path.name.startswith(".") or path.name.partition(".")[0] not in named:
                path.unlink()

    def remove(self, name: str) -> bool:
        """Remove a snapshot; False when there is none."""
        found = self.find(name) is not None
        (self._folder / f"{name}.json").unlink(missing_ok=True)
        for path in (self.file(name), *(self.file(name).with_name(f"{name}.sqlite{end}") for end in ("-wal", "-shm"))):
            path.unlink(missing_ok=True)
        return found


def describe(path: Path, name: str) -> Snapshot:
    """What is known of a file that is to become a snapshot, and is not changed any more. UnusableFile when it says nothing of itself."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as db:
        db.row_factory = sqlite3.Row
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        try:
            told, now, world = told_in(db), rfc3339(clock_stood(db).simulated), world_in(db)
            workspace, created_at, note = str(told["workspace"]), str(told["created_at"]), str(told["note"])
            datetime.fromisoformat(created_at)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            raise UnusableFile("It is no file of a snapshot.", "不是快照文件。") from error
    return Snapshot(name, workspace, created_at, now, note, world, version, path.stat().st_size, digest(path))


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_file(path: Path, system: str, model: Path, version: int) -> None:
    """Refuse a file that is no database of this system, or holds more than data. `model` is a freshly seeded one. UnusableFile.

    A database may hold triggers and views, which run when it is used: none but those of our own tables may come in with a file.
    """
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise UnusableFile("It is no SQLite database.", "不是 SQLite 数据库。")
    try:
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise UnusableFile("The database is damaged.", "数据库已损坏。")
            found = int(db.execute("PRAGMA user_version").fetchone()[0])
            schema, of = _schema(db), told_in(db).get("system", system)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise UnusableFile(f"The database cannot be read ({error}).", f"数据库无法读取（{error}）。") from error
    if found > version or found < 1:
        raise UnusableFile(
            "It was written by a newer version of shapan, or by something else. Update shapan.",
            "该文件由更新版本的 shapan 或其他程序写入，请升级 shapan。",
        )
    with closing(sqlite3.connect(f"file:{model}?immutable=1", uri=True)) as db:
        ours = _schema(db)
    foreign = sorted(
        name for (kind, name), sql in schema.items() if kind in ("trigger", "view") and ours.get((kind, name)) != sql
    )
    if foreign:
        listed = ", ".join(foreign)
        raise UnusableFile(
            f"It holds triggers or views of somebody else: {listed}.", f"包含外来的触发器或视图：{listed}。"
        )
    theirs, known = ({name for kind, name in one if kind == "table"} for one in (schema, ours))
    # An older release may have had tables that are gone now.
    if of != system or not {"shapan_meta", "shapan_outbox"} <= theirs or (found == version and theirs - known):
        raise UnusableFile(f"It is no database of {system}.", f"不是 {system} 系统的数据库。")


def _schema(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {(kind, name): sql or "" for kind, name, sql in rows}
