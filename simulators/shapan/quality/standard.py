"""The data standard (数据标准) as values: data elements (数据元), and for each kind of record its columns and what is asked of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shapan.kernel.yaml_file import load_yaml

_FILE = Path(__file__).parent / "standard.yaml"


@dataclass(frozen=True, slots=True)
class Said:
    """A text in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Element:
    """A data element: how its values are written, who answers for it, and which checks of values.py it takes."""

    name: str
    title: Said
    definition: Said
    format: Said
    coding_rule: Said
    owner: Said
    schema: Mapping[str, Any]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """`columns` of a record together name one of the kind `record` by its columns `of`."""

    columns: tuple[str, ...]
    record: str
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, as crm/customers: the columns of the standard, and what is asked of a record as a whole."""

    name: str
    title: Said
    owner: Said
    id: str
    required: tuple[str, ...]
    columns: Mapping[str, Element]
    unique: tuple[str, ...]
    consistent: tuple[str, ...]
    references: tuple[Reference, ...]
    has: tuple[tuple[str, str], ...]
    """(kind, column): each record stands at least once in this column of that kind."""

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that a rule looks at."""
        return tuple(dict.fromkeys((self.id, *self.required, *self.columns)))


@dataclass(frozen=True, slots=True)
class Standard:
    """The whole standard."""

    id: str
    version: str
    title: Said
    elements: Mapping[str, Element]
    kinds: Mapping[str, Kind]


@functools.cache
def standard_document() -> dict[str, Any]:
    """The standard as JSON data: a JSON Schema with `x-` members, as standard.yaml has it."""
    return dict(load_yaml(_FILE))


@functools.cache
def load_standard() -> Standard:
    """The standard as values."""
    document = standard_document()
    elements = {name: _element(name, data) for name, data in document["$defs"].items()}
    kinds = {name: _kind(name, data, elements) for name, data in document["x-records"].items()}
    return Standard(document["$id"], document["version"], _title(document), elements, kinds)


def _title(data: Mapping[str, Any]) -> Said:
    return Said(data["title"], data["x-zh"]["title"])


def _element(name: str, data: Mapping[str, Any]) -> Element:
    return Element(
        name,
        _title(data),
        Said(data["description"], data["x-zh"]["description"]),
        Said(**data["x-format"]),
        Said(**data["x-coding-rule"]),
        Said(**data["x-owner"]),
        {key: data[key] for key in ("pattern", "enum", "minLength", "maxLength") if key in data},
        tuple(data.get("x-checks", ())),
    )


def _kind(name: str, data: Mapping[str, Any], elements: Mapping[str, Element]) -> Kind:
    return Kind(
        name,
        _title(data),
        Said(**data["x-owner"]),
        data["x-id"],
        tuple(data["required"]),
        {column: _column(schema, elements) for column, schema in data["properties"].items()},
        tuple(data.get("x-unique", ())),
        tuple(data.get("x-consistent", ())),
        tuple(
            Reference(tuple(one["columns"]), one["record"], tuple(one["of"])) for one in data.get("x-references", ())
        ),
        tuple((one["record"], one["column"]) for one in data.get("x-has", ())),
    )


def _column(schema: Mapping[str, Any], elements: Mapping[str, Element]) -> Element:
    """The element of a column, under the column's own title where it has one."""
    element = elements[schema["$ref"].removeprefix("#/$defs/")]
    return replace(element, title=_title(schema)) if "title" in schema else element
