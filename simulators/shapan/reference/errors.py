"""What can go wrong between two systems, sorted by what helps: trying again later, or a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unavailable(Exception):
    """The system could not answer now; the same request may succeed later. `retry_in` seconds when the system said so."""

    def __init__(self, message: str, retry_in: float = 0.0) -> None:
        super().__init__(message)
        self.retry_in = retry_in


class Broken(Unavailable):
    """The system failed over this very request (500); it may not do so the next time, or it may for ever."""


class Refused(Exception):
    """The system understood and said no (4xx): sending it again unchanged will not help.

    `status` and `name` (last part of the problem type of RFC 9457) are for code, the message is for people.
    """

    def __init__(self, message: str, status: int, name: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


class Undecidable(Exception):
    """The documents leave open what is meant, for instance two partners of one name: a person must decide."""


class Stopping(BaseException):
    """The process was asked to stop while something waited. Not an Exception, so that no handler takes it for a failure."""


def describe(system: str, method: str, path: str, status: int, problem: Mapping[str, Any]) -> str:
    """A refusal in one readable line: `finance POST /receivables answered 422: … (/lines/0/tax_amount: …)`."""
    detail = problem.get("detail") or problem.get("error_description") or problem.get("title") or "no reason given"
    faults = problem.get("errors") or []
    listing = "; ".join(f"{fault.get('pointer') or '/'}: {fault.get('detail')}" for fault in faults)
    return f"{system} {method} {path} answered {status}: {detail}" + (f" ({listing})" if listing else "")
