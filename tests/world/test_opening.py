"""The opening: stock that is worth what the books say, receivables that are the control account, both sides equal."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta

from shapan.kernel.money import split_gross
from shapan.world import World, WorldSpec, build_world


def _balances(world: World) -> dict[tuple[str, int | None], int]:
    return {(account, customer): debit - credit for account, customer, debit, credit in world.finance.opening_balances}


def test_both_sides_are_equal(world: World) -> None:
    rows = world.finance.opening_balances
    assert len(_balances(world)) == len(rows)
    assert sum(debit for _, _, debit, _ in rows) == sum(credit for _, _, _, credit in rows) > 0
    for _, _, debit, credit in rows:
        assert min(debit, credit) == 0
        assert max(debit, credit) > 0
    assert {account for account, *_ in rows} == {"1001", "100201", "1122", "1405", "4001"}


def test_only_receivables_have_a_customer_and_each_has(world: World) -> None:
    for account, customer, *_ in world.finance.opening_balances:
        assert (customer is not None) is (account == "1122")


def test_the_control_account_is_the_sum_of_the_open_items(world: World) -> None:
    open_items: Counter[int] = Counter()
    for item in world.finance.opening_receivables:
        open_items[item.customer_id] += item.gross_fen
    ledger = {customer: amount for (account, customer), amount in _balances(world).items() if account == "1122"}
    assert ledger == dict(open_items)


def test_the_stock_account_is_the_value_of_the_stock(world: World) -> None:
    assert _balances(world)["1405", None] == sum(value for *_, value in world.scm.opening_stock)


def test_stock_is_ample_but_for_a_few_products(world: World) -> None:
    main: defaultdict[str, int] = defaultdict(int)
    products = {product.code: product for product in world.products}
    warehouses = {code for code, *_ in world.scm.warehouses}
    for code, warehouse, quantity, value in world.scm.opening_stock:
        product = products[code]
        assert warehouse in warehouses
        assert quantity % (1000 * product.units_per_sales_unit) == 0
        assert quantity > 0
        # Cost in 1/10000 yuan by thousandths, to the fen.
        assert abs(value - quantity * product.cost_e4 / 100_000) <= 0.5
        if warehouse == "CK01":
            main[code] = quantity
    assert len({(code, warehouse) for code, warehouse, *_ in world.scm.opening_stock}) == len(world.scm.opening_stock)
    for product in world.products:
        if product.scarce:
            assert 0 < main[product.code] <= 3000 * product.units_per_sales_unit
        else:
            assert main[product.code] >= 300 * 1000 * product.units_per_sales_unit
    scarce = sum(product.scarce for product in world.products)
    assert 1 <= scarce <= len(world.products) / 8


def test_receivables_add_up_and_fall_due_by_their_terms(world: World) -> None:
    terms = {customer.id: customer.payment_terms_days for customer in world.finance.customers}
    for item in world.finance.opening_receivables:
        day, due = date.fromisoformat(item.business_date), date.fromisoformat(item.due_date)
        assert day < world.spec.opening
        assert due - day == timedelta(days=terms[item.customer_id])
        assert terms[item.customer_id] > 0
        tax = split_gross(item.gross_fen, 1300)
        assert (item.net_fen, item.tax_fen) == (tax.net, tax.tax)
        assert item.gross_fen > 0


def test_some_are_overdue_and_some_fall_due_later() -> None:
    """In every world, however small: 40 seeds of the tiny one."""
    for seed in range(40):
        world = build_world(WorldSpec("trading", "tiny", seed, date(2026, 11, 1)))
        late = [date.fromisoformat(item.due_date) < world.spec.opening for item in world.finance.opening_receivables]
        assert any(late)
        assert not all(late)


def test_nobody_owes_more_than_the_credit_limit(world: World) -> None:
    for n, company in enumerate(world.companies):
        customer = world.finance.customers[n].id
        owed = _balances(world).get(("1122", customer), 0)
        assert owed <= company.credit_limit_fen


def test_receivables_are_numbered_without_gaps_in_the_month_of_their_date(world: World) -> None:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for item in world.finance.opening_receivables:
        match = re.fullmatch(r"YS-(\d{6})-(\d{5})", item.number)
        assert match
        assert match[1] == item.business_date[:7].replace("-", "")
        numbers[match[1]].append(int(match[2]))
    assert len(numbers) > 1
    for month, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), month


def test_dates_move_with_the_opening() -> None:
    one = build_world(WorldSpec("trading", "tiny", 42, date(2026, 11, 1)))
    other = build_world(WorldSpec("trading", "tiny", 42, date(2024, 3, 1)))
    assert one.companies == other.companies
    assert one.finance.opening_balances == other.finance.opening_balances
    assert {item.business_date[:4] for item in other.finance.opening_receivables} <= {"2023", "2024"}
