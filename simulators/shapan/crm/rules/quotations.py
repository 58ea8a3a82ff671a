"""States of a quotation (报价单), and what is refused of it: draft → sent → accepted or rejected, or expired by its date."""

from __future__ import annotations

from datetime import date

from shapan.kernel.errors import Fault, Problem, conflict

STATE_NAMES = {"draft": "草稿", "sent": "已发出", "accepted": "已接受", "rejected": "已拒绝", "expired": "已过期"}


def shown_state(state: str, valid_until: str, today: date) -> str:
    """The state as it is today: a sent quotation is expired from the day after `valid_until` (an ISO date) on."""
    return "expired" if state == "sent" and valid_until < today.isoformat() else state


def draft_refusal(number: str, state: str) -> Problem | None:
    """Why a quotation in this (shown) state can be neither changed nor sent, or None."""
    if state == "draft":
        return None
    return conflict(
        "quotation-not-draft",
        f"Quotation {number} is {state}; only a draft can be changed or sent. Enter a new quotation.",
        f"报价单 {number} 的状态是“{STATE_NAMES[state]}”，只有草稿可以修改或发出；请另建报价单。",
    )


def decision_refusal(number: str, state: str, valid_until: str) -> Problem | None:
    """Why a quotation in this (shown) state can be neither accepted nor rejected, or None."""
    if state == "sent":
        return None
    if state == "expired":
        return conflict(
            "quotation-expired",
            f"Quotation {number} was valid until {valid_until}. Enter a new one with a later date.",
            f"报价单 {number} 的有效期至 {valid_until}，已过期；请另建报价单。",
        )
    return conflict(
        "quotation-not-sent",
        f"Quotation {number} is {state}; only a sent one can be answered. Send a draft first; an answer that was given stays.",
        f"报价单 {number} 的状态是“{STATE_NAMES[state]}”，只有已发出的报价单可以答复；草稿请先发出。",
    )


def send_faults(valid_until: str, today: date) -> list[Fault]:
    """Faults of sending: a date that is past already."""
    if valid_until >= today.isoformat():
        return []
    return [
        Fault(
            "/validUntil",
            f"The quotation is valid until {valid_until}, and today is {today.isoformat()}. Change validUntil first.",
            f"报价单有效期至 {valid_until}，今天是 {today.isoformat()}，请先修改有效期。",
        )
    ]


def unknown_opportunity(opportunity_id: str) -> Fault:
    """The fault of naming an opportunity that the customer has not."""
    return Fault(
        "/opportunityId",
        f"The customer has no opportunity {opportunity_id}. Take one of the customer's opportunities, or leave it away.",
        f"该客户没有商机 {opportunity_id}，请选择该客户的商机，或不填写。",
    )
