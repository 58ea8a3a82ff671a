"""What workspaces cost: forks, restores, resets and a fresh workspace for each test, beside bare copies of the same files; and 500 of them at once.

    python benchmarks/workspaces.py [--rounds 20] [--workspaces 500] [--only fresh,medium,small,many]

Sandboxes are started here and removed. The floor is the copying of the files of all systems, in the same round. Memory is that of all
processes of the sandbox (proportional set size, Linux only), with at most 1,024 open files for each. Prints Markdown. Exit code 1
when something takes longer, or more, than is promised.
"""

from __future__ import annotations

import argparse
import logging
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from shapan.sandbox.options import SIMULATORS, SandboxOptions, plan
from shapan.sandbox.processes import ProcessSandbox
from shapan.sandbox.threads import ThreadSandbox

MOST_MS = {"fresh": 30.0, "fork": 300.0, "restore": 300.0, "reset": 150.0}
MOST_MIB = 2048.0
FILES = 1024


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="medians are reported")
    parser.add_argument("--workspaces", type=int, default=500)
    parser.add_argument("--only", default="fresh,medium,small,many", help="parts, separated by commas")
    wish = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    parts = wish.only.split(",")
    missed = 0
    print("| what | median ms | slowest ms | floor ms (bare copy) | promised ms |")
    print("|---|---|---|---|---|")
    if "fresh" in parts:
        with ThreadSandbox(plan(size="tiny", seed=42, port=None)) as threads, _control(threads.options) as control:
            missed += _fresh(control, threads.options, wish.rounds)
    if "medium" in parts:
        with _processes("medium") as options, _control(options) as control:
            missed += _row("fork", "fork, medium", _fork(control), _copies(options), wish.rounds)
            missed += _row("restore", "restore, medium", _restore(control), _copies(options), wish.rounds)
    if "small" in parts:
        with _processes("small") as options, _control(options) as control:
            reset = lambda _: control.post("/reset").raise_for_status()  # noqa: E731
            missed += _row("reset", "reset, small", reset, _copies(options), wish.rounds)
    if "many" in parts:
        missed += _many(wish.workspaces)
    sys.exit(1 if missed else 0)


@contextmanager
def _processes(size: str) -> Iterator[SandboxOptions]:
    with ProcessSandbox(plan(size=size, seed=42, port=None)) as sandbox:
        yield sandbox.options


@contextmanager
def _control(options: SandboxOptions) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=options.url("control"), trust_env=False, timeout=120) as client:
        client.get("/systems").raise_for_status()
        yield client


def _fresh(control: httpx.Client, options: SandboxOptions, rounds: int) -> int:
    """A workspace of its own for a test: forked before it, deleted after it."""

    def one(number: int) -> None:
        control.post("/workspaces/default/fork", json={"name": f"test-{number}"}).raise_for_status()
        control.delete(f"/workspaces/test-{number}").raise_for_status()

    return _row("fresh", "fork and delete, tiny, in process", one, _copies(options), rounds)


def _fork(control: httpx.Client) -> Callable[[int], object]:
    return lambda number: control.post("/workspaces/default/fork", json={"name": f"fork-{number}"}).raise_for_status()


def _restore(control: httpx.Client) -> Callable[[int], object]:
    control.put("/snapshots/measured").raise_for_status()
    return lambda _: control.post("/snapshots/measured/restore").raise_for_status()


def _copies(options: SandboxOptions) -> Callable[[int], object]:
    """Bare copies of the default workspace's files."""
    target = Path(tempfile.mkdtemp(dir=options.folder))

    def copy(_: int) -> None:
        for system in SIMULATORS:
            shutil.copyfile(options.folder / system / "workspaces" / "default.sqlite", target / system)

    return copy


def _row(
    promise: str, name: str, measured: Callable[[int], object], floor: Callable[[int], object], rounds: int
) -> int:
    """Print one line; 1 when the median is more than promised."""
    took, bare = [], []
    for number in range(rounds + 2):
        for times, what in ((bare, floor), (took, measured)):
            begun = time.perf_counter()
            what(number)
            times.append((time.perf_counter() - begun) * 1000)
    # The first two are for warming up.
    took, bare = took[2:], bare[2:]
    median = statistics.median(took)
    print(
        f"| {name} | {median:.0f} | {max(took):.0f} | {statistics.median(bare):.1f} | {MOST_MS[promise]:.0f} |",
        flush=True,
    )
    return int(median > MOST_MS[promise])


def _many(number: int) -> int:
    """That many workspaces, each of which has been used, in processes that may have 1,024 files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    try:
        with _processes("tiny") as options, _control(options) as control:
            pids = [
                httpx.get(options.url(name) + "/_shapan/health", trust_env=False).json()["pid"]
                for name in options.ports
            ]
            before = _memory(pids)
            begun = time.perf_counter()
            for one in range(number):
                control.post("/workspaces/default/fork", json={"name": f"many-{one}"}).raise_for_status()
            made = time.perf_counter() - begun
            for one in range(number):
                _use(options, f"many-{one}")
            memory, files = _memory(pids), max(_open_files(pid) for pid in pids)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    print(
        f"\n{number} workspaces in all systems, each used, `ulimit -n {FILES}`: {memory:,.0f} MiB (promised {MOST_MIB:,.0f}), ",
        end="",
    )
    print(
        f"of which {before:,.0f} MiB before the first; {files} open files at most in a process; forked in {made:.0f} s."
    )
    return int(memory > MOST_MIB)


def _use(options: SandboxOptions, workspace: str) -> None:
    """A client of each system reads and writes in a workspace."""
    form = {
        "grant_type": "client_credentials",
        "client_id": options.client.client_id,
        "client_secret": options.client.secret,
    }
    stores = {
        "crm": ("/stores", {"code": "MD001", "name": "示范店"}),
        "scm": ("/warehouses", {"warehouse_code": "MD01", "name": "示范店", "kind": "store", "address": "上海市"}),
        "finance": ("/stores", {"code": "MD01", "name": "示范店"}),
    }
    for system in SIMULATORS:
        base = f"{options.url(system)}/ws/{workspace}"
        with httpx.Client(trust_env=False, timeout=30) as http:
            token = http.post(base + "/oauth/token", data=form).raise_for_status().json()["access_token"]
            path, body = stores[system]
            headers = {"Authorization": f"Bearer {token}"}
            http.post(base + path, json=body, headers=headers).raise_for_status()
            http.get(base + path, headers=headers).raise_for_status()


def _memory(workers: list[int]) -> float:
    """MiB of the processes with these ids and of their parents, which granian has one of for each; what they share counts once."""
    pids = {*workers, *map(_parent, workers)}
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


def _open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


if __name__ == "__main__":
    main()
