"""Wrong cells: codes that never hold, phones and mails that reach nobody, product codes as people type them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from shapan.kernel.uscc import check
from shapan.world.companies import companies
from shapan.world.dirt import fields
from shapan.world.draws import stream

CODE = "CAB-3X25-YJV20"
UNITS = (("件", 1000), ("箱", 12_000), ("托", 240_000))
MANY = companies(42, 300)
SEEDS = range(300)


@settings(max_examples=200, deadline=None)
@given(n=st.integers(0, len(MANY) - 1), seed=st.integers(0, 9999))
def test_a_bad_credit_code_never_holds(n: int, seed: int) -> None:
    code = MANY[n].uscc
    bad = fields.bad_uscc(code, stream(seed))
    assert bad == fields.bad_uscc(code, stream(seed))
    assert bad != code
    assert not check(bad)
    assert not oracle.is_valid(bad)
    # One slip: one place, or two neighbours exchanged.
    places = [at for at, (a, b) in enumerate(zip(code, bad, strict=True)) if a != b]
    assert len(places) == 1 or (places[1] == places[0] + 1 and sorted(code) == sorted(bad))


def test_the_slips_of_a_credit_code() -> None:
    code = MANY[0].uscc
    kinds = set()
    for seed in SEEDS:
        changed = [(a, b) for a, b in zip(code, fields.bad_uscc(code, stream(seed)), strict=True) if a != b]
        kinds.add("exchanged" if len(changed) == 2 else "foreign" if changed[0][1] in "IOSZ" else "other")
    assert kinds == {"exchanged", "foreign", "other"}


@pytest.mark.parametrize("text", ["A", "AA", "91", "WWWWWWWWWWWWWWWWWW"])
def test_what_is_no_credit_code_becomes_none_either(text: str) -> None:
    for seed in SEEDS:
        bad = fields.bad_uscc(text, stream(seed))
        assert bad != text
        assert not check(bad)


def test_a_second_slip_never_cures_the_first() -> None:
    code = next(one.uscc for one in MANY if "8" in one.uscc[8:])
    at = code.rindex("8")
    exchanged = code[:-2] + code[-1] + code[-2]
    for wrong in (code[:at] + "B" + code[at + 1 :], exchanged):
        assert not check(wrong)
        found = {fields.bad_uscc(wrong, stream(seed)) for seed in range(1000)}
        assert code not in found
        # It was about to, and lost its last character instead.
        assert code[:-1] in found


@pytest.mark.parametrize("phone", ["010-62345678", "0756-2345678", "13912345678"])
def test_another_phone_is_a_good_one(phone: str) -> None:
    found = {fields.other_phone(phone, stream(seed)) for seed in SEEDS}
    assert phone not in found
    landlines = {one for one in found if "-" in one}
    assert all(re.fullmatch(r"1[3-9]\d{9}", one) for one in found - landlines)
    assert all(one.startswith(phone.partition("-")[0] + "-") and len(one) == len(phone) for one in landlines)
    assert bool(landlines) == ("-" in phone)


@pytest.mark.parametrize("phone", ["010-62345678", "13912345678", "13800138000", "无", ""])
def test_a_bad_phone_is_no_number_as_it_stands(phone: str) -> None:
    for seed in SEEDS:
        bad = fields.bad_phone(phone, stream(seed))
        assert bad
        assert bad != phone
        assert bad == fields.bad_phone(phone, stream(seed))
        made_up = bad in ("12345678901", "13800138000", "11111111111", "000000")
        assert made_up or not re.fullmatch(r"1[3-9]\d{9}|0\d{2,3}-\d{7,8}", bad)


def test_the_ways_in_which_phones_are_bad() -> None:
    found = {fields.bad_phone("13912345678", stream(seed)) for seed in range(1000)}
    assert {"12345678901", "13800138000", "无", "+86 13912345678"} <= found
    assert any(re.fullmatch(r"139\d{7}", one) for one in found)
    assert any(re.fullmatch(r"13912345678转8\d\d", one) for one in found)
    assert {"+86 1062345678"} <= {fields.bad_phone("010-62345678", stream(seed)) for seed in range(1000)}


@pytest.mark.parametrize("email", ["zhang@mail.example", "zhang", "", "a@b"])
def test_a_bad_mail_is_none(email: str) -> None:
    found = {fields.bad_mail(email, stream(seed)) for seed in SEEDS}
    assert email not in found
    assert not any(re.fullmatch(r"[^@\s]+@[^@\s,]+\.[a-z]+", one) for one in found)
    if email == "zhang@mail.example":
        assert {"zhang@@mail,example", "zhang@", "zhang\uff20mail.example"} <= found


def test_who_has_left_is_noted_in_the_name() -> None:
    found = {fields.left_company("王芳", stream(seed)) for seed in SEEDS}
    assert len(found) == 5
    assert all("王芳" in one and one != "王芳" for one in found)


def test_placeholders() -> None:
    found = {fields.placeholder(stream(seed)) for seed in SEEDS}
    assert found == set(fields.PLACEHOLDERS)
    assert found >= {"测试", "无", "暂无", "123456", "aaa", "N/A", "1900-01-01"}


def test_product_codes_as_they_are_typed() -> None:
    found = {fields.product_code(CODE, stream(seed)) for seed in range(1000)}
    by_rule = {rule: {code for other, code in found if other == rule} for rule, _ in found}
    assert by_rule == {
        "confused": {"CAB-3X2S-YJV20", "CAB-3X25-YJV2O"},
        "no_dash": {"CAB3X25-YJV20", "CAB-3X25YJV20"},
        "lower_case": {"cab-3x25-yjv20"},
        "parts_swapped": {"CAB-YJV20-3X25"},
        "space": {"CAB 3X25-YJV20", "CAB-3X25 YJV20"},
    }


@pytest.mark.parametrize("code", [CODE, "O", "1", "x", "7", "A-A-A", "a-b", "-"])
def test_a_product_code_is_always_another_one(code: str) -> None:
    for seed in SEEDS:
        rule, wrong = fields.product_code(code, stream(seed))
        assert wrong != code
        assert (rule, wrong) == fields.product_code(code, stream(seed))
        assert fields.retired_code(code, stream(seed)) != code


def test_units_that_do_not_fit() -> None:
    assert {fields.wrong_unit("件", UNITS, stream(seed)) for seed in SEEDS} == {"箱", "托"}
    assert fields.wrong_unit("件", UNITS[:1], stream(1)) is None


def test_the_price_of_another_unit() -> None:
    # 3.00 a piece is 36.00 a box of 12 and 720.00 a pallet of 240.
    assert {fields.price_of_other_unit(300, "件", UNITS, stream(seed)) for seed in SEEDS} == {3600, 72000}
    assert {fields.price_of_other_unit(3600, "箱", UNITS, stream(seed)) for seed in SEEDS} == {300, 72000}
    # 35.00 a box comes to no whole number of fen a piece.
    assert {fields.price_of_other_unit(3500, "箱", UNITS, stream(seed)) for seed in SEEDS} == {70000}
    assert fields.price_of_other_unit(0, "件", UNITS, stream(1)) is None
    assert fields.price_of_other_unit(300, "件", (("件", 1000), ("个", 1000)), stream(1)) is None
    with pytest.raises(KeyError):
        fields.price_of_other_unit(300, "吨", UNITS, stream(1))
