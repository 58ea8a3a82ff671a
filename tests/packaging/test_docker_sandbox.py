"""shapan.docker.Sandbox on a real engine: ready when it says so, gone when it is over, and a sentence when it cannot be.

Skipped, with its reason, where there is no engine; see conftest.py.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import docker
import httpx
import pytest
from docker.models.containers import Container

from shapan.docker import LABEL, Sandbox
from shapan.sandbox.errors import SandboxError

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def sandbox(image: str) -> Iterator[Sandbox]:
    """One that the tests which do not end it share."""
    with Sandbox(image, strict=True) as running:
        yield running


@pytest.fixture
def containers(engine: docker.DockerClient) -> Callable[[], list[Container]]:
    """containers() are ours that there are beside those from before the test, running or not."""

    def listed() -> list[Container]:
        return list(engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True))

    before = {found.id for found in listed()}
    return lambda: [found for found in listed() if found.id not in before]


def test_all_four_systems_are_ready_at_once(sandbox: Sandbox) -> None:
    assert set(sandbox.urls) == {"control", "crm", "scm", "finance"}
    for name, url in sandbox.urls.items():
        health = httpx.get(f"{url}/_shapan/health", trust_env=False).json()
        assert (health["system"], health["world"]["size"]) == (name, "tiny")


def test_its_clients_get_in_and_the_oracle_judges_their_work(sandbox: Sandbox) -> None:
    here = sandbox.workspace()
    assert here.oracle.check()["ok"]
    customer = here.crm.get("/customers", params={"limit": 1}).json()["items"][0]["id"]
    product = here.crm.get("/products", params={"limit": 1}).json()["items"][0]["code"]
    body = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
    number = here.crm.post("/orders", json=body).raise_for_status().json()["number"]
    missing = [d for d in here.oracle.verdict()["differences"] if d["code"] == "order-missing"]
    assert [d["documents"][0]["number"] for d in missing] == [number]


def test_who_has_no_token_is_kept_out(sandbox: Sandbox) -> None:
    for url in (sandbox.urls["control"] + "/reconciliation", sandbox.urls["crm"] + "/_shapan/facts"):
        assert httpx.get(url, trust_env=False).status_code == 401


def test_it_is_confined_and_published_on_loopback_only(
    sandbox: Sandbox, engine: docker.DockerClient, image: str
) -> None:
    [found] = engine.containers.list(filters={"label": LABEL, "ancestor": image})
    assert found.exec_run(["id", "-u"]).output.strip() == b"10001"
    assert found.exec_run(["touch", "/opt/shapan/x"]).exit_code != 0
    published = [p for ports in found.attrs["NetworkSettings"]["Ports"].values() for p in ports or []]
    assert {p["HostIp"] for p in published} == {"127.0.0.1"}
    assert len(published) == 4


def test_its_log_tells_no_secret(sandbox: Sandbox) -> None:
    assert "Shapan is up" in sandbox.logs()
    assert sandbox.client.secret not in sandbox.logs()
    assert sandbox.operator_token not in sandbox.logs()


def test_it_is_gone_after_the_block_and_its_data_too(
    image: str, engine: docker.DockerClient, containers: Callable[[], list[Container]]
) -> None:
    volumes = {volume.id for volume in engine.volumes.list()}
    with Sandbox(image) as running:
        assert len(containers()) == 1
        url = running.urls["control"]
    assert containers() == []
    assert {volume.id for volume in engine.volumes.list()} <= volumes
    with pytest.raises(httpx.TransportError):
        httpx.get(url, trust_env=False)
    with pytest.raises(SandboxError, match="does not run"):
        _ = running.urls


def test_an_error_in_the_block_removes_it_as_well(image: str, containers: Callable[[], list[Container]]) -> None:
    with pytest.raises(ZeroDivisionError), Sandbox(image):
        _ = 1 / 0
    assert containers() == []


def test_it_ends_with_the_process_that_holds_it_even_by_kill_9(
    image: str, containers: Callable[[], list[Container]], eventually: Callable[..., Any]
) -> None:
    program = (
        "import sys; from shapan.docker import Sandbox\n"
        f"with Sandbox({image!r}): print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        assert len(containers()) == 1
        os.kill(holder.pid, signal.SIGKILL)
    eventually(lambda: containers() == [])


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"size": "gigantic"}, "ended before it was ready: The world trading has no size gigantic"),
        ({"options": ("--nonsense",)}, "ended before it was ready: its last words are: .*--nonsense"),
        ({"start_seconds": 0.0}, "is not ready after 0 s, control, crm, scm, finance not healthy"),
    ],
)
def test_one_that_does_not_start_says_why_and_leaves_nothing(
    image: str, wish: dict[str, Any], said: str, containers: Callable[[], list[Container]]
) -> None:
    with pytest.raises(SandboxError, match=said) as refused, Sandbox(image, **wish):
        pass
    assert re.search("[\u4e00-\u9fff]", refused.value.zh)
    assert containers() == []


def test_an_image_that_is_not_there_is_named_with_what_to_do(engine: docker.DockerClient) -> None:
    with (
        pytest.raises(SandboxError, match=r"no image nothing:here .*docker build -t nothing:here") as refused,
        Sandbox("nothing:here"),
    ):
        pass
    assert "docker build" in refused.value.zh
