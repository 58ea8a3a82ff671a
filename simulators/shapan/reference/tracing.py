"""W3C Trace Context (链路追踪): what is done for an event belongs to the trace of what caused it, so that it can be found as one."""

from __future__ import annotations

import contextvars
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

_PRESENT: contextvars.ContextVar[str | None] = contextvars.ContextVar("traceparent", default=None)


@contextmanager
def following(traceparent: object) -> Iterator[None]:
    """Within, requests belong to the trace of this `traceparent`, as a step of their own; without one, to none."""
    parts = traceparent.split("-") if isinstance(traceparent, str) else []
    step = f"{parts[0]}-{parts[1]}-{secrets.token_hex(8)}-{parts[3]}" if len(parts) == 4 else None
    token = _PRESENT.set(step)
    try:
        yield
    finally:
        _PRESENT.reset(token)


def headers() -> dict[str, str]:
    """The header of a request that is made now; none outside of a trace."""
    step = _PRESENT.get()
    return {} if step is None else {"traceparent": step}
