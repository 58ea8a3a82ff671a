"""Secrets stay where they belong: not in command lines, logs, answers, health, metrics or the journal; and files that hold them are their owner's."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shapan.kernel.auth import Client
from shapan.sandbox.clients import roles, secret_of
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from shapan.sandbox.options import SandboxOptions

SECRET = "the-clients-own-secret-5d3f"
OPERATOR = "the-operators-token-77aa"
HOOK = "whsec_" + base64.b64encode(b"a webhook's secret of 32 bytes!!").decode()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxOptions]:
    """A real sandbox with TLS and an operator token, in which every kind of secret was used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHAPAN_OPERATOR_TOKEN", OPERATOR)
        options = plan(
            size="tiny", port=None, data=tmp_path_factory.mktemp("sandbox"), client=Client("shapan", SECRET), tls=()
        )
        with ProcessSandbox(options) as running:
            _use(options)
            for name in ("crm", "control"):
                pids[name] = int(running.health(name)["pid"])
            yield options


pids: dict[str, int] = {}
tokens: list[str] = []


def _use(options: SandboxOptions) -> None:
    import ssl

    assert options.tls is not None
    with httpx.Client(
        trust_env=False, verify=ssl.create_default_context(cafile=str(options.tls.ca)), timeout=30
    ) as http:
        crm = options.url("crm")
        form = {"grant_type": "client_credentials", "client_id": "shapan", "client_secret": SECRET}
        token = http.post(crm + "/oauth/token", data=form).raise_for_status().json()["access_token"]
        tokens.append(token)
        headers = {"Authorization": f"Bearer {token}"}
        # Where secrets belong, and where somebody puts them by mistake.
        http.post(crm + "/webhooks", headers=headers, json={"url": "http://127.0.0.1:1/x", "secret": HOOK})
        http.post(crm + "/webhooks", headers=headers, json={"url": "no url", "secret": HOOK})
        http.post(crm + "/oauth/token", params=form)
        http.post(crm + "/oauth/token", json=form)
        http.post(crm + "/oauth/token", auth=("shapan", SECRET), data={"grant_type": "client_credentials"})
        http.post(crm + "/oauth/introspect", data={**form, "token": token})
        http.post(
            crm + "/oauth/revoke",
            data={**form, "token": http.post(crm + "/oauth/token", data=form).json()["access_token"]},
        )
        http.get(crm + "/customers", headers={"Authorization": f"Bearer {SECRET}"})
        http.get(crm + "/_shapan/journal", headers={"Authorization": f"Bearer {OPERATOR}x"})
        http.post(crm + "/customers", headers=headers, content=b"{")


def _secrets() -> list[str]:
    return [
        SECRET,
        OPERATOR,
        HOOK,
        HOOK.removeprefix("whsec_"),
        *tokens,
        *(secret_of(role.client_id, SECRET) for role in roles()),
    ]


def _held(text: str) -> list[str]:
    return [secret[:20] for secret in _secrets() if secret in text]


def _asked(options: SandboxOptions, system: str, path: str) -> str:
    import ssl

    assert options.tls is not None
    context = ssl.create_default_context(cafile=str(options.tls.ca))
    answer = httpx.get(
        options.url(system) + path, headers={"Authorization": f"Bearer {OPERATOR}"}, trust_env=False, verify=context
    )
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.skipif(sys.platform != "linux", reason="command lines are read from /proc")
def test_no_secret_stands_in_a_command_line(sandbox: SandboxOptions) -> None:
    lines = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it has ended meanwhile
            if str(sandbox.folder) in line:
                lines[int(entry.name)] = line
    assert len(lines) >= 4, "the systems' processes are found by their folder"
    assert {pid: _held(line) for pid, line in lines.items() if _held(line)} == {}


def test_no_secret_is_logged(sandbox: SandboxOptions) -> None:
    logs = list(sandbox.folder.glob("*.log"))
    assert len(logs) == 4
    assert {path.name: _held(path.read_text("utf-8", "replace")) for path in logs} == {path.name: [] for path in logs}


@pytest.mark.parametrize(
    "path", ["/_shapan/health", "/_shapan/metrics", "/_shapan/journal?limit=200", "/openapi.json", "/"]
)
def test_no_secret_is_told(path: str, sandbox: SandboxOptions) -> None:
    text = _asked(sandbox, "crm", path)
    assert _held(text) == []
    if "journal" in path:
        journaled = {item["operation_id"] for item in json.loads(text)["items"]}
        assert {"issueToken", "createWebhook", "revokeToken", "introspectToken", "listCustomers"} <= journaled


def test_control_tells_none_either(sandbox: SandboxOptions) -> None:
    for path in ("/systems", "/_shapan/health", "/_shapan/journal?limit=200"):
        assert _held(_asked(sandbox, "control", path)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_files_with_secrets_are_their_owner_s_only(sandbox: SandboxOptions) -> None:
    def modes(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    holders = [path for path in sandbox.folder.rglob("*") if path.is_file() and _holds(path)]
    assert {path.name for path in holders} >= {"sandbox.json", "token-key.pem", "server-key.pem", "ca-key.pem"}
    for path in holders:
        closed = modes(path) & 0o077 == 0 or any(
            # The folder itself is the user's, and mostly open to others.
            modes(folder) & 0o077 == 0
            for folder in path.parents
            if folder.is_relative_to(sandbox.folder) and folder != sandbox.folder
        )
        assert closed, path


def _holds(path: Path) -> bool:
    content = path.read_bytes()
    return b"PRIVATE KEY" in content or any(secret.encode() in content for secret in _secrets())


def test_no_secret_is_in_what_a_failed_test_shows(sandbox: SandboxOptions) -> None:
    """pytest prints the `repr` of what a failed test had in hand."""
    from shapan.kernel.delivery.lines import Receiver
    from shapan.kernel.runtime import Settings
    from shapan.reference.config import Config
    from shapan.sandbox.outgoing import Outgoing

    broker = f"amqp://user:{SECRET}@127.0.0.1"
    held = (
        sandbox,
        Settings(sandbox.folder, (sandbox.client,), operator_token=OPERATOR, broker_url=broker),
        Outgoing(broker),
        Receiver("1", "http://127.0.0.1", HOOK),
        Config({}, "shapan", SECRET, "webhook", sandbox.folder, webhook_secret=HOOK),
    )
    assert [_held(repr(each)) for each in held] == [[]] * len(held)


def test_the_secret_is_not_in_the_help_of_anything(sandbox: SandboxOptions) -> None:
    """Defaults that come from the environment are not shown by --help."""
    import subprocess

    environment: dict[str, Any] = {**os.environ, "SHAPAN_CLIENT_SECRET": SECRET, "SHAPAN_OPERATOR_TOKEN": OPERATOR}
    for verb in ("verify", "load", "clients"):
        done = subprocess.run(
            [sys.executable, "-m", "shapan", verb, "--help"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert _held(done.stdout) == []
