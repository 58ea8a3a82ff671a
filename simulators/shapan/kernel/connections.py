"""Open connections that nobody uses just now (空闲连接), over all databases of this process: a few stay, however many workspaces there are.

Each costs two or three open files and its page cache. Hundreds of workspaces may be open at once, of which few are in use, and many machines
allow a process 1,024 files.
"""

from __future__ import annotations

import itertools
import sqlite3
import threading
from collections import OrderedDict, defaultdict

MOST_IDLE = 128
Key = tuple[int, str]


class IdleConnections:
    """The connections that were used last, at most `most`; the one that was longest idle is closed first. Thread-safe."""

    def __init__(self, most: int = MOST_IDLE) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._idle: OrderedDict[int, tuple[Key, sqlite3.Connection]] = OrderedDict()
        self._by_key: defaultdict[Key, list[int]] = defaultdict(list)

    def take(self, owner: int, kind: str) -> sqlite3.Connection | None:
        """The connection of this owner and kind that was used last, no longer idle; None when there is none."""
        key = owner, kind
        with self._lock:
            numbers = self._by_key.get(key)
            if not numbers:
                return None
            return self._out(numbers[-1])

    def give(self, owner: int, kind: str, connection: sqlite3.Connection) -> None:
        """Nobody uses it any more."""
        key, number = (owner, kind), next(self._numbers)
        with self._lock:
            self._idle[number] = key, connection
            self._by_key[key].append(number)
            late = [self._out(next(iter(self._idle))) for _ in range(len(self._idle) - self._most)]
        for old in late:
            old.close()

    def close_all(self, owner: int, *, hastily: bool = False) -> None:
        """Close all idle connections of an owner. `hastily`: without waiting for the disk, where a power cut may spoil what is in the file."""
        with self._lock:
            numbers = [number for (one, _), some in self._by_key.items() if one == owner for number in some]
            mine = [self._out(number) for number in numbers]
        for connection in mine:
            if hastily:
                connection.execute("PRAGMA synchronous = OFF")
            connection.close()

    def __len__(self) -> int:
        return len(self._idle)

    def _out(self, number: int) -> sqlite3.Connection:
        key, connection = self._idle.pop(number)
        self._by_key[key].remove(number)
        if not self._by_key[key]:
            del self._by_key[key]
        return connection


IDLE = IdleConnections()
"""Those of this process."""
