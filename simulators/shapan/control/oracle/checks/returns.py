"""O10, second half: goods that come back (退货) are taken back in every system: sales return in the SCM, red receivable (红字应收单) in finance, state in the CRM.

A return of the CRM may have several sales returns, one for each delivery. What was requested or rejected leaves nothing; what is worth 0.00 needs no red
receivable, and goods that were never billed none either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Difference,
    Document,
    Kind,
    Result,
    amounts,
    amounts_zh,
    crm_return,
    delivery,
    quantity,
    receivable,
    sales_return,
    state_zh,
)
from shapan.control.oracle.model_stores import CrmReturn, SalesReturn

GHOST = Kind("ghost")
MISSING = Kind("return-missing")
DUPLICATED = Kind("return-duplicated")
DIFFERS = Kind("return-differs")
STATUS = Kind("return-status")
RED_MISSING = Kind("red-missing")
RED_DUPLICATED = Kind("red-duplicated")
RED_AMOUNT = Kind("red-amount")
KINDS = (MISSING, DUPLICATED, DIFFERS, STATUS, RED_MISSING, RED_DUPLICATED, RED_AMOUNT)

_ACCEPTED = ("approved", "received", "credited")


def find(books: Books) -> Result:
    """One comparison per return of the CRM, and one per sales return that was received."""
    received = [item for item in books.scm.sales_returns if item.state == "received"]
    return Result(
        (
            *(crm_return(asked.number) for asked in books.crm.returns),
            *(sales_return(item.number) for item in received),
        ),
        (
            *(found for asked in books.crm.returns for found in _of(books, asked)),
            *(found for item in received for found in _red(books, item)),
        ),
    )


def _of(books: Books, asked: CrmReturn) -> Iterable[Difference]:
    live = [item for item in books.followers.sales_returns.get(asked.number, []) if item.state != "cancelled"]
    numbers = [item.number for item in live]
    documents = (crm_return(asked.number), *map(sales_return, numbers))
    if asked.state not in _ACCEPTED:
        for item in live:
            yield Difference(
                GHOST,
                (sales_return(item.number), crm_return(asked.number)),
                "no sales return, or a cancelled one",
                f"{item.number} in state {item.state}",
                f"CRM return {asked.number} is {asked.state}, but its sales return {item.number} in SCM is {item.state}.",
                f"CRM 退货 {asked.number} 为{state_zh(asked.state)}状态，但其 SCM 销售退货单 {item.number} 为{state_zh(item.state)}状态。",
            )
        return
    wanted, have = _wanted(books, asked), _back(books, live)
    if not live:
        yield Difference(
            MISSING,
            documents,
            "a sales return in the SCM",
            "none",
            f"CRM return {asked.number} of order {asked.order_number} is approved, but has no sales return in SCM.",
            f"CRM 退货 {asked.number}（订单 {asked.order_number}）已批准，但 SCM 中没有对应的销售退货单。",
        )
        return
    wrong = [key for key in sorted({*wanted, *have}) if wanted[key] != have[key]]
    if wrong:
        want_text = "; ".join(f"{quantity(wanted[key])} {key}" for key in wrong)
        have_text = "; ".join(f"{quantity(have[key])} {key}" for key in wrong)
        twice = len(live) > 1 and all(_back(books, [item]) == wanted for item in live)
        if twice:
            yield Difference(
                DUPLICATED,
                documents,
                "one sales return in the SCM",
                f"{len(live)}: {', '.join(numbers)}",
                f"CRM return {asked.number} has {len(live)} sales returns in SCM: {', '.join(numbers)}.",
                f"CRM 退货 {asked.number} 在 SCM 中有 {len(live)} 张销售退货单：{'、'.join(numbers)}。",
            )
        else:
            yield Difference(
                DIFFERS,
                documents,
                want_text,
                have_text,
                f"CRM return {asked.number} is of {want_text}, but its sales returns {', '.join(numbers)} in SCM are of {have_text}.",
                f"CRM 退货 {asked.number} 为 {want_text}，而其 SCM 销售退货单 {'、'.join(numbers)} 为 {have_text}。",
            )
    elif all(item.state == "received" for item in live):
        yield from _status(books, asked, live, documents)


def _status(
    books: Books, asked: CrmReturn, live: list[SalesReturn], documents: tuple[Document, ...]
) -> Iterable[Difference]:
    """The CRM knows that the goods are back, and that they were credited once finance did it."""
    reds = [books.followers.red_of_return.get(item.number, []) for item in live]
    want = "credited" if all(reds) else "received"
    if asked.state == "credited" or asked.state == want:
        return
    credited = [receivable(red.number) for found in reds for red in found] if want == "credited" else []
    why = "finance has credited them" if credited else "they are back in stock"
    why_zh = "财务已红冲" if credited else "货物已入库"
    yield Difference(
        STATUS,
        (*documents, *credited),
        want,
        asked.state,
        f"CRM return {asked.number} is still {asked.state}: its goods came back with {', '.join(item.number for item in live)}, and {why}.",
        f"CRM 退货 {asked.number} 仍为{state_zh(asked.state)}状态：货物已随 {'、'.join(item.number for item in live)} 退回，{why_zh}。",
    )


def _wanted(books: Books, asked: CrmReturn) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for line in asked.lines:
        key = books.product_key("crm", line.product_code)
        found = books.products.get(key)
        wanted[key] += line.quantity * ((found.factor(line.unit) if found else None) or 1000)
    return wanted


def _back(books: Books, items: Iterable[SalesReturn]) -> Counter[str]:
    back: Counter[str] = Counter()
    for item in items:
        for line in item.lines:
            back[books.product_key("scm", line.product_code)] += line.quantity_milli
    return back


def _red(books: Books, item: SalesReturn) -> Iterable[Difference]:
    source = books.links.deliveries.get(item.delivery)
    # What waits for acceptance, or was refused, is not owed and cannot be taken back in red.
    billed = [item for item in (books.links.receivables_of(source) if source else ()) if item.recognised]
    if not billed or not item.gross_fen or not books.of_run(item.received_at):
        return
    reds = books.followers.red_of_return.get(item.number, [])
    numbers = [red.number for red in reds]
    documents = (sales_return(item.number), *map(receivable, numbers), delivery(item.delivery))
    want = (-item.net_fen, -item.tax_fen, -item.gross_fen)
    have = (
        sum(red.net_fen for red in reds),
        sum(red.tax_fen for red in reds),
        sum(red.gross_fen for red in reds),
    )
    if not reds:
        yield Difference(
            RED_MISSING,
            documents,
            f"one red receivable, {amounts(*want)}",
            "none",
            f"Sales return {item.number} of delivery {item.delivery} was received, but finance has no red receivable for it.",
            f"SCM 销售退货单 {item.number}（出库单 {item.delivery}）已收货，但财务中没有对应的红字应收单。",
        )
    elif len(reds) > 1 and have != want:
        yield Difference(
            RED_DUPLICATED,
            documents,
            "one red receivable",
            f"{len(reds)}: {', '.join(numbers)}",
            f"Sales return {item.number} has {len(reds)} red receivables in finance: {', '.join(numbers)}.",
            f"SCM 销售退货单 {item.number} 在财务中有 {len(reds)} 张红字应收单：{'、'.join(numbers)}。",
        )
    elif have != want:
        yield Difference(
            RED_AMOUNT,
            documents,
            amounts(*want),
            amounts(*have),
            f"Red receivable {', '.join(numbers)} shows {amounts(*have)}; its sales return {item.number} is of {amounts(*want)}.",
            f"红字应收单 {'、'.join(numbers)} 为{amounts_zh(*have)}，而销售退货单 {item.number} 应为{amounts_zh(*want)}。",
        )
