"""Links lead somewhere, files that are named exist, events.md has every event, the documentation pages have every operation."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapan.kernel.contract import load_contract
from shapan.kernel.resources import data_folder

if TYPE_CHECKING:
    from tests.conftest import Api

ROOT = Path(__file__).resolve().parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
SIMULATORS = ("crm", "scm", "finance")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page give, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.M):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        found.add(plain.replace(" ", "-"))
    return found


def dead_links(page: Path, root: Path = ROOT) -> list[str]:
    """The relative links of a page that lead nowhere."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        inside = path.is_relative_to(root)
        if not inside or not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    assert dead_links(page) == []


def test_the_check_of_links_finds_dead_ones(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# One: two!\n[x](#one-two) [y](#three) [z](b.md) [w](https://example.org) [v](../c.md)\n", "utf-8")
    (tmp_path.parent / "c.md").write_text("outside", "utf-8")
    assert dead_links(page, tmp_path) == ["#three", "b.md", "../c.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = "contracts|docs|loadtests|scenarios|simulators|tests"
    named = re.findall(rf"`((?:{folders})/[A-Za-z0-9_./-]*)`", prose(page.read_text("utf-8")))
    assert [name for name in named if not (ROOT / name).exists()] == []


EVENTS = (ROOT / "docs" / "events.md").read_text("utf-8")
ROWS = {
    row[0]: row[1:] for row in re.findall(r"^\| `([a-z_.]+\.[a-z_.]+)` \| (.+?) \| (.+?) \| `(\w+)` \|$", EVENTS, re.M)
}


def _documents() -> dict[str, Any]:
    return {name: load_contract(data_folder("contracts") / f"{name}.yaml").document for name in SIMULATORS}


def test_every_event_is_described_with_its_data_and_no_other() -> None:
    wanted = {}
    for document in _documents().values():
        schemas = document["components"]["schemas"]
        for event, item in document["webhooks"].items():
            envelope = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            data = schemas[envelope]["allOf"][1]["properties"]["data"]["$ref"]
            wanted[event] = data.rpartition("/")[2]
    assert {event: row[2] for event, row in ROWS.items()} == wanted


def test_every_event_has_the_chinese_term_of_its_contract() -> None:
    for document in _documents().values():
        for event, item in document["webhooks"].items():
            [term, *_] = re.findall(r"\(([\u4e00-\u9fff]+)\)", item["post"]["description"])
            assert f"({term})" in ROWS[event][1], event


def test_integration_names_every_event_that_an_integration_needs() -> None:
    page = (ROOT / "docs" / "integration.md").read_text("utf-8")
    named = set(
        re.findall(
            r"\b(?:crm|scm|finance)\.[a-z_]+\.(?:created|updated|confirmed|cancelled|approved|shipped|posted)\b", page
        )
    )
    assert named <= set(ROWS)
    assert {"crm.order.confirmed", "crm.order.cancelled", "scm.delivery.shipped", "finance.receivable.posted"} <= named


@pytest.mark.in_process
@pytest.mark.parametrize("name", SIMULATORS)
def test_every_operation_is_on_the_documentation_page(name: str, serve: Callable[..., Api]) -> None:
    api = serve(importlib.import_module(f"shapan.{name}").SYSTEM)
    for prefix, contract in (("", name), ("/_shapan", "operator")):
        page = api.http.get(f"{prefix}/docs/")
        assert page.status_code == 200
        assert "swagger-ui" in page.text
        # What the page loads, and what it shows.
        assert f"{prefix}/openapi.json" in page.text
        served = api.http.get(f"{prefix}/openapi.json").json()
        wanted = load_contract(data_folder("contracts") / f"{contract}.yaml")
        shown = {
            operation["operationId"]
            for item in served["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict)
        }
        assert shown == set(wanted.operations)
        assert served == json.loads(wanted.text())


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")}
    assert {page for page in pages if f"({page})" not in readme} == set()


def test_flows_name_operations_that_exist() -> None:
    page = (ROOT / "docs" / "flows.md").read_text("utf-8")
    known = {
        operation
        for name in (*SIMULATORS, "control")
        for operation in load_contract(data_folder("contracts") / f"{name}.yaml").operations
    }
    verbs = "create|update|put|get|list|approve|reject|submit|ship|allocate|post|release|cancel|run|close|reopen|reverse|red|move|void|send|receive|enter|recover|convert|qualify|accept|merge|credit(?!Limit)"
    named = set(re.findall(rf"`((?:{verbs})[A-Z]\w+)`", page))
    assert len(named) > 80
    assert named <= known


@pytest.mark.parametrize("requirement", [f"P{n}" for n in range(1, 14)])
def test_every_flow_is_played_by_a_test(requirement: str) -> None:
    """The requirement's id stands in the page and in the name of a test."""
    page = (ROOT / "docs" / "flows.md").read_text("utf-8")
    assert re.search(rf"^## .*\b{requirement}\b", page, re.M)
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "flow" / "business").glob("test_*.py"))
    assert re.search(rf"^def test_(?:p\d+_)*{requirement.lower()}_", tests, re.M)
