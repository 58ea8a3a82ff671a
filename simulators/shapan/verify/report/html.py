"""The HTML report: one file without any outside reference; everything from scripts and systems is escaped."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from shapan.verify.report.drawing import NAMES, delays_drawing, sequence_drawing

_EVERYWHERE = frozenset(
    {
        "accept-encoding", "connection", "content-length", "date", "host", "server", "user-agent", "x-content-type-options",
    }
)  # fmt: skip


def as_html(report: Mapping[str, Any]) -> str:
    """The report as a page for people, in English and Chinese."""
    return str(_template().render(report=report))


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("shapan.verify.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"pretty": _pretty, "telling": _telling}
    environment.globals |= {
        "t": _both,
        "delays_drawing": delays_drawing,
        "sequence_drawing": sequence_drawing,
        "system_name": lambda name: NAMES.get(name or "", (name or "–", name or "–")),
    }
    return environment.get_template("report.html.j2")


def _both(en: Any, zh: Any) -> Markup:
    """A text in both languages, of which the page shows one."""
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>').format(en, zh)


def _telling(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that are not the same in every exchange: those alone would be a quarter of the page. The JSON report has all."""
    return [(name, value) for name, value in headers.items() if name.lower() not in _EVERYWHERE]


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
