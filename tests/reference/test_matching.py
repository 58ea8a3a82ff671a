"""Matching customers: tax number first, then the exact legal name; never two records for one company, never one for two."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shapan.reference.client import SystemClient
from shapan.reference.errors import Undecidable
from shapan.reference.matching import Locks, Matcher, Party, choose, plain_name, plain_tax_number, short_name
from shapan.reference.state import State

TAX, OTHER_TAX = "91110108MAY000017T", "91110108MAY000025T"
NAME = "北京华信科技有限公司"
PATIENCE = 30.0


def party(name: str = NAME, tax_number: str | None = TAX) -> Party:
    return Party("crm", "id-1", "BJ-IT-001", name, tax_number, 60)


def candidate(code: str, full_name: str | None = NAME, tax_number: str | None = None) -> dict[str, Any]:
    return {"code": code, "full_name": full_name, "tax_number": tax_number}


def chosen(who: Party, *candidates: dict[str, Any]) -> str | None:
    found = choose(who, candidates, "code")
    return found["code"] if found else None


def test_the_tax_number_wins_over_the_name() -> None:
    assert chosen(party(), candidate("A"), candidate("B", "某某公司", TAX)) == "B"
    assert chosen(party(), candidate("A", None, f" {TAX.lower()} ")) == "A"


def test_without_a_tax_number_there_the_exact_name_counts() -> None:
    assert chosen(party(), candidate("A", "北京华信科技"), candidate("B")) == "B"
    assert chosen(party("华信科技(北京)有限公司"), candidate("A", "华信科技\uff08北京\uff09有限公司")) == "A"


def test_the_same_name_with_another_tax_number_is_another_company() -> None:
    assert chosen(party(), candidate("A", NAME, OTHER_TAX)) is None


def test_of_duplicates_the_first_by_number_is_taken() -> None:
    assert chosen(party(), candidate("B", NAME, TAX), candidate("A", NAME, TAX)) == "A"
    assert chosen(party(tax_number=None), candidate("B"), candidate("A", NAME, TAX)) == "A"


def test_a_name_of_two_companies_is_left_to_a_person() -> None:
    with pytest.raises(Undecidable, match=f"BJ-IT-001.*{TAX}, {OTHER_TAX}.*请补录税号"):
        chosen(party(tax_number=None), candidate("A", NAME, TAX), candidate("B", NAME, OTHER_TAX))


def test_nobody_fits() -> None:
    assert chosen(party(), candidate("A", "上海华信科技有限公司")) is None
    assert chosen(party()) is None


def test_records_without_any_name_are_not_each_other() -> None:
    assert chosen(party(tax_number=None), candidate("A", None)) is None


def test_spellings() -> None:
    assert plain_name(" 华信\u3000科技\uff08北京\uff09 ") == "华信科技(北京)"
    assert (plain_name(None), plain_tax_number(None)) == ("", "")
    assert plain_tax_number("9111 0108may000017t") == TAX


@pytest.mark.parametrize(
    ("legal", "short"),
    [
        (NAME, "北京华信科技"),
        ("上海远帆物流股份有限公司", "上海远帆物流"),
        ("华信科技\uff08北京\uff09有限责任公司", "华信科技\uff08北京\uff09"),
        ("某有限公司", "某有限公司"),
        ("示范合作社", "示范合作社"),
        ("Huaxin Technology 有限公司", "Huaxin Technology"),
        ("A" * 59 + " BC 有限公司", "A" * 59),
        ("某 有限公司", "某 有限公司"),
        ("A" + " " * 70 + "Trading 有限公司", "A Trading"),
    ],
)
def test_short_name(legal: str, short: str) -> None:
    assert short_name(legal) == short


class Systems:
    """Just enough of CRM, SCM and finance customers in memory; every list has pages of two."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.partners: list[dict[str, Any]] = []
        self.finance: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()

    def customer(self, key: str, name: str = NAME, tax_number: str | None = TAX) -> None:
        self.customers[key] = {
            "id": key,
            "code": f"BJ-IT-{key}",
            "name": name,
            "unifiedSocialCreditCode": tax_number,
            "paymentTerms": "NET60",
            "phone": "010-88881234",
            "address": {
                "province": "北京市",
                "city": "北京市",
                "district": "海淀区",
                "street": "示范路18号",
                "postcode": None,
            },
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:

        system, path, query = request.url.host, request.url.path, request.url.params
        if path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        with self.lock:
            if request.method == "POST":
                body = {"tax_number": None, "full_name": None, **json.loads(request.content)}
                self.keys.append(request.headers.get("Idempotency-Key"))
                rows = self.partners if system == "scm" else self.finance
                body |= {"partner_code": f"KH{len(rows) + 1:05}"} if system == "scm" else {"id": len(rows) + 1}
                rows.append(body)
                return httpx.Response(201, json=body)
            if system == "crm":
                return self.crm(path, query)
            if path != "/customers" and system == "finance":
                return httpx.Response(200, json=self.finance[int(path.rpartition("/")[2]) - 1])
            rows = self.partners if system == "scm" else self.finance
            rows = [r for r in rows if all(r[n] == query[n] for n in ("tax_number", "full_name") if n in query)]
            start = 2 * (int(query["page"]) - 1) if system == "scm" else int(query.get("changed_since", 0))
            answer: dict[str, Any] = {"items": rows[start : start + 2], "total": len(rows)}
            answer |= {"watermark": start + 2, "has_more": start + 2 < len(rows)}
            return httpx.Response(200, json=answer)

    def crm(self, path: str, query: httpx.QueryParams) -> httpx.Response:
        if path != "/customers":
            return httpx.Response(200, json=self.customers[path.rpartition("/")[2]])
        found = [
            one
            for one in self.customers.values()
            if one["unifiedSocialCreditCode"] == query.get("unifiedSocialCreditCode")
            or one["name"] == query.get("name")
        ]
        return httpx.Response(200, json={"items": found, "nextCursor": None})


@pytest.fixture
def systems() -> Systems:
    return Systems()


@pytest.fixture
def matcher(systems: Systems, state: State) -> Iterator[Matcher]:
    transport = httpx.MockTransport(systems)
    clients = [SystemClient(s, f"http://{s}", "id", "secret", transport=transport) for s in ("crm", "scm", "finance")]
    yield Matcher(*clients, state)
    for client in clients:
        client.close()


def test_a_new_customer_is_created_with_all_that_is_known(matcher: Matcher, systems: Systems, state: State) -> None:
    systems.customer("1")
    assert matcher.partner_of("1") == "KH00001"
    assert matcher.finance_customer_of("crm", "1") == 1
    reference = {"system": "crm", "document": "BJ-IT-1", "id": "1"}
    assert systems.partners == [
        {
            "partner_code": "KH00001",
            "short_name": "北京华信科技",
            "full_name": NAME,
            "tax_number": TAX,
            "phone": "010-88881234",
            "address": "北京市海淀区示范路18号",
            "source_reference": reference,
        }
    ]
    assert systems.finance[0]["payment_terms_days"] == 60
    assert systems.finance[0]["source_reference"] == reference
    assert systems.keys == ["partner/crm/1", "customer/crm/1"]
    assert state.linked("customer", "crm", "1", "scm") == "KH00001"
    assert state.linked("customer", "crm", "1", "finance") == "1"


def test_a_customer_without_tax_number_sends_none(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1", tax_number=None)
    matcher.finance_customer_of("crm", "1")
    assert systems.finance[0]["tax_number"] is None


def test_a_match_on_a_later_page_is_found(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1")
    systems.partners = [
        {"partner_code": f"KH{n:05}", "full_name": f"示范{n}有限公司", "tax_number": None} for n in range(1, 5)
    ]
    systems.partners.append({"partner_code": "KH00005", "full_name": NAME, "tax_number": None})
    assert matcher.partner_of("1") == "KH00005"
    assert systems.keys == []


def test_finance_is_asked_for_both_spellings_of_brackets(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1", "华信科技(北京)有限公司", None)
    systems.finance = [{"id": 1, "full_name": "华信科技\uff08北京\uff09有限公司", "tax_number": None}]
    assert matcher.finance_customer_of("crm", "1") == 1
    assert systems.keys == []


def test_duplicates_in_the_crm_share_their_counterparts(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1")
    systems.customer("2")
    assert {matcher.partner_of("1"), matcher.partner_of("2")} == {"KH00001"}
    assert {matcher.finance_customer_of("crm", key) for key in "12"} == {1}
    assert matcher.crm_customers_of(1) == ["1", "2"]


def test_the_crosswalk_is_asked_before_the_systems(matcher: Matcher, systems: Systems, state: State) -> None:
    state.link("customer", "crm", "1", "scm", "KH00007")
    assert matcher.partner_of("1") == "KH00007"


def test_a_finance_customer_is_traced_back_by_tax_number_then_name(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1")
    systems.customer("2", "上海远帆物流有限公司", None)
    systems.finance = [
        {"id": 1, "full_name": None, "tax_number": TAX},
        {"id": 2, "full_name": "上海远帆物流有限公司", "tax_number": None},
        {"id": 3, "full_name": None, "tax_number": None},
    ]
    assert [matcher.crm_customers_of(number) for number in (1, 2, 3)] == [["1"], ["2"], []]


def test_two_orders_of_one_customer_at_once_make_one_partner(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1")
    systems.customer("2", tax_number=None)
    start = threading.Barrier(8)
    found: list[str] = []

    def match(key: str) -> None:
        start.wait(PATIENCE)
        found.append(matcher.partner_of(key))

    threads = [threading.Thread(target=match, args=("12"[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == ["KH00001"] * 8
    assert len(systems.partners) == 1


def test_locks_keep_apart_who_shares_any_key() -> None:
    locks = Locks()
    entered = threading.Event()

    def second() -> None:
        with locks.hold("name", "other"):
            entered.set()

    with locks.hold("tax", "name"):
        thread = threading.Thread(target=second)
        thread.start()
        with locks.hold("unrelated"):
            assert not entered.is_set()
    thread.join(PATIENCE)
    assert entered.is_set()
