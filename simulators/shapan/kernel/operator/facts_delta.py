"""What changed of the facts since somebody looked last (事实增量): exact, because rows are compared and not trusted to say that they changed.

Of the last look at each workspace only hashes of the rows are kept, by their place in their list, and for so many workspaces only. A version is good once,
in this process and for this state of the database: after a restart, reset, restore or another look, everything is given again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shapan.kernel.ids import new_uuid

_WORKSPACES = 32


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one workspace: its `version`, whose database it was, how often had been written, on which day, and the hashes of what there was."""

    version: str
    owner: object
    state: int
    writes: int
    today: date
    lists: Mapping[str, tuple[int, ...]]
    others: Mapping[str, int]


class Looks:
    """The last look at each workspace. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: OrderedDict[str, Look] = OrderedDict()

    def last(self, workspace: str, version: str, owner: object, state: int) -> Look | None:
        """The last look, when it is that of `version` and of the same database."""
        with self._lock:
            look = self._last.get(workspace)
        same = look is not None and (look.version, look.owner, look.state) == (version, owner, state)
        return look if same else None

    def keep(self, workspace: str, look: Look) -> None:
        """Keep a look instead of the one before; the workspaces that were looked at longest ago are forgotten."""
        with self._lock:
            self._last[workspace] = look
            self._last.move_to_end(workspace)
            while len(self._last) > _WORKSPACES:
                self._last.popitem(last=False)


def looked(facts: Mapping[str, Any], owner: object, state: int, writes: int, today: date) -> Look:
    """A new look at these facts."""
    lists = {name: tuple(map(_hash, value)) for name, value in facts.items() if isinstance(value, list)}
    others = {name: _hash(value) for name, value in facts.items() if not isinstance(value, list)}
    return Look(new_uuid(), owner, state, writes, today, lists, others)


def _hash(value: Any) -> int:
    # Salted by process, as all hashes of texts are: a version is good in this process only.
    return hash(repr(value))


def changes(facts: Mapping[str, Any], before: Look, after: Look) -> dict[str, Any] | None:
    """{member: {length, rows: {place: row}}} for lists and {member: {value}} for the rest, only what is not as it was; None when there are other members."""
    if (before.lists.keys(), before.others.keys()) != (after.lists.keys(), after.others.keys()):
        return None
    found: dict[str, Any] = {}
    for name, hashes in after.lists.items():
        old = before.lists[name]
        rows = facts[name]
        changed = {
            str(place): rows[place] for place, value in enumerate(hashes) if place >= len(old) or old[place] != value
        }
        if changed or len(old) != len(hashes):
            found[name] = {"length": len(hashes), "rows": changed}
    for name, value in after.others.items():
        if before.others[name] != value:
            found[name] = {"value": facts[name]}
    return found
