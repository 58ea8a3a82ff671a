"""What the pages show is run. The convention, by the word after the fence:

    ```python            run, all blocks of a page in one namespace, against a running sandbox
    ```console           each line after `$ ` is run by a shell and must end with 0; ports, and numbers of CRM orders, become real ones
    ```python program    a whole program; a test here runs it
    ```yaml program      a whole scenario; likewise
    ```                  not run: what a person does elsewhere (make, docker), or shown output

Names of verbs and options are checked everywhere, run or not: test_commands.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import Webhook
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from shapan.scenario import check

if TYPE_CHECKING:
    from tests.docs.conftest import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
LANGUAGES = {
    "",
    "bash",
    "console",
    "json",
    "powershell",
    "python",
    "python program",
    "text",
    "toml",
    "yaml",
    "yaml program",
}


def _commands(example: Example) -> list[str]:
    return [line[2:] for line in str(example.parsed).splitlines() if line.startswith("$ ")]


def _kept(example: Example) -> None:
    """Programs are run by tests of their own."""


SYBIL = Sybil(
    [
        PythonCodeBlockParser(),
        CodeBlockParser("console", _kept),
        CodeBlockParser("python program", _kept),
        CodeBlockParser("yaml program", _kept),
    ]
)
BLOCKS: dict[str, list[Any]] = {"python": [], "console": [], "program": []}
for page in PAGES:
    for found in SYBIL.parse(page).examples():
        word = re.match(r"```(?:\w+ )?(\w+)", found.document.text[found.start :])
        assert word is not None
        BLOCKS[word[1]].append(pytest.param(found, id=f"{page.name}:{found.line}"))


READ: defaultdict[str, set[int]] = defaultdict(set)
"""Where the blocks of each page begin that this worker has evaluated."""


def programs(page: str, language: str) -> list[str]:
    """The whole programs of a page."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"^```{language} program\n(.*?)^```$", text, re.M | re.S)


@pytest.mark.long
@pytest.mark.parametrize("example", BLOCKS["python"])
def test_python(example: Example, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    # A page is read from its beginning; what comes before this block may have been another worker's share.
    for before in (param.values[0] for param in BLOCKS["python"]):
        if (
            before.document is example.document
            and before.start <= example.start
            and before.start not in READ[before.path]
        ):
            READ[before.path].add(before.start)
            before.evaluate()


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None or shutil.which("curl") is None, reason="needs bash and curl")
@pytest.mark.parametrize("example", BLOCKS["console"])
def test_console(example: Example, sandbox: Sandbox, tmp_path: Path) -> None:
    commands = _commands(example)
    assert commands, "a console block shows commands after `$ `"
    for command in commands:
        if "--integration" in command:
            continue  # that program has its own test
        real = re.sub(r"\bORD-\d{6}-\d{5}\b", sandbox.order_number, command)
        real = re.sub(r"\bcurl\b", "curl -sS --fail-with-body", real)
        for port, system in ((8100, "control"), (8101, "crm"), (8102, "scm"), (8103, "finance")):
            real = real.replace(f"http://127.0.0.1:{port}", sandbox.options.url(system))
        done = subprocess.run(
            ["bash", "-c", real],
            cwd=tmp_path,
            env={**sandbox.environment(), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{real}\n{done.stdout}\n{done.stderr}"
        assert done.stdout or "-X DELETE" in real, f"{real} printed nothing"


def test_the_webhook_checks_take_ours_and_refuse_others() -> None:
    page = next(p for p in PAGES if p.name == "integration.md")
    namespace: dict[str, Any] = {}
    for source in re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
        if "def " in source:
            exec(source, namespace)
    secret, body = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", '{"type": "crm.order.confirmed"}'
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("1", now, body),
    }
    assert namespace["event_of"](body.encode(), headers, secret) == {"type": "crm.order.confirmed"}
    assert namespace["is_signed"](body.encode(), headers, secret)
    changed = body.replace("confirmed", "cancelled").encode()
    assert namespace["event_of"](changed, headers, secret) is None
    assert not namespace["is_signed"](changed, headers, secret)


def _verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shapan", "verify", "--size", "tiny", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHAPAN_")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.long
def test_the_integration_of_the_page_passes_and_so_does_the_scenario_of_the_page(tmp_path: Path) -> None:
    [integration], [scenario] = programs("integration.md", "python"), programs("scenarios.md", "yaml")
    (tmp_path / "integration.py").write_text(integration, "utf-8")
    (tmp_path / "rush-order.arazzo.yaml").write_text(scenario, "utf-8")
    python = Path(sys.executable).as_posix()

    done = _verify(
        tmp_path, "order-to-receivable", "rush-order.arazzo.yaml", "--integration", f"'{python}' integration.py"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓ passed") == 2


def test_the_scenario_of_the_page_has_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "rush-order.arazzo.yaml"
    path.write_text(programs("scenarios.md", "yaml")[0], "utf-8")
    scenario, faults = check(path)
    assert faults == []
    assert scenario is not None
    assert scenario.deadline_seconds == 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_has_a_word_of_the_convention(page: Path) -> None:
    fences = re.findall(r"^ *```(.*)$", page.read_text("utf-8"), re.M)
    assert set(fences[::2]) <= LANGUAGES
    assert set(fences[1::2]) <= {""}
    assert len(fences) % 2 == 0
