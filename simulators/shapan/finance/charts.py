"""Charts of accounts, posting rules and formats of statements as they come in data/ (会计科目表, 凭证模板, 报表格式)."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapan.finance.rules.posting import Kind, PostingLine, figures_of
from shapan.finance.rules.statements import IncomeLine, SheetLine, Split
from shapan.finance.rules.vouchers import account_family
from shapan.kernel.yaml_file import load_yaml

_DATA = Path(__file__).parent / "data"

STANDARDS = ("enterprise", "small_enterprise")
"""企业会计准则, 小企业会计准则."""
TAXPAYER_KINDS = ("general", "small_scale")
"""一般纳税人, 小规模纳税人."""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """An account of a chart. Parent and leaf follow from the codes, so they cannot contradict them."""

    code: str
    name: str
    english_name: str
    category: str
    direction: str
    parent: str | None
    leaf: bool
    dimensions: tuple[str, ...]
    optional_dimensions: tuple[str, ...]
    controlled: bool
    roles: tuple[str, ...]
    other_standard: str
    """The account that stands for it under the other standard; its own code when the file names none."""


@functools.cache
def chart_of_accounts(standard: str = "enterprise", taxpayer_kind: str = "general") -> tuple[ChartRow, ...]:
    """The chart, parents first."""
    with (_DATA / "charts" / f"{standard}.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["taxpayer"] in ("", taxpayer_kind)]
    rows.sort(key=lambda row: row["code"])
    parents = {account_family(row["code"])[0] for row in rows if len(row["code"]) > 4}
    return tuple(_chart_row(row, parents, taxpayer_kind) for row in rows)


def _chart_row(row: Mapping[str, str], parents: set[str], taxpayer_kind: str) -> ChartRow:
    code, dimensions = row["code"], row["dimensions"].split()
    return ChartRow(
        code,
        row["name"],
        row["english_name"],
        row["category"],
        row["direction"],
        account_family(code)[0] if len(code) > 4 else None,
        code not in parents,
        tuple(name for name in dimensions if not name.endswith("?")),
        tuple(name[:-1] for name in dimensions if name.endswith("?")),
        row["controlled"] == "yes",
        tuple(_roles(row["roles"], taxpayer_kind)),
        row["other_standard"] or code,
    )


def _roles(text: str, taxpayer_kind: str) -> Iterator[str]:
    for word in text.split():
        role, _, only = word.partition(":")
        if only in ("", taxpayer_kind):
            yield role


@functools.cache
def kinds(standard: str = "enterprise", taxpayer_kind: str = "general") -> Mapping[str, Kind]:
    """The kinds of document that post under a standard and for a taxpayer kind, by name."""
    found: dict[str, Kind] = {}
    for path in sorted((_DATA / "posting_rules").glob("*.yaml")):
        for name, entry in load_yaml(path).items():
            if _applies(entry, standard, taxpayer_kind):
                if name in found:
                    raise ValueError(f"{path.name}: the kind {name} is defined twice")
                found[name] = _kind(name, entry, standard, taxpayer_kind)
    return found


def _kind(name: str, entry: Mapping[str, Any], standard: str, taxpayer_kind: str) -> Kind:
    return Kind(
        name,
        entry["title"]["en"],
        entry["title"]["zh"],
        figures_of(entry["figures"]),
        {name: tuple(roles) for name, roles in entry.get("brings", {}).items()},
        entry["word"],
        tuple(
            PostingLine(line["side"], str(line["account"]), line["amount"], line["summary"])
            for line in entry["lines"]
            if _applies(line, standard, taxpayer_kind)
        ),
        frozenset(entry.get("names", ())),
        {figure: frozenset(names) for figure, names in entry.get("parts", {}).items()},
        tuple(entry.get("main", list(entry["figures"])[:1])),
        tuple(entry.get("fixed", ())),
    )


def _applies(entry: Mapping[str, Any], standard: str, taxpayer_kind: str) -> bool:
    only = entry.get("only", "")
    return set(only.split()) <= {standard, taxpayer_kind}


@functools.cache
def statements(standard: str) -> tuple[tuple[SheetLine, ...], tuple[IncomeLine, ...]]:
    """(lines of the balance sheet, lines of the income statement) of a standard."""
    formats = load_yaml(_DATA / "statements" / f"{standard}.yaml")
    sheet = tuple(
        SheetLine(
            line["section"],
            line["name"],
            line["english_name"],
            line["group"],
            tuple(line.get("accounts", ())),
            tuple(Split(tuple(split["accounts"]), split["by"]) for split in line.get("split", ())),
            tuple(line.get("total_of", ())),
        )
        for line in formats["balance_sheet"]
    )
    income = tuple(
        IncomeLine(
            line["name"],
            line["english_name"],
            line.get("side", "credit"),
            line.get("sign", 1),
            tuple(line.get("accounts", ())),
            line.get("total", False),
        )
        for line in formats["income_statement"]
    )
    return sheet, income
