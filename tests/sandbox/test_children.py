"""What we start ends with us, with all that it started."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from shapan.sandbox.children import end_group, group_lives, kill_group, own_group

# A command as a shell would be: it starts the real program and tells its process id.
SHELL = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
if sys.argv[2] == "stays":
    child.wait()
"""
OBEDIENT = "import sys, time; print('ready', flush=True); time.sleep(1000)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + OBEDIENT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")


def start(program: str, shell: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, "-c", SHELL, program, shell], stdout=subprocess.PIPE, text=True, **own_group()
    )
    return process, psutil.Process(int(process.stdout.readline()))


def ended(process: psutil.Process) -> bool:
    """Whether it runs no more; who adopted it may take its time to bury it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("program", [OBEDIENT, STUBBORN], ids=["obedient", "stubborn"])
@pytest.mark.parametrize("shell", ["stays", "leaves"])
def test_a_group_ends_with_all_that_is_in_it(program, shell, monkeypatch, eventually):
    monkeypatch.setattr("shapan.sandbox.children._LEFT_SECONDS", 0.1)
    process, grandchild = start(program, shell)
    with process:
        if shell == "leaves":
            process.wait(20)
        end_group(process, 20)
    assert eventually(lambda: ended(grandchild))


def test_a_group_lives_as_long_as_anybody_in_it(eventually):
    process, _ = start(OBEDIENT, "leaves")
    with process:
        process.wait(20)
        assert group_lives(process)
        end_group(process, 20)
    assert eventually(lambda: not group_lives(process))


def test_a_killed_group_is_gone_at_once(eventually):
    process, grandchild = start(STUBBORN, "stays")
    with process:
        kill_group(process)
    assert eventually(lambda: ended(grandchild))
