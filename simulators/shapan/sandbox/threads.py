"""All systems as threads of this process, on free ports: fast to start, for tests."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

from shapan.kernel.runtime import Runtime
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.options import CONTROL, SandboxOptions
from shapan.sandbox.ports import LOOPBACK
from shapan.sandbox.systems import create_app, make_runtime
from shapan.sandbox.tls import trusting


class _Quiet(WSGIRequestHandler):
    """Logs no request: the journal has them all, and whoever reads the log of a test looks for something else."""

    def log(self, *_: object) -> None:
        """Nothing."""


class _Beside(httpx.BaseTransport):
    """How control reaches the systems in its own process: straight into their apps, by their ports. A workspace for each test is to cost little."""

    def __init__(self) -> None:
        self.apps: dict[int | None, httpx.WSGITransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As if over a socket."""
        app = self.apps.get(request.url.port)
        if app is None:
            raise httpx.ConnectError(f"nobody listens at port {request.url.port}", request=request)
        return app.handle_request(request)


class ThreadSandbox:
    """A sandbox of threads. Use it as a context manager. `options.ports` are replaced by the ports that were taken."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.runtimes: dict[str, Runtime] = {}
        self._beside = _Beside()

    def __enter__(self) -> ThreadSandbox:
        self._stack = ExitStack()
        self._stack.enter_context(trusting(self.options.tls))
        try:
            # Control comes last and needs the ports of the others.
            for name in sorted(self.options.ports, key=lambda name: name == CONTROL):
                port = self._serve(name)
                self.options = replace(self.options, ports={**self.options.ports, name: port})
        except BaseException:
            self.__exit__()
            raise
        return self

    def _serve(self, name: str) -> int:
        lock = FolderLock(self.options.folder / name)
        self._stack.callback(lock.release)
        runtime = self.runtimes[name] = make_runtime(name, self.options, transport=self._beside)
        runtime.start()
        self._stack.callback(runtime.stop)
        tls = self.options.tls
        app = create_app(runtime)
        server = make_server(
            LOOPBACK,
            0,
            app,
            threaded=True,
            request_handler=_Quiet,
            ssl_context=None if tls is None else (str(tls.certificate), str(tls.key)),
        )
        self._beside.apps[server.port] = httpx.WSGITransport(app)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return int(server.port)

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self.options.ephemeral:
            shutil.rmtree(self.options.folder, ignore_errors=True)
