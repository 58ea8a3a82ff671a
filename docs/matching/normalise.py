"""Baseline 2: two records are one company when their names are the same once they are cleaned (清洗后匹配).

    python normalise.py EXPORT_FOLDER > crosswalk.csv

Undone is what happened to the text of a name on its way into a system: wrong encodings, full width, invisible characters, blanks, remarks,
traditional characters. A name that was written in another way, 北京华信科技 for 北京华信科技有限公司, stays another name.
"""

from __future__ import annotations

import re
import unicodedata

from exact import by_name, run
from tables import SIMPLIFIED

HAN = re.compile("[\u4e00-\u9fff]")
_REMARK_WORDS = "停用|作废|勿用|禁用|注销|月结|现结|老客户|新客户|测试|更名|暂停|VIP|旧|新"
_REMARKS = re.compile(
    f"【[^】]*】|[(]已?(?:{_REMARK_WORDS})[)]|[-_*](?:{_REMARK_WORDS})$|^(?:{_REMARK_WORDS})[-_]|[*#]"
)


def repaired(text: str) -> str:
    """Text whose bytes were read in the wrong encoding (乱码), read in the right one. What was lost, as in 锟斤拷, stays lost."""
    for wrong, right in (("latin-1", "gbk"), ("gbk", "utf-8")):
        try:
            again = text.encode(wrong).decode(right)
        except UnicodeError:
            continue
        if again != text and len(HAN.findall(again)) > len(again) / 2:
            return again
    return text


def normalised(name: str) -> str:
    """A name as it can be compared: NFKC (so brackets are half-width), no blanks, no invisible characters, no remarks, simplified."""
    text = unicodedata.normalize("NFKC", repaired(name.strip()))
    text = "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))
    # Letters keep their case here: a Chinese company's name has none.
    return _REMARKS.sub("", text).translate(SIMPLIFIED)


if __name__ == "__main__":
    run(lambda folder: by_name(folder, normalised))
