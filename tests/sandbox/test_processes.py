"""The sandbox as processes: started, killed without warning, started again; nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import httpx
import pytest

from shapan.cli.clients import Desk, TourError, wait_for
from shapan.sandbox.integration import REFERENCE, Integration
from shapan.sandbox.options import SandboxError, SandboxOptions, plan
from shapan.sandbox.processes import ProcessSandbox

DeskMaker = Callable[[SandboxOptions, str], Desk]


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
    options = plan(size="tiny", data=tmp_path, port=None)
    path = tmp_path / "scm" / "workspaces" / "default.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("no database at all, but long enough to be looked at " * 50)
    with (
        pytest.raises(SandboxError, match=r"scm did not start: The database .* cannot be opened"),
        ProcessSandbox(options),
    ):
        pass


def test_data_stay_in_a_named_folder(tmp_path, desk: DeskMaker):
    made = None
    for _ in range(2):
        with ProcessSandbox(plan(size="tiny", data=tmp_path, port=None)) as sandbox:
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


@pytest.mark.parametrize("victim", ["crm", "scm", "finance"])
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
                delivery = scm.post("/deliveries", {"sales_order_no": order["sales_order_no"]})["delivery_no"]
                scm.post(f"/deliveries/{delivery}/ship", {})

                def booked(delivery: str = delivery) -> bool:
                    return bool(finance.get("/receivables", source_document=delivery)["items"])

                assert wait_for(booked, 30), f"no receivable for {delivery}"
            assert wait_for(joined, 30)
        crm = desk(options, "crm")
        kept = {number for number in acknowledged if crm.get("/orders", number=number)["items"]}
        assert kept == set(acknowledged)


def test_an_integration_that_cannot_be_started_is_told():
    with ProcessSandbox(plan(size="tiny", port=None)) as sandbox:
        options = sandbox.options
        with (
            pytest.raises(SandboxError, match="no-such-program"),
            Integration(["no-such-program"], options.urls, options.client),
        ):
            pass
