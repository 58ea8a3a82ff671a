"""What a scenario says of itself in `x-shapan`: taken over by the model, and refused where it is misspelt or contradicts itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapan.scenario import Scenario, check

PING = {"stepId": "ping", "operationId": "ping"}
CALL = {"stepId": "call", "workflowId": "other"}
OTHERS = [{"workflowId": "other", "steps": [PING]}]


def test_a_script_that_says_nothing_shares_and_needs_an_integration(script: Callable[..., Scenario]) -> None:
    scenario = script(PING)
    assert (scenario.profiles, scenario.isolation, scenario.pace, scenario.catches) == ((), "shared", "fast", ())
    assert scenario.needs_integration
    assert not scenario.restarts_integration
    assert scenario.environment == {}


def test_what_a_script_says_of_itself_is_kept(script: Callable[..., Scenario]) -> None:
    says = {
        "profiles": ["trading", "retail"],
        "isolation": "own",
        "pace": "slow",
        "catches": ["never-pulls-missed-events"],
        "environment": {"EXTRA": "yes"},
    }
    restart = {**PING, "x-shapan": {"integration": "restart"}}
    many = {**CALL, "x-shapan": {"times": 3, "at_once": True}}
    scenario = script(restart, many, others=OTHERS, **{"x-shapan": says})
    assert (scenario.profiles, scenario.isolation, scenario.pace) == (("trading", "retail"), "own", "slow")
    assert (scenario.catches, scenario.environment) == (("never-pulls-missed-events",), {"EXTRA": "yes"})
    assert scenario.restarts_integration
    first, second = scenario.workflows["main"].steps
    assert (first.restart, first.times, first.at_once) == (True, None, False)
    assert (second.restart, second.times, second.at_once) == (False, 3, True)


def test_a_script_may_need_no_integration(script: Callable[..., Scenario]) -> None:
    assert not script(PING, **{"x-shapan": {"integration": "none"}}).needs_integration


@pytest.mark.parametrize(
    ("says", "pointer", "text"),
    [
        ({"profiles": []}, "/x-shapan/profiles", "has less than 1 item"),
        ({"profiles": ["Trading"]}, "/x-shapan/profiles/0", "does not match"),
        ({"profiles": ["retail", "retail"]}, "/x-shapan/profiles", "has non-unique elements"),
        ({"isolation": "alone"}, "/x-shapan/isolation", "is not one of"),
        ({"pace": "quick"}, "/x-shapan/pace", "is not one of"),
        ({"catches": ["float money"]}, "/x-shapan/catches/0", "does not match"),
        ({"integration": "any"}, "/x-shapan/integration", "is not"),
        ({"isolation": "own", "environment": {"A": 1}}, "/x-shapan/environment/A", 'is not of type "string"'),
        ({"isolation": "own", "environment": {"A B": "1"}}, "/x-shapan/environment", "does not match"),
        ({"environment": {"A": "1"}}, "/x-shapan/environment", "isolation: own"),
        ({"isolatoin": "own"}, "/x-shapan/isolatoin", "no such field"),
    ],
)
def test_a_fault_of_the_document_is_named(
    write_script: Callable[..., Path], says: dict[str, Any], pointer: str, text: str
) -> None:
    faults = check(write_script(PING, **{"x-shapan": says}))[1]
    assert [fault.pointer for fault in faults if text in fault.en] == [pointer], faults


@pytest.mark.parametrize(
    ("step", "pointer", "text"),
    [
        ({**PING, "x-shapan": {"integration": "stop"}}, "/integration", "is not"),
        ({**PING, "x-shapan": {"integration": "restart"}}, "/integration", "isolation: own"),
        ({**PING, "x-shapan": {"times": 2}}, "/times", "calls a workflow"),
        ({**CALL, "x-shapan": {"times": 0}}, "/times", "less than the minimum"),
        ({**CALL, "x-shapan": {"at_once": True}}, "/at_once", "needs `times`"),
    ],
)
def test_a_fault_of_a_step_is_named(
    write_script: Callable[..., Path], step: dict[str, Any], pointer: str, text: str
) -> None:
    faults = check(write_script(step, others=OTHERS))[1]
    assert [f.pointer for f in faults if text in f.en] == ["/workflows/0/steps/0/x-shapan" + pointer], faults


def test_what_needs_no_integration_cannot_restart_it(write_script: Callable[..., Path]) -> None:
    restart = {**PING, "x-shapan": {"integration": "restart"}}
    faults = check(write_script(restart, **{"x-shapan": {"integration": "none", "isolation": "own"}}))[1]
    assert [fault.pointer for fault in faults] == ["/workflows/0/steps/0/x-shapan/integration"]
