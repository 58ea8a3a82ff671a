"""Waiting without holding up anybody: what a request waits for, outside the threads that serve the others.

`dispatch.handle` gives a `Pause` instead of a reply where a request has to wait, for a fault or for a workspace that is held. Who serves it
(the edge on its event loop, or a server with a thread for each connection) waits and asks again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Signal:
    """Something that happens once (信号). Threads wait for it, event loops are called; both may be any number."""

    def __init__(self) -> None:
        self._happened = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        """It happens, now or already before: all who wait go on."""
        with self._lock:
            self._happened.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @property
    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._happened.is_set()

    def wait(self, seconds: float | None) -> bool:
        """Wait in this thread, at most so long; whether it has happened."""
        return self._happened.wait(seconds)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` once when it happens, in the thread where it does; at once when it has. Gives what ends the subscription."""
        with self._lock:
            if not self._happened.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)


class Wait(Exception):
    """Raised by an operation of the operator interface that has nothing to say yet: it is asked again after the pause."""

    def __init__(self, pause: Pause) -> None:
        super().__init__(pause.name)
        self.pause = pause


class Passed(set[str]):
    """What a request has waited for already; it stays with the request however often that is handled.

    `met` is what the faults decided about it when it came: they are drawn and counted once. `came` is when it did, in seconds since 1970.
    """

    met: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.came = time.time()


@dataclass(frozen=True, slots=True)
class Pause:
    """A request must wait: `seconds` of real time, or until `signal`, whichever comes first; one of them may be None, not both.

    `name` is then among what the request has `passed`. `abandon`: a client that hangs up meanwhile ends the request; without it the
    request goes on, as in a system that does not notice. `given_up` is called when it ends so.
    """

    name: str
    seconds: float | None = None
    signal: Signal | None = None
    abandon: bool = False
    given_up: Callable[[], None] | None = None

    def give_up(self) -> None:
        """The request ends here, without an answer."""
        if self.given_up is not None:
            self.given_up()

    def wait(self) -> None:
        """In this thread."""
        (self.signal or Signal()).wait(self.seconds)

    async def wait_async(self) -> None:
        """On an event loop."""
        if self.signal is None:
            await asyncio.sleep(self.seconds or 0)
            return
        loop = asyncio.get_running_loop()
        happened = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(happened.set)

        forget = self.signal.subscribe(wake)
        try:
            async with asyncio.timeout(self.seconds):
                await happened.wait()
        except TimeoutError:
            pass
        finally:
            forget()
