"""Asks for a token at the start, and for no other."""

from __future__ import annotations

from shapan.reference.tokens import TokenKeeper


class OneToken(TokenKeeper):
    """Keeps the first token for ever."""

    def current(self) -> str:
        """The first one."""
        with self._lock:
            if not self._token:
                self._renew()
            return self._token

    def instead_of(self, refused: str) -> str:
        """The same again."""
        return refused
