"""The gate of a workspace, and what waits for it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from shapan.kernel.gate import Gate
from shapan.kernel.waiting import Pause, Signal

LONG = 60.0


def test_what_runs_ends_before_it_is_held_and_what_comes_waits() -> None:
    gate = Gate()
    assert gate.enter() is None
    held: list[str | None] = []
    holder = threading.Thread(target=lambda: held.append(gate.hold(LONG, LONG)))
    holder.start()
    while not isinstance(waiting := gate.enter(), Pause):
        gate.leave()  # the holder has not come yet
    assert held == []
    gate.leave()
    holder.join(LONG)
    [name] = held
    assert name is not None
    assert gate.held_by(name)
    assert gate.release(name)
    waiting.wait()  # it opened, or this would take a minute
    assert gate.enter() is None


def test_it_is_not_held_while_something_goes_on() -> None:
    gate = Gate()
    gate.enter()
    assert gate.hold(LONG, 0.01) is None
    # Nobody is kept out by a hold that did not come about.
    assert gate.enter() is None


def test_one_holder_at_a_time() -> None:
    gate = Gate()
    first = gate.hold(LONG, 0.01)
    assert first is not None
    assert gate.hold(LONG, 0.01) is None
    assert not gate.release("somebody else")
    assert gate.release(first)
    assert gate.hold(LONG, 0.01) is not None


def test_a_hold_ends_by_itself() -> None:
    gate = Gate()
    name = gate.hold(0.01, LONG)
    assert name is not None
    pause = gate.enter()
    while pause is not None:
        pause.wait()
        pause = gate.enter()
    assert not gate.held_by(name)
    assert not gate.release(name)


def test_threads_of_our_own_wait_in_the_passage() -> None:
    gate = Gate()
    name = gate.hold(LONG, LONG)
    assert name is not None
    through = threading.Event()

    def work() -> None:
        with gate.passage():
            through.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not through.is_set()
    gate.release(name)
    thread.join(LONG)
    assert through.is_set()


def test_a_signal_is_heard_before_and_after_it_happened() -> None:
    signal, heard = Signal(), []
    signal.subscribe(lambda: heard.append("before"))
    signal.subscribe(lambda: heard.append("never"))()
    signal.set()
    signal.subscribe(lambda: heard.append("after"))
    assert heard == ["before", "after"]
    assert signal.is_set
    assert signal.wait(LONG)


@pytest.mark.parametrize("seconds", [None, LONG])
def test_an_event_loop_waits_for_a_signal_of_another_thread(seconds: float | None) -> None:
    signal = Signal()

    async def wait() -> None:
        waiting = asyncio.ensure_future(Pause("x", seconds, signal).wait_async())
        threading.Thread(target=signal.set).start()
        await asyncio.wait_for(waiting, LONG)

    asyncio.run(wait())


def test_an_event_loop_waits_no_longer_than_it_should() -> None:
    async def wait() -> None:
        await asyncio.wait_for(Pause("x", 0.01, Signal()).wait_async(), LONG)
        await asyncio.wait_for(Pause("x", 0.01).wait_async(), LONG)

    asyncio.run(wait())
