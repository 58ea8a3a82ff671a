"""The three reports, read back by the parsers of those who read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.scenario import (
    Exchange,
    Failure,
    ScenarioResult,
    StepResult,
    Text,
    write_html,
    write_json,
    write_junit,
)
from shapan.scenario.report import SUITE

EVIL = "<script>alert('x')</script> & \"quoted\" \x00\x1b 沙盘 \ud800"


def result(name: str, *, evil: str | None = None) -> ScenarioResult:
    """A passed result, or one that failed with `evil` text wherever scripts and systems have a say."""
    exchange = Exchange(
        "s1",
        "crm",
        "getOrder",
        "GET",
        f"http://x.test/{evil}",
        {"A": evil or "a"},
        evil or "",
        200,
        {},
        evil or "{}",
        None,
        0.5,
        0.01,
    )
    failed = None if evil is None else Failure("crm", evil, f"$x == {evil}", evil, Text(f"en {evil}", f"中 {evil}"))
    verdict = "passed" if evil is None else "failed"
    step = StepResult(
        "main", "s1", Text("Step", "步骤"), "crm", "getOrder", verdict, 2, 0.25, failed, {"id": evil or 7}
    )
    return ScenarioResult(
        name, Text("Title", "标题"), ("P6", "K3"), verdict, 1.5, "2026-11-24T10:00:00+00:00",
        None if evil is None else "s1", failed, (step,), (exchange,), {"run": "A"}, {"order": "ORD-1"},
    )  # fmt: skip


def test_junit(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "junit.xml"
    write_junit([result("good"), result("bad", evil=EVIL)], file)
    root = ElementTree.parse(file).getroot()
    (suite,) = root
    for element in (root, suite):
        assert {k: element.get(k) for k in ("name", "tests", "failures", "errors", "time")} == {
            "name": SUITE, "tests": "2", "failures": "1", "errors": "0", "time": "3.000",
        }  # fmt: skip
    good, bad = suite.findall("testcase")
    assert (good.get("classname"), good.get("name"), good.get("time")) == (SUITE, "good", "1.500")
    assert [p.get("value") for p in good.iter("property") if p.get("name") == "requirement"] == ["P6", "K3"]
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None
    assert failure.get("type") == "s1"
    assert failure.get("message") == "en <script>alert('x')</script> & \"quoted\" \ufffd\ufffd 沙盘 \ufffd"
    assert failure.text is not None
    assert "中 <script>" in failure.text
    assert "expected: $x == <script>" in failure.text
    output = bad.findtext("system-out")
    assert output is not None
    assert "failed: s1 (Step, 2 attempts)" in output
    assert "0.500 s s1: GET http://x.test/" in output


class Page(HTMLParser):
    """Collects what a browser would load or run, and the text that it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.outside += [
            (tag, name) for name, value in attrs if name in ("src", "href", "action") or "//" in (value or "")
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_self_contained_and_escapes_everything(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_html([result("good"), result("bad", evil=EVIL)], file)
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    assert page.outside == []
    assert "script" not in page.tags
    assert "1 of 2 passed" in page.text
    for shown in (
        "通过 1 / 2",
        "Requirements: P6, K3",
        "en <script>alert('x')</script>",
        "中 <script>",
        "GET http://x.test/<script>",
        "步骤",
    ):
        assert shown in page.text


def test_json(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_json([result("good"), result("bad", evil="why")], file)
    data = json.loads(file.read_text(encoding="utf-8"))
    assert (data["passed"], data["failed"]) == (1, 1)
    good, bad = data["scenarios"]
    assert good["title"] == {"en": "Title", "zh": "标题"}
    assert good["failure"] is None
    assert bad["failure"]["reason"] == {"en": "en why", "zh": "中 why"}
    assert bad["exchanges"][0]["status"] == 200
    assert bad["steps"][0]["outputs"] == {"id": "why"}


@pytest.mark.parametrize("write", [write_junit, write_html, write_json])
def test_a_report_of_nothing_is_still_one(tmp_path: Path, write: Callable[..., None]) -> None:
    write([], tmp_path / "empty")
    assert (tmp_path / "empty").stat().st_size > 0


@pytest.mark.parametrize("write", [write_junit, write_html, write_json])
def test_the_folder_is_made_and_a_file_that_cannot_be_written_raises(
    tmp_path: Path, write: Callable[..., None]
) -> None:
    write([result("good")], tmp_path / "new" / "folder" / "report")
    assert (tmp_path / "new" / "folder" / "report").is_file()
    with pytest.raises(IsADirectoryError):
        write([result("good")], tmp_path)


@given(st.text())
def test_any_text_makes_well_formed_xml(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.xml"
    write_junit([result("bad", evil=text)], file)
    failure = ElementTree.parse(file).getroot().find(".//failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("en ")
