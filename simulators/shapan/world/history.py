"""The year of business before the opening (历史业务): what each customer bought, and how it was paid. What covers it is in supply.py.

Everything of a customer depends on the seed, the customer's number and the products, never on other customers; only running numbers
count up from customer to customer. Memory holds sums by product and month, nothing that grows with the number of customers.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shapan.kernel.clock import SHANGHAI
from shapan.kernel.money import divide_half_up, split_gross
from shapan.world import views
from shapan.world.companies import DEMO
from shapan.world.documents import Carried, Receipt, Sale, SaleLine
from shapan.world.draws import Stream, between, stream
from shapan.world.entities import Bom, Company, Product, Supplier
from shapan.world.mess import Mess
from shapan.world.noise import stale_products
from shapan.world.serials import MONTHS, Serials, month_start
from shapan.world.spec import History, WorldSpec
from shapan.world.supply import Supply, supply

# The rates of a mess are shares of the open items. So many of the sales of a year are open at its end, and so many of all sales are by then
# due for 91 to 180 days or longer: that turns a share into the chance of one sale. Measured, see tests/world/test_history.py.
_OPEN, _DUE_90, _DUE_180 = 0.19, 0.24, 0.42


@dataclass(frozen=True, slots=True)
class _Order:
    """An order without names and numbers; lines are (place of the product, sales units, discount in basis points)."""

    ordered_on: date
    shipped_on: date
    lines: tuple[tuple[int, int, int], ...]


class Chronicle:
    """The past year of a world. `sales_of` is called once for each customer in their order and read to its end; the rest may be asked for
    at any time. `stale` are the products that do not move, see noise.py."""

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
        self.stale = stale_products(spec, mess, products)
        self._for_sale = tuple(n for n, product in enumerate(products) if product.kind in ("goods", "finished"))
        self._sellable = tuple(n for n in self._for_sale if self.stale.get(products[n].code) != 365)
        if not self._sellable:
            # Something must be sold; then nothing is stale.
            self._sellable, self.stale = self._for_sale, {}
        self._first = month_start(spec.opening, -MONTHS)
        # Counted while the sales are told, so that nobody need make them a second time.
        self._counted: Counter[tuple[int, int]] = Counter()
        self._told = 0

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
            if self.stale.get(self.products[product].code) == 180 and shipped >= half:
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
    def covered(self) -> Supply:
        """What was bought and made for these sales, and the stock that it leaves."""
        spec = self.spec
        return supply(spec, self.products, self.boms, self.suppliers, self.warehouses, self.sold, self.serials)


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
