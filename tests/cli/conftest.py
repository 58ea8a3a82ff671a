"""The command `shapan` in tests: as a process, and, for what ends before anything is started, in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result

Shapan = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def shapan() -> Shapan:
    """shapan("demo", …) runs the command as a process, text in UTF-8."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shapan", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False, **options)

    return run


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """invoke("world", "list", SHAPAN_CONTRACTS="…") runs the command in this process, which is faster; no other SHAPAN_ variable is set."""
    from shapan.cli import main

    for name in [name for name in os.environ if name.startswith("SHAPAN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, list(arguments), env=environment, prog_name="shapan")

    return run


@pytest.fixture
def answering() -> Iterator[Callable[[Any], str]]:
    """answering(body) is the URL of a server that answers everything with this JSON."""
    servers: list[ThreadingHTTPServer] = []

    def start(body: Any) -> str:
        data = json.dumps(body).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
