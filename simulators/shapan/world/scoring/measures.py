"""How alike two clusterings of the same records are (聚类比较). Pure; linear in the number of records, through their contingency table.

Pairwise: a pair of records is found when both clusterings put it together (Menestrina, Whang and Garcia-Molina, "Evaluating entity
resolution results", 2010). B-cubed: the mean over records of the share of its cluster that is right (Bagga and Baldwin, "Algorithms for scoring
coreference chains", 1998). Where nothing was put together, nothing of it is wrong: precision 1, and recall alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import TypeVar

R = TypeVar("R", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision (查准率) and recall (查全率), each between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Contingency:
    """How many records are in each predicted cluster, in each true one, and in both of a pair of them."""

    both: Mapping[tuple[Hashable, Hashable], int]
    predicted: Mapping[Hashable, int]
    true: Mapping[Hashable, int]


def contingency(predicted: Mapping[R, Hashable], truth: Mapping[R, Hashable]) -> Contingency:
    """The table of two clusterings, each a mapping of the same records to the names of their clusters. ValueError when they are not the same."""
    if predicted.keys() != truth.keys():
        raise ValueError("Both clusterings must be of the same records.")
    return Contingency(
        Counter((predicted[record], entity) for record, entity in truth.items()),
        Counter(predicted.values()),
        Counter(truth.values()),
    )


def pairwise(table: Contingency) -> Measure:
    """Of all pairs that were put together, how many rightly; of all that belong together, how many were."""
    together = sum(map(pairs, table.both.values()))
    predicted = sum(map(pairs, table.predicted.values()))
    true = sum(map(pairs, table.true.values()))
    return Measure(together / predicted if predicted else 1.0, together / true if true else 1.0)


def bcubed(table: Contingency) -> Measure:
    """For each record, the share of its predicted cluster that is of its true one, and the other way round; the mean over all records."""
    number = sum(table.both.values())
    if not number:
        return Measure(1.0, 1.0)
    return Measure(
        fsum(n * n / table.predicted[cluster] for (cluster, _), n in table.both.items()) / number,
        fsum(n * n / table.true[entity] for (_, entity), n in table.both.items()) / number,
    )


def pairs(records: int) -> int:
    """How many pairs so many records make."""
    return records * (records - 1) // 2
