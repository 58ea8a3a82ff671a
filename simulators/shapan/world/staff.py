"""The people of the company itself (员工): who sells, buys, keeps stock and keeps the books."""

from __future__ import annotations

from dataclasses import dataclass

from shapan.world.draws import stream
from shapan.world.people import person_name
from shapan.world.spec import Profile


@dataclass(frozen=True, slots=True)
class Staff:
    """Names of the salespeople (销售), buyers (采购), stock keepers (仓管) and accountants (会计); no name stands twice."""

    sales: tuple[str, ...]
    buyers: tuple[str, ...]
    keepers: tuple[str, ...]
    accountants: tuple[str, ...]


def staff(seed: int, profile: Profile) -> Staff:
    """As many people as the profile says. One more in one office changes nobody's name in it, though it may in the next offices."""
    taken: set[str] = set()

    def office(name: str) -> tuple[str, ...]:
        rng = stream(seed, "staff", name)
        people: list[str] = []
        while len(people) < profile.staff[name]:
            person = person_name(rng)
            if person not in taken:
                taken.add(person)
                people.append(person)
        return tuple(people)

    return Staff(office("sales"), office("buyers"), office("keepers"), office("accountants"))
