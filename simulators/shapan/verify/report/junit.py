"""JUnit XML: a test case per scenario, its reason in both languages, its exchanges as output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

SUITE = "shapan.scenarios"
# XML 1.0 section 2.2: what a document may hold. Everything else would make the file unreadable.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Mapping[str, Any]) -> bytes:
    """The report as JUnit XML."""
    scenarios = report["scenarios"]
    totals = {
        "tests": str(len(scenarios)),
        "failures": str(report["failed"]),
        "errors": "0",
        "skipped": str(report["skipped"]),
        # What ran side by side took longer together than the run.
        "time": f"{sum(scenario['seconds'] for scenario in scenarios):.3f}",
    }
    root = ElementTree.Element("testsuites", {"name": SUITE, **totals})
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **totals})
    if report["started"]:
        suite.set("timestamp", report["started"])
    for scenario in scenarios:
        _case(suite, scenario)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _case(suite: ElementTree.Element, scenario: Mapping[str, Any]) -> None:
    name, seconds = _xml(scenario["name"]), f"{scenario['seconds']:.3f}"
    case = ElementTree.SubElement(suite, "testcase", {"classname": SUITE, "name": name, "time": seconds})
    properties = ElementTree.SubElement(case, "properties")
    named = [("title.en", scenario["title"]["en"]), ("title.zh", scenario["title"]["zh"]), ("world", scenario["world"])]
    for key, value in named + [("requirement", requirement) for requirement in scenario["requirements"]]:
        ElementTree.SubElement(properties, "property", {"name": key, "value": _xml(value)})
    reason = scenario["reason"]
    if scenario["verdict"] == "skipped" and reason:
        ElementTree.SubElement(case, "skipped", {"message": _xml(f"{reason['en']} {reason['zh']}")})
    if scenario["verdict"] == "failed" and reason:
        step, failure = scenario.get("step") or "scenario", scenario.get("failure") or {}
        found = ElementTree.SubElement(case, "failure", {"type": _xml(step), "message": _xml(reason["en"])})
        found.text = _xml(
            f"{reason['en']}\n{reason['zh']}\n"
            f"step: {step}\nsystem: {failure.get('system') or '-'}\ndocument: {failure.get('document') or '-'}\n"
            f"expected: {failure.get('expected', '-')}\nfound: {failure.get('found', '-')}"
        )
    lines = [*map(_step_line, scenario.get("steps", ())), *map(_exchange_line, scenario.get("exchanges", ()))]
    if lines:
        ElementTree.SubElement(case, "system-out").text = _xml("\n".join(lines))
    if scenario.get("log"):
        ElementTree.SubElement(case, "system-err").text = _xml(scenario["log"])


def _step_line(step: Mapping[str, Any]) -> str:
    tries = f", {step['attempts']} attempts" if step["attempts"] > 1 else ""
    return f"{step['verdict']}: {step['step']} ({step['title']['en']}{tries})"


def _exchange_line(exchange: Mapping[str, Any]) -> str:
    answer = exchange["error"] if exchange["status"] is None else exchange["status"]
    return f"{exchange['at']:8.3f} s {exchange['step']}: {exchange['method']} {exchange['url']} -> {answer}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
