"""Works the inbox off: in parallel across documents, in order within one, with retries, and never stuck on one bad event.

A document whose handler fails waits with growing pauses while the others go on. What a system refuses is parked at once as a dead
letter, with its reason; what it could not answer is tried for as long as it takes, because outages end.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from shapan.reference.errors import Broken, Refused, Stopping, Unavailable
from shapan.reference.inbox import Inbox, parse
from shapan.reference.state import State, Work
from shapan.reference.tracing import following

log = logging.getLogger("shapan.reference")

Handler = Callable[[Mapping[str, Any]], None]

# What breaks a system over and over, for about an hour at the longest pause, is put aside; an outage is waited for, however long.
_BREAKING_ATTEMPTS = 1200
# 409 and 412: the state of a document may be on its way to what we expect, but not for ever. 401: the new token had expired before it arrived,
# as when the clock is put forward step by step; one that is refused for good stays so.
_CLASH_ATTEMPTS = 8
_CLASHES = frozenset({401, 409, 412})
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0


def pause_after(error: Exception, attempts: int, jitter: float = 0.0) -> float | None:
    """Seconds until an event is tried again after `attempts` failures, this one included; None when it is to be parked.

    `jitter` between 0 and 1 lengthens the pause by up to a quarter.
    """
    pause = min(_FIRST_PAUSE * 2.0 ** min(attempts - 1, 10), _LONGEST_PAUSE) * (1 + 0.25 * jitter)
    if isinstance(error, Unavailable | sqlite3.Error):
        hopeless = isinstance(error, Broken) and attempts >= _BREAKING_ATTEMPTS
        return None if hopeless else max(pause, getattr(error, "retry_in", 0.0))
    if isinstance(error, Refused) and error.status in _CLASHES:
        return pause if attempts < _CLASH_ATTEMPTS else None
    return None


class Worker:
    """Threads that take due events. `handlers` by piece of work; clock (epoch seconds) and jitter can be given for tests."""

    threads: ClassVar[int] = 8

    def __init__(
        self,
        state: State,
        inbox: Inbox,
        handlers: Mapping[str, Handler],
        *,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._state = state
        self._inbox = inbox
        self._handlers = handlers
        self._clock = clock
        self._jitter = jitter
        self._busy: set[str] = set()
        self.stopping = False  # guarded by inbox.changed
        self._threads: list[threading.Thread] = []

    def start(self, threads: int | None = None) -> None:
        """Begin to work, with what was left over from the last run first."""
        for number in range(threads or self.threads):
            thread = threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float = 5.0) -> None:
        """Finish what is in hand, at most so long. What is not finished stays in the inbox."""
        with self._inbox.changed:
            self.stopping = True
            self._inbox.changed.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads.clear()

    def step(self) -> bool:
        """Work one due event in this thread. False when there is none."""
        with self._inbox.changed:
            work, _ = self._claim()
        if work is None:
            return False
        self._serve(work)
        return True

    def drain(self) -> None:
        """Return when nothing waits any more, or when asked to stop."""
        with self._inbox.changed:
            self._inbox.changed.wait_for(lambda: self.stopping or (not self._busy and not self._state.waiting()))

    def _run(self) -> None:
        while True:
            try:
                work = self._next()
                if work is None:
                    return
                self._serve(work)
            except Stopping:
                return
            except sqlite3.Error as error:
                log.error("the state database failed, next attempt in 1 s (状态库故障): %s", error)
                with self._inbox.changed:
                    self._inbox.changed.wait(1.0)

    def _next(self) -> Work | None:
        """Wait for work; None when asked to stop."""
        with self._inbox.changed:
            while not self.stopping:
                work, wait = self._claim()
                if work is not None:
                    return work
                self._inbox.changed.wait(wait)
        return None

    def _claim(self) -> tuple[Work | None, float | None]:
        """Take the next due event whose document no thread has in hand, or say in how many seconds one will be due.

        (None, None): nothing waits. The caller holds the condition.
        """
        for work, due_at in self._state.heads(len(self._busy) + 1):
            if work.document not in self._busy:
                if (wait := due_at - self._clock()) > 0:
                    return None, wait
                self._busy.add(work.document)
                return work, None
        return None, None

    def _serve(self, work: Work) -> None:
        try:
            # One look for a report answers all events that were waiting when it began.
            covered = self._state.waiting(work.document) if work.report else [work.id]
            self._attempt(work, covered)
        finally:
            with self._inbox.changed:
                self._busy.discard(work.document)
                # One idle thread looks at what this document has next; all when it was the last, for `drain`.
                self._inbox.changed.notify(1 if self._busy else self.threads + 1)

    def _attempt(self, work: Work, covered: list[int]) -> None:
        try:
            event = parse(work.body)
            with following(event.get("traceparent")):
                self._handlers[work.type](event)
        except Exception as error:
            self._failed(work, error)
        else:
            self._state.done(covered)

    def pause(self, error: Exception, attempts: int) -> float | None:
        """Seconds until what failed so often is tried again; None when it is given up."""
        return pause_after(error, attempts, self._jitter())

    def _failed(self, work: Work, error: Exception) -> None:
        attempts = work.attempts + 1
        # A failure without a class of ours is a fault in this program or an event of unknown shape; its class helps to find it.
        known = isinstance(error, Unavailable | Refused) or type(error).__module__.startswith("shapan.")
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        pause = self.pause(error, attempts)
        if pause is None:
            self._state.park(work, reason)
            log.error("%s: %s given up after %d attempt(s) (死信): %s", work.document, work.type, attempts, reason)
        else:
            self._state.postpone(work, self._clock() + pause, reason)
            level = logging.WARNING if attempts == 1 else logging.DEBUG
            log.log(level, "%s: %s failed, next attempt in %.1f s: %s", work.document, work.type, pause, reason)
