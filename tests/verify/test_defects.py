"""Whether a seeded defect was caught: its scenario fails with it and passes without, and the integration was there to make the mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shapan.reference.defects import find_defect
from shapan.scenario import Text
from shapan.verify import Outcome, Report
from shapan.verify.defects import defects_report, plan_defects

DEFECT = find_defect("float-money")


def table(scenario, result, with_it: str | None, without: str | None, exit_code: int | None = None):
    """The table of one defect; the reasons of its scenario with the defect and without."""
    clean, spoilt = plan_defects([scenario(DEFECT.scenario)], [DEFECT]).jobs
    outcomes = []
    for job, why in ((clean, without), (spoilt, with_it)):
        ran = result(DEFECT.scenario, reason=why)
        outcomes.append(Outcome(job, ran.verdict, ran.reason, ran))
    outcomes[1] = replace(outcomes[1], exit_code=exit_code)
    told = defects_report(Report(tuple(outcomes)), [DEFECT])
    [row] = told["defects"]
    return told["ok"], row["caught"], row["reason"]["en"]


def test_it_is_caught_when_its_scenario_fails_with_it_and_only_with_it(scenario, result):
    assert table(scenario, result, "a fen is lost", None) == (True, True, "en a fen is lost")


@pytest.mark.parametrize(
    ("with_it", "without", "exit_code", "says"),
    [
        (None, None, None, "Nobody noticed"),
        ("a fen is lost", "broken", None, "does not pass without the defect"),
        ("no receivable", None, 1, "had ended by itself (exit code 1), which is no proof: en no receivable"),
    ],
)
def test_it_is_not_caught_otherwise(scenario, result, with_it, without, exit_code, says):
    ok, caught, reason = table(scenario, result, with_it, without, exit_code)
    assert (ok, caught) == (False, False)
    assert says in reason


def test_a_scenario_that_was_skipped_catches_nothing(scenario):
    [job] = plan_defects([scenario(DEFECT.scenario, profiles=("machines",))], [DEFECT]).jobs
    why = Text("It does not apply.", "不适用。")
    told = defects_report(Report((Outcome(job, "skipped", why),)), [DEFECT])
    assert (told["ok"], told["caught"]) == (False, 0)
