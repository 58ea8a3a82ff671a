"""Does not keep how far it has read: after a restart it begins with what happens then."""

from __future__ import annotations

from shapan.reference.pull import PAGE, Puller


class Forgetful(Puller):
    """Keeps its place in the feed in memory only."""

    _after: str | None = None

    def pull(self) -> int:
        """What is new since the first look; what was there before that is not for it."""
        started, new, more = self._after is not None, 0, True
        while more:
            page = self._client.get("/events", after=self._after, limit=PAGE)
            self._after, more = page["next"], page["has_more"]
            if started and page["events"]:
                new += self._inbox.take_page(self._client.system, page["events"], page["next"])
        return new
