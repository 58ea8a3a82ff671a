"""Rules at random: whatever is given is taken or refused with its place, never a crash; and what is drawn and counted keeps its laws."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shapan.cli.fault_file import FileUnusable, read_rules
from shapan.kernel.clock import SHANGHAI, ClockState, SimulatedClock
from shapan.kernel.contract import load_contract
from shapan.kernel.database import Database
from shapan.kernel.errors import Problem
from shapan.kernel.faults.book import FaultBook
from shapan.kernel.faults.draws import draw
from shapan.kernel.faults.kinds import FAULTS
from shapan.kernel.faults.kinds.latency import milliseconds
from shapan.kernel.faults.kinds.wrong_typed_body import numbers_as_strings, without
from shapan.kernel.faults.matching import PathGlob, match_of, unusable
from shapan.kernel.faults.plan import PLAIN
from shapan.kernel.resources import data_folder
from shapan.kernel.validation import faults
from shapan.kernel.wire import Request

EXAMPLES = int(os.environ.get("SHAPAN_EXAMPLES", "60"))
patient = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "ms": st.floats(-1, 1000),
        "median_ms": st.integers(0, 100),
        "p95_ms": st.integers(0, 100),
        "sigma": st.floats(0, 4),
        "seconds": st.floats(-1, 1e9),
        "until": st.sampled_from(["2199-06-30T23:59:60Z", "2026-01-01T24:00:00Z", "9999-12-31T23:59:59+00:00", "soon"]),
        "status": st.integers(300, 700),
        "at": st.sampled_from(["before", "amid", "after", "never"]),
        "quota": st.integers(-1, 3),
        "window_seconds": st.integers(0, 100),
        "keep": st.floats(0, 1),
        "members": st.lists(st.text(max_size=5), max_size=3),
        "copies": st.integers(0, 12),
        "all": st.booleans(),
    },
)
matches = st.fixed_dictionaries(
    {},
    optional={
        "operations": st.lists(st.sampled_from(["listOrders", "createOrder"]) | st.text(max_size=5), max_size=3),
        "path": st.text("/*?[]{}()|.ab", max_size=12),
        "headers": st.dictionaries(
            st.text("aX-: é", max_size=6),
            st.text(max_size=6) | st.fixed_dictionaries({"pattern": st.text("a(b[c)*+?{1}\\pLd^$|", max_size=10)}),
            max_size=2,
        ),
        "types": st.lists(st.text("crm.*order", max_size=8), max_size=2),
        "nth": st.integers(-1, 4),
        "every": st.integers(-1, 4),
        "probability": st.floats(-0.5, 1.5),
    },
)
rules = st.fixed_dictionaries(
    {"fault": st.sampled_from(list(FAULTS))},
    optional={
        "parameters": parameters,
        "match": matches,
        "times": st.integers(-1, 5),
        "feed": st.booleans(),
        "id": st.text("a-B1", max_size=5),
    },
)
chances = st.fixed_dictionaries(
    {}, optional={"nth": st.integers(1, 6), "every": st.integers(1, 4), "probability": st.floats(0, 1)}
)
sound = st.sampled_from(list(FAULTS)).flatmap(
    lambda name: st.fixed_dictionaries(
        {"fault": st.just(name), "parameters": st.sampled_from(FAULTS[name].schema["examples"])},
        optional={"match": chances, "times": st.integers(1, 3), "heal_after_seconds": st.floats(0.1, 1e6)},
    )
)
wild = sound | rules | anything


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of a workspace."""
    path = tmp_path_factory.mktemp("faults") / "empty.sqlite"
    Database(path, ()).close()
    return path


class Book:
    """A book over a database of its own, with a clock that stands still."""

    def __init__(self, path: Path) -> None:
        start = datetime(2026, 1, 5, 9, tzinfo=SHANGHAI)
        self.clock = SimulatedClock(ClockState(start, start, frozen=True))
        self.database = Database(path, ())
        self.book = FaultBook(self.database, self.clock, "42/crm/default")

    def close(self) -> None:
        self.book.close()
        self.database.close()


@pytest.fixture
def fresh(template: Path, tmp_path: Path) -> Iterator[object]:
    """fresh() is an empty book."""
    made: list[Book] = []

    def make() -> Book:
        if made:
            made.pop().close()
        path = tmp_path / "book.sqlite"
        for old in tmp_path.glob("book.sqlite*"):
            old.unlink()
        shutil.copyfile(template, path)
        made.append(Book(path))
        return made[-1]

    yield make
    for book in made:
        book.close()


def add_fault():
    return (
        load_contract(data_folder("contracts") / "operator.yaml").operations["createFault"].bodies["application/json"]
    )


def call_of(operation_id: str, headers: dict[str, str]) -> Request:
    operation = load_contract(data_folder("contracts") / "crm.yaml").operations[operation_id]
    return Request(operation, "default", "http://x", operation.path, {}, "", headers, b"{}", "en", "r-1")


@patient
@given(wild)
@example({"fault": "error", "match": {"headers": {"a": {"pattern": "(?i"}}}})
@example({"fault": "maintenance", "parameters": {"until": "2199-06-30T23:59:60Z"}})
@example({"fault": "maintenance", "parameters": {"until": "9999-12-31T23:59:59-23:59"}})
@example({"fault": "latency", "parameters": {"median_ms": 1, "sigma": 3}})
@example({"fault": "hang", "parameters": {"seconds": 86400}, "heal_after_seconds": 315360000})
def test_whatever_is_given_is_taken_or_refused(fresh, rule):
    """What passes the contract and the checks can be added, met, delivered, shown and read again."""
    found = faults(add_fault(), rule, "body")
    assert all(fault.pointer == "" or fault.pointer.startswith("/") for fault in found)
    assert all(fault.en and fault.zh for fault in found)
    if found:
        return
    here = fresh()
    kind = FAULTS[rule["fault"]]
    wrong = [
        *unusable(rule.get("match", {})),
        *kind.refuses(kind.parameters(rule.get("parameters", {})), here.clock.now()),
    ]
    if wrong:
        assert all(fault.pointer.startswith(("/match/", "/parameters/")) for fault in wrong)
        return
    here.book.add(rule)
    for number in range(4):
        outcome = met(here.book, call_of("listOrders", {"authorization": "Bearer x", "a": "a"}))
        assert outcome is None or not isinstance(outcome, Problem) or 400 <= outcome.status <= 599
        here.book.row("createCustomer", "c")
        here.book.deliver("w", {"id": str(number), "type": "crm.order.confirmed", "subject": "s"}, 0)
    here.book.flush()
    [shown] = here.book.view()
    assert 0 <= shown["applied"] <= shown["seen"] <= 4
    assert faults_of_view(shown) == []
    again = FaultBook(here.database, here.clock, "42/crm/default")
    assert again.view() == [shown]
    again.close()


def met(book, request):
    """What a book does with a request: what it gives, or the problem that it raises."""
    try:
        return book.meet(request)
    except Problem as problem:
        return problem


def read(path):
    """(rules of a file, what is wrong with it), one of them empty."""
    try:
        return read_rules(path).rules, []
    except FileUnusable as error:
        return (), error.faults


def faults_of_view(shown):
    contract = load_contract(data_folder("contracts") / "operator.yaml")
    validator = contract.operations["getFault"].responses["200"].media["application/json"]
    return faults(validator, json.loads(json.dumps(shown)), "body")


@patient
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | anything.map(lambda value: json.dumps(value).encode())
    | st.lists(wild, max_size=3).map(lambda value: json.dumps(value).encode())
)
@example(b"&a [*a]")
@example(b"- {fault: error, match: &m {operations: [x], headers: *m}}")
@example(b"- fault: !!set {a}")
@example(b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")
@example(b"[" * 30 + b"]" * 30)
@example(b"- {1: 2, .nan: .inf}")
@example(b"--- a\n--- b")
@example(b"\xff\xfe")
def test_any_file_is_read_or_refused_with_its_lines(tmp_path, content):
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    rules, found = read(path)
    assert bool(rules) is not bool(found)
    assert all(rule["fault"] in FAULTS for rule in rules)
    assert all(fault.line >= 0 and fault.en and fault.zh for fault in found)


@patient
@given(
    st.lists(chances, min_size=1, max_size=3),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_counts_are_those_of_a_plain_reckoning(fresh, given_, calls, times):
    """`seen` and `applied` of rules that only delay are what a loop over the calls gives."""
    here = fresh()
    for number, chance in enumerate(given_):
        here.book.add(
            {
                "fault": "latency",
                "id": f"r{number}",
                "parameters": {"ms": 0, "at": "after"},
                "match": chance,
                "times": times,
            }
        )
    for _ in range(calls):
        assert here.book.meet(call_of("listOrders", {})) is None
    for number, (chance, shown) in enumerate(zip(given_, here.book.view(), strict=True)):
        seen = applied = 0
        for _ in range(calls):
            if applied >= times:
                break
            seen += 1
            wanted = (
                chance.get("nth", seen) == seen
                and seen % chance.get("every", 1) == 0
                and draw(f"42/crm/default/r{number}", seen) < chance.get("probability", 2)
            )
            applied += wanted
        assert (shown["seen"], shown["applied"], shown["healed"]) == (seen, applied, applied >= times)


@patient
@given(st.lists(st.integers(0, 90), min_size=1, max_size=20), st.integers(0, 4), st.integers(1, 60))
def test_a_quota_is_kept_in_every_window(fresh, steps, quota, window):
    here = fresh()
    here.book.add({"fault": "rate-limit", "parameters": {"quota": quota, "window_seconds": window}})
    start, used = None, 0
    for step in steps:
        here.clock.advance(timedelta(seconds=step))
        now = here.clock.now()
        if start is None or now >= start + timedelta(seconds=window):
            start, used = now, 0
        refusal = met(here.book, call_of("listOrders", {}))
        if used < quota:
            assert refusal is None
            used += 1
        else:
            assert isinstance(refusal, Problem)
            assert refusal.status == 429
            assert 1 <= int(dict(refusal.headers)["Retry-After"]) <= window


@patient
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["event-delayed", "event-replayed", "event-out-of-order", "event-lost", "event-duplicated"]
            ),
            st.integers(1, 3),
        ),
        max_size=4,
    ),
    st.integers(1, 5),
)
def test_every_event_is_sent_or_lost_in_the_end(fresh, chosen, events):
    """However rules are combined: who does what the plans say is done with each event after finitely many, also over a restart."""
    here = fresh()
    for kind, every in chosen:
        parameters = {"seconds": 5} if kind == "event-delayed" else {}
        here.book.add({"fault": kind, "parameters": parameters, "match": {"every": every}})
    book = here.book
    for number in range(events):
        event = {"id": str(number), "type": "crm.order.confirmed", "subject": "s"}
        rounds = 0
        while True:
            rounds += 1
            assert rounds <= 2 * len(chosen) + 2
            plan = book.deliver("w", event, 0)
            if rounds == 1:
                book.flush()
            if plan.delay_seconds:
                assert plan.delay_seconds > 0
                continue
            if plan.send and plan.replay_after_seconds:
                continue
            assert plan.copies == (2 if plan.send and plan.copies > 1 else 1) or not plan.send
            break
    book.flush()
    if not chosen:
        assert book.deliver("w", {"id": "x", "type": "t", "subject": "s"}, 0) is PLAIN
    again = FaultBook(here.database, here.clock, "42/crm/default")
    assert [rule["applied"] for rule in again.view()] == [rule["applied"] for rule in book.view()]
    again.close()


@patient
@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_lognormal_has_its_median_and_percentile(low, high):
    spread = {"median_ms": 200, "p95_ms": 900}
    assert milliseconds(spread, 0.5) == pytest.approx(200)
    assert milliseconds(spread, 0.95) == pytest.approx(900)
    low, high = sorted((low, high))
    assert 0 < milliseconds(spread, low) <= milliseconds(spread, high) <= 600_000


@patient
@given(st.text(max_size=10), st.integers(0, 10**9))
def test_a_draw_is_a_chance_and_always_the_same(stream, number):
    assert 0 <= draw(stream, number) < 1
    assert draw(stream, number) == draw(stream, number)


@patient
@given(anything, st.lists(st.text(max_size=5), max_size=3), st.floats(0, 1, exclude_max=True))
def test_bodies_of_the_wrong_form_are_what_they_say(value, names, chance):
    def leaves(node):
        if isinstance(node, dict):
            return [leaf for one in node.values() for leaf in leaves(one)]
        if isinstance(node, list):
            return [leaf for one in node for leaf in leaves(one)]
        return [node]

    texts = numbers_as_strings(value)
    assert not [one for one in leaves(texts) if isinstance(one, int | float) and not isinstance(one, bool)]
    assert [
        str(json.loads(new)) if isinstance(old, float | int) and not isinstance(old, bool) else new
        for new, old in zip(leaves(texts), leaves(value), strict=True)
    ] == [str(old) if isinstance(old, float | int) and not isinstance(old, bool) else old for old in leaves(value)]

    def members(node):
        if isinstance(node, dict):
            return {*node, *(name for one in node.values() for name in members(one))}
        return {name for one in node for name in members(one)} if isinstance(node, list) else set()

    assert members(without(value, names, chance)).isdisjoint(names)
    if isinstance(value, dict) and value:
        assert len(without(value, None, chance)) == len(value) - 1


@patient
@given(st.text("/*?ab.[", max_size=10).map(lambda text: f"/{text}"), st.text("/ab.[", max_size=10))
def test_a_path_without_wildcards_is_itself(glob, other):
    pattern = match_of({"path": glob}).path
    if "*" not in glob and "?" not in glob:
        assert pattern.fits(other) == (glob == other)
    assert match_of({"path": "/**"}).path.fits(f"/{other}")


@patient
@given(st.text("*?/ab", max_size=8), st.text("/ab*", max_size=8))
@example("**a*b", "a/ab")
def test_a_path_is_followed_as_its_regular_expression_says(glob, path):
    wild = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*|\*|\?)", glob)
    expression = "".join(wild.get(part) or re.escape(part) for part in parts)
    assert PathGlob(glob).fits(path) == bool(re.fullmatch(expression, path, re.S))


def test_many_stars_come_to_an_end_on_a_long_path():
    """As a regular expression they would not, and the client chooses the path."""
    assert not PathGlob(f"/{'*a' * 20}b").fits("/" + "a" * 1000)
