"""`shapan up` as a user sees it: what it prints, that the first call works when pasted, that Ctrl-C stops all."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shapan.cli.desk import wait_for

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

SHAPAN = [sys.executable, "-m", "shapan"]


def four_ports() -> int:
    """The first of four free ports in a row; tests that run beside this one look elsewhere."""
    for first in random.sample(range(21000, 31000, 4), 2500):
        probes = [socket.socket() for _ in range(4)]
        try:
            for n, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + n))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise AssertionError("no four free ports in a row")


class Up:
    """A running `shapan up`; `text` is what it printed until it was ready."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        command = [*SHAPAN, "up", "--data", str(folder), "--size", "tiny", "--port", str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        self.text = "".join(lines)

    def health(self, offset: int) -> dict[str, object] | None:
        try:
            return dict(httpx.get(f"http://127.0.0.1:{self.port + offset}/_shapan/health", trust_env=False).json())
        except (httpx.HTTPError, ValueError):
            return None


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(four_ports(), tmp_path / "data")
    yield running
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
        running.process.wait(20)


def test_it_prints_urls_docs_client_and_a_first_call_in_this_order_and_the_call_works(up):
    places = [up.text.index(part) for part in ("URLs", "Documentation", "client id", "client secret", "TOKEN=$(curl")]
    assert places == sorted(places)
    for offset in range(4):
        assert f"http://127.0.0.1:{up.port + offset}/docs/" in up.text
        assert up.health(offset) is not None
    call = up.text[up.text.index("  TOKEN=") :].split("Data:")[0]
    pasted = subprocess.run(["bash", "-c", call], capture_output=True, text=True, timeout=30, check=False)
    assert len(json.loads(pasted.stdout)["items"]) == 2


def test_ctrl_c_stops_all(up):
    pids = [int(str(up.health(offset)["pid"])) for offset in range(4)]
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(20) == 0
    assert "Stopped" in up.process.stdout.read()
    for offset, pid in enumerate(pids):
        assert up.health(offset) is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_system_comes_back_by_itself_and_no_other_up_takes_its_folder_meanwhile(up):
    before = up.health(1)["pid"]
    os.kill(before, signal.SIGKILL)
    second = [*SHAPAN, "up", "--data", str(up.folder), "--port", str(four_ports())]
    refused = subprocess.run(second, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"shapan: Another shapan is at work in the folder {up.folder}. Stop it, or name another folder with --data.",
        f"        另一个 shapan 正在使用目录 {up.folder}。请先停止它，或用 --data 指定其他目录。",
    ]
    assert wait_for(lambda: (up.health(1) or {"pid": before})["pid"] != before, 20)


def test_killing_up_itself_leaves_nothing_behind(up):
    up.process.kill()
    assert wait_for(lambda: all(up.health(offset) is None for offset in range(4)), 20)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--world", "nowhere"], "There is no world nowhere; known are ecommerce"),
        (["--world", "missing.yaml"], "cannot be read"),
        (["--size", "gigantic"], "no size gigantic"),
        (["--data", "x", "--ephemeral"], "exclude each other"),
        (["--data", "/proc/none"], "cannot be written"),
        (["--host", "0.0.0.0"], "Listening on 0.0.0.0 needs SHAPAN_OPERATOR_TOKEN"),
        (["--host", "nowhere.invalid"], "The host nowhere.invalid has no address"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_exit_2(arguments, message, tmp_path):
    command = [
        *SHAPAN,
        "up",
        "--port",
        str(four_ports()),
        *(["--ephemeral"] if "--data" not in arguments else []),
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert re.search("[\u4e00-\u9fff]", done.stderr)
    assert len(done.stderr.strip().splitlines()) == 2


def test_it_serves_everywhere_for_those_with_the_token_and_ends_with_its_standard_input(tmp_path):
    port = four_ports()
    command = [*SHAPAN, "up", "--host", "0.0.0.0", "--data", str(tmp_path / "data"), "--size", "tiny", "--with-parent"]
    environment = {**os.environ, "SHAPAN_OPERATOR_TOKEN": "up-token"}
    with subprocess.Popen(
        [*command, "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
    ) as process:
        text = ""
        for line in process.stdout:
            text += line
            if "Ctrl-C" in line:
                break
        assert f"http://127.0.0.1:{port}" in text
        assert "0.0.0.0" not in text
        url = f"http://127.0.0.1:{port}/reconciliation"
        answers = [
            httpx.get(url, headers=headers, trust_env=False) for headers in ({}, {"Authorization": "Bearer up-token"})
        ]
        assert [answer.status_code for answer in answers] == [401, 200]
        process.stdin.close()
        assert process.wait(20) == 0
