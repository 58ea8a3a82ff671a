"""Shares of what is left, and giving back what went out (按余额分摊、原路退回).

A document that takes or gives back a part of something takes its share of what is left, and the part that empties it takes all: so the
parts add up exactly, in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from shapan.kernel.money import divide_half_up


class Part(NamedTuple):
    """What a movement moved, without its sign: `source_line` is the line of its document, None where it has none."""

    source_document: str
    source_line: int | None
    product_code: str
    batch_no: str | None
    milli: int
    value_fen: int


def part_of_rest(left_fen: int, left_milli: int, milli: int) -> int:
    """What of `left_fen` goes with `milli` of `left_milli`, 0 < milli <= left_milli: by quantity, half up; the last piece takes all."""
    return divide_half_up(left_fen * milli, left_milli)


def batches_back(went: Iterable[Part], came: Iterable[Part], milli: int) -> list[tuple[str, int]] | None:
    """(batch, quantity) for `milli` that comes back: into the batches from which it went, those that went last first.

    `came` is what has come back before. None for goods without batches.
    """
    left: Counter[str] = Counter()
    for part in went:
        if part.batch_no is None:
            return None
        # A batch that went twice counts where it went last.
        left[part.batch_no] = left.pop(part.batch_no, 0) + part.milli
    for part in came:
        if part.batch_no is not None:
            left[part.batch_no] -= part.milli
    if not left:
        return None
    back: list[tuple[str, int]] = []
    for batch_no in reversed(left):
        taken = min(left[batch_no], milli)
        if taken > 0:
            back.append((batch_no, taken))
            milli -= taken
    return back
