"""`python -m shapan.reference` as a process: usage faults, exit codes, a graceful stop, and what it may import."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import shapan
from shapan.reference.__main__ import main

from .test_config import PUSHED

PATIENCE = 30.0
SOURCES = str(Path(shapan.__file__).parent.parent)


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A complete environment in which no system answers; set for this process, too."""
    urls = {f"SHAPAN_{system}_URL": f"http://127.0.0.1:{closed_port}" for system in ("CRM", "SCM", "FINANCE")}
    variables = {**PUSHED, **urls, "SHAPAN_STATE_DIR": str(tmp_path / "state"), "SHAPAN_WEBHOOK_PORT": str(closed_port)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **variables, "PYTHONPATH": SOURCES}


def test_without_settings_it_ends_with_2_and_names_them_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PUSHED:
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 6
    assert all(any(f"Set {name}:" in line for line in told) for name in PUSHED if "WEBHOOK" not in name)


def test_a_port_in_use_is_one_sentence(
    environment: dict[str, str], closed_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", closed_port)):
        assert main([]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"Cannot listen on 127.0.0.1:{closed_port}" in line
    assert "SHAPAN_WEBHOOK_PORT" in line


def test_a_folder_that_cannot_be_used_is_one_sentence(
    environment: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--state", str(tmp_path / "file")]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "cannot start" in line
    assert str(tmp_path / "file") in line


def test_once_without_systems_ends_with_2_and_says_which_cannot_be_reached(environment: dict[str, str]) -> None:
    ended = _run(environment, "--once")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("The feeds cannot be read")
    assert "crm POST /oauth/token could not be reached" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_listens_bears_that_systems_are_down_and_stops_when_asked(environment: dict[str, str], number: int) -> None:
    command = [sys.executable, "-m", "shapan.reference"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stderr is not None
        # Blocks until the line is there; nothing here waits for time.
        told = [process.stderr.readline()]
        while told[-1] and "reference integration started in webhook mode" not in told[-1]:
            told.append(process.stderr.readline())
        with socket.create_connection(("127.0.0.1", int(environment["SHAPAN_WEBHOOK_PORT"]))):
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
        rest = process.stderr.read()
    assert "Traceback" not in "".join(told) + rest


def test_it_loads_neither_the_insides_of_the_sandbox_nor_flask_before_they_are_needed(
    environment: dict[str, str],
) -> None:
    code = (
        "import sys, shapan.reference.__main__ as m, shapan.reference.app\n"
        "print(*sorted(n for n in sys.modules if n.startswith(('shapan.', 'flask', 'sqlite_utils', 'granian'))))"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = ended.stdout.split()
    assert "shapan.reference.app" in loaded
    assert [name for name in loaded if not name.startswith("shapan.reference")] == []


def _run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shapan.reference", *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=False
    )
