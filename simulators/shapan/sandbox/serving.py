"""One system served by granian in this process: what a container runs, and what `processes` starts for each system.

Thread count: see ARCHITECTURE.md, "Serving". What waits does so at the edge (kernel/edge.py) and holds no thread, so that few are enough.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import re
import signal
import sys
import threading
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError, sentences_of, told
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.options import CONTROL, SandboxOptions, world_facts, world_of
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.ports import address_of, claim, require_free
from shapan.sandbox.text import use_utf8
from shapan.sandbox.tls import Tls

if TYPE_CHECKING:
    from shapan.kernel.edge import Edge
    from shapan.kernel.runtime import Runtime

THREADS = 4
# The control's requests mostly wait for what it asks of the systems.
CONTROL_THREADS = 16
# Requests at one time, those that wait for a fault among them; more wait for their turn to be read.
MOST_AT_ONCE = 10_000
# How long a worker waits for the one before it, which was told to end or was killed, to give its folder back.
LOCK_SECONDS = 5.0
_VARIABLE = "SHAPAN_SERVE"


def serve(name: str, options: SandboxOptions, *, with_parent: bool = False) -> None:
    """Serve until a signal ends it. `with_parent`: also end when standard input ends, which the parent holds open. SandboxError."""
    from granian import Granian, loops
    from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols

    from shapan.kernel.edge import serving_loop

    address, port = address_of(options.host), options.ports[name]
    claimed = claim(name, port)
    require_free({name: port}, address)
    os.environ[_VARIABLE] = json.dumps({"name": name, **_to_json(options)})
    if sys.platform != "win32":
        # There nothing could tell it; requests that wait are ended after a while.
        loops.register("shapan")(serving_loop)
    server = Granian(
        "shapan.sandbox.serving:worker_app",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        loop=Loops.auto if sys.platform == "win32" else cast(Loops, "shapan"),
        workers=1,
        backpressure=MOST_AT_ONCE,
        log_enabled=False,
        workers_kill_timeout=5,
        ssl_cert=options.tls.certificate if options.tls else None,
        ssl_key=options.tls.key if options.tls else None,
        # Older clients of business systems know no 1.3.
        ssl_protocol_min=SSLProtocols.tls12,
    )

    @server.on_startup
    def end_with_terminal() -> None:
        # granian would start a second worker beside the first.
        if sys.platform != "win32":
            signal.signal(signal.SIGHUP, server.signal_handler_interrupt)

    if with_parent:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    try:
        server.serve()
    except RuntimeError as error:
        # Its words for a socket that cannot be opened, above a stack of its own.
        reason = str(error).partition("\n")[0]
        raise SandboxError(
            f"{name} cannot listen at {address} port {port} ({reason}). Choose another port with --port.",
            f"{name} 无法监听 {address} 端口 {port}（{reason}）。请用 --port 选择其他端口。",
        ) from error
    except SystemExit as error:
        # granian says 1 when its worker ended, also when Ctrl-C reached the worker first. Unasked, for us, that is "could not be run".
        sys.exit(2 if error.code and not server.interrupt_signal else 0)
    finally:
        if claimed is not None:
            claimed.close()


def _end_with_parent(server: Any) -> None:
    # Not through sys.stdin: its lock would be held in the worker that is forked meanwhile. Not by a signal: on Windows it would kill.
    while os.read(0, 4096):
        pass
    server.signal_handler_interrupt()


def worker_app() -> Edge:
    """The edge of the system that the environment names; granian calls it in its worker process."""
    from shapan.kernel.edge import Edge
    from shapan.kernel.flask_app import create_app

    use_utf8()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level=logging.WARNING)
    server = multiprocessing.parent_process()
    if server is not None:
        # Until granian sets its own: those that the fork brought along are the server's, and would swallow the signal.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=_end_with_server, args=(server,), daemon=True).start()
    given = json.loads(os.environ[_VARIABLE])
    try:
        runtime = open_system(given["name"], _from_json(given))
    except Exception as error:
        if (sentences := sentences_of(error)) is None:
            raise
        print(told(*sentences), file=sys.stderr, flush=True)
        os._exit(2)
    threads = CONTROL_THREADS if given["name"] == CONTROL else THREADS
    edge = Edge(create_app(runtime), threads, max(operation.body_limit for _, operation in runtime.operations()))
    runtime.start()
    print(_SERVES.format(name=given["name"], pid=os.getpid()), file=sys.stderr, flush=True)
    return edge


def open_system(name: str, options: SandboxOptions) -> Runtime:
    """The runtime of a system, its folder locked, both until this process ends. SandboxError, and what a runtime may raise."""
    from shapan.sandbox.systems import make_runtime

    lock = FolderLock(options.folder / name, LOCK_SECONDS)
    try:
        runtime = make_runtime(name, options)
    except BaseException:
        lock.release()
        raise
    # granian has no hook at a worker's end, and a forked process runs no atexit; this is what multiprocessing ends its processes with,
    # after the last request was answered.
    Finalize(None, _close, (runtime, lock), exitpriority=0)
    return runtime


def _close(runtime: Runtime, lock: FolderLock) -> None:
    # The journals first: a webhook that does not answer holds the courier up, and after a while granian kills us.
    runtime.flush_journal()
    runtime.stop()
    lock.release()


_SERVES = "shapan serves {name}, process {pid}"


def served_by(name: str, log: str) -> int | None:
    """The process that says last in a log that it serves a system; None when none does."""
    found = re.findall("^" + _SERVES.format(name=re.escape(name), pid=r"(\d+)"), log, re.M)
    return int(found[-1]) if found else None


def _end_with_server(server: Any) -> None:
    """A worker whose server process was killed would hold the port for ever."""
    server.join()
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
        "journal_entries": options.journal_entries,
        "outgoing": [options.outgoing.broker, *options.outgoing.webhooks],
        "tls": options.tls and [str(path) for path in (options.tls.ca, options.tls.certificate, options.tls.key)],
    }


def _from_json(given: dict[str, Any]) -> SandboxOptions:
    return SandboxOptions(
        world_of(given["world"]),
        Path(given["folder"]),
        given["ports"],
        Client(*given["client"]),
        given["host"],
        strict=given["strict"],
        operator_token=given["operator_token"],
        external_urls=given["urls"],
        journal_entries=given["journal_entries"],
        tls=Tls(*map(Path, given["tls"])) if given["tls"] else None,
        outgoing=Outgoing(given["outgoing"][0], tuple(given["outgoing"][1:])),
    )
