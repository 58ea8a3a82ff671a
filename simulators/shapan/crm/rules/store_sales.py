"""Stores, members and store sales (门店、会员、门店销售): points, payments, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import fen_from_number, text_from_fen

FEN_PER_POINT = 100
"""A point (积分) for each full yuan."""


def points_for(gross_fen: int) -> int:
    """The points that a sale of this sum gives."""
    return gross_fen // FEN_PER_POINT


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
    """Faults of the time of a sale: it has not come yet."""
    if sold_at <= now:
        return []
    return [
        Fault(
            "/soldAt",
            f"The sale would be at {rfc3339(sold_at)}, but it is {rfc3339(now)} now. Leave soldAt away for a sale of this moment.",
            f"销售时间 {rfc3339(sold_at)} 晚于当前时间 {rfc3339(now)}；即时销售请省略 soldAt。",
        )
    ]


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


def void_refusal(number: str, state: str, business_date: str, today: str) -> Problem | None:
    """Why a store sale cannot be voided (撤销), or None: once, and on its own day of business."""
    if state == "voided":
        return conflict(
            "store-sale-voided",
            f"Store sale {number} is voided already. There is nothing to do.",
            f"门店销售 {number} 已撤销，无需再次撤销。",
        )
    if business_date != today:
        return conflict(
            "store-sale-day-over",
            f"Store sale {number} is of {business_date}, and it is {today} now; only a sale of the same day is voided.",
            f"门店销售 {number} 的营业日期是 {business_date}，今天是 {today}，只能撤销当天的销售。",
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
