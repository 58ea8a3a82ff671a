"""Faults over the control: in all systems that they concern, or in none; and by the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from shapan.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def add(one_shop):
    """add(**rule) -> the answer of the control."""
    return lambda **rule: one_shop.http.post(f"{one_shop.control}/faults", json=rule)


def where(rule):
    return [here["system"] for here in rule["systems"]]


def listed(shop):
    return shop.http.get(f"{shop.control}/faults").json()["items"]


def test_a_fault_goes_where_it_belongs(one_shop, add):
    order = add(fault="error", match={"operations": ["createOrder"]}, times=2)
    assert (order.status_code, order.json()["id"], where(order.json())) == (201, "fault-1", ["crm"])
    assert order.headers["Location"] == f"{one_shop.control}/faults/fault-1"
    both = add(fault="latency", parameters={"ms": 1}, match={"operations": ["createOrder", "createSalesOrder"]}).json()
    assert (both["id"], where(both)) == ("fault-2", ["crm", "scm"])
    assert both["match"]["operations"] == ["createOrder", "createSalesOrder"]
    assert where(add(fault="event-lost", match={"types": ["finance.*"]}).json()) == ["finance"]
    assert where(add(fault="hang", id="all", match={"nth": 1000}).json()) == ["crm", "scm", "finance"]
    assert where(add(fault="hang", id="two", systems=["finance", "crm"], match={"nth": 1000}).json()) == [
        "crm",
        "finance",
    ]
    assert one_shop.order().status_code == 503
    shown = one_shop.http.get(f"{one_shop.control}/faults/fault-1").json()
    assert [(here["seen"], here["applied"], here["healed"]) for here in shown["systems"]] == [(1, 1, False)]
    assert [rule["id"] for rule in listed(one_shop)] == ["fault-1", "fault-2", "fault-3", "all", "two"]
    # In each system it is what the system itself shows.
    assert one_shop.fault("fault-2")["match"] == {"operations": ["createOrder"]}
    assert one_shop.http.delete(f"{one_shop.control}/faults/all").status_code == 204
    assert [rule["id"] for rule in listed(one_shop)] == ["fault-1", "fault-2", "fault-3", "two"]
    assert one_shop.http.delete(f"{one_shop.control}/faults").status_code == 204
    assert listed(one_shop) == []


def test_a_rule_is_also_taken_back_where_its_answer_was_lost(tmp_path):
    from shapan.control.clients import SystemAnswer
    from shapan.control.operations.faults import add_fault
    from shapan.kernel.errors import Problem

    sent = []

    class Systems:
        names = ("crm", "scm", "finance")

        def call(self, method, path, workspace, systems=names, **_):
            sent.append((method, path.partition("?")[0], tuple(systems)))
            if method == "GET":
                return {name: SystemAnswer(name, "", 200, {"items": []}, None) for name in systems}
            return {
                "crm": SystemAnswer("crm", "", 201, {"id": "fault-1", "match": {}}, None),
                "scm": SystemAnswer("scm", "", None, None, "timed out"),
                "finance": SystemAnswer("finance", "", 422, {"errors": []}, "it answered 422"),
            }

    control = SimpleNamespace(settings=SimpleNamespace(folder=tmp_path), system=SimpleNamespace(name="control"))
    services = {"systems": Systems(), "kernel.runtime": control}
    ctx = SimpleNamespace(services=services, workspace="default", language="en")
    with pytest.raises(Problem) as refused:
        add_fault(ctx, {"fault": "error"})
    assert refused.value.status == 503
    assert sent[-1] == ("DELETE", "/_shapan/faults/fault-1", ("crm", "scm"))


def test_all_or_none(one_shop, add, refusal):
    half = add(fault="error", match={"operations": ["createOrder", "flyToTheMoon"]})
    assert refusal(half, 422, "business-rule") == ["/match/operations/1"]
    assert refusal(add(fault="error", match={"operations": ["flyToTheMoon"]}), 422, "business-rule") == [
        "/match/operations/0"
    ]
    named = add(fault="error", systems=["crm", "scm"], match={"operations": ["createOrder"]})
    assert refusal(named, 422, "business-rule") == ["/match/operations/0"]
    assert refusal(add(fault="error", systems=["crm", "hr"]), 422, "business-rule") == ["/systems/1"]
    assert sorted(refusal(add(fault="rate-limit", times=0), 400, "validation-failed")) == ["/parameters", "/times"]
    row = add(
        fault="partial-batch", match={"path": "/customers", "method": "POST", "headers": {"A": "b"}, "client": "c"}
    )
    assert sorted(refusal(row, 400, "validation-failed")) == ["/match/headers", "/match/method", "/match/path"]
    assert listed(one_shop) == []
    one_shop.add("hang", id="taken", match={"nth": 1000})
    refusal(add(fault="error", id="taken", systems=["scm"]), 409, "fault-exists")
    refusal(one_shop.http.get(f"{one_shop.control}/faults/none"), 404, "not-found")
    refusal(one_shop.http.delete(f"{one_shop.control}/faults/none"), 404, "not-found")
    refusal(one_shop.http.get(f"{one_shop.options.url('control')}/ws/nowhere/faults"), 404, "not-found")


@pytest.fixture
def shapan(one_shop, tmp_path, monkeypatch):
    """shapan(*arguments) runs `shapan fault …` against the shop's workspace; what it says, on standard error where it fails."""
    monkeypatch.chdir(tmp_path)

    def run(verb, *arguments, exit_code=0):
        where = ["--url", one_shop.options.url("control"), "--workspace", one_shop.name]
        done = CliRunner().invoke(main, ["fault", verb, *where, *arguments])
        assert done.exit_code == exit_code, done.output
        return done.stdout if exit_code == 0 else done.stderr

    return run


def test_the_command(one_shop, shapan):
    assert shapan("list") == "No faults. 没有故障。\n"
    said = shapan(
        "add", "rate-limit", "--param", "quota=1", "--param", "window_seconds=60", "--param", "by=all",
        "--operation", "createOrder", "--header-pattern", "X-Run=a+", "--every", "2", "--times", "3", "--id", "slow",
        "--heal-after", "90", "--note", "why not",
    )  # fmt: skip
    assert said.startswith("slow  rate-limit in crm.")
    assert one_shop.fault("slow")["match"] == {
        "operations": ["createOrder"],
        "headers": {"X-Run": {"pattern": "a+"}},
        "every": 2,
    }
    assert one_shop.fault("slow")["parameters"] == {"quota": 1, "window_seconds": 60, "by": "all"}
    added = json.loads(shapan("add", "event-lost", "--type", "scm.*", "--feed", "--json"))
    assert (added["id"], added["feed"]) == ("fault-1", True)
    text = shapan("list")
    assert re.search("^slow  rate-limit  .*quota=1", text, re.M)
    assert "crm: seen 匹配 0, applied 生效 0" in text
    assert [rule["id"] for rule in json.loads(shapan("list", "--json"))] == ["slow", "fault-1"]
    assert shapan("remove", "slow", "fault-1") == "Removed. 已移除。\n"
    assert listed(one_shop) == []
    shapan("add", "hang", "--nth", "1000")
    shapan("remove", "--all")
    assert listed(one_shop) == []
    types = shapan("types")
    assert types.count("\n") == 17
    assert "p95_ms" in shapan("types", "latency")
    assert json.loads(shapan("types", "drop", "--json"))["parameters"]["properties"]["at"]["default"] == "after"


def test_what_the_command_cannot_do(one_shop, shapan):
    assert "There is no fault nix" in shapan("types", "nix", exit_code=2)
    assert "Name a fault" in shapan("add", exit_code=2)
    assert "--param takes NAME=VALUE" in shapan("add", "error", "--param", "status", exit_code=2)
    # Neither is a number in JSON, and nothing is wrong with the sandbox.
    assert "nan is not a finite number" in shapan("add", "hang", "--heal-after", "nan", exit_code=2)
    assert "nan is not a finite number" in shapan("add", "hang", "--probability", "nan", exit_code=2)
    assert "/parameters/ms" in shapan("add", "latency", "--param", "ms=1e999", exit_code=2)
    refused = shapan("add", "latency", "--param", "ms=-1", "--param", "speed=2", exit_code=2)
    assert "/parameters/ms" in refused
    assert "/parameters/speed" in refused
    assert re.search("[\u4e00-\u9fff]", refused)
    assert "Give ids" in shapan("remove", exit_code=2)
    assert "none" in shapan("remove", "none", exit_code=2)


def night() -> str:
    """The file of faults that docs/faults.md shows."""
    page = (ROOT / "docs" / "faults.md").read_text("utf-8")
    return re.findall(r"^```yaml program\n(.*?)^```$", page, re.M | re.S)[0]


def test_a_file_of_faults(one_shop, shapan, tmp_path):
    (tmp_path / "night.yaml").write_text(night(), "utf-8")
    made = json.loads(shapan("add", "-f", "night.yaml", "--json"))
    assert [(rule["fault"], where(rule)) for rule in made] == [
        ("maintenance", ["finance"]),
        ("error", ["scm", "finance"]),
        ("event-out-of-order", ["scm"]),
    ]
    assert [rule["id"] for rule in listed(one_shop)] == ["fault-1", "fault-2", "fault-3"]


def test_a_file_with_faults_of_its_own(one_shop, shapan, tmp_path):
    (tmp_path / "bad.yaml").write_text(
        "faults:\n"
        "  - fault: latency\n"
        "    parameters:\n"
        "      ms: fast\n"
        "      speed: 3\n"
        "  - {fault: error, id: a}\n"
        "  - fault: error\n"
        "    id: a\n"
        "    times: 0\n",
        "utf-8",
    )
    lines = shapan("add", "-f", "bad.yaml", exit_code=2).splitlines()
    assert [line.split(" ")[:2] for line in lines] == [
        ["bad.yaml:4:", "/faults/0/parameters/ms"],
        ["bad.yaml:5:", "/faults/0/parameters/speed"],
        ["bad.yaml:8:", "/faults/2/id"],
        ["bad.yaml:9:", "/faults/2/times"],
    ]
    # What only the systems know is told with its line too; what was added before it is taken back.
    (tmp_path / "strange.yaml").write_text(
        "- fault: hang\n  match: {nth: 1000}\n- fault: error\n  match:\n    operations:\n      - createOrder\n      - flyToTheMoon\n",
        "utf-8",
    )
    [line, last] = shapan("add", "-f", "strange.yaml", exit_code=2).splitlines()
    assert line.startswith("strange.yaml:7: /match/operations/1 ")
    assert last.startswith("No fault of the file was added.")
    assert listed(one_shop) == []
    assert "no-such.yaml:0:" in shapan("add", "-f", "no-such.yaml", exit_code=2)


def test_the_scenario_of_the_page_passes_with_the_reference_integration(tmp_path):
    page = (ROOT / "docs" / "faults.md").read_text("utf-8")
    scenario = re.findall(r"^```yaml program\n(.*?)^```$", page, re.M | re.S)[1]
    (tmp_path / "scm-down-twice.arazzo.yaml").write_text(scenario, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "shapan", "verify", "--size", "tiny", "scm-down-twice.arazzo.yaml", "--reference"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 scenario(s): 1 passed" in done.stdout


def test_a_snapshot_has_the_faults_of_its_moment(one_shop, add):
    name = f"s-{one_shop.name[2:]}"
    add(fault="error", id="then", match={"operations": ["listOrders"]}, times=3)
    add(fault="stale-read", id="old", systems=["crm"], match={"operations": ["listCustomers"]})
    assert one_shop.get("/orders").status_code == 503
    saved = one_shop.http.put(f"{one_shop.control}/snapshots/{name}")
    assert saved.status_code == 201, saved.text
    one_shop.http.delete(f"{one_shop.control}/faults")
    add(fault="error", id="now")
    restored = one_shop.http.post(f"{one_shop.control}/snapshots/{name}/restore")
    assert restored.status_code == 200, restored.text
    one_shop.token = one_shop.fetch_token()
    assert [rule["id"] for rule in listed(one_shop)] == ["then", "old"]
    assert one_shop.counts("then") == (1, 1, False)
    assert [one_shop.get("/orders").status_code for _ in range(3)] == [503, 503, 200]
    assert one_shop.get("/customers?limit=1").json()["items"]
    assert one_shop.http.delete(f"{one_shop.control}/snapshots/{name}").status_code == 204
