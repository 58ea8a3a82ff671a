"""States of a lead (线索), and what is refused of it: new → qualified → converted, or lost from either of the first two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shapan.crm.rules.customers import customer_faults
from shapan.kernel.errors import Fault, Problem, conflict

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "new": frozenset({"qualified", "lost"}),
    "qualified": frozenset({"converted", "lost"}),
    "converted": frozenset(),
    "lost": frozenset(),
}
"""State of a lead (线索状态) -> the states that may follow it."""

STATE_NAMES = {"new": "新线索", "qualified": "已确认", "converted": "已转化", "lost": "已丢失"}


def closed_refusal(number: str, state: str) -> Problem | None:
    """Why a lead in `state` takes no change and cannot be lost, or None."""
    if TRANSITIONS[state]:
        return None
    return conflict(
        "lead-closed",
        f"Lead {number} is {state} and takes no changes. Enter a new lead.",
        f"线索 {number} 的状态是“{STATE_NAMES[state]}”，不能再修改；请另建线索。",
    )


def qualify_refusal(number: str, state: str) -> Problem | None:
    """Why a lead in `state` cannot be qualified (确认), or None."""
    if "qualified" in TRANSITIONS[state]:
        return None
    return conflict(
        "lead-not-new",
        f"Lead {number} is {state}; only a new one can be qualified. Read it to see what happened to it.",
        f"线索 {number} 的状态是“{STATE_NAMES[state]}”，只有新线索可以确认；请重新读取该线索。",
    )


def convert_refusal(number: str, state: str) -> Problem | None:
    """Why a lead in `state` cannot be converted (转化), or None."""
    if "converted" in TRANSITIONS[state]:
        return None
    return conflict(
        "lead-not-qualified",
        f"Lead {number} is {state}; only a qualified one can be converted. Qualify it first; if it is converted, it names its customer.",
        f"线索 {number} 的状态是“{STATE_NAMES[state]}”，只有已确认的线索可以转化；若已转化，线索中有客户、联系人和商机的标识。",
    )


def conversion_faults(lead: Mapping[str, Any], body: Mapping[str, Any]) -> list[Fault]:
    """Faults of a conversion (wire form of `LeadConversion`): two customers, or a new one of whom too little is known.

    `lead` has `region` and `industry` of the lead, or None.
    """
    if "customerId" in body:
        if "customer" not in body:
            return []
        return [
            Fault(
                "/customer",
                "customerId names a customer who is there, and customer describes a new one. Send one of the two.",
                "customerId 指定已有客户，customer 描述新客户，两者只能填一个。",
            )
        ]
    given = body.get("customer", {})
    faults = [
        Fault(
            f"/customer/{member}",
            f"The {member} is in neither the lead nor the request, and the code of a new customer is made of it. Send it here.",
            f"线索和请求中都没有 {member}（{term}），无法生成客户编码，请在此填写。",
        )
        for member, term in (("region", "地区代码"), ("industry", "行业代码"))
        if given.get(member) is None and lead[member] is None
    ]
    return [*faults, *(replace(fault, pointer=f"/customer{fault.pointer}") for fault in customer_faults(given))]
