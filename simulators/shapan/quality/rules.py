"""The standard as rules (规则) over records given as dicts; a rule is of one dimension (维度) and judges one record at a time.

A value is asked for its form only where it is there, and for each thing only where the ones before are right: one slip is one fault.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from shapan.quality.consistency import AGREEMENTS, Record
from shapan.quality.standard import Element, Kind, Reference, Said
from shapan.quality.values import CHECKS

DIMENSIONS = {
    "completeness": Said("Completeness", "完整性"),
    "validity": Said("Validity", "规范性"),
    "uniqueness": Said("Uniqueness", "唯一性"),
    "consistency": Said("Consistency", "一致性"),
}

Judge = Callable[[Record], bool | None]
"""Whether a record keeps to the rule; None when the rule has nothing to say of it."""
Keys = Mapping[tuple[str, tuple[str, ...]], frozenset[tuple[str, ...]]]
"""By (kind, columns): the values that stand in these columns of the records of that kind."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of every record of a kind. `columns` are those that an example shows; `judge` is new for each run."""

    name: str
    dimension: str
    columns: tuple[str, ...]
    said: Said
    judge: Judge


def keys_of(kind: Kind) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What `rules_of` looks up in other records, or in this kind's own."""
    for reference in kind.references:
        yield reference.record, reference.of
        if len(reference.of) > 1:
            yield reference.record, reference.of[:1]
    for record, column in kind.has:
        yield record, (column,)


def rules_of(kind: Kind, keys: Keys) -> list[Rule]:
    """All rules for a kind of record. Those that look up in a kind whose keys are not there are left out."""
    rules = [_complete(column, kind) for column in kind.required]
    for column, element in kind.columns.items():
        rules += _valid(column, element)
    rules += [_unique(column, kind) for column in kind.unique]
    for name in kind.consistent:
        agreement = AGREEMENTS[name]
        said = Said(agreement.en, agreement.zh)
        columns = tuple(column for column in agreement.columns if column in kind.columns)
        rules.append(Rule(f"consistent.{name}", "consistency", columns, said, agreement.holds))
    rules += [_refers(reference, keys) for reference in kind.references if (reference.record, reference.of) in keys]
    for record, column in kind.has:
        if (record, (column,)) in keys:
            rules.append(_has(kind.id, record, keys[record, (column,)]))
    return rules


def _complete(column: str, kind: Kind) -> Rule:
    title = kind.columns[column].title if column in kind.columns else Said(column, column)
    said = Said(f"{title.en} ({column}) is there", f"{title.zh}（{column}）不为空")
    return Rule(
        f"complete.{column}", "completeness", (column,), said, lambda record: bool((record[column] or "").strip())
    )


def _valid(column: str, element: Element) -> Iterator[Rule]:
    before: list[Callable[[str], bool]] = []
    title = f"{element.title.en} ({column})", f"{element.title.zh}（{column}）"
    if element.schema:
        form = _form(element.schema)
        said = Said(f"{title[0]}: {element.format.en}", f"{title[1]}：{element.format.zh}")
        yield Rule(f"valid.{column}.format", "validity", (column,), said, _after([], form, column))
        before.append(form)
    for name in element.checks:
        check = CHECKS[name]
        said = Said(f"{title[0]} {check.en}", f"{title[1]}{check.zh}")
        yield Rule(f"valid.{column}.{name}", "validity", (column,), said, _after(before[:], check.holds, column))
        before.append(check.holds)


def _form(schema: Mapping[str, object]) -> Callable[[str], bool]:
    """Whether a text is as the JSON Schema has it."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", 100_000)
    assert isinstance(least, int)
    assert isinstance(most, int)
    # "$" of JSON Schema is the end; that of Python lets a line end stand behind it.
    pattern = re.compile(re.sub(r"\$$", r"\\Z", str(schema.get("pattern", ""))), re.ASCII)
    words = schema.get("enum")
    allowed = frozenset(map(str, words)) if isinstance(words, list) else None

    def holds(text: str) -> bool:
        if not least <= len(text) <= most or not pattern.search(text):
            return False
        return allowed is None or text in allowed

    return holds


def _after(before: list[Callable[[str], bool]], holds: Callable[[str], bool], column: str) -> Judge:
    def judge(record: Record) -> bool | None:
        text = record[column]
        if not text or not all(right(text) for right in before):
            return None
        return holds(text)

    return judge


def folded(text: str) -> str:
    """A text as it is compared for being the same: width, case, blanks, hyphens, brackets and invisible characters do not count."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _unique(column: str, kind: Kind) -> Rule:
    seen: set[str] = set()

    def judge(record: Record) -> bool | None:
        key = folded(record[column] or "")
        if not key:
            return None
        if key in seen:
            return False
        seen.add(key)
        return True

    title = kind.columns[column].title
    said = Said(f"No two records with one {title.en.lower()} ({column})", f"{title.zh}（{column}）不重复")
    return Rule(f"unique.{column}", "uniqueness", (column,), said, judge)


def _refers(reference: Reference, keys: Keys) -> Rule:
    known, columns = keys[reference.record, reference.of], reference.columns
    # Of a pair whose first part is unknown, the rule for that part speaks.
    first = keys[reference.record, reference.of[:1]] if len(columns) > 1 else None

    def judge(record: Record) -> bool | None:
        found = tuple(record[column] or "" for column in columns)
        if not all(found) or (first is not None and found[:1] not in first):
            return None
        return found in known

    there, here = " + ".join(reference.of), " + ".join(columns)
    said = Said(f"{here} stands in {reference.record} ({there})", f"{here} 在 {reference.record}（{there}）中存在")
    return Rule(f"refers.{'+'.join(columns)}", "consistency", columns, said, judge)


def _has(id_: str, record: str, known: frozenset[tuple[str, ...]]) -> Rule:
    said = Said(f"There is at least one of {record}", f"至少有一条 {record}")
    return Rule(
        f"has.{record}", "completeness", (id_,), said, lambda found: (found[id_],) in known if found[id_] else None
    )
