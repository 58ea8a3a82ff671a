"""A short soak; `.ci/run` soaks for a minute, CONTRIBUTING says how to do it for ten."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).with_name("soak.py")


@pytest.mark.long
def test_nothing_acknowledged_is_lost_while_everything_goes_wrong() -> None:
    seconds = os.environ.get("SHAPAN_SOAK_SECONDS", "6")
    broker = "redis" if shutil.which("redis-server") else "none"
    done = subprocess.run(
        [sys.executable, str(SOAK), "--seconds", seconds, "--pause", "0.5", "--salespeople", "2", "--broker", broker],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    report = json.loads(done.stdout[done.stdout.index("\n{") :])
    # It was no idle time.
    assert report["orders"] == report["deliveries"] == report["receipts"] > 0
    assert report["events"] >= 3 * report["orders"]
    assert any(kind.startswith("kill: ") for kind in report["trouble"])
