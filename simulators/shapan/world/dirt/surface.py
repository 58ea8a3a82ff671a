"""What happens to a text on its way into a system (表层噪声): typing, scanning, copying, encodings, remarks.

Each rule takes the text and a stream and gives the spoilt text, never the same one; None when it finds nothing to spoil. They stand in the
order in which they happen, the one in which the preset `article` names them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from shapan.world.dirt import tables
from shapan.world.draws import Rng, between, pick

Rule = Callable[[str, Rng], str | None]

_TO_FULL = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))}
_BRACKETS_TO_FULL = {0x28: "\uff08", 0x29: "\uff09"}
_BRACKETS_TO_HALF = {0xFF08: "(", 0xFF09: ")"}
_ZERO_WIDTH = ("\u200b", "\ufeff", "\u200d")
# Who types 有限公司 takes it as one word from the list; slips of sound happen where the words are not in the list.
_FORM_WORDS = re.compile("(?:股份|集团)?有限(?:责任)?公司|(?:股份|集团|分)公司")
_KUNTAO = "锟斤拷"
_COLUMN = 60


def spoil(rule: str, text: str, rng: Rng) -> str | None:
    """The text as a rule leaves it, None where there was nothing to spoil. KeyError for a rule that there is not."""
    return RULES[rule](text, rng)


def _fullwidth(text: str, rng: Rng) -> str | None:
    """Brackets in the other width, letters and digits in full width (全角), or an ideographic space U+3000."""
    forms = (
        text.translate(_BRACKETS_TO_HALF),
        text.translate(_BRACKETS_TO_FULL),
        text.translate(_TO_FULL),
    )
    changed = [form for form in forms if form != text]
    return pick(rng, changed) if changed else _inserted(text, "\u3000", rng)


def _space(text: str, rng: Rng) -> str | None:
    """A blank inside, a tab or blank behind, a blank in front, a no-break space U+00A0 inside (多余空格)."""
    if not text:
        return None
    chance = rng.random()
    if chance < 0.4:
        return _inserted(text, " ", rng)
    if chance < 0.6:
        return text + "\t"
    if chance < 0.7:
        return text + " "
    if chance < 0.8:
        return " " + text
    return _inserted(text, "\u00a0", rng)


def _zerowidth(text: str, rng: Rng) -> str | None:
    """A character that nobody sees (零宽字符): U+200B, U+FEFF or U+200D inside."""
    return _inserted(text, pick(rng, _ZERO_WIDTH), rng)


def _traditional(text: str, rng: Rng) -> str | None:
    """The whole text in traditional characters (繁体)."""
    table = tables.traditional()
    return _changed(text, "".join(table.get(character, character) for character in text))


def _homophone(text: str, rng: Rng) -> str | None:
    """One character typed as another of the same sound (同音字), not in the legal form."""
    forms = {at for found in _FORM_WORDS.finditer(text) for at in range(*found.span())}
    return _confused(text, tables.homophones(), rng, forms)


def _shape(text: str, rng: Rng) -> str | None:
    """One character taken for another of nearly the same shape (形近字)."""
    return _confused(text, tables.shapes(), rng)


def _ocr(text: str, rng: Rng) -> str | None:
    """One character as a scanner reads it (OCR 误识): 枓 for 科, 冇 for 有, O for 0."""
    return _confused(text, tables.ocr(), rng)


def _drop_char(text: str, rng: Rng) -> str | None:
    """One character is missing (漏字); two stay at least."""
    places = [at for at, character in enumerate(text) if character.isalnum()]
    if len(places) < 3:
        return None
    at = pick(rng, places)
    return text[:at] + text[at + 1 :]


def _swap_char(text: str, rng: Rng) -> str | None:
    """Two neighbouring characters have changed places (颠倒)."""
    places = [at for at, (a, b) in enumerate(itertools.pairwise(text)) if a != b and a.isalnum() and b.isalnum()]
    if not places:
        return None
    at = pick(rng, places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _mojibake(text: str, rng: Rng) -> str | None:
    """The bytes read in another encoding (乱码), so that the text can be had back.

    GBK read as Latin-1: `spoilt.encode("latin1").decode("gbk")`; UTF-8 read as GBK: `spoilt.encode("gbk").decode("utf8")`.
    """
    forms = [form for form in (_gbk_as_latin1(text), _utf8_as_gbk(text)) if form not in (None, text)]
    return pick(rng, forms) if forms else None


def _kuntao(text: str, rng: Rng) -> str | None:
    """锟斤拷 for every character: what U+FFFD, put for bytes that could not be read, becomes when it is read as GBK. Nothing brings it back.

    A character of two bytes becomes two U+FFFD, these are EF BF BD EF BF BD in UTF-8, and so three characters in GBK. What grows so long
    is cut off where a column of 60 characters ends.
    """
    lost = "".join(character if character.isascii() else _KUNTAO for character in text)
    return None if lost == text else lost[:_COLUMN]


def _annot(text: str, rng: Rng) -> str | None:
    """A remark in the name (备注): (停用), -测试, 【勿用】, (月结)."""
    remark, place = pick(rng, tables.remarks())
    return remark + text if place == "front" else text + remark


def _inserted(text: str, what: str, rng: Rng) -> str | None:
    return None if len(text) < 2 else text[: (at := between(rng, 1, len(text) - 1))] + what + text[at:]


def _confused(text: str, table: Mapping[str, str], rng: Rng, kept: set[int] | None = None) -> str | None:
    places = [at for at, character in enumerate(text) if character in table and not (kept and at in kept)]
    if not places:
        return None
    at = pick(rng, places)
    return text[:at] + pick(rng, table[text[at]]) + text[at + 1 :]


def _gbk_as_latin1(text: str) -> str | None:
    try:
        spoilt = text.encode("gbk").decode("latin1")
    except UnicodeEncodeError:
        return None
    # Bytes of rare characters would become control characters, which no system lets in.
    return None if any("\x7f" <= character <= "\x9f" for character in spoilt) else spoilt


def _utf8_as_gbk(text: str) -> str | None:
    try:
        raw = text.encode()
        spoilt = raw.decode("gbk")
        back = spoilt.encode("gbk")
    except UnicodeError:
        return None
    return spoilt if back == raw else None


def _changed(text: str, spoilt: str) -> str | None:
    return None if spoilt == text else spoilt


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "fullwidth": _fullwidth,
        "space": _space,
        "zerowidth": _zerowidth,
        "traditional": _traditional,
        "homophone": _homophone,
        "shape": _shape,
        "ocr": _ocr,
        "drop_char": _drop_char,
        "swap_char": _swap_char,
        "mojibake": _mojibake,
        "kuntao": _kuntao,
        "annot": _annot,
    }
)
"""The rules by the names that the mess has for them."""
