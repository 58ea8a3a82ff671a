"""A data folder belongs to one process at a time, for as long as that lives and no longer."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shapan.sandbox import SandboxError
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.options import plan
from shapan.sandbox.serving import open_system
from shapan.sandbox.threads import ThreadSandbox

HOLD = """
import sys
from pathlib import Path
from shapan.sandbox.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_lets_go(tmp_path):
    first = FolderLock(tmp_path / "crm")
    with pytest.raises(SandboxError, match="Another shapan is at work in the folder") as caught:
        FolderLock(tmp_path / "crm")
    assert "另一个 shapan 正在使用目录" in caught.value.zh
    FolderLock(tmp_path / "scm").release()
    first.release()
    FolderLock(tmp_path / "crm").release()


def test_kill_9_gives_the_folder_back(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SandboxError, match="at work"):
            FolderLock(tmp_path)
        holder.kill()
    FolderLock(tmp_path, seconds=10).release()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxError, match="cannot be locked"):
        FolderLock(tmp_path / "file" / "crm")


def test_no_system_is_opened_in_a_folder_that_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("shapan.sandbox.serving.LOCK_SECONDS", 0)
    options = plan(size="tiny", data=tmp_path, port=None)
    lock = FolderLock(tmp_path / "crm")
    with pytest.raises(SandboxError, match="at work"):
        open_system("crm", options)
    with pytest.raises(SandboxError, match="at work"), ThreadSandbox(options):
        pass
    lock.release()
    assert not (tmp_path / "crm" / "workspaces").exists()
