"""Names of Chinese companies: the same one is 北京华信科技有限公司 here, 北京华信科技 there, 华信科技（北京） in the books (一户多名).

A name is region, trade name with industry (字号、行业) and legal form. The form is often left out and the region stands in front or in
brackets; trade name and region stay, or 北京华信科技 and 南京华信科技 would become one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# The longest first. 有限公司 and 有限责任公司 are one form in law; 股份有限公司 is another, and so may be another company.
_FORMS = {
    "集团股份有限公司": "集团股份",
    "集团有限责任公司": "集团",
    "集团有限公司": "集团",
    "股份有限公司": "股份",
    "有限责任公司": "有限",
    "有限公司": "有限",
    "厂": "厂",
}
# The SCM takes no longer short name.
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart for comparison.

    core    trade name and industry, without region and form
    form    legal form (组织形式); "" when the name does not say it
    placed  whether the region stands in the name
    """

    core: str
    form: str
    placed: bool


def plain_name(name: str | None) -> str:
    """A legal name for comparison: full-width and half-width brackets are the same, blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", name or "").split())


def city_of(city: str | None) -> str:
    """How a city stands in names: 北京市 -> 北京."""
    plain = plain_name(city)
    return plain.removesuffix("市") if len(plain) > 2 else plain


def taken_apart(name: str | None, city: str) -> Name:
    """A name as seen from a company of `city` (without 市, "" when unknown): 华信科技（北京）有限公司 -> 华信科技, 有限, placed."""
    rest, form = plain_name(name), ""
    for ending, kind in _FORMS.items():
        if rest.endswith(ending) and len(rest) - len(ending) >= 2:
            rest, form = rest[: -len(ending)], kind
            break
    if not city:
        return Name(rest, form, False)
    core = re.sub(rf"\({re.escape(city)}市?\)", "", rest, count=1)
    if core == rest:
        core = re.sub(rf"^{re.escape(city)}市?(?=..)", "", rest)
    return Name(core, form, core != rest)


def same_but_for_style(one: Name, other: Name) -> bool:
    """Whether two names differ in style only. A form that one of them leaves out speaks against nothing; the region is the caller's business."""
    return bool(one.core) and one.core == other.core and (not one.form or not other.form or one.form == other.form)


def short_name(legal_name: str) -> str:
    """A legal name without its legal form, as warehouse and accounts call a customer: 北京华信科技有限公司 -> 北京华信科技.

    At most 60 characters, as the SCM takes it, with no blank at either end.
    """
    # Blanks in a row become one, so that the cut cannot leave less than it found.
    name = " ".join(legal_name.split())
    for form in _FORMS:
        rest = name.removesuffix(form).strip()
        if form != "厂" and name.endswith(form) and len(rest) >= 2:
            return rest[:_SHORT].strip()
    return name[:_SHORT].strip()
