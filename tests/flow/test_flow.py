"""The whole flow in one process: all systems as threads, strict, and the reference integration beside them.

What the processes' tests prove of processes is not repeated here; this is where a debugger reaches every side of a flow, and where each
answer and each event of it is held to its contract.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shapan.cli.desk import Desk
from shapan.reference.app import Integration
from shapan.reference.config import SYSTEMS, Config
from shapan.sandbox.options import plan
from shapan.sandbox.ports import free_ports
from shapan.sandbox.threads import ThreadSandbox
from shapan.scenario import Environment, load_scenarios, run_scenario

SECRET = "whsec_" + base64.b64encode(b"a secret for the tests of a flow").decode()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[ThreadSandbox]:
    with ThreadSandbox(plan(size="tiny", data=tmp_path / "sandbox", port=None, strict=True)) as running:
        yield running


def config(sandbox: ThreadSandbox, mode: str, folder: Path) -> Config:
    """The integration's settings; in webhook mode with its address registered at each system."""
    options = sandbox.options
    urls = {system: options.url(system) for system in SYSTEMS}
    given = (urls, options.client.client_id, options.client.secret, mode, folder)
    if mode == "pull":
        return Config(*given)
    port = free_ports(["webhook"])["webhook"]
    for system in SYSTEMS:
        desk = Desk(system, urls[system], options.client)
        desk.post("/webhooks", {"url": f"http://127.0.0.1:{port}/webhooks", "secret": SECRET})
        desk.close()
    return Config(*given, webhook_port=port, webhook_secret=SECRET)


def compared(verdict):
    """How many shipped deliveries were compared with their receivables; those of the past year are among them."""
    return {check["code"]: check["compared"] for check in verdict["checks"]}["O3"]


@pytest.mark.parametrize("mode", ["webhook", "pull"])
def test_order_to_receivable(sandbox, mode, tmp_path):
    assert all(runtime.settings.strict for runtime in sandbox.runtimes.values())
    integration = Integration(config(sandbox, mode, tmp_path))
    options = sandbox.options
    before = httpx.get(options.url("control") + "/reconciliation", trust_env=False).json()
    integration.start()
    try:
        [scenario] = load_scenarios(["order-to-receivable"])
        result = run_scenario(scenario, Environment(options.urls, options.client.client_id, options.client.secret))
        assert result.passed, result.reason
        assert integration.state.dead_letters() == []
    finally:
        integration.stop()
    verdict = httpx.get(options.url("control") + "/reconciliation", trust_env=False).json()
    assert verdict["ok"] is True
    assert compared(verdict) == compared(before) + 1
