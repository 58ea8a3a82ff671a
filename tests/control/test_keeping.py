"""Looks that read only what changed say what a first look would say, whatever happened meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx
import pytest

from shapan.control import keeping
from shapan.control.clients import SystemsClient
from shapan.control.facts import FactsError, SystemFacts, books_of, read_books
from shapan.control.keeping import Keeper
from shapan.control.oracle import reconcile
from shapan.kernel.operator.facts_delta import Look, changes, looked

from .conftest import HOSTS, URLS, Played
from .flow import correct_flow, entity_of
from .flow_documents import correct_documents
from .mistakes import CASES
from .mistakes_documents import CASES as MORE

pytestmark = pytest.mark.in_process
TODAY = date(2026, 11, 24)


class Versioned(Played):
    """Systems that answer with changes, as the kernel makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: dict[tuple[str, str], Look] = {}
        self.given: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/_shapan/facts"):
            return super().__call__(request)
        name = HOSTS[request.url.host]
        workspace = request.url.path.split("/")[2] if request.url.path.startswith("/ws/") else "default"
        facts = self.facts[name]
        after, before = looked(facts, 1, 0, 0, TODAY), self.looks.get((name, workspace))
        self.looks[name, workspace] = after
        head = {
            "system": name,
            "workspace": workspace,
            "as_of": "2026-11-24T09:30:00.000+08:00",
            "version": after.version,
        }
        known = before is not None and before.version == request.url.params["since"]
        changed = changes(facts, before, after) if before is not None and known else None
        self.given.append((name, "all" if changed is None else "changes"))
        if changed is not None:
            return httpx.Response(200, json={**head, "facts": {}, "changes": changed})
        return httpx.Response(200, json={**head, "facts": facts})


@pytest.fixture
def versioned() -> Versioned:
    return Versioned()


@pytest.fixture
def look(versioned: Versioned) -> Callable[..., Any]:
    """look(workspace) -> what the oracle says through one keeper."""
    keeper, systems = Keeper(), SystemsClient(URLS, None, httpx.MockTransport(versioned))

    def now(workspace: str = "default") -> list[str]:
        _, books = keeper.look(systems, workspace, entity_of)
        return [found.en for found in reconcile(books).differences]

    return now


def afresh(facts: Any) -> list[str]:
    return [found.en for found in reconcile(read_books(facts, entity_of)).differences]


def test_after_any_mistake_a_look_at_what_changed_says_what_a_first_look_says(
    versioned: Versioned, look: Callable[..., Any]
) -> None:
    assert look() == []
    draw = random.Random(7)
    flows = [(correct_flow, case) for case in CASES] + [(correct_documents, case) for case in MORE]
    for flow, (mutate, _, _) in draw.sample(flows, 60):
        versioned.facts = flow()
        mutate(versioned.facts)
        assert look() == afresh(versioned.facts), mutate.__name__
    # Where a flow has members that the one before had not, everything is given.
    assert sum(how == "changes" for _, how in versioned.given) > 60


def test_only_what_changed_is_given(versioned: Versioned) -> None:
    before = looked(correct_flow()["scm"], 1, 0, 0, TODAY)
    facts = correct_flow()["scm"]
    facts["sales_orders"][1]["state"] = "approved"
    facts["deliveries"].append({**facts["deliveries"][0], "number": "XSCK-202611-00009"})
    del facts["stock"][1]
    found = changes(facts, before, looked(facts, 1, 0, 0, TODAY))
    assert found is not None
    assert {name: (change["length"], sorted(change["rows"])) for name, change in found.items()} == {
        "sales_orders": (4, ["1"]),
        "deliveries": (6, ["5"]),
        "stock": (1, []),
    }


def test_what_is_of_another_state_or_unknown_is_given_again(versioned: Versioned, look: Callable[..., Any]) -> None:
    look()
    versioned.looks.clear()  # a system was started again, or its workspace was restored
    versioned.facts["scm"]["sales_orders"] = []
    assert look() == afresh(versioned.facts)
    assert versioned.given[-3:] == [("finance", "all"), ("scm", "all"), ("crm", "all")]


def test_books_are_the_same_while_nothing_changes(versioned: Versioned) -> None:
    keeper, systems = Keeper(), SystemsClient(URLS, None, httpx.MockTransport(versioned))
    _, first = keeper.look(systems, "default", entity_of)
    _, second = keeper.look(systems, "default", entity_of)
    assert second is first
    assert keeper.look(systems, "default", entity_of)[1] is second
    versioned.facts["crm"]["orders"][2]["state"] = "cancelled"
    assert keeper.look(systems, "default", entity_of)[1] is not second


def test_workspaces_are_kept_apart_and_the_oldest_is_forgotten(
    versioned: Versioned, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, systems = Keeper(), SystemsClient(URLS, None, httpx.MockTransport(versioned))
    monkeypatch.setattr(keeping, "MOST_RECORDS", 100)
    for workspace in ("a", "b", "c", "a"):
        keeper.look(systems, workspace, entity_of)
    # One workspace has more than half of what is kept: "a" was forgotten, and is read whole again.
    assert [how for _, how in versioned.given[-3:]] == ["all"] * 3
    keeper.look(systems, "a", entity_of)
    assert [how for _, how in versioned.given[-3:]] == ["changes"] * 3


def test_many_at_once_all_get_the_truth(versioned: Versioned, look: Callable[..., Any]) -> None:
    versioned.facts["scm"]["sales_orders"].pop(2)
    expected = afresh(versioned.facts)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(lambda _: look(), range(40)))


def test_changes_that_do_not_fit_are_refused_and_everything_is_read_again(versioned: Versioned) -> None:
    facts = SystemFacts("crm")
    facts.replace(correct_flow()["crm"])
    with pytest.raises(FactsError, match="/orders/1"):
        facts.change({"orders": {"length": 5, "rows": {"1": {"number": 7}}}})
    with pytest.raises(FactsError, match="rows are missing"):
        facts.change({"orders": {"length": 9, "rows": {}}})
    for odd in (
        None,
        {},
        {"length": 3},
        {"length": "3", "rows": {}},
        {"length": 3, "rows": {"x": {}}},
        {"length": 0, "rows": []},
    ):
        with pytest.raises(FactsError, match="/orders"):
            facts.change({"orders": odd})
    beyond = {"length": 1, "rows": {"3": correct_flow()["crm"]["orders"][0]}}
    with pytest.raises(FactsError, match="/orders"):
        facts.change({"orders": beyond})
    with pytest.raises(FactsError, match="/opening_period"):
        SystemFacts("finance").change({"opening_period": None})
    kept = {system: SystemFacts(system) for system in URLS}
    for system, one in kept.items():
        one.replace(correct_flow()[system])
    assert reconcile(books_of(kept, entity_of)).ok
