"""O14: what a document of the SCM changed of the value of stock stands once in finance, as an inventory document (存货核算单) of the same amount.

Store sales, production and losses on the way are always looked at: the books of a store or a workshop need them as they come. The cost of what
was sold, came back, or was counted may as well be carried over at month end (月末结转成本), so each of these is looked at once finance has the
first inventory document of its kind, or once the month of the document is closed. What comes in with an invoice is no matter of this check.
"""

from __future__ import annotations

from collections.abc import Iterable

from shapan.control.oracle.books import Books
from shapan.control.oracle.finding import Check, Difference, Document, Kind, Result, finance, money, receivable, scm
from shapan.control.oracle.model import Receivable
from shapan.control.oracle.model_stores import InventoryDocument, ValueChange

MISSING = Kind("cost-missing")
DUPLICATED = Kind("cost-duplicated")
AMOUNT = Kind("cost-amount")
UNKNOWN = Kind("cost-unknown")

# Kind of movement -> (type of document, in English, in Chinese, kinds of inventory documents with the sign that their amount has there).
MOVES: dict[str, tuple[str, str, str, dict[str, int]]] = {
    "sales_issue": (
        "delivery",
        "Delivery",
        "出库单",
        {"sales_cost": -1, "goods_dispatched": -1},
    ),
    "sales_return": ("sales_return", "Sales return", "销售退货单", {"sales_return_cost": 1}),
    "store_consumption": (
        "store_sale",
        "Store sale",
        "门店销售单",
        {"store_consumption": -1, "store_consumption_return": 1},
    ),
    "material_issue": ("production_issue", "Material issue", "领料单", {"material_issue": -1}),
    "material_return": ("production_return", "Material return", "退料单", {"material_return": 1}),
    "production_receipt": ("production_receipt", "Finished-goods receipt", "产成品入库单", {"finished_goods": 1}),
    "conversion": (
        "production_receipt",
        "Labour and overhead of finished-goods receipt",
        "完工入库加工费",
        {"conversion_cost": 1},
    ),
    "transfer_loss": ("transfer", "Loss of transfer", "调拨损耗", {"count_loss": -1}),
    "count_gain": ("stock_count", "Gain of stock count", "盘盈", {"count_gain": 1}),
    "count_loss": ("stock_count", "Loss of stock count", "盘亏", {"count_loss": -1}),
}
_ALWAYS = frozenset(
    {"store_consumption", "material_issue", "material_return", "production_receipt", "conversion", "transfer_loss"}
)
# What is taken back by another kind of movement: the two together are what the books must have.
_TAKEN_BACK = {"store_consumption_void": "store_consumption"}
_KNOWN_ELSEWHERE = frozenset({"cost_adjustment", "dispatched_cost"})


def find(books: Books) -> Result:
    """One comparison per document of the SCM that changed the value of stock and is looked at."""
    posted = frozenset(item.kind for item in books.finance.inventory_documents if item.source_system == "scm")
    refused = frozenset(_refused(books))
    changes = [
        change
        for change in _netted(books)
        if _looked_at(books, change, posted) and not (change.kind == "sales_return" and change.document in refused)
    ]
    return Result(
        tuple(_document(change) for change in changes),
        (*(found for change in changes for found in _of(books, change)), *_unknown(books)),
    )


def _netted(books: Books) -> Iterable[ValueChange]:
    back = {
        (change.document, _TAKEN_BACK[change.kind]): change.value_fen
        for change in books.scm.value_changes
        if change.kind in _TAKEN_BACK
    }
    for posting in books.scm.production_postings:
        if posting.conversion_fen and books.of_run(posting.business_date):
            fen = posting.conversion_fen
            yield ValueChange(posting.number, "conversion", posting.business_date, posting.created_at, fen)
    for change in books.scm.value_changes:
        if change.kind in MOVES and books.of_run(change.business_date):
            value = change.value_fen + back.get((change.document, change.kind), 0)
            yield ValueChange(change.document, change.kind, change.business_date, change.created_at, value)


def _looked_at(books: Books, change: ValueChange, posted: frozenset[str]) -> bool:
    kinds = MOVES[change.kind][3]
    return change.kind in _ALWAYS or change.business_date[:7] in books.locked or not posted.isdisjoint(kinds)


def _costed(books: Books, delivery_number: str) -> list[Receivable]:
    """The receivables of a delivery that took what its goods cost out of stock themselves, because they waited for acceptance."""
    source = books.links.deliveries.get(delivery_number)
    return [item for item in books.links.receivables_of(source) if item.cost_fen] if source else []


def _refused(books: Books) -> Iterable[str]:
    """Sales returns of goods that were never accepted: finance takes their cost back with the receivable."""
    for back in books.scm.sales_returns:
        if any(not item.recognised for item in _costed(books, back.delivery)):
            yield back.number


def _document(change: ValueChange) -> Document:
    return scm(MOVES[change.kind][0], change.document)


def _of(books: Books, change: ValueChange) -> Iterable[Difference]:
    _, en, zh, kinds = MOVES[change.kind]
    found = [item for item in books.followers.inventory_documents.get(change.document, []) if item.kind in kinds]
    live = _standing(found)
    costed = _costed(books, change.document) if change.kind == "sales_issue" else []
    numbers = [*(item.number for item in live), *(item.number for item in costed)]
    documents = (
        _document(change),
        *(finance("inventory_document", item.number) for item in live),
        *(receivable(item.number) for item in costed),
    )
    booked = sum(kinds[item.kind] * item.amount_fen for item in found) - sum(item.cost_fen for item in costed)
    wanted = " or ".join(name for name, sign in kinds.items() if sign == next(iter(kinds.values())))
    if booked == change.value_fen:
        return
    worth, have = money(abs(change.value_fen)), money(abs(booked))
    if not numbers:
        yield Difference(
            MISSING,
            documents,
            f"one inventory document {wanted} of {worth}",
            "none",
            f"{en} {change.document} of the SCM changed the value of stock by {money(change.value_fen)}, but finance has no inventory "
            f"document {wanted} of it.",
            f"SCM {zh} {change.document} 使存货价值变动 {money(change.value_fen)}，但财务没有对应的存货核算单（{wanted}）。",
        )
    elif len(live) > 1 and all(abs(item.amount_fen) == abs(change.value_fen) for item in live):
        yield Difference(
            DUPLICATED,
            documents,
            f"one inventory document {wanted} of {worth}",
            f"{len(live)}: {', '.join(numbers)}",
            f"{en} {change.document} of the SCM has {len(live)} inventory documents in finance: {', '.join(numbers)}.",
            f"SCM {zh} {change.document} 在财务有 {len(live)} 张存货核算单：{'、'.join(numbers)}。",
        )
    else:
        yield Difference(
            AMOUNT,
            documents,
            worth,
            have,
            f"{en} {change.document} of the SCM is worth {worth}, but its inventory documents {', '.join(numbers)} come to {have}.",
            f"SCM {zh} {change.document} 的金额为 {worth}，而其存货核算单 {'、'.join(numbers)} 合计 {have}。",
        )


def _standing(found: list[InventoryDocument]) -> list[InventoryDocument]:
    """Those that are no reversal and were not reversed."""
    reversed_ = {item.reverses for item in found if item.reverses}
    return [item for item in found if item.reverses is None and item.number not in reversed_]


def _unknown(books: Books) -> Iterable[Difference]:
    """An inventory document for a document that changed no value, or that the SCM does not have."""
    worth = {(change.document, change.kind) for change in books.scm.value_changes}
    worth |= {(posting.number, "conversion") for posting in books.scm.production_postings if posting.conversion_fen}
    by_kind: dict[str, set[str]] = {}
    for move, (_, _, _, kinds) in MOVES.items():
        for kind in kinds:
            by_kind.setdefault(kind, set()).add(move)
    scm_items = [item for item in books.finance.inventory_documents if item.source_system == "scm"]
    standing = {item.number for item in _standing(scm_items)}
    for item in scm_items:
        if item.number not in standing or item.kind in _KNOWN_ELSEWHERE:
            continue
        if not any((item.source_document, move) in worth for move in by_kind.get(item.kind, ())):
            yield Difference(
                UNKNOWN,
                (finance("inventory_document", item.number),),
                f"a document of the SCM that changed the value of stock, for a {item.kind}",
                f"source document {item.source_document}",
                f"Inventory document {item.number} ({item.kind}, {money(item.amount_fen)}) follows {item.source_document}, but the SCM has no "
                "such document that changed the value of stock.",
                f"存货核算单 {item.number}（{item.kind}，{money(item.amount_fen)}）的来源单据为 {item.source_document}，但 SCM 中没有使存货价值变动的该单据。",
            )


CHECK = Check(
    "O14",
    "inventory",
    "What documents of the SCM changed of the value of stock stands once in finance, with the same amount.",
    "SCM 单据引起的存货价值变动在财务各有一张金额一致的存货核算单。",
    (MISSING, DUPLICATED, AMOUNT, UNKNOWN),
    find,
)
