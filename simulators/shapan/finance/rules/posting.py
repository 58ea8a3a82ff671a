"""Posting rules (凭证模板): which voucher a document makes, and whether a rule can be trusted to balance.

A figure is an amount of a document. Some are independent, the others are sums of those: gross = net + tax. A rule balances for every
document of its kind when its debits and credits are equal in each independent figure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shapan.finance.rules.dimensions import NO_DIMENSIONS, Dimensions
from shapan.finance.rules.vouchers import Account, Entry

Figures = Mapping[str, Mapping[str, int]]
"""Figure -> how often it contains each independent figure."""


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One line of a posting rule: `account` is a role, a code or the name of an account that the document brings."""

    side: str
    account: str
    amount: str
    summary: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document that posts: its figures, the accounts it brings, and the rule that it starts with."""

    name: str
    en: str
    zh: str
    figures: Figures
    brings: Mapping[str, tuple[str, ...]]
    """Name of an account that the document brings -> roles of the accounts that it can be."""
    word: str
    lines: tuple[PostingLine, ...]
    names: frozenset[str] = frozenset()
    """Dimensions that every document of the kind names."""
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Figure that the parts of a document have -> dimensions that every part names."""
    main: tuple[str, ...] = ()
    """Independent figures of which a document has at least one that is not zero."""
    fixed: tuple[str, ...] = ()
    """Roles whose account a closing step reads back."""

    def supplies(self, figure: str) -> frozenset[str]:
        """The dimensions that a line with this figure can count on."""
        return self.names | self.parts.get(figure, frozenset())


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document that stands apart in the ledger: amounts by figure, dimensions, quantity in thousandths, accounts of its own."""

    amounts: Mapping[str, int]
    dimensions: Dimensions = NO_DIMENSIONS
    quantity: int | None = None
    accounts: Mapping[str, str] = field(default_factory=dict)


def figures_of(texts: Mapping[str, str]) -> Figures:
    """Figures as posting-rule data writes them: {"gross": "net + tax"} -> {"gross": {"net": 1, "tax": 1}}."""
    return {name: _terms(text) for name, text in texts.items()}


def _terms(text: str) -> Mapping[str, int]:
    terms: Counter[str] = Counter()
    for sign, word in re.findall(r"([+-]?)\s*([a-z_]+)", text):
        terms[word] += -1 if sign == "-" else 1
    return dict(terms)


def account_code(reference: str, brought: Mapping[str, str], roles: Mapping[str, str]) -> str:
    """The account that a rule line means. A role or name that nobody knows stays as it is, and no account is found by it."""
    return brought.get(reference) or roles.get(reference) or reference


def compose_entries(
    rule: Iterable[PostingLine],
    whole: Part,
    parts: Sequence[Part],
    texts: Mapping[str, str],
    roles: Mapping[str, str],
    accounts: Mapping[str, Account],
) -> tuple[Entry, ...]:
    """The entries that a document makes by its posting rule.

    A figure that the parts have is taken from them, and parts that agree in account and dimensions are one entry; any other figure
    comes from the `whole` document. A line without amount is left out. Dimensions stand where the account has them.
    """
    entries: list[Entry] = []
    for line in rule:
        sources = [part for part in parts if line.amount in part.amounts] or [whole]
        summary = " ".join(line.summary.format_map(texts).split())
        sums: dict[tuple[str, Dimensions], list[int]] = {}
        for source in sources:
            code = account_code(line.account, {**whole.accounts, **source.accounts}, roles)
            taken = accounts[code].takes if code in accounts else frozenset()
            dimensions = source.dimensions.within(whole.dimensions).only(taken)
            amount = sums.setdefault((code, dimensions), [0, 0])
            amount[0] += source.amounts[line.amount]
            amount[1] += source.quantity or 0
        for (code, dimensions), (amount_fen, quantity) in sums.items():
            if amount_fen == 0:
                continue
            debit, credit = (amount_fen, 0) if line.side == "debit" else (0, amount_fen)
            counted = quantity if quantity and dimensions.product_code is not None else None
            entries.append(
                Entry(
                    summary,
                    code,
                    dimensions.customer_id,
                    debit,
                    credit,
                    dimensions.supplier_id,
                    dimensions.product_code,
                    dimensions.store_code,
                    counted,
                )
            )
    return tuple(entries)


def imbalance(lines: Iterable[PostingLine], figures: Figures) -> dict[str, int]:
    """Independent figure -> by how often debit contains it more than credit; empty when the rule balances for every document."""
    sums: Counter[str] = Counter()
    for line in lines:
        for name, times in figures[line.amount].items():
            sums[name] += times if line.side == "debit" else -times
    return {name: times for name, times in sums.items() if times}
