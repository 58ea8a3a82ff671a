"""The gate of a workspace (闸门): while it is held, nothing runs in the workspace, so that all systems can be changed as one.

Whoever changes a workspace in several systems at once (fork, snapshot, restore, reset) holds the gates of all of them first. A hold lets the
requests that run end, makes new ones wait, and ends by itself when its time is up, so that a holder that died holds nobody up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shapan.kernel.ids import new_uuid
from shapan.kernel.waiting import Pause, Signal


class Gate:
    """Open, or held until a moment of real time. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._holder: str | None = None
        self._until = 0.0
        self._opens = Signal()

    def enter(self) -> Pause | None:
        """Go in, or what to wait for before trying again. Who went in must `leave`."""
        with self._changed:
            if self._is_held():
                return Pause("", self._until - time.monotonic(), self._opens)
            self._inside += 1
            return None

    def leave(self) -> None:
        """Go out again."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """For threads that work on their own: go in, waiting here as long as it takes, and out."""
        while (pause := self.enter()) is not None:
            pause.wait()
        try:
            yield
        finally:
            self.leave()

    def hold(self, lease: float, patience: float) -> str | None:
        """Hold the gate for `lease` seconds at most, once what runs has ended; None when it has not after `patience` seconds, or somebody else holds it.

        Gives a name for `release`.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            while self._is_held():
                if (
                    not self._changed.wait(min(deadline, self._until) - time.monotonic())
                    and time.monotonic() >= deadline
                ):
                    return None
            holder = self._holder = new_uuid()
            self._until = deadline + lease
            self._opens = Signal()
            while self._inside:
                if not self._changed.wait(deadline - time.monotonic()) and self._inside:
                    self._open()
                    return None
            self._until = time.monotonic() + lease
            return holder

    def release(self, holder: str) -> bool:
        """Let go of it; False when the hold had ended before."""
        with self._changed:
            held = self._is_held() and self._holder == holder
            if held:
                self._open()
            return held

    def held_by(self, holder: str) -> bool:
        """Whether this hold is still on: what was prepared under it may be done."""
        with self._changed:
            return self._is_held() and self._holder == holder

    def _is_held(self) -> bool:
        if self._holder is not None and time.monotonic() >= self._until:
            self._open()
        return self._holder is not None

    def _open(self) -> None:
        self._holder = None
        self._opens.set()
        self._changed.notify_all()
