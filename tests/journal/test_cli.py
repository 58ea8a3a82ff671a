"""`shapan journal` as a user sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from shapan.cli import main


@pytest.fixture
def journal(flowed: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """journal("verify", "--times", "1") runs `shapan journal verify --url … --times 1`."""
    for name in [name for name in os.environ if name.startswith("SHAPAN_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **options: Any) -> Result:
        verbs = [word for word in arguments[:1] if not word.startswith("-")]
        words = ["journal", *verbs, "--url", flowed.sandbox.options.url("control"), *arguments[len(verbs) :]]
        return CliRunner().invoke(main, words, prog_name="shapan", **options)

    return run


def test_it_shows_the_latest_oldest_first(journal, flowed):
    done = journal("--limit", "1000")
    assert done.exit_code == 0, done.output
    placed, confirmed, created = (
        next(n for n, line in enumerate(done.output.splitlines()) if what in line)
        for what in ("POST /orders 201", f"→ crm.order.confirmed {flowed.order}", "POST /sales-orders 201")
    )
    assert placed < confirmed < created
    assert "createOrder shapan" in done.output
    assert "delivered HTTP 204" in done.output
    assert "hidden-one" not in done.output


def test_filters_and_json(journal):
    done = journal("--operation", "createSalesOrder", "--json")
    [entry] = [json.loads(line) for line in done.output.splitlines()]
    assert (entry["system"], entry["status"]) == ("scm", 201)
    assert json.loads(entry["request_body"])["lines"]
    assert journal("--operation", "createSalesOrder", "--bodies").output.count("source_reference") >= 1


def test_a_filter_that_is_none_is_named(journal):
    done = journal("--status", "teapot")
    assert done.exit_code == 2
    assert "/status" in done.output
    assert "Traceback" not in done.output


def test_verify_counts_and_shows_the_nearest_miss(journal, flowed):
    good = journal("verify", "--system", "scm", "--operation", "createSalesOrder", "--status", "201", "--times", "1")
    assert (good.exit_code, good.output.splitlines()[0]) == (0, "✓ Expected exactly 1, found 1.")
    pointer = f'/source_reference/document="{flowed.order}"'
    bad = journal("verify", "--operation", "createSalesOrder", "--body", pointer, "--body", "/lines/0/quantity=-7")
    assert bad.exit_code == 1, bad.output
    assert "nearest 最接近" in bad.output
    assert 'expected -7, found "' in bad.output
    assert "应为 -7" in bad.output
    event = journal("verify", "--event", "crm.order.*", "--state", "delivered", "--at-least", "1", "--json")
    assert json.loads(event.output)["ok"] is True


def test_verify_takes_a_sequence_from_a_file(journal, tmp_path):
    file = tmp_path / "steps.yaml"
    file.write_text("sequence:\n  - {operation: createOrder}\n  - {operation: createSalesOrder}\n", "utf-8")
    assert journal("verify", "--file", str(file)).exit_code == 0
    file.write_text("sequence:\n  - {operation: createSalesOrder}\n  - {operation: createOrder}\n", "utf-8")
    assert journal("verify", "--file", str(file)).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say what to look for"),
        (("--body", "/a"), "--body takes a name and a value"),
        (("--state", "delivered"), "--state needs --event"),
        (("--operation", "x", "--times", "1", "--at-least", "1"), "times is exact; leave this away. (/at_least)"),
        (("--system", "marketing"), "There is no system marketing"),
    ],
)
def test_what_cannot_be_verified_is_a_sentence_and_exit_2(journal, arguments, said):
    done = journal("verify", *arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_violations_end_with_1(journal, flowed):
    httpx.get(flowed.sandbox.options.url("finance") + "/receivabels", trust_env=False)
    done = journal("violations", "--system", "finance")
    assert done.exit_code == 1
    assert "GET /receivabels 404 no-such-path" in done.output
    clean = journal("violations", "--client", "nobody")
    assert (clean.exit_code, "No client broke a contract" in clean.output) == (0, True)


def test_har_is_written(journal, tmp_path):
    file = tmp_path / "run.har"
    done = journal("har", "-o", str(file), "--operation", "createOrder")
    assert done.exit_code == 0, done.output
    [entry] = json.loads(file.read_text("utf-8"))["log"]["entries"]
    assert entry["response"]["status"] == 201
    assert journal("har", "-o", str(tmp_path / "no" / "x.har")).exit_code == 2


def test_trace_shows_what_led_to_what(journal, flowed):
    by_document = journal("trace", flowed.order)
    assert by_document.exit_code == 0, by_document.output
    by_trace = journal("trace", flowed.trace)
    for done in (by_document, by_trace):
        lines = done.output.splitlines()
        placed = next(line for line in lines if "POST /orders 201" in line)
        confirmed = next(line for line in lines if "→ crm.order.confirmed" in line)
        created = next(line for line in lines if "POST /sales-orders 201" in line)
        assert not placed.startswith(" ")
        assert confirmed.startswith("  └")
        assert created.startswith("    └")
    assert journal("trace", "ORD-209912-99999").exit_code == 2


def test_a_sandbox_that_is_none(tmp_path):
    done = CliRunner().invoke(main, ["journal", "--url", "http://127.0.0.1:9"])
    assert (done.exit_code, "No sandbox answers at" in done.output) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_follow_shows_what_comes_until_it_is_stopped(flowed):
    url = flowed.sandbox.options.url("control")
    command = [
        sys.executable,
        "-m",
        "shapan",
        "journal",
        "--url",
        url,
        "--follow",
        "--json",
        "--limit",
        "1",
        "--path",
        "/followed/*",
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHAPAN_")}
    finance = flowed.sandbox.options.url("finance")
    httpx.get(f"{finance}/followed/before", trust_env=False)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, encoding="utf-8", env=clean, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["path"] == "/followed/before"
        for number in range(3):
            httpx.get(f"{finance}/followed/{number}", trust_env=False)
            assert json.loads(process.stdout.readline())["path"] == f"/followed/{number}"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
