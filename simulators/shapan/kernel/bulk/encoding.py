"""Character encodings of text files (字符编码): told or detected, named, and decoded so that bytes that fit none spoil their own line only. Pure."""

from __future__ import annotations

import codecs
import re

UTF_8, UTF_8_BOM, GB18030 = "utf-8", "utf-8-bom", "gb18030"
CODECS = {UTF_8: "utf-8", UTF_8_BOM: "utf-8-sig", GB18030: "gb18030"}
# What a Content-Type may call them. GB2312 and GBK are parts of GB18030.
CHARSETS = {"utf-8": UTF_8, "utf8": UTF_8, "gb18030": GB18030, "gbk": GB18030, "gb2312": GB18030}

_MARK = 0xDC00
UNDECODABLE = re.compile("[\udc00-\udcff]")
"""A byte that could not be decoded, in decoded text. No encoding decodes to these halves of surrogate pairs."""


class Undecodable(Exception):
    """The file is in an encoding that is not taken; `en` and `zh` say which."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def _mark(error: UnicodeError) -> tuple[str, int]:
    # One byte at a time, so that the line break behind a broken character still is one.
    assert isinstance(error, UnicodeDecodeError)
    return chr(_MARK + error.object[error.start]), error.start + 1


codecs.register_error("shapan-mark", _mark)


def decode(content: bytes, charset: str | None = None) -> tuple[str, str]:
    """(text, name of the encoding). Bytes that do not fit are marked in the text, see `UNDECODABLE`.

    Without `charset`: UTF-8 where all of it is UTF-8 or it has the byte order mark; GB18030 where all of it is that. Where neither
    is so, UTF-8 if at least half of what is not ASCII is: text in GB18030 hardly ever looks like UTF-8, while the other way round
    much does. Undecodable for UTF-16, which its byte order mark betrays.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Undecodable(
            "The file is UTF-16. Save it as UTF-8 or GB18030.", "文件为 UTF-16 编码，请另存为 UTF-8 或 GB18030。"
        )
    marked = content.startswith(codecs.BOM_UTF8)
    if marked:
        content = content[len(codecs.BOM_UTF8) :]
    utf_8 = UTF_8_BOM if marked else UTF_8
    told = utf_8 if marked else CHARSETS.get(charset or "")
    if told is not None:
        return _with_marks(content, told), told
    for name in (utf_8,) if marked else (utf_8, GB18030):
        try:
            return content.decode(CODECS[name].removesuffix("-sig")), name
        except UnicodeDecodeError:
            continue
    text = _with_marks(content, utf_8)
    broken = len(UNDECODABLE.findall(text))
    whole = sum(not character.isascii() for character in text) - broken
    return (text, utf_8) if marked or whole >= broken else (_with_marks(content, GB18030), GB18030)


def _with_marks(content: bytes, name: str) -> str:
    return content.decode(CODECS[name].removesuffix("-sig"), "shapan-mark")


def byte_of(mark: str) -> str:
    """How a marked byte is written: 0xFF."""
    return f"0x{ord(mark) - _MARK:02X}"
