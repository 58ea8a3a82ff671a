"""Worlds for the tests of the world: built, never seeded into a system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import shapan.world
from shapan.world import World, WorldSpec, build_world

OPENING = date(2026, 11, 1)
TRADING = Path(shapan.world.__file__).parent / "profiles" / "trading.yaml"


@pytest.fixture(scope="session")
def small() -> World:
    """The small trading world of seed 42."""
    return build_world(WorldSpec("trading", "small", 42, OPENING))


@pytest.fixture(scope="session")
def medium_article() -> World:
    """The medium trading world of seed 101 with the mess of the field report, without its past year."""
    return build_world(WorldSpec("trading", "medium", 101, OPENING, history=False))


@pytest.fixture(scope="session", params=[("tiny", 42), ("tiny", 7), ("small", 42), ("small", 20261101)], ids=str)
def world(request: pytest.FixtureRequest) -> World:
    """Clean worlds of both sizes and several seeds, for what must hold in all of them."""
    size, seed = request.param
    return build_world(WorldSpec("trading", size, seed, OPENING, mess="clean"))


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., str]:
    """edited({"old": "new"}) -> path of a copy of the trading profile with these texts replaced, each of which it must hold."""

    def write(changes: dict[str, str]) -> str:
        text = TRADING.read_text("utf-8")
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "mine.yaml"
        path.write_text(text, "utf-8")
        return str(path)

    return write
