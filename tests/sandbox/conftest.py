"""A client for sandboxes that are started for real."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from werkzeug.serving import make_server

from shapan.cli.desk import Desk
from shapan.sandbox import SandboxOptions


@pytest.fixture
def desk() -> Iterator[Callable[[SandboxOptions, str], Desk]]:
    """desk(options, "crm") is a person's client of a system."""
    with ExitStack() as stack:

        def make(options: SandboxOptions, name: str) -> Desk:
            made = Desk(name, options.url(name), options.client)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def answering_problem() -> Iterator[Callable[..., str]]:
    """answering_problem(en={…}, zh={…}) is the URL of a server that refuses everything with this problem, in the language that is asked for."""
    with ExitStack() as stack:

        def start(en: dict[str, object], zh: dict[str, object]) -> str:
            def app(environ: dict[str, str], respond: Callable[..., object]) -> list[bytes]:
                chinese = environ.get("HTTP_ACCEPT_LANGUAGE", "").startswith("zh")
                body = json.dumps(zh if chinese else en).encode()
                respond("422 Unprocessable Content", [("Content-Length", str(len(body)))])
                return [body]

            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start
