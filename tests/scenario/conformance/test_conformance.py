"""Arazzo 1.0.1, clause by clause: clauses.yaml has each with its section and what must happen; docs/arazzo.md lists them.

`python tests/scenario/conformance/test_conformance.py` writes that page anew.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from shapan.scenario import Environment, ScenarioResult, check, run_scenario

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "arazzo.md"
CLAUSES: list[dict[str, Any]] = yaml.safe_load((HERE / "clauses.yaml").read_text(encoding="utf-8"))
_OWN = {"get", "post", "of", "with"}


class Echo:
    """Answers 200 with what it was asked; `gone` gets a 404, `flaky-N` a 503 for the first N times."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0]
        self.calls.append(f"{request.method} {path}")
        thing = path.rpartition("/")[2]
        failures = int(thing.split("-")[1]) if thing.startswith("flaky") else 0
        status = 404 if thing == "gone" else 503 if self.calls.count(self.calls[-1]) <= failures else 200
        said = {
            "path": path,
            "query": request.url.query.decode(),
            "key": request.headers.get("X-Key"),
            "crumbs": request.headers.get("Cookie"),
            "type": request.headers.get("Content-Type"),
            "body": request.content.decode(),
            "name": "Anna", "quote": "it's", "yes": True, "empty": None, "number": 1.5, "items": [{"id": 1}, {"id": 2}],
        }  # fmt: skip
        headers = {"X-Say": "hello", **({"Retry-After": "7"} if "wait" in thing else {})}
        return httpx.Response(status, json=said, headers=headers)


def steps_of(raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps of a clause written out: `get` and `post` name a step that calls the echo."""
    steps = []
    for step in raw:
        made = {name: value for name, value in step.items() if name not in _OWN}
        if "get" in step:
            made |= {"stepId": step["get"], "operationId": "getThing"}
            made["parameters"] = [{"name": "id", "in": "path", "value": step.get("of", "1")}, *step.get("with", [])]
            made.setdefault("outputs", {"path": "$response.body#/path"})
        elif "post" in step:
            made |= {"stepId": step["post"], "operationId": "makeThing"}
        steps.append(made)
    return steps


def document_of(clause: dict[str, Any]) -> dict[str, Any]:
    """The whole Arazzo document of a clause; what its last step gives is what `main` gives."""
    steps = steps_of(clause["steps"])
    outputs = {name: f"$steps.{steps[-1]['stepId']}.outputs.{name}" for name in steps[-1].get("outputs", {})}
    inputs = {name: {"default": value} for name, value in clause.get("inputs", {}).items()}
    main = {
        "workflowId": "main",
        "inputs": {"type": "object", "properties": inputs},
        "steps": steps,
        "outputs": outputs,
        **clause.get("workflow", {}),
    }
    others = [{**other, "steps": steps_of(other["steps"])} for other in clause.get("others", [])]
    return {
        "arazzo": "1.0.1",
        "info": {"title": clause["says"], "version": "1"},
        "sourceDescriptions": [
            {"name": "echo", "url": "api.yaml", "type": "openapi"},
            {"name": "other", "url": "other.yaml", "type": "arazzo"},
        ],
        "workflows": [main, *others],
        **clause.get("document", {}),
    }


def id_of(clause: dict[str, Any]) -> str:
    return f"{clause['section']}: {clause['says']}"


@pytest.mark.parametrize("clause", CLAUSES, ids=id_of)
def test_the_clause_is_kept(clause: dict[str, Any], tmp_path: Path) -> None:
    for name in ("api.yaml", "other.yaml"):
        shutil.copy(HERE / name, tmp_path)
    file = tmp_path / "clause.arazzo.json"
    file.write_text(json.dumps(document_of(clause)), encoding="utf-8")
    scenario, faults = check(file)
    if "fault" in clause:
        assert [fault for fault in faults if clause["fault"] in fault.en], faults
        return
    assert scenario is not None, faults
    echo, naps = Echo(), list[float]()
    environment = Environment({}, transport=lambda source: httpx.MockTransport(echo), sleep=naps.append)
    result: ScenarioResult = run_scenario(scenario, environment)
    assert (result.verdict, result.step) == ("failed" if "failed" in clause else "passed", clause.get("failed")), (
        result.reason
    )
    if "calls" in clause:
        assert echo.calls == clause["calls"]
    if "naps" in clause:
        assert naps == clause["naps"]
    for name, value in clause.get("outputs", {}).items():
        assert result.outputs[name] == value


def page() -> str:
    """docs/arazzo.md."""
    rows = [
        f"| {clause['section']} | {clause['says'].replace('|', chr(92) + '|')} | {clause.get('unsupported', 'kept')} |"
        for clause in CLAUSES
    ]
    return "\n".join(
        [
            "# Arazzo 1.0.1, clause by clause",
            "",
            "What the runner of Shapan keeps of the [specification](https://spec.openapis.org/arazzo/v1.0.1.html), by section and the first words of each",
            "clause; a test tries each one (tests/scenario/conformance). Written by that test, so change clauses.yaml there.",
            "",
            "Besides these: contracts and other Arazzo documents are files; nothing is fetched from the network, so that a run is the same tomorrow.",
            "",
            "| section | clause | |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def test_the_page_lists_the_clauses() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run python {Path(__file__).name}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
