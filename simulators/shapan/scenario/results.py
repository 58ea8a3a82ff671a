"""What a run of a scenario leaves: the verdict, the reason in one sentence, each step, and every HTTP exchange without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from shapan.scenario.faults import Text

Verdict = Literal["passed", "failed", "skipped"]

_HIDDEN: Final = "[hidden]"
_SECRET_NAME = re.compile(r"secret|password|token|authorization|cookie|api[-_]?key", re.IGNORECASE)
# token_type and the like are no secrets, and a reader wants to see them.
_HARMLESS_NAMES: Final = frozenset({"token_type", "token_endpoint", "token_url"})
_LONGEST_TEXT: Final = 2000

_SYSTEMS: Final = {
    "crm": Text("CRM", "CRM"),
    "scm": Text("SCM", "SCM"),
    "finance": Text("finance", "财务系统"),
    "control": Text("control", "总控"),
}


def system_name(source: str | None) -> Text:
    """What people call the system behind a source: ("finance", "财务系统"); unknown sources keep their name."""
    return _SYSTEMS.get(source or "", Text(source or "", source or ""))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request with its answer, abridged and without secrets; `error` instead of a `status` when no answer came.

    `at` is in seconds since the scenario began.
    """

    step: str
    system: str
    operation: str
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str
    error: str | None
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step failed: the business document and the system concerned, what was expected, what was found, and the sentence.

    `file` and `line` are the place in the script: the criterion that does not hold, or else the step.
    """

    system: str
    document: str | None
    expected: str
    found: str
    reason: Text
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step after its last attempt. A failed step whose onFailure goes on elsewhere does not spoil the verdict.

    `run` counts the runs of a workflow that a step with `times` calls, from 1; None outside of such.
    """

    workflow: str
    step: str
    title: Text
    system: str
    operation: str
    verdict: Verdict
    attempts: int
    seconds: float
    failure: Failure | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    line: int | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class StepEvent:
    """What `on_step` is told while a scenario runs: a step starts, waits for its next attempt, or has passed or failed.

    Runs at the same time are told by turns, never two at a time.
    """

    kind: Literal["started", "waiting", "passed", "failed"]
    scenario: str
    workflow: str
    step: str
    title: Text
    system: str
    attempt: int
    result: StepResult | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The verdict on one scenario. `started` is RFC 3339, for reports only.

    `step` and `failure` belong to a failed one, `why_skipped` to one that was not begun.
    """

    name: str
    title: Text
    requirements: tuple[str, ...]
    verdict: Verdict
    seconds: float
    started: str
    step: str | None = None
    failure: Failure | None = None
    steps: tuple[StepResult, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    why_skipped: Text | None = None

    @property
    def passed(self) -> bool:
        """Whether the systems did what the scenario asks."""
        return self.verdict == "passed"

    @property
    def skipped(self) -> bool:
        """Whether it was not begun."""
        return self.verdict == "skipped"

    @property
    def reason(self) -> Text | None:
        """Why it failed or was skipped, in one sentence; None when it passed."""
        return self.why_skipped if self.failure is None else self.failure.reason

    @property
    def line(self) -> int | None:
        """The line of the script at which it failed; None when it did not."""
        return None if self.failure is None else self.failure.line

    @property
    def place(self) -> str:
        """`file:line` of what failed, else the file."""
        file = self.failure.file if self.failure is not None and self.failure.file else self.file
        return file if self.line is None else f"{file}:{self.line}"

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain JSON data; texts as {"en", "zh"}."""
        data: dict[str, Any] = _plain(asdict(self))
        return data


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value._asdict()
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


class Redactor:
    """Takes secrets out of what is shown: known ones wherever they stand, others by the names of their members and headers."""

    def __init__(self, *secrets: str) -> None:
        # Longest first, so that no secret survives as the rest of a shorter one within it.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def learn(self, secret: str) -> None:
        """From now on `secret` is hidden too."""
        self._secrets = sorted({*self._secrets, *([secret] if secret else [])}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without known secrets, and without halves of surrogate pairs, which JSON may hold and no file can."""
        text = text.encode("utf-8", "replace").decode()
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers without secrets."""
        return {name: _HIDDEN if _SECRET_NAME.search(name) else self.text(value) for name, value in headers.items()}

    def body(self, body: str) -> str:
        """A body without secrets, abridged to 2,000 characters."""
        try:
            shown = json.dumps(self.data(json.loads(body)), ensure_ascii=False)
        except (ValueError, RecursionError):
            shown = re.sub(r"(?i)\b(\w*(?:secret|password|token)\w*)=[^&\s]*", rf"\1={_HIDDEN}", body)
        shown = self.text(shown)
        return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]} … ({len(shown)} characters)"

    def data(self, data: Any) -> Any:
        """JSON data without secrets."""
        if isinstance(data, Mapping):
            return {name: _HIDDEN if _is_secret(name, value) else self.data(value) for name, value in data.items()}
        if isinstance(data, list):
            return [self.data(member) for member in data]
        return self.text(data) if isinstance(data, str) else data


def _is_secret(name: str, value: Any) -> bool:
    return isinstance(value, str) and name.lower() not in _HARMLESS_NAMES and _SECRET_NAME.search(name) is not None
