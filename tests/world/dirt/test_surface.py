"""What happens to texts on their way in: each rule by example, and what holds for any text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.world.companies import companies
from shapan.world.dirt import tables
from shapan.world.dirt.surface import RULES, spoil
from shapan.world.draws import stream

NAME = "北京华信科技有限公司"
BRACKETED = "华信科技\uff08北京\uff09有限公司"
ENGLISH = "Huaxin Technology (Beijing) Co., Ltd."
NAMES = sorted({one.legal_name for one in companies(42, 400)} | {ENGLISH, "无", ""})


def ways(rule: str, text: str, number: int = 200) -> set[str]:
    """All that a rule can make of a text."""
    found = {spoil(rule, text, stream(rule, n)) for n in range(number)}
    return {one for one in found if one is not None}


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=40, deadline=None)
@given(text=st.one_of(st.text(max_size=12), st.sampled_from(NAMES)), seed=st.integers(0, 9999))
def test_a_spoilt_text_is_another_one_and_the_same_again(rule: str, text: str, seed: int) -> None:
    spoilt = spoil(rule, text, stream(seed))
    assert spoilt != text
    assert spoilt != ""
    assert spoilt == spoil(rule, text, stream(seed))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_something_in_a_name(rule: str) -> None:
    assert ways(rule, "拉萨诚昌江软件有限公司")


@pytest.mark.parametrize("rule", RULES)
def test_an_empty_text_is_left_alone_but_for_remarks(rule: str) -> None:
    assert (spoil(rule, "", stream(1)) is None) == (rule != "annot")


def test_an_unknown_rule_is_no_rule() -> None:
    with pytest.raises(KeyError):
        spoil("blots", NAME, stream(1))


def test_widths() -> None:
    assert ways("fullwidth", BRACKETED) == {"华信科技(北京)有限公司"}
    assert "Huaxin Technology \uff08Beijing\uff09 Co., Ltd." in ways("fullwidth", ENGLISH)
    assert ways("fullwidth", "AB 12") == {"\uff21\uff22 \uff11\uff12"}
    assert all(one.replace("\u3000", "") == NAME for one in ways("fullwidth", NAME))


def test_blanks_are_all_that_is_added() -> None:
    found = ways("space", NAME)
    assert all("".join(one.split()) == NAME for one in found)
    for example in (NAME + "\t", NAME + " ", " " + NAME, "北京 华信科技有限公司", "北京\u00a0华信科技有限公司"):
        assert example in found


def test_zero_widths_stand_inside() -> None:
    found = ways("zerowidth", NAME)
    assert {unicodedata.category(character) for one in found for character in set(one) - set(NAME)} == {"Cf"}
    assert {character for one in found for character in one} - set(NAME) == {"\u200b", "\ufeff", "\u200d"}
    assert all(one[0] == NAME[0] and one[-1] == NAME[-1] for one in found)


def test_traditional_is_the_whole_name() -> None:
    assert ways("traditional", NAME) == {"北京華信科技有限公司"}
    assert ways("traditional", "沈阳龙腾仪器仪表厂") == {"瀋陽龍騰儀器儀表廠"}
    assert ways("traditional", "天天") == set()


@pytest.mark.parametrize(
    ("rule", "table", "example"),
    [
        ("homophone", tables.homophones(), "北京华鑫科技有限公司"),
        ("shape", tables.shapes(), "北京毕信科技有限公司"),
        ("ocr", tables.ocr(), "北京华信枓技有限公司"),
    ],
)
def test_one_character_is_taken_for_another(rule: str, table: dict[str, str], example: str) -> None:
    found = ways(rule, NAME, 2000)
    assert example in found
    for one in found:
        ((before, after),) = [(a, b) for a, b in zip(NAME, one, strict=True) if a != b]
        assert after in table[before]


def test_the_legal_form_is_typed_as_one_word() -> None:
    assert all(one.endswith("股份有限公司") for one in ways("homophone", "北京华信科技股份有限公司", 1000))
    assert any(not one.endswith("有限公司") for one in ways("ocr", NAME))


def test_a_character_less_and_two_exchanged() -> None:
    assert ways("drop_char", NAME) >= {"北京华科技有限公司", "北京信科技有限公司"}
    assert ways("drop_char", NAME) == {NAME[:at] + NAME[at + 1 :] for at in range(len(NAME))}
    assert ways("drop_char", "华信") == set()
    assert "北京信华科技有限公司" in ways("swap_char", NAME)
    assert all(sorted(one) == sorted(NAME) for one in ways("swap_char", NAME))
    assert ways("swap_char", "人人人") == set()
    # What was put in before is not what gets lost, or the name would be whole again.
    assert NAME not in ways("drop_char", "北京\u200b华信科技有限公司") | ways("swap_char", "北京 华信科技有限公司")


def _read_back(spoilt: str) -> str:
    """As somebody would who knows of both ways."""
    try:
        return spoilt.encode("latin1").decode("gbk")
    except UnicodeError:
        return spoilt.encode("gbk").decode("utf8")


@settings(max_examples=100, deadline=None)
@given(
    text=st.one_of(
        st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1), st.sampled_from(NAMES)
    ),
    seed=st.integers(0, 99),
)
def test_a_wrong_encoding_can_be_put_right(text: str, seed: int) -> None:
    spoilt = spoil("mojibake", text, stream(seed))
    if spoilt is not None:
        assert _read_back(spoilt) == text
        assert not any(unicodedata.category(character) == "Cc" for character in spoilt)


def test_both_wrong_encodings_occur() -> None:
    assert "±±¾©»ªÐÅ¿Æ¼¼" in ways("mojibake", "北京华信科技")
    assert "鍖椾含鍗庝俊" in ways("mojibake", "北京华信")
    assert ways("mojibake", ENGLISH) == set()


def test_kuntao_is_what_lost_bytes_become() -> None:
    assert ways("kuntao", "北京华信") == {"锟斤拷" * 4}
    # The mishap itself: GBK read as UTF-8, stored, and read as GBK. The first byte of 北 begins no character of UTF-8.
    lost = "北".encode("gbk").decode("utf8", "replace").encode().decode("gbk")
    assert ways("kuntao", "北") == {lost}
    assert ways("kuntao", "华信(北京)") == {"锟斤拷" * 2 + "(" + "锟斤拷" * 2 + ")"}
    assert ways("kuntao", ENGLISH) == set()
    assert len(ways("kuntao", "北" * 50).pop()) == 60


def test_remarks_stand_before_or_behind() -> None:
    found = ways("annot", NAME, 500)
    assert found >= {f"{NAME}(停用)", f"{NAME}-测试", f"【勿用】{NAME}", f"{NAME}(月结)"}
    assert all(NAME in one for one in found)
    assert len(found) == len(tables.remarks())
