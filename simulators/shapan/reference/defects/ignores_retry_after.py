"""Asks again at once, whatever the system says about when."""

from __future__ import annotations

from shapan.reference.client import SystemClient


class Pushing(SystemClient):
    """Does not listen."""

    def rest(self, seconds: float) -> None:
        """Does not wait for Retry-After."""
