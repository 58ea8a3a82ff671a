"""Batches (批次): first expiry, first out (先到期先出), and what a receipt must say about its batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_milli


class BatchBalance(NamedTuple):
    """What a warehouse has of a batch. `expiry_date` is the last day on which it may be used (有效期至), None when it does not expire."""

    batch_no: str
    expiry_date: date | None
    milli: int


class Batch(NamedTuple):
    """A batch as it is entered."""

    batch_no: str
    production_date: date | None
    expiry_date: date | None


def expired(expiry_date: date | None, day: date) -> bool:
    """Whether a batch must not be used on `day` any more."""
    return expiry_date is not None and expiry_date < day


def first_expiry_first_out(
    balances: Iterable[BatchBalance], wanted_milli: int, day: date
) -> list[tuple[str, int]] | None:
    """(batch, quantity) by expiry date, those that do not expire last, expired ones never. None when they do not suffice."""
    usable = sorted(
        (balance for balance in balances if balance.milli > 0 and not expired(balance.expiry_date, day)),
        key=lambda balance: (balance.expiry_date or date.max, balance.batch_no),
    )
    parts: list[tuple[str, int]] = []
    left = wanted_milli
    for balance in usable:
        part = min(balance.milli, left)
        if part > 0:
            parts.append((balance.batch_no, part))
            left -= part
    return parts if left == 0 else None


def usable_milli(balances: Iterable[BatchBalance], day: date) -> int:
    """What of the batches may be issued on `day`."""
    return sum(balance.milli for balance in balances if not expired(balance.expiry_date, day))


def short_refusal(
    product_code: str, warehouse_code: str, wanted_milli: int, balances: Sequence[BatchBalance], day: date
) -> Problem:
    """409: the unexpired batches do not suffice, although the balance may."""
    wanted, usable = text_from_milli(wanted_milli), text_from_milli(usable_milli(balances, day))
    return conflict(
        "insufficient-stock",
        f"Warehouse {warehouse_code} has {usable} of {product_code} in batches that are not expired on {day}, {wanted} are needed. "
        "Receive fresh goods, or issue less.",
        f"仓库 {warehouse_code} 中 {product_code} 在 {day} 未过期的批次共 {usable}，不足 {wanted}。请先入库新批次或减少数量。",
    )


def batch_faults(
    code: str,
    managed: bool,
    batch: Batch | None,
    kept: Batch | None,
    pointer: str,
    *,
    names: tuple[str, str, str] = ("batch_no", "production_date", "expiry_date"),
) -> list[Fault]:
    """What is wrong with the batch of a receipt. `kept` is the batch of this number that the product has already.

    A batch-managed product needs one, any other takes none; a batch expires after it was made; and the dates of a known batch stay.
    """
    batch_no, production_date, expiry_date = (f"{pointer}/{name}" for name in names)
    if not managed:
        if batch is None:
            return []
        return [Fault(batch_no, f"{code} is not kept in batches.", f"物料 {code} 不按批次管理。")]
    if batch is None:
        return [Fault(batch_no, f"{code} is kept in batches; say which one.", f"物料 {code} 按批次管理，请填写批号。")]
    faults: list[Fault] = []
    if (
        batch.production_date is not None
        and batch.expiry_date is not None
        and batch.expiry_date < batch.production_date
    ):
        faults.append(
            Fault(
                expiry_date,
                f"{batch.expiry_date} is before the production date, {batch.production_date}.",
                f"有效期 {batch.expiry_date} 早于生产日期 {batch.production_date}。",
            )
        )
    if kept is not None:
        for at, given, known in (
            (production_date, batch.production_date, kept.production_date),
            (expiry_date, batch.expiry_date, kept.expiry_date),
        ):
            if given is not None and given != known:
                faults.append(
                    Fault(
                        at,
                        f"Batch {batch.batch_no} of {code} is there already, with {known or 'no date'}.",
                        f"{code} 的批次 {batch.batch_no} 已存在，日期为 {known or '空'}。",
                    )
                )
    return faults


def issue_faults(code: str, batch: Batch | None, kept: Batch | None, pointer: str) -> list[Fault]:
    """An issue may name a batch that is there; of a product without batches it names none."""
    if batch is None or kept is not None:
        return []
    return [
        Fault(
            f"{pointer}/batch_no", f"{code} has no batch {batch.batch_no}.", f"物料 {code} 没有批次 {batch.batch_no}。"
        )
    ]


def with_shelf_life(batch: Batch, shelf_life_days: int | None) -> Batch:
    """The batch with its expiry date from production date and shelf life (保质期), when only these are known.

    Made on 1 January with one day of shelf life: to be used on 1 January and 2 January.
    """
    if batch.expiry_date is not None or batch.production_date is None or shelf_life_days is None:
        return batch
    return batch._replace(expiry_date=batch.production_date + timedelta(days=shelf_life_days))
