"""Step 1 of full.py: what a record says of a company, taken apart and checked (解析)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from exact import Row
from normalise import HAN, normalised
from tables import CITIES

_REGION = re.compile(f"(?:{'|'.join(CITIES)})")
_PROVINCES = "(?:(?:[\u4e00-\u9fff]{2,3}省)|内蒙古自治区|广西壮族自治区|西藏自治区|宁夏回族自治区|新疆维吾尔自治区)"
_FORMS = {
    "集团股份有限公司": "group", "集团有限责任公司": "group", "集团有限公司": "group", "集团公司": "group", "股份有限公司": "shares",
    "股份公司": "shares", "有限责任公司": "limited", "有限公司": "limited", "经营部": "small", "商行": "small", "商店": "small",
    "公司": "", "厂": "small",
}  # fmt: skip
"""Legal forms (组织形式), the longest first. 有限公司 and 有限责任公司 are one form in law; 公司 alone may be any."""
_BRANCH = re.compile("^(.*(?:公司|厂))(.+(?:分|办事处|营业部).*)$|^(.{4,}?)((?:.{2}|.{2,4}市)(?:分公司|分厂|办事处))$")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MADE_UP = re.compile(r"(\d)\1{6}|12345678|13800138000")


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart: 华信科技（北京）有限公司上海分公司 is region 北京, core 华信科技, form limited, branch 上海分公司.

    The core is trade name and industry (字号、行业); where one ends and the other begins nobody can say for sure. The layout says whether the
    region stands in brackets. Empty is unknown.
    """

    text: str
    region: str
    core: str
    form: str
    branch: str
    layout: str
    former: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A record. `code` is its credit code, `sure` when the check characters fit. `place` is the address without the province."""

    system: str
    record: str
    names: tuple[Name, ...]
    code: str
    sure: bool
    phone: str
    place: str


def party(system: str, record: str, row: Row) -> Party:
    """A row of an export."""
    texts = [row.get("name", ""), row.get("full_name", ""), row.get("short_name", "")]
    former = [replace(one, former=True) for one in taken_apart(row.get("former_names", "").split(";"))]
    code = unicodedata.normalize("NFKC", row.get("credit_code") or row.get("tax_number") or "").strip().upper()
    sure = is_credit_code(code)
    address = row.get("address") or row.get("city", "") + row.get("district", "") + row.get("street", "")
    return Party(
        system,
        record,
        (*dict.fromkeys(taken_apart(texts)), *former),
        code,
        sure,
        phone(row.get("phone", "")),
        place(address),
    )


def taken_apart(texts: list[str]) -> Iterator[Name]:
    """The names that can be read; 锟斤拷 and English ones cannot."""
    for text in map(normalised, texts):
        if len(HAN.findall(text)) >= 3 and not re.search("锟斤拷|[A-Za-z]{4}|[\u00a0-\u00ff]{2}", text):
            yield name(text)


def name(text: str) -> Name:
    """One name taken apart; `text` is normalised."""
    rest, region, branch, form, layout = text, "", "", "", ""
    if found := _BRANCH.search(rest):
        rest, branch = found[1] or found[3], found[2] or found[4]
    for ending, kind in _FORMS.items():
        if rest.endswith(ending) or (len(ending) >= 4 and slipped(rest[-len(ending) :], ending)):
            form, rest = kind, rest[: -len(ending)]
            break
    if found := re.search(rf"\(({_REGION.pattern})市?\)", rest):
        region, rest, layout = found[1], rest[: found.start()] + rest[found.end() :], "brackets"
    elif (found := re.match(rf"{_PROVINCES}?({_REGION.pattern})市?", rest)) and len(rest) - found.end() >= 2:
        region, rest, layout = found[1], rest[found.end() :], "plain"
    return Name(text, region, re.sub(r"\W", "", rest), form, branch, layout)


def slipped(text: str, word: str) -> bool:
    """Whether a text is a word with one other character."""
    return len(text) == len(word) and sum(a != b for a, b in zip(text, word, strict=True)) == 1


def phone(text: str) -> str:
    """A telephone as digits, without country code and extension; empty when nobody can ring it."""
    plain = re.split("转|分机|ext", unicodedata.normalize("NFKC", text).lower())[0]
    plain = re.sub(r"^\D*(?:\+|00)86\D*", "", plain)
    digits = re.sub(r"\D", "", re.sub(r"(?<=\d{7})-\d{3,4}$", "", plain.strip()))
    if len(digits) in (9, 10, 11) and digits[0] not in "01":
        digits = "0" + digits
    if _MADE_UP.search(digits) or not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}", digits):
        return ""
    return digits


def place(address: str) -> str:
    """City, district, street and number; empty without a number, as in 北京市海淀区无."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", address))
    return re.sub(f"^{_PROVINCES}", "", text) if re.search(r"\d+号", text) else ""


def is_credit_code(code: str) -> bool:
    """GB 32100: 18 characters of 31, the last of which is a check over the others."""
    if not re.fullmatch(f"[{_ALPHABET}]{{18}}", code):
        return False
    total = sum(_ALPHABET.index(character) * pow(3, at, 31) for at, character in enumerate(code[:17]))
    return _ALPHABET[-total % 31] == code[17]


def repaired_code(one: Party, known: Container[str]) -> Party:
    """A wrong code that is one slip away from the code of another record is taken for that; any other is none."""
    if one.sure or not one.code:
        return one
    code = one.code
    slips = {code[:at] + right + code[at + 1 :] for at in range(len(code)) for right in _ALPHABET}
    slips |= {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)}
    found = {slip for slip in slips if slip in known and is_credit_code(slip)}
    return replace(one, code=found.pop() if len(found) == 1 else "")
