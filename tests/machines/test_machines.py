"""Random documents, right and wrong, by two workers at once: after every step the books of each simulator are in order."""

from __future__ import annotations

import importlib

import pytest

from tests.machines.harness import STEPS, play, report


@pytest.mark.parametrize("name", ["crm", "scm", "finance"])
def test_two_workers_cannot_break(name: str) -> None:
    room = importlib.import_module(f"tests.machines.{name}").ROOM
    outcomes = play(room)
    lines = "\n".join(report(outcomes))
    print(f"\n{name}, {STEPS} steps of two actions\n{lines}")
    taken = {action for (action, status), number in outcomes.items() if status < 300 and number}
    refused = {action for (action, status), number in outcomes.items() if status >= 400 and number}
    assert taken, lines
    assert refused, lines
    if STEPS >= 10_000:
        # In a long run every action must have been taken at some time: one that is always refused shows nothing.
        assert {action.__name__ for action in room.actions} <= taken, lines
