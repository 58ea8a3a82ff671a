"""Stages of an opportunity (商机), what is usual for each, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import divide_half_up

USUAL: Mapping[str, int] = {"prospecting": 10, "proposal": 40, "negotiation": 70, "won": 100, "lost": 0}
"""Stage (商机阶段) -> the likelihood in percent that is usual for it; for the two that end it, the only one."""

CLOSED = frozenset({"won", "lost"})
"""The stages that end an opportunity."""

STAGE_NAMES = {
    "prospecting": "初步接洽",
    "proposal": "方案报价",
    "negotiation": "商务谈判",
    "won": "赢单",
    "lost": "输单",
}


def weighted_fen(amount_fen: int, probability: int) -> int:
    """Amount × likelihood (加权金额), rounded half up to the fen."""
    return divide_half_up(amount_fen * probability, 100)


def probability_in(stage: str, wanted: int | None) -> int:
    """The likelihood in percent once an opportunity is in `stage`: what was asked for, but for an end always its own."""
    return USUAL[stage] if wanted is None or stage in CLOSED else wanted


def closed_refusal(number: str, stage: str) -> Problem | None:
    """Why an opportunity in `stage` takes no change, or None."""
    if stage not in CLOSED:
        return None
    return conflict(
        "opportunity-closed",
        f"Opportunity {number} is {stage} and takes no changes. Enter a new one.",
        f"商机 {number} 已{STAGE_NAMES[stage]}，不能再修改；请另建商机。",
    )


def move_faults(stage: str, reason: str | None) -> list[Fault]:
    """Faults of a move to `stage`: losing needs a reason."""
    if stage != "lost" or reason is not None:
        return []
    return [
        Fault(
            "/reason",
            "Say why the opportunity is lost; that is what one learns from.",
            "请填写输单原因，以便日后分析。",
        )
    ]
