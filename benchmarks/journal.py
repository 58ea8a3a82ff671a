"""What the journal costs: orders a second with it and without, by turns, in one run. See README.md.

    python benchmarks/journal.py [--rounds 5] [--seconds 4]

Two `shapan serve crm` stand side by side, one of them with --no-journal; only one is under load at a time. Ends what it starts. Prints Markdown.
Exit code 1 when the median of the rounds' ratios is under 85 %, or when a server or an answer is wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from serving import CLIENT_ID, HERE, Failed, end, free_ports, load, machine, orders, positive, until_healthy

WANTED = 0.85
CONNECTIONS = 100
SIDES = {"with": [], "without": ["--no-journal"]}


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", default=5, type=positive, help="rounds; medians are reported")
    parser.add_argument("--seconds", default=4.0, type=float, help="length of a phase, besides 1 s of warm-up")
    wish = parser.parse_args()
    try:
        print(machine(), end="\n\n", flush=True)
        good = compare(wish.rounds, wish.seconds)
        print(f"\nLoad average afterwards: {load()}.")
    except Failed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0 if good else 1)


def compare(rounds: int, seconds: float) -> bool:
    """Measure both sides in every round and print the table; whether the journal costs no more than it may."""
    secret = secrets.token_urlsafe(24)
    results: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with (
        tempfile.TemporaryDirectory(prefix="shapan-bench-") as folder,
        server(Path(folder), "with", secret) as one,
        server(Path(folder), "without", secret) as other,
    ):
        ports = {"with": one, "without": other}
        plans = {side: {"port": port, **orders("crm", port, secret)} for side, port in ports.items()}
        for number in range(rounds):
            # Every other round the other way about: what drifts with time does not fall on the same side each time.
            for side in list(SIDES)[:: 1 if number % 2 == 0 else -1]:
                results[side].append(measure(plans[side], number, seconds))
                print(f"round {number + 1}/{rounds}: {side}; load {load()}", file=sys.stderr)
        kept = journaled(one)
    print(f"{rounds} rounds of {seconds:g} s, {CONNECTIONS} connections, medians (lowest–highest), times in ms.\n")
    print("| journal | orders/s | p50 | p99 | CPU of the server, ms an order |\n|---|---|---|---|---|")
    for side, runs in results.items():
        rates = [run["rate"] for run in runs]
        shown = f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"
        times = [f"{statistics.median(run[figure] for run in runs) * 1000:,.0f}" for figure in ("p50", "p99")]
        cost = statistics.median(run["cpu"] for run in runs) * 1000
        print(f"| {side} | {shown} | {' | '.join(times)} | {cost:.2f} |")
    ratios = [a["rate"] / b["rate"] for a, b in zip(results["with"], results["without"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"\nWith the journal {ratio:.0%} of the orders without it (rounds: {', '.join(f'{r:.0%}' for r in ratios)});")
    print(f"at least {WANTED:.0%} are wanted. It holds {kept:,} requests.")
    return ratio >= WANTED


@contextmanager
def server(folder: Path, side: str, secret: str) -> Iterator[int]:
    """The CRM with the small world in a process of its own, healthy; gives its port."""
    port = free_ports(1)
    own = folder / side
    own.mkdir()
    log = own / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "shapan", "serve", "crm", "--data", str(own), "--port", str(port), *SIDES[side]],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "SHAPAN_CLIENT_ID": CLIENT_ID, "SHAPAN_CLIENT_SECRET": secret},
            start_new_session=True,
        )
    try:
        until_healthy(process, [port], log)
        yield port
    finally:
        end(process)


def measure(plan: dict[str, Any], number: int, seconds: float) -> dict[str, float]:
    """The figures of one phase. Each round has keys of its own, or the answers of the one before would be replayed."""
    phase = {"kind": "orders", "connections": CONNECTIONS, "seconds": seconds}
    worker = int(httpx.get(f"http://127.0.0.1:{plan['port']}/_shapan/health", trust_env=False).json()["pid"])
    before = cpu(worker)
    done = subprocess.run(
        [sys.executable, str(HERE / "serving_load.py")],
        input=json.dumps({**plan, "first": number * 1_000_000, "phases": [phase]}),
        capture_output=True,
        text=True,
        timeout=120 + 10 * seconds,
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Failed(f"The load failed: {reason[0]} 负载运行失败，原因见上。")
    figures: dict[str, float] = json.loads(done.stdout)["orders"]
    return {**figures, "cpu": (cpu(worker) - before) / figures["sent"]}


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used; none where the system does not say (/proc)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def journaled(port: int) -> int:
    """How many requests the journal holds."""
    url = f"http://127.0.0.1:{port}/_shapan/journal/match"
    answer = httpx.post(url, json={"operation": "createOrder", "status": 201}, trust_env=False, timeout=60)
    return int(answer.raise_for_status().json()["found"])


if __name__ == "__main__":
    main()
