"""The edge (接入层): an event loop in front of the Flask app, so that whoever waits holds up nobody.

granian calls it by its own protocol, RSGI. Requests are worked on by a few threads; what waits (for a fault, for a workspace that is held, for
its answer's time) waits here and costs neither a thread nor the others' time. What a threaded server does instead is in `flask_app`.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVarTuple

from shapan.kernel.connection import cut_between
from shapan.kernel.waiting import Passed, Pause, Signal
from shapan.kernel.wire import Reply

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)
Ts = TypeVarTuple("Ts")

OUTCOME = "shapan.outcome"
PASSED = "shapan.passed"
AT_EDGE = "shapan.edge"
OPERATOR_THREADS = 4

_FIXED = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    AT_EDGE: True,
}

Answer = tuple[int, list[tuple[str, str]], bytes]


class Lane:
    """Some threads that call the app, and give what it answers back to the event loop."""

    def __init__(self, app: Flask, threads: int, name: str) -> None:
        self._app = app
        self._waiting: SimpleQueue[tuple[dict[str, Any], asyncio.Future[Answer]]] = SimpleQueue()
        self._done: deque[tuple[asyncio.Future[Answer], Answer]] = deque()
        self._told = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin, on this event loop."""
        self._loop = loop
        for thread in self._threads:
            thread.start()

    def call(self, environ: dict[str, Any]) -> Awaitable[Answer]:
        """The app's answer to a request; what it did besides stands in `environ`."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.put((environ, future))
        return future

    def _work(self) -> None:
        while True:
            environ, future = self._waiting.get()
            try:
                answer = _call(self._app, environ)
            except Exception:
                log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
                answer = (500, [], b"")
            self._done.append((future, answer))
            # One call wakes the loop for all that was done meanwhile: each costs a system call.
            if not self._told:
                self._told = True
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._told = False
        while self._done:
            future, answer = self._done.popleft()
            if not future.done():
                future.set_result(answer)


class BrokenOff(Exception):
    """A body that did not come to its end."""


class ServingLoop(asyncio.SelectorEventLoop):
    """An event loop that says when its process is told to end, before granian begins to wait for the requests that are left."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = Signal()

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """As ever, and `ending` happens first."""

        def ending() -> None:
            self.ending.set()
            callback(*args)

        super().add_signal_handler(sig, ending)


def serving_loop() -> ServingLoop:
    """A new one, made the current one of this thread."""
    loop = ServingLoop()
    asyncio.set_event_loop(loop)
    return loop


class Edge:
    """The RSGI application over `app`. `threads` work on clients' requests, some more on the operator's, so that neither waits for the other.

    `body_limit` is the largest body in bytes that any operation takes; of a larger one no more than that is read.
    """

    def __init__(self, app: Flask, threads: int, body_limit: int) -> None:
        self._body_limit = body_limit
        self._clients = Lane(app, threads, "client")
        self._operator = Lane(app, OPERATOR_THREADS, "operator")
        self._ending: Signal | None = None
        self.waiting = 0
        """How many requests wait here now."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """granian says which event loop it will call us on."""
        for lane in (self._clients, self._operator):
            lane.start(loop)
        if isinstance(loop, ServingLoop):
            self._ending = loop.ending

    async def __rsgi__(self, scope: Any, protocol: Any) -> Any:
        """One request."""
        try:
            body = await self._read(scope, protocol)
        except BrokenOff:
            # As granian itself answers what it cannot read.
            return protocol.response_empty(400, [("connection", "close")])
        environ = _environ(scope)
        passed: Passed = environ[PASSED]
        lane = self._operator if "/_shapan/" in scope.path else self._clients
        while True:
            environ["wsgi.input"] = io.BytesIO(body)
            status, headers, content = await lane.call(environ)
            outcome = environ.pop(OUTCOME, None)
            if not isinstance(outcome, Pause):
                break
            # Who is not to be forgotten is not watched: it would be looked at again and again, and found gone each time.
            gone = await self._wait(outcome.wait_async(), protocol if outcome.abandon else None)
            if gone or self._ends:
                outcome.give_up()
            if self._ends:
                # A system that goes down leaves those who wait without an answer.
                return _hang_up(scope, protocol)
            if gone:
                return None
            passed.add(outcome.name)
        reply = outcome if isinstance(outcome, Reply) else None
        if reply is not None and reply.delay_seconds:
            await self._wait(asyncio.sleep(reply.delay_seconds), protocol)
        if reply is None or reply.sent == "whole":
            return protocol.response_bytes(status, headers, content)
        if reply.sent == "nothing" or not content:
            # HEAD: without a body nothing would look cut.
            return _hang_up(scope, protocol)
        # The server ends the connection itself when a body is shorter than its Content-Length says.
        stream = protocol.response_stream(status, headers)
        return await stream.send_bytes(content[: max(1, len(content) // 2)])

    @property
    def _ends(self) -> bool:
        return self._ending is not None and self._ending.is_set

    async def _wait(self, waiting: Coroutine[Any, Any, None], protocol: Any | None) -> bool:
        """Wait to its end, but no longer than this process lives and, with a `protocol`, than its client waits; whether that hung up."""
        # Real tasks: granian's own way of running us is none, and timeouts need one.
        tasks = {asyncio.ensure_future(waiting)}
        watcher = None if protocol is None else asyncio.ensure_future(_watch(protocol))
        if watcher is not None:
            tasks.add(watcher)
        if self._ending is not None:
            tasks.add(asyncio.ensure_future(Pause("", None, self._ending).wait_async()))
        self.waiting += 1
        try:
            done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
        for task in left:
            task.cancel()
        return watcher in done

    async def _read(self, scope: Any, protocol: Any) -> bytes:
        """The body, or just enough of it to know that it is too large. BrokenOff: half a file is to its reader a whole one with fewer rows."""
        given = scope.headers
        length = given.get("content-length")
        if length is None and "transfer-encoding" not in given:
            return b""
        if length is not None and length.isdigit() and int(length) <= self._body_limit:
            whole: bytes = await protocol()
            return whole
        parts, size, empty = [], 0, 0
        async for part in protocol:
            # granian says of a body that broke off only this: an empty part before the one at its end. Of trailers it says the same.
            empty += not part
            parts.append(part)
            size += len(part)
            if size > self._body_limit:
                break
        if empty > 1:
            raise BrokenOff
        return b"".join(parts)


def _environ(scope: Any) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request, without its body."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        **_FIXED,
        PASSED: Passed(),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _call(app: Flask, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return lambda _: None

    result = app(environ, start_response)
    try:
        content = b"".join(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = started[0]
    return int(status[:3]), headers, content


async def _watch(protocol: Any) -> None:
    await protocol.client_disconnect()


def _hang_up(scope: Any, protocol: Any) -> None:
    """Cut the connection without a word."""
    cut_between(scope.client, scope.server)
    # Nobody receives it, but granian wants to have been told of an end.
    protocol.response_empty(503, [])
