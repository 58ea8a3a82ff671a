"""The tables of the dirt rules (规则数据表): CSV files with a header row in world/data, which a person can read and extend."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from shapan.world.errors import WorldError
from shapan.world.spec import HERE

_DATA = HERE / "data"
Fault = tuple[str, str]


@functools.cache
def homophones() -> Mapping[str, str]:
    """For each character those that sound like it but for the tone (同音字)."""
    groups = group_rows(_DATA / "homophones.csv", ("pinyin", "characters"))
    return {one: group.replace(one, "") for _, group in groups for one in group}


@functools.cache
def shapes() -> Mapping[str, str]:
    """For each character those that look like it (形近字)."""
    return single_rows(_DATA / "shapes.csv", ("character", "lookalikes"))


@functools.cache
def ocr() -> Mapping[str, str]:
    """For each character what a scanner takes it for (OCR 误识)."""
    return single_rows(_DATA / "ocr.csv", ("character", "read_as"))


@functools.cache
def traditional() -> Mapping[str, str]:
    """For each simplified character the traditional one (繁体字), for those that have one of their own."""
    return single_rows(_DATA / "traditional.csv", ("simplified", "traditional"), most=1)


@functools.cache
def remarks() -> tuple[tuple[str, str], ...]:
    """What people add to names (备注), with where: front or back."""
    return annotation_rows(_DATA / "annotations.csv")


def single_rows(path: Path, header: tuple[str, str], most: int | None = None) -> dict[str, str]:
    """A table of one character and those (at most `most`) that stand for it. WorldError that names every fault."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for line, one, others in _rows(path, header, faults):
        if len(one) != 1:
            faults.append((f"line {line}: {one!r} is not one character", f"第 {line} 行：{one!r} 不是单个字符"))
        if not others or len(set(others)) < len(others) or (most and len(others) > most):
            faults.append(
                (
                    f"line {line}: {others!r} is empty, too long or has one twice",
                    f"第 {line} 行：{others!r} 为空、过长或有重复",
                )
            )
        if one in others:
            faults.append((f"line {line}: {one!r} stands for itself", f"第 {line} 行：{one!r} 对应其自身"))
        if one in found:
            faults.append((f"line {line}: {one!r} stands there twice", f"第 {line} 行：{one!r} 重复出现"))
        found[one] = others
    _refuse(path, faults)
    return found


def group_rows(path: Path, header: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """A table of groups, each character in one of them only. WorldError that names every fault."""
    found: list[tuple[str, str]] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for line, name, group in _rows(path, header, faults):
        if not (name.isascii() and name.isalpha() and name.islower()):
            faults.append(
                (f"line {line}: {name!r} is no toneless pinyin", f"第 {line} 行：{name!r} 不是不带声调的拼音")
            )
        if name in {known for known, _ in found}:
            faults.append((f"line {line}: {name!r} stands there twice", f"第 {line} 行：{name!r} 重复出现"))
        if len(group) < 2:
            faults.append((f"line {line}: a group has two characters or more", f"第 {line} 行：每组至少两个字"))
        for one in group:
            if one in seen:
                faults.append((f"line {line}: {one!r} stands there twice", f"第 {line} 行：{one!r} 重复出现"))
            seen.add(one)
        found.append((name, group))
    _refuse(path, faults)
    return tuple(found)


def annotation_rows(path: Path) -> tuple[tuple[str, str], ...]:
    """A table of annotations and where they go. WorldError that names every fault."""
    found: list[tuple[str, str]] = []
    faults: list[Fault] = []
    for line, text, place in _rows(path, ("annotation", "place"), faults):
        if not text.strip():
            faults.append((f"line {line}: the annotation is empty", f"第 {line} 行：备注为空"))
        if place not in ("front", "back"):
            faults.append(
                (f"line {line}: {place!r} is neither front nor back", f"第 {line} 行：{place!r} 不是 front 或 back")
            )
        found.append((text, place))
    _refuse(path, faults)
    return tuple(found)


def _rows(path: Path, header: tuple[str, str], faults: list[Fault]) -> Iterator[tuple[int, str, str]]:
    """The rows under the header with their line numbers; what is no such row becomes a fault."""
    reader = csv.reader(io.StringIO(path.read_text("utf-8-sig")))
    first = next(reader, [])
    if tuple(first) != header:
        wanted = ",".join(header)
        faults.append((f"line 1: the header must be {wanted}", f"第 1 行：表头必须是 {wanted}"))
        return
    empty = True
    for row in reader:
        empty = False
        if len(row) == 2:
            yield reader.line_num, row[0], row[1]
        else:
            faults.append(
                (
                    f"line {reader.line_num}: {len(row)} cells, not 2",
                    f"第 {reader.line_num} 行：有 {len(row)} 个单元格，应为 2 个",
                )
            )
    if empty:
        faults.append(("there are no rows", "没有数据行"))


def _refuse(path: Path, faults: list[Fault]) -> None:
    if faults:
        raise WorldError(
            f"The table {path} cannot be used: {'; '.join(en for en, _ in faults)}. Mend it there.",
            f"数据表 {path} 无法使用：{'；'.join(zh for _, zh in faults)}。请修正。",
        )
