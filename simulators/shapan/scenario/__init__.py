"""Scenarios: Arazzo 1.0.1 scripts that play the people of a business against the sandbox, and say whether the systems agree.

Speaks HTTP only and knows nothing of the simulators but their contracts. A file's way: `library` finds it, `documents` reads it,
`structure` and `lint` find every fault, `building` makes the `model`, `runner` and `playing` run it with `client` and `explain`. Reports
are written by shapan.verify.

What it can say beyond the standard stands in `x-shapan` (docs/scenarios.md); other Arazzo runners ignore that.
"""

from shapan.scenario.environment import Environment, RestartFailed
from shapan.scenario.faults import ScenarioError, ScriptFault, Text
from shapan.scenario.library import check, load_scenarios, scripts_at
from shapan.scenario.model import Scenario
from shapan.scenario.results import Exchange, Failure, ScenarioResult, StepEvent, StepResult
from shapan.scenario.runner import run_scenario

__all__ = [
    "Environment",
    "Exchange",
    "Failure",
    "RestartFailed",
    "Scenario",
    "ScenarioError",
    "ScenarioResult",
    "ScriptFault",
    "StepEvent",
    "StepResult",
    "Text",
    "check",
    "load_scenarios",
    "run_scenario",
    "scripts_at",
]
