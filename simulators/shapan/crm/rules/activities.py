"""What an activity (跟进记录) can be about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapan.kernel.errors import Fault

ABOUT = ("customerId", "leadId", "opportunityId")
"""The members of which an activity has exactly one."""


def about_faults(body: Mapping[str, Any]) -> list[Fault]:
    """Faults of an activity that is about nothing, or about several things at once."""
    given = [member for member in ABOUT if member in body]
    if len(given) == 1:
        return []
    if not given:
        return [
            Fault(
                "/customerId",
                "An activity is about something: send one of customerId, leadId and opportunityId.",
                "跟进记录必须有对象：请填写 customerId、leadId、opportunityId 之一。",
            )
        ]
    return [
        Fault(
            f"/{member}",
            f"An activity is about one thing, and {given[0]} is given already. Leave {member} away.",
            f"跟进记录只能有一个对象，已填写 {given[0]}，请去掉 {member}。",
        )
        for member in given[1:]
    ]


def unknown(member: str, key: str, en: str, zh: str) -> Fault:
    """The fault of naming something that is not there: `en`/`zh` name the kind of thing."""
    return Fault(
        f"/{member}",
        f"There is no {en} {key}. Check the id, and that you ask the right workspace.",
        f"没有{zh} {key}，请核对标识以及所用的工作区。",
    )
