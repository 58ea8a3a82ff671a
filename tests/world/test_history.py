"""The year before the opening: documents that agree with each other, stock that replays, and shares as the mess says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shapan.kernel.money import divide_half_up, split_gross
from shapan.world import World, WorldSpec, build_world, list_profiles
from shapan.world.build import Source
from shapan.world.companies import DEMO
from shapan.world.documents import Sale
from shapan.world.history import price_on
from shapan.world.serials import MONTHS, month_start
from shapan.world.views import UNIDENTIFIED_ID

OPENING = date(2026, 11, 1)


@pytest.fixture(scope="module", params=list_profiles())
def told(request: pytest.FixtureRequest) -> World:
    """A small world of each profile with its past year."""
    return build_world(WorldSpec(request.param, "small", 42, OPENING))


def test_there_is_business_in_every_profile(told: World) -> None:
    assert len(told.sales) > 150
    assert len(told.purchases) > 50
    assert bool(told.productions) is any(product.kind == "finished" for product in told.products)
    months = Counter(f"{sale.ordered_at:%Y-%m}" for sale in told.sales)
    assert len(months) == MONTHS


def test_every_date_is_in_the_year_and_in_its_order(told: World) -> None:
    first, before = month_start(OPENING, -MONTHS), month_start(OPENING, -MONTHS - 1)
    for sale in told.sales:
        assert first <= sale.ordered_at.date() <= sale.shipped_on < OPENING
        assert sale.ordered_at.weekday() < 6
        assert sale.shipped_on <= sale.due_on
        for receipt in sale.receipts:
            assert sale.shipped_on <= receipt.received_on < OPENING
    for purchase in told.purchases:
        assert purchase.ordered_on < purchase.received_on
        assert before <= purchase.received_on < OPENING
        assert purchase.paid_on is None or purchase.due_on <= purchase.paid_on < OPENING
        assert (purchase.paid_on is None) is (purchase.payment_number is None)
    for made in told.productions:
        assert before <= made.released_on < made.issued_on < made.received_on < OPENING


def test_numbers_are_distinct_and_without_gaps(told: World) -> None:
    numbers = [
        number for sale in told.sales for number in (sale.order_number, sale.sales_order_number, sale.delivery_number)
    ]
    numbers += [one.receivable_number for one in (*told.sales, *told.carried)]
    for sale in told.sales:
        for receipt in sale.receipts:
            numbers += [receipt.number] + ([receipt.settlement_number] if receipt.settlement_number else [])
    for purchase in told.purchases:
        numbers += [purchase.order_number, purchase.receipt_number, purchase.payable_number]
        numbers += [purchase.payment_number] if purchase.payment_number else []
    for made in told.productions:
        numbers += [made.order_number, made.issue_number, made.receipt_number]
    assert len(set(numbers)) == len(numbers)
    series: defaultdict[str, list[int]] = defaultdict(list)
    for number in numbers:
        name, _, serial = number.rpartition("-")
        series[name].append(int(serial))
    for serials in series.values():
        assert sorted(serials) == list(range(1, len(serials) + 1))


def test_amounts_are_what_price_quantity_and_discount_come_to(told: World) -> None:
    for sale in told.sales:
        assert len({line.product.key for line in sale.lines}) == len(sale.lines)
        for line in sale.lines:
            assert line.price_fen == price_on(line.product, sale.ordered_at.date())
            gross = (line.packs * line.price_fen * (10_000 - line.discount_bp) + 5_000) // 10_000
            assert line.gross_fen == gross > 0
            amount = split_gross(gross, line.product.tax_rate_bp)
            assert (line.net_fen, line.tax_fen) == (amount.net, amount.tax)
        assert sale.settled_fen <= sale.gross_fen
    for purchase in told.purchases:
        for bought in purchase.lines:
            # Exact: four decimals of a price per base unit say the whole amount.
            assert bought.quantity_milli * bought.unit_price_e4 == bought.net_fen * 100_000
            assert bought.unit_price_e4 == bought.product.cost_e4


def test_only_customers_that_all_three_systems_have_trade(told: World) -> None:
    crm = {one.entity for one in told.crm.customers}
    scm = {one.entity: one.code for one in told.scm.partners}
    finance = {one.entity: one.id for one in told.finance.customers}
    ids = {one.id for one in told.crm.customers}
    for sale in told.sales:
        assert sale.entity in crm
        assert sale.customer_id in ids
        assert (scm[sale.entity], finance[sale.entity]) == (sale.partner_code, sale.finance_id)


def test_stock_replays_day_by_day_and_never_falls_short(told: World) -> None:
    """Receipts of a day before its issues. At the end quantity and value are those of the opening, product by product."""
    quantity: Counter[tuple[str, str]] = Counter()
    value: Counter[str] = Counter()
    for row in told.stock_before:
        quantity[row.product.key, row.warehouse] += row.quantity_milli
        value[row.product.key] += row.value_fen
    moves: list[tuple[date, int, str, str, int, int]] = []
    for purchase in told.purchases:
        for line in purchase.lines:
            moves.append(
                (purchase.received_on, 0, line.product.key, purchase.warehouse, line.quantity_milli, line.net_fen)
            )
    for made in told.productions:
        moves.append((made.received_on, 0, made.product.key, made.warehouse, made.quantity_milli, made.cost_fen))
        assert made.cost_fen == made.labour_fen + sum(used.value_fen for used in made.materials)
        assert made.labour_fen >= 0
        for used in made.materials:
            moves.append((made.issued_on, 1, used.product.key, made.warehouse, -used.quantity_milli, -used.value_fen))
    for sale in told.sales:
        for sold in sale.lines:
            moves.append((sale.shipped_on, 1, sold.product.key, sale.warehouse, -sold.quantity_milli, -sold.cost_fen))
    for day, _, product, warehouse, change, worth in sorted(moves, key=lambda move: move[:2]):
        quantity[product, warehouse] += change
        value[product] += worth
        assert quantity[product, warehouse] >= 0, (day, product)
        assert value[product] >= 0
    keys = {product.code: product.key for product in told.products}
    opened: Counter[str] = Counter()
    for code, warehouse, milli, worth in told.scm.opening_stock:
        assert quantity.pop((keys[code], warehouse)) == milli
        opened[keys[code]] += worth
    assert not any(quantity.values())
    assert {key: worth for key, worth in value.items() if worth} == dict(opened)


def test_what_leaves_stock_leaves_it_at_the_moving_average(told: World) -> None:
    """The cost of goods never changes, so that the average is the cost whatever comes and goes."""
    for sale in told.sales:
        for line in sale.lines:
            assert line.cost_fen * 100_000 == line.quantity_milli * line.product.cost_e4
    for product in told.products:
        assert product.cost_e4 * product.units_per_sales_unit % 100 == 0


def test_materials_leave_stock_at_the_average_of_their_day(told: World) -> None:
    """Company-wide moving average, receipts of a day before its issues, issues of a day in the order of their numbers."""
    quantity: Counter[str] = Counter()
    value: Counter[str] = Counter()
    for row in told.stock_before:
        quantity[row.product.key] += row.quantity_milli
        value[row.product.key] += row.value_fen
    moves = [
        (purchase.received_on, 0, purchase.receipt_number, line.product.key, line.quantity_milli, line.net_fen)
        for purchase in told.purchases
        for line in purchase.lines
    ]
    moves += [
        (made.issued_on, 1, made.issue_number, used.product.key, used.quantity_milli, used.value_fen)
        for made in told.productions
        for used in made.materials
    ]
    materials = {product.key for product in told.products if product.kind == "material"}
    for _, issue, number, product, milli, worth in sorted(moves):
        if product in materials and issue:
            assert worth == divide_half_up(value[product] * milli, quantity[product]), number
        quantity[product] += -milli if issue else milli
        value[product] += -worth if issue else worth


def test_the_past_leaves_what_is_open_whether_it_is_told_or_not(told: World) -> None:
    untold = build_world(replace(told.spec, history=False))
    assert untold.finance == told.finance
    assert untold.scm == told.scm
    assert (untold.sales, untold.carried, untold.purchases, untold.productions) == ((), (), (), ())
    kept = Counter((code, warehouse) for code, warehouse, *_ in untold.scm.opening_stock)
    assert Counter((row.product.code, row.warehouse) for row in untold.stock_before) == kept


def test_a_customer_more_changes_nothing_of_the_others() -> None:
    """Numbers of purchases may differ: they cover what all customers buy together."""
    few, many = Source(WorldSpec("trading", "small", 5, OPENING)), Source(WorldSpec("trading", "medium", 5, OPENING))
    assert few.products == many.products[: len(few.products)]
    few.products = many.products
    old, new = few.chronicle(), many.chronicle()
    companies = list(few.companies())
    told = [document for company in companies for document in old.sales_of(company)]
    assert len(told) > 300
    assert [document for company in companies for document in new.sales_of(company)] == told


def test_open_items_are_as_old_as_the_mess_says() -> None:
    """Shares of the open items: 12 % overdue by more than 90 days, 5 % by more than 180, 2 % by more than a year."""
    items = open_items = 0
    older: Counter[int] = Counter()
    found: Counter[str] = Counter()
    for seed in (1, 2, 3):
        world = build_world(WorldSpec("garments", "medium", seed, OPENING))
        items += len(world.sales)
        for item in world.finance.opening_receivables:
            open_items += 1
            age = (OPENING - date.fromisoformat(item.due_date)).days
            for days in (90, 180, 365):
                older[days] += age > days
        found.update(noise.rule for noise in world.answer_key.noise)
    for days, share in ((90, 0.12), (180, 0.05), (365, 0.02)):
        assert 0.6 < older[days] / open_items / share < 1.5, days
    for rule, share in (("unidentified", 0.03), ("unsettled", 0.02), ("cents", 0.02)):
        assert 0.5 < found[f"items.{rule}"] / open_items / share < 1.6, rule
    assert 0.1 < open_items / items < 0.3


def test_a_clean_world_has_nothing_that_is_open_without_reason() -> None:
    world = build_world(WorldSpec("trading", "small", 8, OPENING, mess="clean"))
    assert world.carried == ()
    assert world.finance.opening_receipts == ()
    for item in world.finance.opening_receivables:
        assert (OPENING - date.fromisoformat(item.due_date)).days <= 90
    for sale in world.sales:
        assert all(receipt.customer_id == sale.finance_id for receipt in sale.receipts)


def test_the_demo_set_pays_in_its_own_name(told: World) -> None:
    demo = {company.key for company in told.companies[:DEMO]}
    bought = [sale for sale in told.sales if sale.entity in demo]
    assert len(bought) > 20
    for sale in bought:
        assert all(receipt.settlement_number and receipt.customer_id == sale.finance_id for receipt in sale.receipts)


def test_every_fault_of_the_money_is_in_the_log(told: World) -> None:
    noise = {(one.record_id, one.rule) for one in told.answer_key.noise}
    for sale in told.sales:
        for receipt in sale.receipts:
            assert ((receipt.number, "items.unidentified") in noise) is (receipt.customer_id == UNIDENTIFIED_ID)
            unsettled = receipt.settlement_number is None and receipt.customer_id != UNIDENTIFIED_ID
            assert ((receipt.number, "items.unsettled") in noise) is unsettled
        left, overdue = sale.gross_fen - sale.settled_fen, (OPENING - sale.due_on).days
        cents = sale.settled_fen > 0 and 0 < left < 10
        assert ((sale.receivable_number, "items.cents") in noise) is cents
        unpaid = not sale.receipts
        assert ((sale.receivable_number, "items.over_180") in noise) is (unpaid and overdue > 180)
        assert ((sale.receivable_number, "items.over_90") in noise) is (unpaid and 90 < overdue <= 180)
        if sale.receipts and not cents and sum(one.amount_fen for one in sale.receipts) != sale.gross_fen:
            assert max(one.received_on for one in sale.receipts) > OPENING - timedelta(days=25)
    assert {one.receivable_number for one in told.carried} == {
        record for record, rule in noise if rule == "items.over_365"
    }


def test_stale_products_did_not_move(told: World) -> None:
    stale = {(one.record_id, one.rule) for one in told.answer_key.noise if one.rule.startswith("stock.stale")}
    moved: dict[str, date] = {}
    for sale in told.sales:
        for line in sale.lines:
            moved[line.product.code] = max(sale.shipped_on, moved.get(line.product.code, sale.shipped_on))
    for made in told.productions:
        for used in made.materials:
            moved[used.product.code] = max(made.issued_on, moved.get(used.product.code, made.issued_on))
        moved[made.product.code] = max(made.received_on, moved.get(made.product.code, made.received_on))
    assert stale
    for code, rule in stale:
        days = int(rule.removeprefix("stock.stale_"))
        last = moved.get(code)
        assert last is None or (days == 180 and last < OPENING - timedelta(days=180))


def test_a_sale_knows_its_sums() -> None:
    world = build_world(WorldSpec("trading", "tiny", 42, OPENING))
    sale = world.sales[0]
    assert isinstance(sale, Sale)
    assert sale.gross_fen == sale.net_fen + sale.tax_fen == sum(line.gross_fen for line in sale.lines)
