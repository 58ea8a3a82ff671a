"""Fetches events from the feed of one system (`GET /events?after=`), after the cursor that is kept with the inbox.

In pull mode this is the way in; in webhook mode it runs slowly beside the webhook and finds what was never pushed.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused, Stopping, Unavailable
from shapan.reference.inbox import Inbox
from shapan.reference.state import State

log = logging.getLogger("shapan.reference")

PAGE = 500
# Seconds between two looks at a feed that was empty.
PULL_PAUSE = 0.2
CATCH_UP_PAUSE = 2.0
_LONGEST_PAUSE = 5.0


class Puller:
    """Pulls the feed of one system. `pause` seconds lie between two looks; `wait(seconds)` is True when it is time to stop."""

    def __init__(
        self, client: SystemClient, inbox: Inbox, state: State, pause: float, wait: Callable[[float], bool]
    ) -> None:
        self._client = client
        self._inbox = inbox
        self._state = state
        self._pause = pause
        self._wait = wait
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Pull in a thread of its own until `wait` says stop."""
        self._thread = threading.Thread(target=self._run, name=f"pull-{self._client.system}", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def pull(self) -> int:
        """Take all that the feed has now, page by page. Returns how many events were new.

        The cursor moves in the transaction that stores the page. Raises Unavailable, Refused, sqlite3.Error.
        """
        system, new, more = self._client.system, 0, True
        while more:
            after = self._state.cursor(system)
            page = self._client.get("/events", after=after, limit=PAGE)
            more = page["has_more"]
            if page["events"]:
                new += self._inbox.take_page(system, page["events"], page["next"])
        return new

    def _run(self) -> None:
        failures = 0
        while True:
            try:
                self.pull()
            except Stopping:
                return
            except (Unavailable, Refused, sqlite3.Error) as error:
                failures += 1
                if failures == 1:
                    log.warning("%s feed cannot be read, trying on (事件源暂不可用): %s", self._client.system, error)
                pause = max(
                    min(self._pause * 2.0 ** min(failures, 10), _LONGEST_PAUSE), getattr(error, "retry_in", 0.0)
                )
            else:
                if failures:
                    log.info("%s feed can be read again", self._client.system)
                failures, pause = 0, self._pause
            if self._wait(pause):
                return
