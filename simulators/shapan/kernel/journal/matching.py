"""What somebody expected against what the journal holds (核对): does an entry fit, and if not, in which members does it differ.

A matcher is a mapping, as contracts/operator/journal.yaml has it: `JournalMatcher`. Values of `headers`, `query`, `body` and `response` are
compared with a JSON value, or with an object of conditions: equals, not_equals, matches, contains, present, at_least, at_most.
"""

from __future__ import annotations

import fnmatch
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from shapan.kernel.errors import Fault
from shapan.kernel.expressions import UNUSABLE, Expression, UnusableExpression

_MISSING = object()
_FOUND_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Difference:
    """One member in which an entry is not what was expected. `member` is a JSON Pointer into the matcher; `found` is None where there is nothing."""

    member: str
    expected: Any
    found: Any
    en: str
    zh: str

    def as_json(self) -> dict[str, Any]:
        """The difference as the contract has it."""
        return {"member": self.member, "expected": self.expected, "found": self.found, "en": self.en, "zh": self.zh}


def faults_of(matcher: Mapping[str, Any], pointer: str = "") -> list[Fault]:
    """What is wrong with a matcher beyond its schema: patterns that are none, pointers that are none."""
    found = []
    for part in ("headers", "query", "body", "response"):
        for name, wanted in matcher.get(part, {}).items():
            where = f"{pointer}/{part}/{name.replace('~', '~0').replace('/', '~1')}"
            if part in ("body", "response") and name and not name.startswith("/"):
                found.append(
                    Fault(where, "This is no JSON Pointer: it begins with /.", "这不是 JSON Pointer，应以 / 开头。")
                )
            if isinstance(wanted, Mapping) and isinstance(wanted.get("matches"), str):
                try:
                    _expression(wanted["matches"])
                except UnusableExpression:
                    found.append(Fault(f"{where}/matches", UNUSABLE.en, UNUSABLE.zh))
    return found


@functools.lru_cache(maxsize=256)
def _expression(text: str) -> Expression:
    """Compiled once for all the entries that it is held against. UnusableExpression."""
    return Expression(text)


def needs_content(matcher: Mapping[str, Any]) -> bool:
    """Whether headers and bodies must be looked at."""
    return any(part in matcher for part in ("headers", "body", "response"))


def members(matcher: Mapping[str, Any]) -> int:
    """How many things a matcher asks."""
    nested = ("headers", "query", "body", "response", "event")
    return sum(len(wanted) if name in nested else 1 for name, wanted in matcher.items())


def differences(matcher: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Difference]:
    """In what an entry differs from a matcher; nothing when it fits."""
    return list(_differences(matcher, entry))


def _differences(matcher: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[Difference]:
    for name, wanted in matcher.items():
        if name in _PLAIN:
            found, holds = _PLAIN[name](wanted, entry)
            if not holds:
                yield _difference(f"/{name}", wanted, found)
        elif name == "event":
            delivery = entry["delivery"] or {}
            for part, value in wanted.items():
                found = delivery.get(_EVENT.get(part, part))
                holds = fnmatch.fnmatchcase(str(found), value) if part == "type" else found == value
                if not holds:
                    yield _difference(f"/event/{part}", value, found)
        elif name == "headers":
            for header, value in wanted.items():
                yield from _compare(
                    f"/headers/{header}", value, [entry["request_headers"].get(header.lower(), _MISSING)]
                )
        elif name == "query":
            given = parse_qsl(entry["path"].partition("?")[2], keep_blank_values=True)
            for parameter, value in wanted.items():
                values = [text for key, text in given if key == parameter] or [_MISSING]
                yield from _compare(f"/query/{parameter}", value, values)
        else:
            body = _parsed(entry["request_body" if name == "body" else "response_body"])
            for pointer, value in wanted.items():
                escaped = pointer.replace("~", "~0").replace("/", "~1")
                yield from _compare(f"/{name}/{escaped}", value, list(_at(body, pointer)) or [_MISSING])


def _compare(member: str, wanted: Any, values: list[Any]) -> Iterator[Difference]:
    """One of the values must be as it is wanted."""
    if not any(_holds(wanted, value) for value in values):
        yield _difference(member, wanted, None if values[0] is _MISSING else values[0] if len(values) == 1 else values)


def _holds(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(_same(wanted, value))
    return all(_CONDITIONS[name](given, value) for name, given in wanted.items())


def _same(wanted: Any, value: Any) -> bool:
    # 1 and true are not the same in JSON; 1 and 1.0 are. Headers and parameters are texts.
    if isinstance(wanted, bool) != isinstance(value, bool):
        return False
    return value is not _MISSING and bool(wanted == value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _at_least(given: float, value: Any) -> bool:
    number = _number(value)
    return number is not None and number >= given


def _at_most(given: float, value: Any) -> bool:
    number = _number(value)
    return number is not None and number <= given


_CONDITIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "not_equals": lambda given, value: not _same(given, value),
    "matches": lambda given, value: isinstance(value, str) and _expression(given).search(value),
    "contains": lambda given, value: isinstance(value, str) and given in value,
    "present": lambda given, value: (value is not _MISSING) == given,
    "at_least": _at_least,
    "at_most": _at_most,
}


def _at(value: Any, pointer: str) -> Iterator[Any]:
    """What stands at a JSON Pointer (RFC 6901); `*` stands for every item of a list."""
    if pointer == "":
        yield value
        return
    step, _, rest = pointer[1:].partition("/")
    step = step.replace("~1", "/").replace("~0", "~")
    rest = f"/{rest}" if pointer[1:].find("/") >= 0 else ""
    if isinstance(value, list):
        if step == "*":
            for item in value:
                yield from _at(item, rest)
        elif step.isdigit() and int(step) < len(value):
            yield from _at(value[int(step)], rest)
    elif isinstance(value, Mapping) and step in value:
        yield from _at(value[step], rest)


def _parsed(text: str | None) -> Any:
    if text is None:
        return _MISSING
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _glob(wanted: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path.partition("?")[0], wanted.replace("[", "[[]"))


def _status(wanted: Any, status: int) -> bool:
    return f"{status // 100}xx" == wanted if isinstance(wanted, str) else status == wanted


def _plain(column: str) -> Callable[[Any, Mapping[str, Any]], tuple[Any, bool]]:
    return lambda wanted, entry: (entry[column], entry[column] == wanted)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# What is asked of one member of an entry: (what was wanted, the entry) -> (what was found, whether it is so).
_PLAIN: Mapping[str, Callable[[Any, Mapping[str, Any]], tuple[Any, bool]]] = {
    "system": _plain("system"),
    "kind": _plain("kind"),
    "operation": _plain("operation_id"),
    "method": _plain("method"),
    "client": _plain("client_id"),
    "request_id": _plain("request_id"),
    "trace_id": _plain("trace_id"),
    "idempotency_key": _plain("idempotency_key"),
    "replayed": _plain("replayed"),
    "problem": _plain("problem"),
    "sent": _plain("sent"),
    "path": lambda wanted, entry: (entry["path"].partition("?")[0], _glob(wanted, entry["path"])),
    "status": lambda wanted, entry: (entry["status"], _status(wanted, entry["status"])),
    "fault": lambda wanted, entry: (entry["faults"], wanted in entry["faults"]),
    "document": lambda wanted, entry: (entry["subjects"], wanted in entry["subjects"] or wanted in entry["references"]),
    "since": lambda wanted, entry: (entry["at"], _moment(entry["at"]) >= _moment(wanted)),
    "until": lambda wanted, entry: (entry["at"], _moment(entry["at"]) < _moment(wanted)),
}
_EVENT = {"type": "event_type", "id": "event_id"}


def _difference(member: str, expected: Any, found: Any) -> Difference:
    shown = _shown(found)
    said, said_zh = ("nothing", "没有") if found is None else (shown, shown)
    return Difference(
        member,
        expected,
        found if len(shown) <= _FOUND_LENGTH else shown[:_FOUND_LENGTH] + "…",
        f"{member[1:]}: expected {_shown(expected)}, found {said[:_FOUND_LENGTH]}.",
        f"{member[1:]}：应为 {_shown(expected)}，实为 {said_zh[:_FOUND_LENGTH]}。",
    )


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
