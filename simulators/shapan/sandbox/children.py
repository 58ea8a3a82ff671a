"""Child processes that may have children of their own: started and ended as a group, on POSIX and on Windows.

On Windows nothing can ask a process to end but Ctrl-Break to its group and a handle that closes; `terminate` is `kill` there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

# So long may what is left of a group take after its first process has ended.
_LEFT_SECONDS = 2.0


def own_group() -> dict[str, Any]:
    """Options for Popen: a group of its own, so that Ctrl-C reaches only us and we end it in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_group(process: subprocess.Popen[Any], seconds: float) -> None:
    """Ask a process and all of its group to end, wait, and kill what has not ended after so many seconds.

    Also when the process itself has ended: a command may be a shell that left the integration running behind it.
    """
    if sys.platform == "win32":
        if process.poll() is None:
            process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        _signal_group(process, signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        return
    if sys.platform != "win32":
        pause, deadline = threading.Event(), time.monotonic() + _LEFT_SECONDS
        while _signal_group(process, 0) and time.monotonic() < deadline:
            pause.wait(0.02)
        _signal_group(process, signal.SIGKILL)


def kill_group(process: subprocess.Popen[Any]) -> None:
    """End a process and all of its group at once, as a crash would."""
    if sys.platform == "win32":
        process.kill()
    else:
        _signal_group(process, signal.SIGKILL)
    process.wait()


def group_lives(process: subprocess.Popen[Any]) -> bool:
    """Whether anything of a process's group runs, after the process itself has ended too. On Windows, where groups cannot be asked: the process."""
    return process.poll() is None if sys.platform == "win32" else _signal_group(process, 0)


def _signal_group(process: subprocess.Popen[Any], number: int) -> bool:
    """Whether there was somebody in the group to receive it."""
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return False
    return True
