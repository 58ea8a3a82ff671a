"""What each system is given: its own style of name, its own identifiers, the credit code everywhere; and the answer key."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from shapan.kernel.uscc import check
from shapan.world import World


def test_sizes(world: World) -> None:
    customers, products, warehouses = {"tiny": (20, 12, 2), "small": (200, 120, 3)}[world.spec.size]
    assert {
        len(rows) for rows in (world.companies, world.crm.customers, world.scm.partners, world.finance.customers)
    } == {customers}
    assert {len(rows) for rows in (world.products, world.crm.products, world.scm.products)} == {products}
    assert len(world.warehouses) == len(world.scm.warehouses) == warehouses


def test_in_a_clean_world_every_system_has_the_legal_name_and_all_data(world: World) -> None:
    for company, crm, scm, finance in zip(
        world.companies, world.crm.customers, world.scm.partners, world.finance.customers, strict=True
    ):
        assert crm.name == scm.short_name == finance.short_name == company.legal_name
        assert crm.uscc == scm.tax_number == finance.tax_number == company.uscc
        assert crm.phone == scm.phone == finance.phone == company.phone
        assert (finance.bank_name, finance.bank_account) == (company.bank.branch, company.bank.number)
        assert crm.address == company.address
        assert check(company.uscc)
    assert world.answer_key.noise == ()


def test_every_system_has_identifiers_of_its_own(world: World) -> None:
    for customer in world.crm.customers:
        assert str(uuid.UUID(customer.id)) == customer.id
        assert re.fullmatch(rf"{customer.region}-{customer.industry}-\d{{3,}}", customer.code)
        for contact in customer.contacts:
            assert str(uuid.UUID(contact.id)) == contact.id
    ids = [row.id for row in world.crm.customers] + [c.id for row in world.crm.customers for c in row.contacts]
    assert len(set(ids)) == len(ids)
    assert len({row.code for row in world.crm.customers}) == len(world.crm.customers)
    assert [row.code for row in world.scm.partners] == [f"KH{n:05d}" for n in range(1, len(world.companies) + 1)]
    assert len({row.id for row in world.finance.customers}) == len(world.companies)


def test_customer_codes_count_up_within_region_and_industry(small: World) -> None:
    seen: dict[str, int] = {}
    for customer in small.crm.customers:
        prefix, _, serial = customer.code.rpartition("-")
        seen[prefix] = seen.get(prefix, 0) + 1
        assert int(serial) == seen[prefix]
    assert max(seen.values()) > 1


def test_customers_were_entered_before_the_year_that_is_told(world: World) -> None:
    for customer in world.crm.customers:
        created = datetime.fromisoformat(customer.created_at)
        assert created.utcoffset() is not None
        assert created.date() <= world.spec.opening - timedelta(days=365)
        assert customer.created_at.endswith("+08:00")


def test_terms_are_the_same_in_words_and_days(world: World) -> None:
    words = {0: "PREPAID", 30: "NET30", 60: "NET60", 90: "NET90"}
    for crm, finance in zip(world.crm.customers, world.finance.customers, strict=True):
        assert crm.payment_terms == words[finance.payment_terms_days]


def test_a_product_is_sold_in_one_unit_and_kept_in_another(world: World) -> None:
    for product, crm, scm in zip(world.products, world.crm.products, world.scm.products, strict=True):
        assert crm.code == scm.code == product.code
        assert crm.sales_unit == product.sales_unit
        assert scm.units[0] == (product.base_unit, 1000)
        assert dict(scm.units)[crm.sales_unit] == product.units_per_sales_unit * 1000
    assert any(len(row.units) == 2 for row in world.scm.products)


def test_the_answer_key_knows_every_record_and_no_other(world: World) -> None:
    key = world.answer_key
    for company, crm, scm, finance in zip(
        world.companies, world.crm.customers, world.scm.partners, world.finance.customers, strict=True
    ):
        expected = {
            ("crm", "customer", crm.id),
            ("scm", "customer", scm.code),
            ("finance", "customer", str(finance.id)),
        }
        assert set(key.records(company.key)) == expected
        assert {key.entity(*record) for record in expected} == {company.key}
    for seller in world.suppliers:
        found = key.records(seller.company.key)
        assert [(system, kind) for system, kind, _ in found] == [("scm", "supplier"), ("finance", "supplier")]
    for product in world.products:
        expected = {(system, "product", product.code) for system in ("crm", "scm", "finance")}
        assert set(key.records(product.key)) == expected
        assert {key.entity(*record) for record in expected} == {product.key}
    assert len(key.all()) == 3 * len(world.companies) + 2 * len(world.suppliers) + 3 * len(world.products)
    assert set(key.entities) == {key.entity(*record) for record in key.all()}
    assert key.entity("crm", "customer", "made at run time") is None
    assert key.entity("scm", "customer", world.crm.customers[0].id) is None
    assert key.records("C9999") == ()
