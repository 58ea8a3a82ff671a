"""Access tokens by OAuth 2.0 client credentials (客户端凭证, RFC 6749 section 4.4), renewed before they expire."""

from __future__ import annotations

import threading
from collections.abc import Callable

# A token is renewed this share of its life before its end, so that none expires on the way.
RESERVE = 0.1


class TokenKeeper:
    """Keeps one token for many threads. `fetch` asks the token endpoint: () -> (token, seconds it is valid)."""

    def __init__(self, fetch: Callable[[], tuple[str, float]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def current(self) -> str:
        """A token that is still good for a while; fetched or renewed when there is none."""
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._renew()
            return self._token

    def instead_of(self, refused: str) -> str:
        """Another token after a 401 for `refused`. When another thread has renewed it meanwhile, that one."""
        with self._lock:
            if self._token == refused:
                self._renew()
            return self._token

    def _renew(self) -> None:
        asked_at = self._clock()
        self._token, valid = self._fetch()
        self._renew_at = asked_at + valid * (1 - RESERVE)
