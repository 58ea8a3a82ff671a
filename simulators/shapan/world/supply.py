"""What covers the sales of the past year (采购与生产): purchases, production, and the stock before and after.

What is sold in a month was bought, or made, in the month before, at the constant cost of the product, so that stock is what it was a
year ago and its value exact to the fen; of materials, which are bought by whole packs, the rest of a pack stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from shapan.kernel.money import divide_half_up, split_net
from shapan.world.documents import MaterialIssue, Production, Purchase, PurchaseLine, StockAt
from shapan.world.draws import Stream, between, digest, stream
from shapan.world.entities import Bom, Product, Supplier
from shapan.world.serials import MONTHS, Serials, month_start
from shapan.world.spec import WorldSpec
from shapan.world.views import FIRST_FINANCE_SUPPLIER_ID


@dataclass(frozen=True, slots=True)
class Supply:
    """All purchases and production orders of the year; the stock before the first of them, and at the opening, where there is any."""

    purchases: tuple[Purchase, ...]
    productions: tuple[Production, ...]
    stock_before: tuple[StockAt, ...]
    stock: tuple[StockAt, ...]


def supply(
    spec: WorldSpec,
    products: tuple[Product, ...],
    boms: tuple[Bom, ...],
    suppliers: tuple[Supplier, ...],
    warehouses: Sequence[str],
    sold: Mapping[tuple[int, int], int],
    serials: Serials,
) -> Supply:
    """What covers `sold`: sales units by (place of the product, month 0 to 11). The first warehouse is the main one."""
    return _Year(spec, products, boms, suppliers, warehouses, serials).run(sold)


class _Year:
    """Buys and makes month by month what is sold in the next. Products go by their places."""

    def __init__(
        self,
        spec: WorldSpec,
        products: tuple[Product, ...],
        boms: tuple[Bom, ...],
        suppliers: tuple[Supplier, ...],
        warehouses: Sequence[str],
        serials: Serials,
    ) -> None:
        self.spec, self.products, self.suppliers = spec, products, suppliers
        self.main = warehouses[0]
        self.draw = serials.draw
        self.places = {product.key: n for n, product in enumerate(products)}
        self.recipes = {self.places[bom.product]: bom for bom in boms}
        self.before = tuple(opening_stock(spec, products, warehouses))
        # Quantity and value of materials as they come and go; what is sold goes as it came.
        self.quantity: Counter[int] = Counter()
        self.value: Counter[int] = Counter()
        for row in self.before:
            place = self.places[row.product.key]
            self.quantity[place] += row.quantity_milli
            self.value[place] += row.value_fen
        self.worth = dict(self.value)
        # What is left of the packs that were bought.
        self.over: Counter[int] = Counter()
        self.purchases: list[Purchase] = []
        self.productions: list[Production] = []
        self.sellers: dict[str, tuple[Supplier, ...]] = {}

    def run(self, sold: Mapping[tuple[int, int], int]) -> Supply:
        """Every month in turn; the rest of material packs ends in the main warehouse."""
        by_month: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for (place, month), packs in sorted(sold.items()):
            by_month[month].append((place, packs * self.products[place].units_per_sales_unit * 1000))
        for month in range(MONTHS):
            begins = month_start(self.spec.opening, month - MONTHS - 1)
            made = [(place, milli) for place, milli in by_month[month] if place in self.recipes]
            bought = {place: milli for place, milli in by_month[month] if place not in self.recipes}
            self._buy(begins, self._materials(made), material=True)
            self._make(begins, made)
            self._buy(begins, bought, material=False)
        before, after = (
            [row for row in rows if row.quantity_milli] for rows in (self.before, map(self._left, self.before))
        )
        return Supply(tuple(self.purchases), tuple(self.productions), tuple(before), tuple(after))

    def _left(self, row: StockAt) -> StockAt:
        if row.warehouse != self.main:
            return row
        place = self.places[row.product.key]
        more = self.value[place] - self.worth[place]
        return replace(row, quantity_milli=row.quantity_milli + self.over[place], value_fen=row.value_fen + more)

    def _needs(self, place: int, milli: int) -> Iterator[tuple[int, int]]:
        for line in self.recipes[place].lines:
            # Whole thousandths, waste included, and never less than is needed.
            exact = milli * line.quantity_milli * (10_000 + line.scrap_bp)
            yield self.places[line.material], -(-exact // 10_000_000)

    def _materials(self, made: Iterable[tuple[int, int]]) -> dict[int, int]:
        """What must be bought of each material: whole packs, as far as the rest of the last ones does not do."""
        need: Counter[int] = Counter()
        for place, milli in made:
            for material, quantity in self._needs(place, milli):
                need[material] += quantity
        bought: dict[int, int] = {}
        for material, quantity in need.items():
            pack = self.products[material].units_per_sales_unit * 1000
            packs = -(-max(0, quantity - self.over[material]) // pack)
            if packs:
                bought[material] = packs * pack
            self.over[material] += packs * pack - quantity
        return bought

    def _supplier_of(self, product: Product) -> Supplier:
        """From whom a product is bought: always the same, one of those that sell its category."""
        if product.category not in self.sellers:
            selling = tuple(one for one in self.suppliers if product.category in one.categories)
            self.sellers[product.category] = selling or self.suppliers
        choices = self.sellers[product.category]
        return choices[digest(self.spec.seed, "supplier-of", product.code) % len(choices)]

    def _buy(self, begins: date, bought: Mapping[int, int], *, material: bool) -> None:
        """One purchase order a supplier and month. Materials come in its first days, goods in the second half."""
        by_supplier: defaultdict[str, list[int]] = defaultdict(list)
        sellers: dict[str, Supplier] = {}
        for place in sorted(bought):
            seller = self._supplier_of(self.products[place])
            sellers[seller.code] = seller
            by_supplier[seller.code].append(place)
        for code in sorted(by_supplier):
            rng = stream(self.spec.seed, "purchase", code, begins, material)
            received = begins + timedelta(days=between(rng, 1, 4) if material else between(rng, 15, 26))
            ordered = received - timedelta(days=between(rng, 3, 12))
            lines = tuple(self._bought(place, bought[place]) for place in by_supplier[code])
            self.purchases.append(self._purchase(rng, sellers[code], ordered, received, lines))

    def _bought(self, place: int, milli: int) -> PurchaseLine:
        product = self.products[place]
        amount = split_net(divide_half_up(milli * product.cost_e4, 100_000), product.tax_rate_bp)
        if product.kind == "material":
            self.quantity[place] += milli
            self.value[place] += amount.net
        return PurchaseLine(product, milli, product.cost_e4, amount.net, amount.tax)

    def _purchase(
        self, rng: Stream, seller: Supplier, ordered: date, received: date, lines: tuple[PurchaseLine, ...]
    ) -> Purchase:
        due = received + timedelta(days=seller.company.payment_terms_days)
        # Suppliers are paid on the day, or up to ten days later.
        day = due + timedelta(days=between(rng, 0, 10))
        paid = day if day < self.spec.opening else None
        numbers = self.draw("CGDD", ordered), self.draw("CGRK", received), self.draw("YF", received)
        payment = self.draw("FK", paid) if paid else None
        id_ = FIRST_FINANCE_SUPPLIER_ID - 1 + seller.company.number
        return Purchase(seller, id_, *numbers, payment, ordered, received, due, paid, self.main, lines)

    def _make(self, begins: date, made: Iterable[tuple[int, int]]) -> None:
        """One production order a product and month. Orders that share a material take it in the order of their dates, at its average then."""
        planned = []
        for place, milli in made:
            rng = stream(self.spec.seed, "production", self.products[place].code, begins)
            released = begins + timedelta(days=between(rng, 4, 6))
            issued = released + timedelta(days=between(rng, 1, 3))
            planned.append((issued, place, milli, released, issued + timedelta(days=between(rng, 5, 14))))
        self.productions += [self._made(*plan) for plan in sorted(planned)]

    def _made(self, issued: date, place: int, milli: int, released: date, received: date) -> Production:
        product = self.products[place]
        materials = []
        for material, quantity in self._needs(place, milli):
            value = divide_half_up(self.value[material] * quantity, self.quantity[material])
            self.quantity[material] -= quantity
            self.value[material] -= value
            materials.append(MaterialIssue(self.products[material], quantity, value))
        cost = divide_half_up(milli * product.cost_e4, 100_000)
        labour = cost - sum(one.value_fen for one in materials)
        numbers = self.draw("SCDD", released), self.draw("SCLL", issued), self.draw("CPRK", received)
        return Production(
            *numbers, product, milli, cost, labour, released, issued, received, self.main, tuple(materials)
        )


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
