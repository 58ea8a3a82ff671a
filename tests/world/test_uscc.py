"""The two check characters of the unified social credit code, against published codes and python-stdnum."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from shapan.kernel.uscc import ALPHABET, check, check_character, complete, organisation_check

# The example of GB 32100 itself, a registered one from python-stdnum's documentation, and two of our own range.
PUBLISHED = ["91350100M000100Y43", "91110000600037341L", "91110108MAY000017T", "91440305MAY7K3Q913"]

codes = st.builds(
    complete,
    st.sampled_from(["91", "92", "93", "11", "12", "51", "Y1"]),
    st.from_regex(r"[1-6][0-9]{5}", fullmatch=True),
    st.text(ALPHABET, min_size=8, max_size=8),
)


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_hold(code: str) -> None:
    assert check(code)
    assert organisation_check(code[8:16]) == code[16]
    assert check_character(code[:17]) == code[17]
    assert complete(code[:2], code[2:8], code[8:16]) == code


@pytest.mark.parametrize(
    ("body", "character"), [("M000100Y", "4"), ("60003734", "1"), ("D2143569", "X"), ("00000000", "0")]
)
def test_check_character_of_an_organisation_code(body: str, character: str) -> None:
    """D2143569-X is the example of GB 11714; for eight zeros 11 is left, which is written 0."""
    assert organisation_check(body) == character


@given(codes)
def test_made_codes_hold_and_an_independent_implementation_agrees(code: str) -> None:
    assert check(code)
    # The independent implementation wants a digit in front; the standard allows letters too (Y: others).
    assert oracle.is_valid(code) is code[0].isdigit()
    assert oracle.calc_check_digit(code[:17]) == code[17]


@given(codes, st.integers(0, 17), st.one_of(st.sampled_from(ALPHABET), st.characters()))
def test_any_one_wrong_character_is_found(code: str, place: int, character: str) -> None:
    assume(character != code[place])
    assert not check(code[:place] + character + code[place + 1 :])


def test_a_wrong_organisation_code_is_found_though_the_last_character_fits() -> None:
    """Many tools that make test data know only the 18th character."""
    wrong = "91350100M000100Y5"
    code = wrong + check_character(wrong)
    assert oracle.is_valid(code)
    assert not check(code)


@given(codes, st.integers(0, 16))
def test_two_neighbours_exchanged_are_found(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    assert not check(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91350100M000100Y4",
        "91350100M000100Y433",
        "91350100m000100y43",
        " 91350100M000100Y43",
        "91350100M000100Y43\n",
        "91350100M000100Y4\uff13",
        "9135010OM000100Y43",
    ],
)
def test_other_ways_of_writing_are_no_codes(text: str) -> None:
    assert not check(text)


@pytest.mark.parametrize(
    ("department", "division", "body"),
    [
        ("9", "1110108", "MAY00001"),
        ("91", "11010A", "MAY00001"),
        ("91", "110108", "MAY0000"),
        ("91", "110108", "MAI00001"),
    ],
)
def test_parts_of_a_wrong_shape_make_no_code(department: str, division: str, body: str) -> None:
    with pytest.raises(ValueError, match=r"code"):
        complete(department, division, body)


@pytest.mark.parametrize("text", ["91350100M000100Y", "91350100M000100YO"])
def test_check_character_wants_the_first_17(text: str) -> None:
    with pytest.raises(ValueError, match="first 17"):
        check_character(text)
