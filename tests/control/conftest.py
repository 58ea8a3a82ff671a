"""Control served with three systems that are played by a mock transport: each answers with facts, or as a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from werkzeug.serving import make_server

from shapan.control import SYSTEM, SystemsClient
from shapan.kernel.flask_app import create_app
from shapan.kernel.runtime import Runtime, Settings
from shapan.world import AnswerKey

from .flow import correct_flow, entity_of

HOSTS = {"crm.test": "crm", "scm.test": "scm", "finance.test": "finance", "marketing.test": "marketing"}
URLS = {name: f"http://{name}.test/" for name in ("crm", "scm", "finance")}
AS_OF = {
    "crm": "2026-11-24T09:30:02.000+08:00",
    "scm": "2026-11-24T09:30:01.000+08:00",
    "finance": "2026-11-24T09:30:00.000+08:00",
}


def key_figure(key: str) -> dict[str, Any]:
    """A key figure as a system gives it."""
    text = {"en": "Sum of what was posted.", "zh": "已过账金额合计。"}
    return {"key": key, "name": text, "value": "1000.00", "unit": "yuan", "formula": text, "inputs": {"documents": 1}}


def _names(entry: dict[str, Any], document: str) -> bool:
    return document in entry["subjects"] or document in entry["references"]


class Played:
    """The three systems as control sees them. `facts` is what they report; `answers` overrules what one of them says to anything."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = correct_flow()
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.journal: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.tokens: set[str | None] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = HOSTS[request.url.host]
        self.asked.append((request.method, name, request.url.path))
        self.tokens.add(request.headers.get("authorization"))
        if name in self.answers:
            return self.answers[name](request)
        workspace = request.url.path.split("/")[2] if request.url.path.startswith("/ws/") else "default"
        if request.url.path.endswith("/_shapan/facts"):
            return httpx.Response(
                200, json={"system": name, "workspace": workspace, "as_of": AS_OF[name], "facts": self.facts[name]}
            )
        if request.url.path.endswith("/_shapan/journal"):
            about = [e for e in self.journal if e["system"] == name and _names(e, request.url.params["document"])]
            return httpx.Response(200, json={"items": about, "has_more": False, "next": "0", "older": "0"})
        if request.url.path.endswith("/_shapan/kpis"):
            period = {"from": request.url.params["from"], "to": request.url.params["to"]}
            return httpx.Response(
                200, json={"system": name, "workspace": workspace, **period, "items": [key_figure(f"{name}_revenue")]}
            )
        return httpx.Response(200, json={"status": "ready", "system": name, "workspace": workspace})


@pytest.fixture
def played() -> Played:
    """The systems that control reaches in this test."""
    return Played()


@pytest.fixture
def control(tmp_path: Path, played: Played, transport: str) -> Iterator[Callable[..., httpx.Client]]:
    """control(answer_key=, operator_token=, systems_token=, urls=) -> a client of a served control, answers checked by contract."""
    with ExitStack() as stack:

        def start(
            *,
            answer_key: bool | AnswerKey = True,
            operator_token: str | None = None,
            systems_token: str | None = None,
            urls: Mapping[str, str] = URLS,
        ) -> httpx.Client:
            systems = SystemsClient(urls, systems_token, httpx.MockTransport(played))
            stack.callback(systems.close)
            services: dict[str, Any] = {"systems": systems}
            if answer_key:
                known = isinstance(answer_key, AnswerKey)
                services["answer_key"] = answer_key if known else SimpleNamespace(entity=entity_of)
            runtime = Runtime(SYSTEM, Settings(tmp_path, strict=True, operator_token=operator_token, services=services))
            runtime.create_workspace("team-a")
            runtime.start()
            stack.callback(runtime.stop)
            app = create_app(runtime)
            if transport == "in-process":
                return stack.enter_context(
                    httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1")
                )
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=30)
            )

        yield start
