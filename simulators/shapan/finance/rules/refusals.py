"""How faults become the one problem that answers a request (拒绝)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from shapan.kernel.errors import Fault, Problem, conflict, locked, refused
from shapan.kernel.money import text_from_fen


def refusal(wrong: Sequence[Fault], lock: Fault | None = None, short: Sequence[Fault] = ()) -> Problem | None:
    """The one problem that answers all these faults, or None.

    422 when anything is wrong with the content, with every fault in it; else 423 for the locked period; else 409 for amounts that
    are no longer open.
    """
    locks = [] if lock is None else [lock]
    if wrong or (lock is not None and short):
        return refused([*wrong, *locks, *short])
    if lock is not None:
        return dataclasses.replace(locked(lock.en, lock.zh), faults=(lock,))
    if short:
        problem = conflict("open-amount-exceeded", " ".join(f.en for f in short), "".join(f.zh for f in short))
        return dataclasses.replace(problem, faults=tuple(short))
    return None


def not_left(number: str, rest: int, amount: int) -> list[Fault]:
    """Why `amount` of a document cannot be given back (退款): only `rest` is left of it, both in fen; nothing when it suffices."""
    if amount <= rest:
        return []
    left, asked = text_from_fen(max(rest, 0)), text_from_fen(amount)
    return [
        Fault(
            "/amount",
            f"Only {left} of {number} is left, {asked} is to be given back.",
            f"{number} 可退金额只有 {left}，本次退款 {asked}。",
        )
    ]


def unknown_customer(pointer: str, customer_id: int) -> Fault:
    """A reference to a customer that does not exist."""
    return Fault(pointer, f"There is no customer {customer_id}.", f"没有往来单位 {customer_id}。")
