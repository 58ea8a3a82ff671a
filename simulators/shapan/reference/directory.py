"""All customers that a system has: read once, page by page, and from then on only what came since (客户名录).

No system can be asked for a company by what its name may look like elsewhere, so its list is read here and looked up by several keys.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shapan.reference.names import plain_name, taken_apart

Record = Mapping[str, Any]
ReadOn = Callable[[Any], tuple[Iterable[Record], Any]]
"""Reads on from a mark (None: from the beginning) and returns what it found with the mark to go on from."""


class Directory:
    """Records of one system by their own `key`. Thread-safe. Raises what reading raises."""

    def __init__(self, key: str, read_on: ReadOn) -> None:
        self.key = key
        self._read_on = read_on
        self._mark: Any = None
        self._records: dict[Any, Record] = {}
        self._known_by: defaultdict[str, set[Any]] = defaultdict(set)
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read what came since the last look."""
        with self._lock:
            found, mark = self._read_on(self._mark)
            for record in found:
                self._records[record[self.key]] = record
                for token in _tokens_of(record):
                    self._known_by[token].add(record[self.key])
            self._mark = mark

    def near(self, tokens: Iterable[str]) -> list[Record]:
        """The records that share any of these tokens: those worth a closer look."""
        with self._lock:
            keys = {key for token in tokens for key in self._known_by.get(token, ())}
            return [self._records[key] for key in sorted(keys)]

    def records(self) -> list[Record]:
        """All of them, in the order of their keys."""
        with self._lock:
            return [self._records[key] for key in sorted(self._records)]


def tax_token(number: str | None) -> str:
    """Token of a tax number."""
    return "tax " + "".join((number or "").split()).upper()


def reference_token(system: str, key: str | None) -> str:
    """Token of the record of another system for which a record was made."""
    return f"made for {system} {key or ''}"


def name_token(name: str | None) -> str:
    """Token of a name: its characters in order of their numbers, so that 北京华信科技 and 华信科技（北京）有限公司 share it."""
    stem = re.sub(r"[\W市]", "", taken_apart(plain_name(name), "").core)
    return "name " + "".join(sorted(stem))


def _tokens_of(record: Record) -> Iterable[str]:
    if record["tax_number"]:
        yield tax_token(record["tax_number"])
    if reference := record.get("source_reference"):
        yield reference_token(reference["system"], reference.get("id"))
    for name in (record["full_name"], record.get("short_name")):
        if name:
            yield name_token(name)
