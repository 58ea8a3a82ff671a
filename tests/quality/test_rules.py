"""Single rules, on values and records made by hand."""

from __future__ import annotations

import pytest

from shapan.quality import check_quality, load_standard
from shapan.quality.consistency import AGREEMENTS
from shapan.quality.values import CHECKS

GOOD = "91440402MAY1KDKR2W"


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ("filled-in", "北京", "无"),
        ("filled-in", "测试仪器", "测试"),
        ("filled-in", "0", " N/A "),
        ("filled-in", "A-1", "---"),
        ("readable", "北京华信科技有限公司", "北京华信科技有限公司".encode("gbk").decode("latin-1")),
        ("readable", "Zürich", "北京华信科技有限公司".encode().decode("gbk", "replace")),
        ("readable", "铜芯电缆", "锟斤拷锟斤拷"),
        ("clean-characters", "LED灯管 9W", "华信\u200b科技"),
        ("clean-characters", "a b", "华信科技\t"),
        ("clean-characters", "a b", "华信\u3000科技"),
        ("clean-characters", "a b", "a  b"),
        ("unbroken", "IBM 中国", "华信 科技"),
        ("no-annotation", "新旧书店有限公司", "华信科技有限公司(停用)"),
        ("no-annotation", "北京月明有限公司", "【勿用】华信科技"),
        ("standard-brackets", "华信科技（北京）有限公司", "华信科技(北京)有限公司"),
        ("standard-brackets", "A1科技", "Ａ1科技"),
        ("standard-brackets", "（北京）", "（北京"),
        ("standard-characters", "华信", "華信"),
        ("legal-form", "华信科技有限公司烟台分公司", "华信科技"),
        ("chinese", "华信", "Huaxin Technology Co., Ltd."),
        ("credit-code-check", GOOD, GOOD[:-1] + "X"),
        ("not-made-up", "13826698987", "13800138000"),
        ("not-made-up", "010-62345671", "010-66666666"),
        ("current-person", "李明", "李明(已离职)"),
        ("begins-with-province", "广东省珠海市胜利路49号", "珠海市胜利路49号"),
        ("calendar-day", "2024-02-29", "2026-02-29"),
        ("calendar-day", "2026-01-01", "1900-01-01"),
    ],
)
def test_a_value(check, right, wrong):
    assert CHECKS[check].holds(right)
    assert not CHECKS[check].holds(wrong)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "mute"),
    [
        ("code-of-region-and-industry", {"code": "BJ-IT-001", "region": "BJ", "industry": "IT"}, {"region": "SH"}, {"region": None}),
        ("credit-code-of-province", {"credit_code": GOOD, "province": "广东省"}, {"province": "广西壮族自治区"}, {"province": "华南"}),
        ("credit-code-of-province", {"tax_number": GOOD, "address": "广东省珠海市"}, {"address": "海南省"}, {"tax_number": GOOD[:-1]}),
        ("short-name-of-full-name", {"short_name": "华信科技（北京）", "full_name": "北京华信科技有限公司"}, {"short_name": "华兴科技"}, {"short_name": "Huaxin"}),
        ("bank-name-with-account", {"bank_name": "江畔银行", "bank_account": "1"}, {"bank_account": None}, {"bank_account": None, "bank_name": None}),
        ("code-of-model", {"product_code": "CAB-3X25-YJV", "model": "YJV"}, {"model": "JV"}, {"model": None}),
        ("gross-of-net-and-tax", {"net": "1.00", "tax": "0.13", "gross": "1.13"}, {"gross": "1.12"}, {"gross": "￥1.12"}),
        ("tax-of-net", {"net": "1104.42", "tax": "143.58", "tax_rate_bp": "1300"}, {"tax": "143.60"}, {"tax_rate_bp": None}),
        ("due-after-business", {"business_date": "2026-01-05", "due_date": "2026-01-05"}, {"due_date": "2026-01-04"}, {"due_date": "2026/1/4"}),
        ("one-side", {"debit": "1.00", "credit": "0.00"}, {"credit": "1.00"}, {"credit": None}),
    ],
)  # fmt: skip
def test_a_record(name, right, wrong, mute):
    holds = AGREEMENTS[name].holds
    assert holds(right) is True
    assert holds({**right, **wrong}) is False
    assert holds({**right, **mute}) is None


def outcome(report, record):
    [kind] = [kind for kind in report["records"] if kind["record"] == record]
    return {rule["rule"]: (rule["checked"], rule["failed"]) for rule in kind["rules"]}


def test_one_slip_is_one_fault(rows):
    report = check_quality(
        load_standard(), rows({"crm/customers": [{"id": "1", "name": " 华信(停用)", "credit_code": "X"}]})
    )
    found = outcome(report, "crm/customers")
    assert found["valid.name.clean-characters"] == (1, 1)
    assert found["valid.name.no-annotation"] == found["valid.name.legal-form"] == (0, 0)
    assert found["valid.credit_code.format"] == (1, 1)
    assert found["valid.credit_code.credit-code-check"] == (0, 0)


def test_blanks_fill_no_cell(rows):
    report = check_quality(load_standard(), rows({"crm/customers": [{"id": "1", "city": "  "}]}))
    assert outcome(report, "crm/customers")["complete.city"] == (1, 1)


def test_the_second_of_two_alike_is_one_too_many_however_it_is_written(rows):
    names = ["华信科技（北京）有限公司", "华信科技(北京) 有限公司\u200b", "远山科技有限公司", None, None]
    customers = [{"id": str(n), "name": name} for n, name in enumerate(names)]
    report = check_quality(load_standard(), rows({"crm/customers": customers}))
    assert outcome(report, "crm/customers")["unique.name"] == (3, 1)
    [kind] = report["records"]
    [rule] = [rule for rule in kind["rules"] if rule["rule"] == "unique.name"]
    assert rule["examples"] == [{"record": "1", "values": {"name": names[1]}}]
    assert rule["share"] == 1 / 3


def test_references_look_into_other_records_whichever_comes_first(rows):
    records = {
        "scm/product_units": [{"product_code": "A", "unit": "件"}, {"product_code": "B", "unit": "箱"}, {"product_code": "C", "unit": "件"}],
        "scm/products": [{"product_code": "A", "base_unit": "件"}, {"product_code": "B", "base_unit": "件"}],
    }  # fmt: skip
    report = check_quality(load_standard(), rows(records))
    assert outcome(report, "scm/product_units")["refers.product_code"] == (3, 1)
    assert outcome(report, "scm/products")["refers.product_code+base_unit"] == (2, 1)


def test_what_is_not_there_is_not_asked(rows):
    report = check_quality(load_standard(), rows({"crm/contacts": [{"id": "1", "customer_id": "7"}]}))
    assert "refers.customer_id" not in outcome(report, "crm/contacts")
    assert "crm/customers" in report["absent"]
    both = {"crm/customers": [{"id": "7"}, {"id": "8"}], "crm/contacts": [{"id": "1", "customer_id": "7"}]}
    assert outcome(check_quality(load_standard(), rows(both)), "crm/customers")["has.crm/contacts"] == (2, 1)


def test_figures_add_up(rows):
    report = check_quality(load_standard(), rows({"crm/customers": [{"id": "1"}, {"id": "1"}]}))
    [kind] = report["records"]
    assert report["checked"] == kind["checked"] == sum(rule["checked"] for rule in kind["rules"])
    assert report["failed"] == sum(one["failed"] for one in report["dimensions"])
    assert report["score"] == 1 - report["failed"] / report["checked"]
    assert (kind["records"], kind["faultless"]) == (2, 0)
    assert check_quality(load_standard(), rows({"crm/customers": []}))["score"] is None
