"""Where all chance in a world comes from: one stream of numbers for each aspect of each entity.

A stream depends on the seed and its own path only ("company", 17, "address"), so that one entity more, or one draw more for
another entity, changes nothing else. Everything is computed here from SHA-512 and whole numbers, so that it is the same in every
process, on every machine and with every version of Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from struct import unpack
from typing import Protocol, TypeVar

T = TypeVar("T")
_UNIT = 2.0**-53


class Rng(Protocol):
    """What the draws need: `random()` gives the next number in [0, 1). `random.Random` is one too, Faker's generator has one."""

    def random(self) -> float:
        """The next number in [0, 1)."""
        ...  # pragma: no cover


class Stream:
    """The stream of numbers that belongs to one path. Eight numbers are one SHA-512, which is faster to begin than `random.Random`."""

    __slots__ = ("_key", "_next", "_numbers")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._numbers: tuple[int, ...] = unpack(">8Q", hashlib.sha512(key).digest())
        self._next = 0

    def random(self) -> float:
        """The next number in [0, 1), with 53 bits."""
        place = self._next
        if place == 8:
            self._key += b"+"
            self._numbers = unpack(">8Q", hashlib.sha512(self._key).digest())
            place = 0
        self._next = place + 1
        return (self._numbers[place] >> 11) * _UNIT


def digest(*path: object) -> int:
    """A number of 128 bits that belongs to `path`, the same in every process."""
    text = ":".join(map(str, path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def stream(*path: object) -> Stream:
    """The stream of numbers that belongs to `path`: the seed, the kind, the number and whatever tells aspects apart."""
    return Stream(":".join(map(str, path)).encode())


def between(rng: Rng, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return low + int(rng.random() * (high - low + 1))


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """One of `choices`, all equally likely."""
    return choices[int(rng.random() * len(choices))]


def digits(rng: Rng, number: int) -> str:
    """`number` (at most 15) decimal digits."""
    return f"{int(rng.random() * 10**number):0{number}d}"


def weighted(rng: Rng, choices: Iterable[tuple[T, int]]) -> T:
    """One of `choices` by whole-number weights, of which at least one is positive."""
    pairs = tuple(choices)
    rest = between(rng, 0, sum(weight for _, weight in pairs) - 1)
    for choice, weight in pairs:
        rest -= weight
        if rest < 0:
            return choice
    raise ValueError("no choice has a positive weight")


def shuffled(rng: Rng, items: Iterable[T]) -> tuple[T, ...]:
    """All items in an order by chance (Fisher-Yates)."""
    rest = list(items)
    return tuple(rest.pop(int(rng.random() * len(rest))) for _ in range(len(rest)))


def every(percent: int, n: int) -> bool:
    """Whether the n-th (1, 2, ...) is among `percent` of all, spread evenly: no chance, so that small worlds have some too."""
    return n * percent // 100 > (n - 1) * percent // 100


def place_of(key: int, n: int, rows: int, columns: int) -> tuple[int, int]:
    """Where the n-th (0 <= n < rows x columns) stands in a table of that shape when all are put down by chance: no two in one place.

    A permutation by four rounds that shift rows by columns and columns by rows, each by an amount that looks random: whoever knows
    `n` knows its place without asking the others.
    """
    row, column = divmod(n, columns)
    for turn in range(2):
        row = (row + _mix(key, 2 * turn, column)) % rows
        column = (column + _mix(key, 2 * turn + 1, row)) % columns
    return row, column


def _mix(key: int, turn: int, value: int) -> int:
    word = ((value + 1) * 0x9E3779B97F4A7C15 + key + turn * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF
    word = ((word ^ (word >> 29)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return word ^ (word >> 32)
