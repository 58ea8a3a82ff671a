"""Writing the reports to files. The folder is made; OSError when a file cannot be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapan.verify.report.html import as_html
from shapan.verify.report.junit import as_junit


def write_junit(report: Mapping[str, Any], path: str | Path) -> None:
    """JUnit XML as CI servers read it."""
    _write(path, as_junit(report))


def write_html(report: Mapping[str, Any], path: str | Path) -> None:
    """One HTML file without any outside reference."""
    # A lone surrogate, as JSON may hold, is no text.
    _write(path, as_html(report).encode("utf-8", "replace"))


def write_json(report: Mapping[str, Any], path: str | Path) -> None:
    """The data itself."""
    _write(path, (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace"))


def _write(path: str | Path, content: bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)
