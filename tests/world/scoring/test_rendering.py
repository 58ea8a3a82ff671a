"""The HTML report: self-contained, in two languages, and nothing from a file or a system gets into it unescaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from shapan.world import AnswerKey
from shapan.world.answers import Entity
from shapan.world.entities import Relation
from shapan.world.scoring import grade
from shapan.world.scoring.chart import Bar, bars
from shapan.world.scoring.crosswalk import Crosswalk, Row
from shapan.world.scoring.rendering import as_html, percent

EVIL = '<script>alert("1")</script>&'


class Tags(HTMLParser):
    """Counts opening and closing tags and collects attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_file_and_escapes_everything() -> None:
    records = [("crm", "customer", EVIL, "A"), ("scm", "customer", "KH1", "B"), ("finance", "customer", "1", "A")]
    entities = [Entity("A", "customer", EVIL, EVIL), Entity("B", "customer", EVIL, EVIL)]
    names = {(system, kind, id_): EVIL for system, kind, id_, _ in records}
    key = AnswerKey(records, entities, [Relation("hard-negative", "A", "B", EVIL)], (), names)
    rows = tuple(Row(str(n), (s, k, i), EVIL) for n, (s, k, i, _) in enumerate(records))
    html = as_html(grade(key, Crosswalk(rows)).as_json(), EVIL)
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert "script" not in tags.seen
    assert tags.links == []
    assert "<script" not in html
    assert not re.search(r"https?://", html)
    assert "&lt;script&gt;" in html
    assert "svg" in tags.seen
    assert "记录准确率" in html


def test_the_report_shows_the_figures(key: AnswerKey) -> None:
    rows = tuple(Row("1", record, entity) for record, entity in key.all().items() if record[2] != "KH1")
    report = grade(key, Crosswalk(rows))
    html = as_html(report.as_json(), "mine.csv")
    assert percent(5 / 6) == "83.33 %"
    assert "83.33 %" in html
    assert "style.drop_form" in html
    assert report.lessons[0].en in html.replace("&#39;", "'")


def test_bars_are_as_long_as_their_shares() -> None:
    drawn = ElementTree.fromstring(str(bars([Bar("a & b", 0.25, "x"), Bar("c", 1, "<y>"), Bar("d", 0, "")], "t")))
    widths = [float(bar.attrib["width"]) for bar in drawn.iter("rect")]
    assert widths == [pytest.approx(widths[1] / 4), widths[1], 0]
    assert [text.text for text in drawn.iter("text")] == ["a & b", "x", "c", "<y>", "d", None]


@pytest.mark.parametrize(
    ("share", "text"), [(1, "100.00 %"), (0.99999, "99.99 %"), (0.57, "57.00 %"), (0, "0.00 %"), (0.29, "29.00 %")]
)
def test_only_what_is_whole_says_100(share: float, text: str) -> None:
    assert percent(share) == text
