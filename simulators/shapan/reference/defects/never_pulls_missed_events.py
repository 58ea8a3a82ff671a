"""Relies on webhooks alone."""

from __future__ import annotations

from shapan.reference.pull import Puller


class Unused(Puller):
    """The feed is not looked at."""

    def start(self) -> None:
        """Nothing."""
