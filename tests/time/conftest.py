"""A system that has something to do, served."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Api


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("time_tests_chores", Path(__file__).parent / "chores.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def chores() -> ModuleType:
    """The module chores.py."""
    return _load()


@pytest.fixture(scope="session")
def chores_system(chores):
    return chores.chores()


class Household:
    """The system as its operator and its client see it. The clock stands still at 9 o'clock on 24 November 2099."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.http = api.http
        self.runtime = api.runtime
        self.change(advance_to="2099-11-24T09:00:00+08:00", frozen=True)
        api.token = api.fetch_token()

    def change(self, **change: Any) -> dict[str, Any]:
        answer = self.http.post("/_shapan/clock", json=change)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def chore(self, text: str) -> int:
        answer = self.api.post("/memos", json={"text": text, "day": "2026-01-01"})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def done(self) -> list[dict[str, Any]]:
        return self.http.get("/_shapan/schedule").json()["done"]

    def times(self) -> list[str]:
        """The local times of what was done."""
        return [each["at"][:19] for each in self.done()]


@pytest.fixture
def household(serve: Callable[..., Any], chores_system) -> Household:
    return Household(serve(chores_system))
