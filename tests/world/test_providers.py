"""The Faker providers: usable outside Shapan, governed by Faker's seed, and what they give holds."""

from __future__ import annotations

import re

import pytest
from faker import Faker
from stdnum import luhn
from stdnum.cn import uscc as oracle

from shapan.world.companies import company
from shapan.world.providers import ShapanProvider


@pytest.fixture
def fake() -> Faker:
    """A Faker of seed 7 with our provider."""
    made = Faker("zh_CN")
    made.add_provider(ShapanProvider)
    made.seed_instance(7)
    return made


def test_fakers_seed_governs_them(fake: Faker) -> None:
    names = [name for name in dir(ShapanProvider) if name.startswith("cn_") and name != "cn_company"]
    first = [getattr(fake, name)() for name in names]
    fake.seed_instance(7)
    assert [getattr(fake, name)() for name in names] == first
    fake.seed_instance(8)
    assert [getattr(fake, name)() for name in names] != first
    assert len(names) >= 10


def test_what_they_give_holds(fake: Faker) -> None:
    for _ in range(200):
        assert re.fullmatch(r"[一-龥\uff08\uff09]+(公司|厂|商行)", fake.cn_company_name())
        assert oracle.is_valid(fake.cn_credit_code())
        assert luhn.is_valid(fake.cn_bank_card())
        assert re.fullmatch(r"62\d{17}", fake.cn_bank_card())
        assert re.fullmatch(r"1[3-9]\d{9}", fake.cn_mobile())
        assert re.fullmatch(r"0\d{2,3}-[5-8]\d{6,7}", fake.cn_landline())
        assert re.fullmatch(r"26\d{18}", fake.cn_invoice_number(2026))
        assert re.fullmatch(r"[一-龥]{2,4}", fake.cn_person_name())
        assert re.fullmatch(r"记-\d{4}", fake.cn_voucher_label())
        assert re.fullmatch(r"[A-Z]{2,3}-[0-9A-Z]+-[0-9A-Z]+", fake.cn_product().code)
        assert len(fake.cn_region()) >= 2
        address = fake.cn_address()
        assert address.district in address.text
        assert re.fullmatch(r"[1-9]\d{14,18}", fake.cn_bank_account().number)


def test_a_company_by_number_is_that_of_the_worlds(fake: Faker) -> None:
    assert fake.cn_company(42, 17) == company(42, 17)
    assert fake.cn_company(42, 18) != company(42, 17)


def test_two_thousand_names_are_hardly_ever_the_same(fake: Faker) -> None:
    """Faker's own zh_CN has 324 company names."""
    assert len({fake.cn_company_name() for _ in range(2000)}) > 1990
