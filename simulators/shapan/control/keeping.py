"""The facts of each workspace, kept from look to look (事实缓存), so that a check after a step reads only what changed.

What is kept of a system goes by the version that it gave. A system that does not know that version any more, because it was started again, or its
workspace is another one since, gives all of its facts again, and they replace what was kept. Nothing is assumed: a row is kept only while its system says
that it is as it was.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from shapan.control.clients import READING_ORDER, SystemsClient
from shapan.control.facts import SystemFacts, books_of
from shapan.control.oracle.books import Books
from shapan.control.oracle.model import EntityOf

MOST_RECORDS = 400_000
"""So many records are kept of all workspaces together, the one that is asked about in any case; those asked about longest ago are forgotten first."""


class _Kept:
    """What is kept of one workspace."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.versions: dict[str, str] = {}
        self.facts = {system: SystemFacts(system) for system in READING_ORDER}
        self.books: Books | None = None

    @property
    def records(self) -> int:
        return sum(facts.records for facts in self.facts.values())

    def take(self, system: str, answer: Mapping[str, Any]) -> None:
        """Take an answer of a system. FactsError; then its next answer is asked for whole."""
        version = self.versions.pop(system, None)
        facts = self.facts[system]
        if "changes" in answer and version is not None:
            facts.change(answer["changes"])
        else:
            facts.replace(answer["facts"])
        if isinstance(answer.get("version"), str):
            self.versions[system] = answer["version"]

    def current(self, read: Mapping[str, Mapping[str, Any]], entity_of: EntityOf) -> Books:
        """The books of what is kept; those of the last look, with all that was found in them, when nothing changed since."""
        same = all(answer.get("changes") == {} for answer in read.values())
        if self.books is None or not same or self.books.entity_of != entity_of:
            self.books = books_of(self.facts, entity_of)
        return self.books


class Keeper:
    """The kept facts of the workspaces of one control. Thread-safe: looks at one workspace go one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def look(
        self, systems: SystemsClient, workspace: str, entity_of: EntityOf
    ) -> tuple[dict[str, dict[str, Any]], Books]:
        """(what each system answered, the books as of now). Problems as SystemsClient.facts raises them, and FactsError."""
        kept = self._of(workspace)
        with kept.lock:
            read = systems.facts(workspace, kept.versions)
            for system, answer in read.items():
                kept.take(system, answer)
            books = kept.current(read, entity_of)
        self._bound(workspace)
        return read, books

    def _of(self, workspace: str) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(workspace, _Kept())
            self._kept.move_to_end(workspace)
            return kept

    def _bound(self, workspace: str) -> None:
        with self._lock:
            total = sum(kept.records for kept in self._kept.values())
            while total > MOST_RECORDS and len(self._kept) > 1:
                name, gone = next(iter(self._kept.items()))
                if name == workspace:
                    break
                del self._kept[name]
                total -= gone.records


_KEEPERS: WeakKeyDictionary[SystemsClient, Keeper] = WeakKeyDictionary()


def keeper(systems: SystemsClient) -> Keeper:
    """The keeper of a control, by the client with which it reaches its systems."""
    return _KEEPERS.setdefault(systems, Keeper())
