"""A report for people: one HTML file without any outside reference. Works on the report's JSON data, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from shapan.world.scoring.chart import Bar, bars
from shapan.world.scoring.wording import CLEAN

TITLES = {
    "accuracy": ("Record accuracy", "记录准确率"),
    "pairwise.precision": ("Pairwise precision", "成对查准率"),
    "pairwise.recall": ("Pairwise recall", "成对查全率"),
    "pairwise.f1": ("Pairwise F1", "成对 F1"),
    "bcubed.precision": ("B-cubed precision", "B-cubed 查准率"),
    "bcubed.recall": ("B-cubed recall", "B-cubed 查全率"),
    "bcubed.f1": ("B-cubed F1", "B-cubed F1"),
}
"""The figures of a report by their path in it, in the order in which they are shown."""
KIND_TITLES = {"customer": ("customers", "客户"), "supplier": ("suppliers", "供应商"), "product": ("products", "产品")}


def figure(report: Mapping[str, Any], path: str) -> float:
    """The figure of a report at a path of `TITLES`."""
    value: Any = report
    for word in path.split("."):
        value = value[word]
    return float(value)


def percent(share: float) -> str:
    """As 98.53 %: cut, not rounded, so that only what is whole says 100.00 %."""
    # The share is a quotient of whole numbers; the small amount undoes what its binary form may lack.
    return f"{int(share * 10_000 + 1e-6) / 100:.2f} %"


def as_html(report: Mapping[str, Any], name: str) -> str:
    """The report on the crosswalk called `name` as a whole HTML page. Everything from files and systems is escaped."""
    environment = Environment(
        loader=PackageLoader("shapan.world.scoring", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    headline = [
        Bar(f"{en} {zh}", figure(report, path), percent(figure(report, path))) for path, (en, zh) in TITLES.items()
    ]
    struck = [rule for rule in report["rules"] if rule["recall"] is not None]
    struck.sort(key=lambda rule: (rule["rule"] != CLEAN, rule["recall"], rule["rule"]))
    recall = [
        Bar(f"{rule['rule']} {rule['zh']}", rule["recall"], f"{percent(rule['recall'])} ({rule['records']})")
        for rule in struck
    ]
    return environment.get_template("report.html.j2").render(
        report=report,
        name=name,
        percent=percent,
        kind=KIND_TITLES[report["kind"]],
        headline=bars(headline, "Figures 指标"),
        recall=bars(recall, "Recall by noise rule 各噪声规则的查全率"),
    )
