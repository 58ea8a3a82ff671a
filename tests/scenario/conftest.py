"""A shop that answers as it is told, a clock that only moves when somebody sleeps, and scripts made from a few steps."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from shapan.scenario import Environment, Scenario, ScenarioResult, StepEvent, load_scenarios, run_scenario

HERE = Path(__file__).parent
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception | Callable[[httpx.Request], httpx.Response]


class FakeTime:
    """Time that passes only by sleeping; `naps` are all sleeps in seconds."""

    def __init__(self) -> None:
        self.now = 100.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Shop:
    """Answers each "METHOD /path" with its replies in turn, the last one for ever; keeps the requests. Hands out tokens T1, T2, …"""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[httpx.Request] = []
        self.tokens = 0

    def on(self, route: str, *replies: Reply) -> Shop:
        self.replies[route] = list(replies)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        route = f"{request.method} {request.url.raw_path.decode().partition('?')[0]}"
        replies = self.replies.get(route)
        if replies is None and route == "POST /oauth/token":
            self.tokens += 1
            return httpx.Response(
                200, json={"access_token": f"T{self.tokens}", "token_type": "Bearer", "expires_in": 300}
            )
        if replies is None:
            return httpx.Response(404, json={"detail": f"nothing at {route}"})
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        if callable(reply):
            return reply(request)
        status, body, *headers = reply
        extra = headers[0] if headers else {}
        return (
            httpx.Response(status, headers=extra) if body is None else httpx.Response(status, json=body, headers=extra)
        )

    def routes(self, *, tokens: bool = False) -> list[str]:
        """What was asked, in order, without the token requests."""
        seen = [f"{r.method} {r.url.raw_path.decode()}" for r in self.requests]
        return seen if tokens else [route for route in seen if route != "POST /oauth/token"]

    def bodies(self) -> list[Any]:
        return [json.loads(r.content) for r in self.requests if r.headers.get("Content-Type") == "application/json"]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def environment(shop: Shop, time: FakeTime) -> Environment:
    return Environment(
        base_urls={"shop": "http://shop.test"},
        client_id="people",
        client_secret="very-secret",
        transport=lambda source: httpx.MockTransport(shop),
        sleep=time.sleep,
        clock=time.clock,
        rng=random.Random(1),
    )


@pytest.fixture
def write_script(tmp_path: Path) -> Callable[..., Path]:
    """Writes an Arazzo document of one workflow `main` with these steps beside the shop's contract; other members by keyword."""
    for name in ("shop.yaml", "parts.yaml"):
        shutil.copy(HERE / name, tmp_path)

    def write(*steps: dict[str, Any], workflow: dict[str, Any] | None = None, **members: Any) -> Path:
        main = {"workflowId": "main", "steps": list(steps), **(workflow or {})}
        document = {
            "arazzo": "1.0.1",
            "info": {"title": "A test", "version": "1"},
            "sourceDescriptions": [{"name": "shop", "url": "shop.yaml", "type": "openapi"}],
            "workflows": [main, *members.pop("others", [])],
            **members,
        }
        path = tmp_path / "test.arazzo.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def script(write_script: Callable[..., Path]) -> Callable[..., Scenario]:
    """The scenario of `write_script`, loaded."""

    def load(*steps: dict[str, Any], **members: Any) -> Scenario:
        (scenario,) = load_scenarios([write_script(*steps, **members)])
        return scenario

    return load


@pytest.fixture
def run(script: Callable[..., Scenario], environment: Environment) -> Callable[..., ScenarioResult]:
    """Loads and runs a script of these steps."""

    def go(
        *steps: dict[str, Any],
        on_step: Callable[[StepEvent], None] | None = None,
        inputs: dict[str, Any] | None = None,
        **members: Any,
    ) -> ScenarioResult:
        return run_scenario(script(*steps, **members), environment, on_step=on_step, inputs=inputs)

    return go
