"""The sandbox as processes: started, killed without warning, started again; nothing that was acknowledged is lost."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from shapan.cli.desk import Desk, TourError, wait_for
from shapan.sandbox import SandboxError, SandboxOptions
from shapan.sandbox.errors import told
from shapan.sandbox.integration import REFERENCE, Integration
from shapan.sandbox.options import plan
from shapan.sandbox.processes import MOST_FAILURES, ProcessSandbox

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

DeskMaker = Callable[[SandboxOptions, str], Desk]


def only(name: str, options: SandboxOptions) -> SandboxOptions:
    """A sandbox of one system, where the others have nothing to do with it."""
    return replace(options, ports={name: options.ports[name]})


def test_all_four_are_healthy_and_gone_afterwards():
    with ProcessSandbox(plan(size="tiny", port=None)) as sandbox:
        options = sandbox.options
        pids = {name: sandbox.health(name)["pid"] for name in options.ports}
        assert len(set(pids.values())) == 4
        assert {sandbox.health(name)["system"] for name in options.ports} == set(options.ports)
        assert options.folder.is_dir()
    assert not options.folder.exists()
    for name in options.ports:
        with pytest.raises(httpx.ConnectError):
            httpx.get(options.url(name), trust_env=False)


def test_a_broken_world_file_stops_the_start_in_one_sentence(tmp_path):
    broken = tmp_path / "mine.yaml"
    broken.write_text("name: [")
    with pytest.raises(SandboxError) as caught, ProcessSandbox(plan(profile=str(broken), port=None)):
        pass
    assert "mine.yaml" in caught.value.en
    assert "line" in caught.value.en


def test_a_database_that_is_none_stops_the_start_in_one_sentence(tmp_path):
    options = only("scm", plan(size="tiny", data=tmp_path, port=None))
    path = tmp_path / "scm" / "workspaces" / "default.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("no database at all, but long enough to be looked at " * 50)
    with (
        pytest.raises(SandboxError, match=r"scm did not start: The database .* cannot be opened") as caught,
        ProcessSandbox(options),
    ):
        pass
    assert caught.value.zh.startswith("scm 未能启动：数据库文件无法使用")


def test_a_second_sandbox_in_the_same_folder_or_on_the_same_ports_is_refused(tmp_path):
    with ProcessSandbox(plan(size="tiny", data=tmp_path / "first", port=None)) as first:
        same_folder = plan(data=tmp_path / "first", port=None)
        with (
            pytest.raises(SandboxError, match=r"^Another shapan is at work in the folder"),
            ProcessSandbox(same_folder),
        ):
            pass
        same_port = replace(
            plan(size="tiny", data=tmp_path / "second", port=None), ports={"crm": first.options.ports["crm"]}
        )
        with pytest.raises(SandboxError, match=r"crm did not start: Port .* is in use"), ProcessSandbox(same_port):
            pass
        assert {first.health(name)["status"] for name in first.options.ports} == {"ready"}


class Lookalike(BaseHTTPRequestHandler):
    """Answers as a healthy CRM would, which it is not."""

    def do_GET(self) -> None:
        body = json.dumps({"status": "ready", "system": "crm", "pid": 1}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def lookalike() -> Iterator[int]:
    """The port at which something else answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Lookalike)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_stranger_that_answers_at_a_port_is_not_taken_for_the_system(tmp_path, lookalike):
    options = plan(size="tiny", data=tmp_path, port=None)
    sandbox = ProcessSandbox(replace(options, ports={"crm": lookalike}))
    with pytest.raises(SandboxError, match=rf"crm did not start: Port {lookalike} \(crm\) is in use"), sandbox:
        pass


class Failing(ProcessSandbox):
    """A sandbox whose systems say some words and end."""

    words = ""

    def command(self, name: str) -> list[str]:
        return [sys.executable, "-c", f"import sys; sys.stderr.write({self.words!r}); sys.exit(3)"]


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        ("", "crm did not start: it says nothing; see ", "crm 未能启动：没有任何输出"),
        ("odd\n", "crm did not start: its last words are: odd", "crm 未能启动：其最后输出为：odd"),
        (told("It is late.", "太晚了。") + "\n", "crm did not start: It is late.", "crm 未能启动：太晚了。"),
    ],
    ids=["nothing", "something", "a sentence"],
)
def test_the_reason_is_that_of_this_run(words, en, zh, tmp_path):
    (tmp_path / "crm.log").write_text(told("An earlier reason.", "以前的原因。") + "\n", "utf-8")
    sandbox = Failing(only("crm", plan(size="tiny", data=tmp_path, port=None)))
    sandbox.words = words
    with pytest.raises(SandboxError) as caught, sandbox:
        pass
    assert caught.value.en.startswith(en)
    assert caught.value.zh.startswith(zh)


def test_a_system_that_does_not_start_again_is_let_be_after_some_attempts(tmp_path, monkeypatch):
    monkeypatch.setattr("shapan.sandbox.processes.BACK_OFF_SECONDS", 0.001)
    sandbox = Failing(only("crm", plan(size="tiny", data=tmp_path, port=None)))
    sandbox.words = told("It is late.", "太晚了。") + "\n"
    sandbox._spawn("crm")
    said: list[tuple[str, str]] = []

    def report(en: str, zh: str) -> None:
        said.append((en, zh))
        if "let be" in en:
            sandbox.stop()

    sandbox.watch(report)
    english = [en for en, _ in said]
    assert english[0] == "crm ended (exit 3); starting it again."
    assert english[1:-1] == ["crm did not start: It is late."] * MOST_FAILURES
    assert english[-1].startswith(f"crm did not start {MOST_FAILURES} times in a row and is let be.")
    assert said[-1][1].startswith(f"crm 连续 {MOST_FAILURES} 次未能启动")
    assert sandbox.log_file("crm").read_text("utf-8").count("It is late.") == MOST_FAILURES + 1


def test_data_stay_in_a_named_folder(tmp_path, desk: DeskMaker):
    made = None
    for _ in range(2):
        with ProcessSandbox(only("crm", plan(size="tiny", data=tmp_path, port=None))) as sandbox:
            crm = desk(sandbox.options, "crm")
            if made is None:
                made = crm.post("/customers", {"name": "北京留存科技有限公司", "region": "BJ", "industry": "IT"})
            assert crm.get(f"/customers/{made['id']}")["name"] == "北京留存科技有限公司"


class Salespeople:
    """Post orders in threads, each under a key of its own, until told to stop; knows every number that was acknowledged."""

    def __init__(self, options: SandboxOptions) -> None:
        self._options = options
        self._stopping = threading.Event()
        self.acknowledged: list[str] = []
        crm = Desk("crm", options.url("crm"), options.client)
        customer = crm.get("/customers", limit=1)["items"][0]["id"]
        product = crm.get("/products", limit=1)["items"][0]["code"]
        crm.close()
        self._order = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
        self._threads = [threading.Thread(target=self._post, args=(n,)) for n in range(4)]
        for thread in self._threads:
            thread.start()

    def _post(self, worker: int) -> None:
        number = 0
        crm = Desk("crm", self._options.url("crm"), self._options.client)
        while not self._stopping.is_set():
            try:
                # The same key until it is acknowledged, as a careful client does.
                made = crm.post("/orders", self._order, key=f"kill-{worker}-{number}")
            except TourError:
                self._stopping.wait(0.01)
                continue
            self.acknowledged.append(made["number"])
            number += 1
            self._stopping.wait(0.02)
        crm.close()

    def stop(self) -> list[str]:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return self.acknowledged


def fill_up(scm: Desk, order: dict[str, Any]) -> None:
    """Take in what an order lacks: on a fast machine the salespeople sell more than there is."""
    [line] = order["lines"]
    if Decimal(line["backorder_quantity"]):
        place = {"warehouse_code": order["warehouse_code"], "product_code": line["product_code"]}
        missing = {"quantity": line["backorder_quantity"], "note": "补货"}
        scm.post("/stock-movements", {"kind": "other_receipt", **place, **missing})
        scm.post(f"/sales-orders/{order['sales_order_no']}/allocate")


@pytest.mark.parametrize(
    "victim", ["crm", pytest.param("scm", marks=pytest.mark.long), pytest.param("finance", marks=pytest.mark.long)]
)
def test_kill_9_loses_nothing_that_was_acknowledged(victim, tmp_path, desk: DeskMaker):
    with ProcessSandbox(plan(size="tiny", data=tmp_path, port=None)) as sandbox:
        options = sandbox.options
        with Integration(REFERENCE, options.urls, options.client):
            people = Salespeople(options)
            assert wait_for(lambda: len(people.acknowledged) >= 10, 20)
            os.kill(sandbox.health(victim)["pid"], signal.SIGKILL)
            before = len(people.acknowledged)
            sandbox.restart(victim)
            assert wait_for(lambda: len(people.acknowledged) >= before + 10, 30)
            acknowledged = people.stop()
            assert len(set(acknowledged)) == len(acknowledged)

            def joined() -> bool:
                verdict = httpx.get(options.url("control") + "/reconciliation", trust_env=False, timeout=60).json()
                return verdict["ok"] is True

            assert wait_for(joined, 60), "the systems do not agree after the restart"
            # Ship one of the orders, so that the flow goes on into finance.
            scm, finance = desk(options, "scm"), desk(options, "finance")
            for number in (acknowledged[0], acknowledged[-1]):
                [order] = scm.get("/sales-orders", source_document=number)["items"]
                fill_up(scm, order)
                delivery = scm.post("/deliveries", {"sales_order_no": order["sales_order_no"]})["delivery_no"]
                scm.post(f"/deliveries/{delivery}/ship", {})

                def booked(delivery: str = delivery) -> bool:
                    return bool(finance.get("/receivables", source_document=delivery)["items"])

                assert wait_for(booked, 30), f"no receivable for {delivery}"
            assert wait_for(joined, 30)
        crm = desk(options, "crm")
        kept = {number for number in acknowledged if crm.get("/orders", number=number)["items"]}
        assert kept == set(acknowledged)
