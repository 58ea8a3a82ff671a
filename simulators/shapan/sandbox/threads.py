"""All systems as threads of this process, on free ports: fast to start, for tests."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace

from werkzeug.serving import make_server

from shapan.kernel.runtime import Runtime
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.options import CONTROL, SandboxOptions
from shapan.sandbox.ports import LOOPBACK
from shapan.sandbox.systems import create_app, make_runtime


class ThreadSandbox:
    """A sandbox of threads. Use it as a context manager. `options.ports` are replaced by the ports that were taken."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self.runtimes: dict[str, Runtime] = {}

    def __enter__(self) -> ThreadSandbox:
        self._stack = ExitStack()
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
        runtime = self.runtimes[name] = make_runtime(name, self.options)
        runtime.start()
        self._stack.callback(runtime.stop)
        server = make_server(LOOPBACK, 0, create_app(runtime), threaded=True)
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
