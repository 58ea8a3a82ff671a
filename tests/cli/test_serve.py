"""`shapan serve`, the command of containers: what it refuses, in one sentence, and that a folder keeps its world's opening day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shapan.cli.clients import wait_for
from shapan.sandbox.options import free_ports

SERVE = [sys.executable, "-m", "shapan", "serve"]
SECRET = {"SHAPAN_CLIENT_SECRET": "tests-secret"}


def environment(**given: str) -> dict[str, str]:
    return {**{k: v for k, v in os.environ.items() if not k.startswith("SHAPAN_")}, **given}


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (["crm", "--data", "d"], {}, "SHAPAN_CLIENT_SECRET is not set"),
        (["crm", "--data", "d", "--host", "0.0.0.0"], SECRET, "needs SHAPAN_OPERATOR_TOKEN"),
        (["control", "--data", "d"], SECRET, "SHAPAN_CRM_URL, SHAPAN_SCM_URL, SHAPAN_FINANCE_URL"),
        (["marketing", "--data", "d"], SECRET, "There is no system marketing; known are control, crm, finance, scm"),
        (["crm", "--data", "/proc/none"], SECRET, "cannot be written"),
        (["crm", "--data", "d", "--size", "huge"], SECRET, "no size huge"),
    ],
)
def test_what_cannot_be_served_is_one_sentence_and_exit_2(arguments, given, message, tmp_path):
    port = str(free_ports(["x"])["x"])
    done = subprocess.run(
        [*SERVE, *arguments, "--port", port], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
        env=environment(**given),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_one_sentence_and_exit_2(tmp_path):
    path = tmp_path / "crm" / "workspaces" / "default.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("this is not a database, whatever its name says " * 20)
    port = str(free_ports(["x"])["x"])
    done = subprocess.run(
        [*SERVE, "crm", "--data", str(tmp_path), "--port", port], capture_output=True, text=True, timeout=60, check=False,
        env=environment(**SECRET),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


def opening(folder: Path) -> str:
    port = free_ports(["x"])["x"]
    command = [*SERVE, "crm", "--data", str(folder), "--size", "tiny", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(**SECRET))
    try:

        def health() -> dict[str, dict[str, str]] | None:
            try:
                return dict(httpx.get(f"http://127.0.0.1:{port}/_shapan/health", trust_env=False).json())
            except httpx.HTTPError:
                return None

        ready = wait_for(health, 20)
        assert ready is not None
        return ready["world"]["opening"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_folder_keeps_its_opening_day(tmp_path):
    opening(tmp_path)
    (tmp_path / "opening.txt").write_text("2026-02-01")
    assert opening(tmp_path) == "2026-02-01"
