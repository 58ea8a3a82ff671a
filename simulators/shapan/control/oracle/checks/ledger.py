"""O6: the ledger of finance (总账) is right in itself and agrees with its sub-ledger.

Vouchers balance and have no gaps, the trial balance (试算平衡) balances, account 1122 of each customer equals its
open receivables less its unapplied receipts, and every receivable of this run has its voucher. The open items are
added up again from the documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Document,
    Kind,
    Result,
    finance_customer,
    finance_supplier,
    money,
    product,
    receivable,
)
from shapan.control.oracle.model import FinanceCustomer

UNBALANCED = Kind("ledger-unbalanced")
TRIAL_BALANCE = Kind("trial-balance")
SUBLEDGER = Kind("subledger-differs")
GAP = Kind("voucher-gap")
NO_VOUCHER = Kind("voucher-missing")
PAYABLE = Kind("payable-differs")
VALUE = Kind("stock-value-differs")


def find(books: Books) -> Result:
    """One comparison for the vouchers, one for the trial balance, one per customer."""
    finance = books.finance
    vouchers, period = (
        Document("finance", "voucher", "all"),
        Document("finance", "period", finance.trial_balance.period),
    )
    values = list(_compared_values(books))
    return Result(
        (
            vouchers,
            period,
            *(finance_customer(customer.id) for customer in finance.customers),
            *(finance_supplier(row.supplier_id) for row in finance.payable_accounts),
            *(Document("finance", "inventory_account", code) for code, _, _ in values),
        ),
        (*_vouchers(books), *_trial_balance(books), *_subledger(books), *_suppliers(books), *_values(values)),
    )


def _suppliers(books: Books) -> Iterable[Difference]:
    """Accounts 220201, 220202 and 1123 of each supplier are what payables, accruals and payments come to."""
    for row in books.finance.payable_accounts:
        if row.ledger_fen != row.subledger_fen:
            name = books.suppliers.get(row.supplier_id)
            label = f"{name.short_name} ({row.supplier_id})" if name else str(row.supplier_id)
            yield Difference(
                PAYABLE,
                (finance_supplier(row.supplier_id), Document("finance", "account", row.account)),
                money(row.subledger_fen),
                money(row.ledger_fen),
                f"Account {row.account} of supplier {label} stands at {money(row.ledger_fen)}, but its documents come to "
                f"{money(row.subledger_fen)}.",
                f"供应商 {label} 的 {row.account} 科目余额为 {money(row.ledger_fen)}，而其单据合计为 {money(row.subledger_fen)}。",
            )


def _compared_values(books: Books) -> Iterable[tuple[str, int, int]]:
    """(product, what the SCM has of it, what finance has with what is not invoiced yet), once the cost of goods is carried by document.

    Where nothing of it is, the accounts are right again at month end at the earliest, and nothing can be said. Nor can it for a small-scale taxpayer
    (小规模纳税人), who deducts no input tax: that is part of the value of its stock, which the SCM keeps without tax.
    """
    if books.finance.taxpayer_kind == "small_scale":
        return
    by_document = any(item.source_system == "scm" for item in books.finance.inventory_documents)
    if not books.scm.stock_values or not (by_document or any(books.of_run(period) for period in books.locked)):
        return
    stock: Counter[str] = Counter()
    for value in books.scm.stock_values:
        stock[books.product_key("scm", value.product_code)] += value.value_fen
    booked: Counter[str] = Counter()
    for account in books.finance.inventory_accounts:
        key = books.product_key("finance", account.product_code) or "-"
        booked[key] += account.ledger_fen + account.uninvoiced_fen
    # What no event tells of (other receipts and issues) is entered in the books by a person, where at all: both are right.
    untold: Counter[str] = Counter()
    for untold_value in books.scm.untold_values:
        untold[books.product_key("scm", untold_value.product_code)] += untold_value.value_fen
    for key in sorted({*stock, *booked}):
        by_hand = booked[key] == stock[key]
        yield key, stock[key] if by_hand else stock[key] - untold[key], booked[key]


def _values(values: Iterable[tuple[str, int, int]]) -> Iterable[Difference]:
    for code, want, have in values:
        if want != have:
            yield Difference(
                VALUE,
                (Document("finance", "inventory_account", code), product(code)),
                money(want),
                money(have),
                f"The accounts of stock show {money(have)} of {code}, goods without invoice included, but the SCM has {money(want)}.",
                f"存货科目中 {code} 为 {money(have)}（含未开票入库），而 SCM 库存金额为 {money(want)}。",
            )


def _vouchers(books: Books) -> Iterable[Difference]:
    for text in books.finance.unbalanced:
        label, _, sums = text.partition(": ")
        yield Difference(
            UNBALANCED,
            (Document("finance", "voucher", label),),
            "debit equals credit",
            sums or "debit and credit differ",
            f"Voucher {label} does not balance{': ' if sums else ''}{sums}.",
            f"凭证 {label} 借贷不平{'：' if sums else ''}{sums}。",
        )
    for text in books.finance.gaps:
        yield Difference(
            GAP,
            (Document("finance", "voucher", text),),
            "numbers without gaps",
            text,
            f"The voucher numbers have a gap: {text}.",
            f"凭证断号：{text}。",
        )
    for item in books.finance.receivables:
        if item.recognised and not item.opening and not item.voucher:
            yield Difference(
                NO_VOUCHER,
                (receivable(item.number),),
                "a voucher",
                "none",
                f"Receivable {item.number} has no voucher.",
                f"应收单 {item.number} 没有记账凭证。",
            )


def _trial_balance(books: Books) -> Iterable[Difference]:
    balance = books.finance.trial_balance
    parts = (
        ("opening", "期初", balance.opening),
        ("movement", "本期发生", balance.movement),
        ("closing", "期末", balance.closing),
    )
    wrong = [(en, zh, sides) for en, zh, sides in parts if sides.debit_fen != sides.credit_fen]
    if not wrong and balance.balanced:
        return
    totals = "; ".join(f"{en} debit {money(s.debit_fen)}, credit {money(s.credit_fen)}" for en, _, s in wrong)
    totals_zh = "；".join(f"{zh}借方 {money(s.debit_fen)}、贷方 {money(s.credit_fen)}" for _, zh, s in wrong)
    yield Difference(
        TRIAL_BALANCE,
        (Document("finance", "period", balance.period),),
        "debit equals credit",
        totals or "finance itself reports that it does not balance",
        f"The trial balance of {balance.period} does not balance: {totals or 'single accounts do not add up'}.",
        f"{balance.period} 试算不平衡：{totals_zh or '科目发生额与余额不符'}。",
    )


def _subledger(books: Books) -> Iterable[Difference]:
    finance = books.finance
    open_items: Counter[int] = Counter()
    for item in finance.receivables:
        open_items[item.customer_id] += item.open_fen
    unapplied: Counter[int] = Counter()
    for receipt in finance.receipts:
        unapplied[receipt.customer_id] += receipt.unapplied_fen
    for customer in finance.customers:
        yield from _customer(customer, open_items[customer.id], unapplied[customer.id])
    ledger: Counter[int] = Counter()
    reported: Counter[int] = Counter()
    for row in finance.control_account:
        ledger[row.customer_id] += row.ledger_1122_fen
        reported[row.customer_id] += row.subledger_fen
    for customer_id in sorted({*ledger, *open_items, *unapplied}):
        documents = open_items[customer_id] - unapplied[customer_id]
        if not ledger[customer_id] == reported[customer_id] == documents:
            name = books.finance_customers.get(customer_id)
            label = f"{name.short_name} ({customer_id})" if name else str(customer_id)
            yield Difference(
                SUBLEDGER,
                (finance_customer(customer_id), Document("finance", "account", "1122")),
                f"open receivables less unapplied receipts {money(documents)}",
                f"account 1122 {money(ledger[customer_id])}, sub-ledger {money(reported[customer_id])}",
                f"Account 1122 of finance customer {label} stands at {money(ledger[customer_id])} and the sub-ledger "
                f"at {money(reported[customer_id])}; open receivables less unapplied receipts are {money(documents)}.",
                f"财务客户 {label} 的 1122 科目余额为 {money(ledger[customer_id])}、明细账为 "
                f"{money(reported[customer_id])}，"
                f"而未核销应收减未核销收款为 {money(documents)}。",
            )


def _customer(customer: FinanceCustomer, open_fen: int, unapplied_fen: int) -> Iterable[Difference]:
    for en, zh, shown, added in (
        ("open amount", "应收余额", customer.open_fen, open_fen),
        ("unapplied amount", "未核销收款", customer.unapplied_fen, unapplied_fen),
    ):
        if shown != added:
            yield Difference(
                SUBLEDGER,
                (finance_customer(customer.id),),
                f"{en} {money(added)}",
                f"{en} {money(shown)}",
                f"Finance customer {customer.short_name} ({customer.id}) shows an {en} of {money(shown)}; its "
                f"documents add up to {money(added)}.",
                f"财务客户 {customer.short_name}（{customer.id}）的{zh}显示为 {money(shown)}，而其单据合计为 "
                f"{money(added)}。",
            )


CHECK = Check(
    "O6",
    "ledger",
    "Vouchers and trial balance balance, voucher numbers have no gaps, accounts 1122 and 2202 equal the open items of each "
    "customer and supplier, and the accounts of stock what the SCM has.",
    "凭证与试算平衡，凭证号连续，1122、2202 科目余额等于各客户、供应商的未核销往来，存货科目等于 SCM 库存金额。",
    (UNBALANCED, TRIAL_BALANCE, SUBLEDGER, GAP, NO_VOUCHER, PAYABLE, VALUE),
    find,
    ledger=True,
)
