"""The journal of a workspace as it grows, each entry read once, for all that want to know what was asked and delivered there."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapan.sandbox.remote.control import Control

_PAGE = 1000
_MOST_PAGES = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """A request with its answer, or an attempt to deliver an event.

    `at` is real time, in seconds since the epoch. `status` is 0 for a delivery without an answer. `about` are the numbers, codes and
    ids that it names. A delivery has its `event`, `subject` and `state`.
    """

    system: str
    at: float
    client: str | None
    method: str
    path: str
    operation: str | None
    status: int
    sent: str
    milliseconds: float
    problem: str | None
    faults: tuple[str, ...]
    about: frozenset[str]
    replayed: bool = False
    event: str | None = None
    subject: str | None = None
    attempt: int = 0
    state: str = ""
    reason: str = ""

    @property
    def writes(self) -> bool:
        """Whether it was a request that changes something."""
        return self.event is None and self.method not in ("GET", "HEAD", "OPTIONS")


def entry_of(raw: Mapping[str, Any]) -> Entry:
    """An entry of contracts/operator/journal.yaml, JournalEntry."""
    delivery = raw.get("delivery") or {}
    about = {*raw["subjects"], *raw["references"], *([delivery["subject"]] if delivery.get("subject") else [])}
    return Entry(
        system=raw["system"],
        at=datetime.fromisoformat(raw["started_at"]).timestamp(),
        client=raw.get("client_id"),
        method=raw["method"],
        path=raw["path"],
        operation=raw.get("operation_id"),
        status=raw["status"],
        sent=raw["sent"],
        milliseconds=raw["duration_ms"],
        problem=raw.get("problem"),
        faults=tuple(raw["faults"]),
        about=frozenset(about),
        replayed=bool(raw.get("replayed")),
        event=delivery.get("event_type"),
        subject=delivery.get("subject"),
        attempt=delivery.get("attempt", 0),
        state=delivery.get("state", ""),
        reason=delivery.get("reason", ""),
    )


class Reader:
    """Reads the journal of one workspace on from where it was. Thread-safe."""

    def __init__(self, control: Control, workspace: str) -> None:
        self._control = control
        self._workspace = workspace
        self._lock = threading.Lock()
        self._cursor: str | None = None
        self._entries: list[Entry] = []
        # What was there before does not count.
        self._cursor = self._page(limit=1)["next"]

    def entries(self) -> list[Entry]:
        """All that came since the reader was made, in the order of real time. SandboxError when control does not answer."""
        with self._lock:
            for _ in range(_MOST_PAGES):
                page = self._page(after=self._cursor, order="oldest", limit=_PAGE)
                self._entries += [entry_of(raw) for raw in page["items"]]
                self._cursor = page["next"]
                if not page["has_more"]:
                    break
            return sorted(self._entries, key=lambda entry: entry.at)

    def _page(self, **parameters: Any) -> dict[str, Any]:
        return dict(
            self._control.call("GET", "/journal", self._workspace, params={"bodies": "false", **parameters}, timeout=20)
        )


def related(
    entries: Iterable[Entry], seeds: Iterable[str], strangers: Iterable[str] = (), depth: int = 4
) -> list[Entry]:
    """The entries that name one of the seeds, or something that such an entry names, and so on: what belongs to some documents.

    `strangers` lead nowhere: master data that documents of all kinds name. Only what was written or delivered leads on, because lists
    that were read hold much that does not belong together.
    """
    every, stop = list(entries), set(strangers)
    known = {seed for seed in seeds if seed} - stop
    found: set[int] = set()
    for _ in range(depth):
        fresh = {i for i, entry in enumerate(every) if i not in found and entry.about & known}
        if not fresh:
            break
        found |= fresh
        known |= {name for i in fresh if every[i].writes or every[i].event for name in every[i].about} - stop
    return [every[i] for i in sorted(found)]
