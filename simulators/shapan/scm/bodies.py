"""Parts of request bodies that several operations read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import Any

from shapan.scm.rules.batches import Batch, with_shelf_life


def given_day(text: str | None) -> date | None:
    """A date of a body, or None."""
    return None if text is None else date.fromisoformat(text)


def given_batch(body: Mapping[str, Any], product: sqlite3.Row) -> Batch | None:
    """The batch that a body names by batch_no, production_date and expiry_date; the product's shelf life fills in the last."""
    if body.get("batch_no") is None:
        return None
    batch = Batch(body["batch_no"], given_day(body.get("production_date")), given_day(body.get("expiry_date")))
    return with_shelf_life(batch, product["shelf_life_days"])
