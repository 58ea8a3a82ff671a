"""Vouchers (记账凭证): what makes one right, and which one a document makes.

Source: 会计基础工作规范 (at least two lines, debit equals credit, leaf accounts, numbers by period without gaps).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shapan.finance.rules.refusals import unknown_customer
from shapan.kernel.errors import Fault
from shapan.kernel.money import text_from_fen

BANK_DEPOSITS = "1002"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as rules see it. `dimensions` is what each line must name besides, `controlled` whether only documents post to it."""

    code: str
    name: str
    leaf: bool
    dimensions: frozenset[str] = frozenset()
    controlled: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A voucher line (分录): exactly one of debit and credit is not zero; negative is red-letter (红字)."""

    summary: str
    account_code: str
    customer_id: int | None
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One line of a posting rule (凭证模板): `account` is a code or the name of an account that the document brings."""

    side: str
    account: str
    amount: str
    summary: str


def voucher_label(word: str, number: int) -> str:
    """记-0001 (凭证字号)."""
    return f"{word}-{number:04}"


def account_family(code: str) -> tuple[str, ...]:
    """The codes above an account, nearest first: 22210107 -> (222101, 2221)."""
    return tuple(code[:length] for length in range(len(code) - 2, 3, -2))


def voucher_faults(
    entries: Sequence[Entry], accounts: Mapping[str, Account], customers: Collection[int], *, manual: bool
) -> list[Fault]:
    """Everything that is wrong with a voucher (凭证校验), with pointers into /lines. `accounts` and `customers` are those that exist."""
    found: list[Fault] = []
    if len(entries) < 2:
        found.append(Fault("/lines", "A voucher has at least two lines.", "凭证至少要有两行分录。"))
    for index, entry in enumerate(entries):
        found += _entry_faults(f"/lines/{index}", entry, accounts, customers, manual)
    debit, credit = sum(entry.debit for entry in entries), sum(entry.credit for entry in entries)
    if debit != credit:
        found.append(
            Fault(
                "/lines",
                f"Debit {text_from_fen(debit)} and credit {text_from_fen(credit)} differ by {text_from_fen(debit - credit)}.",
                f"借方合计 {text_from_fen(debit)} 与贷方合计 {text_from_fen(credit)} 相差 {text_from_fen(debit - credit)}。",
            )
        )
    elif debit == 0:
        found.append(Fault("/lines", "The total of the voucher is zero.", "凭证合计金额为零。"))
    return found


def _entry_faults(
    pointer: str, entry: Entry, accounts: Mapping[str, Account], customers: Collection[int], manual: bool
) -> list[Fault]:
    found: list[Fault] = []
    if (entry.debit == 0) == (entry.credit == 0):
        found.append(
            Fault(pointer, "Give either debit or credit, and not zero.", "借方与贷方必须且只能填一个，且不为零。")
        )
    account = accounts.get(entry.account_code)
    if account is None:
        code = entry.account_code
        return [
            *found,
            Fault(f"{pointer}/account_code", f"There is no account {code}.", f"没有科目 {code}。"),
            *_stranger(pointer, entry, customers),
        ]
    title = f"{account.code} {account.name}"
    if not account.leaf:
        found.append(
            Fault(
                f"{pointer}/account_code",
                f"Account {title} has accounts below it; only leaf accounts can be posted to.",
                f"科目 {title} 有下级科目，只能使用末级科目。",
            )
        )
    if manual and account.controlled:
        found.append(
            Fault(
                f"{pointer}/account_code",
                f"Account {title} is controlled by the sub-ledger; post a receivable or a receipt instead.",
                f"科目 {title} 是受控科目，请改用应收单或收款单。",
            )
        )
    if "customer" in account.dimensions and entry.customer_id is None:
        found.append(
            Fault(f"{pointer}/customer_id", f"Account {title} needs a customer.", f"科目 {title} 必须填写往来单位。")
        )
    if "customer" not in account.dimensions and entry.customer_id is not None:
        found.append(
            Fault(
                f"{pointer}/customer_id", f"Account {title} takes no customer.", f"科目 {title} 没有往来单位辅助核算。"
            )
        )
    return found + _stranger(pointer, entry, customers)


def _stranger(pointer: str, entry: Entry, customers: Collection[int]) -> list[Fault]:
    if entry.customer_id is None or entry.customer_id in customers:
        return []
    return [unknown_customer(f"{pointer}/customer_id", entry.customer_id)]


def compose_entries(
    rule: Iterable[PostingLine],
    amounts: Mapping[str, int],
    brought: Mapping[str, str],
    texts: Mapping[str, str],
    customer_id: int,
    accounts: Mapping[str, Account],
) -> tuple[Entry, ...]:
    """The entries that a document makes by its posting rule. `brought` names accounts of the document itself, e.g. bank_account.

    A line without amount is left out; the customer stands where the account has that dimension.
    """
    entries = []
    for line in rule:
        amount = amounts[line.amount]
        code = brought.get(line.account, line.account)
        if amount == 0:
            continue
        wants_customer = code in accounts and "customer" in accounts[code].dimensions
        summary = " ".join(line.summary.format_map(texts).split())
        debit, credit = (amount, 0) if line.side == "debit" else (0, amount)
        entries.append(Entry(summary, code, customer_id if wants_customer else None, debit, credit))
    return tuple(entries)


def bank_account_faults(pointer: str, code: str, accounts: Mapping[str, Account]) -> list[Fault]:
    """A receipt goes to a leaf account of 1002 银行存款."""
    account = accounts.get(code)
    if account is not None and account.leaf and BANK_DEPOSITS in (code, *account_family(code)):
        return []
    usable = [a.code for a in accounts.values() if a.leaf and BANK_DEPOSITS in (a.code, *account_family(a.code))]
    return [
        Fault(
            pointer,
            f"{code} is no bank account; use one of {', '.join(usable)}.",
            f"{code} 不是银行账户科目，可用：{'、'.join(usable)}。",
        )
    ]
