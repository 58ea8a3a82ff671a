"""The reports, read back by the parsers of those who read them."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapan.scenario import Exchange
from shapan.verify import Outcome, Report, make_plan
from shapan.verify.report import as_html, write_html, write_json, write_junit
from shapan.verify.report.drawing import delays_drawing, sequence_drawing
from shapan.verify.report.junit import SUITE
from tests.verify.fixture import EVIL, report


def test_junit(scenario, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "junit.xml"
    write_junit(report(scenario, EVIL).as_dict(), file)
    root = ElementTree.parse(file).getroot()
    (suite,) = root
    for element in (root, suite):
        assert {k: element.get(k) for k in ("name", "tests", "failures", "errors", "skipped", "time")} == {
            "name": SUITE, "tests": "4", "failures": "1", "errors": "0", "skipped": "1", "time": "15.900",
        }  # fmt: skip
    good, bad, skipped, _ = suite.findall("testcase")
    assert (good.get("classname"), good.get("name"), good.get("time")) == (SUITE, "order-to-receivable", "5.300")
    assert [p.get("value") for p in good.iter("property") if p.get("name") == "requirement"] == ["P6"]
    assert good.find("failure") is None
    assert "It does not apply to the world trading" in skipped.find("skipped").get("message")
    failure = bad.find("failure")
    assert failure.get("type") == "receivable"
    shown = "<script>alert('x')</script> & \"quoted\" \ufffd\ufffd 沙盘 \ufffd"
    assert failure.get("message") == f"Finance has no receivable for delivery {shown}"
    assert "财务系统没有出库单 <script>" in failure.text
    assert "expected: $x == <script>" in failure.text
    assert "failed: receivable (Wait for the receivable, 21 attempts)" in bad.findtext("system-out")
    assert "0.100 s order: POST http://127.0.0.1:8101/orders/<script>" in bad.findtext("system-out")
    assert bad.findtext("system-err").startswith("Traceback <script>")


class Page(HTMLParser):
    """Collects what a browser would load or run, and the text that it would show in each language."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[tuple[str, str]] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        for name, value in attrs:
            if name in ("src", "action", "data", "poster") or (name == "href" and not (value or "").startswith("#")):
                self.outside.append((tag, name))
            if name.startswith("on"):
                self.handlers.append(name)
        if tag in ("input", "meta", "br", "hr", "path", "line", "rect"):
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif not self._open or self._open[-1] != "style":
            self.text += data


def test_html_is_self_contained_and_escapes_everything(scenario, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_html(report(scenario, EVIL).as_dict(), file)
    page, plain = Page(), Page()
    text = file.read_text(encoding="utf-8")
    page.feed(text)
    plain.feed(as_html(report(scenario).as_dict()))
    assert page.outside == page.handlers == []
    assert "url(" not in text.replace("url(#tip-", "")
    assert "@import" not in text
    # The only script is ours, whatever the systems say.
    assert page.scripts == plain.scripts
    assert len(page.scripts) == 1
    assert "alert" not in page.scripts[0]
    for shown in (
        "Finance has no receivable for delivery <script>alert('x')</script>",
        "财务系统没有出库单 <script>",
        "POST http://127.0.0.1:8101/orders/<script>",
        "等待应收单",
        "Traceback <script>",
        "died <script>",
        "SCM delivery shipped to receivable <script>",
        "crm.order.confirmed <script>",
        "It does not apply to the world trading",
        "failed here",
        "在此失败",
        "createSalesOrder",
        "97 hours",
        "0.25 小时",
    ):
        assert shown in page.text, shown


def test_json(scenario, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    write_json(report(scenario, "why").as_dict(), file)
    data = json.loads(file.read_text(encoding="utf-8"))
    assert (data["ok"], data["passed"], data["failed"], data["skipped"]) == (False, 2, 1, 1)
    good, bad, skipped, _ = data["scenarios"]
    assert good["failure"] is None
    assert bad["reason"]["zh"] == "财务系统没有出库单 why 对应的应收单"
    assert bad["exchanges"][0]["status"] == 201
    assert bad["steps"][0]["outputs"] == {"number": "why"}
    assert bad["sequence"]["messages"][-1]["failed"] is True
    assert (skipped["verdict"], skipped["workspace"]) == ("skipped", None)
    assert [row["key"] for row in data["kpis"]] == ["order_lead_time", "closing_time", "differences", "accuracy"]


@pytest.mark.parametrize("write", [write_junit, write_html, write_json])
def test_a_report_of_nothing_is_still_one(tmp_path: Path, write: Callable[..., None]) -> None:
    write(Report().as_dict(), tmp_path / "empty")
    assert (tmp_path / "empty").stat().st_size > 0


@pytest.mark.parametrize("write", [write_junit, write_html, write_json])
def test_the_folder_is_made_and_a_file_that_cannot_be_written_raises(
    scenario, tmp_path: Path, write: Callable[..., None]
) -> None:
    told = report(scenario).as_dict()
    write(told, tmp_path / "new" / "folder" / "report")
    assert (tmp_path / "new" / "folder" / "report").is_file()
    with pytest.raises(IsADirectoryError):
        write(told, tmp_path)


@given(text=st.text(max_size=30))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_makes_well_formed_xml_and_one_script(scenario, text: str) -> None:
    from shapan.verify.report import as_junit

    told = report(scenario, text).as_dict()
    assert ElementTree.fromstring(as_junit(told)).find(".//failure") is not None
    page = Page()
    page.feed(as_html(told))
    assert len(page.scripts) == 1
    assert page.outside == page.handlers == []


def test_the_lines_of_a_sequence_diagram_are_where_their_ends_are(scenario) -> None:
    told = report(scenario).as_dict()["scenarios"][1]["sequence"]
    drawn = sequence_drawing(told)
    x = dict(zip(told["lifelines"], (life["x"] for life in drawn["lifelines"]), strict=True))
    assert len({*x.values()}) == len(x) == 5
    rows, y = drawn["rows"], 0
    for row, message in zip(rows, told["messages"], strict=True):
        assert (row["start"], row["end"]) == (x[message["from"]], x[message["to"]])
        assert y < row["y"] < drawn["bottom"] < drawn["height"]
        assert 0 < row["middle"] < drawn["width"]
        y = row["y"]
    assert [row["kind"] for row in rows] == ["good", "event", "good", "good", "event", "bad", "bad", "failed"]


def test_bars_of_delays_are_on_one_scale_and_late_ones_are_beyond_the_limit(scenario) -> None:
    drawn = delays_drawing(report(scenario).as_dict()["delays"])
    limit = drawn["limit_x"] - drawn["left"]
    bars = [bar for group in drawn["groups"] for bar in group["bars"]]
    assert [bar["late"] for bar in bars] == [False] * 5 + [True]
    assert [bar["width"] > limit for bar in bars] == [False] * 5 + [True]
    assert all(0 < bar["width"] < drawn["width"] - drawn["left"] for bar in bars)
    assert delays_drawing([])["groups"] == []


def test_headers_that_explain_nothing_are_left_out_of_the_page(scenario, result):
    asked = Exchange(
        "s1", "crm", "createOrder", "POST", "http://x.test/orders", {"host": "x.test", "Idempotency-Key": "key-1"}, "", 201,
        {"Server": "granian", "etag": "tag-1"}, "", None, 0.2, 0.012,
    )  # fmt: skip
    [job] = make_plan([scenario("s")]).jobs
    ran = result("s", exchanges=(asked,))
    page = as_html(Report((Outcome(job, "passed", None, ran),)).as_dict())
    assert "key-1" in page
    assert "tag-1" in page
    assert "granian" not in page
    assert "<pre>host:" not in page
