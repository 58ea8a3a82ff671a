"""How a system writes a company (名称写法): full, short, with the region in brackets, in English ...

Each style takes the company and a stream and gives the name, or None: this company cannot be written so, or it would be the legal name
after all, and then the record has the legal name. Branches (分公司) keep the end of their names in every style.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from shapan.world.draws import Rng
from shapan.world.entities import Company
from shapan.world.names import CLOSE, OPEN, legal, names
from shapan.world.spec import HERE

Style = Callable[[Company, Rng], str | None]

_SWAPPED_FORMS = {
    "有限公司": "有限责任公司",
    "有限责任公司": "有限公司",
    "股份有限公司": "股份公司",
    "集团有限公司": "集团公司",
}


def styled(company: Company, style: str, rng: Rng) -> str | None:
    """The name in a style, None where it is the legal name. KeyError for a style that there is not."""
    return STYLES[style](company, rng)


def _legal(company: Company, rng: Rng) -> str | None:
    """北京华信科技有限公司: nothing is written in another way."""
    return None


def _drop_form(company: Company, rng: Rng) -> str | None:
    """北京华信科技"""
    return company.region_name + company.trade_name + company.industry_name


def _region_bracket(company: Company, rng: Rng) -> str | None:
    """华信科技(北京)有限公司 with full-width brackets; workshops and shops (厂, 商行) have no brackets in their names."""
    if company.form in names()["small_forms"]:
        return None
    return legal(company.region_name, company.trade_name, company.industry_name, company.form, "L1")


def _region_bracket_noform(company: Company, rng: Rng) -> str | None:
    """华信科技(北京) with full-width brackets"""
    return f"{company.trade_name}{company.industry_name}{OPEN}{company.region_name}{CLOSE}"


def _omit_region(company: Company, rng: Rng) -> str | None:
    """华信科技有限公司"""
    return company.trade_name + company.industry_name + company.form


def _short(company: Company, rng: Rng) -> str | None:
    """北京华信 or 华信科技"""
    if rng.random() < 0.5:
        return company.region_name + company.trade_name
    return company.trade_name + company.industry_name


def _form_swap(company: Company, rng: Rng) -> str | None:
    """有限公司 for 有限责任公司 and the other way, 股份公司 for 股份有限公司, 集团公司 for 集团有限公司"""
    if company.form not in _SWAPPED_FORMS:
        return None
    return _written(company, form=_SWAPPED_FORMS[company.form])


def _city_suffix(company: Company, rng: Rng) -> str | None:
    """北京市华信科技有限公司"""
    return _written(company, region=company.region_name + "市")


def _ind_short(company: Company, rng: Rng) -> str | None:
    """北京华信信息有限公司 for 北京华信信息技术有限公司"""
    return _written(company, industry=company.industry_short)


def _english(company: Company, rng: Rng) -> str | None:
    """Huaxin Technology (Beijing) Co., Ltd.; without brackets in the legal name also Beijing Huaxin Technology Co., Ltd."""
    words = english_words()
    region = words["regions"][company.region_name]
    trade = "".join(names()["pinyin"][character] for character in company.trade_name).capitalize()
    industry = words["industries"][company.industry_name]
    form = words["forms"][company.form]
    if company.layout == "L2":
        name = f"{trade} ({region}) {industry} {form}"
    elif company.layout == "L1" or (company.form not in names()["small_forms"] and rng.random() < 0.5):
        name = f"{trade} {industry} ({region}) {form}"
    else:
        name = f"{region} {trade} {industry} {form}"
    if company.branch:
        name += f" {words['regions'][company.branch.removesuffix('分公司')]} Branch"
    return name


def _former(company: Company, rng: Rng) -> str | None:
    """The name before it was renamed (曾用名)"""
    return company.former_name


def _written(company: Company, *, region: str = "", industry: str = "", form: str = "") -> str:
    """The legal name with one word replaced, without the branch."""
    return legal(
        region or company.region_name,
        company.trade_name,
        industry or company.industry_name,
        form or company.form,
        company.layout,
    )


@functools.cache
def english_words() -> dict[str, Any]:
    """The English words of regions, industries and forms."""
    return dict(json.loads((HERE / "data" / "english.json").read_text("utf-8")))


def _whole(style: Style) -> Style:
    """A style of the main name made one of the whole: with the branch behind it, and None where that is the legal name."""

    @functools.wraps(style)
    def whole(company: Company, rng: Rng) -> str | None:
        name = style(company, rng)
        if name is None:
            return None
        name += company.branch or ""
        return None if name == company.legal_name else name

    return whole


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "legal": _legal,
        "drop_form": _whole(_drop_form),
        "region_bracket": _whole(_region_bracket),
        "region_bracket_noform": _whole(_region_bracket_noform),
        "omit_region": _whole(_omit_region),
        "short": _whole(_short),
        "form_swap": _whole(_form_swap),
        "city_suffix": _whole(_city_suffix),
        "ind_short": _whole(_ind_short),
        "english": _english,
        "former": _former,
    }
)
"""The styles by the names that the mess has for them."""
