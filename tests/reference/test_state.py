"""The state: an event once, a cursor with its events, work in order, links both ways; all of it there after a restart."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from shapan.reference.state import Incoming, State


def incoming(event_id: str, document: str = "order 1", source: str = "urn:shapan:crm") -> Incoming:
    return Incoming(source, event_id, "crm.order.confirmed", document, "{}")


def heads(state: State, limit: int = 10) -> list[tuple[int, str, float]]:
    return [(work.id, work.document, due_at) for work, due_at in state.heads(limit)]


def test_an_event_is_stored_once_but_ids_belong_to_their_source(state: State) -> None:
    assert state.store([incoming("a"), incoming("b"), incoming("a")]) == 2
    assert state.store([incoming("a")]) == 0
    assert state.store([incoming("a", source="urn:shapan:scm")]) == 1
    assert len(state.waiting()) == 3


def test_a_done_event_is_still_known(state: State) -> None:
    state.store([incoming("a")])
    state.done(state.waiting())
    assert state.store([incoming("a")]) == 0
    assert state.waiting() == []


def test_the_cursor_moves_with_its_events_or_not_at_all(state: State) -> None:
    assert state.cursor("crm") is None
    state.store([incoming("a")], feed=("crm", "7"))
    broken = Incoming("s", "b", "t", None, "{}")  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        state.store([incoming("c"), broken], feed=("crm", "9"))
    assert state.cursor("crm") == "7"
    assert len(state.waiting()) == 1
    state.store([], feed=("crm", "8"))
    assert (state.cursor("crm"), state.cursor("scm")) == ("8", None)


def test_each_document_offers_its_oldest_event_and_the_due_ones_come_first(state: State) -> None:
    state.store([incoming("a", "one"), incoming("b", "one"), incoming("c", "two"), incoming("d", "three")])
    assert heads(state) == [(1, "one", 0.0), (3, "two", 0.0), (4, "three", 0.0)]
    assert heads(state, 1) == [(1, "one", 0.0)]
    (first, _) = state.heads(1)[0]
    state.postpone(first, 50.0, "down")
    assert heads(state) == [(3, "two", 0.0), (4, "three", 0.0), (1, "one", 50.0)]
    state.park(first, "hopeless")
    assert heads(state)[0] == (2, "one", 0.0)


def test_reports_come_after_documents(state: State) -> None:
    report = Incoming("urn:shapan:finance", "a", "finance.receipt.posted", "balance 17", "{}", report=True)
    state.store([report, incoming("b", "one")])
    assert [(work.document, work.report) for work, _ in state.heads(9)] == [("one", False), ("balance 17", True)]


def test_waiting_can_be_asked_for_one_document(state: State) -> None:
    state.store([incoming("a", "one"), incoming("b", "two"), incoming("c", "one")])
    assert state.waiting("one") == [1, 3]
    assert state.waiting() == [1, 2, 3]


def test_dead_letters_keep_their_reason_and_can_be_put_back_to_work(state: State) -> None:
    state.store([incoming("a", "one")])
    (work, _) = state.heads(1)[0]
    state.postpone(work, 5.0, "down")
    state.park(work, "refused")
    (letter,) = state.dead_letters()
    assert (letter.document, letter.attempts, letter.reason) == ("one", 2, "refused")
    assert state.unpark() == 1
    assert state.dead_letters() == []
    ((work, due_at),) = state.heads(1)
    assert (work.attempts, due_at) == (0, 0.0)


def test_links_are_found_from_both_ends(state: State) -> None:
    state.link("customer", "crm", "b", "finance", "17")
    state.link("customer", "crm", "a", "finance", "17")
    state.link("customer", "crm", "a", "scm", "KH00001")
    state.link("order", "crm", "a", "scm", "XSDD-1")
    assert state.linked("customer", "crm", "a", "scm") == "KH00001"
    assert state.linked("customer", "scm", "a", "crm") is None
    assert state.sources("customer", "crm", "finance", "17") == ["a", "b"]
    state.link("customer", "crm", "a", "scm", "KH00002")
    assert state.linked("customer", "crm", "a", "scm") == "KH00002"


def test_cancellations_are_remembered(state: State) -> None:
    state.note_cancelled("ORD-1")
    state.note_cancelled("ORD-1")
    assert state.is_cancelled("ORD-1")
    assert not state.is_cancelled("ORD-2")


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = State(tmp_path)
    first.store([incoming("a", "one"), incoming("b", "two"), incoming("c", "three")], feed=("crm", "7"))
    first.done([1])
    first.postpone(first.heads(2)[0][0], 99.0, "down")
    first.link("order", "crm", "ORD-1", "scm", "XSDD-1")
    first.note_cancelled("ORD-2")
    # Not closed: a second connection sees what a process that was killed had committed.
    second = State(tmp_path)
    assert second.cursor("crm") == "7"
    assert heads(second) == [(3, "three", 0.0), (2, "two", 99.0)]
    assert second.heads(2)[1][0].attempts == 1
    assert second.linked("order", "crm", "ORD-1", "scm") == "XSDD-1"
    assert second.is_cancelled("ORD-2")
    first.close()
    second.close()
