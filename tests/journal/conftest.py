"""A whole sandbox as threads, strict, in which an order went from the CRM through the reference integration into the other systems."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shapan.cli.desk import Desk
from shapan.reference.app import Integration
from shapan.reference.config import SYSTEMS, Config
from shapan.sandbox.options import plan
from shapan.sandbox.ports import free_ports
from shapan.sandbox.threads import ThreadSandbox

SECRET = "whsec_" + base64.b64encode(b"a secret for the tests of the journal").decode()
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Flowed:
    """The sandbox, a client of its control, and the number of the order that went through it."""

    sandbox: ThreadSandbox
    control: httpx.Client
    order: str
    trace: str = TRACE


def _until(check: Any) -> Any:
    pause, deadline = threading.Event(), time.monotonic() + 30
    while not (value := check()):
        assert time.monotonic() < deadline, "it did not happen in 30 seconds"
        pause.wait(0.05)
    return value


@pytest.fixture(scope="module")
def flowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flowed]:
    folder = tmp_path_factory.mktemp("journal")
    with ThreadSandbox(plan(size="tiny", data=folder / "sandbox", port=None, strict=True)) as sandbox:
        options = sandbox.options
        urls = {system: options.url(system) for system in SYSTEMS}
        port = free_ports(["webhook"])["webhook"]
        desks = {system: Desk(system, urls[system], options.client) for system in SYSTEMS}
        for desk in desks.values():
            desk.post("/webhooks", {"url": f"http://127.0.0.1:{port}/webhooks?token=hidden-one", "secret": SECRET})
        given = (urls, options.client.client_id, options.client.secret, "webhook", folder)
        integration = Integration(Config(*given, webhook_port=port, webhook_secret=SECRET))
        integration.start()
        try:
            crm = desks["crm"]
            product = crm.get("/products", limit=1)["items"][0]["code"]
            customer = crm.get("/customers", limit=1)["items"][0]["id"]
            token = httpx.post(
                f"{urls['crm']}/oauth/token",
                data={"grant_type": "client_credentials", "client_id": options.client.client_id, "client_secret": options.client.secret},
                trust_env=False,
            ).json()["access_token"]  # fmt: skip
            answer = httpx.post(
                f"{urls['crm']}/orders",
                json={"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]},
                headers={"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
                trust_env=False,
            )
            assert answer.status_code == 201, answer.text
            number = answer.json()["number"]
            with httpx.Client(base_url=options.url("control"), trust_env=False, timeout=60) as control:
                approved = {"match": {"system": "scm", "event": {"type": "scm.sales_order.approved"}}}
                _until(lambda: control.post("/journal/verify", json=approved).json()["ok"])
                yield Flowed(sandbox, control, number)
        finally:
            integration.stop()
            for desk in desks.values():
                desk.close()
