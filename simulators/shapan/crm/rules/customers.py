"""What is refused of a customer (客户) and of its balance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shapan.kernel import uscc
from shapan.kernel.clock import rfc3339
from shapan.kernel.errors import Fault, Problem, conflict

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far ahead of this system's clock a reported balance may be."""


def customer_faults(body: Mapping[str, Any]) -> list[Fault]:
    """Faults of a customer that is entered or changed: a credit code whose check characters are wrong (GB 32100-2015)."""
    code = body.get("unifiedSocialCreditCode")
    if code is None or uscc.check(code):
        return []
    return [
        Fault(
            "/unifiedSocialCreditCode",
            f"The check characters of {code} are wrong; it is no unified social credit code. Compare it with the business licence.",
            f"{code} 的校验码不正确，不是有效的统一社会信用代码，请对照营业执照核对。",
        )
    ]


def balance_faults(as_of: datetime, now: datetime) -> list[Fault]:
    """Faults of a reported balance: figures of a time that has not come, or every later report would be refused as outdated.

    Clocks of two systems never agree to the second, so FUTURE_TOLERANCE is let pass.
    """
    if as_of <= now + FUTURE_TOLERANCE:
        return []
    return [
        Fault(
            "/asOf",
            f"The balance is as of {rfc3339(as_of)}, but here it is {rfc3339(now)}. Report what is known now, and compare the clocks.",
            f"欠款数据的截至时间 {rfc3339(as_of)} 晚于当前时间 {rfc3339(now)}；请上报当前数据，并核对两个系统的时钟。",
        )
    ]


def balance_refusal(code: str, stored_as_of: str | None, as_of: str) -> Problem | None:
    """Why a reported balance is not taken, or None. Both times are texts of `kernel.clock.rfc3339`, which sort as the times do."""
    if stored_as_of is None or as_of >= stored_as_of:
        return None
    return conflict(
        "balance-outdated",
        f"The balance of customer {code} is as of {stored_as_of}; the one reported, as of {as_of}, is older. Nothing was changed; "
        "leave it at that, or ask finance again.",
        f"客户 {code} 的欠款数据截至 {stored_as_of}，本次上报截至 {as_of}，早于已有数据，未作修改；可忽略，或重新向财务系统取数。",
    )


def merged_refusal(code: str, merged_into: str | None) -> Problem | None:
    """Why a customer takes nothing new, or None: `merged_into` is the id of the customer into whom it was merged (合并)."""
    if merged_into is None:
        return None
    return conflict(
        "customer-merged",
        f"Customer {code} was merged into customer {merged_into} and takes nothing new. Use that one.",
        f"客户 {code} 已合并到客户 {merged_into}，不能再新增或修改；请使用合并后的客户。",
    )
