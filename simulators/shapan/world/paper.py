"""The documents of the past year as rows (单据数据表), with what people do to item lines and cells on the way into a file.

The systems themselves refuse a product code that they do not know or a date that is none; files do not. What is written otherwise than
it is goes to the noise log under the rules `file.…`. The demo set stays as it is.
"""

from __future__ import annotations

from datetime import date

from shapan.kernel.clock import rfc3339
from shapan.world import opening, views
from shapan.world.dirt import fields, formats
from shapan.world.documents import Carried, Purchase, Sale
from shapan.world.draws import Stream, pick, stream
from shapan.world.entities import Company, Noise, OpeningBalance, Product
from shapan.world.export.table import Put, Value
from shapan.world.history import Chronicle
from shapan.world.noise import noise_of_sale, noise_of_stock
from shapan.world.pen import Note
from shapan.world.spec import Profile
from shapan.world.staff import Staff


class Papers:
    """Writes the documents of one customer after the other, and at the end those that cover all sales, stock and balances."""

    def __init__(self, chronicle: Chronicle, put: dict[str, Put], note: Note, people: Staff) -> None:
        self._chronicle = chronicle
        self._people = people
        self._put = put
        self._note = note
        self._rates = {
            name: chronicle.mess.rates[f"files.{name}"]
            for name in ("product_code", "unit", "unit_price", "date", "amount", "net_gross_swapped")
        }
        self._unidentified = 0
        self._receivables = 0

    def of(self, company: Company) -> None:
        """Everything of one customer, and its balance at the opening."""
        demo = views.is_demo(self._chronicle.mess, company)
        owed = 0
        for document in self._chronicle.sales_of(company):
            for noise in noise_of_sale(self._chronicle.spec, document):
                self._note(noise)
            cells = _Cells(self, document.receivable_number, demo)
            if isinstance(document, Carried):
                self._receivable(document, cells, None, 0)
                owed += document.net_fen + document.tax_fen
            else:
                owed += self._sale(document, cells)
        self._receivables += owed
        if owed:
            self._balance(
                OpeningBalance(opening.RECEIVABLES, views.finance_id(company), None, max(0, owed), max(0, -owed))
            )

    def _sale(self, sale: Sale, cells: _Cells) -> int:
        """All documents of a sale; what of it the customer owes, less what was paid and not settled."""
        put = self._put
        who = stream(self._chronicle.spec.seed, "who", sale.entity)
        seller, keeper, accountant = (
            pick(who, office) for office in (self._people.sales, self._people.keepers, self._people.accountants)
        )
        put["crm/orders"](
            (sale.order_number, sale.customer_id, rfc3339(sale.ordered_at), "confirmed", sale.gross_fen, seller)
        )
        put["scm/sales_orders"](
            (
                sale.sales_order_number, sale.partner_code, sale.warehouse,
                cells.date("sales_order", sale.sales_order_number, "order_date", sale.ordered_at.date()),
                sale.order_number, sale.net_fen, sale.tax_fen,
            )
        )  # fmt: skip
        shipped = cells.date("delivery", sale.delivery_number, "ship_date", sale.shipped_on)
        put["scm/deliveries"]((sale.delivery_number, sale.sales_order_number, sale.warehouse, shipped, keeper))
        for n, line in enumerate(sale.lines, 1):
            product = line.product
            record = f"{sale.order_number}:{n}"
            code, unit = cells.item("order_line", record, product, product.sales_unit)
            price = cells.price("order_line", record, product, line.price_fen)
            put["crm/order_lines"](
                (sale.order_number, n, code, line.packs, unit, price, line.discount_bp, line.gross_fen)
            )
            put["scm/sales_order_lines"](
                (
                    sale.sales_order_number, n, product.code, line.quantity_milli, product.base_unit, line.unit_price_e4,
                    product.tax_rate_bp, line.net_fen, line.tax_fen,
                )
            )  # fmt: skip
            code, unit = cells.item("delivery_line", f"{sale.delivery_number}:{n}", product, product.base_unit)
            put["scm/delivery_lines"]((sale.delivery_number, n, code, line.quantity_milli, unit, line.cost_fen))
        self._receivable(sale, cells, sale.delivery_number, sale.settled_fen)
        owed = sale.gross_fen - sale.settled_fen
        for receipt in sale.receipts:
            put["finance/receipts"](
                (
                    receipt.number, str(receipt.customer_id),
                    cells.date("receipt", receipt.number, "receipt_date", receipt.received_on),
                    cells.amount("receipt", receipt.number, "amount", receipt.amount_fen), accountant,
                )
            )  # fmt: skip
            if receipt.settlement_number:
                put["finance/settlements"](
                    (
                        receipt.settlement_number, receipt.number, sale.receivable_number, receipt.received_on.isoformat(),
                        receipt.settled_fen,
                    )
                )  # fmt: skip
            elif receipt.customer_id == sale.finance_id:
                owed -= receipt.amount_fen
            else:
                self._unidentified += receipt.amount_fen
        return owed

    def _receivable(self, document: Sale | Carried, cells: _Cells, source: str | None, settled: int) -> None:
        number = document.receivable_number
        day = document.business_date if isinstance(document, Carried) else document.shipped_on
        net, gross = cells.swapped("receivable", number, document.net_fen, document.net_fen + document.tax_fen)
        self._put["finance/receivables"](
            (
                number, str(document.finance_id), cells.date("receivable", number, "business_date", day),
                cells.date("receivable", number, "due_date", document.due_on), source, net, document.tax_fen, gross, settled,
            )
        )  # fmt: skip

    def rest(self, profile: Profile) -> None:
        """What belongs to no single customer: purchases, production, stock, and the other balances."""
        chronicle, put = self._chronicle, self._put
        supply = chronicle.covered
        for purchase in supply.purchases:
            self._purchase(purchase)
        for made in supply.productions:
            put["scm/production_orders"](
                (
                    made.order_number, made.product.code, made.quantity_milli, made.released_on.isoformat(),
                    made.receipt_number, made.received_on.isoformat(), made.labour_fen, made.cost_fen,
                )
            )  # fmt: skip
            for used in made.materials:
                put["scm/production_materials"](
                    (
                        made.issue_number, made.order_number, made.issued_on.isoformat(), used.product.code,
                        used.quantity_milli, used.value_fen,
                    )
                )  # fmt: skip
        for row in supply.stock:
            put["scm/stock"]((row.product.code, row.warehouse, row.quantity_milli, row.value_fen))
        spec, mess, products = chronicle.spec, chronicle.mess, chronicle.products
        for noise in noise_of_stock(spec, mess, products, chronicle.stale, supply.stock, chronicle.main):
            self._note(noise)
        if self._unidentified:
            self._receivables -= self._unidentified
            self._balance(OpeningBalance(opening.RECEIVABLES, views.UNIDENTIFIED_ID, None, 0, self._unidentified))
        # What 1122 comes to was told customer by customer; here it counts for what capital must be.
        others = opening.opening_balances(profile, (), (), tuple(opening.open_payables(supply.purchases)), supply.stock)
        for balance in others:
            if balance.account == opening.CAPITAL:
                capital = balance.credit_fen - balance.debit_fen + self._receivables
                self._balance(OpeningBalance(opening.CAPITAL, None, None, max(0, -capital), max(0, capital)))
            else:
                self._balance(balance)

    def _purchase(self, purchase: Purchase) -> None:
        put = self._put
        # A supplier has its buyer, as a customer has its salesperson.
        buyer = pick(stream(self._chronicle.spec.seed, "who", purchase.supplier.code), self._people.buyers)
        put["scm/purchase_orders"](
            (
                purchase.order_number, purchase.supplier.code, purchase.warehouse, purchase.ordered_on.isoformat(),
                purchase.net_fen, purchase.tax_fen, buyer,
            )
        )  # fmt: skip
        received = purchase.received_on.isoformat()
        put["scm/goods_receipts"]((purchase.receipt_number, purchase.order_number, purchase.warehouse, received))
        for n, line in enumerate(purchase.lines, 1):
            put["scm/purchase_order_lines"](
                (
                    purchase.order_number, n, line.product.code, line.quantity_milli, line.product.base_unit,
                    line.unit_price_e4, line.product.tax_rate_bp, line.net_fen, line.tax_fen,
                )
            )  # fmt: skip
        put["finance/payables"](
            (
                purchase.payable_number, str(purchase.finance_id), received, purchase.due_on.isoformat(),
                purchase.receipt_number, purchase.net_fen, purchase.tax_fen, purchase.gross_fen, purchase.payment_number,
                purchase.paid_on.isoformat() if purchase.paid_on else None,
            )
        )  # fmt: skip

    def _balance(self, balance: OpeningBalance) -> None:
        customer, supplier = balance.customer_id, balance.supplier_id
        self._put["finance/opening_balances"](
            (
                balance.account,
                None if customer is None else str(customer),
                None if supplier is None else str(supplier),
                balance.debit_fen,
                balance.credit_fen,
            )
        )


class _Cells:
    """How the cells of one sale's documents are written; each cell draws from a stream of its own, for whether and for how."""

    def __init__(self, papers: Papers, number: str, demo: bool) -> None:
        self._rates = papers._rates
        self._write = papers._note
        self._key = (papers._chronicle.spec.seed, "files", number)
        self._demo = demo

    def _hit(self, rate: str, record: str, field: str) -> Stream | None:
        """The stream of a cell that is to be spoilt, or None."""
        if self._demo or not self._rates[rate]:
            return None
        rng = stream(*self._key, record, field, rate)
        return rng if rng.random() < self._rates[rate] else None

    def _note(self, system: str, kind: str, record: str, field: str, rule: str, before: str, after: str) -> None:
        if before != after:
            path = ":".join(map(str, (*self._key, record, field)))
            self._write(Noise(system, kind, record, field, f"file.{rule}", before, after, path))

    def date(self, kind: str, record: str, field: str, day: date) -> str:
        """A date as somebody wrote it."""
        rng = self._hit("date", record, field)
        if rng is None:
            return day.isoformat()
        form, text = formats.spoil_date(day, rng)
        self._note(_SYSTEMS[kind], kind, record, field, f"date_{form}", day.isoformat(), text)
        return text

    def amount(self, kind: str, record: str, field: str, fen: int) -> Value:
        """An amount as somebody wrote it."""
        rng = self._hit("amount", record, field)
        if rng is None:
            return fen
        form, text = formats.spoil_amount(fen, rng)
        self._note(_SYSTEMS[kind], kind, record, field, f"amount_{form}", formats.plain(fen), text)
        return text

    def swapped(self, kind: str, record: str, net: int, gross: int) -> tuple[Value, Value]:
        """Net and gross, each in the other's place at times."""
        if self._hit("net_gross_swapped", record, "net") is None:
            return self.amount(kind, record, "net", net), self.amount(kind, record, "gross", gross)
        self._note(_SYSTEMS[kind], kind, record, "net", "net_gross_swapped", formats.plain(net), formats.plain(gross))
        self._note(_SYSTEMS[kind], kind, record, "gross", "net_gross_swapped", formats.plain(gross), formats.plain(net))
        return gross, net

    def item(self, kind: str, record: str, product: Product, unit: str) -> tuple[str, str]:
        """Code and unit of an item line; a wrong unit stands beside the quantity of the right one."""
        code = product.code
        rng = self._hit("product_code", record, "product_code")
        if rng is not None:
            rule, code = fields.product_code(code, rng)
            self._note(_SYSTEMS[kind], kind, record, "product_code", f"product_code_{rule}", product.code, code)
        rng = self._hit("unit", record, "unit")
        other = None if rng is None else fields.wrong_unit(unit, product.units, rng)
        if other is not None:
            self._note(_SYSTEMS[kind], kind, record, "unit", "unit", unit, other)
        return code, other or unit

    def price(self, kind: str, record: str, product: Product, fen: int) -> int:
        """The price of a sales unit; at times that of another unit stands beside the quantity."""
        rng = self._hit("unit_price", record, "unit_price")
        other = None if rng is None else fields.price_of_other_unit(fen, product.sales_unit, product.units, rng)
        if other is None:
            return fen
        self._note(_SYSTEMS[kind], kind, record, "unit_price", "unit_price", formats.plain(fen), formats.plain(other))
        return other


_SYSTEMS = {
    "order_line": "crm",
    "sales_order": "scm",
    "delivery": "scm",
    "delivery_line": "scm",
    "receivable": "finance",
    "receipt": "finance",
}
