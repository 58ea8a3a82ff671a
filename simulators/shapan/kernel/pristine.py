"""Freshly seeded databases (初始数据), one for each world that was asked for: to copy one is much faster than to seed anew."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlite_utils

from shapan import __version__
from shapan.kernel.copies import note_world
from shapan.kernel.database import Database, Migration

Seeding = Callable[[sqlite_utils.Database], None]


class Pristine:
    """The seeded files of one system, made when they are first needed and kept in `folder`. Thread-safe."""

    def __init__(
        self,
        folder: Path,
        migrations: tuple[Migration, ...],
        seeding: Callable[[Mapping[str, Any] | None], Seeding | None],
    ) -> None:
        self._folder = folder
        self._migrations = migrations
        self._seeding = seeding
        self._lock = threading.Lock()

    def file(self, facts: Mapping[str, Any] | None) -> Path:
        """The file of a world. What building it raises is raised."""
        path = self._folder / self._name(facts)
        with self._lock:
            if not path.exists():
                self._make(path, facts)
        return path

    def copy(self, facts: Mapping[str, Any] | None, target: Path) -> None:
        """A copy of the file of a world, whole or not at all."""
        fresh = target.with_name(target.name + "-new")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.file(facts), fresh)
        fresh.replace(target)

    def _name(self, facts: Mapping[str, Any] | None) -> str:
        # What another release or schema seeds is another file.
        told = json.dumps([None if facts is None else dict(facts), len(self._migrations)], sort_keys=True)
        return f"{__version__}-{hashlib.sha256(told.encode()).hexdigest()[:16]}.sqlite"

    def _make(self, path: Path, facts: Mapping[str, Any] | None) -> None:
        seed = self._seeding(facts)

        def seeding(db: sqlite_utils.Database) -> None:
            if facts is not None:
                note_world(db.conn, facts)
            if seed is not None:
                seed(db)

        fresh = path.with_name(path.name + "-new")
        _clear(fresh)
        try:
            Database(fresh, self._migrations, seeding).close()
        except BaseException:
            _clear(fresh)
            raise
        fresh.replace(path)
        for other in self._folder.glob("*.sqlite"):
            if not other.name.startswith(f"{__version__}-"):
                other.unlink()


def _clear(fresh: Path) -> None:
    for rest in fresh.parent.glob(fresh.name + "*"):
        rest.unlink()
