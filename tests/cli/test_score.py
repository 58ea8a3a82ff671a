"""`shapan score`: figures, reports, exit codes, and one answer that names every fault of a crosswalk."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from shapan.control import SYSTEM, SystemsClient
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.world import WorldSpec
from shapan.world.scoring import key_of_world

from .test_sentences import refused

WORLD = ("--size", "small", "--seed", "7")


@pytest.fixture(scope="module")
def key():
    return key_of_world(WorldSpec("trading", "small", 7, date(2026, 11, 1)))


@pytest.fixture(scope="module")
def by_name(key, tmp_path_factory) -> Path:
    """A crosswalk of records that bear the same name."""
    path = tmp_path_factory.mktemp("score") / "by-name.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["system", "record_id", "cluster", "kind"])
        writer.writerows([system, id_, key.name((system, kind, id_)), kind] for system, kind, id_ in key.all())
    return path


@contextmanager
def served(key, folder: Path, **settings) -> Iterator[str]:
    """The URL of a control with this key; the systems are not asked."""
    with ExitStack() as stack:
        services = {"systems": SystemsClient({}), "answer_key": key}
        runtime = Runtime(SYSTEM, Settings(folder, strict=True, services=services, **settings))
        runtime.start()
        stack.callback(runtime.stop)
        server = make_server("127.0.0.1", 0, create_app(runtime), threaded=True)
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        yield f"http://127.0.0.1:{server.port}"


def test_key_url_and_world_give_the_same_report(invoke, by_name, key, tmp_path):
    exported = invoke("world", "export", str(tmp_path / "out"), *WORLD, "--only", "crm/products")
    assert exported.exit_code == 0, exported.output
    by_key = invoke("score", str(by_name), "--key", str(tmp_path / "out"), "--json")
    assert by_key.exit_code == 0, by_key.output
    report = json.loads(by_key.stdout)
    assert report["ok"] is True
    assert 0.4 < report["accuracy"] < 0.8
    assert json.loads(invoke("score", str(by_name), *WORLD, "--json").stdout) == report
    with served(key, tmp_path / "control") as url:
        assert json.loads(invoke("score", str(by_name), "--url", url + "/", "--json").stdout) == report
        supplier = json.loads(invoke("score", str(by_name), "--url", url, "--kind", "supplier", "--json").stdout)
    assert supplier == json.loads(invoke("score", str(by_name), *WORLD, "--kind", "supplier", "--json").stdout)
    assert supplier["kind"] == "supplier"
    product = json.loads(invoke("score", str(by_name), *WORLD, "--kind", "product", "--json").stdout)
    answer = invoke("score", str(by_name), "--key", str(tmp_path / "out"), "--kind", "product", "--json")
    assert json.loads(answer.stdout) == product


def test_the_gate_decides_the_exit_code(invoke, by_name, key, tmp_path):
    assert invoke("score", str(by_name), *WORLD, "--min-accuracy", "0.3").exit_code == 0
    missed = invoke("score", str(by_name), *WORLD, "--min-accuracy", "0.99")
    assert missed.exit_code == 1
    assert "below 0.99" in missed.stdout
    perfect = tmp_path / "truth.json"
    rows = [{"system": s, "kind": k, "record_id": i, "cluster": e} for (s, k, i), e in key.all().items()]
    perfect.write_text(json.dumps(rows))
    assert invoke("score", str(perfect), *WORLD, "--min-accuracy", "1").exit_code == 0


def test_people_get_figures_rules_and_wrong_pairs_in_both_languages(invoke, by_name, tmp_path):
    done = invoke("score", str(by_name), *WORLD, "--html", str(tmp_path / "score.html"))
    assert done.exit_code == 0, done.output
    for text in (
        "Record accuracy 记录准确率",
        "Pairwise F1",
        "B-cubed recall",
        "style.drop_form",
        "missed 漏配",
        "名称缺少组织形式",
    ):
        assert text in done.stdout
    assert not [c for c in done.stdout if c in "\t\u200b\ufeff"]
    html = (tmp_path / "score.html").read_text("utf-8")
    assert "by-name.csv" in html
    assert "<svg" in html


def test_every_fault_of_a_crosswalk_is_named_whoever_judges(invoke, key, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("system,record_id,cluster\nscm,KH00001,1\nscm,KH00001,2\nscm,KH77777,1\nscm,KH88888,1\nfinance,,1\n")
    here = invoke("score", str(bad), *WORLD)
    assert here.exit_code == 2
    assert [line.split(":")[0] for line in here.stderr.splitlines() if line.startswith("line")] == [f"line {n}" for n in range(3, 7)]  # fmt: skip
    assert "bad.csv has 4 faults" in here.stderr
    assert "第 4 行：" in here.stderr
    bad.write_text("system,record_id,cluster\nscm,KH00001,1\nscm,KH77777,1\nscm,KH88888,1\n")
    with served(key, tmp_path / "control") as url:
        there = invoke("score", str(bad), "--url", url)
    assert there.exit_code == 2
    assert there.stderr == invoke("score", str(bad), *WORLD).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--key", "nowhere"], "There is no folder nowhere"),
        (["--key", "x", "--url", "http://127.0.0.1:9", "--seed", "1"], "not from --key and --url and world options"),
        (["--url", "http://127.0.0.1:9"], "No sandbox answers at http://127.0.0.1:9"),
        (["--size", "vast"], "has no size vast"),
        ([*WORLD, "--html", "no/such/folder/score.html"], "no/such/folder/score.html cannot be written"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_run_says_why(invoke, by_name, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in refused(invoke("score", str(by_name), *arguments))


def test_a_control_without_a_key_and_one_that_is_guarded_say_so(invoke, by_name, key, tmp_path):
    with served(None, tmp_path / "a") as url:
        assert "there is no answer key" in refused(invoke("score", str(by_name), "--url", url))
    with served(key, tmp_path / "b", operator_token="secret") as url:
        assert "asks for the operator token" in refused(invoke("score", str(by_name), "--url", url))
        given = invoke("score", str(by_name), "--url", url, "--json", SHAPAN_OPERATOR_TOKEN="secret")
    assert given.exit_code == 0
