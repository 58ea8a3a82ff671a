"""The opening (期初): stock in the SCM and balances in finance, which agree with each other to the fen."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from shapan.kernel.money import divide_half_up, split_gross
from shapan.world.draws import between, every, pick, stream
from shapan.world.entities import Company, FinanceCustomer, OpeningReceivable, Product
from shapan.world.spec import Profile, WorldSpec

CASH, BANK, RECEIVABLES, STOCK, CAPITAL = "1001", "100201", "1122", "1405", "4001"
_TAX_BP = 1300


def opening_stock(
    spec: WorldSpec, profile: Profile, products: tuple[Product, ...], warehouses: tuple[str, ...]
) -> tuple[tuple[str, str, int, int], ...]:
    """(product, warehouse, thousandths, value in fen): ample in the main warehouse, some in the others, little of scarce products."""
    rows = []
    for product in products:
        for place, warehouse in enumerate(warehouses):
            rng = stream(spec.seed, "stock", product.code, warehouse)
            least = profile.opening["stock_sales_units"]
            if product.scarce:
                packs = between(rng, 1, 3) if place == 0 else 0
            elif place == 0:
                packs = least + between(rng, 0, least // 2)
            else:
                packs = between(rng, 0, least // 10)
            if packs:
                units = packs * product.units_per_sales_unit
                rows.append((product.code, warehouse, units * 1000, divide_half_up(units * product.cost_e4, 100)))
    return tuple(rows)


def opening_receivables(
    spec: WorldSpec, profile: Profile, companies: tuple[Company, ...], customers: tuple[FinanceCustomer, ...]
) -> tuple[OpeningReceivable, ...]:
    """What customers owe when the books open: one to three items each, every other debtor with one that is overdue.

    Who pays in advance (预付) owes nothing, and nobody owes more than the credit limit. Numbers (YS-202610-00001) count up within the
    month of the business date in the order of the customers, not of the dates, so that one customer more renumbers nobody's.
    """
    serials: Counter[str] = Counter()
    on_credit = debtors = 0
    made = []
    for company, customer in zip(companies, customers, strict=True):
        terms = company.payment_terms_days
        on_credit += terms > 0
        if not terms or not every(profile.opening["receivables_percent"], on_credit):
            continue
        debtors += 1
        rng = stream(spec.seed, "receivable", company.key)
        for item in range(pick(rng, (1, 1, 2, 3))):
            overdue = debtors % 2 == 1 and item == 0
            age = terms + between(rng, 1, 90) if overdue else between(rng, 1, terms)
            day = spec.opening - timedelta(days=age)
            # Three items of at most 30 % stay within the limit.
            gross = company.credit_limit_fen * between(rng, 20, 300) // 1000 - between(rng, 0, 9999)
            amount = split_gross(gross, _TAX_BP)
            month = f"{day:%Y%m}"
            serials[month] += 1
            made.append(
                OpeningReceivable(
                    customer.id,
                    f"YS-{month}-{serials[month]:05d}",
                    day.isoformat(),
                    (day + timedelta(days=terms)).isoformat(),
                    amount.net,
                    amount.tax,
                    amount.gross,
                )
            )
    return tuple(made)


def opening_balances(
    profile: Profile, receivables: tuple[OpeningReceivable, ...], stock: tuple[tuple[str, str, int, int], ...]
) -> tuple[tuple[str, int | None, int, int], ...]:
    """(account, customer, debit fen, credit fen). Capital takes what the assets come to, so that both sides are equal."""
    owed: Counter[int] = Counter()
    for item in receivables:
        owed[item.customer_id] += item.gross_fen
    rows: list[tuple[str, int | None, int, int]] = [
        (CASH, None, profile.opening["cash_yuan"] * 100, 0),
        (BANK, None, profile.opening["bank_yuan"] * 100, 0),
        *((RECEIVABLES, customer, owed[customer], 0) for customer in sorted(owed)),
        (STOCK, None, sum(value for *_, value in stock), 0),
    ]
    rows = [row for row in rows if row[2]]
    return (*rows, (CAPITAL, None, 0, sum(debit for _, _, debit, _ in rows)))
