"""Baseline 3: names are taken apart, and every piece of evidence counts (拆分名称、综合证据).

    python full.py EXPORT_FOLDER > crosswalk.csv

Four steps: read each record into a Party; block, so that only records which share something are compared (分块); weigh the evidence of each
pair in points (打分); put records together, the surest pairs first, as long as nothing speaks against it (一对一决策). parties.py has the first,
this file the others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from exact import read, run
from parties import Name, Party, party, repaired_code

ENOUGH = 4.0
"""So many points make a pair one company. What each thing is worth is set by hand and says how rarely it is so by chance."""
CROWD = 40
"""Records that share a key with more others than this share nothing that tells: 测试, or a switchboard."""


def keys(one: Party) -> Iterator[tuple[str, ...]]:
    """What a record may share with another of the same company."""
    if one.code:
        yield "code", one.code
    if one.phone:
        yield "phone", one.phone
    if one.place:
        yield "place", one.place
    for name in one.names:
        yield "core", name.core
        yield "short", name.region, name.core[:2]
        # Names that differ in one character have one in common when each loses one (漏字、错字、颠倒).
        for at in range(len(name.core)):
            yield "near", name.core[:at] + name.core[at + 1 :]


def pairs(parties: list[Party]) -> set[tuple[int, int]]:
    """The pairs that are worth a look, by their places in the list."""
    blocks: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for place, one in enumerate(parties):
        for key in keys(one):
            blocks[key].add(place)
    return {pair for block in blocks.values() if len(block) <= CROWD for pair in combinations(sorted(block), 2)}


def likeness(a: Name, b: Name) -> float:
    """Points for two names."""
    if bool(a.branch) != bool(b.branch):
        return -8
    if a.core == b.core:
        points = 5.0
    elif min(len(a.core), len(b.core)) >= 4 and near(a.core, b.core):
        points = 2.0
    elif abbreviates(a.core, b.core) or abbreviates(b.core, a.core):
        points = 2.5
    else:
        return -3
    if a.region and b.region:
        # 北京华信 and 南京华信 are two companies, whatever else is alike in their names.
        points += 1.5 if a.region == b.region else -7
    if a.form and b.form and a.form != b.form:
        points -= 3
    if a.form and b.form and a.layout != b.layout:
        # 华信科技（北京）有限公司 may be another company than 北京华信科技有限公司, or only be written so.
        points -= 1
    if a.branch != b.branch:
        points -= 2
    if a.former or b.former:
        points -= 1
    return points + (0.5 if a.text == b.text else 0)


def near(a: str, b: str) -> bool:
    """Whether one character is wrong, missing, or exchanged with its neighbour."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    start = 0
    while start < len(a) and a[start] == b[start]:
        start += 1
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    if a[start + 1 :] == b[start + 1 :]:
        return True
    return a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]


def abbreviates(short: str, long: str) -> bool:
    """Whether a name is another with characters left out behind the second, as 华信 and 华信汽配 of 华信汽车零部件."""
    if not 2 <= len(short) < len(long) or short[:2] != long[:2]:
        return False
    rest = iter(long)
    return all(character in rest for character in short)


def evidence(a: Party, b: Party) -> float:
    """Points for a pair; anything from ENOUGH is one company."""
    if a.code and b.code:
        if a.code == b.code:
            return 20
        if a.sure and b.sure:
            return -20
    points = max((likeness(x, y) for x in a.names for y in b.names), default=0.0)
    if a.phone and a.phone == b.phone:
        points += 5
    elif a.phone[:1] == b.phone[:1] == "0" and a.phone[:3] != b.phone[:3]:
        # Landlines of two cities.
        points -= 1.5
    if a.place and b.place:
        points += 5 if a.place == b.place else -2
    return points


class Clusters:
    """Records put together so far. No two that contradict each other come together."""

    def __init__(self, parties: list[Party]) -> None:
        self._of = list(range(len(parties)))
        self._members = {place: [one] for place, one in enumerate(parties)}

    def top(self, place: int) -> int:
        """The cluster of a record."""
        while self._of[place] != place:
            self._of[place] = self._of[self._of[place]]
            place = self._of[place]
        return place

    def join(self, a: int, b: int, points: float) -> None:
        """Put two clusters together unless their records contradict each other."""
        a, b = self.top(a), self.top(b)
        if a != b and not self._contradict(self._members[a], self._members[b], points):
            self._of[b] = a
            self._members[a] += self._members.pop(b)

    @staticmethod
    def _contradict(left: list[Party], right: list[Party], points: float) -> bool:
        both = left + right
        # The SCM and finance have one record of each customer; the CRM has duplicates (重复客户).
        if any(sum(one.system == system for one in both) > 1 for system in ("scm", "finance")):
            return True
        if len({one.code for one in both if one.sure}) > 1:
            return True
        # Through a record without a region 北京华信 and 南京华信 would meet, through one without a form a group and its daughter.
        if points < 20 and _apart("region", left, right):
            return True
        return points < 9 and _apart("form", left, right)


def _apart(word: str, left: list[Party], right: list[Party]) -> bool:
    """Whether the names on both sides say something of `word`, and nothing that is the same."""
    one, other = ({getattr(name, word) for record in side for name in record.names} - {""} for side in (left, right))
    return bool(one and other) and one.isdisjoint(other)


def matched(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Every record with its cluster."""
    parties = [party(system, record, row) for system, record, row in read(folder)]
    known = Counter(one.code for one in parties if one.sure)
    parties = [repaired_code(one, known) for one in parties]
    weighed = ((evidence(parties[a], parties[b]), a, b) for a, b in pairs(parties))
    found = sorted((-points, a, b) for points, a, b in weighed if points >= ENOUGH)
    clusters = Clusters(parties)
    for points, a, b in found:
        clusters.join(a, b, -points)
    for place, one in enumerate(parties):
        yield one.system, one.record, str(clusters.top(place))


if __name__ == "__main__":
    run(matched)
