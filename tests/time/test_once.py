"""A process that is killed (kill -9) in the middle of scheduled work has neither lost nor repeated any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shapan.kernel.runtime import Runtime, Settings

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

HERE = Path(__file__).parent
AT = [f"2099-11-24T10:00:{second:02}" for second in range(1, 6)]

ADVANCE = """
import os, sys
from datetime import datetime
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import chores
from shapan.kernel.runtime import Runtime, Settings

runtime = Runtime(chores.chores(), Settings(Path(sys.argv[2])))
workspace = runtime.workspace("default")

def report(step):
    # What a client would be told is on its way only after the commit.
    if os.environ.get("DIE_WHEN") == "after" and step and step[0]["at"].startswith(os.environ["DIE_AT"]):
        os.kill(os.getpid(), 9)
    return step

once = runtime.schedule._step
runtime.schedule._step = lambda *given: report(once(*given))
for done in runtime.schedule.advance(workspace, datetime(2099, 11, 24, 12, tzinfo=chores.SHANGHAI)):
    print(done["at"])
runtime.stop()
"""


def advance(folder: Path, **environment: str) -> tuple[int, list[str]]:
    """Advance in a process of its own; its exit code and what it said was done."""
    ended = subprocess.run(
        [sys.executable, "-c", ADVANCE, str(HERE), str(folder)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode in (0, -9), ended.stderr
    return ended.returncode, ended.stdout.split()


@pytest.mark.parametrize("when", ["before", "after"])
def test_each_chore_is_done_exactly_once_over_a_kill(chores, tmp_path, when):
    runtime = Runtime(chores.chores(), Settings(tmp_path))
    runtime.schedule.catch_up(runtime.workspace("default"))
    with runtime.workspace("default").database.write() as db:
        db.executemany("INSERT INTO memo (text, sealed) VALUES (?, 0)", [(text,) for text in AT])
    runtime.stop()

    assert advance(tmp_path, DIE_AT=AT[2], DIE_WHEN=when) == (-9, [])
    code, told = advance(tmp_path)
    assert code == 0
    first_left = 2 if when == "before" else 3
    assert told == [f"{text}.000+08:00" for text in AT[first_left:]]

    runtime = Runtime(chores.chores(), Settings(tmp_path))
    try:
        workspace = runtime.workspace("default")
        assert [done["at"][:19] for done in runtime.schedule.latest(workspace, 100)] == AT
        with workspace.database.read() as db:
            assert [row["sealed"] for row in db.execute("SELECT sealed FROM memo ORDER BY id")] == [1] * len(AT)
            assert db.execute("SELECT count(*) FROM shapan_outbox").fetchone()[0] == len(AT)
    finally:
        runtime.stop()
