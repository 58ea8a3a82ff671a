"""Stores, members and sales over the counter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shapan.crm.rules.store_sales import points_for

if TYPE_CHECKING:
    from tests.conftest import Api
    from tests.crm.conftest import Desk

pytestmark = pytest.mark.in_process
Refusal = Callable[..., list[str]]
STORE = {"code": "MD001", "name": "味满楼示范路店", "address": "北京市海淀区示范路18号", "phone": "010-88885678"}


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def sale(desk: Desk, *payments: tuple[str, float], price: float = 128.88, **members: Any) -> dict[str, Any]:
    return {
        "storeCode": "MD001",
        "payments": [{"method": method, "amount": amount} for method, amount in payments],
        "lines": [{"productCode": desk.products[0]["code"], "quantity": 1, "unitPrice": price}],
        **members,
    }


def test_points_are_for_full_yuan() -> None:
    assert [points_for(fen) for fen in (0, 99, 100, 199_99)] == [0, 0, 1, 199]


def test_stores_are_opened_changed_and_closed(crm: Api, desk: Desk, refusal: Refusal) -> None:
    answer = crm.post("/stores", json=STORE)
    store = made(answer)
    assert {member: store[member] for member in STORE} == STORE
    assert (store["state"], answer.headers["ETag"]) == ("open", '"1"')
    assert answer.headers["Location"].endswith("/stores/MD001")
    assert refusal(crm.post("/stores", json=STORE), 409, "store-code-taken") == []
    second = made(crm.post("/stores", json={"code": "MD002", "name": "味满楼样例路店"}))
    assert desk.walk("/stores", limit=1) == [store, second]
    path = "/stores/MD001"
    closed = crm.patch(path, json={"state": "closed", "phone": None}, headers={"If-Match": '"1"'})
    assert closed.json() == {**store, "state": "closed", "phone": None, "updatedAt": closed.json()["updatedAt"]}
    assert crm.patch(path, json={"state": "closed"}, headers={"If-Match": '"2"'}).headers["ETag"] == '"2"'
    assert (
        refusal(crm.patch(path, json={"state": "open"}, headers={"If-Match": '"1"'}), 412, "precondition-failed") == []
    )
    assert crm.get(path).json() == closed.json()
    refused = crm.post("/store-sales", json=sale(desk, ("cash", 128.88)))
    assert refusal(refused, 422, "business-rule") == ["/storeCode"]


def test_members_have_one_telephone_each(crm: Api, desk: Desk, refusal: Refusal) -> None:
    first = made(crm.post("/members", json={"phone": "13800001234", "name": "陈晓红"}))
    second = made(crm.post("/members", json={"phone": "13900005678", "name": "林志远", "level": "silver"}))
    assert [(m["level"], m["points"]) for m in (first, second)] == [("regular", 0), ("silver", 0)]
    refusal(crm.post("/members", json={"phone": "13800001234", "name": "别人"}), 409, "member-phone-taken")
    path = f"/members/{first['id']}"
    refusal(crm.patch(path, json={"phone": "13900005678"}, headers={"If-Match": "*"}), 409, "member-phone-taken")
    gold = crm.patch(path.upper().replace("/MEMBERS", "/members"), json={"level": "gold"}, headers={"If-Match": '"1"'})
    assert (gold.json()["level"], gold.headers["ETag"]) == ("gold", '"2"')
    assert crm.patch(path, json={"phone": "13800001234"}, headers={"If-Match": '"2"'}).headers["ETag"] == '"2"'
    assert crm.get("/members", params={"phone": "13800001234"}).json()["items"] == [gold.json()]
    assert desk.walk("/members", limit=1) == [gold.json(), second]
    assert crm.get(path).json() == gold.json()


def test_a_sale_gives_points_and_its_void_takes_them_back(crm: Api, desk: Desk, refusal: Refusal) -> None:
    made(crm.post("/stores", json=STORE))
    member = made(crm.post("/members", json={"phone": "13800001234", "name": "陈晓红"}))
    body = sale(desk, ("wechat", 100.00), ("cash", 28.88), memberId=member["id"])
    answer = crm.post("/store-sales", json=body)
    first = made(answer)
    assert answer.headers["Location"].endswith(f"/store-sales/{first['id']}")
    assert (first["number"][:4], first["state"], first["points"]) == ("SAL-", "completed", 128)
    assert (first["grossAmount"], first["netAmount"] + first["taxAmount"]) == (128.88, pytest.approx(128.88))
    assert first["payments"] == body["payments"]
    assert first["businessDate"] == first["soldAt"][:10]
    assert crm.get(f"/members/{member['id']}").json()["points"] == 128
    discounted = sale(desk, ("card", 64.44))
    discounted["lines"][0]["discountPercent"] = 50
    second = made(crm.post("/store-sales", json=discounted))
    assert (second["memberId"], second["points"], second["lines"][0]["discountPercent"]) == (None, 0, 50.0)

    path = f"/store-sales/{first['id']}/void"
    voided = crm.post(path, json={"reason": "录错菜品"}).json()
    assert (voided["state"], voided["voidReason"], voided["voidedAt"]) == ("voided", "录错菜品", voided["updatedAt"])
    assert crm.get(f"/members/{member['id']}").json()["points"] == 0
    refusal(crm.post(path, json={"reason": "再来"}), 409, "store-sale-voided")
    assert crm.get(f"/store-sales/{first['id']}").json() == voided
    crm.runtime.workspace("default").clock.advance(timedelta(days=1))
    crm.token = crm.fetch_token()
    late = crm.post(f"/store-sales/{second['id']}/void", json={"reason": "隔天"})
    assert refusal(late, 409, "store-sale-day-over") == []

    def found(**params: str) -> list[str]:
        return [one["id"] for one in desk.walk("/store-sales", limit=1, **params)]

    assert (
        found() == found(storeCode="MD001") == found(businessDate=first["businessDate"]) == [first["id"], second["id"]]
    )
    assert found(memberId=member["id"]) == [first["id"]]
    assert found(storeCode="MD009") == found(businessDate="2020-01-01") == []
    events = [(event["type"], event["data"]) for event in desk.events() if event["type"].startswith("crm.store_sale.")]
    assert events == [
        ("crm.store_sale.completed", first),
        ("crm.store_sale.completed", second),
        ("crm.store_sale.voided", voided),
    ]


def test_every_fault_of_a_sale_is_named(crm: Api, desk: Desk, refusal: Refusal) -> None:
    wrong = sale(desk, ("cash", 1), storeCode="MD404", memberId=desk.unknown, soldAt="2099-01-01T00:00:00+08:00")
    wrong["lines"].append({"productCode": "NO-1", "quantity": 1})
    answer = crm.post("/store-sales", json=wrong)
    assert refusal(answer, 422, "business-rule") == ["/storeCode", "/memberId", "/soldAt", "/lines/1/productCode"]
    made(crm.post("/stores", json=STORE))
    unpaid = crm.post("/store-sales", json=sale(desk, ("cash", 100), ("card", 28.87)))
    assert refusal(unpaid, 422, "business-rule") == ["/payments"]
    assert "128.87" in unpaid.json()["detail"]
    assert "128.88" in unpaid.json()["detail"]
    assert crm.get("/store-sales").json()["items"] == []
    gift = sale(desk)
    gift["lines"][0]["discountPercent"] = 100
    assert made(crm.post("/store-sales", json=gift))["grossAmount"] == 0
    earlier = made(crm.post("/store-sales", json=sale(desk, ("cash", 128.88), soldAt="2026-01-05T15:30:00Z")))
    assert (earlier["soldAt"], earlier["businessDate"]) == ("2026-01-05T23:30:00.000+08:00", "2026-01-05")


def test_goods_come_back_over_the_counter_on_a_later_day(crm: Api, desk: Desk, refusal: Refusal) -> None:
    made(crm.post("/stores", json=STORE))
    member = made(crm.post("/members", json={"phone": "13800001234", "name": "陈晓红"}))
    body = sale(desk, ("wechat", 130.01), memberId=member["id"])
    body["lines"] = [
        {"productCode": desk.products[0]["code"], "quantity": 3, "unitPrice": 40},
        {"productCode": desk.products[1]["code"], "quantity": 1, "unitPrice": 10.01},
    ]
    sold = made(crm.post("/store-sales", json=body))
    assert (sold["points"], sold["returns"], [one["returnedQuantity"] for one in sold["lines"]]) == (130, [], [0, 0])
    path = f"/store-sales/{sold['id']}/return"

    def back(*lines: tuple[int, int], refunds: float, **headers: str) -> Any:
        wanted = [{"lineNumber": number, "quantity": quantity} for number, quantity in lines]
        paid = [{"method": "cash", "amount": refunds}] if refunds else []
        return crm.post(path, json={"reason": "口味不合", "lines": wanted, "refunds": paid}, headers=headers)

    desk.later(days=3)
    answer = back((1, 1), refunds=40, **{"Idempotency-Key": "return-1"})
    first = made(answer)
    assert answer.headers["Location"].endswith(f"/store-sales/{sold['id']}")
    [entry] = first["returns"]
    assert (entry["businessDate"], entry["returnedAt"]) == (desk.day(), first["updatedAt"])
    assert (entry["reason"], entry["refunds"], entry["points"]) == ("口味不合", [{"method": "cash", "amount": 40}], 40)
    assert (entry["grossAmount"], entry["netAmount"] + entry["taxAmount"]) == (40, pytest.approx(40))
    assert entry["lines"] == [{"lineNumber": 1, "quantity": 1, **{k: entry[k] for k in entry if k.endswith("Amount")}}]
    assert [one["returnedQuantity"] for one in first["lines"]] == [1, 0]
    assert (first["state"], first["grossAmount"], first["points"]) == ("completed", 130.01, 130)
    assert crm.get(f"/members/{member['id']}").json()["points"] == 90
    # Sent again, nothing more is paid out.
    again = back((1, 1), refunds=40, **{"Idempotency-Key": "return-1"})
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first, "true")

    wrong = back((1, 3), (3, 1), (1, 1), refunds=40)
    assert refusal(wrong, 422, "business-rule") == ["/lines/0/quantity", "/lines/1/lineNumber", "/lines/2/lineNumber"]
    assert refusal(back((1, 1), refunds=39.99), 422, "business-rule") == ["/refunds"]
    refusal(crm.post(f"/store-sales/{sold['id']}/void", json={"reason": "隔天"}), 409, "store-sale-day-over")
    last = made(back((2, 1), (1, 2), refunds=90.01))
    assert [one["returnedQuantity"] for one in last["lines"]] == [3, 1]
    for kind in ("netAmount", "taxAmount", "grossAmount"):
        assert sum(one[kind] for one in last["returns"]) == pytest.approx(sold[kind])
    assert crm.get(f"/members/{member['id']}").json()["points"] == 0
    assert crm.get(f"/store-sales/{sold['id']}").json() == last == desk.walk("/store-sales")[0]
    assert refusal(back((1, 1), refunds=40), 422, "business-rule") == ["/lines/0/quantity"]

    today = made(crm.post("/store-sales", json=sale(desk, ("cash", 128.88))))
    path = f"/store-sales/{today['id']}/return"
    made(back((1, 1), refunds=128.88))
    refusal(crm.post(f"/store-sales/{today['id']}/void", json={"reason": "录错"}), 409, "store-sale-returned")
    other = made(crm.post("/store-sales", json=sale(desk, ("cash", 128.88))))
    desk.act(f"/store-sales/{other['id']}/void", reason="录错")
    path = f"/store-sales/{other['id']}/return"
    refusal(back((1, 1), refunds=128.88), 409, "store-sale-voided")
    told = [event["data"] for event in desk.events() if event["type"] == "crm.store_sale.returned"]
    assert told[:2] == [first, last]
    day = {"from": desk.day(), "to": desk.day()}
    [kpi] = [one for one in crm.get("/kpis", params=day).json()["items"] if one["key"] == "storeRevenue"]
    assert (kpi["value"], kpi["inputs"]["returnedAmount"]) == (-130.01, 258.89)


def test_a_sale_is_of_now_or_of_the_last_year(crm: Api, desk: Desk, refusal: Refusal) -> None:
    made(crm.post("/stores", json=STORE))
    now = crm.runtime.workspace("default").clock.now()
    for days, minutes, faults in ((0, 4, []), (0, 10, ["/soldAt"]), (-366, 10, []), (-366, -10, ["/soldAt"])):
        at = (now + timedelta(days=days, minutes=minutes)).isoformat()
        answer = crm.post("/store-sales", json=sale(desk, ("cash", 128.88), soldAt=at))
        if faults:
            assert refusal(answer, 422, "business-rule") == faults
        else:
            made(answer)
