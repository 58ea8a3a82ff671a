"""The year of business before the opening (历史业务): sales of each customer, and the purchases and production that cover them.

Everything of a customer depends on the seed, the customer's number and the products, never on other customers; only running numbers
count up from customer to customer. What is sold in a month was bought, or made, in the month before, at the constant cost of the
product, so that stock is what it was a year ago and its value exact to the fen; of materials, which are bought by whole packs,
the rest of a pack stays. Memory holds sums by product and month, nothing that grows with the number of customers.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.money import divide_half_up, split_gross, split_net
from shapan.world import views
from shapan.world.companies import DEMO
from shapan.world.documents import (
    Carried,
    MaterialIssue,
    Production,
    Purchase,
    PurchaseLine,
    Receipt,
    Sale,
    SaleLine,
    StockAt,
)
from shapan.world.draws import Stream, between, digest, stream
from shapan.world.entities import Bom, Company, Noise, Product, Supplier
from shapan.world.mess import Mess
from shapan.world.spec import History, WorldSpec

MONTHS = 12
# The rates of a mess are shares of the open items. So many of the sales of a year are open at its end, and so many of all sales are by then
# due for 91 to 180 days or longer: that turns a share into the chance of one sale. Measured, see tests/world/test_history.py.
_OPEN, _DUE_90, _DUE_180 = 0.19, 0.24, 0.42


@dataclass(frozen=True, slots=True)
class _Order:
    """An order without names and numbers; lines are (place of the product, sales units, discount in basis points)."""

    ordered_on: date
    shipped_on: date
    lines: tuple[tuple[int, int, int], ...]


class Serials:
    """Running numbers by prefix and month: XSDD-202511-00001."""

    def __init__(self) -> None:
        self.last: Counter[str] = Counter()

    def draw(self, prefix: str, day: date) -> str:
        """The next one."""
        series = f"{prefix}-{day.year}{day.month:02d}"
        self.last[series] += 1
        return f"{series}-{self.last[series]:05d}"


def month_start(opening: date, months: int) -> date:
    """The first day of the month that is so many months after that of the opening (before it, when negative)."""
    year, month = divmod(opening.year * 12 + opening.month - 1 + months, 12)
    return date(year, month + 1, 1)


class Chronicle:
    """The past year of a world. `sales_of` is called once for each customer in their order; the rest may be asked for at any time."""

    def __init__(
        self,
        spec: WorldSpec,
        mess: Mess,
        plan: History,
        orders_per_customer: int,
        customers: int,
        products: tuple[Product, ...],
        boms: tuple[Bom, ...],
        suppliers: tuple[Supplier, ...],
        warehouses: Sequence[str],
    ) -> None:
        self.spec, self.mess, self.plan = spec, mess, plan
        self.products, self.boms, self.suppliers = products, boms, suppliers
        self.warehouses = tuple(warehouses)
        self.main = self.warehouses[0]
        self.customers = customers
        self._orders_each = orders_per_customer
        self.serials = Serials()
        self._days = _busy_days(spec.opening, plan)
        self._stale = stale_products(spec, mess, products)
        self._for_sale = tuple(n for n, product in enumerate(products) if product.kind in ("goods", "finished"))
        self._sellable = tuple(n for n in self._for_sale if self._stale.get(products[n].key) != 365)
        if not self._sellable:
            # Something must be sold; then nothing is stale.
            self._sellable, self._stale = self._for_sale, {}
        self._sellers: dict[str, tuple[Supplier, ...]] = {}
        self._first = month_start(spec.opening, -MONTHS)
        # Counted while the sales are told, so that nobody need make them a second time.
        self._counted: Counter[tuple[int, int]] = Counter()
        self._told = 0

    # --- sales --------------------------------------------------------------------------------------------------------

    def trades(self, number: int) -> bool:
        """Whether all three systems have the customer: only then is there business that all of them know of."""
        return all(views.covered(self.spec, self.mess, number, system) for system in ("crm", "scm", "finance"))

    def _orders(self, number: int) -> list[_Order]:
        rng = stream(self.spec.seed, "orders", number)
        made = [self._order(number, i) for i in range(between(rng, 0, 2 * self._orders_each))]
        return sorted(made, key=lambda order: order.ordered_on)

    def _order(self, number: int, place: int) -> _Order:
        rng = stream(self.spec.seed, "order", number, place)
        ordered = self._days[int(rng.random() * len(self._days))]
        low, high = self.plan.delivery_days
        shipped = min(
            ordered + timedelta(days=between(rng, max(1, low), max(1, high))), self.spec.opening - timedelta(days=1)
        )
        lines: dict[int, tuple[int, int]] = {}
        half = self.spec.opening - timedelta(days=182)
        for _ in range(between(rng, *self.plan.lines)):
            # The square: some products sell much better than others.
            chance = rng.random()
            product = self._sellable[int(chance * chance * len(self._sellable))]
            packs = between(rng, *self.plan.sales_units)
            discount = between(rng, 1, max(1, self.plan.discount_percent)) * 100
            if rng.random() * 100 >= self.plan.discounted_percent or not self.plan.discount_percent:
                discount = 0
            if self._stale.get(self.products[product].key) == 180 and shipped >= half:
                continue
            lines.setdefault(product, (packs, discount))
        return _Order(ordered, max(shipped, ordered), tuple((n, *what) for n, what in lines.items()))

    def sales_of(self, company: Company) -> Iterator[Sale | Carried]:
        """What a customer bought in the year, by date, after what is still open from before it."""
        self._told += 1
        if not self.trades(company.number):
            return
        carried = self._carried(company)
        if carried:
            yield carried
        for place, order in enumerate(self._orders(company.number)):
            if order.lines:
                self._count(order, self._counted)
                yield self._sale(company, place, order)

    def _count(self, order: _Order, sold: Counter[tuple[int, int]]) -> None:
        month = (order.shipped_on.year - self._first.year) * 12 + order.shipped_on.month - self._first.month
        for place, packs, _ in order.lines:
            sold[place, month] += packs

    def _sale(self, company: Company, place: int, order: _Order) -> Sale:
        rng = stream(self.spec.seed, "sale", company.number, place)
        ordered, shipped = order.ordered_on, order.shipped_on
        at = datetime.combine(ordered, time(9), SHANGHAI) + timedelta(minutes=between(rng, 0, 510))
        lines = tuple(self._line(ordered, *line) for line in order.lines)
        due = shipped + timedelta(days=company.payment_terms_days)
        draw = self.serials.draw
        numbers = draw("ORD", ordered), draw("XSDD", ordered), draw("XSCK", shipped), draw("YS", shipped)
        receipts = tuple(self._receipts(company, rng, shipped, due, sum(line.gross_fen for line in lines)))
        return Sale(
            company.key,
            views.crm_id(self.spec, company),
            views.partner_code(company),
            views.finance_id(company),
            *numbers,
            at,
            shipped,
            due,
            self.main,
            lines,
            receipts,
        )

    def _line(self, day: date, place: int, packs: int, discount_bp: int) -> SaleLine:
        product = self.products[place]
        price = price_on(product, day)
        gross = divide_half_up(packs * price * (10_000 - discount_bp), 10_000)
        amount = split_gross(gross, product.tax_rate_bp)
        return SaleLine(product, packs, price, discount_bp, amount.net, amount.tax)

    def _receipts(self, company: Company, rng: Stream, shipped: date, due: date, gross: int) -> Iterator[Receipt]:
        """How the customer pays: on time or late, at once or in two parts, to the cent or not, or never."""
        plan, demo = self.plan, self.mess.demo and company.number <= DEMO

        def rate(name: str) -> float:
            return 0.0 if demo else self.mess.rates[f"items.{name}"]

        late = rng.random() * 100 < plan.late_percent and company.payment_terms_days > 0
        early, days = between(rng, 0, 5), between(rng, *plan.late_days)
        paid = due + timedelta(days=days) if late else max(shipped, due - timedelta(days=early))
        parts = rng.random() * 100 < plan.parts_percent
        other = rate("unidentified") + rate("unsettled") + rate("cents")
        age = (self.spec.opening - due).days
        # What is open for another reason grows old as well, and is taken off.
        old = (rate("over_180") - _DUE_180 * other) / _DUE_180 if age > 180 else 0.0
        old = (rate("over_90") - rate("over_180") - _DUE_90 * other) / _DUE_90 if 90 < age <= 180 else old
        never = rng.random() < old * _OPEN
        unidentified, unsettled, cents = (
            rng.random() < rate(name) * _OPEN for name in ("unidentified", "unsettled", "cents")
        )
        short = between(rng, 1, 9)
        if never:
            return
        # Money that is not settled is whole: a difference would show only once it is.
        owed = gross - short if cents and gross > 100 and not (unidentified or unsettled) else gross
        first = owed * 6 // 10 if parts else owed
        pieces = [(paid, first)]
        if parts and owed > first:
            pieces.append((paid + timedelta(days=20), owed - first))
        customer = views.UNIDENTIFIED_ID if unidentified else views.finance_id(company)
        for day, amount in pieces:
            if day >= self.spec.opening or amount <= 0:
                continue
            number = self.serials.draw("SK", day)
            settled = not (unidentified or unsettled)
            settlement = self.serials.draw("HX", day) if settled else None
            yield Receipt(number, settlement, customer, day, amount, amount if settled else 0)

    def _carried(self, company: Company) -> Carried | None:
        """Something that has been open for more than a year."""
        if self.mess.demo and company.number <= DEMO:
            return None
        rng = stream(self.spec.seed, "carried", company.number)
        if rng.random() >= self.mess.rates["items.over_365"] * _OPEN * self._orders_each:
            return None
        day = month_start(self.spec.opening, -MONTHS) - timedelta(days=between(rng, 120, 700))
        amount = split_gross(between(rng, 50_000, 5_000_000), 1300)
        number = self.serials.draw("YS", day)
        due = day + timedelta(days=company.payment_terms_days)
        return Carried(company.key, views.finance_id(company), number, day, due, amount.net, amount.tax)

    def noise_of(self, document: Sale | Carried) -> Iterator[Noise]:
        """What went wrong with the money for a sale: not settled, not identified, short by cents, never paid or too late."""
        number, id_ = document.receivable_number, document.finance_id
        path = f"{self.spec.seed}:{number}"
        if isinstance(document, Carried):
            yield Noise(
                "finance",
                "receivable",
                number,
                "settled",
                "items.over_365",
                "",
                document.business_date.isoformat(),
                path,
            )
            return
        for receipt in document.receipts:
            if receipt.customer_id != id_:
                yield Noise(
                    "finance",
                    "receipt",
                    receipt.number,
                    "customer_id",
                    "items.unidentified",
                    str(id_),
                    str(receipt.customer_id),
                    path,
                )
            elif not receipt.settled_fen:
                yield Noise("finance", "receipt", receipt.number, "settled", "items.unsettled", number, "", path)
        left = document.gross_fen - document.settled_fen
        if document.settled_fen and 0 < left < 10:
            yield Noise(
                "finance",
                "receivable",
                number,
                "settled",
                "items.cents",
                str(document.gross_fen),
                str(document.settled_fen),
                path,
            )
        overdue = (self.spec.opening - document.due_on).days
        if not document.receipts and overdue > 90:
            rule = "items.over_180" if overdue > 180 else "items.over_90"
            yield Noise("finance", "receivable", number, "settled", rule, "", document.due_on.isoformat(), path)

    def noise_of_stock(self, stock: Iterable[StockAt]) -> Iterator[Noise]:
        """Products that do not move (呆滞), and stock that stands in the books only (账面虚库存): after is what the books say."""
        for key, days in self._stale.items():
            code = next(product.code for product in self.products if product.key == key)
            yield Noise(
                "scm", "product", code, "stock", f"stock.stale_{days}", "", "", f"{self.spec.seed}:stale:{code}"
            )
        for row in stock:
            place = next(n for n, product in enumerate(self.products, 1) if product is row.product)
            if row.warehouse != self.main or (self.mess.demo and place <= views.DEMO_PRODUCTS):
                continue
            rng = stream(self.spec.seed, "ghost", row.product.code)
            if rng.random() < self.mess.rates["stock.ghost"]:
                true = int(row.quantity_milli * rng.random() * 0.8) // 1000 * 1000
                path = f"{self.spec.seed}:ghost:{row.product.code}"
                yield Noise(
                    "scm",
                    "product",
                    row.product.code,
                    "on_hand_milli",
                    "stock.ghost",
                    str(true),
                    str(row.quantity_milli),
                    path,
                )

    # --- what covers the sales ----------------------------------------------------------------------------------------

    @functools.cached_property
    def sold(self) -> Counter[tuple[int, int]]:
        """Sales units by (place of the product, month 0 to 11) over all customers."""
        if self._told == self.customers:
            return self._counted
        sold: Counter[tuple[int, int]] = Counter()
        for number in range(1, self.customers + 1):
            if self.trades(number):
                for order in self._orders(number):
                    self._count(order, sold)
        return sold

    @functools.cached_property
    def covered(self) -> tuple[tuple[Purchase, ...], tuple[Production, ...], tuple[StockAt, ...]]:
        """All purchases and production orders of the year, and the stock at the opening."""
        return _Cover(self).run()

    @functools.cached_property
    def stock_before(self) -> tuple[StockAt, ...]:
        """The stock before the first of these documents, by product and warehouse."""
        return tuple(opening_stock(self.spec, self.products, self.warehouses))

    def supplier_of(self, product: Product) -> Supplier:
        """From whom a product is bought: always the same, one of those that sell its category."""
        if product.category not in self._sellers:
            selling = tuple(one for one in self.suppliers if product.category in one.categories)
            self._sellers[product.category] = selling or self.suppliers
        choices = self._sellers[product.category]
        return choices[digest(self.spec.seed, "supplier-of", product.code) % len(choices)]


class _Cover:
    """Buys and makes month by month what is sold in the next."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.chronicle = chronicle
        self.places = {product.key: n for n, product in enumerate(chronicle.products)}
        self.recipes = {self.places[bom.product]: bom for bom in chronicle.boms}
        # Of materials as they come and go; what is sold goes as it came.
        self.quantity: Counter[int] = Counter()
        self.value: Counter[int] = Counter()
        for row in chronicle.stock_before:
            place = self.places[row.product.key]
            self.quantity[place] += row.quantity_milli
            self.value[place] += row.value_fen
        self.purchases: list[Purchase] = []
        self.productions: list[Production] = []
        self.over: Counter[int] = Counter()

    def run(self) -> tuple[tuple[Purchase, ...], tuple[Production, ...], tuple[StockAt, ...]]:
        """Every month in turn; the rest of material packs ends in the main warehouse."""
        chronicle = self.chronicle
        for month in range(MONTHS):
            begins = month_start(chronicle.spec.opening, month - MONTHS - 1)
            wanted = {place: packs for (place, of), packs in sorted(chronicle.sold.items()) if of == month}
            bought: Counter[int] = Counter()
            made: list[tuple[int, int]] = []
            for place, packs in wanted.items():
                product = chronicle.products[place]
                milli = packs * product.units_per_sales_unit * 1000
                if place in self.recipes:
                    made.append((place, milli))
                else:
                    bought[place] += milli
            self._buy(begins, self._materials(made), material=True)
            self._make(begins, made)
            self._buy(begins, bought, material=False)
        stock = [
            StockAt(
                row.product,
                row.warehouse,
                row.quantity_milli
                + (self.over[self.places[row.product.key]] if row.warehouse == chronicle.main else 0),
                row.value_fen + (self._rest(row.product) if row.warehouse == chronicle.main else 0),
            )
            for row in chronicle.stock_before
        ]
        return tuple(self.purchases), tuple(self.productions), tuple(stock)

    def _rest(self, product: Product) -> int:
        """What the value of a material has become more than it was before."""
        before = sum(row.value_fen for row in self.chronicle.stock_before if row.product.key == product.key)
        return self.value[self.places[product.key]] - before

    def _needs(self, place: int, milli: int) -> Iterator[tuple[int, int]]:
        for line in self.recipes[place].lines:
            # Whole thousandths, waste included, and never less than is needed.
            exact = milli * line.quantity_milli * (10_000 + line.scrap_bp)
            yield self.places[line.material], -(-exact // 10_000_000)

    def _materials(self, made: Iterable[tuple[int, int]]) -> Counter[int]:
        """What must be bought of each material: whole packs, as far as the rest of the last ones does not do."""
        need: Counter[int] = Counter()
        for place, milli in made:
            for material, quantity in self._needs(place, milli):
                need[material] += quantity
        bought: Counter[int] = Counter()
        for material, quantity in need.items():
            pack = self.chronicle.products[material].units_per_sales_unit * 1000
            packs = -(-max(0, quantity - self.over[material]) // pack)
            if packs:
                bought[material] = packs * pack
            self.over[material] += packs * pack - quantity
        return bought

    def _buy(self, begins: date, bought: Counter[int], *, material: bool) -> None:
        """One purchase order a supplier and month. Materials come in its first days, goods in the second half."""
        chronicle = self.chronicle
        by_supplier: defaultdict[str, list[int]] = defaultdict(list)
        sellers: dict[str, Supplier] = {}
        for place in sorted(bought):
            seller = chronicle.supplier_of(chronicle.products[place])
            sellers[seller.code] = seller
            by_supplier[seller.code].append(place)
        for code in sorted(by_supplier):
            rng = stream(chronicle.spec.seed, "purchase", code, begins, material)
            received = begins + timedelta(days=between(rng, 1, 4) if material else between(rng, 15, 26))
            ordered = received - timedelta(days=between(rng, 3, 12))
            lines = tuple(self._bought(place, bought[place]) for place in by_supplier[code])
            self.purchases.append(self._purchase(rng, sellers[code], ordered, received, lines))

    def _bought(self, place: int, milli: int) -> PurchaseLine:
        product = self.chronicle.products[place]
        amount = split_net(divide_half_up(milli * product.cost_e4, 100_000), product.tax_rate_bp)
        if product.kind == "material":
            self.quantity[place] += milli
            self.value[place] += amount.net
        return PurchaseLine(product, milli, product.cost_e4, amount.net, amount.tax)

    def _purchase(
        self, rng: Stream, seller: Supplier, ordered: date, received: date, lines: tuple[PurchaseLine, ...]
    ) -> Purchase:
        chronicle, draw = self.chronicle, self.chronicle.serials.draw
        due = received + timedelta(days=seller.company.payment_terms_days)
        # Suppliers are paid on the day, or up to ten days later.
        paid: date | None = due + timedelta(days=between(rng, 0, 10))
        if paid is not None and paid >= chronicle.spec.opening:
            paid = None
        numbers = draw("CGDD", ordered), draw("CGRK", received), draw("YF", received)
        payment = draw("FK", paid) if paid else None
        id_ = views.FIRST_FINANCE_SUPPLIER_ID - 1 + seller.company.number
        return Purchase(seller, id_, *numbers, payment, ordered, received, due, paid, chronicle.main, lines)

    def _make(self, begins: date, made: Iterable[tuple[int, int]]) -> None:
        """One production order a product and month. Orders that share a material take it in the order of their dates, at its average then."""
        planned = []
        for place, milli in made:
            rng = stream(self.chronicle.spec.seed, "production", self.chronicle.products[place].code, begins)
            released = begins + timedelta(days=between(rng, 4, 6))
            issued = released + timedelta(days=between(rng, 1, 3))
            planned.append((issued, place, milli, released, issued + timedelta(days=between(rng, 5, 14))))
        self.productions += [self._made(*plan) for plan in sorted(planned)]

    def _made(self, issued: date, place: int, milli: int, released: date, received: date) -> Production:
        chronicle, draw = self.chronicle, self.chronicle.serials.draw
        product = chronicle.products[place]
        materials = []
        for material, quantity in self._needs(place, milli):
            value = divide_half_up(self.value[material] * quantity, self.quantity[material])
            self.quantity[material] -= quantity
            self.value[material] -= value
            materials.append(MaterialIssue(chronicle.products[material], quantity, value))
        cost = divide_half_up(milli * product.cost_e4, 100_000)
        labour = cost - sum(one.value_fen for one in materials)
        numbers = draw("SCDD", released), draw("SCLL", issued), draw("CPRK", received)
        return Production(
            *numbers, product, milli, cost, labour, released, issued, received, chronicle.main, tuple(materials)
        )


def _busy_days(opening: date, plan: History) -> tuple[date, ...]:
    """The days of the year on which orders come, each as often as it is busy: no Sundays, few Saturdays, by the plan's months."""
    first = month_start(opening, -MONTHS)
    days: list[date] = []
    for n in range((opening - first).days - 1):
        day = first + timedelta(days=n)
        weight = plan.months[day.month - 1] * (0 if day.weekday() == 6 else 15 if day.weekday() == 5 else 100) // 1000
        days += [day] * weight
    return tuple(days) or (first,)


def price_on(product: Product, day: date) -> int:
    """The list price of a day, in fen per sales unit; before the first known price that one."""
    text = day.isoformat()
    price = product.prices[0][1] if product.prices else product.list_price_fen
    for since, changed in product.prices:
        if since <= text:
            price = changed
    return price


def stale_products(spec: WorldSpec, mess: Mess, products: tuple[Product, ...]) -> dict[str, int]:
    """Key of product -> 180 or 365: it has not moved for at least so many days (呆滞). The first products never are when there is a demo set."""
    found: dict[str, int] = {}
    for place, product in enumerate(products, 1):
        # Materials move whenever something is made of them, and dishes are never in stock.
        if product.kind not in ("goods", "finished") or (mess.demo and place <= views.DEMO_PRODUCTS):
            continue
        chance = stream(spec.seed, "stale", product.code).random()
        if chance < mess.rates["stock.stale_365"]:
            found[product.key] = 365
        elif chance < mess.rates["stock.stale_180"]:
            found[product.key] = 180
    return found


def opening_stock(spec: WorldSpec, products: Iterable[Product], warehouses: Sequence[str]) -> Iterator[StockAt]:
    """Ample in the main warehouse, some in the others, little of scarce products, nothing of dishes; whole sales units."""
    for product in products:
        least = product.stock_sales_units
        for place, warehouse in enumerate(warehouses):
            rng = stream(spec.seed, "stock", product.code, warehouse)
            if product.kind in ("dish", "service"):
                packs = 0
            elif product.scarce:
                packs = between(rng, 1, 3) if place == 0 else 0
            elif place == 0:
                packs = least + between(rng, 0, least // 2)
            else:
                packs = between(rng, 0, least // 10)
            if packs or (place == 0 and product.kind == "material"):
                units = packs * product.units_per_sales_unit
                yield StockAt(product, warehouse, units * 1000, divide_half_up(units * product.cost_e4, 100))
