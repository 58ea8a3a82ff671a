"""A lock on a folder: two processes that wrote the same data would each take the other's numbers and deliveries for their own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from shapan.sandbox.errors import SandboxError

_NAME = "lock.sqlite"


class FolderLock:
    """Holds `folder` for this process until `release`, or until the process ends, however it ends.

    An exclusive transaction on an empty SQLite file: the one kind of lock that the standard library has on every platform and the
    system itself takes back after kill -9. `seconds` is how long to wait for a holder that is about to end. SandboxError.
    """

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                folder / _NAME, timeout=seconds, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise _unusable(folder, error) from error
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise SandboxError(
                    f"Another shapan is at work in the folder {folder}. Stop it, or name another folder with --data.",
                    f"另一个 shapan 正在使用目录 {folder}。请先停止它，或用 --data 指定其他目录。",
                ) from error
            raise _unusable(folder, error) from error

    def release(self) -> None:
        """Give the folder back. May be called twice."""
        self._connection.close()


def _unusable(folder: Path, error: Exception) -> SandboxError:
    return SandboxError(
        f"The folder {folder} cannot be locked ({error}). Make it writable, or name another one with --data.",
        f"无法锁定目录 {folder}（{error}）。请确认可写，或用 --data 指定其他目录。",
    )
