"""Cursor paging: an opaque cursor and the Link header (RFC 8288) to the next page."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from shapan.kernel.errors import Fault, Problem, invalid

if TYPE_CHECKING:
    from shapan.kernel.system import Context


def encode_cursor(position: dict[str, Any]) -> str:
    """An opaque, URL-safe cursor for a position in a list."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> dict[str, Any]:
    """The position behind a cursor; 400 with its pointer when we did not make it."""
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if isinstance(position, dict) and encode_cursor(position) == cursor:
            return position
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise bad_cursor()


def bad_cursor() -> Problem:
    """400: the cursor is not one that this system gave."""
    return invalid(
        [
            Fault(
                "/cursor",
                "Not a cursor of this system; take it from nextCursor.",
                "不是本系统给出的游标，请取自 nextCursor。",
                "query",
            )
        ]
    )


def next_link(ctx: Context, cursor: str) -> str:
    """The Link header value that leads to the page at `cursor`, with the other query parameters kept."""
    query = [(key, value) for key, value in parse_qsl(ctx.query_string, keep_blank_values=True) if key != "cursor"]
    return f'<{ctx.base_url}{ctx.path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'
