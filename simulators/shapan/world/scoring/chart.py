"""Bars as SVG (条形图), without any library: shares between 0 and 1, each with its name and figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

ROW = 24
_LABEL = 430
_BAR = 420
_FIGURE = 150


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its share, and what is written behind it."""

    label: str
    share: float
    figure: str


def bars(rows: Sequence[Bar], title: str) -> Markup:
    """A chart of horizontal bars as an `svg` element; `title` is what a screen reader says of it."""
    height, width = ROW * len(rows) + 8, _LABEL + _BAR + _FIGURE
    parts = [
        Markup('<svg class="chart" role="img" viewBox="0 0 {} {}" width="{}" height="{}"><title>{}</title>').format(
            width, height, width, height, title
        )
    ]
    for quarter in range(5):
        at = _LABEL + _BAR * quarter / 4
        parts.append(Markup('<line class="grid" x1="{0:g}" x2="{0:g}" y1="0" y2="{1}"/>').format(at, height))
    for place, row in enumerate(rows):
        top = ROW * place + 4
        long = _BAR * min(max(row.share, 0.0), 1.0)
        parts.append(
            Markup(
                '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>'
                '<rect class="bar" x="{}" y="{}" width="{:.1f}" height="{}"/>'
                '<text class="figure" x="{:.1f}" y="{}">{}</text>'
            ).format(
                _LABEL - 8, top + 15, row.label, _LABEL, top + 2, long, ROW - 8, _LABEL + _BAR + 8, top + 15, row.figure
            )
        )
    parts.append(Markup("</svg>"))
    return escape("").join(parts)
