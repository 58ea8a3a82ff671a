"""All documents of one set of books and which follows which, as a graph (单据关系图): what a trace shows and what a scope keeps.

A document may follow several (a receipt that pays two receivables), and its chain is all that hangs on the documents where it begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapan.control.oracle.document import Document
from shapan.control.oracle.graph_purchasing import purchasing
from shapan.control.oracle.graph_sales import sales
from shapan.control.oracle.graph_stores import stores
from shapan.control.oracle.steps import Step

if TYPE_CHECKING:
    from shapan.control.oracle.books import Books


class Graph:
    """The documents by `Document`, with their parents and children in the order in which they were added."""

    def __init__(self, books: Books) -> None:
        self.steps: dict[Document, Step] = {}
        self._parents: defaultdict[Document, list[Document]] = defaultdict(list)
        self._children: defaultdict[Document, list[Document]] = defaultdict(list)
        self._parts: dict[Document, Mapping[Document, int]] = {}
        self._by_number: defaultdict[str, list[Document]] = defaultdict(list)
        for part in (sales, purchasing, stores):
            for step, parents, parts in part(books):
                self._add(step, parents, parts)

    def _add(self, step: Step, parents: Sequence[Document], parts: Mapping[Document, int] | None) -> None:
        if step.document not in self.steps:
            self._by_number[step.document.number].append(step.document)
        self.steps[step.document] = step
        for parent in dict.fromkeys(parents):
            self._parents[step.document].append(parent)
            self._children[parent].append(step.document)
        if parts is not None:
            self._parts[step.document] = parts

    def named(self, number: str) -> tuple[Document, ...]:
        """The documents of this number, in whichever system."""
        return tuple(self._by_number.get(number, ()))

    def roots(self, document: Document) -> tuple[Document, ...]:
        """Where the chain of a document begins: those above it that follow nothing."""
        found: dict[Document, None] = {}
        seen = {document}
        waiting = [document]
        while waiting:
            current = waiting.pop()
            above = [parent for parent in self._parents.get(current, ()) if parent in self.steps]
            if not above:
                found[current] = None
            for parent in above:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return tuple(sorted(found, key=list(self.steps).index)) if len(found) > 1 else tuple(found)

    def below(self, roots: Iterable[Document]) -> tuple[Step, ...]:
        """The roots and all that follows them, each once and behind all that it follows here, upstream first."""
        first = [root for root in dict.fromkeys(roots) if root in self.steps]
        here = self._reachable(first)
        found: dict[Document, None] = {}
        waiting = first[::-1]
        while waiting:
            current = waiting.pop()
            # What follows several comes behind the last of them, which looks at it again.
            if current in found or any(up in here and up not in found for up in self._parents.get(current, ())):
                continue
            found[current] = None
            waiting += self._children.get(current, [])[::-1]
        return tuple(self._shown(self.steps[document], found) for document in found)

    def _reachable(self, roots: Iterable[Document]) -> set[Document]:
        found: set[Document] = set()
        waiting = list(roots)
        while waiting:
            current = waiting.pop()
            if current in self.steps and current not in found:
                found.add(current)
                waiting += self._children.get(current, [])
        return found

    def _shown(self, step: Step, chain: Mapping[Document, None]) -> Step:
        """A settlement shows what of it fell to the receivables of this chain."""
        parts = self._parts.get(step.document)
        if not parts:
            return step
        return replace(step, gross_fen=sum(fen for document, fen in parts.items() if document in chain))

    def chain(self, number: str) -> tuple[Step, ...]:
        """The whole chain that a document stands in; nothing when no system has such a document."""
        roots = dict.fromkeys(root for document in self.named(number) for root in self.roots(document))
        return self.below(roots)
