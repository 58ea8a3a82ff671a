"""True companies: names as the law has them, codes that hold, addresses and telephones that belong together."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from stdnum.cn import uscc as oracle

from shapan.kernel.uscc import check
from shapan.world import Company, World
from shapan.world.companies import DEMO, MOST_CUSTOMERS, companies, registered_name, supplier
from shapan.world.companies import company as numbered
from shapan.world.draws import digest, place_of, stream
from shapan.world.names import Words, allowed, names, words
from shapan.world.places import regions

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
        # A branch has its parent's whole name and its own city (企业名称登记管理规定 article 13).
        name = company.legal_name.removesuffix(company.branch or "")
        found = [(layout, match) for layout, shape in NAMES.items() if (match := shape.fullmatch(name))]
        assert len(found) == 1, company.legal_name
        layout, match = found[0]
        assert (match["city"], match["form"]) == (company.region_name, company.form)
        assert company.trade_name in name
        assert company.industry_name in name
        layouts[layout] += 1
    # 86, 9 and 5 %; far from these only if the weights are not used.
    assert 0.83 < layouts["first"] / len(many) < 0.91
    assert 0.06 < layouts["before the form"] / len(many) < 0.12
    assert 0.02 < layouts["before the trade"] / len(many) < 0.08


def test_forms_come_as_often_as_they_are_registered(many: tuple[Company, ...]) -> None:
    forms = Counter(company.form for company in many)
    shares = {
        "有限公司": 0.80,
        "有限责任公司": 0.06,
        "股份有限公司": 0.07,
        "集团有限公司": 0.04,
        "厂": 0.02,
        "商行": 0.01,
    }
    assert set(forms) == set(shares)
    for form, share in shares.items():
        assert abs(forms[form] / len(many) - share) < 0.02, form


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


def test_names_are_distinct_and_words_too_but_for_those_that_resemble_another(many: tuple[Company, ...]) -> None:
    assert len({company.legal_name for company in many}) == len(many)
    own = [
        (c.region_name, c.trade_name, c.industry_name) for c in many if c.likeness not in ("form", "layout", "branch")
    ]
    assert len(set(own)) == len(own)


def test_two_hundred_thousand_names_are_distinct(many: tuple[Company, ...]) -> None:
    """By construction; here they are really made, look-alikes among them."""
    assert len({registered_name(42, n) for n in range(1, 200_001)}) == 200_000
    assert [registered_name(42, n) for n in range(1, 3001)] == [company.legal_name for company in many]


def test_words_of_different_numbers_differ_to_the_end_of_the_numbers() -> None:
    key = digest(7, "names")
    numbers = [*range(1, 5001), *range(MOST_CUSTOMERS - 5000, MOST_CUSTOMERS + 5001)]
    found = {words(stream(7, "name", number), key, number) for number in numbers}
    assert len(found) == len(numbers)
    assert len({f"{w.region_name}{w.trade_name}{w.industry_name}" for w in found}) == len(numbers)
    assert {w.colour for w in found} == {0}


def test_a_shift_keeps_families_of_names_apart() -> None:
    base = words(stream(42, "name", 17), digest(42, "names"), 17)
    seen = set()
    for word, colour in (("region", 1), ("industry", 2), ("second", 3), ("region", 4)):
        for key in range(12):
            moved = base.moved(word, key, colour)
            assert moved.colour == colour
            assert sum(getattr(moved, name) != getattr(base, name) for name in Words.__slots__) == 1
            seen.add(moved)
    # Two different bases never meet when they are moved by the same key.
    other = words(stream(42, "name", 18), digest(42, "names"), 18)
    assert other.moved("region", 3, 1) != base.moved("region", 3, 1)


def test_every_place_of_a_table_is_taken_once() -> None:
    rows, columns = 13, 7
    places = {place_of(99, n, rows, columns) for n in range(rows * columns)}
    assert places == {(row, column) for row in range(rows) for column in range(columns)}
    assert [place_of(99, n, rows, columns) for n in range(5)] != [place_of(98, n, rows, columns) for n in range(5)]


def test_a_name_must_be_plain_where_the_trade_name_ends() -> None:
    lists = names()
    technology = next(place for place, entry in enumerate(lists["industries"]) if entry[0] == "科技")
    first, second = lists["first"].index("华"), lists["second"].index("智")
    assert allowed(Words(0, technology, first, second, ""))
    assert not allowed(Words(0, technology, first, second, "能"))


@pytest.mark.parametrize("seed", [42, 5])
def test_one_in_eight_resembles_another(seed: int) -> None:
    everybody = {company.key: company for company in companies(seed, 2000)}
    alike = [company for company in everybody.values() if company.lookalike_of]
    assert len(alike) == 240
    kinds = Counter(company.likeness for company in alike)
    assert set(kinds) == {"region", "industry", "branch", "near", "form", "layout"}
    assert 0.25 < kinds["region"] / len(alike) < 0.55
    for one in alike:
        other = everybody[str(one.lookalike_of)]
        assert other.lookalike_of is None
        assert one.number > other.number
        assert one.uscc != other.uscc
        same = [
            name
            for name in ("region_name", "trade_name", "industry_name", "form", "layout")
            if getattr(one, name) == getattr(other, name)
        ]
        match one.likeness:
            case "region":
                assert {"trade_name", "industry_name", "layout"} <= set(same)
                assert one.region_name != other.region_name
            case "industry":
                assert {"trade_name", "region_name"} <= set(same)
                assert one.industry_name != other.industry_name
            case "near":
                assert {"region_name", "industry_name"} <= set(same)
                assert sum(a != b for a, b in zip(one.trade_name, other.trade_name, strict=True)) == 1
            case "form":
                assert one.form != other.form
                assert len(same) == 4 or {one.form, other.form} & {"厂", "商行"}
            case "layout":
                assert one.layout != other.layout
                assert len(same) == 4
            case _:
                assert one.parent == other.key
                assert one.trade_name == other.trade_name
                assert one.branch is None or one.legal_name == f"{other.legal_name}{one.branch}"


def test_the_demo_set_resembles_others_only_in_ways_that_every_style_shows() -> None:
    for seed in range(40):
        found = companies(seed, DEMO)
        assert {one.likeness for one in found} <= {None, "region", "industry", "near"}
        assert not any(one.former_name for one in found)


def test_three_of_a_hundred_were_called_otherwise_before(many: tuple[Company, ...]) -> None:
    renamed = [company for company in many if company.former_name]
    assert 0.015 < len(renamed) / len(many) < 0.045
    for company in renamed:
        assert company.former_name != company.legal_name
        assert company.renamed_on is not None
        assert "2019-01-01" < company.renamed_on < "2025-12-31"
        assert company.branch is None


def test_a_company_is_known_by_its_number_alone(many: tuple[Company, ...]) -> None:
    assert numbered(42, 2997) == many[2996]
    assert numbered(42, 777_777).legal_name != numbered(42, 777_778).legal_name


def test_suppliers_are_companies_of_their_own(many: tuple[Company, ...]) -> None:
    sellers = [supplier(42, n, ("电线电缆", "紧固件", "轴承")) for n in range(1, 61)]
    assert {one.company.uscc for one in sellers}.isdisjoint(company.uscc for company in many)
    assert {one.company.legal_name for one in sellers}.isdisjoint(company.legal_name for company in many)
    assert [one.code for one in sellers[:2]] == ["GY00001", "GY00002"]
    assert {one.grade for one in sellers} == {"A", "B", "C"}
    assert {one.categories[0] for one in sellers[:3]} == {"电线电缆", "紧固件", "轴承"}
    assert {len(one.categories) for one in sellers} == {1, 2, 3}


def test_bank_accounts_are_of_the_district(many: tuple[Company, ...]) -> None:
    for company in many[:300]:
        assert re.fullmatch(r"[1-9]\d{14,18}", company.bank.number)
        assert company.bank.branch == f"{company.bank.bank}{company.address.city}{company.address.district}支行"


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
        assert company.region == region["code"]
        assert company.branch or company.region_name == region["name"]
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
            assert re.fullmatch(r"[a-z0-9]+@[a-z]+-[a-z]{2}\.example", person.email)
        assert re.fullmatch(r"office@[a-z]+-[a-z]{2}\.example", company.email)


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
