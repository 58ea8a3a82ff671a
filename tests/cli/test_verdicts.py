"""`demo`, `verify`, `oracle`, `pytest scenarios/`: their verdicts and exit codes, with real processes."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from shapan.kernel.resources import data_folder
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox


def shapan(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shapan", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def test_demo_shows_every_document_and_a_clean_verdict():
    done = shapan("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    for number in ("ORD-", "XSDD-", "XSCK-", "YS-", "记-", "SK-", "HX-"):
        assert number in done.stdout
    assert "The three systems agree. 三个系统一致。" in done.stdout


def test_demo_without_integration_names_what_is_missing():
    done = shapan("demo", "--no-integration")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Missing in SCM: a sales order for CRM order ORD-" in done.stdout
    assert "Missing in finance: receivables and vouchers" in done.stdout
    assert "order-missing" in done.stdout
    assert "没有对应的销售订单" in done.stdout


def test_verify_passes_the_reference_and_writes_reports(tmp_path):
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    done = shapan("verify", "--reference", "--size", "tiny", "--junit", str(junit), "--html", str(html), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert [s["name"] for s in report["scenarios"]] == ["order-to-receivable"]
    assert ElementTree.parse(junit).getroot().iter("testcase")
    assert "order-to-receivable" in html.read_text("utf-8")


def test_verify_fails_an_integration_that_does_nothing():
    done = shapan("verify", "--integration", "true", "--size", "tiny")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "SCM has no sales order for ORD-" in done.stdout
    assert "ended by itself with exit code 0" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say which integration to judge"),
        (["--reference", "--attach"], "Say which integration to judge"),
        (["--attach"], "--attach needs --url"),
        (["nothing", "--reference"], "nothing"),
        (["--only", "nothing", "--reference"], "No scenario's name holds nothing"),
        (["--integration", "no-such-program"], "no-such-program"),
        (["--integration", '"open quote'], "cannot be read"),
        (["--reference", "--url", "http://127.0.0.1:9", "--client-secret", "x"], "No sandbox answers"),
        (["--reference", "--url", "http://127.0.0.1:9"], "client secret"),
    ],
)
def test_what_cannot_be_verified_is_exit_2(arguments, message):
    done = shapan("verify", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_the_oracle_and_verify_reach_a_running_sandbox():
    with ProcessSandbox(plan(size="tiny", port=None)) as sandbox:
        control = sandbox.options.url("control")
        clean = shapan("oracle", "--url", control)
        assert clean.returncode == 0, clean.stdout + clean.stderr
        secret = sandbox.options.client.secret
        attached = shapan("verify", "--reference", "--url", control, "--client-secret", secret)
        assert attached.returncode == 0, attached.stdout + attached.stderr
        unknown = shapan("oracle", "--url", control, "--order", "ORD-209901-00001")
        assert unknown.returncode == 2
        assert "ORD-209901-00001" in unknown.stderr


def test_pytest_runs_scenarios_and_fails_them_without_an_integration(tmp_path):
    scenarios = str(data_folder("scenarios"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
        scenarios,
    ]
    alone = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert alone.returncode == 1, alone.stdout + alone.stderr
    assert "SCM has no sales order for ORD-" in alone.stdout
    joined = subprocess.run(
        [*command, "--shapan-reference"], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert joined.returncode == 0, joined.stdout + joined.stderr
    assert "1 passed" in joined.stdout


def test_contracts_can_be_shown_and_are_clean():
    shown = shapan("contracts", "show", "crm")
    assert json.loads(shown.stdout)["info"]["title"] == "Shapan CRM"
    linted = shapan("contracts", "lint")
    assert linted.returncode == 0, linted.stdout


def test_worlds_can_be_listed_and_shown():
    assert shapan("world", "list").stdout.startswith("trading: tiny, small")
    world = json.loads(shapan("world", "show", "--size", "tiny", "--json").stdout)
    assert len(world["customers"]) == 12
    assert all(row["crm"] != row["finance"] for row in world["customers"])


def test_every_verb_has_help_with_an_example():
    from shapan.cli import VERBS

    for verb in VERBS:
        done = shapan(verb, "--help")
        assert done.returncode == 0
        assert "Example: " in done.stdout, verb


def test_the_sandbox_loads_no_test_tool():
    code = "import sys, shapan.sandbox.systems, shapan.crm, shapan.scm, shapan.finance, shapan.control; print(sorted({'locust', 'schemathesis', 'hypothesis', 'pytest', 'gevent'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.strip() == "[]"
