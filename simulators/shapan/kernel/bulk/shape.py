"""The shape of a record as tables see it (记录结构): JSON Schema reduced to members, titles and types. Pure.

A column is named by its member path (`address.city`, `lines.0.productCode`), or by the Chinese titles along it (`地址.城市`). A list whose
lines stand in rows of their own is written without index: `lines.productCode`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapan.kernel.bundle import resolve

Step = str | int | None
Path = tuple[Step, ...]
"""The way to a value: member names, list indexes, and None for "the line that this row is"."""

_DEEPEST = 6
_CHINESE = re.compile(r"[(\uff08]([^()\uff08\uff09]*[\u4e00-\u9fff][^()\uff08\uff09]*)[)\uff09]")


@dataclass(frozen=True)
class Shape:
    """One value: an object with `members`, a list of `items`, or a plain value of `types` (JSON types; none means any)."""

    types: frozenset[str] = frozenset()
    format: str | None = None
    title: str | None = None
    members: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    nullable: bool = False
    filled: bool = False
    """A list that must not be empty."""

    @property
    def is_table(self) -> bool:
        """A list of objects, which can have rows of its own."""
        return self.items is not None and bool(self.items.members)

    def by_title(self) -> dict[str, str]:
        """Title -> member, for titles that only one member has and that are no member's name."""
        titles = [member.title for member in self.members.values()]
        return {
            shape.title: name
            for name, shape in self.members.items()
            if shape.title and titles.count(shape.title) == 1 and shape.title not in self.members
        }


def shape_of(document: Any, schema: Any, depth: int = 0) -> Shape:
    """The shape of a schema in a bundled contract. `$ref`, `allOf`, and `anyOf`/`oneOf` are looked through."""
    flat = _flat(document, schema, 0)
    types = flat.get("type", [])
    types = {types} if isinstance(types, str) else set(types)
    if not types and "enum" in flat:
        types = {_JSON_TYPES.get(type(value), "string") for value in flat["enum"]}
    members, items = {}, None
    if depth < _DEEPEST:
        members = {name: shape_of(document, part, depth + 1) for name, part in flat.get("properties", {}).items()}
        if "items" in flat:
            items = shape_of(document, flat["items"], depth + 1)
    return Shape(
        frozenset(types - {"null"}),
        flat.get("format"),
        _title(flat),
        members,
        items,
        "null" in types or bool(flat.get("x-nullable")),
        flat.get("minItems", 0) > 0,
    )


_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _flat(document: Any, schema: Any, depth: int) -> dict[str, Any]:
    """One schema with everything that it refers to; what stands beside a reference counts more than what it leads to."""
    if not isinstance(schema, dict) or depth > 2 * _DEEPEST:
        return {}
    merged: dict[str, Any] = {}
    parts = [resolve(document, schema["$ref"][1:])] if "$ref" in schema else []
    parts += schema.get("allOf", [])
    alternatives = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    parts += [part for part in alternatives if part != {"type": "null"}]
    for part in parts:
        found = _flat(document, part, depth + 1)
        members = {**merged.get("properties", {}), **found.get("properties", {})}
        merged |= found
        if members:
            merged["properties"] = members
    if {"type": "null"} in alternatives:
        merged["x-nullable"] = True
    own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
    if "properties" in own and "properties" in merged:
        own["properties"] = {**merged["properties"], **own["properties"]}
    return {**merged, **own}


def _title(flat: Mapping[str, Any]) -> str | None:
    """`title` where there is one, else the Chinese term that the description gives in brackets."""
    if "title" in flat:
        return str(flat["title"])
    term = _CHINESE.search(str(flat.get("description", "")))
    return term[1].strip() if term else None


def find_path(shape: Shape, header: str) -> Path | None:
    """The path that a column title stands for, None when it is none of this shape."""
    return _walk(shape, header.split(".")) or _by_last_title(shape).get(header)


def _walk(shape: Shape, parts: list[str]) -> Path | None:
    path: list[Step] = []
    for part in parts:
        items = shape.items
        if items is not None:
            if part.isdecimal() and len(part) < 4:
                path.append(int(part))
                shape = items
                continue
            if not shape.is_table or None in path:
                return None
            path.append(None)
            shape = items
        name = part if part in shape.members else shape.by_title().get(part)
        if name is None:
            return None
        path.append(name)
        shape = shape.members[name]
    return tuple(path)


def _by_last_title(shape: Shape) -> dict[str, Path]:
    """Paths by the title of their last member alone, where no other has it."""
    found: dict[str, list[Path]] = {}
    for path in _paths(shape, ()):
        title = at(shape, path).title
        if title:
            found.setdefault(title, []).append(path)
    return {title: paths[0] for title, paths in found.items() if len(paths) == 1}


def _paths(shape: Shape, before: Path) -> Iterator[Path]:
    for name, member in shape.members.items():
        path = (*before, name)
        if member.members:
            yield from _paths(member, path)
        elif member.is_table and None not in path:
            assert member.items is not None
            yield from _paths(member.items, (*path, None))
        else:
            yield path


def at(shape: Shape, path: Path) -> Shape:
    """The shape at the end of a path that `find_path` gave."""
    for step in path:
        if isinstance(step, str):
            shape = shape.members[step]
        else:
            assert shape.items is not None
            shape = shape.items
    return shape


def table_of(shape: Shape) -> str | None:
    """The member whose lines get rows of their own: `lines`, else the first list of objects."""
    tables = [name for name, member in shape.members.items() if member.is_table]
    return "lines" if "lines" in tables else tables[0] if tables else None


def columns_of(shape: Shape) -> list[Path]:
    """The columns of a table of such records: plain values at any depth, and the lines of `table_of`. Other lists are one column each."""
    table = table_of(shape)
    found: list[Path] = []

    def walk(inner: Shape, before: Path) -> None:
        for name, member in inner.members.items():
            path = (*before, name)
            if member.members:
                walk(member, path)
            elif path == (table,):
                assert member.items is not None
                walk(member.items, (*path, None))
            else:
                found.append(path)

    walk(shape, ())
    return found


def heading(shape: Shape, path: Path, *, chinese: bool) -> str:
    """The title of a column: its member path, or the Chinese titles along it where each member has one of its own."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, str):
            title = shape.members[step].title if chinese else None
            # Only a title that leads back to the member.
            parts.append(title if title is not None and shape.by_title().get(title) == step else step)
            shape = shape.members[step]
        else:
            assert shape.items is not None
            shape = shape.items
            if step is not None:
                parts.append(str(step))
    return ".".join(parts)
