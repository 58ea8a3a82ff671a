"""Regular expressions that users give us (正则表达式): in time that grows with the text and no faster, whatever the expression.

Python's own engine goes back and forth: `(a+)+$` on thirty letters would hold a system up for ever. These are matched by the engine behind
jsonschema-rs, https://docs.rs/regex, which knows neither look-around nor back-references.
"""

from __future__ import annotations

from typing import NamedTuple

import jsonschema_rs


class UnusableExpression(ValueError):
    """The text is no expression of this dialect, or one that would be too large."""


class Unusable(NamedTuple):
    """What to say of one, in English and Chinese."""

    en: str
    zh: str


UNUSABLE = Unusable(
    "This is no regular expression that can be used here: it must be complete, of a moderate size, and without look-around and back-references.",
    "此处无法使用该正则表达式：须完整、规模适中，且不含环视与反向引用。",
)


class Expression:
    """A compiled expression. UnusableExpression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._anywhere = _validator(text)
        # The text by itself was one, so that its brackets cannot close ours.
        self._whole = _validator(f"^(?s:{text})$")

    def fullmatch(self, value: str) -> bool:
        """Whether the whole value fits."""
        return self._whole.is_valid(value)

    def search(self, value: str) -> bool:
        """Whether any part of the value fits."""
        return self._anywhere.is_valid(value)


def _validator(text: str) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=jsonschema_rs.RegexOptions())
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise UnusableExpression(text) from error
