"""Joins customers by the name that a record shows, character by character."""

from __future__ import annotations

from shapan.reference.matching import Matcher, Party


class ExactName(Matcher):
    """Takes names as they stand, as a spreadsheet's lookup does."""

    def find(self, target: str, party: Party) -> str | None:
        """The record with that very name."""
        directory = self.directories[target]
        same = (str(one[directory.key]) for one in directory.near(party.tokens) if one["short_name"] == party.name)
        return next(same, None)
