"""Checks of one value (取值检查) that a pattern cannot say. Pure: text -> whether it is as it should be.

They know the rules of China and of Chinese text, and nothing of how a world was spoilt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from shapan.kernel import uscc

PROVINCES = {
    "11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区", "21": "辽宁省", "22": "吉林省",
    "23": "黑龙江省", "31": "上海市", "32": "江苏省", "33": "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省", "37": "山东省",
    "41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区", "46": "海南省", "50": "重庆市",
    "51": "四川省", "52": "贵州省", "53": "云南省", "54": "西藏自治区", "61": "陕西省", "62": "甘肃省", "63": "青海省",
    "64": "宁夏回族自治区", "65": "新疆维吾尔自治区", "71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区",
}  # fmt: skip
"""GB/T 2260: the first two digits of a division code and what they stand for."""
_FORMS = (
    "有限公司", "有限责任公司", "股份公司", "合作社", "合伙企业", "（有限合伙）", "（普通合伙）", "（特殊普通合伙）", "厂", "商行", "商店", "经营部",
    "事务所", "工作室", "个体工商户）", "分公司", "分厂", "办事处", "中心", "研究院",
)  # fmt: skip
_PLACEHOLDERS = frozenset(
    (
        "无",
        "没有",
        "暂无",
        "不详",
        "未知",
        "待补",
        "待定",
        "测试",
        "test",
        "n/a",
        "na",
        "null",
        "none",
        "nil",
        "xxx",
        "aaa",
        "123",
        "123456",
        "000000",
    )
)
_NO_DAYS = frozenset(("1900-01-01", "0001-01-01", "1970-01-01", "9999-12-31"))
_NOTES = re.compile(
    "[【】*#]|停用|作废|勿用|禁用|注销|离职|月结|现结|老客户|大客户|测试|更名|(^|[-_])VIP|[（(](新|旧|原|VIP)[^（()）]*[)）]|[-_](新|旧|old|new)$",
    re.I,
)
_LEFT = re.compile("离职|调岗|已走|辞职|退休|停用|勿")
_HAN = re.compile("[\u3400-\u9fff]")
_BROKEN = re.compile("[\u3400-\u9fff（）] +[\u3400-\u9fff（）]")
_MADE_UP = re.compile(r"(\d)\1{6,}|12345678|13800138000|87654321")
_INVISIBLE = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"))


@dataclass(frozen=True, slots=True)
class Check:
    """A check with what it asks for, after the column's name: "… can be read"."""

    holds: Callable[[str], bool]
    en: str
    zh: str


def filled_in(text: str) -> bool:
    """Whether the cell says something: no placeholder (占位值) and not signs alone."""
    bare = unicodedata.normalize("NFKC", text).strip().lower()
    return bare not in _PLACEHOLDERS and bare not in _NO_DAYS and any(map(str.isalnum, bare))


def readable(text: str) -> bool:
    """Whether no wrong encoding was read or written on the way (乱码): no replacement character, no 锟斤拷, nothing that reads well again when undone."""
    if "\ufffd" in text or "锟斤拷" in text or "烫烫烫" in text:
        return False
    return not any(
        _undone(text, wrong, right) for wrong, right in (("latin-1", "gbk"), ("gbk", "utf-8"), ("cp1252", "gbk"))
    )


def _undone(text: str, wrong: str, right: str) -> bool:
    try:
        again = text.encode(wrong).decode(right)
    except UnicodeError:
        return False
    return again != text and len(again) > 1 and len(_HAN.findall(again)) > len(again) / 2


def clean_characters(text: str) -> bool:
    """Whether there are no invisible or control characters, and no blanks at the ends, doubled, or other than U+0020."""
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        return False
    return text == text.strip() and "  " not in text and not any(c.isspace() and c != " " for c in text)


def unbroken(text: str) -> bool:
    """Whether no blank stands between Chinese characters, or between them and brackets."""
    return not _BROKEN.search(text)


def no_annotation(text: str) -> bool:
    """Whether nobody made a note in a name (备注): 停用, 【勿用】, (月结), -旧."""
    return not _NOTES.search(text)


def standard_brackets(text: str) -> bool:
    """Whether brackets are full-width and closed, as in registered names, and letters and digits are not (全角、半角)."""
    if any("\uff10" <= c <= "\uff19" or "\uff21" <= c <= "\uff3a" or "\uff41" <= c <= "\uff5a" for c in text):
        return False
    return not set("()[]〔〕【】") & set(text) and text.count("（") == text.count("）")


def standard_characters(text: str) -> bool:
    """Whether all Chinese characters are simplified ones in common use (规范汉字), for which the character set of GB/T 2312 stands here.

    It also tells what is hardly a name: 通用规范汉字表 has 8,105 characters, GB/T 2312 the 6,763 of them that names are made of.
    """
    try:
        "".join(_HAN.findall(text)).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def legal_form(text: str) -> bool:
    """Whether a name ends with its legal form (组织形式), or with what stands behind that of a branch."""
    return text.endswith(_FORMS)


def chinese(text: str) -> bool:
    """Whether a name is written in Chinese."""
    return len(_HAN.findall(text)) >= 2


def not_made_up(text: str) -> bool:
    """Whether a number is none of those that people type to fill a cell: 12345678, 13800138000, one digit all the way."""
    return not _MADE_UP.search(re.sub(r"\D", "", text.partition("-")[2] or text))


def current_person(text: str) -> bool:
    """Whether no note says that somebody has left (离职)."""
    return not _LEFT.search(text)


def begins_with_province(text: str) -> bool:
    """Whether an address begins with a province of GB/T 2260 by its full name."""
    return text.startswith(tuple(PROVINCES.values()))


def calendar_day(text: str) -> bool:
    """Whether there is such a day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text not in _NO_DAYS


CHECKS = {
    "filled-in": Check(filled_in, "is no placeholder", "不是占位值"),
    "readable": Check(readable, "can be read (no wrong encoding)", "可读（无乱码）"),
    "clean-characters": Check(
        clean_characters, "has no invisible characters and no stray blanks", "无不可见字符和多余空格"
    ),
    "unbroken": Check(unbroken, "has no blanks between Chinese characters", "汉字之间无空格"),
    "no-annotation": Check(no_annotation, "has no notes in it", "不含备注"),
    "standard-brackets": Check(
        standard_brackets, "has full-width brackets, half-width letters and digits", "括号全角、字母数字半角"
    ),
    "standard-characters": Check(standard_characters, "is in simplified characters in common use", "使用规范简体字"),
    "legal-form": Check(legal_form, "ends with its legal form", "以组织形式结尾"),
    "chinese": Check(chinese, "is in Chinese", "使用中文"),
    "credit-code-check": Check(uscc.check, "has the right check characters", "校验码正确"),
    "not-made-up": Check(not_made_up, "is not made up", "不是随意编造"),
    "current-person": Check(current_person, "names nobody who has left", "不是离职人员"),
    "begins-with-province": Check(begins_with_province, "begins with a province", "以省级行政区开头"),
    "calendar-day": Check(calendar_day, "is a day of the calendar", "是有效日期"),
}
"""By the name that stands under `x-checks` in the standard."""
