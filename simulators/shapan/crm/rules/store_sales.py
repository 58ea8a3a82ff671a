"""Stores, members and store sales (门店、会员、门店销售): points, payments, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shapan.crm.rules.orders import Line
from shapan.crm.rules.returns import Most, ReturnLine, lines_back
from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import Tax, fen_from_number, text_from_fen

FEN_PER_POINT = 100
"""A point (积分) for each full yuan."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clock of a till may be ahead."""

LATEST_ENTRY = timedelta(days=366)
"""How long ago a sale may be that is entered now (补录): a year, beyond it is a slip of the hand."""


def points_for(gross_fen: int) -> int:
    """The points that a sale of this sum gives."""
    return gross_fen // FEN_PER_POINT


class Back(NamedTuple):
    """What came back of a store sale once (门店退货): when, why, the money given back (wire form), its sums, points taken back, lines."""

    returned_at: str
    business_date: str
    reason: str
    refunds: list[dict[str, Any]]
    amount: Tax
    points: int
    lines: list[ReturnLine]


def returned(backs: Iterable[Back]) -> dict[int, ReturnLine]:
    """All that came back, by line."""
    found: dict[int, ReturnLine] = {}
    for one in (line for back in backs for line in back.lines):
        _, *before = found.get(one.line_number, (0, 0, 0, 0))
        sums = [old + new for old, new in zip(before, one[1:], strict=True)]
        found[one.line_number] = ReturnLine(one.line_number, *sums)
    return found


def return_lines(
    wanted: Sequence[Mapping[str, Any]], sold: Iterable[Line], before: Mapping[int, ReturnLine]
) -> tuple[list[ReturnLine], list[Fault]]:
    """The lines of a return (wire form of `ReturnLineNew`, valid) with their amounts; `before` came back already, by line.

    Amounts are the share of the line, so that all parts together are the line to the fen. Faults: lines that the sale does not have, a line
    that is named twice, more than was sold and is not back yet.
    """
    return lines_back(wanted, sold, before, lambda line: Most(line.quantity_milli, "sold", "售出"), ("sale", "销售单"))


def points_back(points: int, gross_fen: int, backs: Iterable[Back], now_fen: int) -> int:
    """The points that go with a return of `now_fen`: what is left of the sale keeps its points, and no return gives any."""
    taken = fen = 0
    for back in backs:
        taken += back.points
        fen += back.amount.gross
    return min(points - taken, max(0, points - taken - points_for(gross_fen - fen - now_fen)))


def refund_faults(refunds: Sequence[Mapping[str, Any]], gross_fen: int) -> list[Fault]:
    """Faults of the money given back (wire form): it is not what the lines come to."""
    paid = sum(fen_from_number(refund["amount"]) for refund in refunds)
    if paid == gross_fen:
        return []
    en = f"{text_from_fen(paid)} yuan would be given back for lines of {text_from_fen(gross_fen)}. Both must be equal."
    zh = f"退款合计 {text_from_fen(paid)} 元，与退货合计 {text_from_fen(gross_fen)} 元不一致，请核对。"
    return [Fault("/refunds", en, zh)]


def return_refusal(number: str, state: str) -> Problem | None:
    """Why nothing of a store sale can come back (退货), or None: it must not be voided."""
    if state != "voided":
        return None
    return conflict(
        "store-sale-voided",
        f"Store sale {number} is voided, so nothing of it can come back.",
        f"门店销售 {number} 已撤销，没有可退的商品。",
    )


def payment_faults(payments: Sequence[Mapping[str, Any]], gross_fen: int) -> list[Fault]:
    """Faults of payments (wire form): they do not add up to the sum of the sale."""
    paid = sum(fen_from_number(payment["amount"]) for payment in payments)
    if paid == gross_fen:
        return []
    return [
        Fault(
            "/payments",
            f"The payments come to {text_from_fen(paid)} yuan, the lines to {text_from_fen(gross_fen)}. Both must be equal.",
            f"支付合计 {text_from_fen(paid)} 元，与商品合计 {text_from_fen(gross_fen)} 元不一致，请核对。",
        )
    ]


def time_faults(sold_at: datetime, now: datetime) -> list[Fault]:
    """Faults of the time of a sale: beyond what clocks may differ it has not come yet, or it is too long ago to be entered late (补录)."""
    if now - LATEST_ENTRY <= sold_at <= now + CLOCKS_DIFFER:
        return []
    if sold_at > now:
        en = f"The sale would be at {rfc3339(sold_at)}, but it is {rfc3339(now)} now. Leave soldAt away for a sale of this moment."
        zh = f"销售时间 {rfc3339(sold_at)} 晚于当前时间 {rfc3339(now)}；即时销售请省略 soldAt。"
    else:
        en = f"The sale would be at {rfc3339(sold_at)}, more than {LATEST_ENTRY.days} days ago. Check the year."
        zh = f"销售时间 {rfc3339(sold_at)} 早于 {LATEST_ENTRY.days} 天之前，不能补录，请核对年份。"
    return [Fault("/soldAt", en, zh)]


def store_faults(code: str, state: str | None) -> list[Fault]:
    """Faults of the store that a sale names; `state` None: there is none of that code."""
    if state is None:
        return [
            Fault("/storeCode", f"There is no store {code}. Enter the store first.", f"没有门店 {code}，请先新建门店。")
        ]
    if state == "closed":
        return [
            Fault(
                "/storeCode",
                f"Store {code} is closed and sells nothing. Take another one, or open it again.",
                f"门店 {code} 已闭店，不能销售；请选择其他门店，或重新开业。",
            )
        ]
    return []


def void_refusal(number: str, state: str, business_date: str, today: str, *, came_back: bool) -> Problem | None:
    """Why a store sale cannot be voided (撤销), or None: once, on its own day of business, and while nothing of it came back."""
    if state == "voided":
        return conflict(
            "store-sale-voided",
            f"Store sale {number} is voided already. There is nothing to do.",
            f"门店销售 {number} 已撤销，无需再次撤销。",
        )
    if business_date != today:
        return conflict(
            "store-sale-day-over",
            f"Store sale {number} is of {business_date}, and it is {today} now; only a sale of the same day is voided. Return its goods instead.",
            f"门店销售 {number} 的营业日期是 {business_date}，今天是 {today}，只能撤销当天的销售，之后请办理退货。",
        )
    if came_back:
        return conflict(
            "store-sale-returned",
            f"Something of store sale {number} came back already. Return the rest too instead of voiding it.",
            f"门店销售 {number} 已有退货，不能撤销；请将剩余商品一并退货。",
        )
    return None


def code_taken(code: str) -> Problem:
    """409: another store has the code."""
    return conflict(
        "store-code-taken",
        f"There is a store {code} already. Take another code, or change that store.",
        f"门店编码 {code} 已被使用；请更换编码，或修改已有门店。",
    )


def phone_taken(phone: str) -> Problem:
    """409: another member has the telephone."""
    return conflict(
        "member-phone-taken",
        f"Another member has the telephone {phone}. Find that member by it instead of entering it twice.",
        f"手机号 {phone} 已属于其他会员；请按手机号查询该会员，不要重复登记。",
    )
