"""A document on the way of others (单据步骤): what a trace shows of it, and what it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapan.control.oracle.document import Document, money


@dataclass(frozen=True, slots=True)
class Step:
    """One document on the way; `at` is RFC 3339 or None, `follows` the document before it."""

    document: Document
    state: str | None
    at: str | None
    party: str | None
    gross_fen: int | None
    follows: Document | None

    def as_json(self) -> dict[str, Any]:
        """As the control contract shows it, with the amount in yuan."""
        return {
            **self.document.as_json(),
            "state": self.state,
            "at": self.at,
            "party": self.party,
            "gross_amount": None if self.gross_fen is None else money(self.gross_fen),
            "follows": self.follows.number if self.follows else None,
        }


Node = tuple[Step, Sequence[Document], Mapping[Document, int] | None]
"""A document, what it follows, and how its amount is shared out among what it follows."""


def node(
    document: Document, state: str | None, at: str | None, party: str | None, gross: int | None, above: list[Document]
) -> Node:
    """A document that follows those `above`, the first before the others."""
    return Step(document, state, at, party, gross, above[0] if above else None), above, None
