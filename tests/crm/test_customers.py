"""Customers and their balances over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

NEW = {
    "name": "北京华信科技有限公司",
    "unifiedSocialCreditCode": "91110108MAY000017T",
    "region": "QQ",
    "industry": "IT",
    "address": {
        "province": "北京市",
        "city": "北京市",
        "district": "海淀区",
        "street": "示范路18号",
        "postcode": "100080",
    },
    "phone": "010-88881234",
    "email": "caigou@huaxin.example",
    "paymentTerms": "NET60",
}
EARLY, LATE = "2026-01-05T10:00:00.000+08:00", "2026-01-05T11:00:00.000+08:00"


def create(crm: Api, **members: Any) -> dict[str, Any]:
    answer = crm.post("/customers", json={**NEW, **members})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_new_customer_is_shown_as_it_was_entered(crm: Api) -> None:
    answer = crm.post("/customers", json=NEW)
    assert answer.status_code == 201
    customer = answer.json()
    assert {key: customer[key] for key in NEW} == NEW
    assert customer["code"] == "QQ-IT-001"
    assert customer["balance"] is None
    assert customer["createdAt"] == customer["updatedAt"]
    assert answer.headers["Location"].endswith(f"/customers/{customer['id']}")
    again = crm.get(answer.headers["Location"])
    assert again.json() == customer
    assert again.headers["ETag"] == answer.headers["ETag"] == '"1"'


def test_what_is_left_out_is_empty_and_terms_are_30_days(crm: Api) -> None:
    answer = crm.post("/customers", json={"name": "上海示例贸易有限公司", "region": "SH", "industry": "TR"})
    customer = answer.json()
    assert customer["paymentTerms"] == "NET30"
    assert [customer[key] for key in ("unifiedSocialCreditCode", "address", "phone", "email", "balance")] == [None] * 5


def test_codes_run_on_by_region_and_industry(crm: Api) -> None:
    assert [create(crm)["code"], create(crm)["code"], create(crm, industry="EL")["code"]] == [
        "QQ-IT-001",
        "QQ-IT-002",
        "QQ-EL-001",
    ]


def test_codes_go_on_after_the_seeded_ones(crm: Api, desk: Desk) -> None:
    prefix = desk.customers[0]["code"][:5]
    serials = [int(customer["code"][6:]) for customer in desk.customers if customer["code"].startswith(prefix)]
    code = create(crm, region=prefix[:2], industry=prefix[3:])["code"]
    assert code == f"{prefix}-{max(serials) + 1:03d}"


def test_the_customers_are_those_of_the_world(desk: Desk, tiny_world: Any) -> None:
    # Fifty times what the company may owe in the world; who pays in advance has no limit.
    limits = {c.key: c.credit_limit_fen / 2 if c.payment_terms_days else None for c in tiny_world.companies}

    def row(c: Any) -> dict[str, Any]:
        address = {part: getattr(c.address, part) for part in ("province", "city", "district", "street", "postcode")}
        return {
            "id": c.id,
            "code": c.code,
            "name": c.name,
            "unifiedSocialCreditCode": c.uscc,
            "region": c.region,
            "industry": c.industry,
            "address": address,
            "phone": c.phone,
            "email": c.email,
            "paymentTerms": c.payment_terms,
            "priceListId": None,
            "creditLimit": limits[c.entity],
            "creditHold": "none",
            "state": "active",
            "mergedInto": None,
            "formerNames": [],
            "balance": None,
            "createdAt": c.created_at,
            "updatedAt": c.created_at,
        }

    assert desk.customers == [row(customer) for customer in tiny_world.crm.customers]


def test_the_same_company_may_be_entered_twice(crm: Api) -> None:
    first, second = create(crm), create(crm)
    assert first["id"] != second["id"]
    found = crm.get("/customers", params={"unifiedSocialCreditCode": NEW["unifiedSocialCreditCode"]}).json()["items"]
    assert {customer["id"] for customer in found} >= {first["id"], second["id"]}


def test_a_wrong_credit_code_is_refused_and_nothing_is_kept(
    crm: Api, desk: Desk, refusal: Callable[..., list[str]]
) -> None:
    answer = crm.post("/customers", json={**NEW, "unifiedSocialCreditCode": "91110108MAY0000170"})
    assert sorted(refusal(answer, 422, "business-rule")) == ["/unifiedSocialCreditCode"]
    assert desk.walk("/customers") == desk.customers
    assert desk.events() == []


def test_five_faults_give_one_answer_with_five_pointers(crm: Api, refusal: Callable[..., list[str]]) -> None:
    body = {
        "name": " ",
        "unifiedSocialCreditCode": "9111",
        "region": "Beijing",
        "address": {
            "province": "北京市",
            "city": "北京市",
            "district": "海淀区",
            "street": "示范路18号",
            "postcode": "1",
        },
        "colour": "red",
    }
    answer = crm.post("/customers", json=body, headers={"Accept-Language": "zh"})
    pointers = refusal(answer, 400, "validation-failed")
    assert {"/name", "/unifiedSocialCreditCode", "/region", "/industry", "/address/postcode", "/colour"} == set(
        pointers
    )
    assert "缺少必填字段" in answer.text


def test_the_same_key_enters_one_customer(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    headers = {"Idempotency-Key": "one"}
    first = crm.post("/customers", json=NEW, headers=headers)
    second = crm.post("/customers", json=NEW, headers=headers)
    assert first.status_code == second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert (second.headers["ETag"], second.headers["Location"]) == (first.headers["ETag"], first.headers["Location"])
    assert len(desk.walk("/customers")) == len(desk.customers) + 1
    assert len(desk.events()) == 1
    other = crm.post("/customers", json={**NEW, "region": "SH"}, headers=headers)
    assert other.status_code == 422, other.text


def test_events_of_a_customer_carry_what_get_shows(crm: Api, desk: Desk) -> None:
    created = create(crm)
    path = f"/customers/{created['id']}"
    crm.put(f"{path}/balance", json={"openAmount": 10, "overdueAmount": 0, "asOf": EARLY})
    etag = crm.get(path).headers["ETag"]
    crm.patch(path, json={"name": "北京华信数字科技有限公司"}, headers={"If-Match": etag})
    first, second, third = desk.events()
    assert (first["type"], first["subject"], first["data"]) == ("crm.customer.created", created["code"], created)
    assert (second["type"], second["subject"]) == ("crm.customer.updated", created["code"])
    assert (third["type"], third["subject"]) == ("crm.customer.renamed", created["code"])
    assert second["data"] == third["data"] == crm.get(path).json()
    assert second["data"]["balance"] is not None


def test_a_change_replaces_what_it_names_and_leaves_the_rest(crm: Api) -> None:
    created = create(crm)
    path = f"/customers/{created['id']}"
    change = {"name": "华信科技（北京）有限公司", "phone": None, "address": None, "region": "SZ"}
    answer = crm.patch(path, json=change, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    changed = answer.json()
    former = [{"name": created["name"], "until": changed["updatedAt"]}]
    assert {**created, **change, "formerNames": former, "updatedAt": changed["updatedAt"]} == changed
    assert changed["code"] == created["code"]
    assert answer.headers["ETag"] == '"2"'
    restored = crm.patch(path, json={"address": NEW["address"]}, headers={"If-Match": '"2"'}).json()
    assert restored["address"] == NEW["address"]


def test_an_address_is_replaced_as_a_whole(crm: Api) -> None:
    path = f"/customers/{create(crm)['id']}"
    address = {"province": "上海市", "city": "上海市", "district": "浦东新区", "street": "样例路1号"}
    changed = crm.patch(path, json={"address": address}, headers={"If-Match": '"1"'}).json()
    assert changed["address"] == {**address, "postcode": None}


def test_a_change_that_changes_nothing_is_no_change(crm: Api, desk: Desk) -> None:
    created = create(crm)
    answer = crm.patch(
        f"/customers/{created['id']}",
        json={"name": created["name"], "address": created["address"]},
        headers={"If-Match": '"1"'},
    )
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, created, '"1"')
    assert [event["type"] for event in desk.events()] == ["crm.customer.created"]


def test_a_stale_change_is_refused(crm: Api, refusal: Callable[..., list[str]]) -> None:
    path = f"/customers/{create(crm)['id']}"
    crm.patch(path, json={"phone": "021-55550000"}, headers={"If-Match": '"1"'})
    answer = crm.patch(path, json={"phone": "021-55551111"}, headers={"If-Match": '"1"'})
    assert sorted(refusal(answer, 412, "precondition-failed")) == []
    assert answer.headers["ETag"] == '"2"'
    assert crm.get(path).json()["phone"] == "021-55550000"


def test_a_change_without_if_match_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    answer = crm.patch(f"/customers/{desk.customer_id}", json={"phone": None})
    assert sorted(refusal(answer, 428, "precondition-required")) == ["/If-Match"]


def test_a_wrong_credit_code_in_a_change_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    answer = crm.patch(
        f"/customers/{desk.customer_id}",
        json={"unifiedSocialCreditCode": "91110108MAY0000170"},
        headers={"If-Match": "*"},
    )
    assert sorted(refusal(answer, 422, "business-rule")) == ["/unifiedSocialCreditCode"]


def test_what_cannot_be_changed_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [""]),
        ({"code": "BJ-IT-009", "balance": None}, ["/balance", "/code"]),
        ({"name": None, "region": "bj"}, ["/name", "/region"]),
        ({"address": {"city": "北京市"}}, ["/address/district", "/address/province", "/address/street"]),
    ]
    for body, pointers in wrong:
        answer = crm.patch(f"/customers/{desk.customer_id}", json=body, headers={"If-Match": "*"})
        assert sorted(refusal(answer, 400, "validation-failed")) == pointers


def test_customers_are_found_by_exact_values(crm: Api, desk: Desk) -> None:
    for member in ("name", "code", "unifiedSocialCreditCode"):
        value = desk.customers[3][member]
        wanted = [customer for customer in desk.customers if customer[member] == value]
        assert crm.get("/customers", params={member: value}).json() == {"items": wanted, "nextCursor": None}
        assert crm.get("/customers", params={member: value[:-1]}).json()["items"] == []


def test_filters_are_combined(crm: Api, desk: Desk) -> None:
    first, second = desk.customers[:2]
    assert crm.get("/customers", params={"name": first["name"], "code": second["code"]}).json()["items"] == []


def test_changed_customers_are_found_since_a_time(crm: Api, desk: Desk) -> None:
    changed = crm.patch(
        f"/customers/{desk.customers[4]['id']}", json={"phone": "010-00000000"}, headers={"If-Match": "*"}
    ).json()
    assert crm.get("/customers", params={"updatedSince": changed["updatedAt"]}).json()["items"] == [changed]
    everyone = desk.walk("/customers", updatedSince="2000-01-01T00:00:00Z", limit=5)
    assert len(everyone) == len(desk.customers)
    assert everyone[-1] == changed
    assert [customer["updatedAt"] for customer in everyone] == sorted(customer["updatedAt"] for customer in everyone)


def test_all_pages_together_are_the_whole_list(desk: Desk) -> None:
    for limit in (1, 5, len(desk.customers), 200):
        assert desk.walk("/customers", limit=limit) == desk.customers
    assert len({customer["id"] for customer in desk.customers}) == len(desk.customers)


def test_a_balance_is_shown_with_the_customer(crm: Api, desk: Desk) -> None:
    path = f"/customers/{desk.customer_id}"
    before = crm.get(path)
    report = {"openAmount": 113000.5, "overdueAmount": 20000.05, "asOf": EARLY}
    answer = crm.put(f"{path}/balance", json=report)
    assert (answer.status_code, answer.json()) == (200, report)
    after = crm.get(path)
    assert after.json() == {**before.json(), "balance": report, "updatedAt": after.json()["updatedAt"]}
    assert after.headers["ETag"] != before.headers["ETag"]
    assert desk.events() == []


def test_a_later_or_equal_balance_replaces_and_an_older_one_does_not(
    crm: Api, desk: Desk, refusal: Callable[..., list[str]]
) -> None:
    path = f"/customers/{desk.customer_id}/balance"
    assert crm.put(path, json={"openAmount": 1, "overdueAmount": 1, "asOf": LATE}).status_code == 200
    assert (
        crm.put(path, json={"openAmount": -2.5, "overdueAmount": 0, "asOf": "2026-01-05T03:00:00Z"}).status_code == 200
    )
    answer = crm.put(path, json={"openAmount": 3, "overdueAmount": 0, "asOf": EARLY})
    assert sorted(refusal(answer, 409, "balance-outdated")) == []
    shown = crm.get(f"/customers/{desk.customer_id}").json()["balance"]
    assert shown == {"openAmount": -2.5, "overdueAmount": 0, "asOf": LATE}


def test_a_malformed_balance_is_refused(crm: Api, desk: Desk, refusal: Callable[..., list[str]]) -> None:
    wrong: list[dict[str, Any]] = [
        {"openAmount": 0.001},
        {"openAmount": "12.00"},
        {"overdueAmount": -0.01},
        {"asOf": "2026-01-05"},
        {"asOf": "2026-01-05T10:00:00"},
        {"asOf": "2026-06-30T23:59:60Z"},
    ]
    for change in wrong:
        body = {"openAmount": 1, "overdueAmount": 0, "asOf": EARLY, **change}
        answer = crm.put(f"/customers/{desk.customer_id}/balance", json=body)
        assert set(refusal(answer, 400, "validation-failed")) == {f"/{member}" for member in change}


def test_ids_are_read_in_either_case(crm: Api, desk: Desk) -> None:
    assert crm.get(f"/customers/{desk.customer_id.upper()}").json()["id"] == desk.customer_id
