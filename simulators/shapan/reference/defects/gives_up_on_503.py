"""A system that is closed for a while costs what was to be booked in it."""

from __future__ import annotations

from shapan.reference.errors import Unavailable
from shapan.reference.worker import Worker


class Impatient(Worker):
    """Takes every outage for a refusal."""

    def pause(self, error: Exception, attempts: int) -> float | None:
        """None: what cannot be done now is given up."""
        return None if isinstance(error, Unavailable) else super().pause(error, attempts)
