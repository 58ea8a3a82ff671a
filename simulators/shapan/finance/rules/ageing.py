"""Ageing of receivables (账龄分析) and the allowance for bad debts that follows from it (坏账准备).

By due date it serves collecting, by posting date the allowance. A year counts 365 days here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shapan.kernel.errors import Fault
from shapan.kernel.money import divide_half_up, text_from_rate


@dataclass(frozen=True, slots=True)
class Bucket:
    """An age (账龄段): from `low` to `high` days, both included; None is without end on that side."""

    key: str
    en: str
    zh: str
    low: int | None
    high: int | None

    def holds(self, days: int) -> bool:
        """Whether something of this age belongs here."""
        return (self.low is None or days >= self.low) and (self.high is None or days <= self.high)


BY_DUE_DATE = (
    Bucket("not_due", "Not due", "未到期", None, 0),
    Bucket("days_1_30", "1 to 30 days overdue", "逾期 1-30 天", 1, 30),
    Bucket("days_31_60", "31 to 60 days overdue", "逾期 31-60 天", 31, 60),
    Bucket("days_61_90", "61 to 90 days overdue", "逾期 61-90 天", 61, 90),
    Bucket("days_91_180", "91 to 180 days overdue", "逾期 91-180 天", 91, 180),
    Bucket("days_181_365", "181 to 365 days overdue", "逾期 181-365 天", 181, 365),
    Bucket("days_366_up", "More than 365 days overdue", "逾期 365 天以上", 366, None),
)
BY_POSTING_DATE = (
    Bucket("years_0_1", "Up to 1 year", "1 年以内", None, 365),
    Bucket("years_1_2", "1 to 2 years", "1-2 年", 366, 730),
    Bucket("years_2_3", "2 to 3 years", "2-3 年", 731, 1095),
    Bucket("years_3_4", "3 to 4 years", "3-4 年", 1096, 1460),
    Bucket("years_4_5", "4 to 5 years", "4-5 年", 1461, 1825),
    Bucket("years_5_up", "More than 5 years", "5 年以上", 1826, None),
)
BUCKETS = {"due_date": BY_DUE_DATE, "posting_date": BY_POSTING_DATE}
"""The buckets of each basis (账龄起算)."""


@dataclass(frozen=True, slots=True)
class AgedItem:
    """What is open of one receivable at the end of a day, in fen; negative on a red one."""

    customer_id: int
    number: str
    posted: date
    due: date
    open: int


def bucket_key(buckets: Sequence[Bucket], days: int) -> str:
    """The bucket of an age in days."""
    return next(bucket.key for bucket in buckets if bucket.holds(days))


def spread(items: Iterable[AgedItem], basis: str, as_of: date) -> Counter[str]:
    """Bucket key -> what is open in it."""
    buckets = BUCKETS[basis]
    amounts: Counter[str] = Counter()
    for item in items:
        start = item.due if basis == "due_date" else item.posted
        amounts[bucket_key(buckets, (as_of - start).days)] += item.open
    return amounts


def exposed(items: Iterable[AgedItem], credit: int) -> list[AgedItem]:
    """What may be lost of one customer's items: `credit` (receipts not applied) and red items take from the oldest first.

    What the customer has in credit altogether is no loss, and nothing of other customers either.
    """
    listed = sorted(items, key=lambda item: (item.posted, item.number))
    credit -= sum(item.open for item in listed if item.open < 0)
    rest = []
    for item in listed:
        if item.open > 0:
            taken = min(credit, item.open)
            credit -= taken
            if item.open > taken:
                rest.append(AgedItem(item.customer_id, item.number, item.posted, item.due, item.open - taken))
    return rest


def allowance_target(amounts: Mapping[str, int], rates: Mapping[str, int]) -> int:
    """What account 1231 坏账准备 should hold, in fen: the sum of bucket x rate (basis points), each rounded half up."""
    return sum(divide_half_up(amounts.get(bucket.key, 0) * rates[bucket.key], 10000) for bucket in BY_POSTING_DATE)


def rates_faults(rates: Sequence[tuple[str, int]]) -> list[Fault]:
    """What is wrong with the rates (bucket, basis points): each bucket once, and no older one with a lower rate."""
    found = []
    seen: set[str] = set()
    for index, (bucket, _) in enumerate(rates):
        if bucket in seen:
            found.append(Fault(f"/rates/{index}/bucket", f"Bucket {bucket} is named twice.", f"账龄段 {bucket} 重复。"))
        seen.add(bucket)
    missing = [bucket.key for bucket in BY_POSTING_DATE if bucket.key not in seen]
    if missing:
        found.append(
            Fault("/rates", f"These buckets are missing: {', '.join(missing)}.", f"缺少账龄段：{'、'.join(missing)}。")
        )
    return found + _falling(rates)


def _falling(rates: Sequence[tuple[str, int]]) -> list[Fault]:
    """Rates that are lower than that of a younger bucket; a bucket that is named twice counts where it is named first."""
    places: dict[str, tuple[int, int]] = {}
    for index, (bucket, rate) in enumerate(rates):
        places.setdefault(bucket, (index, rate))
    found = []
    highest = 0
    for bucket in (bucket.key for bucket in BY_POSTING_DATE if bucket.key in places):
        index, rate = places[bucket]
        if rate < highest:
            found.append(
                Fault(
                    f"/rates/{index}/rate",
                    f"The rate of {bucket} is {text_from_rate(rate)}, lower than {text_from_rate(highest)} of a younger bucket; "
                    "older debts are no safer.",
                    f"账龄段 {bucket} 的计提比例 {text_from_rate(rate)} 低于账龄较短者的 {text_from_rate(highest)}。",
                )
            )
        highest = max(highest, rate)
    return found
