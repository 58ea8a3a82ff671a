"""Waiting for files to change, for `shapan verify --watch`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

EVERY_SECONDS = 0.3
# What editors, version control and interpreters leave beside the files that people mean.
_NOBODYS = frozenset({".git", "__pycache__", "node_modules", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache"})

State = dict[Path, tuple[int, int]]


def state_of(paths: Iterable[Path]) -> State:
    """Time and size of every file at or below the paths; what is not there is not in it."""
    return {file: told for path in paths for file in _files(path) if (told := _told(file)) is not None}


def changed(before: State, after: State) -> list[Path]:
    """The files that are new, gone or other than before."""
    return sorted(file for file in {*before, *after} if before.get(file) != after.get(file))


def wait_for_change(paths: Iterable[Path], before: State, pause: Callable[[float], object] = time.sleep) -> list[Path]:
    """Returns what has changed, once nothing more changes: an editor may write several files, or one in parts."""
    watched = list(paths)
    seen = before
    while True:
        pause(EVERY_SECONDS)
        now = state_of(watched)
        if now == seen and now != before:
            return changed(before, now)
        seen = now


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in path.iterdir():
        if file.name not in _NOBODYS and not file.is_symlink():
            yield from _files(file)


def _told(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
