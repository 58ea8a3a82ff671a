"""From rows to records (组装记录): titles to members, cells to values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from shapan.kernel.bulk.convert import Converter, converter, text_of
from shapan.kernel.bulk.resources import Resource
from shapan.kernel.bulk.shape import Path, Shape, at, find_path
from shapan.kernel.bulk.source import Row, Source, Unreadable, Value
from shapan.kernel.errors import Fault


@dataclass(slots=True)
class Record:
    """One record of a file: `row` its running number, `line` where it begins, `lines` where each of its own lines stands.

    `path` holds path parameters of the creating operation as text, `key` the values of the key columns, `own` the id or number that
    the record had where it was exported; `identity` and `fingerprint` are what `identity` makes of it, once it was checked.
    """

    row: int
    line: int
    body: dict[str, Any] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    key: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    own: str | None = None
    identity: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What becomes of a column: a member of the body at `path`, a path `parameter`, a `key` of this name, several of these, or nothing.

    Nothing becomes of what a record shows and nobody can enter, but it tells documents apart; `own` is its id or number.
    """

    index: int
    title: str
    path: Path | None
    convert: Converter
    parameter: str | None
    key: str | None
    own: bool = False
    filled: bool = False


def columns_for(source: Source, resource: Resource, key: tuple[str, ...]) -> list[Column]:
    """What the columns of a table stand for. `key` are the titles that the caller named, none for the resource's own key.

    Unreadable names every title that stands for nothing; what a record shows but nobody can enter goes into `source.ignored`.
    """
    assert source.columns is not None
    assert resource.create is not None
    parameters = {p.name for p in resource.create.parameters if p.location == "path"}
    wanted = {_name(resource, title) for title in key} or set(resource.key)
    found: list[Column] = []
    unknown: list[str] = []
    for index, title in enumerate(source.columns):
        path, name = path_in(resource, title), _name(resource, title)
        parameter = name if name in parameters else None
        is_key = name in wanted
        if path is None and parameter is None and not is_key:
            shown = find_path(resource.shown, title)
            (source.ignored if shown else unknown).append(title)
            if shown and all(isinstance(step, str) for step in shown):
                found.append(Column(index, title, None, text_of, None, None, shown == (resource.own,)))
            continue
        shape = at(resource.wanted, path) if path else Shape()
        key_name = name if is_key else None
        found.append(Column(index, title, path, converter(shape), parameter, key_name, filled=shape.filled))
    _one_for_each(found)
    missing = [title for title in key if _name(resource, title) not in {column.key for column in found}]
    if unknown or missing:
        raise _bad_titles(resource, unknown, missing)
    return found


def _one_for_each(columns: list[Column]) -> None:
    """Unreadable when two columns stand for the same member, or one for a part of what another stands for."""
    taken: dict[Path, str] = {}
    for column in sorted((c for c in columns if c.path), key=lambda c: len(c.path or ())):
        path = column.path or ()
        before = next((taken[path[:end]] for end in range(1, len(path) + 1) if path[:end] in taken), None)
        if before is not None:
            raise Unreadable(
                f"The columns {before} and {column.title} stand for the same member. Leave one away.",
                f"“{before}”列和“{column.title}”列对应同一字段，请去掉其中一列。",
            )
        taken[path] = column.title


def path_in(resource: Resource, title: str) -> Path | None:
    """The member of the creating body that a title stands for: by its own words, or by those of the record as lists show it."""
    path = find_path(resource.wanted, title)
    if path is None:
        shown = find_path(resource.shown, title)
        # A path of the record that the body has as well; None in it is written as nothing in a title.
        path = find_path(resource.wanted, ".".join(str(step) for step in shown if step is not None)) if shown else None
    return path


def _name(resource: Resource, title: str) -> str:
    """One name for a column, whichever language its title is in: the member path, or the title of what is no member."""
    path = path_in(resource, title) or find_path(resource.shown, title)
    return ".".join(str(step) for step in path if step is not None) if path else title


def _bad_titles(resource: Resource, unknown: list[str], missing: list[str]) -> Unreadable:
    en, zh = [], []
    if unknown:
        names = ", ".join(unknown)
        en.append(f"The resource {resource.name} has no such columns: {names}.")
        zh.append(f"资源 {resource.name} 没有这些列：{names}。")
    if missing:
        names = ", ".join(missing)
        en.append(f"The file has no such key columns: {names}.")
        zh.append(f"文件中没有标识列：{names}。")
    en.append("docs/bulk.md says how columns are named.")
    zh.append("列标题的写法见 docs/bulk.md。")
    return Unreadable(" ".join(en), "".join(zh))


def record_of(number: int, row: Row, columns: list[Column]) -> Record:
    """The record that one row makes."""
    record = Record(number, row.line)
    if row.fault is not None:
        record.faults.append(row.fault)
        return record
    for column in columns:
        cell = row.cells[column.index]
        if cell is None or cell == "":
            if column.key is not None:
                record.faults.append(empty_key(column.title))
            continue
        if column.path is not None:
            value = column.convert(cell)
            if value == [] and column.filled:
                continue
            if len(column.path) == 1:
                record.body[cast("str", column.path[0])] = value
            else:
                put(record.body, column.path, value)
        if column.parameter is not None:
            record.path[column.parameter] = text_of(cell)
        if column.key is not None:
            record.key[column.key] = text_of(column.convert(cell))
        if column.own:
            record.own = text_of(cell)
    return record


def empty_key(title: str) -> Fault:
    """What is said of a key without value."""
    return Fault(f"/{title}", f"The key column {title} is empty.", f"标识列“{title}”为空。")


def put(target: Any, path: Path, value: Any) -> None:
    """Set the value at a path; a list grows to its index with empty objects."""
    for step, following in zip(path, (*path[1:], None), strict=True):
        fresh: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int):
            while len(target) <= step:
                target.append({})
            if following is None or not target[step]:
                target[step] = fresh
        elif following is None or step not in target:
            target[step] = fresh
        target = target[step]


def flat_records(rows: Iterator[Row], columns: list[Column], *, repeated: bool = False) -> Iterator[Record]:
    """One record a row. Lines with an index (`lines.0.quantity`) that are empty do not count.

    `repeated`: the file comes from an export, with rows of their own for lines that records show but nobody can enter (former names);
    neighbours with one id that say the same are one record.
    """
    lists = {c.path[0] for c in columns if c.path and any(isinstance(step, int) for step in c.path)}
    last: Record | None = None
    number = 0
    for row in rows:
        record = record_of(number + 1, row, columns)
        for name in lists & record.body.keys():
            value = record.body[cast("str", name)]
            if isinstance(value, list):
                record.body[cast("str", name)] = [line for line in value if line != {}]
        if repeated and last is not None and record.own is not None and _same(record, last):
            continue
        last, number = record, number + 1
        yield record


def _same(one: Record, other: Record) -> bool:
    return (one.own, one.path, one.key, one.body) == (other.own, other.path, other.key, other.body)


def values_as_records(rows: Iterator[Value], resource: Resource, key: tuple[str, ...]) -> Iterator[Record]:
    """One record a line of NDJSON. What a record shows but nobody can enter is left out, as from a table; null is an empty cell."""
    assert resource.create is not None
    parameters = {p.name for p in resource.create.parameters if p.location == "path"}
    for number, row in enumerate(rows, 1):
        record = Record(number, row.line)
        if row.fault is not None:
            record.faults.append(row.fault)
        else:
            _fill(record, row.value, resource, parameters, key or resource.key)
        yield record


def _fill(
    record: Record, given: dict[str, Any], resource: Resource, parameters: set[str], wanted: tuple[str, ...]
) -> None:
    for name in wanted:
        value = _value_at(given, name)
        if value is None:
            record.faults.append(empty_key(name))
        else:
            record.key[name] = text_of(value)
    for name in parameters & given.keys():
        record.path[name] = text_of(given[name])
    if resource.own is not None and given.get(resource.own) is not None:
        record.own = text_of(given[resource.own])
    extra = {name for name in (*wanted, *parameters) if name not in resource.wanted.members}
    record.body = enterable({k: v for k, v in given.items() if k not in extra}, resource.wanted, resource.shown)


def _value_at(value: Any, name: str) -> Any:
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_nothing(value: Any, wanted: Shape) -> bool:
    return (value is None and not wanted.nullable) or (value == [] and wanted.filled)


def enterable(value: Any, wanted: Shape, shown: Shape) -> Any:
    """A value without the members that are only shown, and without the nulls and empty lists that cannot be entered."""
    if isinstance(value, dict) and wanted.members:
        return {
            name: enterable(part, wanted.members.get(name, Shape()), shown.members.get(name, Shape()))
            for name, part in value.items()
            if (name in wanted.members or name not in shown.members)
            and not (name in wanted.members and _is_nothing(part, wanted.members[name]))
        }
    if isinstance(value, list) and wanted.items is not None:
        return [enterable(part, wanted.items, shown.items or Shape()) for part in value]
    return value
