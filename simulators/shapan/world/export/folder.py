"""The folder of an export: made beside its place and put there when it is whole, so that nobody ever reads half a world."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from shapan.world.errors import WorldError

MANIFEST = "manifest.json"
FORMAT = "shapan-world-export"
_SHOWN = 3


@contextmanager
def whole_folder(target: Path, *, replace: bool) -> Iterator[Path]:
    """A new folder to write in; when the block ends well, what is in it is at `target`, else nothing is left of it.

    A target that has files already is refused with WorldError; with `replace` the files of an earlier export there give way, and no others.
    """
    target = target.absolute()
    former = _former(target, replace=replace)
    made: list[Path] = []
    try:
        # Within a folder that is there: its parent may be another file system, or not ours to write in.
        home = target if former is not None else target.parent
        made = _make(home)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=home))
    except OSError as error:
        _unmake(made)
        raise _unwritable(target, error) from error
    try:
        yield work
        if former is None:
            work.chmod(0o777 & ~_umask())  # a temporary folder is for its owner only
            work.rename(target)
        else:
            _put(work, target, former)
    except BaseException as error:
        shutil.rmtree(work, ignore_errors=True)
        _unmake(made)
        if isinstance(error, OSError):
            raise _unwritable(target, error) from error
        raise


def _former(target: Path, *, replace: bool) -> list[str] | None:
    """The files of an earlier export that are to give way; None when the folder is not there. WorldError when it cannot be written to."""
    try:
        there = sorted(path.name for path in target.iterdir())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(target, error) from error
    if not there:
        return []
    files = _listed(target / MANIFEST)
    names = ", ".join(there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
    if files is None:
        raise WorldError(
            f"The folder {target} has files already ({names}), and no export is among them. Name a folder that is new or empty.",
            f"目录 {target} 中已有文件（{names}），且不是以前导出的结果。请指定一个新目录或空目录。",
        )
    if not replace:
        raise WorldError(
            f"The folder {target} has an export already. Name another one, or replace it with --force.",
            f"目录 {target} 中已有导出结果。请指定其他目录，或用 --force 覆盖。",
        )
    return files


def _listed(manifest: Path) -> list[str] | None:
    """The files that a manifest of ours names; None when there is none."""
    try:
        found: Any = json.loads(manifest.read_text("utf-8"))
        if found["format"] != FORMAT:
            return None
        paths = [str(file["path"]) for file in found["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # Somebody may have written it by hand: nothing outside the folder is ours to remove.
    return [path for path in paths if not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts]


def _put(work: Path, target: Path, former: list[str]) -> None:
    """Let the former export give way and move the new one in; the manifest goes first and comes last, for it says that all is there."""
    new = sorted(path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file())
    strangers = [path for path in new if path not in former and path != MANIFEST and (target / path).exists()]
    if strangers:
        raise WorldError(
            f"The folder {target} has files that no export made: {', '.join(strangers[:_SHOWN])}. Move them away, or name another folder.",
            f"目录 {target} 中有并非导出生成的同名文件：{', '.join(strangers[:_SHOWN])}。请先移走，或指定其他目录。",
        )
    _remove(target, [MANIFEST, *former])
    try:
        for path in sorted(new, key=lambda path: path == MANIFEST):
            (target / path).parent.mkdir(exist_ok=True)
            os.replace(work / path, target / path)
    except BaseException:
        _remove(target, new)
        raise
    shutil.rmtree(work)


def _remove(target: Path, paths: list[str]) -> None:
    """Remove files below a folder, as far as they are there, and the folders that are empty then."""
    for path in paths:
        (target / path).unlink(missing_ok=True)
        if (target / path).parent != target:
            with suppress(OSError):  # there may be others in it
                (target / path).parent.rmdir()


def _make(folder: Path) -> list[Path]:
    """Make a folder with those above it; the ones that were missing, the lowest first."""
    missing = [folder] if not folder.exists() else []
    missing += [above for above in folder.parents if not above.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _unmake(made: list[Path]) -> None:
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def _unwritable(target: Path, error: OSError) -> WorldError:
    reason = error.strerror or str(error)
    return WorldError(
        f"The export cannot be written to {target} ({reason}). Name another folder, or make room there.",
        f"无法将导出结果写入 {target}（{reason}）。请指定其他目录，或清理磁盘空间。",
    )
