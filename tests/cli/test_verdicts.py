"""`demo`, `verify`, `load`, `oracle`, `pytest scenarios/`: their verdicts and exit codes, with real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shapan.kernel.resources import data_folder
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

Done = subprocess.CompletedProcess[str]


def at_once(*calls: Callable[[], Done]) -> list[Done]:
    """What the calls give, side by side: most of their time they wait for a document that does not come."""
    with ThreadPoolExecutor(len(calls)) as pool:
        running: list[Future[Done]] = [pool.submit(call) for call in calls]
    return [future.result() for future in running]


def test_demo_shows_every_document_and_a_clean_verdict(shapan):
    shown, told = at_once(lambda: shapan("demo"), lambda: shapan("demo", "--json"))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for number in ("ORD-", "XSDD-", "XSCK-", "YS-", "记-", "SK-", "HX-"):
        assert number in shown.stdout
    assert "The three systems agree. 三个系统一致。" in shown.stdout
    assert told.returncode == 0, told.stdout + told.stderr
    report = json.loads(told.stdout)
    assert report["ok"] is True
    assert report["verdict"]["ok"] is True
    assert len(report["steps"]) == 9
    documents = {document["number"] for step in report["steps"] for document in step["documents"]}
    assert {report["order"]} < documents


def test_demo_without_integration_names_what_is_missing(shapan):
    done = shapan("demo", "--no-integration")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Missing in SCM: a sales order for CRM order ORD-" in done.stdout
    assert "Missing in finance: receivables and vouchers" in done.stdout
    assert "order-missing" in done.stdout
    assert "没有对应的销售订单" in done.stdout


def test_verify_passes_the_reference_and_writes_reports(shapan, tmp_path):
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    done = shapan("verify", "--reference", "--size", "tiny", "--junit", str(junit), "--html", str(html), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert [s["name"] for s in report["scenarios"]] == ["order-to-receivable"]
    [case] = ElementTree.parse(junit).getroot().iter("testcase")
    assert "order-to-receivable" in case.attrib["name"]
    assert "order-to-receivable" in html.read_text("utf-8")


def run_pytest(folder: Path, *arguments: str) -> Done:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir"]
    return subprocess.run(
        [*command, str(folder), str(data_folder("scenarios")), *arguments],
        capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=folder,
    )  # fmt: skip


def test_without_an_integration_verify_and_pytest_name_the_missing_sales_order(shapan, tmp_path):
    verified, tested = at_once(
        lambda: shapan("verify", "--integration", "true", "--size", "tiny"), lambda: run_pytest(tmp_path)
    )
    assert verified.returncode == 1, verified.stdout + verified.stderr
    assert "SCM has no sales order for ORD-" in verified.stdout
    assert "ended by itself with exit code 0" in verified.stdout
    assert tested.returncode == 1, tested.stdout + tested.stderr
    assert "SCM has no sales order for ORD-" in tested.stdout


def test_pytest_passes_scenarios_with_the_reference(tmp_path):
    joined = run_pytest(tmp_path, "--shapan-reference")
    assert joined.returncode == 0, joined.stdout + joined.stderr
    assert "1 passed" in joined.stdout


def test_pytest_says_what_cannot_be_run_in_two_sentences(tmp_path):
    done = run_pytest(tmp_path, "--shapan-url", "http://127.0.0.1:9")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "A running sandbox needs its client secret" in done.stdout
    assert "连接正在运行的沙盘需要客户端密钥" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert ".py:" not in done.stdout


def test_oracle_verify_and_load_reach_a_running_sandbox(shapan):
    with ProcessSandbox(plan(size="tiny", port=None, strict=True)) as sandbox:
        control = sandbox.options.url("control")
        clean = shapan("oracle", "--url", control)
        assert clean.returncode == 0, clean.stdout + clean.stderr
        running = ("--url", control, "--client-secret", sandbox.options.client.secret)
        attached = shapan("verify", "--reference", *running)
        assert attached.returncode == 0, attached.stdout + attached.stderr
        unknown = shapan("oracle", "--url", control, "--order", "ORD-209901-00001")
        assert unknown.returncode == 2
        english, chinese = unknown.stderr.splitlines()
        assert "refuses: There is no order ORD-209901-00001" in english or "ORD-209901-00001" in english
        assert "拒绝了请求" in chinese
        assert "ORD-209901-00001" in chinese
        assert "There is" not in chinese
        # No integration, so the oracle would wait in vain.
        environment = {**os.environ, "SHAPAN_ORACLE": "off"}
        rush = ("load", "order-rush", "--users", "3", "--json", *running)
        kept = shapan(*rush, "--max-seconds", "60", env=environment)
        missed = shapan(*rush, "--max-seconds", "0.000001", env=environment)
    for done, code, said in ((kept, 0, "gate passed"), (missed, 1, "gate MISSED")):
        assert done.returncode == code, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["ok"] is (code == 0)
        assert said in report["said"][0]
        orders = {row["name"]: row for row in report["requests"]}["POST /orders"]
        assert (orders["requests"], orders["failures"]) == (3, 0)
        assert orders["slowest_seconds"] >= orders["fastest_seconds"] > 0


def test_a_load_test_that_cannot_be_run_is_exit_2(shapan, answering):
    # Control answers as it should, the systems do not.
    hello = answering({"hello": 1})
    control = answering({"items": [{"name": name, "url": hello} for name in ("crm", "scm", "finance")]})
    done = shapan("load", "order-rush", "--users", "1", "--json", "--url", control, "--client-secret", "x")
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "has no customers or no products to order" in done.stderr


def test_contracts_can_be_shown_and_are_clean(invoke):
    assert json.loads(invoke("contracts", "show", "crm").stdout)["info"]["title"] == "Shapan CRM"
    linted = invoke("contracts", "lint")
    assert linted.exit_code == 0, linted.stdout


def test_scenarios_can_be_checked(invoke, tmp_path):
    good = data_folder("scenarios") / "order-to-receivable.arazzo.yaml"
    bad = tmp_path / "bad.arazzo.yaml"
    bad.write_text("arazzo: 1.0.1\ninfo: {title: x}\n")
    assert invoke("scenario", "lint", str(good)).exit_code == 0
    clean = json.loads(invoke("scenario", "lint", str(good), "--json").stdout)
    assert clean == {"ok": True, "files": 1, "faults": []}
    told = invoke("scenario", "lint", str(good), str(bad), "--json")
    assert told.exit_code == 1
    report = json.loads(told.stdout)
    assert (report["ok"], report["files"]) == (False, 2)
    assert {fault["file"] for fault in report["faults"]} == {str(bad)}
    shown = invoke("scenario", "lint", str(good), str(bad))
    assert shown.exit_code == 1
    for fault in report["faults"]:
        assert f"{fault['en']}\n    {fault['zh']}\n" in shown.stdout


def test_worlds_can_be_listed_and_shown(invoke):
    assert "\ntrading: tiny, small, medium, large, huge\n" in invoke("world", "list").stdout
    [trading] = [each for each in json.loads(invoke("world", "list", "--json").stdout) if each["name"] == "trading"]
    assert (trading["sizes"][:2], trading["customers"]["tiny"]) == (["tiny", "small"], 20)
    world = json.loads(invoke("world", "show", "--size", "tiny", "--json").stdout)
    assert len(world["customers"]) == 20
    assert all(row["crm"] != row["finance"] for row in world["customers"])


def test_the_sandbox_loads_no_test_tool():
    code = "import sys, shapan.sandbox.systems, shapan.crm, shapan.scm, shapan.finance, shapan.control; print(sorted({'locust', 'schemathesis', 'hypothesis', 'pytest', 'gevent'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.strip() == "[]"


def test_verify_seeds_the_world_that_scenarios_agree_on():
    from types import SimpleNamespace

    from shapan.cli.common import WorldWish
    from shapan.cli.verify import _world

    tiny = SimpleNamespace(world="trading", size="tiny", seed=7)
    either = SimpleNamespace(world=None, size=None, seed=None)
    small = SimpleNamespace(world="trading", size="small", seed=7)
    nothing = {"mess": None, "rates": ()}
    assert _world([tiny, either], WorldWish()) == {"profile": "trading", "size": "tiny", "seed": 7, **nothing}
    assert _world([tiny, small], WorldWish()) == {"profile": "trading", "size": None, "seed": 7, **nothing}
    said = WorldWish(size="small", seed=1, mess="clean", rates=(("surface.ocr", 0.1),))
    assert _world([tiny], said) == {**said.options(), "profile": "trading"}
