"""How systems write companies: what each style makes of a name, and what holds for all companies in all styles."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from shapan.world import Company
from shapan.world.companies import DEMO, companies
from shapan.world.dirt.styles import STYLES, english_words, styled
from shapan.world.draws import stream
from shapan.world.names import FORMS, LAYOUTS, SMALL_FORMS, legal, names
from shapan.world.places import regions


@pytest.fixture(scope="module")
def many() -> tuple[Company, ...]:
    """Enough companies for every layout, form, likeness and branch."""
    return companies(42, 2000)


def company(
    form: str = "有限公司", layout: str = "L0", branch: str | None = None, former: str | None = None
) -> Company:
    """华信信息技术 of 北京."""
    name = legal("北京", "华信", "信息技术", form, layout) + (branch or "")
    return replace(
        companies(42, 1)[0],
        legal_name=name,
        region_name="北京",
        region="BJ",
        trade_name="华信",
        industry_name="信息技术",
        industry="IT",
        industry_short="信息",
        form=form,
        layout=layout,
        branch=branch,
        former_name=former,
    )


def written(one: Company, style: str) -> set[str | None]:
    """All names that a style can come to."""
    return {styled(one, style, stream("style", n)) for n in range(30)}


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ("legal", {None}),
        ("drop_form", {"北京华信信息技术"}),
        ("region_bracket", {"华信信息技术\uff08北京\uff09有限公司"}),
        ("region_bracket_noform", {"华信信息技术\uff08北京\uff09"}),
        ("omit_region", {"华信信息技术有限公司"}),
        ("short", {"北京华信", "华信信息技术"}),
        ("form_swap", {"北京华信信息技术有限责任公司"}),
        ("city_suffix", {"北京市华信信息技术有限公司"}),
        ("ind_short", {"北京华信信息有限公司"}),
        (
            "english",
            {"Beijing Huaxin Information Technology Co., Ltd.", "Huaxin Information Technology (Beijing) Co., Ltd."},
        ),
        ("former", {None}),
    ],
)
def test_what_a_style_makes_of_a_plain_name(style: str, name: set[str | None]) -> None:
    assert written(company(), style) == name


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ("drop_form", "北京华信信息技术上海分公司"),
        ("region_bracket_noform", "华信信息技术\uff08北京\uff09上海分公司"),
        ("form_swap", "北京华信信息技术有限责任公司上海分公司"),
        ("omit_region", "华信信息技术有限公司上海分公司"),
    ],
)
def test_a_branch_keeps_the_end_of_its_name(style: str, name: str) -> None:
    assert written(company(branch="上海分公司"), style) == {name}


def test_a_branch_in_english_says_that_it_is_one() -> None:
    names_ = written(company(branch="西安分公司"), "english")
    assert names_ == {
        "Beijing Huaxin Information Technology Co., Ltd. Xi'an Branch",
        "Huaxin Information Technology (Beijing) Co., Ltd. Xi'an Branch",
    }


@pytest.mark.parametrize(
    ("form", "swapped"),
    [
        ("有限责任公司", "北京华信信息技术有限公司"),
        ("股份有限公司", "北京华信信息技术股份公司"),
        ("集团有限公司", "北京华信信息技术集团公司"),
        ("厂", None),
        ("商行", None),
    ],
)
def test_the_forms_that_are_taken_for_one_another(form: str, swapped: str | None) -> None:
    assert written(company(form=form), "form_swap") == {swapped}


def test_brackets_stay_where_the_layout_has_them() -> None:
    assert written(company(layout="L1"), "region_bracket") == {None}
    assert written(company(layout="L2"), "city_suffix") == {"华信\uff08北京市\uff09信息技术有限公司"}
    assert written(company(layout="L2"), "english") == {"Huaxin (Beijing) Information Technology Co., Ltd."}
    assert written(company(layout="L1"), "english") == {"Huaxin Information Technology (Beijing) Co., Ltd."}
    assert written(company(form="厂"), "region_bracket") == {None}
    assert written(company(form="厂"), "english") == {"Beijing Huaxin Information Technology Factory"}


def test_the_former_name_and_an_industry_that_has_no_short_one() -> None:
    assert written(company(former="北京华鑫科技有限公司"), "former") == {"北京华鑫科技有限公司"}
    assert written(replace(company(), industry_short="信息技术"), "ind_short") == {None}


def test_an_unknown_style_is_no_style() -> None:
    with pytest.raises(KeyError):
        styled(company(), "shortest", stream("style"))


@pytest.mark.parametrize("style", STYLES)
def test_no_style_gives_the_legal_name_and_each_gives_the_same_again(style: str, many: tuple[Company, ...]) -> None:
    found = 0
    for one in many:
        name = styled(one, style, stream("style", one.key))
        assert name != one.legal_name
        assert name == styled(one, style, stream("style", one.key))
        if name is None:
            continue
        found += 1
        assert name
        if one.branch and style != "english":
            assert name.endswith(one.branch)
        if style == "english":
            assert re.fullmatch(r"[A-Za-z&.,'() -]+", name)
            assert name.endswith(" Branch") == bool(one.branch)
    # Every style fits somebody, the legal name is no other way of writing.
    assert (found > 0) == (style != "legal")


def test_the_demo_set_can_be_written_in_the_three_ways(many: tuple[Company, ...]) -> None:
    for one in many[:DEMO]:
        ways = [
            one.legal_name,
            *(styled(one, style, stream(one.key)) for style in ("drop_form", "region_bracket_noform")),
        ]
        assert None not in ways
        assert len(set(ways)) == 3


def test_every_word_of_a_name_has_an_english_one() -> None:
    words, lists = english_words(), names()
    assert set(words["regions"]) == {region["name"] for region in regions()}
    assert set(words["industries"]) == {entry[0] for entry in lists["industries"]}
    assert set(words["forms"]) == {form for form, _ in (*FORMS, *SMALL_FORMS)}
    assert set(lists["pinyin"]) >= set(lists["first"] + lists["second"])
    assert all(pinyin.isascii() and pinyin.islower() for pinyin in lists["pinyin"].values())
    # Two regions or trades of the same English name could not be told apart.
    for kind in ("regions", "industries"):
        assert len(set(words[kind].values())) == len(words[kind])
    assert {layout for layout, _ in LAYOUTS} == {"L0", "L1", "L2"}
