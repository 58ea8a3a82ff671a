"""Whatever the systems hold: page by page, forwards and backwards, every entry is given once, those of one system in their order."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.control.clients import SystemAnswer, SystemsClient
from shapan.control.journal import reading


class Systems:
    """Three systems with entries that began at such times; each answers as listJournal does."""

    names = ("crm", "scm", "finance")

    def __init__(self, times: dict[str, list[int]]) -> None:
        self.entries = {
            name: [
                {"system": name, "cursor": str(n), "started_at": f"{time:06}"} for n, time in enumerate(times[name], 1)
            ]
            for name in self.names
        }

    def call(self, method: str, path: Any, workspace: str, *, systems: Any, body: Any) -> dict[str, SystemAnswer]:
        return {name: SystemAnswer(name, path[name], 200, self._answer(name, path[name]), None) for name in systems}

    def _answer(self, name: str, path: str) -> dict[str, Any]:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        after, before, limit = int(asked.get("after", 0)), int(asked.get("before", 10**9)), int(asked["limit"])
        fit = [entry for entry in self.entries[name] if after < int(entry["cursor"]) < before]
        newest = asked["order"] == "newest"
        given_ = fit[::-1][:limit] if newest else fit[:limit]
        more = len(fit) > limit
        last = given_[-1]["cursor"] if more and not newest else str(len(self.entries[name]))
        return {"items": given_, "next": last, "has_more": more}


TIMES = st.lists(st.integers(0, 50), max_size=12)


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(Systems.names, TIMES)), st.integers(1, 8))
def test_every_entry_is_given_once_in_both_directions(times, limit):
    systems = Systems(times)
    client = cast(SystemsClient, systems)
    everything = {(name, entry["cursor"]) for name in Systems.names for entry in systems.entries[name]}
    for newest in (False, True):
        found: list[tuple[str, str]] = []
        cursor, more = None if newest else "crm:0", True
        while more:
            page = reading.read(
                client, "default", Systems.names, {}, after=None if newest else cursor, before=cursor if newest else None,
                newest_first=newest, limit=limit,
            )  # fmt: skip
            found += [(entry["system"], entry["cursor"]) for entry in page.items]
            cursor, more = page.older if newest else page.next, page.has_more
        assert len(found) == len(everything)
        assert set(found) == everything
        for name in Systems.names:
            places = [int(place) for system, place in found if system == name]
            assert places == sorted(places, reverse=newest)
