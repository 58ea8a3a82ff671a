"""Dates and amounts as files have them: whoever knows the forms reads the same value back, and takes none for another."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import from_excel

from shapan.world.dirt.formats import AMOUNTS, DATES, plain, spoil_amount, spoil_date
from shapan.world.draws import stream

DAY = date(2026, 1, 5)
READERS = {
    "slash": lambda text: datetime.strptime(text, "%Y/%m/%d").date(),
    "dot": lambda text: datetime.strptime(text, "%Y.%m.%d").date(),
    "compact": lambda text: datetime.strptime(text, "%Y%m%d").date(),
    "chinese": lambda text: datetime.strptime(text, "%Y年%m月%d日").date(),
    "english": lambda text: datetime.strptime(text[:-2] + "20" + text[-2:], "%d-%b-%Y").date(),
    "excel": lambda text: from_excel(int(text)).date(),
}
LOOKS = {
    "slash": r"\d{4}/\d{1,2}/\d{1,2}",
    "dot": r"\d{4}\.\d{2}\.\d{2}",
    "compact": r"\d{8}",
    "chinese": r"\d{4}年\d{1,2}月\d{1,2}日",
    "english": r"\d{2}-[A-Z][a-z]{2}-\d{2}",
    "excel": r"\d{1,7}",
}
AMOUNT_LOOKS = {
    "grouped": r"-?\d{1,3}(,\d{3})+\.\d{2}",
    "yen": r"-?[\u00a5\uffe5]\d+(\.\d{1,2})?",
    "wan": r"-?\d+(\.\d{1,2})?万元",
    "negative_brackets": r"\(\d{1,3}(,\d{3})*\.\d{2}\)",
    "full_digits": r"\uff0d?[\uff10-\uff19]+\uff0e[\uff10-\uff19]{2}",
    "trailing_blank": r"-?\d+\.\d{2} ",
}


def read_amount(text: str) -> int:
    """Fen from any of the forms, by somebody who knows them all."""
    text = text.strip().replace(",", "").translate({0xFF0E: ".", 0xFF0D: "-", 0xA5: None, 0xFFE5: None})
    if text.startswith("("):
        text = "-" + text.strip("()")
    factor = 10_000 if text.endswith("万元") else 1
    fen = Decimal(text.removesuffix("万元")) * factor * 100
    assert fen == int(fen)
    return int(fen)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("slash", "2026/1/5"),
        ("dot", "2026.01.05"),
        ("compact", "20260105"),
        ("chinese", "2026年1月5日"),
        ("english", "05-Jan-26"),
        ("excel", "46027"),
    ],
)
def test_the_forms_of_a_date(name: str, text: str) -> None:
    assert dict(DATES)[name](DAY, stream(1)) == text
    assert (name, text) in {spoil_date(DAY, stream(seed)) for seed in range(100)}


@settings(max_examples=200, deadline=None)
@given(day=st.dates(date(1900, 1, 1), date(2199, 12, 31)))
@example(day=date(1900, 2, 28))
@example(day=date(1900, 3, 1))
@example(day=date(2000, 2, 29))
@example(day=date(2099, 12, 31))
def test_a_date_is_read_back_and_taken_for_no_other_form(day: date) -> None:
    for name, write in DATES:
        text = write(day, stream(1))
        if text is None:
            assert (name, day.year // 100) in {("english", 19), ("english", 21), ("excel", 19)}
            continue
        assert [look for look, pattern in LOOKS.items() if re.fullmatch(pattern, text) and look != "excel"] == (
            [name] if name != "excel" else []
        )
        assert (re.fullmatch(LOOKS["excel"], text) is not None) == (name == "excel")
        assert READERS[name](text) == day
        assert text != day.isoformat()


def test_excel_counts_on_by_days() -> None:
    excel = dict(DATES)["excel"]
    assert excel(date(1900, 2, 28), stream(1)) is None
    assert excel(date(1900, 3, 1), stream(1)) == "61"
    assert excel(DAY + timedelta(days=1), stream(1)) == "46028"


@pytest.mark.parametrize(
    ("name", "fen", "texts"),
    [
        ("grouped", 123_456, {"1,234.56"}),
        ("grouped", -123_456_789, {"-1,234,567.89"}),
        ("grouped", 99_999, {None}),
        ("yen", 123_450, {"\u00a51234.5", "\uffe51234.5"}),
        ("yen", 123_400, {"\u00a51234", "\uffe51234"}),
        ("yen", -5, {"-\u00a50.05", "-\uffe50.05"}),
        ("wan", 1_230_000, {"1.23万元"}),
        ("wan", -12_000_000, {"-12万元"}),
        ("wan", 1_234_567, {None}),
        ("wan", 990_000, {None}),
        ("negative_brackets", -123_456, {"(1,234.56)"}),
        ("negative_brackets", -5, {"(0.05)"}),
        ("negative_brackets", 123_456, {None}),
        ("full_digits", -123_456, {"\uff0d\uff11\uff12\uff13\uff14\uff0e\uff15\uff16"}),
        ("trailing_blank", 123_456, {"1234.56 "}),
    ],
)
def test_the_forms_of_an_amount(name: str, fen: int, texts: set[str | None]) -> None:
    assert {dict(AMOUNTS)[name](fen, stream(seed)) for seed in range(50)} == texts


@settings(max_examples=200, deadline=None)
@given(fen=st.one_of(st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6).map(lambda n: n * 10_000)))
def test_an_amount_is_read_back_and_taken_for_no_other_form(fen: int) -> None:
    assert read_amount(plain(fen)) == fen
    for name, write in AMOUNTS:
        text = write(fen, stream(fen))
        if text is not None:
            assert text != plain(fen)
            assert [look for look, pattern in AMOUNT_LOOKS.items() if re.fullmatch(pattern, text)] == [name]
            assert read_amount(text) == fen
    name, text = spoil_amount(fen, stream(fen))
    assert (name, text) == spoil_amount(fen, stream(fen))
    assert text != plain(fen)
    assert name in dict(AMOUNTS)
