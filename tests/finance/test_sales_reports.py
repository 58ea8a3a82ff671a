"""Cash sales of stores, ageing, statements of account and the allowance for bad debts over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]
WHY = {"reason": "顾客退款"}


def cash_sale(office: Office, **members: Any) -> dict[str, Any]:
    """The body of a cash sale of 106.00, paid in three ways."""
    return {
        "store_code": "MD01",
        "business_date": office.today.isoformat(),
        "payments": [
            {"method": "wechat_pay", "amount": "50.00"},
            {"method": "alipay", "amount": "30.00"},
            {"method": "bank_card", "amount": "16.00"},
            {"method": "cash", "amount": "10.00"},
        ],
        "lines": [{"description": "牛肉面", "net_amount": "100.00", "tax_rate": "0.06", "tax_amount": "6.00"}],
        "source_reference": {"system": "crm", "document": "MD-202611-00001"},
        **members,
    }


def test_a_cash_sale_stands_under_its_store_and_is_taken_back(office: Office, refusal: Refusal) -> None:
    for code in ("MD01", "MD02"):
        assert office.api.post("/stores", json={"code": code, "name": f"门店 {code}"}).status_code == 201
    sold = office.post("/cash-sales", cash_sale(office))
    other = office.post(
        "/cash-sales", cash_sale(office, store_code="MD02", source_reference={"system": "crm", "document": "MD-2"})
    )
    assert (sold["number"], sold["gross_amount"], sold["state"]) == (
        f"XX-{office.today:%Y%m}-00001",
        "106.00",
        "posted",
    )
    assert [part["account_code"] for part in sold["payments"]] == ["1012", "1012", "100201", "1001"]
    event = office.events()[-1]
    assert (event["type"], event["subject"], event["data"]) == ("finance.cash_sale.posted", "MD02", other)

    def lines(voucher_id: int) -> list[tuple[str, str | None, str, str]]:
        found = office.api.get(f"/vouchers/{voucher_id}").json()["lines"]
        return [(one["account_code"], one["store_code"], one["debit"], one["credit"]) for one in found]

    posted = [
        ("1012", None, "80.00", "0.00"),
        ("100201", None, "16.00", "0.00"),
        ("1001", None, "10.00", "0.00"),
        ("6001", "MD01", "0.00", "100.00"),
        ("22210107", None, "0.00", "6.00"),
    ]
    assert lines(sold["voucher_id"]) == posted

    path = f"/cash-sales/{sold['id']}/reverse"
    early = {**WHY, "business_date": (office.today - timedelta(days=1)).isoformat()}
    assert refusal(office.api.post(path, json=early), 422, "business-rule") == ["/business_date"]
    answer = office.api.post(path, json=WHY)
    undone = office.api.get(f"/cash-sales/{sold['id']}").json()
    assert (answer.status_code, answer.json()) == (200, undone)
    assert (undone["state"], undone["reversed_on"]) == ("reversed", office.today.isoformat())
    assert undone["reversal_reason"] == "顾客退款"
    event = office.events()[-1]
    assert (event["type"], event["subject"], event["data"]) == ("finance.cash_sale.reversed", "MD01", undone)

    def red(amount: str) -> str:
        return amount if amount == "0.00" else f"-{amount}"

    assert lines(undone["reversal_voucher_id"]) == [(a, s, red(debit), red(credit)) for a, s, debit, credit in posted]
    assert refusal(office.api.post(path, json=WHY), 409, "cash-sale-reversed") == []

    assert office.walk("/cash-sales", limit=1)[0] == [other, undone]
    assert office.walk("/cash-sales", store_code="MD02")[0] == [other]
    assert office.walk("/cash-sales", source_document="MD-202611-00001")[0] == [undone]
    assert office.walk("/cash-sales", business_date="2026-01-31")[0] == []


def test_all_faults_of_a_cash_sale_are_named(office: Office, refusal: Refusal) -> None:
    body = cash_sale(office, business_date="2030-01-01", payments=[{"method": "cash", "amount": "105.99"}])
    body["lines"] = [{"description": "牛肉面", "net_amount": "100.00", "tax_rate": "0.07", "tax_amount": "6.00"}]
    answer = office.api.post("/cash-sales", json=body)
    assert refusal(answer, 422, "business-rule") == [
        "/store_code",
        "/business_date",
        "/lines/0/tax_amount",
        "/lines/0/tax_rate",
        "/payments",
    ]
    office.api.post("/stores", json={"code": "MD01", "name": "一店"})
    locked = office.api.post("/cash-sales", json=cash_sale(office, business_date="2025-12-31"))
    assert refusal(locked, 423, "period-locked") == ["/business_date"]


def later(office: Office, days: int) -> None:
    """The clock goes on; tokens expire on it."""
    office.clock.advance(timedelta(days=days))
    office.today = office.clock.now().date()
    office.api.token = office.api.fetch_token()


def statement(office: Office, first: str, last: str) -> dict[str, Any]:
    answer = office.api.get(f"/customers/{office.customer_id}/statement", params={"from": first, "to": last})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_statement_of_account_runs_from_balance_to_balance(office: Office, refusal: Refusal) -> None:
    start = office.today
    item = office.receivable(due_date=(start + timedelta(days=5)).isoformat())
    later(office, 9)
    paid = office.receipt(amount="1200.00")
    body = {"receipt_id": paid["id"], "allocations": [{"receivable_id": item["id"], "amount": "600.00"}]}
    office.post("/settlements", body)
    early = statement(office, start.isoformat(), (office.today - timedelta(days=1)).isoformat())
    assert (early["closing_balance"], early["open_amount"], early["unapplied_amount"]) == ("1130.00", "1130.00", "0.00")
    assert early["open_items"][0]["days_overdue"] == 3
    late = statement(office, office.today.isoformat(), office.today.isoformat())
    assert (late["opening_balance"], late["credit_total"], late["closing_balance"]) == ("1130.00", "1200.00", "-70.00")
    assert (late["open_amount"], late["unapplied_amount"], late["advance_amount"]) == ("530.00", "600.00", "0.00")
    [entry] = late["entries"]
    assert (entry["kind"], entry["document_number"], entry["balance"]) == ("receipt", paid["number"], "-70.00")
    assert [(one["receivable_number"], one["open_amount"]) for one in late["open_items"]] == [
        (item["number"], "530.00")
    ]
    path = f"/customers/{office.customer_id}/statement"
    day, ahead = office.today.isoformat(), (office.today + timedelta(days=1)).isoformat()
    assert refusal(office.api.get(path, params={"from": ahead, "to": day}), 422, "business-rule") == ["/from"]
    twisted = office.api.get(path, params={"from": day, "to": start.isoformat()})
    assert refusal(twisted, 422, "business-rule") == ["/from"]
    unknown = office.api.get("/customers/999999/statement", params={"from": day, "to": day})
    assert refusal(unknown, 404, "not-found") == []


def test_ageing_by_due_date_and_by_posting_date(office: Office, refusal: Refusal) -> None:
    whole = office.api.get("/reports/ageing").json()
    balances = [office.api.get(f"/customers/{c['id']}/balance").json() for c in office.customers]
    assert sum(float(b["open_amount"]) for b in balances) == pytest.approx(float(whole["open_amount"]))
    late = sum(float(b["amount"]) for b in whole["totals"] if b["key"] != "not_due")
    assert sum(float(b["overdue_amount"]) for b in balances) == pytest.approx(late)
    assert sum(float(row["open_amount"]) for row in whole["rows"]) == pytest.approx(float(whole["open_amount"]))

    start = office.today
    office.receivable(due_date=start.isoformat())
    later(office, 31)
    office.receipt(amount="10.00")

    def mine(**query: Any) -> dict[str, str]:
        [row] = office.api.get("/reports/ageing", params={"customer_id": office.customer_id, **query}).json()["rows"]
        shown = {bucket["key"]: bucket["amount"] for bucket in row["buckets"] if bucket["amount"] != "0.00"}
        return {**shown, "unapplied": row["unapplied_amount"]}

    assert mine() == {"days_31_60": "1130.00", "unapplied": "10.00"}
    assert mine(as_of=(office.today - timedelta(days=1)).isoformat()) == {"days_1_30": "1130.00", "unapplied": "0.00"}
    assert mine(as_of=start.isoformat()) == {"not_due": "1130.00", "unapplied": "0.00"}
    assert mine(basis="posting_date") == {"years_0_1": "1130.00", "unapplied": "10.00"}
    ahead = (office.today + timedelta(days=1)).isoformat()
    assert refusal(office.api.get("/reports/ageing", params={"as_of": ahead}), 422, "business-rule") == ["/as_of"]


def test_the_allowance_follows_its_rates_and_the_write_offs(office: Office, refusal: Refusal) -> None:
    rates = office.api.get("/allowance-rates").json()["rates"]
    assert [rate["rate"] for rate in rates] == ["0.05", "0.1", "0.3", "0.5", "0.8", "1"]
    twice = [{"bucket": "years_0_1", "rate": "0.05"}] * 6
    assert refusal(office.api.put("/allowance-rates", json={"rates": twice}), 422, "business-rule") == [
        *(f"/rates/{n}/bucket" for n in range(1, 6)),
        "/rates",
    ]
    everything = [{"bucket": rate["bucket"], "rate": "0"} for rate in rates]

    def run() -> list[tuple[str, str, str]]:
        for step in office.api.get(f"/periods/{office.period}/checklist").json()["steps"]:
            answer = office.api.post(f"/periods/{office.period}/steps/{step['step']}", json={"note": "试算"})
            assert answer.status_code == 200, answer.text
            if step["step"] == "allowance":
                break
        vouchers = [v for v in office.walk("/vouchers")[0] if v["source"]["kind"] == "allowance"]
        assert len(vouchers) <= 1 or vouchers[-1]["date"] == vouchers[0]["date"]
        return [(line["account_code"], line["debit"], line["credit"]) for v in vouchers for line in v["lines"]]

    # What the world opens with is another matter: only what may be lost of a new receivable is looked at.
    office.api.put("/allowance-rates", json={"rates": everything})
    for period in [f"2026-{month:02}" for month in range(1, office.today.month)] if office.today.year == 2026 else []:
        for step in office.api.get(f"/periods/{period}/checklist").json()["steps"]:
            office.api.post(f"/periods/{period}/steps/{step['step']}", json={"note": "无业务"})
        assert office.api.post(f"/periods/{period}/close").status_code == 200
    at_zero = run()
    item = office.receivable()
    falling = [{**rate, "rate": "0.05"} if rate["bucket"] == "years_0_1" else rate for rate in everything]
    assert refusal(office.api.put("/allowance-rates", json={"rates": falling}), 422, "business-rule") == [
        f"/rates/{n}/rate" for n in range(1, 6)
    ]
    assert {rate["rate"] for rate in office.api.get("/allowance-rates").json()["rates"]} == {"0"}
    some = [{**rate, "rate": "0.05"} for rate in everything]
    assert office.api.put("/allowance-rates", json={"rates": some}).status_code == 200
    open_before = float(office.api.get("/reports/ageing").json()["open_amount"])
    first = run()[len(at_zero) :]
    [(loss, amount, _), (allowance, _, held)] = first
    assert (loss, allowance, amount) == ("6702", "1231", held)
    aged = office.api.get("/reports/ageing", params={"basis": "posting_date"}).json()["totals"]
    assert 0 < float(amount) <= open_before * 0.05 + 0.01
    assert float(amount) == pytest.approx(sum(float(bucket["amount"]) for bucket in aged) * 0.05, abs=0.06)
    assert run()[len(at_zero) :] == first

    # A write-off uses the allowance up; the step brings it back to what the rest needs.
    body = {"customer_id": office.customer_id, "allocations": [{"receivable_id": item["id"], "amount": "1130.00"}]}
    office.post("/write-offs", {**body, "reason": "破产"})
    more = run()[len(at_zero) + 2 :]
    assert more == [("6702", "1073.50", "0.00"), ("1231", "0.00", "1073.50")]
    # Nothing is in danger any more: all of it comes back in red letters, on the same sides.
    office.api.put("/allowance-rates", json={"rates": everything})
    back = run()[len(at_zero) + 4 :]
    rest = f"-{float(amount) - 56.5:.2f}"
    assert back == [("6702", rest, "0.00"), ("1231", "0.00", rest)]
