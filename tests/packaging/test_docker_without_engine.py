"""shapan.docker where there is no engine, or no SDK: a sentence with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shapan.docker import Sandbox
from shapan.sandbox.errors import SandboxError


def test_no_engine_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(SandboxError, match="No Docker engine answers") as refused:
        Sandbox().start()
    assert "Docker 引擎" in refused.value.zh


def test_no_sdk_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(SandboxError, match="pip install 'shapan\\[docker\\]'"):
        Sandbox().start()
