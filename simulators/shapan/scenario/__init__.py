"""Scenarios: Arazzo 1.0.1 scripts that play the people of a business against the sandbox, and say whether the systems agree.

Speaks HTTP only and knows nothing of the simulators but their contracts. A file's way: `library` finds it, `documents` reads it,
`structure` and `lint` find every fault, `model` builds the scenario, `runner` runs it with `client` and `explain`, `report` writes.

Beyond the standard, `x-shapan` on the document gives title {en, zh}, requirements, world, size, seed and deadline_seconds; on a step
title {en, zh}, document and failure (one {when, en, zh}, or a list of which the first that applies is taken). An input marked
`x-shapan-generate: run-id | credit-code` gets a fresh value in each run. Other Arazzo runners ignore all that.
"""

from shapan.scenario.environment import Environment
from shapan.scenario.faults import ScenarioError, ScriptFault, Text
from shapan.scenario.library import check, load_scenarios
from shapan.scenario.model import Scenario
from shapan.scenario.report import as_json, write_html, write_json, write_junit
from shapan.scenario.results import Exchange, Failure, ScenarioResult, StepEvent, StepResult
from shapan.scenario.runner import run_scenario

__all__ = [
    "Environment",
    "Exchange",
    "Failure",
    "Scenario",
    "ScenarioError",
    "ScenarioResult",
    "ScriptFault",
    "StepEvent",
    "StepResult",
    "Text",
    "as_json",
    "check",
    "load_scenarios",
    "run_scenario",
    "write_html",
    "write_json",
    "write_junit",
]
