"""The worker: order within a document, parallel across documents, retries with pauses, dead letters. No test waits for time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shapan.reference.errors import Broken, Refused, Unavailable, Undecidable
from shapan.reference.inbox import Inbox
from shapan.reference.state import State
from shapan.reference.worker import Worker, pause_after

from .conftest import FakeTime, cloud_event, encoded

CONFIRMED, CANCELLED, RECEIPT = "crm.order.confirmed", "crm.order.cancelled", "finance.receipt.posted"
PATIENCE = 30.0  # seconds that a thread of a broken build may hang; a sound one never waits so long


class Recorder:
    """A handler that notes the ids of its events and fails as told, once per entry."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures: list[Exception] = []

    def __call__(self, event: Mapping[str, Any]) -> None:
        self.seen.append(event["id"])
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def handler() -> Recorder:
    return Recorder()


@pytest.fixture
def make(state: State, inbox: Inbox, time: FakeTime) -> Callable[[Callable[[Mapping[str, Any]], None]], Worker]:
    def build(handler: Callable[[Mapping[str, Any]], None]) -> Worker:
        handlers = dict.fromkeys((CONFIRMED, CANCELLED, RECEIPT), handler)
        return Worker(state, inbox, handlers, clock=time, jitter=lambda: 0.0)

    return build


def take(inbox: Inbox, *events: tuple[str, str, str]) -> None:
    for event_id, type_, subject in events:
        inbox.take(encoded(cloud_event(event_id, type_, subject)))


def test_events_are_worked_in_the_order_of_their_arrival(
    make: Any, handler: Recorder, inbox: Inbox, state: State
) -> None:
    take(inbox, ("a", CONFIRMED, "1"), ("b", CANCELLED, "1"), ("c", CONFIRMED, "2"))
    worker = make(handler)
    assert [worker.step() for _ in range(4)] == [True, True, True, False]
    assert handler.seen == ["a", "b", "c"]
    assert state.waiting() == []


def test_a_failing_event_holds_up_its_document_only(make: Any, handler: Recorder, inbox: Inbox, time: FakeTime) -> None:
    take(inbox, ("a", CONFIRMED, "1"), ("b", CANCELLED, "1"), ("c", CONFIRMED, "2"))
    handler.failures = [Unavailable("down")]
    worker = make(handler)
    assert [worker.step() for _ in range(3)] == [True, True, False]
    assert handler.seen == ["a", "c"]
    time.now += 0.2
    assert [worker.step() for _ in range(3)] == [True, True, False]
    assert handler.seen == ["a", "c", "a", "b"]


def test_an_outage_is_borne_with_growing_pauses(
    make: Any, handler: Recorder, inbox: Inbox, state: State, time: FakeTime
) -> None:
    take(inbox, ("a", CONFIRMED, "1"))
    handler.failures = [Unavailable("down") for _ in range(7)]
    worker = make(handler)
    pauses = []
    while state.waiting():
        worker.step()
        if heads := state.heads(1):
            pauses.append(round(heads[0][1] - time.now, 3))
            time.now = heads[0][1]
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]
    assert handler.seen == ["a"] * 8
    assert state.dead_letters() == []


def test_a_refused_event_is_parked_at_once_with_its_reason(
    make: Any, handler: Recorder, inbox: Inbox, state: State, caplog: pytest.LogCaptureFixture
) -> None:
    take(inbox, ("a", CONFIRMED, "1"), ("b", CANCELLED, "1"))
    handler.failures = [Refused("scm POST /sales-orders answered 422: no such product", 422, "business-rule")]
    worker = make(handler)
    assert [worker.step() for _ in range(3)] == [True, True, False]
    assert handler.seen == ["a", "b"], "the next event of the document goes on"
    (letter,) = state.dead_letters()
    assert (letter.document, letter.attempts) == ("order 1", 1)
    assert letter.reason == "scm POST /sales-orders answered 422: no such product"
    assert "order 1: crm.order.confirmed given up after 1 attempt(s)" in caplog.text
    assert "no such product" in caplog.text


def test_a_fault_of_the_program_is_parked_with_its_class(
    make: Any, handler: Recorder, inbox: Inbox, state: State
) -> None:
    take(inbox, ("a", CONFIRMED, "1"))
    handler.failures = [KeyError("lines")]
    make(handler).step()
    assert state.dead_letters()[0].reason == "KeyError: 'lines'"


def test_one_look_at_a_balance_answers_all_that_wait(make: Any, handler: Recorder, inbox: Inbox, state: State) -> None:
    take(inbox, ("a", RECEIPT, "17"), ("b", RECEIPT, "17"), ("c", RECEIPT, "18"))
    worker = make(handler)
    assert [worker.step() for _ in range(3)] == [True, True, False]
    assert handler.seen == ["a", "c"]
    assert state.waiting() == []


def test_an_event_that_comes_during_the_look_is_looked_at_again(make: Any, inbox: Inbox, state: State) -> None:
    seen: list[str] = []

    def look(event: Mapping[str, Any]) -> None:
        seen.append(event["id"])
        if len(seen) == 1:
            take(inbox, ("b", RECEIPT, "17"))

    take(inbox, ("a", RECEIPT, "17"))
    worker = make(look)
    assert [worker.step() for _ in range(3)] == [True, True, False]
    assert seen == ["a", "b"]


def test_a_failed_look_leaves_all_of_them_waiting(make: Any, handler: Recorder, inbox: Inbox, state: State) -> None:
    take(inbox, ("a", RECEIPT, "17"), ("b", RECEIPT, "17"))
    handler.failures = [Unavailable("down")]
    make(handler).step()
    assert len(state.waiting()) == 2


def test_what_was_in_hand_when_the_process_died_is_done_again(make: Any, inbox: Inbox, state: State) -> None:
    class Killed(BaseException):
        pass

    seen: list[str] = []

    def dies_once(event: Mapping[str, Any]) -> None:
        seen.append(event["id"])
        if len(seen) == 1:
            raise Killed

    take(inbox, ("a", CONFIRMED, "1"))
    with pytest.raises(Killed):
        make(dies_once).step()
    assert make(dies_once).step() is True
    assert seen == ["a", "a"]
    assert state.waiting() == []


def test_documents_are_worked_in_parallel_and_each_in_order(make: Any, inbox: Inbox, state: State) -> None:
    together = threading.Barrier(3)
    seen: dict[str, list[str]] = {"1": [], "2": [], "3": []}

    def meet(event: Mapping[str, Any]) -> None:
        # Passes only when three documents are in hand at the same time.
        together.wait(PATIENCE)
        seen[event["subject"]].append(event["id"])

    worker = make(meet)
    worker.start(3)
    for round_ in ("a", "b"):
        take(inbox, *((f"{subject}{round_}", CONFIRMED if round_ == "a" else CANCELLED, subject) for subject in seen))
    worker.drain()
    worker.stop()
    assert seen == {"1": ["1a", "1b"], "2": ["2a", "2b"], "3": ["3a", "3b"]}
    assert state.dead_letters() == []


def test_one_document_is_never_in_two_hands(make: Any, inbox: Inbox, state: State) -> None:
    inside = threading.Lock()
    overlaps: list[str] = []

    def alone(event: Mapping[str, Any]) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(event["id"])
            return
        inside.release()

    take(inbox, *((f"e{number}", CONFIRMED, "1") for number in range(50)))
    worker = make(alone)
    worker.start(8)
    worker.drain()
    worker.stop()
    assert overlaps == []
    assert state.waiting() == []


def test_stopping_finishes_what_is_in_hand_and_leaves_the_rest(make: Any, inbox: Inbox, state: State) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: Mapping[str, Any]) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    take(inbox, ("a", CONFIRMED, "1"), ("b", CANCELLED, "1"))
    worker = make(slow)
    worker.start(1)
    begun.wait(PATIENCE)
    stopper = threading.Thread(target=worker.stop, args=(PATIENCE,))
    stopper.start()
    with inbox.changed:
        inbox.changed.wait_for(lambda: worker.stopping, PATIENCE)
    go_on.set()
    stopper.join(PATIENCE)
    assert state.waiting() == [2]


@pytest.mark.parametrize("status", [401, 409, 412])
def test_a_clash_is_tried_a_few_times(status: int) -> None:
    clash = Refused("clash", status, "x")
    assert [pause_after(clash, attempts) is not None for attempts in (1, 7, 8)] == [True, True, False]


@pytest.mark.parametrize(
    "error",
    [*(Refused("no", status, "x") for status in (400, 403, 404, 422, 423)), Undecidable("?"), ValueError("?")],
)
def test_what_a_person_must_mend_is_not_tried_again(error: Exception) -> None:
    assert pause_after(error, 1) is None


def test_pauses_respect_the_system_and_the_jitter() -> None:
    assert pause_after(Unavailable("down", 30.0), 1) == 30.0
    assert pause_after(Unavailable("down"), 1, jitter=1.0) == 0.25
    assert pause_after(sqlite3.OperationalError("disk"), 1) == 0.2
    assert pause_after(Unavailable("down"), 10_000) == 3.0, "an outage is waited for, however long"
    assert pause_after(Broken("over this one"), 1199) == 3.0
    assert pause_after(Broken("over this one"), 1200) is None
