"""`demo`, `verify`, `load`, `oracle`, `pytest scenarios/`: their verdicts and exit codes, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shapan.cli.common import STOPPED_EXIT
from shapan.kernel.resources import data_folder
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

Done = subprocess.CompletedProcess[str]
SCENARIO = data_folder("scenarios") / "order-to-receivable.arazzo.yaml"


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
    # One in the shared workspace, one in its own.
    names = ["order-to-receivable", "period-close-and-late-document"]
    done = shapan(
        "verify", *names, "--reference", "--size", "tiny", "--junit", str(junit), "--html", str(html), "--json"
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert [(s["name"], s["own_workspace"]) for s in report["scenarios"]] == [(names[0], False), (names[1], True)]
    assert report["scenarios"][0]["workspace"] == "default" != report["scenarios"][1]["workspace"]
    figures = {row["key"]: row for row in report["kpis"]}
    assert figures["order_lead_time"]["before"] > figures["order_lead_time"]["after"] > 0
    assert figures["closing_time"]["after"] is not None
    assert figures["differences"]["after"] == 0
    assert figures["accuracy"]["after"] == 100
    assert {row["link"] for row in report["delays"]} >= {"order-to-sales-order", "shipment-to-receivable"}
    used = {row["operation"] for system in report["coverage"]["systems"] for row in system["used"]}
    assert used >= {"createSalesOrder", "createReceivable", "putCustomerBalance"}
    acted = {row["event"] for row in report["coverage"]["events"] if row["acted_on"]}
    assert acted >= {"crm.order.confirmed", "scm.delivery.shipped"}
    assert [case.attrib["name"] for case in ElementTree.parse(junit).getroot().iter("testcase")] == names
    assert all(name in html.read_text("utf-8") for name in names)


def run_pytest(folder: Path, *arguments: str) -> Done:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir"]
    return subprocess.run(
        [*command, str(folder), str(SCENARIO), "--shapan-size", "tiny", *arguments],
        capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=folder,
    )  # fmt: skip


def test_without_an_integration_verify_and_pytest_name_the_missing_sales_order(shapan, tmp_path):
    verified, tested = at_once(
        lambda: shapan("verify", str(SCENARIO), "--integration", "true", "--size", "tiny"), lambda: run_pytest(tmp_path)
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
        attached = shapan("verify", "order-to-receivable", "--reference", *running)
        assert attached.returncode == 0, attached.stdout + attached.stderr
        # Nobody here can start an integration again or give it another workspace.
        skipped = shapan("verify", "period-close-and-late-document", "--attach", *running)
        assert skipped.returncode == 1, skipped.stdout + skipped.stderr
        assert "needs one of its own" in skipped.stdout
        assert "Nothing was run" in skipped.stdout
        # The integration works in the world that is there, and would never see another.
        elsewhere = shapan("verify", "order-to-receivable", "--attach", "--seed", "7", *running)
        assert elsewhere.returncode == 2, elsewhere.stdout + elsewhere.stderr
        assert "trading/tiny/42" in elsewhere.stderr
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


def test_the_scenarios_that_would_be_run_can_be_listed(invoke):
    listed = json.loads(invoke("verify", "--list", "--json", "--world", "restaurant").stdout)["scenarios"]
    rows = {row["name"]: row for row in listed}
    assert rows["restaurant-day"]["skipped"] is None
    assert rows["restaurant-day"]["world"].startswith("restaurant/")
    shown = invoke("verify", "--list", "--only", "restaurant")
    assert shown.exit_code == 0
    assert "restaurant-day (P7)" in shown.stdout
    assert "1 scenario(s)." in shown.stdout
    matrix = json.loads(invoke("verify", "--list", "--json", "--reference", "--defects", "partial-shipments").stdout)
    assert [row["name"] for row in matrix["scenarios"]].count("partial-shipments") >= 4


def test_verify_runs_again_when_a_script_changes(tmp_path):
    script = tmp_path / "quiet.arazzo.yaml"
    script.write_text(QUIET.replace("CONTRACTS", str(data_folder("contracts"))), "utf-8")
    command = [
        sys.executable,
        "-m",
        "shapan",
        "verify",
        str(script),
        "--size",
        "tiny",
        "--integration",
        "true",
        "--watch",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert next(line for line in process.stdout if "passed" in line).startswith("✓ passed  quiet")
            script.write_text(script.read_text("utf-8").replace("== 200", "== 299"), "utf-8")
            assert next(line for line in process.stdout if "failed  " in line).startswith("✗ failed  quiet")
            script.write_text("arazzo: 1.0.1\n", "utf-8")
            assert any("quiet.arazzo.yaml" in line and "info" in line for line in process.stderr)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == STOPPED_EXIT


QUIET = """\
arazzo: 1.0.1
info: {title: Quiet, version: 1.0.0}
x-shapan: {title: {en: Nobody is needed, zh: 无需集成}, integration: none}
sourceDescriptions:
  - {name: crm, url: "CONTRACTS/crm.yaml", type: openapi}
workflows:
  - workflowId: quiet
    steps:
      - stepId: products
        operationId: listProducts
        successCriteria:
          - condition: $statusCode == 200
"""
