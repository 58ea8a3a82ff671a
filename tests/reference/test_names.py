"""Names taken apart: style does not count, region and legal form do."""

from __future__ import annotations

import pytest

from shapan.reference.names import Name, city_of, plain_name, same_but_for_style, short_name, taken_apart

LEGAL = "北京华信科技有限公司"


@pytest.mark.parametrize(
    ("name", "core", "form", "placed"),
    [
        (LEGAL, "华信科技", "有限", True),
        ("北京市华信科技有限责任公司", "华信科技", "有限", True),
        ("华信科技\uff08北京\uff09股份有限公司", "华信科技", "股份", True),
        ("华信科技(北京市)", "华信科技", "", True),
        ("华信 科技集团有限公司", "华信科技", "集团", False),
        ("南京华信科技", "南京华信科技", "", False),
        ("北京有限公司", "北京", "有限", False),
        (None, "", "", False),
    ],
)
def test_taken_apart(name: str | None, core: str, form: str, placed: bool) -> None:
    assert taken_apart(name, "北京") == Name(core, form, placed)


def test_nothing_is_known_of_a_region_without_a_city() -> None:
    assert taken_apart(LEGAL, "") == Name("北京华信科技", "有限", False)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("北京华信科技", True),
        ("华信科技\uff08北京\uff09", True),
        ("华信科技\uff08北京\uff09有限责任公司", True),
        ("北京华信科技股份有限公司", False),
        ("南京华信科技有限公司", False),
        ("北京华信科贸有限公司", False),
        ("", False),
    ],
)
def test_same_but_for_style(other: str, same: bool) -> None:
    assert same_but_for_style(taken_apart(LEGAL, "北京"), taken_apart(other, "北京")) is same


def test_city_and_plain_name() -> None:
    assert [city_of(one) for one in ("北京市", "北京", "沙市", None)] == ["北京", "北京", "沙市", ""]
    assert plain_name(" 华信\u3000科技\uff08北京\uff09 ") == "华信科技(北京)"
    assert plain_name(None) == ""


@pytest.mark.parametrize(
    ("legal", "short"),
    [
        (LEGAL, "北京华信科技"),
        ("上海远帆物流股份有限公司", "上海远帆物流"),
        ("华信科技\uff08北京\uff09有限责任公司", "华信科技\uff08北京\uff09"),
        ("某有限公司", "某有限公司"),
        ("示范合作社", "示范合作社"),
        ("青岛致义食品厂", "青岛致义食品厂"),
        ("Huaxin Technology 有限公司", "Huaxin Technology"),
        ("A" * 59 + " BC 有限公司", "A" * 59),
        ("某 有限公司", "某 有限公司"),
        ("A" + " " * 70 + "Trading 有限公司", "A Trading"),
    ],
)
def test_short_name(legal: str, short: str) -> None:
    assert short_name(legal) == short
