"""The order rush as users run it: a locust process, judged by its exit code and by what it says."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.resources import data_folder

SCRIPT = data_folder("loadtests") / "order_rush.py"
USERS = 6


def rush(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs locust headless on the script against `url`, as CRM and as control."""
    command = [sys.executable, "-m", "locust", "-f", str(SCRIPT), "--headless", "-u", str(USERS), "-r", str(USERS)]
    given = {name: value for name, value in os.environ.items() if not name.startswith(("SHAPAN_", "LOCUST_"))}
    client = {"SHAPAN_CLIENT_ID": "rush", "SHAPAN_CLIENT_SECRET": "rush-secret", "SHAPAN_ORACLE_SECONDS": "0"}
    return subprocess.run(
        [*command, "--host", url, *arguments],
        env={**given, "SHAPAN_CONTROL_URL": url, **client, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_good_rush_passes_and_says_its_figures(fake_sandbox: Callable[..., Any]) -> None:
    sandbox = fake_sandbox()
    run = rush(sandbox.url, "--max-seconds", "60")
    assert run.returncode == 0, run.stdout + run.stderr
    figures = r"slowest \d+\.\d{3} s, p50 \d+\.\d{3} s, p95 \d+\.\d{3} s, limit 60 s\."
    assert re.search(rf"order-rush gate passed: {USERS} of {USERS} orders accepted, {figures}", run.stdout)
    assert f"orders right: {USERS} acknowledged orders" in run.stdout
    assert "the systems agree" in run.stdout
    assert "抢单门槛通过" in run.stdout


def test_everyone_is_ready_before_anyone_orders_and_orders_once(fake_sandbox: Callable[..., Any]) -> None:
    sandbox = fake_sandbox()
    rush(sandbox.url, "--max-seconds", "60")
    first = sandbox.journal.index("POST /orders")
    prepared = sandbox.journal[:first]
    assert [prepared.count(call) for call in ("POST /oauth/token", "GET /customers", "GET /products")] == [USERS] * 3
    assert sandbox.journal.count("POST /orders") == USERS
    assert len(set(sandbox.keys)) == USERS
    assert {order["state"] for order in sandbox.orders} == {"confirmed"}


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_missed_gate_fails(fake_sandbox: Callable[..., Any], how: str) -> None:
    url = fake_sandbox().url
    run = rush(url, "--max-seconds", "0.000001") if how == "argument" else rush(url, SHAPAN_MAX_SECONDS="0.000001")
    assert run.returncode == 1
    assert f"order-rush gate MISSED: {USERS} of {USERS} orders accepted" in run.stdout
    assert "limit 1e-06 s" in run.stdout
    assert "orders right" in run.stdout


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("lost", "ORD-202601-00003 was acknowledged and is lost"),
        ("doubled", "ORD-202601-90000 was never acknowledged: a second order of the same user"),
        ("same-number", "ORD-202601-00003 is there 2 times"),
        ("altered", "ORD-202601-00003 differs from its acknowledgement in grossAmount"),
        ("refused", "HTTP 422: no such product"),
        ("dropped", "HTTP 0: "),
    ],
)
def test_a_faulty_crm_fails(fake_sandbox: Callable[..., Any], fault: str, said: str) -> None:
    run = rush(fake_sandbox(fault).url, "--max-seconds", "60")
    assert run.returncode == 1, run.stdout + run.stderr
    assert said in run.stdout


DIFFERENCE = {"code": "order-missing", "en": "CRM order ORD-1 has no sales order in SCM.", "zh": "缺少销售订单。"}


def test_a_difference_of_the_oracle_fails(fake_sandbox: Callable[..., Any]) -> None:
    run = rush(fake_sandbox(differences=(DIFFERENCE,)).url, "--max-seconds", "60")
    assert run.returncode == 1
    assert "gate passed" in run.stdout
    assert "order-missing: CRM order ORD-1 has no sales order in SCM. 缺少销售订单。" in run.stdout


def test_an_oracle_that_saw_none_of_the_orders_fails(fake_sandbox: Callable[..., Any]) -> None:
    run = rush(fake_sandbox(blind=True).url, "--max-seconds", "60")
    assert run.returncode == 1
    assert "0 orders compared" in run.stdout


def test_the_oracle_can_be_left_out(fake_sandbox: Callable[..., Any]) -> None:
    sandbox = fake_sandbox(differences=(DIFFERENCE,))
    run = rush(sandbox.url, "--max-seconds", "60", SHAPAN_ORACLE="off")
    assert run.returncode == 0
    assert "oracle not asked" in run.stdout
    assert "GET /reconciliation" not in sandbox.journal


def test_wrong_credentials_cannot_run(fake_sandbox: Callable[..., Any]) -> None:
    run = rush(fake_sandbox().url, SHAPAN_CLIENT_SECRET="wrong")
    assert run.returncode == 2
    assert "answered 401: unknown client. Are SHAPAN_CLIENT_ID and SHAPAN_CLIENT_SECRET those" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_nothing_that_answers_cannot_run(fake_sandbox: Callable[..., Any]) -> None:
    sandbox = fake_sandbox()
    sandbox.shutdown()
    sandbox.server_close()
    run = rush(sandbox.url)
    assert run.returncode == 2
    assert "gave no answer" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_more_than_one_process_cannot_run(fake_sandbox: Callable[..., Any]) -> None:
    sandbox = fake_sandbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    run = rush(sandbox.url, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
    assert run.returncode == 2
    assert "from one process" in run.stdout


def test_it_imports_nothing_of_shapan() -> None:
    tree = ast.parse(Path(SCRIPT).read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "locust" in names
    assert not [name for name in names if name.split(".")[0] == "shapan"]
