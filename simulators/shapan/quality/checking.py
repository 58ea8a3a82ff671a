"""Records against the standard (质量检查): reads every kind that a source has, and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from shapan.quality.consistency import Record
from shapan.quality.report import assemble
from shapan.quality.rules import Keys, Rule, keys_of, rules_of
from shapan.quality.standard import Kind, Standard

EXAMPLES = 5
_LONG = 200


class Source(Protocol):
    """Where records come from. `rows` may be asked for the same kind more than once."""

    def describe(self) -> dict[str, str]:
        """{"kind": "files" or "systems", "name": where}."""
        ...

    def kinds(self) -> Iterable[str]:
        """The kinds of the standard that are there."""
        ...

    def rows(self, kind: Kind) -> Iterator[Record]:
        """The records of a kind, with all `kind.needed` columns; an empty cell is None."""
        ...


@dataclass(slots=True)
class Tally:
    """What came of one rule: how many records it judged, how many failed, and the first of them."""

    rule: Rule
    checked: int = 0
    failed: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one kind of record; `faultless` records broke no rule."""

    kind: Kind
    records: int
    faultless: int
    tallies: list[Tally]


def check_quality(
    standard: Standard, source: Source, advance: Callable[[str, int], None] = lambda kind, rows: None
) -> dict[str, Any]:
    """The report on all records of a source, as JSON data (report.py says how it looks).

    `advance(kind, rows)` hears of a kind when its records have been read. Memory grows with the distinct values of the columns that are
    unique or referred to. QualityError when records cannot be read.
    """
    there = [kind for name, kind in standard.kinds.items() if name in set(source.kinds())]
    keys = _keys(standard, source, there)
    found = []
    for kind in there:
        tallies = [Tally(rule) for rule in rules_of(kind, keys)]
        records = faultless = 0
        for record in source.rows(kind):
            records += 1
            right = True
            for tally in tallies:
                verdict = tally.rule.judge(record)
                if verdict is None:
                    continue
                tally.checked += 1
                if not verdict:
                    right = False
                    tally.failed += 1
                    if len(tally.examples) < EXAMPLES:
                        tally.examples.append(_example(record, kind, tally.rule))
            faultless += right
        found.append(Found(kind, records, faultless, tallies))
        advance(kind.name, records)
    return assemble(standard, source.describe(), found)


def _keys(standard: Standard, source: Source, there: list[Kind]) -> Keys:
    names = {kind.name for kind in there}
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for kind in there:
        for other, columns in keys_of(kind):
            if other in names:
                wanted.setdefault(other, set()).add(columns)
    keys: dict[tuple[str, tuple[str, ...]], set[tuple[str, ...]]] = {}
    for name, sought in wanted.items():
        sets = [(columns, keys.setdefault((name, columns), set())) for columns in sorted(sought)]
        for record in source.rows(standard.kinds[name]):
            for columns, values in sets:
                values.add(tuple(record[column] or "" for column in columns))
    return {key: frozenset(values) for key, values in keys.items()}


def _example(record: Record, kind: Kind, rule: Rule) -> dict[str, Any]:
    return {
        "record": _short(record[kind.id] or ""),
        "values": {column: _short(record[column]) for column in rule.columns},
    }


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _LONG else text[: _LONG - 1] + "…"
