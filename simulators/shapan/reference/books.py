"""The accounting period that a document goes to (会计期间): that of the day on which it happened, or the next open one when that is closed.

A document that comes after its month was closed (迟到单据) is neither lost nor forced into the closed books: it is posted on the first day
of the first open period, and says there on which day it happened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused

log = logging.getLogger("shapan.reference")

LOCKED = "period-locked"


class Books:
    """The books of finance, as those see them that post to them. Thread-safe."""

    scopes = ("ledger:read",)
    """What it needs of finance besides the right to post the document: to see which periods are closed."""

    def __init__(self, finance: SystemClient) -> None:
        self._finance = finance

    def post(self, path: str, body: Mapping[str, Any], *, key: str, remark: str | None = None) -> Any:
        """Post a document with a `business_date`, in the next open period when the period of that day is closed.

        `remark` names the member of the body that then tells the day on which it happened, as `summary` does. Refused as the client says.
        """
        try:
            return self._finance.post(path, body, key=key)
        except Refused as refusal:
            if refusal.name != LOCKED:
                raise
            return self.post_late(path, body, key=key, remark=remark)

    def post_late(self, path: str, body: Mapping[str, Any], *, key: str, remark: str | None) -> Any:
        """Post a document whose period is closed, on the first day of the first open period after it."""
        happened = body["business_date"]
        day = self.first_open_day(happened)
        late = {**body, "business_date": day}
        if remark is not None:
            late[remark] = late_text(body.get(remark), body["source_reference"]["document"], happened)
        log.warning(
            "finance has closed %s: what happened on %s is posted on %s (期间已结账，计入下一开放期间)",
            happened[:7],
            happened,
            day,
        )
        # The body is another one, so the key must be; the period in it keeps it the same after a crash.
        return self._finance.post(path, late, key=f"{key}/{day[:7]}")

    def first_open_day(self, day: str) -> str:
        """The first day of the first period after that of `day` that is not closed."""
        locked = {one["period"] for one in self._finance.by_watermark("/periods") if one["state"] == "locked"}
        first = next_month(date.fromisoformat(day))
        while first.isoformat()[:7] in locked:
            first = next_month(first)
        return first.isoformat()


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def late_text(text: str | None, document: str, happened: str) -> str:
    """What a late document says of itself, before what it said anyway."""
    note = f"{document} 业务日期 {happened}，原期间已结账"
    return f"{note}；{text}"[:200] if text else note
