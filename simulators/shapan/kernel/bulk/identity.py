"""What was imported before (重复导入识别): a record's key and fingerprint, and where it went.

The same key with the same content changes nothing; with other content it is a change of the record.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any

from shapan.kernel.bulk.records import Record


@dataclass(frozen=True, slots=True)
class Known:
    """A record that was imported before: the fingerprint of its content then, and its path."""

    fingerprint: str
    location: str


def fingerprint(record: Record) -> str:
    """What must be the same for two records to have the same content."""
    return hashlib.sha256(_canonical([record.path, record.body]).encode()).hexdigest()


class Identities:
    """The keys under which the records of one file are remembered."""

    def __init__(self) -> None:
        self._alike: Counter[str] = Counter()

    def of(self, record: Record) -> str:
        """The record's key columns by name; else its content with the id it had elsewhere; else that and its place among those that are the same.

        Two equal rows without key and id are two records: two orders of the same thing. To be asked once for each record, in their order.
        """
        if record.key:
            return _canonical(record.key)
        if record.own is not None:
            return f"{record.fingerprint}@{record.own}"
        self._alike[record.fingerprint] += 1
        place = self._alike[record.fingerprint]
        return record.fingerprint if place == 1 else f"{record.fingerprint}#{place}"


def shown_key(record: Record) -> str | None:
    """The key as people read it."""
    return " / ".join(record.key.values()) or None


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def recall(db: sqlite3.Connection, resource: str, key: str) -> Known | None:
    """What is remembered of a key."""
    row = db.execute(
        "SELECT fingerprint, location FROM shapan_import_key WHERE resource = ? AND key = ?", (resource, key)
    ).fetchone()
    return None if row is None else Known(*row)


def remember(db: sqlite3.Connection, resource: str, key: str, known: Known) -> None:
    """Remember, or remember anew."""
    db.execute(
        "INSERT INTO shapan_import_key (resource, key, fingerprint, location) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (resource, key) DO UPDATE SET fingerprint = excluded.fingerprint, location = excluded.location",
        (resource, key, known.fingerprint, known.location),
    )
