"""Random documents, right and wrong, by two workers at once: after every step the books of each simulator are in order."""

from __future__ import annotations

import importlib

import pytest

from tests.machines.harness import STEPS, Draws, Json, Room, Worker, play, report


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


def test_what_breaks_is_told_with_all_that_led_to_it() -> None:
    """Threads seldom meet twice in the same way, so a run cannot be repeated: what it did has to stand in the failure."""

    def enter_lead(worker: Worker, draws: Draws) -> None:
        body = {"companyName": f"示例{draws.number(1, 9)}科技有限公司", "contactName": "王小明"}
        worker.call("POST", "/leads", body)

    def at_most_five(worker: Worker, facts: Json, memory: Json) -> None:
        assert len(worker.pages("/leads")) <= 5, "too many leads"

    system = importlib.import_module("shapan.crm").SYSTEM
    with pytest.raises(AssertionError, match="too many leads") as broken:
        play(Room(system, (enter_lead,), at_most_five), steps=10)
    trail = broken.value.__notes__[0].splitlines()
    assert [line.split(" ")[:3] for line in trail] == [["enter_lead:", "POST", "/leads"]] * 6
    assert all(line.endswith("-> 201") for line in trail)
