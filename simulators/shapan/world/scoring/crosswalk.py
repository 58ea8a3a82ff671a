"""A crosswalk (对照表): which records a team holds to be the same thing. Read from CSV or JSON, with every fault named at once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapan.kernel.bulk.encoding import UNDECODABLE, Undecodable, decode
from shapan.world.answers import AnswerKey, Record
from shapan.world.errors import WorldError

SYSTEMS = ("crm", "scm", "finance")
KINDS = ("customer", "supplier", "product")
MOST_RECORDS = 2_000_000
LONGEST = 200
"""Characters of a record id or the name of a cluster."""
SHOWN = 50
"""Faults that the one sentence of a `CrosswalkError` repeats; `faults` has them all."""
_COLUMNS = ("system", "record_id", "cluster")
_HEADER = ",".join(_COLUMNS)
_ALIASES = {"recordid": "record_id"}


@dataclass(frozen=True, slots=True)
class CrosswalkFault:
    """One fault: where ("line 7" or a JSON Pointer) and what, in both languages."""

    where: str
    ort: str
    en: str
    zh: str


class CrosswalkError(WorldError):
    """A crosswalk that cannot be used; `faults` has every one of its faults."""

    def __init__(self, name: str, faults: Iterable[CrosswalkFault]) -> None:
        self.faults = tuple(faults)
        number = len(self.faults)
        shown = self.faults[:SHOWN]
        more, rest = (f"; and {number - SHOWN} more", f"；另有 {number - SHOWN} 处") if number > SHOWN else ("", "")
        super().__init__(
            f"The crosswalk {name} has {number} fault{'s' if number != 1 else ''}: "
            f"{'; '.join(f'{f.where}: {f.en}'.removeprefix(': ') for f in shown)}{more}. Mend them all and score it again.",
            f"对照表 {name} 有 {number} 处错误：{'；'.join(f'{f.ort}：{f.zh}'.removeprefix('：') for f in shown)}{rest}。请全部改正后重新评分。",
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a crosswalk and the cluster it was put into; `at` is the line of the file, or a JSON Pointer."""

    at: str
    record: Record
    cluster: str

    @property
    def where(self) -> str:
        """The place for people, in English."""
        return _place(self.at)[0]

    @property
    def ort(self) -> str:
        """The place for people, in Chinese."""
        return _place(self.at)[1]


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """What a team handed in. Records of one kind and cluster are said to be one thing; what is not in it stands alone."""

    rows: tuple[Row, ...]

    def clusters(self, kind: str) -> Mapping[Record, str]:
        """The cluster of each record of a kind."""
        return {row.record: row.cluster for row in self.rows if row.record[1] == kind}


def read_crosswalk(content: bytes, key: AnswerKey | None = None, name: str = "") -> Crosswalk:
    """The crosswalk in a file; `name` is that of the file, for people. With `key`, records that the world has not are faults too.

    JSON is told by its first character, everything else is CSV. UTF-8 with or without byte-order mark, or GB18030. CrosswalkError names every
    fault.
    """
    try:
        text, _ = decode(content)
    except Undecodable as error:
        raise CrosswalkError(name, [CrosswalkFault("", "", error.en.rstrip("."), error.zh.rstrip("。"))]) from error
    reader = _Reader(key)
    if text.lstrip()[:1] in ("[", "{"):
        reader.json(text)
    else:
        reader.csv(text)
    return reader.end(name)


def crosswalk_of(rows: Iterable[Mapping[str, Any]], key: AnswerKey | None = None, name: str = "") -> Crosswalk:
    """The crosswalk in rows of data, {"system", "record_id", "cluster", "kind"?}. CrosswalkError with JSON Pointers into them."""
    reader = _Reader(key)
    for place, row in enumerate(rows):
        reader.item(f"/{place}", row, None)
    return reader.end(name)


class _Reader:
    """Takes rows, keeps what is right and every fault."""

    def __init__(self, key: AnswerKey | None) -> None:
        self._key = key
        self._rows: list[Row] = []
        self._seen: dict[Record, str] = {}
        self.faults: list[CrosswalkFault] = []

    def end(self, name: str) -> Crosswalk:
        if len(self._rows) > MOST_RECORDS:
            self._fault(
                "", f"it has {len(self._rows):,} records, more than {MOST_RECORDS:,}", f"记录数超过 {MOST_RECORDS:,}"
            )
        if self.faults:
            raise CrosswalkError(name, self.faults)
        return Crosswalk(tuple(self._rows))

    def csv(self, text: str) -> None:
        if not text.strip():
            self._fault("", f"it is empty; it begins with the line {_HEADER}", f"文件为空；首行应为 {_HEADER}")
            return
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        header: list[str] | None = None
        for number, cells in self._cells(lines):
            if not any(cells):
                continue
            if header is None:
                header = [_title(cell) for cell in cells]
                if not self._header(header, number):
                    return
            else:
                row = dict(zip(header, cells, strict=False))
                if len(cells) != len(header):
                    self._fault(
                        number,
                        f"it has {len(cells)} cells, the header {len(header)}",
                        f"有 {len(cells)} 个单元格，表头有 {len(header)} 个",
                    )
                else:
                    self.item(number, row, None)

    def _cells(self, lines: list[str]) -> Iterator[tuple[str, list[str]]]:
        """(line, cells) of each row. A quoted cell may go over several lines; the row is named by its first one."""
        reader = csv.reader((line + "\n" for line in lines), strict=True)
        while True:
            number = str(reader.line_num + 1)
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._fault(number, f"it is no CSV ({error})", f"不是有效的 CSV（{error}）")
                if reader.line_num >= len(lines):
                    return
                continue
            yield number, cells

    def _header(self, header: list[str], number: str) -> bool:
        good = True
        for column in _COLUMNS:
            if header.count(column) != 1:
                good = False
                how, wie = ("missing", "缺少") if column not in header else ("there twice", "重复")
                self._fault(
                    number,
                    f"the column {column} is {how}; the header is {_HEADER}, with kind where there are others than customers",
                    f"表头{wie}列 {column}；表头应为 {_HEADER}，除客户外还有其他类型时另加 kind",
                )
        if header.count("kind") > 1:
            good = False
            self._fault(number, "the column kind is there twice", "表头重复列 kind")
        return good

    def json(self, text: str) -> None:
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            self._fault(str(error.lineno), f"it is no JSON ({error.msg})", f"不是有效的 JSON（{error.msg}）")
            return
        except (ValueError, RecursionError):
            self._fault("", "it is no JSON that can be used", "不是可用的 JSON")
            return
        if isinstance(data, dict):
            groups = data.get("clusters")
            if not isinstance(groups, list):
                self._fault(
                    "/clusters",
                    'this must be a list of clusters, as in {"clusters": [[{"system": …, "record_id": …}, …], …]}',
                    '应为分组列表，例如 {"clusters": [[{"system": …, "record_id": …}, …], …]}',
                )
                return
            for place, group in enumerate(groups):
                if not isinstance(group, list):
                    self._fault(f"/clusters/{place}", "this must be a list of records", "应为记录列表")
                    continue
                for inner, row in enumerate(group):
                    self.item(f"/clusters/{place}/{inner}", row, str(place))
            return
        for place, row in enumerate(data):
            self.item(f"/{place}", row, None)

    def item(self, at: str, row: Any, cluster: str | None) -> None:
        """One record, in the cluster that it says itself, or in that of its list."""
        if not isinstance(row, Mapping):
            self._fault(
                at,
                "this must be an object with system, record_id and cluster",
                "应为含 system、record_id、cluster 的对象",
            )
            return
        given = {_title(name): value for name, value in row.items() if isinstance(name, str)}
        texts = {
            name: self._text(at, name, given.get(name))
            for name in ("system", "record_id", *(() if cluster is not None else ("cluster",)))
        }
        kind = self._text(at, "kind", given["kind"]) if given.get("kind") not in (None, "") else "customer"
        for name, text, known in (("system", texts["system"], SYSTEMS), ("kind", kind, KINDS)):
            if text is not None and text.strip() not in known:
                self._fault(
                    at,
                    f"{name} {_short(text)} is none of {', '.join(known)}",
                    f"{name} {_short(text)} 不在 {'、'.join(known)} 之中",
                )
                texts["system"] = None
        system, record_id = texts["system"], texts["record_id"]
        group = cluster if cluster is not None else texts["cluster"]
        if system is None or record_id is None or kind is None:
            return
        record = self._known(at, system.strip(), kind.strip(), record_id)
        if record is None:
            return
        if (first := self._seen.setdefault(record, at)) is not at:
            where, ort = _place(first)
            self._fault(
                at,
                f"{system.strip()} {_short(record[2])} stands at {where} already; give each record once",
                f"{system.strip()} {_short(record[2])} 在{ort}已出现，每条记录只能出现一次",
            )
            return
        if group is not None:
            self._rows.append(Row(at, record, group))

    def _text(self, at: str, name: str, value: Any) -> str | None:
        """A member as text; finance's ids are numbers, so that whole numbers are taken as well."""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            self._fault(at, f"{name} is empty", f"{name} 为空")
        elif not isinstance(value, str):
            self._fault(at, f"{name} must be text", f"{name} 应为文本")
        elif len(value) > LONGEST:
            self._fault(at, f"{name} is longer than {LONGEST} characters", f"{name} 超过 {LONGEST} 个字符")
        elif UNDECODABLE.search(value):
            self._fault(
                at, f"{name} has bytes that are neither UTF-8 nor GB18030", f"{name} 含有既非 UTF-8 也非 GB18030 的字节"
            )
        else:
            return value
        return None

    def _known(self, at: str, system: str, kind: str, record_id: str) -> Record | None:
        """The record as the world has it. An id is taken as it stands first: a dirty product code may end with a blank."""
        bare = (system, kind, record_id.strip())
        if self._key is None:
            return system, kind, record_id
        for record in ((system, kind, record_id), bare):
            if self._key.entity(*record) is not None:
                return record
        self._fault(
            at,
            f"{system} has no {kind} {_short(bare[2])}; leave records away that are not of this world",
            f"{system} 中没有 {kind} {_short(bare[2])}；请去掉不属于该世界的记录",
        )
        return None

    def _fault(self, at: str, en: str, zh: str) -> None:
        where, ort = _place(at)
        self.faults.append(CrosswalkFault(where, ort, en, zh))


def _place(at: str) -> tuple[str, str]:
    return (f"line {at}", f"第 {at} 行") if at.isdigit() else (at, at)


def _title(cell: str) -> str:
    name = cell.strip().lower()
    return _ALIASES.get(name, name)


def _short(text: str) -> str:
    """A value as a message can show it: on one line and not for ever."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return shown if len(shown) <= 60 else shown[:59] + "…"
