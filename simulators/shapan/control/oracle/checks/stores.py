"""O15: a sale at a till (门店销售) takes its ingredients from stock in the SCM, and stands in finance as a cash sale of its store (现销单).

Cash sales may be made sale by sale, or one for a store and day that adds up to all sales of that day that have none of their own. A sale that
was voided, or taken back altogether, leaves nothing in either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Check,
    Difference,
    Kind,
    Result,
    amounts,
    amounts_zh,
    crm_store_sale,
    finance,
    money,
    quantity,
    scm,
)
from shapan.control.oracle.model_stores import CashSale, CrmStoreSale

SALE_MISSING = Kind("store-sale-missing")
SALE_DUPLICATED = Kind("store-sale-duplicated")
SALE_DIFFERS = Kind("store-sale-differs")
CASH_MISSING = Kind("cash-sale-missing")
CASH_DUPLICATED = Kind("cash-sale-duplicated")
CASH_AMOUNT = Kind("cash-sale-amount")
CASH_STORE = Kind("cash-sale-store")
GHOST = Kind("store-ghost")


def find(books: Books) -> Result:
    """One comparison per sale at a till of this run."""
    sales = [sale for sale in books.crm.store_sales if books.of_run(sale.business_date)]
    daily = _daily(books)
    return Result(
        tuple(crm_store_sale(sale.number) for sale in sales),
        tuple(found for sale in sales for found in (*_stock(books, sale), *_cash(books, sale, daily))),
    )


def _daily(books: Books) -> frozenset[tuple[str, str]]:
    """(store, day) whose sales without a cash sale of their own are covered by one for the day."""
    known = {sale.number for sale in books.crm.store_sales}
    booked: Counter[tuple[str, str]] = Counter()
    tax: Counter[tuple[str, str]] = Counter()
    for cash in books.finance.cash_sales:
        if cash.state == "posted" and cash.source_document not in known:
            booked[cash.store_code, cash.business_date] += cash.gross_fen
            tax[cash.store_code, cash.business_date] -= cash.tax_fen
    sold: Counter[tuple[str, str]] = Counter()
    lines: Counter[tuple[str, str]] = Counter()
    for sale in books.crm.store_sales:
        if not books.followers.cash_sales.get(sale.number):
            sold[sale.store_code, sale.business_date] += sale.amounts[2]
            tax[sale.store_code, sale.business_date] += sale.amounts[1]
            lines[sale.store_code, sale.business_date] += len(sale.lines)
    # Tax of the whole day may be rounded once: it differs by less than a fen for each line of the till.
    return frozenset(key for key, fen in booked.items() if fen == sold[key] and abs(tax[key]) <= lines[key])


def _wanted(books: Books, sale: CrmStoreSale) -> Counter[str]:
    """Thousandths of the base unit by product, less what came back."""
    wanted: Counter[str] = Counter()
    for line in sale.lines:
        left = line.quantity - line.returned
        key = books.product_key("crm", line.product_code)
        product = books.products.get(key)
        factor = (product.factor(line.unit) if product else None) or 1000
        if left and sale.state == "completed":
            wanted[key] += left * factor
    return wanted


def _stock(books: Books, sale: CrmStoreSale) -> Iterable[Difference]:
    found = books.followers.store_sales.get(sale.number, [])
    live = [item for item in found if item.state == "posted"]
    numbers = [item.number for item in live]
    wanted = _wanted(books, sale)
    documents = (crm_store_sale(sale.number), *(scm("store_sale", number) for number in numbers))
    if not wanted:
        if live:
            yield _ghost(sale, "store_sale", "scm", numbers)
    elif not live:
        yield Difference(
            SALE_MISSING,
            documents,
            "one store sale in the SCM",
            "none",
            f"Store sale {sale.number} of store {sale.store_code} in the CRM has no store sale in the SCM: nothing left its stock.",
            f"CRM 门店销售 {sale.number}（门店 {sale.store_code}）在 SCM 中没有对应的门店销售出库，未扣减库存。",
        )
    elif len(live) > 1 and not _together(books, live, wanted):
        yield Difference(
            SALE_DUPLICATED,
            documents,
            "one store sale in the SCM",
            f"{len(live)}: {', '.join(numbers)}",
            f"Store sale {sale.number} in the CRM has {len(live)} store sales in the SCM: {', '.join(numbers)}.",
            f"CRM 门店销售 {sale.number} 在 SCM 中有 {len(live)} 张门店销售出库：{'、'.join(numbers)}。",
        )
    else:
        have = _used(books, live)
        places = {item.warehouse_code for item in live} - {sale.store_code}
        wrong = [key for key in sorted({*wanted, *have}) if wanted[key] != have[key]]
        if wrong or places:
            want_text, want_zh = _listed([sale.store_code] if places else [], wanted, wrong)
            have_text, have_zh = _listed(sorted(places), have, wrong)
            yield Difference(
                SALE_DIFFERS,
                documents,
                want_text,
                have_text,
                f"Store sale {', '.join(numbers)} in the SCM differs from {sale.number} in the CRM: expected {want_text}; found {have_text}.",
                f"SCM 门店销售 {'、'.join(numbers)} 与 CRM {sale.number} 不一致：应为 {want_zh}，实为 {have_zh}。",
            )


def _listed(stores: list[str], goods: Counter[str], keys: list[str]) -> tuple[str, str]:
    parts = [f"{quantity(goods[key])} {key}" for key in keys]
    en = [f"store {', '.join(stores)}"] if stores else []
    zh = [f"门店 {'、'.join(stores)}"] if stores else []
    return "; ".join(en + parts), "；".join(zh + parts)


def _used(books: Books, items: Iterable[object]) -> Counter[str]:
    used: Counter[str] = Counter()
    for item in items:
        for line in item.lines:  # type: ignore[attr-defined]  # store sales of the SCM
            used[books.product_key("scm", line.product_code)] += line.quantity_milli
    return used


def _together(books: Books, live: Iterable[object], wanted: Counter[str]) -> bool:
    """Several that come to the sale together: what a part that came back is, was entered anew."""
    return _used(books, live) == wanted


def _cash(books: Books, sale: CrmStoreSale, daily: frozenset[tuple[str, str]]) -> Iterable[Difference]:
    found = [item for item in books.followers.cash_sales.get(sale.number, []) if item.state == "posted"]
    numbers = [item.number for item in found]
    documents = (crm_store_sale(sale.number), *(finance("cash_sale", number) for number in numbers))
    want = sale.amounts
    if not want[2]:
        if found and sum(item.gross_fen for item in found):
            yield _ghost(sale, "cash_sale", "finance", numbers)
        return
    if not found:
        if (sale.store_code, sale.business_date) not in daily:
            yield Difference(
                CASH_MISSING,
                documents,
                f"one cash sale, {amounts(*want)}",
                "none",
                f"Store sale {sale.number} of store {sale.store_code} over {money(want[2])} has no cash sale in finance.",
                f"CRM 门店销售 {sale.number}（门店 {sale.store_code}，{money(want[2])}）在财务中没有对应的现销单。",
            )
        return
    have = _sum(found)
    if len(found) > 1 and have != want:
        yield Difference(
            CASH_DUPLICATED,
            documents,
            "one cash sale",
            f"{len(found)}: {', '.join(numbers)}",
            f"Store sale {sale.number} has {len(found)} cash sales in finance: {', '.join(numbers)}.",
            f"CRM 门店销售 {sale.number} 在财务中有 {len(found)} 张现销单：{'、'.join(numbers)}。",
        )
    elif have != want:
        yield Difference(
            CASH_AMOUNT,
            documents,
            amounts(*want),
            amounts(*have),
            f"Cash sale {', '.join(numbers)} shows {amounts(*have)}; store sale {sale.number} in the CRM shows {amounts(*want)}.",
            f"现销单 {'、'.join(numbers)} 为{amounts_zh(*have)}，而 CRM 门店销售 {sale.number} 为{amounts_zh(*want)}。",
        )
    strange = sorted({item.store_code for item in found} - {sale.store_code})
    if strange:
        yield Difference(
            CASH_STORE,
            documents,
            f"store {sale.store_code}",
            f"store {', '.join(strange)}",
            f"Cash sale {', '.join(numbers)} is booked for store {', '.join(strange)}, but {sale.number} was sold in store {sale.store_code}.",
            f"现销单 {'、'.join(numbers)} 记在门店 {'、'.join(strange)}，而 {sale.number} 是门店 {sale.store_code} 的销售。",
        )


def _sum(found: Iterable[CashSale]) -> tuple[int, int, int]:
    items = list(found)
    return (
        sum(item.net_fen for item in items),
        sum(item.tax_fen for item in items),
        sum(item.gross_fen for item in items),
    )


def _ghost(sale: CrmStoreSale, type_: str, system: str, numbers: list[str]) -> Difference:
    where = "SCM" if system == "scm" else "finance"
    document = scm if system == "scm" else finance
    return Difference(
        GHOST,
        (crm_store_sale(sale.number), *(document(type_, number) for number in numbers)),
        "nothing that stands",
        ", ".join(numbers),
        f"Store sale {sale.number} was voided or taken back in the CRM, but {', '.join(numbers)} still stands in {where}.",
        f"CRM 门店销售 {sale.number} 已作废或全部退回，但{'SCM' if system == 'scm' else '财务'}中的 {'、'.join(numbers)} 仍然有效。",
    )


CHECK = Check(
    "O15",
    "stores",
    "Each sale at a till has its store sale in the SCM and its cash sale in finance, of the same store.",
    "每笔门店收银在 SCM 有门店销售出库、在财务有现销单，门店一致。",
    (SALE_MISSING, SALE_DUPLICATED, SALE_DIFFERS, CASH_MISSING, CASH_DUPLICATED, CASH_AMOUNT, CASH_STORE, GHOST),
    find,
)
