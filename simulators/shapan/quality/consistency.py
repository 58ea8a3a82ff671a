"""Checks of one record by itself (记录内一致性). Pure: record -> whether its cells agree, None when they say too little to tell.

A cell that is wrong by itself is the business of other rules: here it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shapan.kernel import uscc
from shapan.quality.values import PROVINCES, calendar_day

Record = Mapping[str, str | None]
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HAN = re.compile("[\u3400-\u9fff]")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Agreement:
    """A check of a record, the columns that an example shows, and what it asks for."""

    holds: Callable[[Record], bool | None]
    columns: tuple[str, ...]
    en: str
    zh: str


def code_of_region_and_industry(record: Record) -> bool | None:
    """The customer code begins with the codes of region and industry."""
    code, region, industry = record["code"], record["region"], record["industry"]
    if not code or not region or not industry:
        return None
    return code.split("-")[:2] == [region, industry]


def credit_code_of_province(record: Record) -> bool | None:
    """The division in the credit code, places 3 to 8, lies in the province of the address, where the company is registered (住所)."""
    code = record.get("credit_code") or record.get("tax_number")
    where = record.get("province") or record.get("address")
    if not code or not where or not uscc.check(code):
        return None
    province = PROVINCES.get(code[2:4])
    if province is None or not where.startswith(tuple(PROVINCES.values())):
        return None
    return where.startswith(province)


def short_name_of_full_name(record: Record) -> bool | None:
    """The short name has no Chinese character that the full name has not; the words may be turned round, as in 华信科技（北京）."""
    full, short = record.get("full_name") or record.get("name"), record["short_name"]
    if not full or not short or not _HAN.search(short) or not _HAN.search(full):
        return None
    return set(_HAN.findall(short)) <= set(full)


def bank_name_with_account(record: Record) -> bool | None:
    """There is a bank where there is an account, and an account where there is a bank."""
    name, account = record["bank_name"], record["bank_account"]
    return None if not name and not account else bool(name and account)


def code_of_model(record: Record) -> bool | None:
    """The product code ends with the model."""
    code, model = record["product_code"], record["model"]
    return code.endswith(f"-{model}") if code and model else None


def gross_of_net_and_tax(record: Record) -> bool | None:
    """Net and tax come to gross."""
    net, tax, gross = map(_amount, (record["net"], record["tax"], record["gross"]))
    return None if net is None or tax is None or gross is None else net + tax == gross


def tax_of_net(record: Record) -> bool | None:
    """The tax of a line is the rate's part of its net amount, to a fen: out of a tax-inclusive price it may come out one fen otherwise (价税分离)."""
    net, tax, rate = _amount(record["net"]), _amount(record["tax"]), record["tax_rate_bp"]
    if net is None or tax is None or not rate or not rate.isdecimal():
        return None
    # The net amount was rounded by up to half a fen, and so was the tax.
    return abs(net * int(rate) / 10_000 - tax) <= _CENT


def due_after_business(record: Record) -> bool | None:
    """What is owed is not due before it arose."""
    business, due = record["business_date"], record["due_date"]
    if not business or not due or not all(_DAY.fullmatch(day) and calendar_day(day) for day in (business, due)):
        return None
    return due >= business


def one_side(record: Record) -> bool | None:
    """A balance stands in debit or in credit, not in both."""
    debit, credit = _amount(record["debit"]), _amount(record["credit"])
    return None if debit is None or credit is None else not (debit and credit)


def _amount(text: str | None) -> Decimal | None:
    return Decimal(text) if text and _AMOUNT.fullmatch(text) else None


AGREEMENTS = {
    "code-of-region-and-industry": Agreement(
        code_of_region_and_industry,
        ("code", "region", "industry"),
        "The code has region and industry in it",
        "编码与地区、行业一致",
    ),
    "credit-code-of-province": Agreement(
        credit_code_of_province,
        ("credit_code", "tax_number", "province", "address"),
        "The credit code's division lies in the province of the address",
        "信用代码的行政区划与地址省份一致",
    ),
    "short-name-of-full-name": Agreement(
        short_name_of_full_name,
        ("short_name", "full_name", "name"),
        "The short name is of the full name's words",
        "简称取自全称",
    ),
    "bank-name-with-account": Agreement(
        bank_name_with_account, ("bank_name", "bank_account"), "Bank and account stand together", "开户行与账号同时存在"
    ),
    "code-of-model": Agreement(
        code_of_model, ("product_code", "model"), "The code ends with the model", "编码以型号结尾"
    ),
    "gross-of-net-and-tax": Agreement(
        gross_of_net_and_tax, ("net", "tax", "gross"), "Net and tax come to gross", "不含税金额加税额等于含税金额"
    ),
    "tax-of-net": Agreement(
        tax_of_net, ("net", "tax_rate_bp", "tax"), "Tax is the rate's part of net", "税额等于不含税金额乘税率"
    ),
    "due-after-business": Agreement(
        due_after_business, ("business_date", "due_date"), "Due is not before the business date", "到期日不早于业务日期"
    ),
    "one-side": Agreement(one_side, ("debit", "credit"), "A balance stands on one side", "余额只在一方"),
}
"""By the name that stands under `x-consistent` in the standard."""
