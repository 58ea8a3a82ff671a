"""An integration beside the sandbox: what it leaves behind, and what of its output is shown."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from shapan.kernel.auth import Client
from shapan.sandbox.integration import Integration
from shapan.sandbox.options import SIMULATORS

URLS = dict.fromkeys(SIMULATORS, "http://127.0.0.1:9")
# It tells its process id in its state folder, and leaves a child there when it ends.
LEAVES_A_CHILD = """
echo $$ >> "$SHAPAN_STATE_DIR/started"
sleep 1000 &
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Integration, "_subscribe", lambda self: None)


def test_its_last_words_hold_no_secret() -> None:
    says = (
        'echo "secret $SHAPAN_CLIENT_SECRET, $SHAPAN_WEBHOOK_SECRET"; echo "GET /orders Authorization: Bearer abc.def-123_x"; '
        """echo '{"access_token": "eyJhbGciOi", "token_type": "Bearer"}'; """
        'echo "amqp://guest:letmein@127.0.0.1:5672/"; echo "ORD-1 was refused"'
    )
    with Integration(["sh", "-c", says], URLS, Client("shapan", "own-secret")) as integration:
        environment = integration.environment()
        text = integration.tail()
    for secret in (
        environment["SHAPAN_CLIENT_SECRET"], environment["SHAPAN_WEBHOOK_SECRET"], "abc.def-123_x", "eyJhbGciOi", "letmein",
    ):  # fmt: skip
        assert secret not in text
    assert text.splitlines() == [
        "secret [hidden], [hidden]",
        "GET /orders Authorization: Bearer [hidden]",
        '{"access_token": "[hidden]", "token_type": "Bearer"}',
        "amqp://guest:[hidden]@127.0.0.1:5672/",
        "ORD-1 was refused",
    ]


@pytest.fixture
def integration() -> Iterator[Integration]:
    with Integration(["sh", "-c", LEAVES_A_CHILD], URLS, Client("shapan", "own-secret")) as made:
        yield made


def test_a_restart_ends_what_a_command_that_has_ended_left_behind(integration: Integration, eventually) -> None:
    first = integration._process
    assert first is not None
    first.wait(20)
    os.killpg(first.pid, 0)
    integration.start_again()
    assert eventually(lambda: not _lives(first.pid))


def _lives(group: int) -> bool:
    """Whether anybody in the group runs; who adopted what is dead may take its time to bury it."""
    for one in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def test_a_folder_that_somebody_still_writes_into_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.rmdir
    kept: list[Path] = []

    def busy(path, *arguments, **options):
        if not kept:
            kept.append(Path(str(path)))
            raise OSError(39, "Directory not empty", str(path))
        return real(path, *arguments, **options)

    with Integration(shlex.split("true"), URLS, Client("shapan", "own-secret")):
        monkeypatch.setattr(os, "rmdir", busy)
    monkeypatch.undo()
    assert kept
