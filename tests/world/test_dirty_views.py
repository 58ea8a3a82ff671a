"""Between truth and view: every change is in the noise log, rates are what the mess says, and one rate changes nothing of the others."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from stdnum.cn import uscc as oracle

from shapan.world import World, WorldSpec, build_world
from shapan.world.companies import DEMO
from shapan.world.entities import Noise
from shapan.world.mess import load_mess
from shapan.world.views import UNIDENTIFIED_ID, UNIDENTIFIED_KEY

OPENING = date(2026, 11, 1)


def _cells(world: World) -> dict[tuple[str, str, str], str]:
    """(system, record, field) -> what stands there, "" for nothing; customers and finance's items only."""
    found: dict[tuple[str, str, str], Any] = {}
    for one in world.crm.customers:
        assert one.address is not None
        found |= {
            ("crm", one.id, "id"): one.id,
            ("crm", one.id, "name"): one.name,
            ("crm", one.id, "unifiedSocialCreditCode"): one.uscc,
            ("crm", one.id, "phone"): one.phone,
            ("crm", one.id, "email"): one.email,
            ("crm", one.id, "address.street"): one.address.street,
            ("crm", one.id, "former_names"): "".join(name for name, _ in one.former_names),
        }
        for contact in one.contacts:
            for name in ("name", "phone", "email"):
                found["crm", one.id, f"contacts.{contact.id}.{name}"] = getattr(contact, name)
    for partner in world.scm.partners:
        for name in ("short_name", "tax_number", "phone"):
            found["scm", partner.code, name] = getattr(partner, name)
        found["scm", partner.code, "address"] = partner.address_text
    for customer in world.finance.customers:
        for name in ("short_name", "tax_number", "phone", "bank_name", "bank_account"):
            found["finance", str(customer.id), name] = getattr(customer, name)
    for item in world.finance.items:
        found["finance", item.code, "code"] = item.code
    return {key: value or "" for key, value in found.items()}


@pytest.fixture(scope="module")
def chains(medium_article: World) -> dict[tuple[str, str, str], list[Noise]]:
    """The changes of each cell in the order in which they happened."""
    found: defaultdict[tuple[str, str, str], list[Noise]] = defaultdict(list)
    for noise in medium_article.answer_key.noise:
        if noise.rule.startswith(("items.", "stock.")):
            continue  # documents and stock, see test_history.py
        found[noise.system, noise.record_id, noise.field].append(noise)
    return dict(found)


def test_the_log_says_what_stands_in_every_cell_that_was_changed(
    medium_article: World, chains: dict[tuple[str, str, str], list[Noise]]
) -> None:
    cells = _cells(medium_article)
    for place, chain in chains.items():
        assert cells[place] == chain[-1].after
        for before, after in itertools.pairwise(chain):
            assert before.after == after.before
        assert all(noise.before != noise.after for noise in chain)


def test_every_cell_that_is_not_true_is_in_the_log(
    medium_article: World, chains: dict[tuple[str, str, str], list[Noise]]
) -> None:
    key, truth = medium_article.answer_key, {company.key: company for company in medium_article.companies}
    fields = {
        "name": lambda c: c.legal_name, "short_name": lambda c: c.legal_name, "phone": lambda c: c.phone,
        "unifiedSocialCreditCode": lambda c: c.uscc, "tax_number": lambda c: c.uscc, "email": lambda c: c.email,
        "address.street": lambda c: c.address.street, "address": lambda c: c.address.text,
        "bank_name": lambda c: c.bank.branch, "bank_account": lambda c: c.bank.number,
        "former_names": lambda c: c.former_name or "",
    }  # fmt: skip
    wrong = 0
    for (system, record, field), value in _cells(medium_article).items():
        if field not in fields or record == str(UNIDENTIFIED_ID):
            continue
        company = truth[str(key.entity(system, "customer", record))]
        if value != fields[field](company):
            wrong += 1
            assert chains[system, record, field][0].before == fields[field](company)
        else:
            assert (system, record, field) not in chains
    assert wrong > 3000


def test_credit_codes_hold_but_for_those_that_the_log_names(medium_article: World) -> None:
    bad = {noise.after for noise in medium_article.answer_key.noise if noise.rule == "field.uscc_bad"}
    assert len(bad) > 50
    codes = [one.uscc for one in medium_article.crm.customers]
    codes += [one.tax_number for one in medium_article.scm.partners]
    codes += [one.tax_number for one in medium_article.finance.customers]
    for code in filter(None, codes):
        assert oracle.is_valid(code) is (code not in bad)


def test_the_demo_set_carries_three_forms_without_errors(medium_article: World) -> None:
    """北京华信科技有限公司 in the CRM is 北京华信科技 in the SCM and 华信科技（北京） in finance."""
    crm = {one.entity: one for one in medium_article.crm.customers}
    scm = {one.entity: one for one in medium_article.scm.partners}
    finance = {one.entity: one for one in medium_article.finance.customers}
    demo = [entity.key for entity in medium_article.answer_key.entities.values() if entity.demo]
    assert len(demo) == DEMO
    for company in medium_article.companies[:DEMO]:
        assert company.key in demo
        words = company.trade_name + company.industry_name
        assert crm[company.key].name == company.legal_name
        assert scm[company.key].short_name == company.region_name + words
        assert finance[company.key].short_name == f"{words}\uff08{company.region_name}\uff09"
        for record in (scm[company.key], finance[company.key]):
            assert (record.full_name, record.tax_number, record.phone) == (
                company.legal_name, company.uscc, company.phone
            )  # fmt: skip
        assert crm[company.key].uscc == company.uscc
    counted = Counter(one.entity for one in medium_article.crm.customers)
    assert all(counted[key] == 1 for key in demo)


def test_rates_are_what_the_mess_says(medium_article: World) -> None:
    """Within a third of what is to be expected; rules that cannot always be applied come out lower, see below."""
    mess = load_mess("article")
    records = {
        "crm": len({one.entity for one in medium_article.crm.customers}),
        "scm": len(medium_article.scm.partners),
        "finance": len(medium_article.finance.customers),
    }
    for system, number in records.items():
        assert abs(number / 2000 - mess.coverage[system]) < 0.03
    found = Counter((noise.system, noise.rule) for noise in medium_article.answer_key.noise)
    # Demo records and companies that have no former name or no shorter industry are written as they are registered.
    sometimes = {"style.former", "style.ind_short", "style.region_bracket", "style.form_swap"}
    for system, number in records.items():
        for style, share in mess.styles[system]:
            expected = number * share
            if expected > 15 and f"style.{style}" not in sometimes:
                assert 0.6 < found[system, f"style.{style}"] / expected < 1.6, (system, style)
        for rule, share in mess.group(f"fields.{system}").items():
            if rule.startswith(("uscc", "phone")) and share:
                assert 0.6 < found[system, f"field.{rule}"] / (number * share) < 1.4, (system, rule)
    for rule, share in mess.surface:
        total = sum(found[system, f"surface.{rule}"] for system in records)
        assert 0.5 < total / (share * sum(records.values())) < 1.8, rule
    copies = found["crm", "row.duplicate"]
    assert 0.06 < copies / 2000 < 0.13


def test_another_rate_of_one_rule_changes_nothing_else(medium_article: World) -> None:
    spec = replace(medium_article.spec, size="small")
    before = build_world(spec)
    after = build_world(replace(spec, rates=(("surface.zerowidth", 0.4), ("fields.scm.uscc_missing", 0.6))))
    assert after.finance.items == before.finance.items
    assert [one.uscc for one in after.crm.customers] == [one.uscc for one in before.crm.customers]
    assert [one.phone for one in after.scm.partners] == [one.phone for one in before.scm.partners]
    spoilt = {noise.record_id for noise in after.answer_key.noise if noise.rule == "surface.zerowidth"}
    assert len(spoilt) > 100
    for old, new in zip(before.scm.partners, after.scm.partners, strict=True):
        assert old.code == new.code
        assert old.short_name == new.short_name or new.code in spoilt


def test_one_customer_more_changes_nobody_elses_records() -> None:
    spec = WorldSpec("trading", "small", 9, OPENING)
    before = build_world(spec)
    known = {UNIDENTIFIED_KEY, *(company.key for company in before.companies)}
    after = build_world(replace(spec, size="medium"))
    assert tuple(one for one in after.crm.customers if one.entity in known) == before.crm.customers
    assert tuple(one for one in after.scm.partners if one.entity in known) == before.scm.partners
    assert tuple(one for one in after.finance.customers if one.entity in known) == before.finance.customers


def test_all_different_leaves_no_two_names_alike_and_filthy_is_worse() -> None:
    spec = WorldSpec("trading", "small", 3, OPENING, mess="all-different")
    world = build_world(spec)
    crm = {one.name for one in world.crm.customers}
    scm = {one.short_name for one in world.scm.partners}
    finance = {one.short_name for one in world.finance.customers}
    assert len(crm & scm) + len(scm & finance) + len(crm & finance) < 0.02 * (len(crm) + len(scm) + len(finance))
    article = build_world(replace(spec, mess="article")).answer_key.noise
    filthy = build_world(replace(spec, mess="filthy")).answer_key.noise
    assert len(filthy) > 1.5 * len(article)
