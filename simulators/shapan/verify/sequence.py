"""The trace of a scenario as messages of a sequence diagram (时序图): what people asked, what the integration asked, which events were delivered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from shapan.scenario import Exchange, ScenarioResult
from shapan.verify.journal import Entry, related

MOST_MESSAGES = 60
"""More are left out, the earliest first: what led to the failure stands at the end."""

PEOPLE, INTEGRATION = "people", "integration"
LIFELINES = (PEOPLE, "crm", "scm", "finance", INTEGRATION, "control")
_FEED = frozenset({"listEvents", "issueToken", "createWebhook", "deleteWebhook"})
"""What goes on all the time and explains nothing, as long as it is answered."""

_MASTER_DATA = re.compile("Product|Warehouse|Account|Price|Unit|Period")


@dataclass(frozen=True, slots=True)
class _Message:
    """An arrow. `at` in seconds since the scenario began; `times` repetitions were made one; `status` 0 is no answer."""

    at: float
    source: str
    target: str
    label: str
    status: int
    milliseconds: float
    step: str = ""
    event: bool = False
    times: int = 1
    note: str = ""
    failed: bool = False

    @property
    def bad(self) -> bool:
        return self.failed or not 200 <= self.status < 400


def sequence(
    result: ScenarioResult, began: float, entries: Iterable[Entry], *, alone: bool, people: str
) -> dict[str, Any]:
    """The messages of a scenario, as plain data.

    result    of the runner; its exchanges are what the people did
    began     real time, seconds since the epoch
    entries   the journal of its workspace
    alone     whether the workspace was its own; else only what belongs to its documents is taken
    people    the client id of the people, whose requests the runner knows better
    """
    until = began + result.seconds + 1.0
    window = [entry for entry in entries if began - 0.5 <= entry.at <= until]
    if not alone:
        window = related(window, _documents(result), _everybodys(result, window))
    messages = [*_of_people(result), *_of_journal(window, began, people)]
    messages.sort(key=lambda message: message.at)
    messages = list(_merged(messages))
    left_out = max(len(messages) - MOST_MESSAGES, 0)
    shown = _marked(messages, result)[left_out:]
    used = {name for message in shown for name in (message.source, message.target)}
    return {
        "lifelines": [name for name in LIFELINES if name in used or name in (PEOPLE, INTEGRATION)],
        "left_out": left_out,
        "messages": [_plain(message) for message in shown],
    }


def _documents(result: ScenarioResult) -> set[str]:
    """Numbers, codes and ids that the scenario's steps gave out."""
    found: set[str] = set()

    def take(value: Any) -> None:
        if isinstance(value, str) and 4 <= len(value) <= 80:
            found.add(value)
        elif isinstance(value, Mapping):
            for member in value.values():
                take(member)
        elif isinstance(value, list | tuple):
            for member in value:
                take(member)

    for step in result.steps:
        take(dict(step.outputs))
    take(dict(result.outputs))
    return found


def _everybodys(result: ScenarioResult, entries: Iterable[Entry]) -> set[str]:
    """Products, warehouses, accounts: through them everything would hang together with everything."""
    found = {name for entry in entries if _MASTER_DATA.search(entry.operation or "") for name in entry.about}
    for step in result.steps:
        if _MASTER_DATA.search(step.operation):
            found |= {value for value in step.outputs.values() if isinstance(value, str)}
    return found


def _of_people(result: ScenarioResult) -> Iterator[_Message]:
    for exchange in result.exchanges:
        if exchange.operation in _FEED or exchange.url.endswith("/oauth/token"):
            continue
        yield _Message(
            exchange.at,
            PEOPLE,
            exchange.system if exchange.system in LIFELINES else "control",
            exchange.operation or _path(exchange),
            exchange.status or 0,
            exchange.seconds * 1000,
            step=exchange.step,
            note=exchange.error or "",
        )


def _path(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url.partition('?')[0].rpartition('/')[2]}"


def _of_journal(entries: Iterable[Entry], began: float, people: str) -> Iterator[_Message]:
    for entry in entries:
        at = max(entry.at - began, 0.0)
        acted = " · fault" if entry.faults else ""
        if entry.event is not None:
            label = f"{entry.event} {entry.subject}"
            yield _Message(
                at, entry.system, INTEGRATION, label, entry.status, entry.milliseconds, event=True,
                note=("" if entry.state == "delivered" else f"{entry.state}: {entry.reason}") + acted,
            )  # fmt: skip
        elif entry.client != people and not (entry.operation in _FEED and entry.status < 400):
            label = entry.operation or f"{entry.method} {entry.path}"
            lost = {"nothing": " · answer lost", "half": " · answer cut off"}.get(entry.sent, "")
            again = " · replayed" if entry.replayed else ""
            yield _Message(
                at, INTEGRATION, entry.system, label, entry.status, entry.milliseconds,
                note=f"{entry.problem or ''}{lost}{again}{acted}".strip(" ·"),
            )  # fmt: skip


def _merged(messages: Iterable[_Message]) -> Iterator[_Message]:
    """Repetitions as one arrow, which stands where the last of them was: attempts of a step, deliveries of an event that came to the same,
    and the same request again before its sender asked for anything else.
    """
    found: dict[int, _Message] = {}
    last: dict[Any, int] = {}
    for place, message in enumerate(messages):
        key: Any = (message.target, message.label, message.status) if message.event else message.source
        before = found.get(last.get(key, -1))
        if before is not None and _repeats(message, before):
            del found[last[key]]
            message = replace(message, times=before.times + 1)
        found[place] = message
        last[key] = place
    yield from found.values()


def _repeats(message: _Message, before: _Message) -> bool:
    same = ("target", "label", "step", "note")
    alike = all(getattr(message, name) == getattr(before, name) for name in same)
    return alike and (bool(message.step) or message.status == before.status)


def _marked(messages: list[_Message], result: ScenarioResult) -> list[_Message]:
    """The last message of the step that failed is the place of the failure."""
    if result.failure is None:
        return messages
    mine = [index for index, message in enumerate(messages) if message.step == result.step and result.step]
    place = mine[-1] if mine else None
    return [replace(message, failed=index == place) for index, message in enumerate(messages)]


def _plain(message: _Message) -> dict[str, Any]:
    return {
        "at": round(message.at, 3),
        "from": message.source,
        "to": message.target,
        "label": message.label,
        "status": message.status,
        "milliseconds": round(message.milliseconds, 1),
        "step": message.step,
        "event": message.event,
        "times": message.times,
        "note": message.note,
        "bad": message.bad,
        "failed": message.failed,
    }
