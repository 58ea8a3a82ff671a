"""What was refused is sent again and again, unchanged."""

from __future__ import annotations

from shapan.reference.errors import Refused
from shapan.reference.worker import Worker


class NeverTakesNo(Worker):
    """Takes every refusal for an outage."""

    def pause(self, error: Exception, attempts: int) -> float | None:
        """A moment, for ever."""
        return 0.2 if isinstance(error, Refused) else super().pause(error, attempts)
