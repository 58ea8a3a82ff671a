"""Bad debts over HTTP in both standards, and what a locked period refuses of the sales side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .sales import WHY, act, entries, latest, pending, settle

if TYPE_CHECKING:
    from tests.finance.conftest import Office

pytestmark = pytest.mark.in_process

Refusal = Callable[..., list[str]]


def test_a_write_off_and_what_becomes_of_it(office: Office, refusal: Refusal) -> None:
    customer = str(office.customer_id)
    item = office.receivable()
    body = {
        "customer_id": office.customer_id,
        "allocations": [{"receivable_id": item["id"], "amount": "530.00"}],
        **WHY,
    }
    lost = office.post("/write-offs", body)
    assert entries(office, lost["voucher_id"]) == [("1231", "530.00", "0.00"), ("1122", "0.00", "530.00")]
    assert latest(office) == [("finance.write_off.posted", customer, lost)]
    assert office.balance()["open"] == "600.00"
    stranger = next(c["id"] for c in office.customers if c["id"] != office.customer_id)
    for member, value, status, name, pointers in (
        ("customer_id", 999999, 422, "business-rule", ["/customer_id", "/allocations/0/receivable_id"]),
        ("customer_id", stranger, 422, "business-rule", ["/allocations/0/receivable_id"]),
        (
            "allocations",
            [{"receivable_id": item["id"], "amount": "600.01"}],
            409,
            "open-amount-exceeded",
            ["/allocations/0/amount"],
        ),
        ("business_date", "2025-12-31", 422, "business-rule", ["/business_date", "/business_date"]),
    ):
        answer = office.api.post("/write-offs", json={**body, member: value})
        assert refusal(answer, status, name) == pointers

    path = f"/write-offs/{lost['id']}"
    back = office.post(path + "/recover", {"amount": "200.00", "bank_account": "100202", "bank_reference": "LS1"})
    assert (back["state"], back["recovered_amount"]) == ("partly_recovered", "200.00")
    assert latest(office) == [("finance.write_off.recovered", customer, back)]
    assert entries(office, back["recoveries"][0]["voucher_id"]) == [
        ("1122", "200.00", "0.00"),
        ("1231", "0.00", "200.00"),
        ("100202", "200.00", "0.00"),
        ("1122", "0.00", "200.00"),
    ]
    assert refusal(office.api.post(path + "/recover", json={"amount": "330.01"}), 409, "open-amount-exceeded") == [
        "/amount"
    ]
    wrong = {"amount": "1.00", "bank_account": "6601"}
    assert refusal(office.api.post(path + "/recover", json=wrong), 422, "business-rule") == ["/bank_account"]
    assert refusal(office.api.post(path + "/reverse", json=WHY), 409, "write-off-recovered") == []

    mistake = office.post("/write-offs", {**body, "allocations": [{"receivable_id": item["id"], "amount": "600.00"}]})
    undone = act(office, f"/write-offs/{mistake['id']}/reverse", WHY)
    assert (undone["state"], undone["reversal_reason"]) == ("reversed", "客户要求")
    assert latest(office) == [("finance.write_off.reversed", customer, undone)]
    assert entries(office, undone["reversal_voucher_id"]) == [("1231", "-600.00", "0.00"), ("1122", "0.00", "-600.00")]
    assert office.balance()["open"] == "600.00"
    for verb, content in (("reverse", WHY), ("recover", {"amount": "1.00"})):
        answer = office.api.post(f"/write-offs/{mistake['id']}/{verb}", json=content)
        assert refusal(answer, 409, "write-off-reversed") == []
    assert office.walk("/write-offs", limit=1, state="reversed")[0] == [undone]
    assert [one["id"] for one in office.walk("/write-offs", customer_id=office.customer_id)[0]] == [
        lost["id"],
        mistake["id"],
    ]


def test_what_is_written_off_is_not_taken_back_as_well(office: Office, refusal: Refusal) -> None:
    item, other = office.receivable(), office.receivable()
    lost = office.post(
        "/write-offs",
        {
            "customer_id": office.customer_id,
            "allocations": [
                {"receivable_id": item["id"], "amount": "565.00"},
                {"receivable_id": other["id"], "amount": "1130.00"},
            ],
            **WHY,
        },
    )
    path = f"/receivables/{item['id']}/red"
    half = {**WHY, "lines": [{"line_no": 1, "net_amount": "500.00"}]}
    over = {**WHY, "lines": [{"line_no": 1, "net_amount": "500.01"}]}
    before = len(office.events()), office.balance()
    for body in (WHY, over):
        answer = office.api.post(path, json=body)
        assert refusal(answer, 409, "receivable-written-off") == []
        assert lost["number"] in answer.json()["detail"]
    assert refusal(office.api.post(f"/receivables/{other['id']}/red", json=half), 409, "receivable-written-off") == []
    # What is wrong with the request itself is named before.
    wrong = {**WHY, "lines": [{"line_no": 9, "net_amount": "1000.00"}]}
    assert refusal(office.api.post(path, json=wrong), 422, "business-rule") == ["/lines/0/line_no"]
    assert (len(office.events()), office.balance()) == before
    assert office.post(path, half)["gross_amount"] == "-565.00"
    cent = {**WHY, "lines": [{"line_no": 1, "net_amount": "0.01"}]}
    assert refusal(office.api.post(path, json=cent), 409, "receivable-written-off") == []
    act(office, f"/write-offs/{lost['id']}/reverse", WHY)
    assert office.post(path, WHY)["gross_amount"] == "-565.00"

    # What came in after all was paid, so that it can be given back.
    lost = office.post(
        "/write-offs",
        {
            "customer_id": office.customer_id,
            "allocations": [{"receivable_id": other["id"], "amount": "1130.00"}],
            **WHY,
        },
    )
    office.post(f"/write-offs/{lost['id']}/recover", {"amount": "565.00"})
    path = f"/receivables/{other['id']}/red"
    assert refusal(office.api.post(path, json=WHY), 409, "receivable-written-off") == []
    assert office.post(path, half)["open_amount"] == "-565.00"


def test_small_books_have_no_allowance_and_a_levy(office: Office, refusal: Refusal) -> None:
    books = {"standard": "small_enterprise", "taxpayer_kind": "small_scale", "opening_period": office.period}
    answer = office.api.put("/books", json=books)
    assert answer.status_code == 200, answer.text
    lines = [{"description": "电缆", "net_amount": "1000.00", "tax_rate": "0.01", "tax_amount": "10.00"}]
    item = office.receivable(lines=lines)
    assert entries(office, item["voucher_id"]) == [
        ("1122", "1010.00", "0.00"),
        ("5001", "0.00", "1000.00"),
        ("222101", "0.00", "10.00"),
    ]
    dear = [{**lines[0], "tax_rate": "0.13", "tax_amount": "130.00"}]
    refused = office.api.post("/receivables", json=office.receivable_body(lines=dear))
    assert refusal(refused, 422, "business-rule") == ["/lines/0/tax_rate"]
    lost = office.post(
        "/write-offs",
        {"customer_id": office.customer_id, "allocations": [{"receivable_id": item["id"], "amount": "1010.00"}], **WHY},
    )
    assert entries(office, lost["voucher_id"]) == [("5711", "1010.00", "0.00"), ("1122", "0.00", "1010.00")]
    back = office.post(f"/write-offs/{lost['id']}/recover", {"amount": "10.00"})
    assert entries(office, back["recoveries"][0]["voucher_id"]) == [
        ("100201", "10.00", "0.00"),
        ("5301", "0.00", "10.00"),
    ]
    advance = office.receipt(advance=True)
    assert entries(office, advance["voucher_id"])[1] == ("2203", "0.00", "600.00")
    steps = office.api.get(f"/periods/{office.period}/checklist").json()["steps"]
    assert "allowance" not in [step["step"] for step in steps]


def test_nothing_happens_in_a_locked_period(office: Office, refusal: Refusal) -> None:
    blue, waiting, unbilled = office.receivable(), pending(office), office.receivable(invoiced=False)
    settled = settle(office, office.receipt(), blue, "600.00").json()
    rest, advance = office.receipt(), office.receipt(advance=True)
    settle(office, office.receipt(amount="1130.00"), unbilled, "1130.00")
    red = office.post(f"/receivables/{unbilled['id']}/red", {**WHY, "lines": [{"line_no": 2, "net_amount": "115.04"}]})
    lost = {"customer_id": office.customer_id, "allocations": [{"receivable_id": blue["id"], "amount": "1.00"}], **WHY}
    write_off = office.post("/write-offs", lost)
    before = len(office.events())
    with office.api.runtime.workspace("default").database.write() as db:
        db.execute("UPDATE period SET state = 'locked' WHERE period = ?", (office.period,))
    today = office.today.isoformat()
    for path, body, pointer in (
        (f"/receivables/{waiting['id']}/accept", {"acceptance_date": today}, "/acceptance_date"),
        (f"/receivables/{waiting['id']}/reject", WHY, ""),
        (f"/receivables/{unbilled['id']}/invoice", {"invoice_date": today}, "/invoice_date"),
        (f"/receivables/{blue['id']}/red", WHY, ""),
        (f"/receivables/{red['id']}/offset", {"allocations": lost["allocations"]}, ""),
        (f"/receipts/{rest['id']}/advance", None, ""),
        (f"/receipts/{rest['id']}/reverse", {**WHY, "business_date": today}, "/business_date"),
        (f"/settlements/{settled['id']}/reverse", WHY, ""),
        (
            "/settlements",
            {"receipt_id": advance["id"], "allocations": lost["allocations"], "from_advance": True},
            "",
        ),
        ("/write-offs", lost, ""),
        (f"/write-offs/{write_off['id']}/recover", {"amount": "1.00"}, ""),
        (f"/write-offs/{write_off['id']}/reverse", WHY, ""),
    ):
        assert refusal(office.api.post(path, json=body), 423, "period-locked") == [pointer], path
    assert len(office.events()) == before
