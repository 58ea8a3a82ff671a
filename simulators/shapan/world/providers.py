"""Faker providers (Faker 数据提供器) of what Faker's zh_CN does not have: companies, credit codes, coherent addresses, accounts.

    from faker import Faker
    from shapan.world.providers import ShapanProvider

    fake = Faker("zh_CN")
    fake.add_provider(ShapanProvider)
    fake.cn_company_name()        # 苏州瑞和电子科技有限公司

They draw from Faker's own generator, so `Faker.seed()` governs them. A name may come twice in a long run; for companies of which no two
are the same, each known by its number alone, use `cn_company(seed, number)`.
"""

from __future__ import annotations

import functools
from datetime import date

from faker.providers import BaseProvider

from shapan.world import banking, companies, names, people, places
from shapan.world.draws import between, digest, pick
from shapan.world.entities import Address, BankAccount, Company, Product
from shapan.world.products import products
from shapan.world.spec import load_profile

_PRODUCTS = 300


@functools.cache
def _products() -> tuple[Product, ...]:
    return products(1, _PRODUCTS, load_profile("trading"), date(2026, 1, 1))


class ShapanProvider(BaseProvider):
    """Chinese business data. Every method is named `cn_…` and takes no arguments unless it says so."""

    def cn_company(self, seed: int, number: int) -> Company:
        """The company with this number (1 to 900,000) under this seed: name in its parts, code, address, people (企业)."""
        return companies.company(seed, number)

    def cn_company_name(self) -> str:
        """A registered name (企业名称): 华信电子科技 with its city and form, in one of the three layouts."""
        number = between(self.generator.random, 1, names.NUMBERS)
        found = names.words(self.generator.random, digest("faker", "names"), number)
        form, layout = names.form_of(self.generator.random, found.industry_name)
        return names.legal(found.region_name, found.trade_name, found.industry_name, form, layout)

    def cn_credit_code(self) -> str:
        """A unified social credit code (统一社会信用代码) with both check characters right, of a range that no company has."""
        region = pick(self.generator.random, places.regions())
        return companies.random_code(self.generator.random, pick(self.generator.random, region["districts"])[1])

    def cn_address(self) -> Address:
        """An address (地址) whose province, city, district, postcode and division belong together; `.text` is on one line."""
        region = pick(self.generator.random, places.regions())
        return places.address(self.generator.random, region, pick(self.generator.random, region["districts"]))

    def cn_landline(self) -> str:
        """A landline (固定电话) with the area code of some city: 0512-68881234."""
        return places.landline(self.generator.random, pick(self.generator.random, places.regions()))

    def cn_mobile(self) -> str:
        """A mobile number (手机号). It may be somebody's: never send to it."""
        return people.mobile(self.generator.random)

    def cn_person_name(self) -> str:
        """A name of a person (姓名), surnames by how common they are."""
        return people.person_name(self.generator.random)

    def cn_bank_account(self) -> BankAccount:
        """A corporate account (对公账户) at a branch of a made-up bank."""
        return banking.bank_account(self.generator.random, self.cn_address())

    def cn_bank_card(self) -> str:
        """A debit card number (银行卡号) of 19 digits, right by Luhn. It may be somebody's: never charge it."""
        return banking.bank_card(self.generator.random)

    def cn_invoice_number(self, year: int = 2026) -> str:
        """The number of a fully digitised invoice (数电票号码) of that year, 20 digits."""
        region = pick(self.generator.random, places.regions())
        return banking.invoice_number(self.generator.random, year, region["division"])

    def cn_region(self) -> str:
        """The name of a city (地区) as it stands in registered names: 苏州."""
        return str(pick(self.generator.random, places.regions())["name"])

    def cn_product(self) -> Product:
        """A product (商品) of the trading world: code CAT-SPEC-MODEL, name, specification, units, price in fen, tax rate."""
        return pick(self.generator.random, _products())

    def cn_voucher_label(self) -> str:
        """The label of a voucher (凭证字号) as books have it: 记-0017."""
        return f"记-{between(self.generator.random, 1, 9999):04d}"
