"""`pytest --shapan-image`: the sandbox of a run in a container. Skipped, with its reason, where there is no engine; see conftest.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import docker
import pytest

from shapan.docker import LABEL

pytestmark = pytest.mark.docker

SOURCE = """
def test_it(crm, clock, faults, shapan):
    assert crm.get("/customers").status_code == 200
    faults.add("error", parameters={"status": 503})
    assert crm.get("/customers").status_code == 503
    clock.advance(days=1)
    assert shapan.operator_token
"""


def test_tests_run_in_a_container_that_is_gone_afterwards(
    image: str, engine: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(SOURCE, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    before = {found.id for found in engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--shapan-image", image]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert {
        found.id for found in engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    } <= before
