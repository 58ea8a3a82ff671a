"""All systems as child processes: one each for CRM, SCM, finance and control, so that cores are used and one can be stopped alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from shapan.sandbox.options import CONTROL, SandboxError, SandboxOptions, note
from shapan.sandbox.serving import START_FAILED
from shapan.sandbox.systems import require_world

START_SECONDS = 60
_STOP_SECONDS = 10


class ProcessSandbox:
    """A sandbox of child processes. Use it as a context manager; it ends what it started and nothing else."""

    def __init__(self, options: SandboxOptions) -> None:
        self.options = options
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stopping = False

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
        note(self.options)
        for name in self.options.ports:
            self._spawn(name)
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, timeout=5) as http:
            for name in self.options.ports:
                self._await(name, http, deadline)

    def _spawn(self, name: str) -> None:
        options = self.options
        command = [sys.executable, "-m", "shapan", "serve", name, "--with-parent"]
        command += ["--host", options.host, "--data", str(options.folder), "--port", str(options.ports[name])]
        command += [
            "--world",
            str(options.world.profile),
            "--size",
            options.world.size,
            "--seed",
            str(options.world.seed),
        ]
        command += ["--opening", options.world.opening.isoformat()]
        command += ["--strict"] if options.strict else []
        environment = {
            **os.environ,
            "SHAPAN_CLIENT_ID": options.client.client_id,
            "SHAPAN_CLIENT_SECRET": options.client.secret,
            **{f"SHAPAN_{system.upper()}_URL": options.url(system) for system in options.ports if system != CONTROL},
        }
        if options.operator_token:
            environment["SHAPAN_OPERATOR_TOKEN"] = options.operator_token
        with self.log_file(name).open("ab") as log:
            # A session of its own: Ctrl-C reaches only us, and we end the children in order. They end too when our end of the pipe closes.
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        with self._lock:
            self._children[name] = child

    def log_file(self, name: str) -> Path:
        """Where a system writes what it has to say."""
        return self.options.folder / f"{name}.log"

    def _await(self, name: str, http: httpx.Client, deadline: float) -> None:
        pause = threading.Event()
        while True:
            child = self._children[name]
            try:
                answer = http.get(self.options.url(name) + "/_shapan/health")
                if answer.is_success and answer.json()["system"] == name:
                    return
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            if child.poll() is not None or time.monotonic() > deadline:
                reason = self._reason(name)
                raise SandboxError(
                    f"{name} did not start: {reason}",
                    f"{name} 未能启动：{reason}",
                )
            pause.wait(0.02)

    def _reason(self, name: str) -> str:
        lines = [line for line in self.log_file(name).read_text("utf-8", "replace").splitlines() if line.strip()]
        told = [line.removeprefix(START_FAILED).strip() for line in lines if line.startswith(START_FAILED)]
        return told[-1] if told else (lines[-1] if lines else f"it says nothing; see {self.log_file(name)}")

    def watch(self, report: Callable[[str, str], None]) -> None:
        """Until `stop`: start a system again that ended, in the same folder, and report it in English and Chinese.

        Whoever tries what happens when a system is killed finds it back with all that it acknowledged.
        """
        pause = threading.Event()
        with httpx.Client(trust_env=False, timeout=5) as http:
            while not self._stopping:
                for name, child in list(self._children.items()):
                    if child.poll() is not None and not self._stopping:
                        report(
                            f"{name} ended (exit {child.returncode}); starting it again.",
                            f"{name} 已退出（{child.returncode}），正在重新启动。",
                        )
                        self._spawn(name)
                        try:
                            self._await(name, http, time.monotonic() + START_SECONDS)
                            report(f"{name} is back.", f"{name} 已恢复。")
                        except SandboxError as error:
                            report(error.en, error.zh)
                pause.wait(0.1)

    def restart(self, name: str) -> None:
        """Start a system again that has ended, and wait until it is healthy."""
        self._children[name].wait(_STOP_SECONDS)
        self._spawn(name)
        with httpx.Client(trust_env=False, timeout=5) as http:
            self._await(name, http, time.monotonic() + START_SECONDS)

    def health(self, name: str) -> dict[str, Any]:
        """A system's health."""
        answer = httpx.get(self.options.url(name) + "/_shapan/health", trust_env=False)
        return dict(answer.raise_for_status().json())

    def stop(self) -> None:
        """End all systems; remove the folder when it is ephemeral. May be called twice."""
        self._stopping = True
        with self._lock:
            children = list(self._children.values())
        for child in children:
            if child.poll() is None:
                child.terminate()
        for child in children:
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdin:
                child.stdin.close()
        if self.options.ephemeral:
            shutil.rmtree(self.options.folder, ignore_errors=True)
