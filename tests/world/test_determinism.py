"""The same spec is the same world: in another process, with other hash seeds, and next to one company more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import shapan
from shapan.world import World, WorldSpec, build_world
from shapan.world.draws import between, every, pick, shuffled, stream, weighted

DIGEST = """
import hashlib
from datetime import date
from shapan.world import WorldSpec, build_world
world = build_world(WorldSpec("trading", "small", 42, date(2026, 11, 1)))
parts = (world.companies, world.products, world.crm, world.scm, world.finance, sorted(world.answer_key.all().items()))
print(hashlib.sha256(repr(parts).encode()).hexdigest())
"""


def _digest(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(shapan.__file__).parent.parent)}
    run = subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_processes_with_different_hash_seeds_build_the_same_world() -> None:
    one, other = _digest("0"), _digest("4242")
    assert len(one) == 64
    assert one == other


def test_another_seed_is_another_world(small: World) -> None:
    other = build_world(replace(small.spec, seed=43))
    assert {c.legal_name for c in other.companies}.isdisjoint({c.legal_name for c in small.companies})
    assert {c.id for c in other.crm.customers}.isdisjoint({c.id for c in small.crm.customers})
    assert {c.uscc for c in other.companies}.isdisjoint({c.uscc for c in small.companies})
    assert [p.code for p in other.products] != [p.code for p in small.products]


def test_one_customer_more_changes_nothing_else(edited: Callable[..., str]) -> None:
    opening = date(2026, 11, 1)
    before = build_world(WorldSpec(edited({"customers: 20": "customers: 40"}), "tiny", 42, opening))
    after = build_world(WorldSpec(edited({"customers: 20": "customers: 41"}), "tiny", 42, opening))
    assert len(after.companies) == 41
    assert after.companies[:40] == before.companies
    assert after.products == before.products
    for system in ("crm", "finance"):
        old, new = getattr(before, system).customers, getattr(after, system).customers
        assert new[: len(old)] == old
    assert after.scm.partners[: len(before.scm.partners)] == before.scm.partners
    assert after.scm.opening_stock == before.scm.opening_stock
    items = len(before.finance.opening_receivables)
    assert items > 10
    assert after.finance.opening_receivables[:items] == before.finance.opening_receivables


def test_one_product_or_warehouse_more_changes_nothing_else(edited: Callable[..., str]) -> None:
    opening = date(2026, 11, 1)
    before = build_world(WorldSpec("trading", "tiny", 42, opening))
    more = edited({"products: 12, warehouses: 2, suppliers: 4}": "products: 13, warehouses: 3, suppliers: 4}"})
    after = build_world(WorldSpec(more, "tiny", 42, opening))
    assert after.products[:12] == before.products
    assert after.warehouses[:2] == before.warehouses
    assert after.companies == before.companies
    assert set(before.scm.opening_stock) <= set(after.scm.opening_stock)


def test_the_tiny_world_is_the_beginning_of_the_small_one(small: World) -> None:
    tiny = build_world(replace(small.spec, size="tiny"))
    assert small.companies[:20] == tiny.companies
    assert small.products[:12] == tiny.products


def test_streams_depend_on_their_path_only() -> None:
    expected = stream(42, "company", 2).random()
    neighbour = stream(42, "company", 1)
    assert neighbour.random() != expected
    assert stream(43, "company", 2).random() != expected
    assert stream(42, "company", 2).random() == expected


def test_draws_stay_within_their_bounds_and_reach_them() -> None:
    rng = stream(1, "bounds")
    assert {between(rng, 3, 5) for _ in range(200)} == {3, 4, 5}
    assert {pick(rng, "abc") for _ in range(200)} == {"a", "b", "c"}
    assert {weighted(rng, (("never", 0), ("often", 9), ("seldom", 1))) for _ in range(300)} == {"often", "seldom"}
    assert sorted(shuffled(rng, range(50))) == list(range(50))
    with pytest.raises(ValueError, match="positive weight"):
        weighted(rng, (("never", 0),))


@pytest.mark.parametrize("percent", [0, 1, 33, 40, 100])
def test_every_is_spread_evenly(percent: int) -> None:
    hits = [every(percent, n) for n in range(1, 101)]
    assert sum(hits) == percent
    for n in range(1, 101):
        assert sum(hits[:n]) == n * percent // 100
