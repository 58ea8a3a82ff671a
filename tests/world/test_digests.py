"""Same seed, same bytes: what a seed gives is pinned for every profile and preset, and the same in every version of Python.

After a change of what worlds are, `python tests/world/test_digests.py` writes the new digests; say in the CHANGELOG that worlds differ.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from shapan.world import WorldSpec, list_profiles
from shapan.world.export.table import Put, Row
from shapan.world.mess import list_presets
from shapan.world.tables import world_tables

PINNED = Path(__file__).with_name("digests.json")


def digest(profile: str, preset: str, seed: int = 42) -> str:
    """SHA-256 over all rows of all tables, the answer key with its noise log included, of a small world."""
    source = world_tables(WorldSpec(profile, "small", seed, date(2026, 11, 1), mess=preset))
    sums = [hashlib.sha256() for _ in source.tables]

    def feeder(place: int) -> Put:
        update: Callable[[bytes], None] = sums[place].update

        def put(row: Row) -> None:
            update(json.dumps(row, ensure_ascii=False).encode())

        return put

    source.run([feeder(place) for place in range(len(sums))], lambda _: None)
    whole = hashlib.sha256()
    for table, part in zip(source.tables, sums, strict=True):
        whole.update(f"{table.path} {','.join(column.name for column in table.columns)} {part.hexdigest()}\n".encode())
    return whole.hexdigest()


@pytest.mark.parametrize("preset", list_presets())
@pytest.mark.parametrize("profile", list_profiles())
def test_what_a_seed_gives_is_what_it_always_gave(profile: str, preset: str) -> None:
    pinned = json.loads(PINNED.read_text("utf-8"))
    assert digest(profile, preset) == pinned[profile][preset]


def test_all_that_is_pinned_exists_and_nothing_is_pinned_twice() -> None:
    pinned = json.loads(PINNED.read_text("utf-8"))
    assert sorted(pinned) == list_profiles()
    assert all(sorted(of) == list_presets() for of in pinned.values())
    values = [value for of in pinned.values() for value in of.values()]
    assert len(set(values)) == len(values)


def test_another_seed_gives_another_world() -> None:
    assert digest("ecommerce", "clean", 43) != digest("ecommerce", "clean", 42)


if __name__ == "__main__":
    found = {profile: {preset: digest(profile, preset) for preset in list_presets()} for profile in list_profiles()}
    if "--check" in sys.argv:
        sys.exit(found != json.loads(PINNED.read_text("utf-8")))
    PINNED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
