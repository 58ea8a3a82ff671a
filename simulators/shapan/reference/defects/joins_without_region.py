"""Joins customers by their trade name, whatever the region."""

from __future__ import annotations

from shapan.reference.matching import Matcher, Party
from shapan.reference.names import taken_apart


class WithoutRegion(Matcher):
    """Takes 南京华信科技 for 北京华信科技 where no tax number says that they are two."""

    def find(self, target: str, party: Party) -> str | None:
        """The record that is it, else one with its trade name anywhere."""
        found = super().find(target, party)
        trade_name = taken_apart(party.name, party.city).core
        directory = self.directories[target]
        alike = (one for one in directory.records() if (one["full_name"] or "").find(trade_name) >= 0)
        return found or next((str(one[directory.key]) for one in alike), None)
