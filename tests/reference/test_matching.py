"""Matching customers: tax number first, then the exact legal name; never two records for one company, never one for two."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shapan.reference.client import SystemClient
from shapan.reference.errors import Undecidable
from shapan.reference.matching import Locks, Matcher, Party, choose, plain_tax_number
from shapan.reference.state import State

TAX, OTHER_TAX = "91110108MAY000017T", "91110108MAY000025T"
NAME = "北京华信科技有限公司"
PATIENCE = 30.0


def party(name: str = NAME, tax_number: str | None = TAX) -> Party:
    return Party("crm", "id-1", "BJ-IT-001", name, tax_number, 60, city="北京")


def candidate(code: str, full_name: str | None = NAME, tax_number: str | None = None, **more: Any) -> dict[str, Any]:
    return {"code": code, "full_name": full_name, "tax_number": tax_number, **more}


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


def test_tax_numbers_are_compared_without_blanks_and_case() -> None:
    assert plain_tax_number("9111 0108may000017t") == TAX
    assert plain_tax_number(None) == ""


def test_what_was_made_for_a_customer_is_its_own_whatever_it_says() -> None:
    reference = {"system": "crm", "document": "BJ-IT-001", "id": "id-1"}
    assert (
        chosen(party(), candidate("B", "某某公司", OTHER_TAX, source_reference=reference), candidate("A", NAME, TAX))
        == "B"
    )
    of_another = candidate("B", "某某公司", OTHER_TAX, source_reference={**reference, "id": "id-2"})
    assert chosen(party(), of_another) is None


def test_a_name_in_another_style_is_the_same_company_in_the_same_region() -> None:
    in_brackets, dropped = "华信科技\uff08北京\uff09", "北京华信科技"
    assert chosen(party(), candidate("A", None, short_name=in_brackets)) == "A"
    assert chosen(party(), candidate("A", None, short_name=dropped), candidate("B", NAME)) == "B"
    assert chosen(party(tax_number=None), candidate("A", None, OTHER_TAX, short_name=dropped)) == "A"
    assert chosen(party(), candidate("A", None, OTHER_TAX, short_name=dropped)) is None
    assert chosen(party(), candidate("A", None, short_name="南京华信科技")) is None
    assert chosen(party(), candidate("A", "北京华信科技股份有限公司", short_name=dropped)) is None


def test_a_name_without_its_region_needs_the_address() -> None:
    assert chosen(party(), candidate("A", None, short_name="华信科技")) is None
    assert chosen(party(), candidate("A", None, short_name="华信科技", address="北京市海淀区示范路18号")) == "A"


def test_a_former_name_is_a_name() -> None:
    renamed = replace(party("上海远山数据有限公司", None), former_names=(NAME,))
    assert chosen(renamed, candidate("A")) == "A"


def test_of_two_companies_of_one_name_telephone_or_address_decides() -> None:
    reachable = replace(party(tax_number=None), phone="010-88881234")
    two = candidate("A", NAME, TAX), candidate("B", NAME, OTHER_TAX, phone="010-88881234")
    assert chosen(reachable, *two) == "B"


class Systems:
    """Just enough of CRM, SCM and finance customers in memory; finance has pages of two."""

    def __init__(self) -> None:
        self.customers: dict[str, dict[str, Any]] = {}
        self.partners: list[dict[str, Any]] = []
        self.finance: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.pages: list[str | None] = []
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
            self.pages.append(query.get("page"))
            size = int(query["page_size"]) if system == "scm" else 2
            start = size * (int(query["page"]) - 1) if system == "scm" else int(query.get("changed_since", 0))
            answer: dict[str, Any] = {"items": rows[start : start + size], "total": len(rows)}
            answer |= {"watermark": min(start + size, len(rows)), "has_more": start + size < len(rows)}
            return httpx.Response(200, json=answer)

    def crm(self, path: str, query: httpx.QueryParams) -> httpx.Response:
        if path != "/customers":
            return httpx.Response(200, json=self.customers[path.rpartition("/")[2]])
        found = [
            one
            for one in self.customers.values()
            if any(
                query.get(member) == one[member] for member in ("unifiedSocialCreditCode", "name") if member in query
            )
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


def test_a_merged_customer_is_the_one_that_is_left(matcher: Matcher, systems: Systems) -> None:
    systems.customer("1")
    systems.customer("2", "别的名字有限公司", None)
    systems.customers["2"]["mergedInto"] = "1"
    assert matcher.partner_of("2") == "KH00001"
    assert systems.partners[0]["source_reference"]["id"] == "1"


def test_a_directory_reads_on_where_it_stopped(matcher: Matcher, systems: Systems) -> None:
    systems.partners = [
        {"partner_code": f"KH{n:05}", "full_name": f"示范{n}有限公司", "tax_number": None} for n in range(1, 251)
    ]
    directory = matcher.directories["scm"]
    directory.refresh()
    assert len(directory.records()) == 250
    systems.partners.append({"partner_code": "KH00251", "full_name": NAME, "tax_number": TAX})
    systems.pages.clear()
    directory.refresh()
    assert [one["partner_code"] for one in directory.near(party().tokens)] == ["KH00251"]
    assert systems.pages == ["3"]


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


def test_a_namesake_with_another_tax_number_is_not_behind_a_finance_customer(
    matcher: Matcher, systems: Systems
) -> None:
    systems.customer("1")
    systems.customer("2", "上海远帆物流有限公司", None)
    systems.finance = [
        {"id": 1, "full_name": NAME, "tax_number": OTHER_TAX},
        {"id": 2, "full_name": "上海远帆物流有限公司", "tax_number": OTHER_TAX},
    ]
    assert [matcher.crm_customers_of(number) for number in (1, 2)] == [[], ["2"]]


def test_a_second_record_in_finance_does_not_take_the_place_of_the_first(
    matcher: Matcher, systems: Systems, state: State
) -> None:
    systems.customer("1")
    systems.finance = [{"id": number, "full_name": NAME, "tax_number": TAX} for number in (1, 2)]
    assert matcher.finance_customer_of("crm", "1") == 1
    assert matcher.crm_customers_of(2) == ["1"]
    assert state.linked("customer", "crm", "1", "finance") == "1"


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
