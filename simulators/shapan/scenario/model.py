"""A scenario as the runner reads it: Arazzo 1.0.1 documents whose references are resolved and whose conditions are parsed.

Made by `building` from documents in which `lint` found no fault, so nothing here can be missing or misspelt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapan.scenario.contracts import Contract, Operation
from shapan.scenario.criteria import Criterion
from shapan.scenario.expressions import Expression
from shapan.scenario.faults import Text

DEADLINE_SECONDS = 60.0
"""How long a scenario may take when its `x-shapan` does not say."""


@dataclass(frozen=True, slots=True)
class Action:
    """A success or failure action; `type` is end, goto or retry. `retry_after` is in seconds, `workflow` a key of the scenario's."""

    name: str
    type: str
    criteria: tuple[Criterion, ...] = ()
    step_id: str | None = None
    workflow: str | None = None
    retry_after: float = 0.0
    retry_limit: int = 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value for a parameter of the operation, or, without `location`, for an input of the called workflow."""

    name: str
    location: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class FailureText:
    """What to tell people when the step fails, with `{$...}`; only when `when` holds, if there is such a condition."""

    when: Criterion | None
    text: Text


@dataclass(frozen=True)
class Step:
    """One call: of `operation` in the system `source`, or of a workflow, by its key in the scenario.

    document  a text with `{$...}` that names the business document that the step is about, for the report
    client    as which client of the sandbox it is called, with all that this one may do; None for that of the people
    restart   whether the integration is killed and started again before the step
    times     how often the called workflow runs, `at_once` all at the same time; None once, with its own outputs and not lists
    line      where it stands in its file, counted from 1; `criteria_lines` the same of each criterion
    """

    id: str
    title: Text
    source: str | None = None
    contract: Contract | None = None
    operation: Operation | None = None
    workflow: str | None = None
    parameters: tuple[Parameter, ...] = ()
    has_body: bool = False
    media_type: str | None = None
    payload: Any = None
    replacements: tuple[tuple[tuple[str, ...], Any], ...] = ()
    criteria: tuple[Criterion, ...] = ()
    on_success: tuple[Action, ...] = ()
    on_failure: tuple[Action, ...] = ()
    outputs: Mapping[str, Expression] = field(default_factory=dict)
    document: str | None = None
    failures: tuple[FailureText, ...] = ()
    client: str | None = None
    restart: bool = False
    times: int | None = None
    at_once: bool = False
    file: Path = Path()
    line: int | None = None
    criteria_lines: tuple[int | None, ...] = ()

    @property
    def called(self) -> str:
        """The operation or the workflow that it calls, for people."""
        return self.operation.id if self.operation else self.workflow or ""


@dataclass(frozen=True)
class Script:
    """What the expressions of one document can name besides what happens in a run. `keys` are its own workflows by workflowId."""

    file: Path
    sources: Mapping[str, Mapping[str, Any]]
    components: Mapping[str, Any]
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Workflow:
    """Steps in order; `inputs` is their JSON Schema with `$ref` into the components resolved.

    key       its name among all workflows of the scenario: its id, in another document than the first one with the file's name before it
    generate  inputs that get a fresh value in each run, with the kind of value (generate.py)
    """

    id: str
    key: str
    script: Script
    inputs: Mapping[str, Any]
    depends_on: tuple[str, ...]
    steps: tuple[Step, ...]
    outputs: Mapping[str, Expression]
    generate: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True)
class Scenario:
    """A script with its contracts. `main` are the workflows to run: those that no other one calls, in order.

    requirements      ids of the needs that it proves
    world, size, seed what it wants the sandbox to be seeded with; None where it does not mind
    deadline_seconds  for all of it
    profiles          the worlds in which it applies; empty means all that have what it needs
    isolation         "own" when it must be alone in its workspace, with a fresh integration, else "shared"
    pace              "fast" when it takes seconds, "slow" when it waits for something
    catches           names of the mistakes that it is made to find
    needs_integration whether anything in it is left to an integration
    environment       what the integration under test gets in its environment besides the usual
    """

    name: str
    file: Path
    title: Text
    requirements: tuple[str, ...]
    world: str | None
    size: str | None
    seed: int | None
    deadline_seconds: float
    contracts: Mapping[str, Contract]
    workflows: Mapping[str, Workflow]
    main: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    isolation: str = "shared"
    pace: str = "fast"
    catches: tuple[str, ...] = ()
    needs_integration: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps of all its workflows."""
        return tuple(step for workflow in self.workflows.values() for step in workflow.steps)

    @property
    def restarts_integration(self) -> bool:
        """Whether a step kills the integration, so that somebody must be there who can start it again."""
        return any(step.restart for step in self.steps)
