"""Reading raw documents that may have any shape: what is not there, or is something else, counts as empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def maps(value: Any) -> list[Mapping[str, Any]]:
    """The members of a list, {} in the place of each that is no object, so that the indices stay right."""
    return [as_map(item) for item in as_list(value)]


def is_text(value: Any) -> bool:
    return isinstance(value, str)
