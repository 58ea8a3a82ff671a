"""Reservation and back-order (预留与缺货), and what an issue may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli


@dataclass(frozen=True, slots=True)
class Demand:
    """What a line of an approved order still waits for."""

    line_no: int
    product_code: str
    waiting_milli: int


def backorder(state: str, quantity_milli: int, reserved_milli: int, shipped_milli: int) -> int:
    """What is approved and still without stock (缺货量). Nothing waits before approval or after cancellation."""
    return quantity_milli - reserved_milli - shipped_milli if state == "approved" else 0


def allocate(demands: Iterable[Demand], available: Mapping[str, int]) -> dict[int, int]:
    """Line -> what to reserve for it now (预留), first line first; lines that get nothing are left out.

    `available` is on hand less reserved by product, so reserved can never pass on hand.
    """
    left = dict(available)
    granted: dict[int, int] = {}
    for demand in demands:
        part = min(demand.waiting_milli, left.get(demand.product_code, 0))
        if part > 0:
            granted[demand.line_no] = part
            left[demand.product_code] -= part
    return granted


def not_there_refusal(product_code: str, warehouse_code: str, wanted_milli: int, had_milli: int, day: str) -> Problem:
    """409: an issue is dated before the goods came (倒冲日期)."""
    wanted, had = text_from_milli(wanted_milli), text_from_milli(had_milli)
    return conflict(
        "stock-not-there-then",
        f"On {day} or later warehouse {warehouse_code} had no more than {had} of {product_code}, so {wanted} cannot have left then. "
        "Take the day on which the goods left.",
        f"仓库 {warehouse_code} 的 {product_code} 自 {day} 起最低结存为 {had}，当时不可能出库 {wanted}。请填写实际出库日期。",
    )


def issue_refusal(product_code: str, warehouse_code: str, wanted_milli: int, available_milli: int) -> Problem | None:
    """409 when an issue asks for more than is available (可用量), which keeps stock and reservations whole."""
    if wanted_milli <= available_milli:
        return None
    wanted, available = text_from_milli(wanted_milli), text_from_milli(available_milli)
    return conflict(
        "insufficient-stock",
        f"Warehouse {warehouse_code} has {available} of {product_code} available, {wanted} were asked for. "
        "Issue less, or release reservations first.",
        f"仓库 {warehouse_code} 中 {product_code} 的可用量为 {available}，不足 {wanted}。请减少数量或先释放预留。",
    )


def receipt_only_faults(body: Mapping[str, Any], members: Iterable[str]) -> list[Fault]:
    """Cost and dates of a batch come with a receipt; an issue takes them as they are in stock."""
    return [
        Fault(
            f"/{member}",
            "Only a receipt takes this; an issue takes what is in stock.",
            "仅入库可填写，出库按库存数据处理。",
        )
        for member in members
        if body.get(member) is not None
    ]
