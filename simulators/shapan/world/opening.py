"""The opening (期初): what is open when the books open, and balances that agree with it and with the stock to the fen.

All of it follows from the year before, see history.py, whether or not the documents of that year are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from shapan.kernel.money import divide_half_up
from shapan.world.documents import Carried, Purchase, Sale, StockAt
from shapan.world.entities import OpeningBalance, OpeningPayable, OpeningReceipt, OpeningReceivable
from shapan.world.spec import Profile

CASH, BANK, RECEIVABLES, MATERIALS, MERCHANDISE, PAYABLES, CAPITAL = (
    "1001",
    "100201",
    "1122",
    "1403",
    "1405",
    "220201",
    "4001",
)


def open_receivables(sales: Iterable[Sale | Carried]) -> Iterator[OpeningReceivable]:
    """What customers owe, item by item, each as far as it is open."""
    for one in sales:
        if isinstance(one, Carried):
            day, net, tax, left = one.business_date, one.net_fen, one.tax_fen, one.net_fen + one.tax_fen
        else:
            day, net, tax, left = one.shipped_on, one.net_fen, one.tax_fen, one.gross_fen - one.settled_fen
        if left:
            # The open part has its part of the tax.
            part = tax if left == net + tax else divide_half_up(tax * left, net + tax)
            yield OpeningReceivable(
                one.finance_id, one.receivable_number, day.isoformat(), one.due_on.isoformat(), left - part, part, left
            )


def open_receipts(sales: Iterable[Sale | Carried]) -> Iterator[OpeningReceipt]:
    """Money that came in and is settled with nothing."""
    for one in sales:
        if isinstance(one, Sale):
            for receipt in one.receipts:
                if not receipt.settled_fen:
                    yield OpeningReceipt(
                        receipt.customer_id, receipt.number, receipt.received_on.isoformat(), receipt.amount_fen
                    )


def open_payables(purchases: Iterable[Purchase]) -> Iterator[OpeningPayable]:
    """What is owed to suppliers, item by item."""
    for one in purchases:
        if one.paid_on is None:
            yield OpeningPayable(
                one.finance_id,
                one.payable_number,
                one.received_on.isoformat(),
                one.due_on.isoformat(),
                one.net_fen,
                one.tax_fen,
                one.gross_fen,
            )


def opening_balances(
    profile: Profile,
    receivables: Iterable[OpeningReceivable],
    receipts: Iterable[OpeningReceipt],
    payables: Iterable[OpeningPayable],
    stock: Iterable[StockAt],
) -> tuple[OpeningBalance, ...]:
    """The opening balances. Capital takes what the assets come to over what is owed, so that both sides are equal.

    1122 is told by customer: what is open less what was paid and not settled, on the credit side when that is more.
    """
    owed: Counter[int] = Counter()
    for item in receivables:
        owed[item.customer_id] += item.gross_fen
    for receipt in receipts:
        owed[receipt.customer_id] -= receipt.amount_fen
    owing: Counter[int] = Counter()
    for payable in payables:
        owing[payable.supplier_id] += payable.gross_fen
    kept: Counter[str] = Counter()
    for row in stock:
        kept[MATERIALS if row.product.kind == "material" else MERCHANDISE] += row.value_fen
    rows = [
        _balance(CASH, profile.opening["cash_yuan"] * 100),
        _balance(BANK, profile.opening["bank_yuan"] * 100),
        *(_balance(RECEIVABLES, owed[customer], customer=customer) for customer in sorted(owed)),
        *(_balance(account, kept[account]) for account in (MATERIALS, MERCHANDISE)),
        *(_balance(PAYABLES, -owing[supplier], supplier=supplier) for supplier in sorted(owing)),
    ]
    rows = [row for row in rows if row.debit_fen or row.credit_fen]
    return (*rows, _balance(CAPITAL, sum(row.credit_fen - row.debit_fen for row in rows)))


def _balance(account: str, fen: int, customer: int | None = None, supplier: int | None = None) -> OpeningBalance:
    return OpeningBalance(account, customer, supplier, max(0, fen), max(0, -fen))
