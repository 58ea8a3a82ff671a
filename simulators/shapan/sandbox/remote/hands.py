"""What a test does to a workspace over control: faults, the clock, the journal, the oracle. Each call is one operation of contracts/control.yaml."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shapan.sandbox.remote.control import Control
from shapan.sandbox.remote.lines import verdict_lines

_BETWEEN_VERDICTS = 0.1


class _Hand:
    def __init__(self, control: Control, workspace: str) -> None:
        self._control = control
        self._workspace = workspace

    def _call(self, method: str, path: str, **request: Any) -> Any:
        return self._control.call(method, path, self._workspace, **request)


class Faults(_Hand):
    """The faults (故障) of a workspace."""

    def add(self, fault: str, **rule: Any) -> dict[str, Any]:
        """Add a fault, as in `faults.add("latency", parameters={"ms": 800}, match={"operations": ["createOrder"]})`; members as in the contract.

        The rule as control has it, with its `id`. ControlRefusal naming everything that is wrong with it.
        """
        return dict(self._call("POST", "/faults", json={"fault": fault, **rule}))

    def list(self) -> list[dict[str, Any]]:
        """The faults with how often each was seen and applied."""
        return list(self._call("GET", "/faults")["items"])

    def get(self, fault_id: str) -> dict[str, Any]:
        """One fault. ControlRefusal when there is none."""
        return dict(self._call("GET", f"/faults/{fault_id}"))

    def remove(self, fault_id: str) -> None:
        """Remove a fault; whoever it holds up goes on. ControlRefusal when there is none."""
        self._call("DELETE", f"/faults/{fault_id}")

    def clear(self) -> None:
        """Remove all."""
        self._call("DELETE", "/faults")


class Clock(_Hand):
    """The simulated clock (模拟时钟) of a workspace, the same in all three systems."""

    def state(self) -> dict[str, Any]:
        """The clock as control shows it."""
        return dict(self._call("GET", "/clock"))

    def now(self) -> datetime:
        """The simulated time, with its offset."""
        return datetime.fromisoformat(self.state()["now"])

    def advance(self, by: timedelta | float | None = None, **units: float) -> dict[str, Any]:
        """Advance by a timedelta, by seconds, or as in `clock.advance(days=30)`; whole seconds, and forward only. What was done on the way is in `done`."""
        span = timedelta(seconds=by) if isinstance(by, int | float) else by or timedelta(0)
        return self._change(advance_seconds=round((span + timedelta(**units)).total_seconds()))

    def advance_to(self, instant: datetime | str) -> dict[str, Any]:
        """Advance to an instant, RFC 3339 or a datetime with an offset."""
        return self._change(advance_to=instant.isoformat() if isinstance(instant, datetime) else instant)

    def freeze(self) -> dict[str, Any]:
        """Stop it."""
        return self._change(frozen=True)

    def run(self, rate: float = 1) -> dict[str, Any]:
        """Let it run, at so many simulated seconds a second."""
        return self._change(frozen=False, rate=rate)

    def _change(self, **change: Any) -> dict[str, Any]:
        return dict(self._call("POST", "/clock", json=change))


class NotInJournal(AssertionError):
    """The journal is not as expected. Says what comes nearest; `verdict` is control's."""

    def __init__(self, verdict: dict[str, Any]) -> None:
        self.verdict = verdict
        super().__init__("\n".join(verdict_lines(verdict)))


class Journal(_Hand):
    """What was asked, answered and delivered in a workspace (请求日志)."""

    def entries(self, **filters: Any) -> list[dict[str, Any]]:
        """Entries of all three systems, newest first; `filters` are the query parameters of the contract, as in `entries(status="4xx", limit=10)`."""
        return list(self._call("GET", "/journal", params=_query(filters))["items"])

    def verify(self, **expectation: Any) -> dict[str, Any]:
        """Hold the journal against an expectation, as in `journal.verify(match={"operation": "createReceivable"}, times=1)`; members as in the contract.

        The verdict, with the entries that fit as its `items`. NotInJournal when it is otherwise.
        """
        verdict = dict(self._call("POST", "/journal/verify", json=expectation))
        if not verdict["ok"]:
            raise NotInJournal(verdict)
        return verdict

    def violations(self) -> list[dict[str, Any]]:
        """What clients asked that the contracts do not allow, grouped."""
        return list(self._call("GET", "/journal/violations")["items"])


def _query(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


class SystemsDisagree(AssertionError):
    """The oracle found differences of severity error; `differences` are those of the verdict."""

    def __init__(self, differences: list[dict[str, Any]]) -> None:
        self.differences = differences
        lines = [f"{d['code']}: {d['en']}\n{' ' * len(d['code'])}  {d['zh']}" for d in differences]
        super().__init__("\n".join([f"The three systems do not agree, {len(lines)} differences:", *lines]))


class Oracle(_Hand):
    """The oracle (对账裁判): whether the three systems agree."""

    def verdict(
        self, order: str | None = None, since: datetime | str | None = None, *, documents: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The verdict as of now, over all, over one CRM order, or over documents of any kind."""
        moment = since.isoformat() if isinstance(since, datetime) else since
        wanted = {"order": order, "since": moment, "document": ",".join(documents) or None}
        return dict(self._call("GET", "/reconciliation", params=_query(wanted)))

    def check(
        self,
        order: str | None = None,
        since: datetime | str | None = None,
        *,
        documents: Sequence[str] = (),
        within: float = 0.0,
    ) -> dict[str, Any]:
        """SystemsDisagree unless the systems agree, at the latest after `within` real seconds: documents may be on their way."""
        deadline = time.monotonic() + within
        pause = threading.Event()
        while not (verdict := self.verdict(order, since, documents=documents))["ok"]:
            if time.monotonic() >= deadline:
                raise SystemsDisagree([d for d in verdict["differences"] if d["severity"] == "error"])
            pause.wait(_BETWEEN_VERDICTS)
        return verdict

    def trace(self, document_number: str) -> list[dict[str, Any]]:
        """The way of an order through the systems, by the number of any of its documents. ControlRefusal when nobody knows it."""
        return list(self._call("GET", f"/trace/{document_number}")["steps"])
