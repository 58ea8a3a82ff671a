"""What is sent again, since no answer came, is done again."""

from __future__ import annotations

from shapan.reference.client import SystemClient


class NoKey(SystemClient):
    """Sends no Idempotency-Key."""

    def once(self, key: str) -> dict[str, str]:
        """Nothing."""
        return {}
