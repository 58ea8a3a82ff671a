"""All systems as child processes: one each for CRM, SCM, finance and control, so that cores are used and one can be stopped alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shapan.kernel.trust import trusted
from shapan.sandbox.children import own_group
from shapan.sandbox.errors import SandboxError, heard
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.options import CONTROL, SandboxOptions, note
from shapan.sandbox.serving import served_by
from shapan.sandbox.systems import require_world
from shapan.sandbox.tls import trusting

START_SECONDS = 60
# After the first failed start `watch` waits so long, then twice as long, and so on; after so many in a row it lets the system be.
BACK_OFF_SECONDS = 0.5
MOST_FAILURES = 5
_STOP_SECONDS = 10


@dataclass
class _Child:
    """A system's process; `log_from` is the length of its log before it, in bytes: what stands there earlier said another process."""

    process: subprocess.Popen[bytes]
    log_from: int
    failures: int = 0
    not_before: float = 0.0


class ProcessSandbox:
    """A sandbox of child processes. Use it as a context manager; it ends what it started and nothing else."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self._children: dict[str, _Child] = {}
        self._folder_lock: FolderLock | None = None
        self._stopping = False
        self._stack = ExitStack()

    def __enter__(self) -> ProcessSandbox:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all systems and wait until each is healthy. SandboxError with the reason when one is not."""
        require_world(self.options.world)
        self._stack.enter_context(trusting(self.options.tls))
        self._folder_lock = FolderLock(self.options.folder)
        note(self.options)
        for name in self.options.ports:
            self._spawn(name)
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, timeout=5, verify=trusted()) as http:
            for name in self.options.ports:
                self._await(name, http, deadline)

    def command(self, name: str) -> list[str]:
        """The command line of a system's process."""
        options, world = self.options, self.options.world
        return [
            *(sys.executable, "-m", "shapan", "serve", name, "--with-parent", "--host", options.host),
            *("--data", str(options.folder), "--port", str(options.ports[name])),
            *("--world", str(world.profile), "--size", world.size, "--seed", str(world.seed)),
            *("--mess", world.mess, *(word for path, rate in world.rates for word in ("--rate", f"{path}={rate!r}"))),
            *("--opening", world.opening.isoformat(), *(["--strict"] if options.strict else [])),
            # The names are in the certificate that is there already.
            *(["--tls"] if options.tls else []),
            *(["--journal-entries", str(options.journal_entries)] if options.journal_entries else ["--no-journal"]),
        ]

    def _spawn(self, name: str) -> _Child:
        options = self.options
        environment = {
            **os.environ,
            "SHAPAN_CLIENT_ID": options.client.client_id,
            "SHAPAN_CLIENT_SECRET": options.client.secret,
            **options.outgoing.environment(),
            **{f"SHAPAN_{system.upper()}_URL": options.url(system) for system in options.ports if system != CONTROL},
        }
        if options.operator_token:
            environment["SHAPAN_OPERATOR_TOKEN"] = options.operator_token
        with self.log_file(name).open("ab") as log:
            log_from = log.seek(0, os.SEEK_END)
            # In a group of its own: Ctrl-C reaches only us. It ends when our end of the pipe closes, also when we are killed.
            process = subprocess.Popen(
                self.command(name), stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, **own_group()
            )
        child = self._children[name] = _Child(process, log_from)
        return child

    def log_file(self, name: str) -> Path:
        """Where a system writes what it has to say."""
        return self.options.folder / f"{name}.log"

    def _said(self, name: str) -> str:
        """What the system's present process has written."""
        with self.log_file(name).open("rb") as log:
            log.seek(self._children[name].log_from)
            return log.read().decode("utf-8", "replace")

    def _await(self, name: str, http: httpx.Client, deadline: float) -> None:
        """Until the system's own process answers: at its port there might be another sandbox's."""
        pause = threading.Event()
        while True:
            ended = self._children[name].process.poll() is not None
            try:
                answer = http.get(self.options.url(name) + "/_shapan/health")
                if answer.is_success and answer.json()["pid"] == served_by(name, self._said(name)):
                    return
            except (httpx.HTTPError, ValueError, KeyError, TypeError):
                pass
            if ended or time.monotonic() > deadline:
                en, zh = self._reason(name)
                raise SandboxError(f"{name} did not start: {en}", f"{name} 未能启动：{zh}")
            pause.wait(0.02)

    def _reason(self, name: str) -> tuple[str, str]:
        said = self._said(name)
        lines = [line for line in said.splitlines() if line.strip()]
        log = self.log_file(name)
        last = (f"its last words are: {lines[-1]}", f"其最后输出为：{lines[-1]}") if lines else None
        return heard(said) or last or (f"it says nothing; see {log}.", f"没有任何输出，详见 {log}。")

    def watch(self, report: Callable[[str, str], None]) -> None:
        """Until `stop`: start a system again that ended, in the same folder, and report it in English and Chinese.

        Whoever tries what happens when a system is killed finds it back with all that it acknowledged. One that does not start is tried
        again later and later, and after MOST_FAILURES in a row no more; the others go on.
        """
        pause = threading.Event()
        with httpx.Client(trust_env=False, timeout=5, verify=trusted()) as http:
            while not self._stopping:
                for name, child in list(self._children.items()):
                    due = child.failures < MOST_FAILURES and time.monotonic() >= child.not_before
                    if due and child.process.poll() is not None and not self._stopping:
                        self._start_again(name, child, http, report)
                pause.wait(0.1)

    def _start_again(self, name: str, old: _Child, http: httpx.Client, report: Callable[[str, str], None]) -> None:
        if not old.failures:
            code = old.process.returncode
            report(f"{name} ended (exit {code}); starting it again.", f"{name} 已退出（{code}），正在重新启动。")
        self._close_pipe(old)
        child = self._spawn(name)
        try:
            self._await(name, http, time.monotonic() + START_SECONDS)
        except SandboxError as error:
            child.failures = old.failures + 1
            child.not_before = time.monotonic() + BACK_OFF_SECONDS * 2**old.failures
            report(error.en, error.zh)
            if child.failures == MOST_FAILURES:
                report(
                    f"{name} did not start {MOST_FAILURES} times in a row and is let be. Mend it, then stop and start again.",
                    f"{name} 连续 {MOST_FAILURES} 次未能启动，不再尝试。请排除故障后停止并重新启动。",
                )
        else:
            report(f"{name} is back.", f"{name} 已恢复。")

    def restart(self, name: str) -> None:
        """Start a system again that has ended, and wait until it is healthy."""
        old = self._children[name]
        old.process.wait(_STOP_SECONDS)
        self._close_pipe(old)
        self._spawn(name)
        with httpx.Client(trust_env=False, timeout=5, verify=trusted()) as http:
            self._await(name, http, time.monotonic() + START_SECONDS)

    def health(self, name: str) -> dict[str, Any]:
        """A system's health."""
        answer = httpx.get(self.options.url(name) + "/_shapan/health", trust_env=False, verify=trusted())
        return dict(answer.raise_for_status().json())

    def stop(self) -> None:
        """End all systems; remove the folder when it is ephemeral. May be called twice."""
        self._stopping = True
        children = list(self._children.values())
        for child in children:
            # This alone asks a system to end; the signal is for one that does not yet listen to the pipe. On Windows it would kill.
            self._close_pipe(child)
            if sys.platform != "win32":
                child.process.terminate()
        for child in children:
            try:
                child.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._stack.close()
        if self._folder_lock is not None:
            self._folder_lock.release()
        if self.options.ephemeral:
            shutil.rmtree(self.options.folder, ignore_errors=True)

    @staticmethod
    def _close_pipe(child: _Child) -> None:
        if child.process.stdin is not None:
            child.process.stdin.close()
