"""How many threads the edge needs: the CRM at several thread counts, beside a floor, in one run. See README.md.

    python benchmarks/serving.py [--threads 1,2,4,8,32] [--rounds 3] [--seconds 5]
    python benchmarks/serving.py --startup [5]

Loopback only. Ends what it starts. Prints Markdown. Exit code 1 when a server does not start or an answer is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).resolve().parent
CLIENT_ID = "bench"
CONNECTIONS, BURSTS = 100, 5
HUNG, DELAY = 20, 0.2
START_SECONDS, STOP_SECONDS = 60, 15
SATURATED = 0.9
"""Of one core: above it the generator, not the server, may be what was measured."""

Figures = dict[str, dict[str, float]]


class Failed(Exception):
    """The benchmark cannot go on. One sentence in both languages."""


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--threads", default="1,2,4,8,32", type=numbers, help="threads behind the edge, comma-separated"
    )
    parser.add_argument(
        "--rounds", default=3, type=positive, help="rounds over all thread counts; medians are reported"
    )
    parser.add_argument(
        "--seconds", default=5.0, type=float, help="length of each steady phase, besides 1 s of warm-up"
    )
    parser.add_argument("--startup", nargs="?", const=5, type=positive, metavar="N", help="only time N cold starts")
    wish = parser.parse_args()
    try:
        print(machine(), end="\n\n", flush=True)
        if wish.startup:
            print(startup_text([cold_start() for _ in range(wish.startup)]))
        else:
            compare(wish.threads, wish.rounds, wish.seconds)
        print(f"\nLoad average afterwards: {load()}.")
    except Failed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def numbers(text: str) -> list[int]:
    """Thread counts without doubles, in their order."""
    return list(dict.fromkeys(positive(part) for part in text.split(",")))


def machine() -> str:
    """What was measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("granian", "Flask", "gevent", "geventhttpclient"))
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {packages}. Load average beforehand: {load()}."


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def compare(threads: list[int], rounds: int, seconds: float) -> None:
    """Measure every thread count in every round, the CRM and the floor by turns, and print the tables."""
    results: dict[tuple[str, int], list[Figures]] = {}
    for number in range(rounds):
        # Every other round backwards: what drifts with time (heat, neighbours) does not fall on the same counts each time.
        for count in threads if number % 2 == 0 else reversed(threads):
            for kind in ("crm", "floor"):
                results.setdefault((kind, count), []).append(measure(kind, count, seconds))
                print(f"round {number + 1}/{rounds}: {kind} with {count} threads; load {load()}", file=sys.stderr)
    print(f"{rounds} rounds of {seconds:g} s, medians (lowest–highest of the rounds), times in ms.")
    for kind in ("crm", "floor"):
        print(f"\n{table(kind, {count: results[kind, count] for count in threads})}")
    busy, cost = generator(results)
    print(
        f"\nThe generator cost {cost:.0f} µs of CPU a request and at most {busy:.0%} of a core."
        + (f" ABOVE {SATURATED:.0%}: the fastest rows may be the generator's." if busy > SATURATED else "")
    )


def generator(results: dict[tuple[str, int], list[Figures]]) -> tuple[float, float]:
    """(largest share of a core, median microseconds of CPU a request) of the load generator."""
    steady = [phase for runs in results.values() for run in runs for phase in run.values() if "rate" in phase]
    return max(p["generator_busy"] for p in steady), statistics.median(p["generator_us"] for p in steady)


def table(kind: str, results: dict[int, list[Figures]]) -> str:
    """One system's figures by thread count, in Markdown."""
    heads = ["threads", "orders/s", "p50", "p99", "max", "slowest of a burst", "worst", "orders/s, 20 hung", "p99"]
    heads += ["customers/s", "p99"] if kind == "crm" else []
    rows = [heads, ["---"] * len(heads)]
    for count, runs in results.items():
        row = [str(count), rate(runs, "orders")]
        row += [milliseconds(runs, "orders", figure) for figure in ("p50", "p99", "max")]
        row += [milliseconds(runs, "burst", "median"), f"{max(run['burst']['worst'] for run in runs) * 1000:,.0f}"]
        row += [rate(runs, "hang"), milliseconds(runs, "hang", "p99")]
        row += [rate(runs, "customers"), milliseconds(runs, "customers", "p99")] if kind == "crm" else []
        rows.append(row)
    title = {"crm": "CRM", "floor": "Floor (bare Flask, one row a request)"}[kind]
    return "\n".join([f"**{title}**", "", *("| " + " | ".join(row) + " |" for row in rows)])


def rate(runs: list[Figures], phase: str) -> str:
    """Median and range over the rounds, a second."""
    values = [run[phase]["rate"] for run in runs]
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})"


def milliseconds(runs: list[Figures], phase: str, figure: str) -> str:
    """Median over the rounds."""
    return f"{statistics.median(run[phase][figure] for run in runs) * 1000:,.0f}"


def measure(kind: str, threads: int, seconds: float) -> Figures:
    """All figures of one fresh server: `crm` or `floor`."""
    phases: list[dict[str, Any]] = [{"kind": "orders", "connections": CONNECTIONS, "seconds": seconds}]
    if kind == "crm":
        phases.append({"kind": "customers", "connections": CONNECTIONS, "seconds": seconds})
    phases.append({"kind": "burst", "connections": CONNECTIONS, "bursts": BURSTS})
    phases.append({"kind": "hang", "connections": CONNECTIONS, "seconds": seconds, "hung": HUNG, "delay": DELAY})
    secret = secrets.token_urlsafe(24)
    with (
        tempfile.TemporaryDirectory(prefix="shapan-bench-") as folder,
        server(kind, threads, Path(folder), secret) as port,
    ):
        plan = {"port": port, "phases": phases, **orders(kind, port, secret)}
        try:
            load_run = subprocess.run(
                [sys.executable, str(HERE / "serving_load.py")],
                input=json.dumps(plan),
                capture_output=True,
                text=True,
                timeout=120 + 10 * seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{kind}, {threads} threads: the load did not end. 负载未能在限时内结束。") from None
    if load_run.returncode != 0:
        reason = load_run.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise Failed(f"{kind}, {threads} threads: the load failed: {reason[0]} 负载运行失败，原因见上。")
    return dict(json.loads(load_run.stdout))


@contextlib.contextmanager
def server(kind: str, threads: int, folder: Path, secret: str) -> Iterator[int]:
    """A server in a process of its own, healthy; gives its port."""
    port = free_ports(1)
    command = [sys.executable, str(HERE / "serving_apps.py"), kind, str(threads), str(port), str(folder)]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "SHAPAN_CLIENT_SECRET": secret},
            start_new_session=True,
        )
    try:
        until_healthy(process, [port], log)
        yield port
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started; by force when it does not go."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin:
        process.stdin.close()


def until_healthy(process: subprocess.Popen[bytes], ports: list[int], log: Path) -> None:
    """Wait until something answers 200 to /_shapan/health on every port."""
    deadline = time.monotonic() + START_SECONDS
    waiting = list(ports)
    while waiting:
        waiting = [port for port in waiting if not healthy(port)]
        if waiting and (process.poll() is not None or time.monotonic() > deadline):
            said = log.read_text("utf-8", "replace").strip() or "it says nothing"
            raise Failed(f"The server did not start: {said} 服务未能启动。")
        if waiting:
            time.sleep(0.005)


def healthy(port: int) -> bool:
    """Whether /_shapan/health answers 200. The plain client: it is asked many times while the server needs the cores."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_shapan/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def orders(kind: str, port: int, secret: str) -> dict[str, Any]:
    """A token and 100 different orders of three lines; the floor takes them too."""
    if kind == "floor":
        line = {"productCode": "CAB-3X25-YJV22", "quantity": 2}
        return {"token": "", "bodies": [json.dumps({"customerId": "c", "submit": True, "lines": [line] * 3})]}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as crm:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": secret}
        crm.headers["Authorization"] = f"Bearer {read(crm.post('/oauth/token', data=form))['access_token']}"
        customers = [c["id"] for c in read(crm.get("/customers"))["items"]]
        products = [p["code"] for p in read(crm.get("/products"))["items"]]
    bodies = [
        {
            "customerId": customers[n % len(customers)],
            "submit": True,
            "lines": [{"productCode": products[(n + k) % len(products)], "quantity": 1 + n % 9} for k in range(3)],
        }
        for n in range(100)
    ]
    return {"token": crm.headers["Authorization"].partition(" ")[2], "bodies": [json.dumps(body) for body in bodies]}


def read(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that must be a success."""
    if not answer.is_success:
        raise Failed(f"{answer.url} answered {answer.status_code}: {answer.text[:500]} 接口返回错误。")
    return dict(answer.json())


def free_ports(count: int) -> int:
    """The first of `count` consecutive free ports. Another process may take one before it is used; then the start says so."""
    for _ in range(100):
        with contextlib.ExitStack() as stack:
            try:
                first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                for port in range(first + 1, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return int(first)
    raise Failed(f"No {count} consecutive ports are free on loopback. 本机没有 {count} 个连续的空闲端口。")


def cold_start() -> float:
    """Seconds from spawning `shapan up --ephemeral` (small world) until all four systems are healthy."""
    first = free_ports(4)
    with tempfile.TemporaryDirectory(prefix="shapan-bench-") as folder:
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            began = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "shapan", "up", "--ephemeral", "--size", "small", "--port", str(first)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            until_healthy(process, list(range(first, first + 4)), log)
            return time.perf_counter() - began
        finally:
            end(process)


def startup_text(seconds: list[float]) -> str:
    """The cold starts as a sentence."""
    listed = ", ".join(f"{value:.2f}" for value in seconds)
    return f"Cold start of `shapan up --ephemeral`, small world, files cached: median {statistics.median(seconds):.2f} s of {listed}."


if __name__ == "__main__":
    main()
