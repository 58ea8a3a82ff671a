"""What requests that a fault lets hang cost the others: latencies with and without a hundred of them, by turns in one run. See README.md.

    python benchmarks/hung.py [--hung 100] [--rounds 5] [--seconds 3]

Loopback only. Ends what it starts. Prints Markdown. Exit code 1 when a server does not start, an answer is wrong, or the others' p99 (the median over
the rounds) with hung requests is more than twice that without.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from serving import Failed, Figures, load, machine, positive

HERE = Path(__file__).resolve().parent
CONNECTIONS = 10
"""Of the others. Few enough that the server is not saturated: in a queue everything is late."""
HEADER = "X-Hang"
MOST = 2.0


def main() -> None:
    """Parse the command, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hung", default=100, type=positive, help="requests that hang")
    parser.add_argument("--rounds", default=5, type=positive, help="rounds with and without; medians are reported")
    parser.add_argument("--seconds", default=3.0, type=float, help="length of each phase, besides 1 s of warm-up")
    wish = parser.parse_args()
    print(machine(), end="\n\n", flush=True)
    try:
        worst = compare(wish.hung, wish.rounds, wish.seconds)
    except Failed as error:
        sys.exit(str(error))
    print(f"\nLoad average afterwards: {load()}.")
    if worst > MOST:
        sys.exit(f"The p99 of the others is {worst:.2f} times that without hung requests. 其他请求的 p99 超过两倍。")


def compare(hung: int, rounds: int, seconds: float) -> float:
    """Measure by turns, print the table; the largest ratio of p99 with to p99 without, over what was asked."""
    from shapan.sandbox.options import plan
    from shapan.sandbox.processes import ProcessSandbox

    options = plan(size="tiny", port=None)
    results: dict[bool, list[Figures]] = {False: [], True: []}
    with ProcessSandbox(options), httpx.Client(base_url=options.urls["crm"], trust_env=False, timeout=30) as http:
        setting = preparation(http, options.client.client_id, options.client.secret, options.ports["crm"])
        for number in range(rounds):
            # By turns, and every other round the other way about: what drifts falls on both.
            for with_hung in (False, True) if number % 2 == 0 else (True, False):
                results[with_hung].append(measure(http, setting, hung if with_hung else 0, seconds))
                print(f"round {number + 1}/{rounds}: {hung if with_hung else 0} hung; load {load()}", file=sys.stderr)
    print(
        f"{rounds} rounds of {seconds:g} s, {CONNECTIONS} connections beside {hung} hung requests, medians (range), times in ms.\n"
    )
    print(
        "| | p50 | p99 | p99, hung | ratio of p99 | a second | a second, hung |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    worst = 0.0
    for phase in ("orders", "customers"):
        without, beside = ([run[phase] for run in results[kind]] for kind in (False, True))
        ratio = statistics.median(run["p99"] for run in beside) / statistics.median(run["p99"] for run in without)
        worst = max(worst, ratio)
        cells = [
            phase,
            shown(without, "p50", 1000),
            shown(without, "p99", 1000),
            shown(beside, "p99", 1000),
            f"{ratio:.2f}",
        ]
        print("| " + " | ".join([*cells, shown(without, "rate", 1), shown(beside, "rate", 1)]) + " |")
    return worst


def shown(runs: list[dict[str, float]], figure: str, factor: float) -> str:
    """Median and range."""
    values = [run[figure] * factor for run in runs]
    return f"{statistics.median(values):,.1f} ({min(values):,.1f}–{max(values):,.1f})"


def preparation(http: httpx.Client, client_id: str, secret: str, port: int) -> dict[str, Any]:
    """A token, orders to post, and the fault that lets requests with the header hang."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    customer = http.get("/customers?limit=1", headers=headers).raise_for_status().json()["items"][0]["id"]
    products = http.get("/products?limit=3", headers=headers).raise_for_status().json()["items"]
    lines = [{"productCode": product["code"], "quantity": 1} for product in products]
    rule = {"fault": "hang", "match": {"headers": {HEADER: "1"}}}
    http.post("/_shapan/faults", json=rule).raise_for_status()
    return {"port": port, "token": token, "bodies": [json.dumps({"customerId": customer, "lines": lines})]}


def measure(http: httpx.Client, setting: dict[str, Any], hung: int, seconds: float) -> Figures:
    """The figures of the others while so many hang."""
    phases = [{"kind": kind, "connections": CONNECTIONS, "seconds": seconds} for kind in ("orders", "customers")]
    asked = f"GET /customers HTTP/1.1\r\nHost: x\r\n{HEADER}: 1\r\nAuthorization: Bearer {setting['token']}\r\n\r\n".encode()
    with ExitStack() as stack:
        hanging = []
        for _ in range(hung):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", setting["port"]), timeout=30))
            connection.sendall(asked)
            hanging.append(connection)
        done = subprocess.run(
            [sys.executable, str(HERE / "serving_load.py")],
            input=json.dumps({**setting, "phases": phases}),
            capture_output=True,
            text=True,
            timeout=120 + 10 * seconds,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"The load failed: {done.stderr.strip()[-300:]} 负载运行失败。")
        for connection in hanging:
            connection.setblocking(False)
            try:
                connection.recv(1)
            except BlockingIOError:
                continue
            raise Failed("A request that should hang was answered. 本应挂起的请求得到了应答。")
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    main()
