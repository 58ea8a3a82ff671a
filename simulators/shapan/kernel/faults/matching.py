"""What a fault rule befalls (匹配): calls by operation, path, method, headers and client, events by type, document and receiver.

All that a rule gives must hold. Which of the calls that match are hit is then said by `nth`, `every` and `probability`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shapan.kernel.bundle import escape
from shapan.kernel.errors import Fault
from shapan.kernel.expressions import UNUSABLE, Expression, UnusableExpression
from shapan.kernel.wire import Request


class PathGlob:
    """A path in which `*` stands for anything within a segment, `**` for anything and `?` for a character of a segment.

    It is followed step by step: as a regular expression a few stars take minutes over a long path, and whoever calls chooses the path.
    """

    def __init__(self, glob: str) -> None:
        self._parts = re.findall(r"\*\*|\*|.", glob, re.S)

    def fits(self, path: str) -> bool:
        """Whether it is the whole path."""
        reached = self._onward({0})
        for character in path:
            reached = self._onward({after for place in reached for after in self._step(place, character)})
        return len(self._parts) in reached

    def _step(self, place: int, character: str) -> tuple[int, ...]:
        part = self._parts[place] if place < len(self._parts) else None
        if part == "**" or (part == "*" and character != "/"):
            return (place,)
        return (place + 1,) if part == character != "*" or (part == "?" and character != "/") else ()

    def _onward(self, places: set[int]) -> set[int]:
        # Stars stand for nothing too.
        for place in tuple(places):
            while place < len(self._parts) and self._parts[place] in ("*", "**"):
                place += 1
                places.add(place)
        return places


@dataclass(frozen=True, slots=True)
class Match:
    """A `match` made ready. None and empty: anything."""

    operations: frozenset[str] = frozenset()
    path: PathGlob | None = None
    method: str | None = None
    headers: tuple[tuple[str, str | Expression], ...] = ()
    client: str | None = None
    types: tuple[re.Pattern[str], ...] = ()
    subject: str | None = None
    webhook: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None

    def fits_call(self, request: Request, caller: Callable[[], str]) -> bool:
        """Whether a request is meant. `caller` finds out who sends it, which is asked last because it costs most."""
        if self.operations and request.operation.operation_id not in self.operations:
            return False
        if self.method is not None and request.operation.method != self.method:
            return False
        if self.path is not None and not self.path.fits(request.path):
            return False
        for name, pattern in self.headers:
            value = request.headers.get(name)
            if value is None or not (pattern == value if isinstance(pattern, str) else pattern.fullmatch(value)):
                return False
        return self.client is None or caller() == self.client

    def fits_row(self, operation_id: str, client_id: str) -> bool:
        """Whether a row of an import is meant, which is entered by an operation on behalf of a client."""
        fits = not self.operations or operation_id in self.operations or "createImport" in self.operations
        return fits and self.client in (None, client_id)

    def fits_event(self, type_: str, subject: str, receiver: str | None) -> bool:
        """Whether an event is meant, on its way to a receiver; None for the pull feed, which is no receiver of its own."""
        if self.types and not any(pattern.fullmatch(type_) for pattern in self.types):
            return False
        if self.subject is not None and subject != self.subject:
            return False
        return receiver is None or self.webhook in (None, receiver)

    def hits(self, number: int, chance: Callable[[], float]) -> bool:
        """Whether the `number`-th of those that match is hit (from 1). `chance` draws from [0, 1)."""
        if self.nth is not None and number != self.nth:
            return False
        if self.every is not None and number % self.every:
            return False
        return self.probability is None or chance() < self.probability


def match_of(given: Mapping[str, Any]) -> Match:
    """The match of a rule that has the form of the contract and no fault of `unusable`."""
    return Match(
        frozenset(given.get("operations", ())),
        PathGlob(given["path"]) if "path" in given else None,
        given.get("method"),
        tuple((name.lower(), _header_value(value)) for name, value in given.get("headers", {}).items()),
        given.get("client"),
        tuple(type_pattern(glob) for glob in given.get("types", ())),
        given.get("subject"),
        given.get("webhook"),
        given.get("nth"),
        given.get("every"),
        given.get("probability"),
    )


def unusable(given: Mapping[str, Any]) -> list[Fault]:
    """What has the form of the contract and can still not be matched by: regular expressions of another dialect."""
    found = []
    for name, value in given.get("headers", {}).items():
        try:
            _header_value(value)
        except UnusableExpression:
            found.append(Fault(f"/match/headers/{escape(name)}/pattern", UNUSABLE.en, UNUSABLE.zh))
    return found


def type_pattern(glob: str) -> re.Pattern[str]:
    """An event type in which `*` stands for anything."""
    return re.compile(".*".join(map(re.escape, glob.split("*"))), re.S)


def _header_value(value: str | Mapping[str, str]) -> str | Expression:
    return value if isinstance(value, str) else Expression(value["pattern"])
