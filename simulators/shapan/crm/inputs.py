"""Wire values in the form that the tables keep, and the answer of a list (输入转换与分页)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shapan.crm.store.pages import Position
from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Problem
from shapan.kernel.paging import bad_cursor, decode_cursor, encode_cursor, next_link
from shapan.kernel.system import Answer, Context, ok

_MAX_SEQ = 2**63 - 1


def uuid_key(text: str) -> str:
    """A UUID as we store it; RFC 9562 has it read in either case."""
    return text.lower()


def moment(text: str) -> str:
    """A time of the contract, in any offset, as the texts with +08:00 that the tables hold and compare."""
    return rfc3339(datetime.fromisoformat(text))


def allow(refusal: Problem | None) -> None:
    """Go on when the rules have nothing against it; else raise their refusal."""
    if refusal is not None:
        raise refusal


def page_answer(
    ctx: Context,
    cursor: str | None,
    limit: int,
    updated_since: str | None,
    select: Callable[[Position, int], list[sqlite3.Row]],
    view: Callable[[list[sqlite3.Row]], list[dict[str, Any]]],
) -> Answer:
    """One page: `select(after, limit)` gives the rows beyond a position, `view` makes their wire form.

    The list is in the order of creation, or with `updated_since` (in the form of the tables) in the order of the last change;
    a cursor goes on in the order in which it was given. One row more than asked for is read, to know whether there is a next page.
    """
    after = Position(updated_since, 0) if cursor is None else _position(cursor)
    rows = select(after, limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    following = _cursor(rows[-1], by_change=after.updated_at is not None) if more else None
    return ok(
        {"items": view(rows), "nextCursor": following},
        link=None if following is None else next_link(ctx, following),
    )


def _cursor(last: sqlite3.Row, *, by_change: bool) -> str:
    at = {"at": last["updated_at"]} if by_change else {}
    return encode_cursor({**at, "after": last["seq"]})


def _position(cursor: str) -> Position:
    position = decode_cursor(cursor)
    at, after = position.pop("at", None), position.pop("after", None)
    if not position and type(after) is int and 0 <= after <= _MAX_SEQ and (at is None or isinstance(at, str)):
        return Position(at, after)
    raise bad_cursor()
