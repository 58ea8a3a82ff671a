"""What became of each scenario of a verification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from shapan.scenario import ScenarioResult, Text
from shapan.verify.planning import Job

Verdict = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """The verdict on one scenario; `result` is what the runner has to say, None for a skipped one.

    `workspace` is where it ran. `log` are the last words of the integration and `sequence` what was asked and delivered (see `sequence`),
    both for a failed one. `exit_code` is that of an integration that had ended by itself by then.
    """

    job: Job
    verdict: Verdict
    reason: Text | None = None
    result: ScenarioResult | None = None
    workspace: str | None = None
    log: str = ""
    sequence: dict[str, Any] | None = None
    exit_code: int | None = None

    @property
    def name(self) -> str:
        """The scenario's."""
        return self.job.scenario.name

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.result.seconds if self.result is not None else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data: what the runner has to say of it, with verdict, reason, world and workspace."""
        scenario = self.job.scenario
        told = self.result.as_dict() if self.result is not None else {}
        return {
            **told,
            "name": scenario.name,
            "title": scenario.title._asdict(),
            "requirements": list(scenario.requirements),
            "verdict": self.verdict,
            "reason": self.reason._asdict() if self.reason is not None else None,
            "seconds": self.seconds,
            "world": str(self.job.world),
            "own_workspace": self.job.own,
            "workspace": self.workspace,
            "log": self.log,
            "sequence": self.sequence,
        }


@dataclass(frozen=True)
class Report:
    """All outcomes in the order of the catalogue. `complete` is false when the run was stopped before its end."""

    outcomes: tuple[Outcome, ...] = ()
    seconds: float = 0.0
    started: str = ""
    complete: bool = True
    ended: tuple[int, str] | None = None
    """Exit code and last words of an integration that ended by itself, where one did."""
    summary: dict[str, Any] = field(default_factory=dict)
    """What the run as a whole gave: kpis, delays, coverage (see `observing`)."""

    def count(self, verdict: Verdict) -> int:
        """So many have this verdict."""
        return sum(outcome.verdict == verdict for outcome in self.outcomes)

    @property
    def ok(self) -> bool:
        """Whether all that was run passed, and something was run."""
        return self.complete and self.count("failed") == 0 and self.count("passed") > 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "ok": self.ok,
            "complete": self.complete,
            "started": self.started,
            "seconds": self.seconds,
            **{verdict: self.count(verdict) for verdict in get_args(Verdict)},
            "integration_ended": None if self.ended is None else {"exit_code": self.ended[0], "log": self.ended[1]},
            **self.summary,
            "scenarios": [outcome.as_dict() for outcome in self.outcomes],
        }
