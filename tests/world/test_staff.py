"""The company's own people: as many as the profile says, each with a name of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shapan.world import list_profiles, load_profile
from shapan.world.staff import staff


@pytest.mark.parametrize("name", list_profiles())
def test_offices_are_as_large_as_the_profile_says_and_no_name_stands_twice(name: str) -> None:
    profile = load_profile(name)
    people = staff(42, profile)
    offices = {
        "sales": people.sales,
        "buyers": people.buyers,
        "keepers": people.keepers,
        "accountants": people.accountants,
    }
    assert {office: len(names) for office, names in offices.items()} == profile.staff
    everybody = [name for names in offices.values() for name in names]
    assert len(set(everybody)) == len(everybody) >= 4


def test_the_same_seed_has_the_same_people_and_one_more_joins_behind_them() -> None:
    profile = load_profile("trading")
    one, other = staff(42, profile), staff(42, replace(profile, staff={**profile.staff, "sales": 9}))
    assert one == staff(42, profile)
    assert other.sales[:8] == one.sales
    assert staff(43, profile).sales != one.sales


def test_a_thousand_people_have_a_thousand_names() -> None:
    profile = load_profile("trading")
    assert len(set(staff(1, replace(profile, staff={**profile.staff, "keepers": 1000})).keepers)) == 1000
