"""How dates and amounts are written in files (日期与金额写法). Nothing here reads them back: that is the work of whoever loads the files.

Every written form can be read back by somebody who knows that it is one of these, and the value is then the same; what has to be known
for it is said at each form.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from shapan.world.draws import Rng, pick

DateFormat = Callable[[date, Rng], "str | None"]
AmountFormat = Callable[[int, Rng], "str | None"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Excel counts from 1 January 1900 and takes that year for a leap year; from March 1900 on this is the day before its first one.
_EXCEL_ZERO = date(1899, 12, 30).toordinal()
_EXCEL_FIRST = date(1900, 3, 1)
_FULL_DIGITS = str.maketrans("0123456789.-", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0e\uff0d")
_WAN = 1_000_000
_FEN_OF_WAN = 10_000


def spoil_date(value: date, rng: Rng) -> tuple[str, str]:
    """A date in one of the forms that are not 2026-01-05: the form's name and the text."""
    return pick(rng, [(name, text) for name, write in DATES if (text := write(value, rng)) is not None])


def spoil_amount(fen: int, rng: Rng) -> tuple[str, str]:
    """An amount in one of the forms that are not 1234.56, among those that can write it: the form's name and the text."""
    return pick(rng, [(name, text) for name, write in AMOUNTS if (text := write(fen, rng)) is not None])


def _slash(value: date, rng: Rng) -> str | None:
    """2026/1/5: year, month, day, without leading zeros."""
    return f"{value.year}/{value.month}/{value.day}"


def _dot(value: date, rng: Rng) -> str | None:
    """2026.01.05"""
    return f"{value.year:04d}.{value.month:02d}.{value.day:02d}"


def _compact(value: date, rng: Rng) -> str | None:
    """20260105: eight digits, where a serial of Excel has at most seven."""
    return f"{value.year:04d}{value.month:02d}{value.day:02d}"


def _chinese(value: date, rng: Rng) -> str | None:
    """2026年1月5日"""
    return f"{value.year}年{value.month}月{value.day}日"


def _english(value: date, rng: Rng) -> str | None:
    """05-Jan-26, in English whatever the machine's language. Of this century; None for days of others."""
    if value.year // 100 != 20:
        return None
    return f"{value.day:02d}-{_MONTHS[value.month - 1]}-{value.year % 100:02d}"


def _excel(value: date, rng: Rng) -> str | None:
    """46027: the serial number of the day in Excel's 1900 date system. None before March 1900, where Excel's own count is wrong."""
    return str(value.toordinal() - _EXCEL_ZERO) if value >= _EXCEL_FIRST else None


def plain(fen: int) -> str:
    """1234.56 or -1234.56: the right form, yuan with a point and two places."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def _grouped(fen: int, rng: Rng) -> str | None:
    """1,234.56: commas between the thousands. None under 1,000 yuan, where there is nothing to group."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}" if yuan >= 1000 else None


def _yen(fen: int, rng: Rng) -> str | None:
    """¥1234.5: with the sign U+00A5 in front, or the full-width one U+FFE5, and no zeros at the end."""
    yuan, rest = divmod(abs(fen), 100)
    tail = f".{rest:02d}".rstrip("0").rstrip(".")
    sign = pick(rng, "\u00a5\uffe5")
    return f"{'-' if fen < 0 else ''}{sign}{yuan}{tail}"


def _wan(fen: int, rng: Rng) -> str | None:
    """1.23万元: ten thousands of yuan. Only amounts of 1万元 and more that two places write exactly; None for others."""
    if abs(fen) < _WAN or fen % _FEN_OF_WAN:
        return None
    whole, rest = divmod(abs(fen), _WAN)
    tail = f".{rest // _FEN_OF_WAN:02d}".rstrip("0").rstrip(".")
    return f"{'-' if fen < 0 else ''}{whole}{tail}万元"


def _negative_brackets(fen: int, rng: Rng) -> str | None:
    """(1,234.56) for a negative amount, as accountants write it. None for others."""
    if fen >= 0:
        return None
    return f"({-fen // 100:,}.{-fen % 100:02d})"


def _full_digits(fen: int, rng: Rng) -> str | None:
    """1234.56 in full-width digits (全角)."""
    return plain(fen).translate(_FULL_DIGITS)


def _trailing_blank(fen: int, rng: Rng) -> str | None:
    """The right form with a blank behind it, which makes it text for a spreadsheet."""
    return plain(fen) + " "


DATES: tuple[tuple[str, DateFormat], ...] = (
    ("slash", _slash),
    ("dot", _dot),
    ("compact", _compact),
    ("chinese", _chinese),
    ("english", _english),
    ("excel", _excel),
)
"""The forms of dates by name."""
AMOUNTS: tuple[tuple[str, AmountFormat], ...] = (
    ("grouped", _grouped),
    ("yen", _yen),
    ("wan", _wan),
    ("negative_brackets", _negative_brackets),
    ("full_digits", _full_digits),
    ("trailing_blank", _trailing_blank),
)
"""The forms of amounts by name."""
