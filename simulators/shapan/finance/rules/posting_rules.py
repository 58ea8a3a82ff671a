"""Posting rules that users write (凭证模板): which are refused, and what accounts with a role must not demand of documents."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from shapan.finance.rules.dimensions import MEMBERS
from shapan.finance.rules.posting import Figures, Kind, PostingLine, account_code, imbalance
from shapan.finance.rules.vouchers import Account
from shapan.kernel.errors import Fault

_TEXTS = ("number", "source", "text")
CLOSING_ROLES = frozenset({"profit", "retained", "surplus_reserve", "statutory_appropriation"})
"""Roles whose account the closing posts to by itself, without any dimension."""


def rule_faults(
    lines: Sequence[PostingLine], kind: Kind, roles: Mapping[str, str], chart: Mapping[str, Account]
) -> list[Fault]:
    """What is wrong with a posting rule that a user wrote for a kind of document (凭证模板校验)."""
    found: list[Fault] = []
    for index, line in enumerate(lines):
        pointer = f"/lines/{index}"
        if line.amount not in kind.figures:
            found.append(
                Fault(
                    f"{pointer}/amount",
                    f"Documents of this kind have no figure {line.amount}; they have {', '.join(kind.figures)}.",
                    f"该类单据没有金额项 {line.amount}，可用：{'、'.join(kind.figures)}。",
                )
            )
        found += _account_faults(pointer, line, kind, roles, chart)
        found += _summary_faults(pointer, line.summary)
    if found:
        return found
    odd = imbalance(lines, kind.figures)
    if odd:
        found.append(
            Fault(
                "/lines",
                f"Debit and credit would differ by what the document has of {', '.join(sorted(odd))}.",
                f"借贷将相差单据的 {'、'.join(sorted(odd))}，模板不平衡。",
            )
        )
    absent = [name for name in kind.main if not _on_both_sides(name, lines, kind.figures)]
    if absent and not odd:
        found.append(
            Fault(
                "/lines",
                f"{', '.join(absent)} must stand in debit and in credit, or a document could post nothing.",
                f"{'、'.join(absent)} 必须同时出现在借方和贷方，否则单据可能无分录可记。",
            )
        )
    fixed = {roles[role] for role in kind.fixed}
    mine, theirs = (_kept(rule, fixed, kind.figures, roles, chart) for rule in (lines, kind.lines))
    for code in sorted({code for code in {*mine, *theirs} if mine.get(code) != theirs.get(code)}):
        en, zh = (
            ("read back by its closing step", "由结账步骤取数")
            if code in fixed
            else ("controlled by a sub-ledger", "是受控科目")
        )
        found.append(
            Fault(
                "/lines",
                f"Account {code} is {en}: what documents of this kind post to it cannot be changed.",
                f"科目 {code} {zh}，该类单据对它的记账不能修改。",
            )
        )
    return found


def role_demands(
    taken: Collection[str], kinds: Mapping[str, Kind], rules: Mapping[str, Iterable[PostingLine]]
) -> dict[str, tuple[str, ...]]:
    """Dimension -> what posts to accounts with one of the roles `taken` without naming it: kinds of document, `closing`.

    An account with these roles that requires such a dimension would make those postings impossible.
    """
    lacking: dict[str, set[str]] = {name: set() for name in MEMBERS}
    if not CLOSING_ROLES.isdisjoint(taken):
        for sources in lacking.values():
            sources.add("closing")
    for name, lines in rules.items():
        kind = kinds[name]
        for line in lines:
            # What a document brings is one of several roles; what it means in `rules` is a role itself.
            if not set(kind.brings.get(line.account, (line.account,))).isdisjoint(taken):
                for dimension in MEMBERS.keys() - kind.supplies(line.amount):
                    lacking[dimension].add(name)
    return {dimension: tuple(sorted(sources)) for dimension, sources in lacking.items() if sources}


def _on_both_sides(name: str, lines: Iterable[PostingLine], figures: Figures) -> bool:
    return {line.side for line in lines if figures[line.amount].get(name)} == {"debit", "credit"}


def _account_faults(
    pointer: str, line: PostingLine, kind: Kind, roles: Mapping[str, str], chart: Mapping[str, Account]
) -> list[Fault]:
    reference = line.account
    if reference in kind.brings:
        if kind.parts and line.amount in kind.figures and line.amount not in kind.parts:
            return [
                Fault(
                    f"{pointer}/amount",
                    f"{reference} comes with the lines of the document, which have {', '.join(kind.parts)}.",
                    f"{reference} 由单据明细行带入，只能使用：{'、'.join(kind.parts)}。",
                )
            ]
        return [
            fault
            for code in dict.fromkeys(roles[role] for role in kind.brings[reference])
            for fault in _demand_faults(pointer, line, kind, chart[code])
        ]
    code = account_code(reference, {}, roles)
    account = chart.get(code)
    if account is None:
        return [
            Fault(
                f"{pointer}/account",
                f"{reference} is no account, no role of these books, and nothing that the document brings.",
                f"{reference} 既不是科目编码，也不是本账套的科目用途或单据自带科目。",
            )
        ]
    if not account.leaf:
        return [
            Fault(
                f"{pointer}/account",
                f"Account {code} has accounts below it; only leaf accounts can be posted to.",
                f"科目 {code} 有下级科目，只能使用末级科目。",
            )
        ]
    return _demand_faults(pointer, line, kind, account)


def _demand_faults(pointer: str, line: PostingLine, kind: Kind, account: Account) -> list[Fault]:
    missing = ", ".join(sorted(account.dimensions - kind.supplies(line.amount)))
    if not missing or line.amount not in kind.figures:
        return []
    title = f"{account.code} {account.name}"
    return [
        Fault(
            f"{pointer}/account",
            f"Account {title} needs {missing}, which documents of this kind do not name for {line.amount}.",
            f"科目 {title} 必须填写辅助核算 {missing}，而该类单据的 {line.amount} 不提供。",
        )
    ]


def _summary_faults(pointer: str, summary: str) -> list[Fault]:
    try:
        fields = [each for each in string.Formatter().parse(summary) if each[1] is not None]
    except ValueError:  # a brace without its other half
        fields = [("", "", "", None)]
    if all(name in _TEXTS and not spec and conversion is None for _, name, spec, conversion in fields):
        return []
    return [
        Fault(
            f"{pointer}/summary",
            "In braces only {number}, {source} and {text} may stand.",
            "花括号内只能使用 {number}、{source}、{text}。",
        )
    ]


def _kept(
    lines: Iterable[PostingLine],
    fixed: Collection[str],
    figures: Figures,
    roles: Mapping[str, str],
    chart: Mapping[str, Account],
) -> dict[str, dict[str, int]]:
    """Account that is controlled or among `fixed` -> by how often each independent figure is debited to it."""
    sums: dict[str, Counter[str]] = {}
    for line in lines:
        account = chart.get(account_code(line.account, {}, roles))
        if account is not None and (account.controlled or account.code in fixed):
            for name, times in figures[line.amount].items():
                sums.setdefault(account.code, Counter())[name] += times if line.side == "debit" else -times
    return {code: {name: times for name, times in counter.items() if times} for code, counter in sums.items()}
