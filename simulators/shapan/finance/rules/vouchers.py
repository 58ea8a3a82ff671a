"""Vouchers (记账凭证): what makes one right.

Source: 会计基础工作规范 (at least two lines, debit equals credit, leaf accounts, numbers by period without gaps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapan.finance.rules.dimensions import Dimensions, Known, dimension_faults, stranger_faults
from shapan.kernel.errors import Fault, Problem, conflict
from shapan.kernel.money import text_from_fen

BANK_DEPOSITS = "1002"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as rules see it. `dimensions` is what each line must name besides, `optional` what it may name; `controlled` says
    that only documents post to it."""

    code: str
    name: str
    leaf: bool
    dimensions: frozenset[str] = frozenset()
    controlled: bool = False
    optional: frozenset[str] = frozenset()
    category: str = ""

    @property
    def takes(self) -> frozenset[str]:
        """Every dimension that a line of it can have."""
        return self.dimensions | self.optional


@dataclass(frozen=True, slots=True)
class Entry:
    """A voucher line (分录): exactly one of debit and credit is not zero; negative is red-letter (红字). Quantities are thousandths."""

    summary: str
    account_code: str
    customer_id: int | None
    debit: int
    credit: int
    supplier_id: int | None = None
    product_code: str | None = None
    store_code: str | None = None
    quantity: int | None = None

    @property
    def dimensions(self) -> Dimensions:
        """What it names besides its account."""
        return Dimensions(self.customer_id, self.supplier_id, self.product_code, self.store_code)


def voucher_label(word: str, number: int) -> str:
    """记-0001 (凭证字号)."""
    return f"{word}-{number:04}"


def reversal_summary(period: str, word: str, number: int) -> str:
    """冲销 2026年3月记-0012号 (the form of 会计基础工作规范 for a red-letter voucher)."""
    return f"冲销 {period[:4]}年{int(period[5:])}月{voucher_label(word, number)}号"


def account_family(code: str) -> tuple[str, ...]:
    """The codes above an account, nearest first: 22210107 -> (222101, 2221)."""
    return tuple(code[:length] for length in range(len(code) - 2, 3, -2))


def voucher_faults(
    entries: Sequence[Entry], accounts: Mapping[str, Account], known: Known, *, manual: bool
) -> list[Fault]:
    """Everything that is wrong with a voucher (凭证校验), with pointers into /lines. `accounts` and `known` are those that exist."""
    found: list[Fault] = []
    if len(entries) < 2:
        found.append(Fault("/lines", "A voucher has at least two lines.", "凭证至少要有两行分录。"))
    for index, entry in enumerate(entries):
        found += _entry_faults(f"/lines/{index}", entry, accounts, known, manual)
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
    pointer: str, entry: Entry, accounts: Mapping[str, Account], known: Known, manual: bool
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
            *stranger_faults(pointer, entry.dimensions, known),
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
                f"Account {title} is controlled by a sub-ledger; enter its document instead (a receivable, a receipt, a supplier invoice, a payment).",
                f"科目 {title} 是受控科目，请改用相应单据（应收单、收款单、采购发票、付款单等）。",
            )
        )
    return found + dimension_faults(pointer, title, account.dimensions, account.optional, entry.dimensions, known)


def checker_faults(pointer: str, maker: str, checker: str) -> list[Fault]:
    """Maker and checker of a voucher are two people (制单与审核分离). Spaces around a name make nobody else of one."""
    if maker.strip() != checker.strip():
        return []
    return [
        Fault(
            pointer,
            f"{maker} made the voucher; somebody else must check it.",
            f"制单人 {maker} 不能审核自己的凭证，请由他人审核。",
        )
    ]


def reversal_refusal(source_kind: str, source_number: str | None, reversed_by: int | None) -> Problem | None:
    """Why a voucher cannot be reversed by itself, or None: it is a document's, or it has been."""
    if source_kind != "manual":
        name = f"{source_kind} {source_number}" if source_number else source_kind
        return conflict(
            "voucher-of-document",
            f"Only manual vouchers are reversed by themselves. This one was made by {name}: reverse that document, or run that step again.",
            f"只有手工凭证可以直接冲销。该凭证由 {name} 生成，请冲销相应单据，或重新执行相应的结账步骤。",
        )
    if reversed_by is not None:
        return conflict(
            "voucher-already-reversed",
            f"The voucher has been reversed, by voucher {reversed_by}. Post a new voucher if something is still to correct.",
            f"该凭证已被凭证 {reversed_by} 冲销。如仍需更正，请录入新凭证。",
        )
    return None


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
