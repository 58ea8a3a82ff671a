"""A command that is stopped takes with it all that it started: systems, integration, load test, and their folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from shapan.cli.common import STOPPED, STOPPED_EXIT
from shapan.cli.desk import wait_for
from shapan.kernel.resources import data_folder

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")]

SHAPAN = [sys.executable, "-m", "shapan"]
SCENARIO = data_folder("scenarios") / "order-to-receivable.arazzo.yaml"

# Says that it runs and never listens: then we are still waiting for it to be ready.
SILENT = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
time.sleep(1000)
"""

# Listens, and says when the first event comes: then orders were posted, and the load test waits for them to arrive, in vain.
IDLE = """
import http.server, os, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        pathlib.Path(sys.argv[1]).touch()
        self.send_error(503)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SHAPAN_WEBHOOK_PORT"])), Handler).serve_forever()
"""

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", os.curdir]


@pytest.mark.parametrize(
    ("command", "program", "number", "code"),
    [
        ([*SHAPAN, "verify", "order-to-receivable", "--size", "tiny", "--integration"], SILENT, signal.SIGINT, STOPPED_EXIT),
        ([*SHAPAN, "load", "order-rush", "--users=2", "--size=tiny", "--integration"], IDLE, signal.SIGTERM, STOPPED_EXIT),
        ([*PYTEST, str(SCENARIO), "--shapan-size=tiny", "--shapan-integration"], SILENT, signal.SIGTERM, 2),
    ],
    ids=["verify, Ctrl-C", "load", "pytest"],
)  # fmt: skip
def test_nothing_is_left_behind(command, program, number, code, tmp_path):
    script, mark, temporary = tmp_path / "integration.py", tmp_path / "mark", tmp_path / "temporary"
    script.write_text(program)
    temporary.mkdir()
    process = subprocess.Popen(
        [*command, f"{sys.executable} {script} {mark}"],
        cwd=tmp_path, env={**os.environ, "TMPDIR": str(temporary)}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert wait_for(mark.exists, 60), process.stderr.read()
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) > 4
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert wait_for(lambda: not any(map(running, started)), 20), [p.cmdline() for p in started if running(p)]
    assert list(temporary.iterdir()) == []
    if code == STOPPED_EXIT:
        assert err.endswith(f"\n{STOPPED}\n")
        assert "Traceback" not in err


def running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_terminal_that_closes_ends_the_tour(tmp_path: Path):
    process = subprocess.Popen(
        [*SHAPAN, "demo"], env={**os.environ, "TMPDIR": str(tmp_path)}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        while "2. Salesperson" not in process.stdout.readline():
            assert process.poll() is None, process.stderr.read()
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGHUP)
        _, err = process.communicate(timeout=60)
    assert process.returncode == STOPPED_EXIT
    assert err.strip() == STOPPED
    assert len(started) > 4
    assert wait_for(lambda: not any(map(running, started)), 20)
    assert list(tmp_path.iterdir()) == []
