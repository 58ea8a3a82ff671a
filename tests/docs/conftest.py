"""A small sandbox of real processes for the commands and programs in the documentation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from shapan.cli.desk import Desk
from shapan.kernel.auth import Client
from shapan.sandbox.options import SandboxOptions, plan
from shapan.sandbox.processes import ProcessSandbox

CLIENT = Client("docs", "docs-secret")


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox, and the number of a CRM order in it."""

    options: SandboxOptions
    order_number: str

    def environment(self) -> dict[str, str]:
        """What an integration, or somebody who pastes commands, has in the environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SHAPAN_")}
        urls = {f"SHAPAN_{name.upper()}_URL": self.options.url(name) for name in ("crm", "scm", "finance")}
        return {**kept, **urls, "SHAPAN_CLIENT_ID": CLIENT.client_id, "SHAPAN_CLIENT_SECRET": CLIENT.secret}


@pytest.fixture(scope="session")
def served() -> Iterator[SandboxOptions]:
    """All four systems with the tiny world."""
    options = plan(size="tiny", port=None, client=CLIENT, strict=True)
    with ProcessSandbox(options):
        yield options


@pytest.fixture
def sandbox(served: SandboxOptions) -> Sandbox:
    """The sandbox as new, with one confirmed order in the CRM; pages reset it and move its clocks."""
    httpx.post(served.url("control") + "/reset", trust_env=False, timeout=60).raise_for_status()
    desk = Desk("crm", served.url("crm"), CLIENT)
    product = desk.get("/products", limit=1)["items"][0]["code"]
    customer = desk.get("/customers", limit=1)["items"][0]["id"]
    order = {"customerId": customer, "submit": True, "lines": [{"productCode": product, "quantity": 1}]}
    number = desk.post("/orders", order)["number"]
    desk.close()
    return Sandbox(served, number)
