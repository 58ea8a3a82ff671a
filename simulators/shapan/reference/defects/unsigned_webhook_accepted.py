"""Believes whoever knows the address of the webhook."""

from __future__ import annotations

from collections.abc import Mapping

from shapan.reference.signature import Signature


class Gullible(Signature):
    """Looks at no signature."""

    def check(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Everything is fine."""
