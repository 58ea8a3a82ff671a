"""The clock by itself: forward only, at a rate, frozen, over a restart; with a real time that the test moves."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shapan.kernel.clock import FASTEST, LATEST, SLOWEST, ClockError, ClockState, SimulatedClock, rfc3339
from shapan.kernel.kept_clock import read_clock, write_clock

BEGIN = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


class RealTime:
    """The operating system's time, as the test wants it."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def real():
    return RealTime()


def test_it_runs_at_its_rate_from_where_it_stands(real):
    clock = SimulatedClock(real=real)
    clock.run(60)
    real.passes(seconds=10)
    assert clock.now() == BEGIN + timedelta(minutes=10)
    clock.set_rate(0.5)
    real.passes(seconds=10)
    assert clock.now() == BEGIN + timedelta(minutes=10, seconds=5)
    assert clock.rate == 0.5


def test_frozen_it_stands_keeps_its_rate_and_can_be_advanced(real):
    clock = SimulatedClock(real=real)
    clock.run(60)
    clock.freeze()
    real.passes(hours=1)
    assert clock.now() == BEGIN
    assert clock.advance(timedelta(days=1)) == BEGIN + timedelta(days=1)
    assert clock.frozen
    clock.run()
    real.passes(seconds=1)
    assert clock.now() == BEGIN + timedelta(days=1, minutes=1)


def test_it_goes_to_an_instant_and_not_back(real):
    clock = SimulatedClock(real=real)
    assert clock.advance_to(BEGIN + timedelta(hours=2)) == BEGIN + timedelta(hours=2)
    with pytest.raises(ClockError):
        clock.advance_to(BEGIN)
    with pytest.raises(ClockError):
        clock.advance(timedelta(seconds=-1))
    assert clock.advance_to(BEGIN, or_later=True) == BEGIN + timedelta(hours=2)


def test_it_does_not_go_back_with_the_operating_system(real):
    clock = SimulatedClock(real=real)
    real.passes(hours=1)
    seen = clock.now()
    real.passes(hours=-2)
    assert clock.now() == seen


@pytest.mark.parametrize("rate", [0, -1, SLOWEST / 2, FASTEST * 2, float("nan"), float("inf")])
def test_a_rate_that_it_has_not_is_refused_and_changes_nothing(real, rate):
    clock = SimulatedClock(real=real)
    clock.run(2)
    with pytest.raises(ClockError):
        clock.run(rate)
    assert clock.rate == 2


def test_it_stands_at_the_end_of_time(real):
    clock = SimulatedClock(real=real)
    clock.run(FASTEST)
    real.passes(days=365)
    assert clock.now() == LATEST
    with pytest.raises(ClockError):
        clock.advance(timedelta(seconds=1))


def test_how_long_to_wait_follows_rate_and_freezing(real):
    clock = SimulatedClock(real=real)
    then = BEGIN + timedelta(hours=1)
    assert clock.real_seconds_until(then) == 3600
    clock.run(60)
    assert clock.real_seconds_until(then) == 60
    clock.freeze()
    assert clock.real_seconds_until(then) is None
    clock.advance(timedelta(hours=1))
    assert clock.real_seconds_until(then) == 0


def test_a_frozen_clock_is_what_it_shows():
    instants = [
        datetime(2026, 11, 24, microsecond=microsecond, tzinfo=UTC) for microsecond in (0, 1, 999, 1000, 999_999)
    ]
    for instant in instants:
        clock = SimulatedClock(ClockState(instant, instant), real=lambda instant=instant: instant)
        frozen = clock.freeze()
        assert instant <= frozen == datetime.fromisoformat(rfc3339(clock.now()))
        assert clock.advance_to(datetime.fromisoformat(rfc3339(frozen))) == frozen


def test_listeners_hear_of_every_change_outside_the_lock(real):
    clock = SimulatedClock(real=real)
    heard = []
    clock.listen(lambda: heard.append(clock.now()))
    clock.advance(timedelta(days=1))
    clock.freeze()
    clock.run(5)
    clock.become(ClockState(BEGIN, BEGIN))
    assert heard[0] == BEGIN + timedelta(days=1)
    assert heard[-1] == BEGIN
    assert len(heard) == 5  # a rate is a change of its own


def test_databases_of_before_are_read(real):
    ahead = SimulatedClock.from_state(3600, None)
    assert timedelta(minutes=59) < ahead.now() - datetime.now(UTC) < timedelta(minutes=61)
    frozen = SimulatedClock.from_state(0, "2026-12-01T00:00:00+00:00")
    assert frozen.now() == datetime(2026, 12, 1, tzinfo=UTC)
    assert frozen.frozen


def test_a_database_keeps_the_clock_in_the_old_way_and_the_new():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE shapan_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    assert abs(read_clock(db).now() - datetime.now(UTC)) < timedelta(minutes=1)
    db.executemany(
        "INSERT INTO shapan_meta VALUES (?, ?)", [("clock.offset", "0.0"), ("clock.frozen", BEGIN.isoformat())]
    )
    clock = read_clock(db)
    assert (clock.now(), clock.frozen, clock.rate) == (BEGIN, True, 1)
    clock.set_rate(60)
    clock.advance(timedelta(days=1))
    write_clock(db, clock)
    again = read_clock(db)
    assert (again.now(), again.frozen, again.rate) == (BEGIN + timedelta(days=1), True, 60)


INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))
STATES = st.builds(ClockState, INSTANTS, INSTANTS, st.floats(SLOWEST, FASTEST), st.booleans())


@given(STATES)
def test_a_state_as_text_is_the_same_state(state):
    assert ClockState.of_text(state.text()) == state
    assert set(json.loads(state.text())) == {"simulated", "real", "rate", "frozen"}


@given(STATES, st.timedeltas(timedelta(0), timedelta(days=40_000)))
def test_a_clock_made_of_a_state_goes_on_as_the_first_does(state, passed):
    real = RealTime()
    real.now = state.real
    first = SimulatedClock(state, real)
    again = SimulatedClock(ClockState.of_text(first.state().text()), real)
    real.now = min(state.real + passed, datetime(9000, 1, 1, tzinfo=UTC))
    assert abs(first.now() - again.now()) <= timedelta(milliseconds=1)


class Clocks(RuleBasedStateMachine):
    """Whatever is done to a clock, and whatever the operating system's does: it never goes back, and stands where it is frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.real = RealTime()
        self.clock = SimulatedClock(real=self.real)
        self.seen = self.clock.now()

    @rule(seconds=st.floats(-10_000, 1_000_000))
    def time_passes(self, seconds):
        before, frozen = self.clock.now(), self.clock.frozen
        self.real.passes(seconds=seconds)
        if frozen:
            assert self.clock.now() == before

    @rule(by=st.timedeltas(timedelta(days=-10), timedelta(days=4000)))
    def advance(self, by):
        before = self.clock.now()
        try:
            moment = self.clock.advance(by)
        except ClockError:
            assert by < timedelta(0) or before + by > LATEST
        else:
            assert moment == before + by

    @rule(moment=INSTANTS)
    def advance_to(self, moment):
        before = self.clock.now()
        try:
            assert self.clock.advance_to(moment) == moment
        except ClockError:
            assert moment < before

    @rule(moment=INSTANTS)
    def be_there_or_later(self, moment):
        before = self.clock.now()
        assert self.clock.advance_to(moment, or_later=True) == max(before, moment)

    @rule()
    def freeze(self):
        self.clock.freeze()
        assert self.clock.frozen

    @rule(rate=st.none() | st.floats(SLOWEST, FASTEST))
    def run(self, rate):
        self.clock.run(rate)
        assert not self.clock.frozen
        assert rate is None or self.clock.rate == rate

    @rule()
    def restart(self):
        self.clock = SimulatedClock(ClockState.of_text(self.clock.state().text()), self.real)

    @precondition(lambda self: not self.clock.frozen)
    @rule(ahead=st.timedeltas(timedelta(seconds=1), timedelta(days=100)))
    def what_is_waited_for_comes(self, ahead):
        wanted = self.clock.now() + ahead
        wait = self.clock.real_seconds_until(wanted)
        if wait is None:
            assert wanted > LATEST
            return
        self.real.passes(seconds=wait + 0.001)
        assert self.clock.now() >= wanted

    @invariant()
    def never_back(self):
        now = self.clock.now()
        assert self.seen <= now <= LATEST
        self.seen = now


TestClocks = Clocks.TestCase
