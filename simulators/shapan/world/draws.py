"""Where all chance in a world comes from: one stream of numbers for each aspect of each entity.

A stream depends on the seed and its own path only ("company", 17, "address"), so that one entity more, or one draw more for
another entity, changes nothing else. Everything is built on `Random.random()`, the one method whose sequence Python promises to
keep between versions, and on SHA-256 rather than `hash()`, which differs from process to process.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def digest(*path: object) -> int:
    """A number of 128 bits that belongs to `path`, the same in every process."""
    text = ":".join(map(str, path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def stream(*path: object) -> random.Random:
    """The stream of numbers that belongs to `path`: the seed, the kind, the number and whatever tells aspects apart."""
    return random.Random(digest(*path))  # noqa: S311 - a synthetic world, no secret


def between(rng: random.Random, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: random.Random, choices: Sequence[T]) -> T:
    """One of `choices`, all equally likely."""
    return choices[int(rng.random() * len(choices))]


def weighted(rng: random.Random, choices: Iterable[tuple[T, int]]) -> T:
    """One of `choices` by whole-number weights, of which at least one is positive."""
    pairs = tuple(choices)
    rest = between(rng, 0, sum(weight for _, weight in pairs) - 1)
    for choice, weight in pairs:
        rest -= weight
        if rest < 0:
            return choice
    raise ValueError("no choice has a positive weight")


def shuffled(rng: random.Random, items: Iterable[T]) -> tuple[T, ...]:
    """All items in an order by chance (Fisher-Yates)."""
    rest = list(items)
    return tuple(rest.pop(int(rng.random() * len(rest))) for _ in range(len(rest)))


def every(percent: int, n: int) -> bool:
    """Whether the n-th (1, 2, ...) is among `percent` of all, spread evenly: no chance, so that small worlds have some too."""
    return n * percent // 100 > (n - 1) * percent // 100
