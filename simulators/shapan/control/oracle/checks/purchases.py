"""O5, first half: what the SCM bought, received and sent back stands once in the register of finance (采购登记), with its quantities and value.

Looked at are approved purchase orders, posted goods receipts and posted returns of this run. Quantity and net are compared by product. What was
rejected at the door never entered stock and is not registered, so a return of it is not, either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import (
    Difference,
    Document,
    Kind,
    Result,
    finance,
    finance_supplier,
    money,
    quantity,
    scm,
)
from shapan.control.oracle.model_purchasing import Registered, RegisteredReturn

MISSING = Kind("purchase-missing")
DUPLICATED = Kind("purchase-duplicated")
DIFFERS = Kind("purchase-differs")
PARTY = Kind("purchase-party")
UNKNOWN = Kind("purchase-unknown")
KINDS = (MISSING, DUPLICATED, DIFFERS, PARTY, UNKNOWN)

Worth = tuple[int, int | None]
"""Thousandths and net in fen; None where the register keeps no value."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A document of the SCM and what it is worth by product."""

    type: str
    en: str
    zh: str
    number: str
    supplier: str
    worth: Mapping[str, Worth]

    @property
    def document(self) -> Document:
        return scm(self.type, self.number)


def find(books: Books) -> Result:
    """One comparison per document of the SCM, and one per entry of the register."""
    sides = list(_sides(books))
    entries = list(_entries(books))
    known = {(side.type, side.number) for side in _sides(books, whenever=True)}
    return Result(
        (*(side.document for side in sides), *(finance(type_, entry.number) for type_, entry in entries)),
        (
            *(found for side in sides for found in _of(books, side)),
            *(
                _unknown(type_, entry)
                for type_, entry in entries
                if entry.source_system == "scm" and (type_, entry.source_document) not in known
            ),
        ),
    )


def _sides(books: Books, *, whenever: bool = False) -> Iterable[_Side]:
    """What ought to be registered; `whenever` also what is older than the books or was taken back."""
    for order in books.scm.purchase_orders:
        if whenever or (order.state in ("approved", "closed") and books.of_run(order.order_date)):
            worth = _by_product(books, "scm", ((n.product_code, n.quantity_milli, n.net_fen) for n in order.lines))
            yield _Side("purchase_order", "Purchase order", "采购订单", order.number, order.supplier_code, worth)
    for item in books.scm.goods_receipts:
        entered = [line for line in item.lines if line.quantity_milli]
        if whenever or (item.state == "posted" and entered and books.of_run(item.receipt_date)):
            worth = _by_product(books, "scm", ((n.product_code, n.quantity_milli, n.net_fen) for n in entered))
            yield _Side("goods_receipt", "Goods receipt", "采购入库单", item.number, item.supplier_code, worth)
    for back in books.scm.purchase_returns:
        sent = [line for line in back.lines if not line.rejected]
        if whenever or (back.state == "posted" and sent and books.of_run(back.return_date)):
            worth = _by_product(books, "scm", ((n.product_code, n.quantity_milli, None) for n in sent))
            yield _Side("purchase_return", "Purchase return", "采购退货单", back.number, back.supplier_code, worth)


def _entries(books: Books) -> Iterable[tuple[str, Registered | RegisteredReturn]]:
    yield from (("purchase_order", entry) for entry in books.finance.purchase_orders)
    yield from (("goods_receipt", entry) for entry in books.finance.goods_receipts)
    yield from (("purchase_return", entry) for entry in books.finance.purchase_returns)


def _by_product(books: Books, system: str, lines: Iterable[tuple[str, int, int | None]]) -> Mapping[str, Worth]:
    quantities: Counter[str] = Counter()
    values: dict[str, int | None] = {}
    for code, milli, net in lines:
        key = books.product_key(system, code)
        quantities[key] += milli
        values[key] = None if net is None else (values.get(key) or 0) + net
    return {key: (quantities[key], values[key]) for key in quantities}


def _of(books: Books, side: _Side) -> Iterable[Difference]:
    table: Mapping[str, Sequence[Registered | RegisteredReturn]] = {
        "purchase_order": books.followers.registered_orders,
        "goods_receipt": books.followers.registered_receipts,
        "purchase_return": books.followers.registered_returns,
    }[side.type]  # type: ignore[assignment]  # each table is of one of the two
    found = table.get(side.number, ())
    numbers = [entry.number for entry in found]
    documents = (side.document, *(finance(side.type, number) for number in numbers))
    if not found:
        yield Difference(
            MISSING,
            documents,
            "one entry in the register of finance",
            "none",
            f"{side.en} {side.number} of the SCM is not registered in finance.",
            f"SCM {side.zh} {side.number} 未在财务登记。",
        )
    elif len(found) > 1:
        yield Difference(
            DUPLICATED,
            documents,
            "one entry in the register of finance",
            f"{len(found)}: {', '.join(numbers)}",
            f"{side.en} {side.number} of the SCM is registered {len(found)} times in finance: {', '.join(numbers)}.",
            f"SCM {side.zh} {side.number} 在财务登记了 {len(found)} 次：{'、'.join(numbers)}。",
        )
    else:
        yield from _differs(books, side, found[0], documents)
        yield from _party(books, side, found[0], documents)


def _differs(
    books: Books, side: _Side, entry: Registered | RegisteredReturn, documents: tuple[Document, ...]
) -> Iterable[Difference]:
    if isinstance(entry, Registered):
        booked = _by_product(books, "finance", ((n.product_code, n.quantity_milli, n.net_fen) for n in entry.lines))
    else:
        booked = _by_product(books, "finance", ((n.product_code, n.quantity_milli, None) for n in entry.lines))
    wrong = [key for key in sorted({*side.worth, *booked}) if side.worth.get(key) != booked.get(key)]
    if wrong:
        sides = (side.worth, booked)
        want, have = (", ".join(_shown(key, worth.get(key)) for key in wrong) for worth in sides)
        want_zh, have_zh = ("、".join(_shown_zh(key, worth.get(key)) for key in wrong) for worth in sides)
        yield Difference(
            DIFFERS,
            documents,
            want,
            have,
            f"{side.en} {side.number} of the SCM has {want}, but finance registered {have} ({entry.number}).",
            f"SCM {side.zh} {side.number} 为 {want_zh}，而财务登记 {entry.number} 为 {have_zh}。",
        )


def _shown(key: str, worth: Worth | None) -> str:
    if worth is None:
        return f"no {key}"
    milli, net = worth
    return f"{quantity(milli)} {key}" + ("" if net is None else f" for {money(net)} net")


def _shown_zh(key: str, worth: Worth | None) -> str:
    if worth is None:
        return f"无 {key}"
    milli, net = worth
    return f"{quantity(milli)} {key}" + ("" if net is None else f"（不含税 {money(net)}）")


def _party(
    books: Books, side: _Side, entry: Registered | RegisteredReturn, documents: tuple[Document, ...]
) -> Iterable[Difference]:
    if books.parties.scm_and_finance_supplier(side.supplier, entry.supplier_id) is not False:
        return
    theirs, ours = books.scm_suppliers.get(side.supplier), books.suppliers.get(entry.supplier_id)
    want = f"{theirs.name} ({side.supplier})" if theirs else f"unknown record {side.supplier}"
    have = f"{ours.full_name or ours.short_name} ({ours.id})" if ours else f"unknown record {entry.supplier_id}"
    yield Difference(
        PARTY,
        (*documents, scm("supplier", side.supplier), finance_supplier(entry.supplier_id)),
        want,
        have,
        f"{side.en} {side.number} of the SCM is of {want}, but {entry.number} in finance is registered for {have}.",
        f"SCM {side.zh} {side.number} 的供应商为 {want}，而财务登记 {entry.number} 记在 {have} 名下。",
    )


def _unknown(type_: str, entry: Registered | RegisteredReturn) -> Difference:
    kind = type_.replace("_", " ")
    return Difference(
        UNKNOWN,
        (finance(type_, entry.number), scm(type_, entry.source_document or "")),
        f"a {kind} of the SCM with this number",
        f"source document {entry.source_document}",
        f"{entry.number} in finance follows {entry.source_document}, but the SCM has no such {kind}.",
        f"财务登记 {entry.number} 的来源单据为 {entry.source_document}，但 SCM 中没有该单据。",
    )
