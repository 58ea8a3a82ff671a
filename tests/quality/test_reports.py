"""Reports: JSON, what changed since an earlier one, HTML, and the command."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from shapan.cli import main
from shapan.quality import QualityError, check_quality, compared, load_standard, read_report, standard_document
from shapan.quality.rendering import as_html, percent

STANDARD = load_standard()
NAUGHTY = "<script>alert(1)</script>"


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)), prog_name="shapan")


def test_before_stands_beside_now(rows):
    before = check_quality(STANDARD, rows({"crm/customers": [{"id": "1"}, {"id": "2", "city": "北京市"}]}))
    now = check_quality(
        STANDARD, rows({"crm/customers": [{"id": "1", "city": "北京市"}], "crm/contacts": [{"id": "1"}]})
    )
    report = compared(now, before)
    customers, contacts = report["records"]
    [city] = [rule for rule in customers["rules"] if rule["rule"] == "complete.city"]
    assert (city["share"], city["before"]) == (0.0, {"checked": 2, "failed": 1, "share": 0.5})
    assert report["before"]["score"] == before["score"]
    assert customers["before"]["records"] == 2
    assert contacts["before"] is None
    # The same whether it came from a file.
    assert compared(now, json.loads(json.dumps(before))) == report


def test_html_escapes_and_names_nothing_outside(rows):
    records = {"crm/customers": [{"id": NAUGHTY, "name": NAUGHTY}]}
    report = check_quality(STANDARD, rows(records))
    for page in (as_html(report), as_html(compared(report, report))):
        assert NAUGHTY not in page
        assert "&lt;script&gt;" in page
        assert not re.search(r"""(src|href)\s*=\s*["'](?!#)|url\(|@import""", page)


def test_only_what_is_whole_is_a_hundred_percent():
    assert percent(1.0) == "100.00 %"
    assert percent(0.99999) == "99.99 %"
    assert percent(None) == "–"


def test_what_is_no_report_is_refused(tmp_path, rows):
    good = check_quality(STANDARD, rows({"crm/customers": [{"id": "1"}]}))
    (tmp_path / "good.json").write_text(json.dumps(good), "utf-8")
    assert read_report(tmp_path / "good.json") == good
    wrong = [{}, [], "x", {**good, "records": [{}]}, {**good, "dimensions": None}, {**good, "score": "1"}]
    for n, found in enumerate(wrong):
        (tmp_path / f"{n}.json").write_text(json.dumps(found), "utf-8")
        with pytest.raises(QualityError, match="no quality report"):
            read_report(tmp_path / f"{n}.json")
    with pytest.raises(QualityError, match="cannot be read"):
        read_report(tmp_path / "nowhere.json")


def test_the_command_checks_compares_and_judges(exported, tmp_path):
    dirty, clean = exported("filthy", "small"), exported("clean", "tiny")
    before, html = tmp_path / "before.json", tmp_path / "reports" / "quality.html"
    first = run("quality", "check", dirty, "--json", "--min-score", "0.99")
    assert first.exit_code == 1
    before.write_text(first.stdout, "utf-8")
    second = run("quality", "check", clean, "--before", before, "--html", html, "--min-score", "1")
    assert second.exit_code == 0
    assert "100.00 %" in second.stdout
    assert "信用代码" in second.stdout
    assert html.read_text("utf-8").count("before 之前") == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quality", "check"], "Say what to check"),
        (["quality", "check", ".", "--url", "http://127.0.0.1:1"], "Say what to check"),
        (["quality", "check", "nowhere"], "no file of the data standard"),
        (["quality", "standard", "nothing"], "no element nothing"),
    ],
)
def test_what_cannot_be_run_is_told(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_the_standard_is_shown():
    assert json.loads(run("quality", "standard", "--json").stdout) == standard_document()
    shown = run("quality", "standard").stdout
    assert all(name in shown for name in (*STANDARD.elements, *STANDARD.kinds))
    one = run("quality", "standard", "credit-code").stdout
    assert "GB 32100-2015" in one
    assert "责任部门：财务部" in one
