"""Nothing of the journal is lost on an orderly stop: a real process, under load, told to end by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from shapan.cli.desk import wait_for
from shapan.sandbox.ports import free_ports

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long

CLIENTS = 8


def served(folder: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], str]:
    port = free_ports(["x"])["x"]
    command = [
        sys.executable,
        "-m",
        "shapan",
        "serve",
        "crm",
        "--data",
        str(folder),
        "--size",
        "tiny",
        "--port",
        str(port),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHAPAN_")}
    process = subprocess.Popen([*command, *arguments], env={**clean, "SHAPAN_CLIENT_SECRET": "tests-secret"})
    url = f"http://127.0.0.1:{port}"

    def healthy() -> bool:
        try:
            return httpx.get(f"{url}/_shapan/health", trust_env=False).is_success
        except httpx.HTTPError:
            assert process.poll() is None
            return False

    assert wait_for(healthy, 20)
    return process, url


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
def test_what_was_answered_before_an_orderly_stop_is_in_the_journal(tmp_path):
    process, url = served(tmp_path)
    answered: list[list[str]] = [[] for _ in range(CLIENTS)]
    enough = threading.Event()

    def ask(mine: int) -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
            while True:
                name = f"{mine}-{len(answered[mine])}"
                try:
                    # 404 or 401: an answer like any other, and quick.
                    http.get("/customers" if mine % 2 else "/nothing", headers={"X-Request-Id": name})
                except httpx.HTTPError:
                    return
                answered[mine].append(name)
                if sum(map(len, answered)) > 600:
                    enough.set()

    threads = [threading.Thread(target=ask, args=(mine,)) for mine in range(CLIENTS)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    for thread in threads:
        thread.join()
    process, url = served(tmp_path)
    try:
        kept: set[str] = set()
        cursor, more = "0", True
        while more:
            parameters = {"after": cursor, "limit": 1000, "bodies": "false"}
            page = httpx.get(f"{url}/_shapan/journal", params=parameters, trust_env=False).json()
            kept |= {entry["request_id"] for entry in page["items"]}
            cursor, more = page["next"], page["has_more"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert {name for mine in answered for name in mine} - kept == set()


def test_without_a_journal_there_is_no_file_and_it_says_so(tmp_path):
    process, url = served(tmp_path, "--no-journal")
    try:
        assert httpx.get(f"{url}/nothing", trust_env=False).status_code == 404
        answer = httpx.get(f"{url}/_shapan/journal", trust_env=False)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:shapan:problem:journal-off")
        assert not (tmp_path / "crm" / "journal.sqlite").exists()
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
def test_many_who_follow_hold_nobody_up_and_do_not_keep_the_system_from_ending(tmp_path):
    process, url = served(tmp_path)
    journal = f"{url}/_shapan/journal"
    cursor = httpx.get(journal, trust_env=False).json()["next"]
    told: list[list[str]] = []

    def follow(wait: int, after: str) -> None:
        try:
            page = httpx.get(journal, params={"after": after, "wait": wait}, trust_env=False, timeout=60).json()
        except httpx.HTTPError:
            return
        told.append([entry["path"] for entry in page["items"]])

    # More than the system has threads for its operator.
    threads = [threading.Thread(target=follow, args=(30, cursor)) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert httpx.get(f"{url}/something", trust_env=False, timeout=20).status_code == 404
    for thread in threads:
        thread.join(25)
    assert told == [["/something"]] * 20
    last = httpx.get(journal, trust_env=False).json()["next"]
    waiting = threading.Thread(target=follow, args=(30, last))
    waiting.start()
    assert httpx.get(f"{url}/_shapan/health", trust_env=False).is_success
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    waiting.join(20)
    assert not waiting.is_alive()
