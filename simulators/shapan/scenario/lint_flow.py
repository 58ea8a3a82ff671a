"""The way through a workflow: steps that are never reached, workflows that wait for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from shapan.scenario.raw import dereference
from shapan.scenario.shapes import as_list, maps


def unreached(workflow: Mapping[str, Any], components: Mapping[str, Any]) -> list[int]:
    """The indices of steps to which no way leads from the first one, whatever the systems answer."""
    steps = maps(workflow.get("steps"))
    places = {str(step.get("stepId")): index for index, step in enumerate(steps)}
    reached: set[int] = set()
    border = {0} if steps else set()
    while border:
        reached |= border
        border = {index for known in border for index in _next(steps, known, places, workflow, components)} - reached
    return [index for index in range(len(steps)) if index not in reached]


def _next(
    steps: list[Mapping[str, Any]],
    index: int,
    places: Mapping[str, int],
    workflow: Mapping[str, Any],
    components: Mapping[str, Any],
) -> Iterable[int]:
    step = steps[index]
    good = _actions(step.get("onSuccess"), workflow.get("successActions"), components)
    bad = _actions(step.get("onFailure"), workflow.get("failureActions"), components)
    targets = [action.get("stepId") for action in (*_up_to_certain(good), *bad)]
    yield from (places[target] for target in targets if isinstance(target, str) and target in places)
    if not any(_certain(action) for action in good) and index + 1 < len(steps):
        yield index + 1


def _actions(own: Any, general: Any, components: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions of a step in order; its own override those of the workflow that are called the same."""
    found: dict[Any, Mapping[str, Any]] = {}
    for raw in [*maps(own), *maps(general)]:
        action = dereference(raw, components)
        found.setdefault(str(action.get("name")), action)
    return list(found.values())


def _up_to_certain(actions: list[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The actions that can be taken: none after the first one that asks for nothing."""
    for action in actions:
        yield action
        if _certain(action):
            return


def _certain(action: Mapping[str, Any]) -> bool:
    return not as_list(action.get("criteria")) and action.get("type") in ("end", "goto")


def circular(waits: Mapping[str, Set[str]]) -> list[str]:
    """The names that wait for themselves, by way of others or not."""
    found = []
    for name in waits:
        reached, border = set[str](), set(waits[name])
        while border:
            reached |= border
            border = {other for known in border for other in waits.get(known, ())} - reached
        if name in reached:
            found.append(name)
    return found
