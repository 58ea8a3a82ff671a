"""The quality report for people: one HTML file without any outside reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from shapan.quality.rules import DIMENSIONS


def percent(share: float | None) -> str:
    """As 98.53 %: cut, not rounded, so that only what is whole says 100.00 %; – where there is nothing to tell."""
    # The share is a quotient of whole numbers; the small amount undoes what its binary form may lack.
    return "–" if share is None else f"{int(share * 10_000 + 1e-6) / 100:.2f} %"


def change(now: float | None, before: float | None) -> str:
    """The change of a share in points, as +12.30; empty where there is none, or one of them is not there."""
    return "" if now is None or before is None or now == before else f"{(now - before) * 100:+.2f}"


def as_html(report: Mapping[str, Any]) -> str:
    """A report, with `before` in it or not, as a whole HTML page. Everything from files and systems is escaped."""
    environment = Environment(
        loader=PackageLoader("shapan.quality", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        report=report, before=report.get("before"), percent=percent, change=change, dimensions=DIMENSIONS
    )
