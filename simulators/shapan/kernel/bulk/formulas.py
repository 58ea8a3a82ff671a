"""Texts in tables that a spreadsheet would take for a formula and run (CSV 公式注入): an apostrophe before them, taken off again by an import. Pure.

By OWASP's list of beginnings, the full-width ones among them, which spreadsheets of East Asia take too. An XLSX file needs none of this: there a
cell says itself that it is text.
"""

from __future__ import annotations

import re

_BEGINNINGS = "=+\\-@\t\r\n＝＋－＠"
# Apostrophes before such a beginning are covered by one more, so that taking one off gives back exactly what was there.
_RISKY = re.compile(f"'*[{_BEGINNINGS}]")
_COVERED = re.compile(f"'+[{_BEGINNINGS}]")
# A number runs nothing, and other programs want to read it.
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")


def covered(text: str) -> str:
    """A text as a cell of CSV that no spreadsheet runs."""
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def uncovered(cell: str) -> str:
    """The text that was covered so; what was not stays."""
    return cell[1:] if cell.startswith("'") and _COVERED.match(cell) else cell
