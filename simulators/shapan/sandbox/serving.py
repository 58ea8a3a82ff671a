"""One system served by granian in this process: what a container runs, and what `processes` starts for each system.

Thread count: see ARCHITECTURE.md, "Serving". The number of blocking threads must exceed the requests that a fault may hold up
at one time; one thread is fastest for quick answers, but one delayed answer then stops all others.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapan.kernel.auth import Client
from shapan.sandbox.options import SandboxError, SandboxOptions, world_facts
from shapan.world import WorldSpec

if TYPE_CHECKING:
    from flask import Flask

BLOCKING_THREADS = 64
_VARIABLE = "SHAPAN_SERVE"


def serve(name: str, options: SandboxOptions, *, with_parent: bool = False) -> None:
    """Serve until a signal ends it. `with_parent`: also end when standard input ends, which the parent holds open."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces

    os.environ[_VARIABLE] = json.dumps({"name": name, **_to_json(options)})
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    server = Granian(
        "shapan.sandbox.serving:worker_app",
        factory=True,
        address=options.host,
        port=options.ports[name],
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        # All threads stay: starting one in the middle of a burst costs more than keeping it.
        blocking_threads_idle_timeout=600,
        log_enabled=False,
        workers_kill_timeout=5,
    )
    try:
        server.serve()
    except SystemExit as error:
        # granian says 1 when its worker ended; for us that is "could not be run".
        sys.exit(2 if error.code else 0)


def _end_with_parent() -> None:
    # Not through sys.stdin: its lock would be held in the worker that is forked meanwhile.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def worker_app() -> Flask:
    """The app of the system that the environment names; granian calls it in its worker process."""
    from shapan.kernel.bundle import ContractError
    from shapan.kernel.database import DatabaseError
    from shapan.kernel.flask_app import create_app
    from shapan.kernel.resources import ResourceMissing
    from shapan.sandbox.systems import make_runtime
    from shapan.world import WorldError

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    given = json.loads(os.environ[_VARIABLE])
    try:
        runtime = make_runtime(given["name"], _from_json(given))
    except (ContractError, DatabaseError, ResourceMissing, SandboxError, WorldError) as error:
        print(f"{START_FAILED} {error}", file=sys.stderr, flush=True)
        os._exit(2)
    app = create_app(runtime)
    runtime.start()
    threading.Thread(target=_end_with_server, args=(os.getppid(),), daemon=True).start()
    return app


START_FAILED = "shapan cannot start:"


def _end_with_server(parent: int) -> None:
    """A worker whose server process was killed would hold the port for ever."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(0.2)
    os._exit(1)


def _to_json(options: SandboxOptions) -> dict[str, Any]:
    return {
        "world": world_facts(options.world),
        "folder": str(options.folder),
        "ports": options.ports,
        "urls": options.urls,
        "client": [options.client.client_id, options.client.secret],
        "host": options.host,
        "strict": options.strict,
        "operator_token": options.operator_token,
    }


def _from_json(given: dict[str, Any]) -> SandboxOptions:
    world = given["world"]
    return SandboxOptions(
        WorldSpec(world["profile"], world["size"], world["seed"], date.fromisoformat(world["opening"])),
        Path(given["folder"]),
        given["ports"],
        Client(*given["client"]),
        given["host"],
        strict=given["strict"],
        operator_token=given["operator_token"],
        external_urls=given["urls"],
    )
