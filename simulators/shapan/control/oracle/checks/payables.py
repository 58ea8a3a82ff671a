"""O5: purchasing in finance (应付): the register, the three-way match (三单匹配), one payable for each invoice, goods without invoice at month end (暂估).

What belongs to the register stands in `purchases`. An invoice of the same number and supplier that was entered twice is a payable too many.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.checks import purchases
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Kind,
    Result,
    amounts,
    amounts_zh,
    finance,
    money,
    quantity,
    state_zh,
)
from shapan.control.oracle.model_purchasing import Registered, SupplierInvoice

MISSING = Kind("payable-missing")
DUPLICATED = Kind("payable-duplicated")
AMOUNT = Kind("payable-amount")
MATCH = Kind("match-differs")
WAITING = Kind("invoice-waiting", "warning")
ACCRUAL_MISSING = Kind("accrual-missing")
ACCRUAL_STANDS = Kind("accrual-not-reversed")


def find(books: Books) -> Result:
    """What `purchases` compares, and one comparison per supplier invoice, payable of this run, registered receipt and accrual."""
    register = purchases.find(books)
    money_of = books.finance
    payables = [payable for payable in money_of.payables if not payable.opening]
    return Result(
        (
            *register.compared,
            *(finance("supplier_invoice", item.number) for item in money_of.supplier_invoices),
            *(finance("payable", item.number) for item in payables),
            *(finance("accrual", item.number) for item in money_of.accruals),
        ),
        (
            *register.differences,
            *(found for item in money_of.supplier_invoices for found in _invoice(books, item)),
            *_twice(books),
            *_settled(books),
            *(found for item in money_of.goods_receipts for found in _matched(books, item)),
            *_accruals(books),
        ),
    )


def _invoice(books: Books, item: SupplierInvoice) -> Iterable[Difference]:
    own = finance("supplier_invoice", item.number)
    payables = books.followers.payables_of_invoice.get(item.number, [])
    numbers = [payable.number for payable in payables]
    documents = (own, *(finance("payable", number) for number in numbers))
    if item.state == "mismatched":
        yield Difference(
            WAITING,
            documents,
            "released, or cancelled",
            "mismatched",
            f"Supplier invoice {item.number} ({item.invoice_number}) does not match and waits for a decision: {money(item.gross_fen)}.",
            f"采购发票 {item.number}（{item.invoice_number}）三单匹配有差异，待处理：{money(item.gross_fen)}。",
        )
    if not item.posted:
        if payables:
            yield Difference(
                DUPLICATED,
                documents,
                "no payable",
                ", ".join(numbers),
                f"Supplier invoice {item.number} is {item.state}, but has the payable {', '.join(numbers)}.",
                f"采购发票 {item.number} 状态为{state_zh(item.state)}，却有应付单 {'、'.join(numbers)}。",
            )
        return
    if not payables:
        yield Difference(
            MISSING,
            documents,
            f"one payable, {amounts(item.net_fen, item.tax_fen, item.gross_fen)}",
            "none",
            f"Supplier invoice {item.number} ({item.invoice_number}) is posted, but has no payable.",
            f"采购发票 {item.number}（{item.invoice_number}）已过账，但没有应付单。",
        )
    elif len(payables) > 1:
        yield Difference(
            DUPLICATED,
            documents,
            "one payable",
            f"{len(payables)}: {', '.join(numbers)}",
            f"Supplier invoice {item.number} ({item.invoice_number}) has {len(payables)} payables: {', '.join(numbers)}.",
            f"采购发票 {item.number}（{item.invoice_number}）有 {len(payables)} 张应付单：{'、'.join(numbers)}。",
        )
    else:
        want = (item.net_fen, item.tax_fen, item.gross_fen)
        have = (payables[0].net_fen, payables[0].tax_fen, payables[0].gross_fen)
        if want != have or payables[0].supplier_id != item.supplier_id:
            yield Difference(
                AMOUNT,
                documents,
                f"{amounts(*want)}, supplier {item.supplier_id}",
                f"{amounts(*have)}, supplier {payables[0].supplier_id}",
                f"Payable {numbers[0]} shows {amounts(*have)} of supplier {payables[0].supplier_id}; its invoice {item.number} shows "
                f"{amounts(*want)} of supplier {item.supplier_id}.",
                f"应付单 {numbers[0]} 为{amounts_zh(*have)}（供应商 {payables[0].supplier_id}），而其发票 {item.number} "
                f"为{amounts_zh(*want)}（供应商 {item.supplier_id}）。",
            )


def _twice(books: Books) -> Iterable[Difference]:
    """One paper of a supplier that was entered more than once and not taken back."""
    red = {item.reverses for item in books.finance.supplier_invoices if item.posted and item.reverses}
    papers: defaultdict[tuple[int, str], list[SupplierInvoice]] = defaultdict(list)
    for item in books.finance.supplier_invoices:
        if item.posted and item.reverses is None and item.number not in red:
            papers[item.supplier_id, item.invoice_number].append(item)
    for (_, paper), items in papers.items():
        if len(items) > 1:
            numbers = [item.number for item in items]
            yield Difference(
                DUPLICATED,
                tuple(finance("supplier_invoice", number) for number in numbers),
                "entered once",
                f"{len(items)} times: {', '.join(numbers)}",
                f"The supplier's invoice {paper} was posted {len(items)} times: {', '.join(numbers)}.",
                f"供应商发票 {paper} 重复过账 {len(items)} 次：{'、'.join(numbers)}。",
            )


def _settled(books: Books) -> Iterable[Difference]:
    """A payable is settled with what its settlements say, and never beyond itself."""
    paid: Counter[str] = Counter()
    for part in books.finance.payable_settlements:
        paid[part.payable] += part.amount_fen
    for item in books.finance.payables:
        low, high = min(item.gross_fen, 0), max(item.gross_fen, 0)
        if not low <= item.settled_fen <= high:
            yield Difference(
                AMOUNT,
                (finance("payable", item.number),),
                f"from {money(low)} to {money(high)} settled",
                f"{money(item.settled_fen)} settled",
                f"Payable {item.number} of {money(item.gross_fen)} is settled with {money(item.settled_fen)}.",
                f"应付单 {item.number} 金额为 {money(item.gross_fen)}，却核销了 {money(item.settled_fen)}。",
            )
        # A red payable is settled by what the settlement takes of it, which names the blue ones alone.
        elif item.gross_fen > 0 and item.settled_fen != paid[item.number]:
            yield Difference(
                AMOUNT,
                (finance("payable", item.number),),
                f"{money(paid[item.number])} settled, as the settlements say",
                f"{money(item.settled_fen)} settled",
                f"Payable {item.number} shows {money(item.settled_fen)} as settled, but its settlements add up to {money(paid[item.number])}.",
                f"应付单 {item.number} 显示已核销 {money(item.settled_fen)}，而核销单合计为 {money(paid[item.number])}。",
            )


def _matched(books: Books, entry: Registered) -> Iterable[Difference]:
    """Nobody is invoiced for more than came in and stayed, unless a person released the invoice."""
    invoices = [item for item in books.followers.invoices_of_receipt.get(entry.number, []) if item.posted]
    if any(item.state == "released" for item in invoices):
        return
    for line in entry.lines:
        stayed = line.quantity_milli - line.returned_milli
        # Goods that went back after their invoice wait for a red one.
        if line.invoiced_milli > line.quantity_milli or (line.invoiced_milli > stayed and not line.returned_milli):
            yield Difference(
                MATCH,
                (
                    finance("goods_receipt", entry.number),
                    *(finance("supplier_invoice", item.number) for item in invoices),
                ),
                f"at most {quantity(stayed)} of line {line.line} invoiced",
                quantity(line.invoiced_milli),
                f"Of line {line.line} of goods receipt {entry.number} {quantity(line.invoiced_milli)} are invoiced, but {quantity(stayed)} came "
                "in and stayed, and nobody released that.",
                f"入库单 {entry.number} 第 {line.line} 行已开票 {quantity(line.invoiced_milli)}，而实际入库未退为 {quantity(stayed)}，且未经放行。",
            )


def _accruals(books: Books) -> Iterable[Difference]:
    """In a closed period nothing stands without invoice that was not accrued, and the next takes every accrual back."""
    accrued = {(item.supplier_id, item.period) for item in books.finance.accruals}
    closed = [period for period in sorted(books.locked) if books.of_run(period)]
    for period in closed:
        for entry in books.finance.goods_receipts:
            if entry.period > period or (entry.supplier_id, period) in accrued:
                continue
            if value := _without_invoice(books, entry, period):
                yield Difference(
                    ACCRUAL_MISSING,
                    (finance("goods_receipt", entry.number),),
                    f"{money(value)} accrued in {period}",
                    "nothing",
                    f"{period} is closed, but goods of {entry.number} worth {money(value)} have no invoice and were not accrued.",
                    f"{period} 已结账，但 {entry.number} 的货物 {money(value)} 未开票且未暂估。",
                )
    for item in books.finance.accruals:
        if item.reversal_period != _following(item.period):
            yield Difference(
                ACCRUAL_STANDS,
                (finance("accrual", item.number),),
                f"reversed in {_following(item.period)}",
                item.reversal_period or "never",
                f"Accrual {item.number} of {money(item.amount_fen)} in {item.period} is not reversed in {_following(item.period)}.",
                f"{item.period} 暂估 {item.number}（{money(item.amount_fen)}）未在 {_following(item.period)} 冲回。",
            )


def _without_invoice(books: Books, entry: Registered, period: str) -> int:
    """The net value of what of a receipt had no invoice at the end of a period; what went back since is left out.

    The register shows what is invoiced by now: where that was before the end and after it, nothing can be said of the end, and it is 0.
    """
    posted = [item for item in books.followers.invoices_of_receipt.get(entry.number, []) if item.posted]
    by_then = [item for item in posted if item.period is not None and item.period <= period]
    if by_then and len(by_then) < len(posted):
        return 0
    value = 0
    for line in entry.lines:
        left = line.quantity_milli - line.returned_milli - (line.invoiced_milli if by_then else 0)
        value += line.net_fen * max(0, left) // (line.quantity_milli or 1)
    return value


def _following(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12}-{month % 12 + 1:02}"


CHECK = Check(
    "O5",
    "payables",
    "What the SCM bought, received and sent back stands once in finance; invoices match; each has one payable; month ends accrue the rest.",
    "SCM 采购订单、入库与退货在财务各登记一次；发票三单匹配；每张发票一张应付单；月末未开票入库已暂估。",
    (*purchases.KINDS, MISSING, DUPLICATED, AMOUNT, MATCH, WAITING, ACCRUAL_MISSING, ACCRUAL_STANDS),
    find,
)
