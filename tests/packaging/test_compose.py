"""The compose file on a real engine, see conftest.py. Skipped, with its reason, where there is none."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
PROJECT = f"shapan-test-{os.getpid()}"
SERVICES = ("control", "crm", "scm", "finance")
SECRET, OPERATOR_TOKEN = "compose-client-secret", "compose-operator-token"


@pytest.fixture(scope="module")
def compose(engine: docker.DockerClient, image: str) -> Iterator[Callable[..., str]]:
    """compose(*arguments) runs Compose, of either generation, on the project's file; everything is removed at the end."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        command = ["docker", "compose"]
    elif shutil.which("docker-compose"):
        command = ["docker-compose"]
    else:
        pytest.skip("neither `docker compose` nor `docker-compose` is installed")
    environment = {
        **os.environ,
        "SHAPAN_IMAGE": image,
        "SHAPAN_SIZE": "tiny",
        "SHAPAN_CLIENT_SECRET": SECRET,
        "SHAPAN_OPERATOR_TOKEN": OPERATOR_TOKEN,
        **{f"SHAPAN_{name.upper()}_PORT": str(port) for name, port in PORTS.items()},
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*command, "-p", PROJECT, "-f", str(ROOT / "docker-compose.yml"), *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        run("build")
        run("up", "-d")
        yield run
    finally:
        run("down", "--volumes")


def _free_ports() -> dict[str, int]:
    with socket.socket() as a, socket.socket() as b, socket.socket() as c, socket.socket() as d:
        for probe in (a, b, c, d):
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in zip(SERVICES, (a, b, c, d), strict=True)}


PORTS = _free_ports()
URLS = {name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()}


def answers(url: str, **options: Any) -> httpx.Response | None:
    """The answer to a GET, or None when there is none (yet)."""
    try:
        return httpx.get(url, trust_env=False, timeout=10, **options)
    except httpx.TransportError:
        return None


def healthy(name: str) -> dict[str, Any] | None:
    answer = answers(f"{URLS[name]}/_shapan/health")
    return answer.json() if answer is not None and answer.status_code == 200 else None


def container(engine: docker.DockerClient, service: str) -> Any:
    label = [f"com.docker.compose.project={PROJECT}", f"com.docker.compose.service={service}"]
    [found] = engine.containers.list(filters={"label": label})
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_healthy(
    service: str, compose: Callable[..., str], engine: docker.DockerClient, eventually: Callable[..., Any]
) -> None:
    health = eventually(lambda: healthy(service))
    assert (health["status"], health["system"], health["world"]["size"]) == ("ready", service, "tiny")
    # The image's own health check agrees, or depends_on would wait for ever.
    found = container(engine, service)
    eventually(lambda: (found.reload(), found.attrs["State"]["Health"]["Status"] == "healthy")[1])


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_confined(service: str, compose: Callable[..., str], engine: docker.DockerClient) -> None:
    found = container(engine, service)
    assert found.exec_run(["id", "-u"]).output.strip() == b"10001"
    published = [p for ports in found.attrs["NetworkSettings"]["Ports"].values() for p in ports or []]
    assert [p["HostIp"] for p in published] == ["127.0.0.1"]


@pytest.mark.parametrize("service", ["crm", "scm", "finance"])
def test_the_operator_interface_asks_for_its_token(
    service: str, compose: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    eventually(lambda: healthy(service))
    url = f"{URLS[service]}/_shapan/facts"
    refused, let_in = answers(url), answers(url, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})
    assert refused is not None
    assert let_in is not None
    assert (refused.status_code, let_in.status_code) == (401, 200)


def test_an_order_outlives_a_restart_and_control_sees_it(
    compose: Callable[..., str], eventually: Callable[..., Any]
) -> None:
    for service in SERVICES:
        eventually(lambda service=service: healthy(service))
    with httpx.Client(base_url=URLS["crm"], trust_env=False, timeout=30) as crm:
        token = crm.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("shapan", SECRET)).json()
        crm.headers["Authorization"] = f"Bearer {token['access_token']}"
        customer = crm.get("/customers", params={"limit": 1}).json()["items"][0]["id"]
        product = crm.get("/products", params={"limit": 1}).json()["items"][0]["code"]
        body = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
        number = crm.post("/orders", json=body).raise_for_status().json()["number"]
    compose("restart", "crm")
    eventually(lambda: healthy("crm"))
    verdict = httpx.get(
        f"{URLS['control']}/reconciliation",
        headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"},
        trust_env=False,
        timeout=30,
    ).json()
    # No integration runs here, so the oracle must miss the sales order of the very order that was there before the restart.
    missing = [d["documents"][0]["number"] for d in verdict["differences"] if d["code"] == "order-missing"]
    assert missing == [number]
