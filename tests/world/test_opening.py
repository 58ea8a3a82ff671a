"""The opening of every profile: stock that is worth what the books say, sub-ledgers that are the control accounts, both sides equal."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date

import pytest

from shapan.world import World, WorldSpec, build_world, list_profiles

OPENING = date(2026, 11, 1)


@pytest.fixture(
    scope="module", params=[(name, mess) for name in list_profiles() for mess in ("clean", "filthy")], ids=str
)
def opened(request: pytest.FixtureRequest) -> World:
    """A small world of every profile, clean and filthy."""
    profile, mess = request.param
    return build_world(WorldSpec(profile, "small", 7, OPENING, mess=mess, history=False))


def test_both_sides_are_equal(opened: World) -> None:
    rows = opened.finance.opening_balances
    assert sum(row.debit_fen for row in rows) == sum(row.credit_fen for row in rows) > 0
    for row in rows:
        assert min(row.debit_fen, row.credit_fen) == 0 < max(row.debit_fen, row.credit_fen)
        assert (row.customer_id is not None) is (row.account == "1122")
        assert (row.supplier_id is not None) is (row.account == "220201")
    assert len({(row.account, row.customer_id, row.supplier_id) for row in rows}) == len(rows)
    accounts = {row.account for row in rows}
    assert accounts - {"1403"} == {"1001", "100201", "1122", "1405", "220201", "4001"}
    assert ("1403" in accounts) is any(product.kind == "material" for product in opened.products)
    [capital] = [row for row in rows if row.account == "4001"]
    assert capital.credit_fen > 0


def test_control_accounts_are_the_sums_of_the_open_items(opened: World) -> None:
    owed: Counter[int] = Counter()
    for item in opened.finance.opening_receivables:
        assert item.net_fen + item.tax_fen == item.gross_fen > 0
        owed[item.customer_id] += item.gross_fen
    for receipt in opened.finance.opening_receipts:
        owed[receipt.customer_id] -= receipt.amount_fen
    owing: Counter[int] = Counter()
    for payable in opened.finance.opening_payables:
        assert payable.net_fen + payable.tax_fen == payable.gross_fen > 0
        owing[payable.supplier_id] += payable.gross_fen
    rows = opened.finance.opening_balances
    ledger = {row.customer_id: row.debit_fen - row.credit_fen for row in rows if row.account == "1122"}
    assert ledger == {customer: amount for customer, amount in owed.items() if amount}
    assert {row.supplier_id: row.credit_fen for row in rows if row.account == "220201"} == dict(owing)


def test_parties_of_open_items_are_in_finance(opened: World) -> None:
    customers = {customer.id for customer in opened.finance.customers}
    suppliers = {supplier.id for supplier in opened.finance.suppliers}
    for item in (*opened.finance.opening_receivables, *opened.finance.opening_receipts):
        assert item.customer_id in customers
    for payable in opened.finance.opening_payables:
        assert payable.supplier_id in suppliers


def test_the_stock_accounts_are_the_value_of_the_stock(opened: World) -> None:
    kinds = {product.code: product.kind for product in opened.products}
    worth: Counter[str] = Counter()
    for code, _, _, value in opened.scm.opening_stock:
        worth["1403" if kinds[code] == "material" else "1405"] += value
    rows = {row.account: row.debit_fen for row in opened.finance.opening_balances}
    assert {account: rows.get(account, 0) for account in ("1403", "1405")} == {
        account: worth[account] for account in ("1403", "1405")
    }


def test_stock_is_ample_but_for_a_few_products(opened: World) -> None:
    main: defaultdict[str, int] = defaultdict(int)
    products = {product.code: product for product in opened.products}
    warehouses = [code for code, *_ in opened.scm.warehouses]
    for code, warehouse, quantity, value in opened.scm.opening_stock:
        product = products[code]
        assert warehouse in warehouses
        assert quantity > 0
        assert product.kind != "dish"
        if product.kind != "material":
            assert quantity % (1000 * product.units_per_sales_unit) == 0
            assert value * 100_000 == quantity * product.cost_e4
        if warehouse == warehouses[0]:
            main[code] = quantity
    assert len({row[:2] for row in opened.scm.opening_stock}) == len(opened.scm.opening_stock)
    for product in opened.products:
        pack = 1000 * product.units_per_sales_unit
        if product.scarce:
            assert 0 < main[product.code] <= 3 * pack
        else:
            assert main[product.code] >= product.stock_sales_units * pack
    sold = [product for product in opened.products if product.kind in ("goods", "finished")]
    assert 0 < sum(product.scarce for product in sold) < len(sold) / 4


def test_open_items_are_dated_and_numbered_as_the_system_does(opened: World) -> None:
    finance = opened.finance
    for item in finance.opening_receivables:
        assert re.fullmatch(rf"YS-{item.business_date[:4]}{item.business_date[5:7]}-\d{{5}}", item.number)
        assert item.business_date <= item.due_date
        assert item.business_date < OPENING.isoformat()
    for receipt in finance.opening_receipts:
        assert re.fullmatch(r"SK-\d{6}-\d{5}", receipt.number)
    for payable in finance.opening_payables:
        assert re.fullmatch(r"YF-\d{6}-\d{5}", payable.number)
    numbers = [
        item.number for item in (*finance.opening_receivables, *finance.opening_receipts, *finance.opening_payables)
    ]
    assert len(set(numbers)) == len(numbers)


def test_some_customers_are_late() -> None:
    for profile in list_profiles():
        world = build_world(WorldSpec(profile, "small", 42, OPENING, mess="clean", history=False))
        late = sum(item.due_date < OPENING.isoformat() for item in world.finance.opening_receivables)
        assert 0 < late < len(world.finance.opening_receivables)
