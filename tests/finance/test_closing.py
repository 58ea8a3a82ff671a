"""The close of a period over HTTP: order of the steps, reasons, lock, reopening, value added tax, surcharges, year end, both taxpayer kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

MARCH = date(2031, 3, 15)


def checklist(office: Office, period: str) -> dict[str, dict[str, Any]]:
    answer = office.api.get(f"/periods/{period}/checklist")
    assert answer.status_code == 200, answer.text
    return {step["step"]: step for step in answer.json()["steps"]}


def run(office: Office, period: str, step: str, **body: str) -> list[dict[str, Any]]:
    """The vouchers that a step posts."""
    answer = office.api.post(f"/periods/{period}/steps/{step}", json=body)
    assert answer.status_code == 200, answer.text
    return [office.api.get(f"/vouchers/{each}").json() for each in answer.json()["voucher_ids"]]


def close(office: Office, period: str, note: str = "服务收入") -> None:
    """Run every step and close."""
    for step in checklist(office, period):
        run(office, period, step, note=note)
    answer = office.api.post(f"/periods/{period}/close")
    assert answer.status_code == 200, answer.text


def entries(voucher: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["account_code"], line["debit"], line["credit"]) for line in voucher["lines"]]


def sell(office: Office, net: str = "1000.00", tax: str = "130.00", **members: Any) -> dict[str, Any]:
    rate = members.pop("rate", "0.13")
    line = {"description": "服务费", "net_amount": net, "tax_rate": rate, "tax_amount": tax}
    return office.receivable(lines=[line], **members)


@pytest.fixture
def march(office: Office) -> Office:
    """Blank books of a general taxpayer that open in March 2031."""
    office.go_to(MARCH)
    office.set_up()
    return office


def test_a_period_is_closed_step_by_step_and_locked(march: Office, refusal: Callable[..., list[str]]) -> None:
    sell(march)
    march.voucher()
    steps = checklist(march, "2031-03")
    assert list(steps) == [
        "goods_received_not_invoiced",
        "cost_of_sales",
        "vat",
        "surcharges",
        "allowance",
        "profit_and_loss",
        "checks",
    ]
    assert [steps[name]["state"] for name in ("cost_of_sales", "vat", "checks")] == ["open", "waiting", "done"]
    assert "1000.00" in steps["cost_of_sales"]["reasons"][0]["zh"]
    early = march.api.post("/periods/2031-03/steps/vat", json={})
    assert refusal(early, 409, "step-out-of-order") == ["/step"]
    unready = march.api.post("/periods/2031-03/close")
    pointers = refusal(unready, 409, "period-not-ready")
    assert len(pointers) == sum(len(step["reasons"]) for step in steps.values()) >= 3
    assert "222102" in unready.json()["detail"]
    # Without a note the step has nothing to go by; what it waits for is said again.
    run(march, "2031-03", "cost_of_sales")
    assert checklist(march, "2031-03")["cost_of_sales"]["state"] == "open"
    assert march.api.get("/periods/2031-03").json()["state"] == "closing"
    run(march, "2031-03", "cost_of_sales", note="本月收入均为服务费")
    [transfer] = run(march, "2031-03", "vat")
    assert entries(transfer) == [("22210104", "130.00", "0.00"), ("222102", "0.00", "130.00")]
    assert (transfer["date"], transfer["word"], transfer["source"]["kind"]) == ("2031-03-31", "转", "vat_transfer")
    [surcharge] = run(march, "2031-03", "surcharges")
    assert entries(surcharge) == [
        ("6403", "15.60", "0.00"),
        ("222111", "0.00", "9.10"),
        ("222112", "0.00", "3.90"),
        ("222113", "0.00", "2.60"),
    ]
    run(march, "2031-03", "allowance")
    income, expense = run(march, "2031-03", "profit_and_loss")
    assert entries(income) == [("6001", "1000.00", "0.00"), ("4103", "0.00", "1000.00")]
    assert entries(expense)[0] == ("4103", "172.10", "0.00")  # 15.60 + 100.00 + 5 % of 1,130.00
    assert run(march, "2031-03", "checks") == []
    assert all(step["state"] == "done" for step in checklist(march, "2031-03").values())
    closed = march.api.post("/periods/2031-03/close")
    assert (closed.status_code, closed.json()["state"]) == (200, "locked")
    assert closed.json()["closed_at"].startswith("2031-03-15T09:30")
    [event] = [each for each in march.events() if each["type"] == "finance.period.closed"]
    assert (event["subject"], event["data"]) == ("2031-03", closed.json())
    refusal(march.api.post("/vouchers", json=march.voucher_body()), 423, "period-locked")
    for path, body in (("/close", None), ("/steps/vat", {})):
        assert refusal(march.api.post(f"/periods/2031-03{path}", json=body), 423, "period-locked") == ["/period"]


def test_what_comes_after_a_step_opens_it_again(march: Office) -> None:
    sell(march)
    run(march, "2031-03", "cost_of_sales", note="服务费")
    run(march, "2031-03", "vat")
    run(march, "2031-03", "surcharges")
    sell(march, "100.00", "13.00")
    steps = checklist(march, "2031-03")
    assert (steps["vat"]["state"], steps["surcharges"]["state"]) == ("open", "done")
    assert entries(*run(march, "2031-03", "vat")) == [("22210104", "13.00", "0.00"), ("222102", "0.00", "13.00")]
    [more] = run(march, "2031-03", "surcharges")
    assert entries(more)[0] == ("6403", "1.56", "0.00")
    assert run(march, "2031-03", "vat") == []
    # What is taxed by the simplified method is owed beside 222101.
    taxed = [
        {"summary": "处置旧设备", "account_code": "100201", "debit": "103.00"},
        {"summary": "处置旧设备", "account_code": "6051", "credit": "100.00"},
        {"summary": "处置旧设备", "account_code": "222108", "credit": "3.00"},
    ]
    march.voucher(lines=taxed)
    assert checklist(march, "2031-03")["vat"]["state"] == "done"
    [third] = run(march, "2031-03", "surcharges")
    assert entries(third) == [
        ("6403", "0.36", "0.00"),
        ("222111", "0.00", "0.21"),
        ("222112", "0.00", "0.09"),
        ("222113", "0.00", "0.06"),
    ]
    # Input tax after the transfer: what is owed less goes back in red, and the surcharges with it.
    line = {"summary": "进项", "account_code": "22210101", "debit": "20.00"}
    march.voucher(lines=[line, {"summary": "进项", "account_code": "100201", "credit": "20.00"}])
    assert checklist(march, "2031-03")["vat"]["state"] == "open"
    assert entries(*run(march, "2031-03", "vat")) == [("22210104", "-20.00", "0.00"), ("222102", "0.00", "-20.00")]
    [less] = run(march, "2031-03", "surcharges")
    assert entries(less)[0] == ("6403", "-2.40", "0.00")
    vat = march.api.get("/vat", params={"period": "2031-03"}).json()
    assert (vat["output_tax"], vat["input_tax"], vat["transferred"]) == ("143.00", "20.00", "123.00")
    assert (vat["owed"], vat["carried_forward"]) == ("0.00", "0.00")


def test_steps_wait_for_the_period_before_and_for_the_period_to_begin(
    march: Office, refusal: Callable[..., list[str]]
) -> None:
    sell(march)
    body = {"note": "服务费"}
    refusal(march.api.post("/periods/2031-04/steps/cost_of_sales", json=body), 422, "business-rule")
    march.go_to(date(2031, 4, 10))
    refusal(march.api.post("/periods/2031-04/steps/cost_of_sales", json=body), 409, "earlier-period-open")


def test_periods_close_one_after_the_other_and_the_last_is_reopened(
    march: Office, refusal: Callable[..., list[str]]
) -> None:
    refusal(march.api.post("/periods/2031-03/reopen", json={"reason": "无"}), 409, "period-not-last-closed")
    refusal(march.api.post("/periods/2031-02/reopen", json={"reason": "无"}), 409, "period-not-last-closed")
    march.go_to(date(2031, 4, 20))
    march.voucher(date="2031-03-10")
    refusal(march.api.post("/periods/2031-04/close"), 409, "earlier-period-open")
    assert refusal(march.api.post("/periods/2031-05/close"), 422, "business-rule") == ["/period"]
    close(march, "2031-03")
    close(march, "2031-04")
    refusal(march.api.post("/periods/2031-03/reopen", json={"reason": "补记"}), 409, "period-not-last-closed")
    answer = march.api.post("/periods/2031-04/reopen", json={"reason": "漏记一张运费发票"})
    assert (answer.status_code, answer.json()["state"], answer.json()["closed_at"]) == (200, "open", None)
    [event] = [each for each in march.events() if each["type"] == "finance.period.reopened"]
    assert event["data"] == answer.json()
    march.voucher(date="2031-04-15")
    assert checklist(march, "2031-04")["profit_and_loss"]["state"] == "open"
    close(march, "2031-04")
    log = march.api.get("/periods/2031-04/log").json()["entries"]
    actions = [entry["action"] for entry in log if entry["action"] != "step"]
    assert actions == ["closed", "reopened", "closed"]
    assert [entry["note"] for entry in log if entry["action"] == "reopened"] == ["漏记一张运费发票"]
    assert {entry["actor"] for entry in log} == {"tests"}
    kpis = march.api.get("/kpis", params={"from_period": "2031-03"}).json()["kpis"]
    assert next(kpi for kpi in kpis if kpi["key"] == "closing_time")["inputs"] == {
        "closed_periods": "2",
        "seconds": "0",
    }


def test_drafts_hold_up_the_close(march: Office) -> None:
    draft = march.post("/voucher-drafts", march.voucher_body(maker="王芳"))
    reasons = checklist(march, "2031-03")["checks"]["reasons"]
    assert ["凭证草稿" in reason["zh"] for reason in reasons] == [True]
    assert march.api.post(f"/voucher-drafts/{draft['id']}/discard").status_code == 200
    assert checklist(march, "2031-03")["checks"]["state"] == "done"


def test_december_carries_the_year_on(office: Office) -> None:
    office.go_to(date(2031, 12, 31))
    office.set_up()
    sell(office, "2000.00", "0.00", rate="0")
    office.voucher()
    adjustment = [
        {"summary": "上年漏记", "account_code": "6901", "debit": "40.00"},
        {"summary": "上年漏记", "account_code": "100201", "credit": "40.00"},
    ]
    office.voucher(lines=adjustment)
    for step in ("cost_of_sales", "vat", "surcharges", "allowance"):
        run(office, "2031-12", step, note="服务收入")
    transfers = run(office, "2031-12", "profit_and_loss")
    assert [entries(each) for each in transfers][-1] == [("410415", "40.00", "0.00"), ("6901", "0.00", "40.00")]
    # 2,000 less 100 of expense and 5 % of 2,000; of 1,800 less the loss of 40 of earlier years a tenth is reserved.
    profit, reserve, share = run(office, "2031-12", "year_end")
    assert entries(profit) == [("4103", "1800.00", "0.00"), ("410415", "0.00", "1800.00")]
    assert entries(reserve) == [("410401", "176.00", "0.00"), ("4101", "0.00", "176.00")]
    assert entries(share) == [("410415", "176.00", "0.00"), ("410401", "0.00", "176.00")]
    close(office, "2031-12")
    # A loss that comes to light after a reopening takes its share of the reserve back.
    assert office.api.post("/periods/2031-12/reopen", json={"reason": "补记费用"}).status_code == 200
    office.voucher()
    for step in ("cost_of_sales", "profit_and_loss"):
        run(office, "2031-12", step, note="服务收入")
    loss, back, _ = run(office, "2031-12", "year_end")
    assert entries(loss) == [("410415", "100.00", "0.00"), ("4103", "0.00", "100.00")]
    assert entries(back) == [("4101", "10.00", "0.00"), ("410401", "0.00", "10.00")]
    close(office, "2031-12")
    sheet = office.api.get("/statements/balance-sheet", params={"period": "2031-12"}).json()
    assert sheet["balanced"]
    shown = {row["name"]: row["closing_amount"] for row in sheet["rows"]}
    assert (shown["盈余公积"], shown["未分配利润"]) == ("166.00", "1494.00")


def test_small_scale_taxpayers_have_no_columns_to_transfer(office: Office) -> None:
    office.go_to(MARCH)
    office.set_up("small_enterprise", "small_scale")
    sell(office, "1000.00", "30.00", rate="0.03")
    steps = checklist(office, "2031-03")
    assert "vat" not in steps
    assert "allowance" not in steps
    run(office, "2031-03", "cost_of_sales", note="服务费")
    [surcharge] = run(office, "2031-03", "surcharges")
    assert entries(surcharge)[0] == ("5403", "3.60", "0.00")
    close(office, "2031-03")
    vat = office.api.get("/vat", params={"period": "2031-03"}).json()
    assert (vat["taxpayer_kind"], vat["output_tax"], vat["owed"]) == ("small_scale", "30.00", "30.00")
    sheet = office.api.get("/statements/balance-sheet", params={"period": "2031-03"}).json()
    assert sheet["balanced"]
    assert (sheet["standard"], sheet["total_assets"]) == ("small_enterprise", "1030.00")


def test_stores_keep_their_own_results(march: Office) -> None:
    """What a store earned is transferred for that store, so that its balance is zero too."""
    for code in ("MD01", "MD02"):
        march.post("/stores", {"code": code, "name": f"{code}店"})
        lines = [
            {"summary": "现销", "account_code": "100201", "debit": "50.00"},
            {"summary": "现销", "account_code": "6001", "store_code": code, "credit": "50.00"},
        ]
        march.voucher(lines=lines)
    close(march, "2031-03")
    balances = march.api.get(
        "/dimension-balances", params={"account_code": "6001", "dimension": "store", "period": "2031-03"}
    ).json()
    assert [(row["key"], row["movement_debit"], row["closing_credit"]) for row in balances["rows"]] == [
        ("MD01", "50.00", "0.00"),
        ("MD02", "50.00", "0.00"),
    ]


def test_unknown_steps_and_periods_are_not_found(march: Office, refusal: Callable[..., list[str]]) -> None:
    refusal(march.api.post("/periods/2031-03/steps/no_such_step", json={}), 404, "not-found")
    for path in ("checklist", "log"):
        refusal(march.api.get(f"/periods/2020-01/{path}"), 404, "not-found")
    for path, body in (("close", None), ("reopen", {"reason": "无"}), ("steps/vat", {})):
        refusal(march.api.post(f"/periods/2020-01/{path}", json=body), 404, "not-found")
    assert checklist(march, "2031-02") == {}


def test_results_are_transferred_in_every_dimension(march: Office) -> None:
    march.post("/accounts", {"code": "660201", "name": "客户服务费", "optional_dimensions": ["customer", "supplier"]})
    supplier = march.post("/suppliers", {"short_name": "恒达电缆"})["id"]
    for named in ({"customer_id": march.customer_id}, {"supplier_id": supplier}, {}):
        cost = {"summary": "服务费", "account_code": "660201", "debit": "10.00", **named}
        march.voucher(lines=[cost, {"summary": "服务费", "account_code": "100201", "credit": "10.00"}])
    for step in checklist(march, "2031-03"):
        vouchers = run(march, "2031-03", step)
        if step == "profit_and_loss":
            [transfer] = vouchers
    left = [(each["customer_id"], each["supplier_id"], each["credit"]) for each in transfer["lines"][1:]]
    assert sorted(left, key=str) == sorted(
        [(march.customer_id, None, "10.00"), (None, supplier, "10.00"), (None, None, "10.00")], key=str
    )


@pytest.mark.parametrize("taxpayer_kind", ["general", "small_scale"])
def test_output_tax_on_several_accounts_counts_whole(office: Office, taxpayer_kind: str) -> None:
    office.go_to(MARCH)
    office.set_up(taxpayer_kind=taxpayer_kind)
    above = {"general": "22210107", "small_scale": "222101"}[taxpayer_kind]
    for code, name in ((f"{above}01", "销项税额13%"), (f"{above}02", "销项税额6%")):
        office.post("/accounts", {"code": code, "name": name})
    rate, tax = {"general": ("0.13", "130.00"), "small_scale": ("0.03", "30.00")}[taxpayer_kind]
    sell(office, "1000.00", tax, rate=rate)
    lines = [
        {"summary": "销售", "account_code": "100201", "debit": "106.00"},
        {"summary": "销售", "account_code": "6051", "credit": "100.00"},
        {"summary": "销售", "account_code": f"{above}02", "credit": "6.00"},
    ]
    office.voucher(lines=lines)
    vat = office.api.get("/vat", params={"period": "2031-03"}).json()
    assert vat["output_tax"] == f"{float(tax) + 6:.2f}"


def test_each_delivery_with_revenue_needs_its_cost(march: Office) -> None:
    def delivery(n: int) -> dict[str, dict[str, str]]:
        return {"source_reference": {"system": "scm", "document": f"XSCK-203103-{n:05}"}}

    product = march.api.get("/inventory-items").json()["items"][0]["code"]
    for n in (1, 2, 3):
        sell(march, **delivery(n))
    march.post(f"/receivables/{sell(march, **delivery(4))['id']}/red", {"reason": "退货"})
    cost = {"kind": "sales_cost", "business_date": "2031-03-15", "lines": [{"product_code": product, "amount": "0.01"}]}
    assert "3000.00" in checklist(march, "2031-03")["cost_of_sales"]["reasons"][0]["zh"]
    march.post("/inventory-documents", {**cost, **delivery(1)})
    taken_back = march.post("/inventory-documents", {**cost, **delivery(2)})
    march.post(f"/inventory-documents/{taken_back['id']}/reverse", {"reason": "误录"})
    [reason] = checklist(march, "2031-03")["cost_of_sales"]["reasons"]
    for language in ("en", "zh"):
        assert [f"XSCK-203103-0000{n}" in reason[language] for n in (1, 2, 3, 4)] == [False, True, True, False]
    for n in (2, 3):
        march.post("/inventory-documents", {**cost, **delivery(n)})
    assert checklist(march, "2031-03")["cost_of_sales"]["state"] == "done"


def test_cost_of_sales_for_the_month_as_a_whole_is_a_note_or_a_voucher(march: Office) -> None:
    sell(march)
    product = march.api.get("/inventory-items").json()["items"][0]["code"]
    cost = {"summary": "结转成本", "account_code": "6401", "debit": "600.00"}
    stock = {"summary": "结转成本", "account_code": "1405", "credit": "600.00", "product_code": product}
    march.voucher(lines=[cost, stock])
    assert checklist(march, "2031-03")["cost_of_sales"]["state"] == "done"


def test_books_that_open_within_a_year_carry_its_result_on(office: Office, refusal: Callable[..., list[str]]) -> None:
    office.go_to(date(2031, 12, 20))
    office.set_up()
    bank = {"account_code": "100201", "debit": "1000.00"}
    revenue = office.api.put("/opening-balances", json={"lines": [bank, {"account_code": "6001", "credit": "1000.00"}]})
    assert refusal(revenue, 422, "business-rule") == ["/lines/1/account_code"]
    assert "profit for the year" in revenue.json()["errors"][0]["detail"]
    lines = [bank, {"account_code": "4103", "credit": "1000.00"}]
    assert office.api.put("/opening-balances", json={"lines": lines}).status_code == 200
    sell(office)
    close(office, "2031-12")
    sheet = {
        row["account_code"]: row
        for row in office.api.get("/trial-balance", params={"period": "2031-12"}).json()["rows"]
    }
    # 1,000.00 of before, and of December 1,000.00 less surcharges of 15.60 and an allowance of 56.50; a tenth is reserve.
    assert [sheet[code]["closing_credit"] for code in ("4101", "410415")] == ["192.79", "1735.11"]


def test_what_is_locked_stays_done_whatever_rates_come_later(march: Office) -> None:
    march.go_to(date(2031, 4, 20))
    march.receivable(business_date="2031-03-10")
    close(march, "2031-03", note="已核对")
    rates = march.api.get("/allowance-rates").json()["rates"]
    dearer = [{"bucket": rate["bucket"], "rate": "0.9"} for rate in rates]
    assert march.api.put("/allowance-rates", json={"rates": dearer}).status_code == 200
    shown = march.api.get("/periods/2031-03/checklist").json()
    assert (shown["state"], shown["ready"]) == ("locked", True)
    assert {step["state"] for step in shown["steps"]} == {"done"}
    # The next period is where they count.
    assert checklist(march, "2031-04")["allowance"]["state"] == "open"
