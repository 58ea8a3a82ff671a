"""What each rule of the noise log did, and how two things look alike, in English and Chinese; the subject is a record."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Words = tuple[str, str]

CLEAN = "none"
"""The name under which the report counts records that nothing was made wrong in."""

RULES: Mapping[str, Words] = MappingProxyType(
    {
        CLEAN: ("nothing is wrong with it", "没有任何错误"),
        "style.drop_form": ("the name lost its legal form", "名称缺少组织形式"),
        "style.region_bracket": ("the region stands in brackets within the name", "地区写在名称的括号中"),
        "style.region_bracket_noform": (
            "the region stands in brackets and the legal form is gone",
            "地区写在括号中且缺少组织形式",
        ),
        "style.omit_region": ("the name lost its region", "名称缺少行政区划"),
        "style.short": ("the name is a short one", "名称用了简称"),
        "style.form_swap": ("the legal form is written otherwise", "组织形式写法不同"),
        "style.city_suffix": ("the region is written with 市", "行政区划带“市”字"),
        "style.ind_short": ("the industry is abbreviated", "行业用了缩写"),
        "style.english": ("the name is in English", "名称为英文"),
        "style.former": ("the name is the former one", "名称为曾用名"),
        "surface.fullwidth": ("the width of characters or brackets differs", "字符或括号的全半角不同"),
        "surface.space": ("there are blanks in the name", "名称含多余空格"),
        "surface.zerowidth": ("the name holds an invisible character", "名称含零宽字符"),
        "surface.traditional": ("the name is in traditional characters", "名称为繁体字"),
        "surface.homophone": ("a character was taken for one of the same sound", "有同音错字"),
        "surface.shape": ("a character was taken for one that looks alike", "有形近错字"),
        "surface.ocr": ("a character was misread by a scanner", "有扫描识别错字"),
        "surface.drop_char": ("a character of the name is missing", "名称漏字"),
        "surface.swap_char": ("two characters of the name are swapped", "名称中两字颠倒"),
        "surface.mojibake": ("the name was read in a wrong encoding and can be got back", "名称乱码，可还原"),
        "surface.kuntao": ("the name was destroyed by a wrong encoding", "名称乱码，不可还原"),
        "surface.annot": ("somebody wrote a remark into the name", "名称夹带批注"),
        "row.duplicate": ("it is a duplicate within the CRM", "是 CRM 内的重复记录"),
        "field.uscc_missing": ("the tax number is empty", "税号为空"),
        "field.uscc_bad": ("the tax number is wrong", "税号有误"),
        "field.phone_missing": ("the telephone is empty", "电话为空"),
        "field.phone_other": ("the telephone is another one", "电话为另一号码"),
        "field.phone_invalid": ("the telephone is invalid", "电话无效"),
        "field.placeholder": ("a cell holds a placeholder", "有单元格填了占位值"),
        "field.bank_missing": ("the bank account is missing", "缺少银行账户"),
        "field.former_missing": ("the former name was not kept", "缺少曾用名"),
        "field.contact_phone_bad": ("a contact's telephone is invalid", "联系人电话无效"),
        "field.contact_mail_bad": ("a contact's mail address is invalid", "联系人邮箱无效"),
        "field.contact_left": ("a contact has left the company", "联系人已离职"),
        "field.swap": ("a contact's name and telephone are swapped", "联系人姓名与电话填反"),
        "product.confused": ("a character of the code was taken for one that looks alike", "编码中有形近字符混淆"),
        "product.no_dash": ("a dash of the code is missing", "编码缺少连字符"),
        "product.lower_case": ("the code is in lower case", "编码为小写"),
        "product.parts_swapped": ("specification and model of the code are swapped", "编码中规格与型号颠倒"),
        "product.space": ("the code holds a blank", "编码含空格"),
        "product.retired": ("it stands under a retired code", "用的是停用编码"),
        "stock.stale_180": ("it has not moved for 180 days", "超过 180 天无出入库"),
        "stock.stale_365": ("it has not moved for 365 days", "超过 365 天无出入库"),
        "stock.ghost": ("its book stock is not there", "账面库存实际不存在"),
    }
)

RELATIONS: Mapping[str, Words] = MappingProxyType(
    {
        "hard-negative.region": ("the same name in another region", "仅行政区划不同"),
        "hard-negative.industry": ("the same trade name in another industry", "仅行业不同"),
        "hard-negative.near": ("trade names that differ by one character", "字号仅一字之差"),
        "hard-negative.form": ("the same name with another legal form", "仅组织形式不同"),
        "hard-negative.layout": (
            "the same words in another order, which makes another company",
            "用字相同但排列不同，属不同企业",
        ),
        "hard-negative.branch": ("a branch or subsidiary that looks like its parent", "分支机构或子公司与母公司相似"),
        "branch": ("a branch, which is not its parent", "分公司不等于总公司"),
        "parent": ("a subsidiary, which is not its parent", "子公司不等于母公司"),
        "twin": ("products whose codes look the same", "编码外形相同的两种产品"),
    }
)


def rule_words(rule: str) -> Words:
    """What a rule did. A rule without words of its own is named as it is."""
    return RULES.get(rule, (f"{rule} was applied to it", f"受规则 {rule} 影响"))


def relation_words(name: str) -> Words:
    """In what two things look alike."""
    return RELATIONS.get(name, (f"they look alike ({name})", f"相似（{name}）"))
