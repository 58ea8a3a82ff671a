"""Setting up the books (建账): opening balances and their way to another standard."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from shapan.finance.rules.dimensions import Known, dimension_faults, stranger_faults
from shapan.finance.rules.periods import first_day
from shapan.finance.rules.vouchers import Account, Entry
from shapan.kernel.errors import Fault
from shapan.kernel.money import text_from_fen


def opening_faults(
    entries: Sequence[Entry],
    items: Sequence[tuple[str, date | None, date | None] | None],
    chart: Mapping[str, Account],
    known: Known,
    sides: Mapping[str, str],
    opening_period: str,
) -> list[Fault]:
    """Everything that is wrong with opening balances (期初余额校验).

    `items` are (number, business date, due date) where a line names its open document; `sides` says by account on which side the open
    documents behind it stand, and holds no other account.
    """
    found: list[Fault] = []
    numbers: Counter[tuple[str, str]] = Counter()
    for index, (entry, item) in enumerate(zip(entries, items, strict=True)):
        pointer = f"/lines/{index}"
        found += _balance_faults(pointer, entry, chart, known)
        side = sides.get(entry.account_code)
        if side is None:
            found += _no_opening_faults(pointer, chart.get(entry.account_code))
            if item is not None:
                found.append(
                    Fault(
                        f"{pointer}/item",
                        f"Account {entry.account_code} has no open items behind it.",
                        f"科目 {entry.account_code} 没有往来单据，请勿填写 item。",
                    )
                )
            continue
        found += _item_faults(pointer, entry, item, side, opening_period)
        if item is not None:
            numbers[entry.account_code, item[0]] += 1
            if numbers[entry.account_code, item[0]] == 2:
                found.append(
                    Fault(f"{pointer}/item/number", f"{item[0]} is given twice.", f"单据编号 {item[0]} 重复。")
                )
    debit, credit = sum(entry.debit for entry in entries), sum(entry.credit for entry in entries)
    if debit != credit:
        found.append(
            Fault(
                "/lines",
                f"Debit {text_from_fen(debit)} and credit {text_from_fen(credit)} differ by {text_from_fen(debit - credit)}.",
                f"借方合计 {text_from_fen(debit)} 与贷方合计 {text_from_fen(credit)} 相差 {text_from_fen(debit - credit)}。",
            )
        )
    return found


def _balance_faults(pointer: str, entry: Entry, chart: Mapping[str, Account], known: Known) -> list[Fault]:
    found = []
    if (entry.debit == 0) == (entry.credit == 0):
        found.append(
            Fault(pointer, "Give either debit or credit, and not zero.", "借方与贷方必须且只能填一个，且不为零。")
        )
    account = chart.get(entry.account_code)
    if account is None:
        code = entry.account_code
        return [
            *found,
            Fault(f"{pointer}/account_code", f"There is no account {code}.", f"没有科目 {code}。"),
            *stranger_faults(pointer, entry.dimensions, known),
        ]
    title = f"{account.code} {account.name}"
    if not account.leaf:
        found.append(
            Fault(
                f"{pointer}/account_code",
                f"Account {title} has accounts below it; balances stand on leaf accounts.",
                f"科目 {title} 有下级科目，期初余额只能录入末级科目。",
            )
        )
    return found + dimension_faults(pointer, title, account.dimensions, account.optional, entry.dimensions, known)


def _no_opening_faults(pointer: str, account: Account | None) -> list[Fault]:
    if account is None:
        return []
    title = f"{account.code} {account.name}"
    if account.controlled:
        return [
            Fault(
                f"{pointer}/account_code",
                f"Account {title} is controlled by documents: enter what was received before as a goods receipt in the opening period.",
                f"科目 {title} 由单据控制，不能录入期初余额；请在启用期间以入库单录入。",
            )
        ]
    if account.category == "profit_and_loss":
        return [
            Fault(
                f"{pointer}/account_code",
                f"Account {title} is a profit and loss account, which begins at zero. Enter the result of this year's earlier months as"
                " profit for the year, and that of earlier years as retained earnings.",
                f"科目 {title} 为损益类科目，期初余额为零；本年以前月份的损益请录入本年利润，以前年度的录入未分配利润。",
            )
        ]
    return []


def _item_faults(
    pointer: str, entry: Entry, item: tuple[str, date | None, date | None] | None, side: str, opening_period: str
) -> list[Fault]:
    if item is None:
        return [
            Fault(
                f"{pointer}/item",
                f"A balance on {entry.account_code} is an open document; say which.",
                f"科目 {entry.account_code} 的期初余额对应一张未结清单据，请填写 item。",
            )
        ]
    found = []
    if (entry.debit if side == "debit" else entry.credit) <= 0:
        found.append(
            Fault(
                f"{pointer}/{side}",
                f"Open documents of {entry.account_code} stand in {side}, with a positive amount.",
                f"科目 {entry.account_code} 的期初单据应为{'借方' if side == 'debit' else '贷方'}正数。",
            )
        )
    _, business, due = item
    if business is None or business >= first_day(opening_period):
        found.append(
            Fault(
                f"{pointer}/item/business_date",
                f"It must lie before the books open in {opening_period}.",
                f"业务日期必须早于启用期间 {opening_period}。",
            )
        )
    if due is None or (business is not None and due < business):
        found.append(
            Fault(f"{pointer}/item/due_date", "It cannot lie before the business date.", "到期日不能早于业务日期。")
        )
    return found


def carried_over(entries: Iterable[Entry], places: Mapping[str, str], takes: Mapping[str, Account]) -> list[Entry]:
    """Opening balances under another standard (期初余额结转): `places` maps old to new account codes.

    Dimensions that the new account does not have are dropped, and balances that then agree in account and dimensions are one.
    """
    sums: dict[tuple[str, object], tuple[Entry, int, int]] = {}
    for entry in entries:
        code = places[entry.account_code]
        kept = entry.dimensions.only(takes[code].takes)
        moved = dataclasses.replace(
            entry,
            account_code=code,
            customer_id=kept.customer_id,
            supplier_id=kept.supplier_id,
            product_code=kept.product_code,
            store_code=kept.store_code,
        )
        _, balance, quantity = sums.get((code, kept), (moved, 0, 0))
        sums[code, kept] = (moved, balance + entry.debit - entry.credit, quantity + (entry.quantity or 0))
    return [
        dataclasses.replace(
            entry, debit=max(balance, 0), credit=max(-balance, 0), quantity=quantity if entry.product_code else None
        )
        for entry, balance, quantity in sums.values()
        if balance
    ]
