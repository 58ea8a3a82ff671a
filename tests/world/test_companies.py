"""True companies: names as the law has them, codes that hold, addresses and telephones that belong together."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from stdnum.cn import uscc as oracle

from shapan.kernel.uscc import check
from shapan.world import Company, World
from shapan.world.companies import companies, names, regions

# Lazy, so that 集团有限公司 is not read as a trade that ends in 集团.
WORDS, FORM = "[一-龥]{4,11}?", "(?P<form>有限责任公司|股份有限公司|集团有限公司|有限公司|厂|商行)"
CITY = "(?P<city>" + "|".join(region["name"] for region in regions()) + ")"
# 企业名称登记管理规定 article 6: region, brand, trade, form; the region may stand in full-width brackets further back.
NAMES = {
    "first": re.compile(f"{CITY}{WORDS}{FORM}"),
    "before the form": re.compile(f"{WORDS}\uff08{CITY}\uff09{FORM}"),
    "before the trade": re.compile(f"[一-龥]{{2,4}}\uff08{CITY}\uff09(?!集团|股份|有限)[一-龥]{{2,7}}?{FORM}"),
}
# Independent of the data file: the first two digits of postcodes and divisions (GB/T 2260) by province.
POSTCODES = {
    "北京市": "10", "天津市": "30", "上海市": "20", "重庆市": "40", "河北省": "05 06 07", "山西省": "03 04",
    "内蒙古自治区": "01 02", "辽宁省": "11 12", "吉林省": "13", "黑龙江省": "15 16", "江苏省": "21 22", "浙江省": "31 32",
    "安徽省": "23 24", "福建省": "35 36", "江西省": "33 34", "山东省": "25 26 27", "河南省": "45 46 47", "湖北省": "43 44",
    "湖南省": "41 42", "广东省": "51 52", "广西壮族自治区": "53 54", "海南省": "57", "四川省": "61 62 63 64",
    "贵州省": "55 56", "云南省": "65 66 67", "西藏自治区": "85 86", "陕西省": "71 72", "甘肃省": "73 74", "青海省": "81",
    "宁夏回族自治区": "75", "新疆维吾尔自治区": "83 84",
}  # fmt: skip
DIVISIONS = {
    "北京市": "11", "天津市": "12", "河北省": "13", "山西省": "14", "内蒙古自治区": "15", "辽宁省": "21", "吉林省": "22",
    "黑龙江省": "23", "上海市": "31", "江苏省": "32", "浙江省": "33", "安徽省": "34", "福建省": "35", "江西省": "36",
    "山东省": "37", "河南省": "41", "湖北省": "42", "湖南省": "43", "广东省": "44", "广西壮族自治区": "45", "海南省": "46",
    "重庆市": "50", "四川省": "51", "贵州省": "52", "云南省": "53", "西藏自治区": "54", "陕西省": "61", "甘肃省": "62",
    "青海省": "63", "宁夏回族自治区": "64", "新疆维吾尔自治区": "65",
}  # fmt: skip
# Area codes of cities other than 010 and 02x begin by part of the country.
AREAS = {
    "03": "13 14 41",
    "04": "15 21 22 23",
    "05": "32 33 34 35 37",
    "07": "36 42 43 44 45",
    "08": "46 51 52 53 54",
    "09": "61 62 63 64 65",
}
BIG_CITIES = {"北京": "010", "广州": "020", "上海": "021", "天津": "022", "重庆": "023", "沈阳": "024", "南京": "025", "武汉": "027", "成都": "028", "西安": "029"}  # fmt: skip


@pytest.fixture(scope="module")
def many() -> tuple[Company, ...]:
    """Enough companies for rare layouts, forms and districts to occur."""
    return companies(42, 3000)


def test_the_data_file_holds_fifty_cities_of_which_no_two_share_a_code() -> None:
    rows = regions()
    assert len(rows) == 50
    for member in ("name", "code", "division"):
        assert len({row[member] for row in rows}) == 50
    assert all(len(row["districts"]) >= 2 for row in rows)


@pytest.mark.parametrize("region", regions(), ids=lambda region: region["code"])
def test_a_city_hangs_together(region: dict[str, object]) -> None:
    """Province, division, postcode and area code against what is known about provinces."""
    province, division, area = str(region["province"]), str(region["division"]), str(region["area_code"])
    assert division.startswith(DIVISIONS[province])
    assert region["city"] == f"{region['name']}市"
    if region["name"] in BIG_CITIES:
        assert area == BIG_CITIES[str(region["name"])]
    else:
        assert division[:2] in AREAS[area[:2]].split()
    for name, code, postcode in region["districts"]:  # type: ignore[attr-defined]
        assert name[-1] in "区镇道"
        assert re.fullmatch(r"\d{6}", postcode)
        assert postcode[:2] in POSTCODES[province].split()
        # A district's division lies within the city's; in municipalities one level is left out.
        assert code[:4] == division[:4] or (province == region["city"] and code[:2] == division[:2])


def test_a_name_is_one_of_the_lawful_layouts(many: tuple[Company, ...]) -> None:
    layouts: Counter[str] = Counter()
    for company in many:
        found = [(layout, match) for layout, shape in NAMES.items() if (match := shape.fullmatch(company.legal_name))]
        assert len(found) == 1, company.legal_name
        layout, match = found[0]
        assert (match["city"], match["form"]) == (company.region_name, company.form)
        assert company.trade_name in company.legal_name
        assert company.industry_name in company.legal_name
        layouts[layout] += 1
    # 86, 9 and 5 %; far from these only if the weights are not used.
    assert 0.83 < layouts["first"] / len(many) < 0.91
    assert 0.06 < layouts["before the form"] / len(many) < 0.12
    assert 0.02 < layouts["before the trade"] / len(many) < 0.08


def test_names_are_of_standard_characters_without_doubled_ones(many: tuple[Company, ...]) -> None:
    for company in many:
        company.legal_name.replace("\uff08", "").replace("\uff09", "").encode("gb2312")
        assert not any(left == right for left, right in pairwise(company.legal_name))
        for person in company.contacts:
            person.name.encode("gb2312")


def test_no_name_is_a_brand_or_a_reserved_word_or_a_city(many: tuple[Company, ...]) -> None:
    cities = [region["name"] for region in regions()]
    for company in many:
        assert not [
            word for word in (*names()["brands"], "中国", "中华", "全国", "国家", *cities) if word in company.trade_name
        ]


def test_names_are_distinct_even_without_their_form(many: tuple[Company, ...]) -> None:
    """With seed 35 the 1157th would draw the words of the 1145th, 唐山源礼建材, were they not taken."""
    for found in (many, companies(35, 1157)):
        assert len({company.legal_name for company in found}) == len(found)
        assert len({(c.region, c.trade_name, c.industry_name) for c in found}) == len(found)


def test_credit_codes_hold_and_stand_in_our_own_range(many: tuple[Company, ...]) -> None:
    for company in many:
        assert check(company.uscc)
        assert oracle.is_valid(company.uscc)
        assert company.uscc.startswith(f"91{company.address.division}MAY")
    assert len({company.uscc for company in many}) == len(many)


def test_an_address_is_one_row_of_the_table(many: tuple[Company, ...]) -> None:
    table = {
        (region["province"], region["city"], *district): region
        for region in regions()
        for district in region["districts"]
    }
    for company in many:
        address = company.address
        region = table[address.province, address.city, address.district, address.division, address.postcode]
        assert (company.region, company.region_name) == (region["code"], region["name"])
        area, _, local = company.phone.partition("-")
        assert area == region["area_code"]
        assert re.fullmatch(rf"[2-8]\d{{{region['landline_digits'] - 1}}}", local)
        assert re.match(r"[一-龥]+[路道]\d{1,3}号", address.street)


def test_a_municipality_is_written_once(many: tuple[Company, ...]) -> None:
    beijing = next(company for company in many if company.region == "BJ")
    nanjing = next(company for company in many if company.region == "NJ")
    assert beijing.address.text == f"北京市{beijing.address.district}{beijing.address.street}"
    assert nanjing.address.text == f"江苏省南京市{nanjing.address.district}{nanjing.address.street}"


def test_people_have_mobile_numbers_and_mail_that_goes_nowhere(world: World) -> None:
    """RFC 2606 keeps .example for nobody."""
    for company in world.companies:
        assert 1 <= len(company.contacts) <= 3
        assert len({person.title for person in company.contacts}) == len(company.contacts)
        for person in company.contacts:
            assert re.fullmatch(r"1[3-9]\d{9}", person.phone)
            assert re.fullmatch(r"[一-龥]{2,4}", person.name)
            assert re.fullmatch(r"[a-z0-9]+@[a-z]+\.example", person.email)
        assert re.fullmatch(r"office@[a-z]+\.example", company.email)


def test_keys_terms_and_limits(world: World) -> None:
    assert [company.key for company in world.companies] == [f"C{n:04d}" for n in range(1, len(world.companies) + 1)]
    assert {company.payment_terms_days for company in world.companies} <= {0, 30, 60, 90}
    assert all(company.credit_limit_fen > 0 for company in world.companies)


def test_the_word_lists_are_standard_characters_with_pinyin() -> None:
    lists = names()
    for character in lists["first"] + lists["second"]:
        character.encode("gb2312")
        assert re.fullmatch("[a-z]+", lists["pinyin"][character])
    assert all(re.fullmatch("[A-Z]{2}", code) for _, code, _ in lists["industries"])
