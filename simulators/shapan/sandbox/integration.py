"""A user's integration beside the sandbox: started with what it may know in its environment, ended at the end."""

from __future__ import annotations

import base64
import os
import re
import secrets
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from shapan.kernel.auth import Client
from shapan.kernel.trust import trusted
from shapan.sandbox.children import end_group, group_lives, kill_group, own_group
from shapan.sandbox.clients import integration_client
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.options import SIMULATORS
from shapan.sandbox.ports import LOOPBACK, free_ports

REFERENCE = [sys.executable, "-m", "shapan.reference"]
# One that never listens (it pulls) costs so long; one that listens later gets its events by the retries.
READY_SECONDS = 3
_STOP_SECONDS = 10
_HIDDEN = "[hidden]"
# What clients print of what they may not: a header, a member or form field with such a name, a password in a URL.
_SECRETS = re.compile(
    r"""(?ix) (?P<before> \b(?:bearer|basic)\s+ | ["']?\w*(?:secret|password|access_token|refresh_token)["']?\s*[=:]\s*["']?
        | ://[^\s:/@]*: (?=[^\s/@]+@) ) (?P<secret> [^\s"'&,;@]{4,} )"""
)


def command_of(text: str) -> list[str]:
    """The words of a command line. SandboxError when it has none or its quotes do not match."""
    try:
        # On Windows a backslash is part of a path and escapes nothing.
        posix = sys.platform != "win32"
        words = shlex.split(text) if posix else [word.strip('"') for word in shlex.split(text, posix=False)]
    except ValueError as error:
        raise SandboxError(
            f"The integration's command cannot be read: {error}.", f"无法解析集成程序命令：{error}。"
        ) from error
    if not words:
        raise SandboxError("The integration's command is empty.", "集成程序命令为空。")
    return words


class Integration:
    """An integration as a child process, with webhooks of all systems pointed at it. A context manager.

    `client` is the sandbox's own; the integration gets the one that is meant for it (clients.yaml). `extra` is environment besides
    what every integration finds.
    """

    def __init__(
        self,
        command: list[str],
        urls: dict[str, str],
        client: Client,
        broker: str | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._urls = urls
        self._client = integration_client(client)
        self._broker = broker
        self._extra = dict(extra or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="shapan-integration-", ignore_cleanup_errors=True)
        self._hooks: list[tuple[str, str, str]] = []
        self.log = Path(self._folder.name) / "integration.log"

    def __enter__(self) -> Integration:
        self._port = free_ports(["webhook"])["webhook"]
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        try:
            self._subscribe()
            self._spawn()
            self._await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def environment(self) -> dict[str, str]:
        """What the integration finds in its environment; see docs/integration.md."""
        return {
            **{f"SHAPAN_{name.upper()}_URL": self._urls[name] for name in SIMULATORS},
            "SHAPAN_CLIENT_ID": self._client.client_id,
            "SHAPAN_CLIENT_SECRET": self._client.secret,
            "SHAPAN_WEBHOOK_PORT": str(self._port),
            "SHAPAN_WEBHOOK_SECRET": self._secret,
            "SHAPAN_STATE_DIR": self._folder.name,
            **({"SHAPAN_BROKER_URL": self._broker} if self._broker else {}),
            **self._extra,
        }

    def _subscribe(self) -> None:
        hook = {"url": f"http://{LOOPBACK}:{self._port}/webhooks", "secret": self._secret}
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.client_id,
            "client_secret": self._client.secret,
        }
        with httpx.Client(trust_env=False, timeout=10, verify=trusted()) as http:
            for name in SIMULATORS:
                base = self._urls[name]
                try:
                    token = http.post(base + "/oauth/token", data=form).raise_for_status().json()["access_token"]
                    headers = {"Authorization": f"Bearer {token}"}
                    made = http.post(base + "/webhooks", json=hook, headers=headers).raise_for_status().json()
                    self._hooks.append((name, made["id"], token))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
                    status = isinstance(error, httpx.HTTPStatusError) and error.response.status_code
                    reason = f"HTTP {status}" if status else type(error).__name__
                    raise SandboxError(
                        f"The webhook could not be registered at {name} ({base}): {reason}. Check the URL, and SHAPAN_CLIENT_ID and SHAPAN_CLIENT_SECRET.",
                        f"无法在 {name}（{base}）登记 webhook：{reason}。请检查地址以及 SHAPAN_CLIENT_ID、SHAPAN_CLIENT_SECRET。",
                    ) from error

    def _spawn(self) -> None:
        try:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **self.environment()},
                    **own_group(),
                )
        except OSError as error:
            raise SandboxError(
                f"The integration cannot be started: {self._command[0]}: {error.strerror}. Check the command given with --integration.",
                f"无法启动集成程序 {self._command[0]}：{error.strerror}。请检查 --integration 给出的命令。",
            ) from error

    def _await_ready(self) -> None:
        """Wait until it listens for webhooks, or has ended, or clearly is one that does not listen: any of these is fine."""
        pause = threading.Event()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.exit_code() is None:
            if self._listens():
                return
            pause.wait(0.05)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self._port)) == 0

    @property
    def webhook_ids(self) -> dict[str, str]:
        """The webhook that each system has for it."""
        return {name: webhook_id for name, webhook_id, _ in self._hooks}

    def exit_code(self) -> int | None:
        """Its exit code when it has ended, else None."""
        return self._process.poll() if self._process is not None else None

    def gone(self) -> bool:
        """Whether it has ended and left nothing behind that we know of: no process of its group, nobody at its webhook port."""
        process = self._process
        return process is not None and process.poll() is not None and not group_lives(process) and not self._listens()

    def tail(self, lines: int = 20) -> str:
        """The last lines of what it wrote, without the secrets that it was given and what looks like one: they end up in reports."""
        if not self.log.exists():
            return ""
        text = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
        for secret in (self._client.secret, self._secret):
            text = text.replace(secret, _HIDDEN)
        return _SECRETS.sub(rf"\g<before>{_HIDDEN}", text)

    def kill(self) -> None:
        """End it at once, as a crash would, with what a command that has ended itself left behind."""
        if self._process is not None and group_lives(self._process):
            kill_group(self._process)

    def start_again(self) -> None:
        """Start it again with the same environment and state."""
        self.kill()
        self._spawn()
        self._await_ready()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            try:
                end_group(self._process, _STOP_SECONDS)
            except BaseException:
                # Another Ctrl-C: it has a group of its own and would outlive us.
                kill_group(self._process)
                raise
        with httpx.Client(trust_env=False, timeout=5, verify=trusted()) as http:
            for name, webhook_id, token in self._hooks:
                try:
                    http.delete(
                        f"{self._urls[name]}/webhooks/{webhook_id}", headers={"Authorization": f"Bearer {token}"}
                    )
                except httpx.HTTPError:
                    continue  # the sandbox is gone, and its subscriptions with it
        self._folder.cleanup()
