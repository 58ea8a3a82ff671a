"""The consumers of docs/broker.md take every event from the real brokers, and each once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.in_process

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "broker.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python program\n(.*?)^```$", PAGE, re.M | re.S)


def test_the_consumer_of_the_page(serve, memo_system, broker, reader, eventually, tmp_path):
    [program] = [text for text in PROGRAMS if f"import {'amqp' if broker.name == 'rabbitmq' else 'redis'}\n" in text]
    path = tmp_path / "consumer.py"
    path.write_text(program, "utf-8")
    memo = serve(memo_system, broker_url=broker.url)
    memo.post("/memos", json={"text": "one", "day": "2026-01-01"}).raise_for_status()
    process = subprocess.Popen(
        [sys.executable, str(path)],
        env={**os.environ, "SHAPAN_BROKER_URL": broker.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    output = process.stdout
    listener = threading.Thread(target=lambda: lines.extend(line.strip() for line in iter(output.readline, "")))
    listener.start()
    try:
        eventually(lambda: lines == ["memo.created one"])
        memo.post("/memos", json={"text": "two", "day": "2026-01-01"}).raise_for_status()
        eventually(lambda: lines == ["memo.created one", "memo.created two"])
    finally:
        process.kill()
        process.wait()
        listener.join()
        output.close()


@pytest.mark.parametrize(
    "name",
    [
        "shapan.events",
        "shapan:events",
        "cloudEvents_subject",
        "100,000",
        "SHAPAN_BROKER_URL",
        "shapan_broker_connected",
    ],
)
def test_the_page_names_what_the_code_has(name):
    assert name in PAGE
    source = "".join(
        path.read_text("utf-8") for path in (Path(__file__).resolve().parents[2] / "simulators/shapan").rglob("*.py")
    )
    assert name.replace("_subject", "") in source
