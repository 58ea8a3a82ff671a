"""Reports of a run: JUnit XML for CI servers, one self-contained HTML file for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jinja2 import Environment, PackageLoader, StrictUndefined

from shapan.scenario.results import Exchange, ScenarioResult, StepResult, system_name

SUITE = "shapan.scenarios"
# XML 1.0 section 2.2: what a document may hold. Everything else would make the file unreadable.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(results: Sequence[ScenarioResult], path: str | Path) -> None:
    """JUnit XML as CI servers read it: a test case per scenario, its reason in both languages, its exchanges as output.

    Raises OSError when the file cannot be written; its folder is made.
    """
    failed = sum(not result.passed for result in results)
    totals = {"tests": str(len(results)), "failures": str(failed), "errors": "0", "skipped": "0"}
    seconds = f"{sum(result.seconds for result in results):.3f}"
    root = ElementTree.Element("testsuites", {"name": SUITE, **totals, "time": seconds})
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **totals, "time": seconds})
    if results:
        suite.set("timestamp", results[0].started)
    for result in results:
        _case(suite, result)
    ElementTree.indent(root)
    _write(Path(path), ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _case(suite: ElementTree.Element, result: ScenarioResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", {"classname": SUITE, "name": _xml(result.name), "time": f"{result.seconds:.3f}"}
    )
    properties = ElementTree.SubElement(case, "properties")
    named = [("title.en", result.title.en), ("title.zh", result.title.zh)]
    for name, value in named + [("requirement", requirement) for requirement in result.requirements]:
        ElementTree.SubElement(properties, "property", {"name": name, "value": _xml(value)})
    if result.failure is not None:
        failure = ElementTree.SubElement(
            case, "failure", {"type": _xml(result.step or "scenario"), "message": _xml(result.failure.reason.en)}
        )
        failure.text = _xml(
            f"{result.failure.reason.en}\n{result.failure.reason.zh}\n"
            f"step: {result.step}\nsystem: {result.failure.system or '-'}\ndocument: {result.failure.document or '-'}\n"
            f"expected: {result.failure.expected}\nfound: {result.failure.found}"
        )
    output = ElementTree.SubElement(case, "system-out")
    output.text = _xml("\n".join([*map(_step_line, result.steps), *map(_exchange_line, result.exchanges)]))


def _step_line(step: StepResult) -> str:
    tries = f", {step.attempts} attempts" if step.attempts > 1 else ""
    return f"{step.verdict}: {step.step} ({step.title.en}{tries})"


def _exchange_line(exchange: Exchange) -> str:
    answer = exchange.error if exchange.status is None else exchange.status
    return f"{exchange.at:8.3f} s {exchange.step}: {exchange.method} {exchange.url} -> {answer}"


def write_html(results: Sequence[ScenarioResult], path: str | Path) -> None:
    """One HTML file without any outside reference. Everything from scripts and systems is escaped. Raises OSError."""
    environment = Environment(
        loader=PackageLoader("shapan.scenario", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("report.html.j2")
    text = template.render(results=results, passed=sum(r.passed for r in results), system_name=system_name)
    _write(Path(path), text.encode("utf-8", "replace"))


def write_json(results: Sequence[ScenarioResult], path: str | Path) -> None:
    """The results as `as_json` has them, in a file. Raises OSError."""
    _write(Path(path), (json.dumps(as_json(results), ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace"))


def as_json(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    """Plain JSON data: {"passed": n, "failed": n, "scenarios": [ScenarioResult.as_dict(), …]}."""
    passed = sum(result.passed for result in results)
    return {"passed": passed, "failed": len(results) - passed, "scenarios": [result.as_dict() for result in results]}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
