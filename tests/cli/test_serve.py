"""`shapan serve`, the command of containers: what it refuses, in one sentence, and that a folder keeps its world's opening day."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from shapan.cli.desk import wait_for
from shapan.sandbox import SandboxError
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.ports import free_ports

SERVE = [sys.executable, "-m", "shapan", "serve"]
SECRET = {"SHAPAN_CLIENT_SECRET": "tests-secret"}


def environment(**given: str) -> dict[str, str]:
    return {**{k: v for k, v in os.environ.items() if not k.startswith("SHAPAN_")}, **given}


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        (["crm", "--data", "d"], {}, "SHAPAN_CLIENT_SECRET is not set"),
        (["crm", "--data", "d", "--host", "0.0.0.0"], SECRET, "needs SHAPAN_OPERATOR_TOKEN"),
        (["control", "--data", "d"], SECRET, "SHAPAN_CRM_URL, SHAPAN_SCM_URL, SHAPAN_FINANCE_URL"),
        (["marketing", "--data", "d"], SECRET, "There is no system marketing; known are control, crm, finance, scm"),
        (["crm", "--data", "/proc/none"], SECRET, "cannot be written"),
        (["crm", "--data", "d", "--size", "gigantic"], SECRET, "no size gigantic"),
        (
            ["crm", "--data", "d", "--host", "no-such-host.invalid"],
            SECRET,
            "The host no-such-host.invalid has no address",
        ),
        (
            ["crm", "--data", "d", "--host", "192.0.2.1"],
            {**SECRET, "SHAPAN_OPERATOR_TOKEN": "t"},
            "Nothing can listen at",
        ),
    ],
)
def test_what_cannot_be_served_is_one_sentence_and_exit_2(arguments, given, message, tmp_path):
    port = str(free_ports(["x"])["x"])
    done = subprocess.run(
        [*SERVE, *arguments, "--port", port], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
        env=environment(**given),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_is_one_sentence_and_exit_2(tmp_path):
    path = tmp_path / "crm" / "workspaces" / "default.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("this is not a database, whatever its name says " * 20)
    port = str(free_ports(["x"])["x"])
    done = subprocess.run(
        [*SERVE, "crm", "--data", str(tmp_path), "--port", port], capture_output=True, text=True, timeout=60, check=False,
        env=environment(**SECRET),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr


class Served:
    """A running `shapan serve crm` (or another system); `health` is what it said first."""

    def __init__(
        self, folder: Path, *arguments: str, system: str = "crm", host: str = "127.0.0.1", **given: str
    ) -> None:
        self.port = free_ports(["x"])["x"]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        command = [*SERVE, system, "--data", str(folder), "--size", "tiny", "--port", str(self.port), "--host", host]
        self.process = subprocess.Popen(
            [*command, *arguments], env=environment(**SECRET, **given), start_new_session=True
        )

        def health() -> Any:
            try:
                return httpx.get(f"{self.url}/_shapan/health", trust_env=False).json()
            except httpx.HTTPError:
                assert self.process.poll() is None
                return None

        self.health = wait_for(health, 20)
        assert self.health is not None

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        # Ctrl-C in a terminal reaches the worker as well.
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)
        assert self.process.wait(20) == 0


@contextmanager
def served(folder: Path, *arguments: str, **options: Any) -> Iterator[Served]:
    running = Served(folder, *arguments, **options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


def test_a_folder_keeps_its_opening_day(tmp_path):
    with served(tmp_path) as first:
        assert first.health["world"]["opening"] == (tmp_path / "opening.txt").read_text()
    (tmp_path / "opening.txt").write_text("2026-02-01")
    with served(tmp_path) as second:
        # What was seeded stays as it is, and is told so; what is new opens on the day of the folder, not of the calendar.
        assert second.health["world"]["opening"] == first.health["world"]["opening"]
        httpx.put(second.url + "/_shapan/workspaces/new", trust_env=False).raise_for_status()
        new = httpx.get(second.url + "/ws/new/_shapan/health", trust_env=False).raise_for_status().json()
        assert new["world"]["opening"] == "2026-02-01"


def test_the_journal_of_the_last_request_outlives_a_signal_right_after_it(tmp_path):
    with served(tmp_path) as first:
        httpx.get(f"{first.url}/customers", headers={"X-Request-Id": "the-last-one"}, trust_env=False)
        first.end(signal.SIGTERM)
    with served(tmp_path) as second:
        journal = httpx.get(f"{second.url}/_shapan/journal", params={"request_id": "the-last-one"}, trust_env=False)
        assert [entry["operation_id"] for entry in journal.json()["items"]] == ["listCustomers"]


def test_folder_and_port_are_its_own_until_it_ends(tmp_path):
    with served(tmp_path / "a") as first:
        with pytest.raises(SandboxError, match="at work"):
            FolderLock(tmp_path / "a" / "crm")
        command = [*SERVE, "scm", "--data", str(tmp_path / "b"), "--port", str(first.port)]
        second = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=60, check=False, env=environment(**SECRET)
        )
        assert second.returncode == 2
        assert f"Port {first.port} (scm) is in use" in second.stderr
        again = httpx.get(f"{first.url}/_shapan/health", trust_env=False).json()
        assert (again["system"], again["pid"]) == ("crm", first.health["pid"])
        first.end(signal.SIGINT)
    FolderLock(tmp_path / "a" / "crm").release()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    ["localhost", pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 loopback here"))],
)
def test_a_host_may_be_a_name_or_of_the_newer_family(host, tmp_path):
    with served(tmp_path, host=host) as running:
        assert running.health["system"] == "crm"


MARKETING = """
from pathlib import Path

from shapan.kernel.system import System
from marketing_room import campaigns

SYSTEM = System("marketing", "Marketing", str(Path(__file__).parent / "marketing.yaml"), (campaigns,))
"""

CAMPAIGNS = """
from shapan.kernel.system import Answer, Context, ok


def list_campaigns(ctx: Context) -> Answer:
    return ok({"items": [{"name": "Spring"}]})
"""

CONTRACT = """
openapi: 3.1.0
info: {title: Marketing, version: 1.0.0}
paths:
  /campaigns:
    get:
      operationId: listCampaigns
      security: []
      responses:
        "200": {description: Campaigns., content: {application/json: {schema: {type: object}}}}
"""


def test_a_fourth_system_is_served_when_a_package_registers_it(tmp_path):
    room, info = tmp_path / "marketing_room", tmp_path / "marketing_room-1.0.dist-info"
    room.mkdir()
    info.mkdir()
    (room / "__init__.py").write_text(MARKETING)
    (room / "campaigns.py").write_text(CAMPAIGNS)
    (room / "marketing.yaml").write_text(CONTRACT)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: marketing-room\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[shapan.systems]\nmarketing = marketing_room:SYSTEM\n")
    with served(tmp_path / "data", "--strict", system="marketing", PYTHONPATH=str(tmp_path)) as running:
        assert running.health["system"] == "marketing"
        answer = httpx.get(f"{running.url}/campaigns", trust_env=False)
        assert answer.json() == {"items": [{"name": "Spring"}]}
