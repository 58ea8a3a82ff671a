"""Who tests the tests: the reference integration with one mistake at a time must fail in the scenario that is made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shapan.reference.defects import DEFECTS, Defect
from shapan.scenario import Scenario, Text
from shapan.verify.outcome import Outcome, Report
from shapan.verify.planning import Plan, Wish, make_plan


@dataclass(frozen=True)
class Trial:
    """One defect: the outcome of its scenario (None when there is no such scenario), and of others where they were run too."""

    defect: Defect
    outcome: Outcome | None
    clean: Outcome | None
    others: tuple[Outcome, ...] = ()

    @property
    def caught(self) -> bool:
        """Whether its scenario fails because of it: with it and not without it, and not because the integration was gone."""
        return (
            self.outcome is not None
            and self.outcome.verdict == "failed"
            and self.outcome.exit_code is None
            and self.clean is not None
            and self.clean.verdict == "passed"
        )

    @property
    def reason(self) -> Text:
        """What the scenario said, or why nothing was proved."""
        if self.outcome is None or self.clean is None:
            return Text(
                f"There is no scenario {self.defect.scenario} among those that were run.",
                f"本次运行的场景中没有 {self.defect.scenario}。",
            )
        if self.clean.verdict != "passed":
            why = self.clean.reason or Text("unknown", "未知")
            return Text(
                f"The scenario does not pass without the defect: {why.en}", f"没有该缺陷时场景也未通过：{why.zh}"
            )
        if self.outcome.verdict == "passed":
            return Text("Nobody noticed: the scenario passes with the defect.", "未被发现：带有该缺陷时场景仍然通过。")
        why = self.outcome.reason or Text("unknown", "未知")
        if self.outcome.exit_code is not None:
            code = self.outcome.exit_code
            return Text(
                f"The integration had ended by itself (exit code {code}), which is no proof: {why.en}",
                f"集成程序已自行退出（{code}），不能作为证据：{why.zh}",
            )
        return why

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        defect = self.defect
        return {
            "defect": defect.name,
            "title": {"en": defect.title_en, "zh": defect.title_zh},
            "mistake": {"en": defect.mistake_en, "zh": defect.mistake_zh},
            "scenario": defect.scenario,
            "caught": self.caught,
            "step": self.outcome.result.step if self.outcome is not None and self.outcome.result is not None else None,
            "reason": self.reason._asdict(),
            "seconds": self.outcome.seconds if self.outcome is not None else 0.0,
            "scenarios": {one.name: one.verdict for one in self.others},
        }


def plan_defects(
    scenarios: Sequence[Scenario], defects: Sequence[Defect] = DEFECTS, wish: Wish | None = None, *, every: bool = False
) -> Plan:
    """Every scenario of the defects without one, then each defect with its scenario; `every`: with all of the scenarios."""
    made_for = {defect.scenario for defect in defects}
    clean = make_plan([one for one in scenarios if every or one.name in made_for], wish).jobs
    jobs = list(clean)
    for defect in defects:
        for job in clean:
            if job.skipped is None and job.needs_integration and (every or job.scenario.name == defect.scenario):
                jobs.append(replace(job, index=len(jobs), own=True, defect=defect.name))
    return Plan(tuple(jobs))


def trials(report: Report, defects: Sequence[Defect] = DEFECTS) -> list[Trial]:
    """What became of each defect, in their order."""
    clean = {outcome.name: outcome for outcome in report.outcomes if outcome.job.defect is None}
    found = []
    for defect in defects:
        mine = tuple(outcome for outcome in report.outcomes if outcome.job.defect == defect.name)
        outcome = next((one for one in mine if one.name == defect.scenario), None)
        found.append(Trial(defect, outcome, clean.get(defect.scenario), mine))
    return found


def defects_report(report: Report, defects: Sequence[Defect] = DEFECTS) -> dict[str, Any]:
    """The table as plain JSON data; `ok` when each was caught in the scenario made for it, and all scenarios pass without."""
    table = trials(report, defects)
    clean = [outcome for outcome in report.outcomes if outcome.job.defect is None]
    fine = all(outcome.verdict != "failed" for outcome in clean)
    return {
        "ok": report.complete and bool(table) and fine and all(trial.caught for trial in table),
        "complete": report.complete,
        "started": report.started,
        "seconds": report.seconds,
        "caught": sum(trial.caught for trial in table),
        "defects": [trial.as_dict() for trial in table],
        "clean": [
            {"name": one.name, "verdict": one.verdict, "reason": one.reason._asdict() if one.reason else None}
            for one in clean
        ],
    }
