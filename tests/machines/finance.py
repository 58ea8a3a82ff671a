"""What accountants and an integration do in finance, right and wrong; finance_invariants.py has what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shapan.finance import SYSTEM
from tests.machines import finance_purchasing as purchasing
from tests.machines.finance_invariants import check
from tests.machines.finance_tools import (
    CUSTOMERS,
    PRODUCTS,
    any_day,
    money,
    not_settled,
    pair,
    part_of,
    sales_lines,
    some,
    some_open,
)
from tests.machines.harness import Draws, Json, Room, Worker

ACCOUNTS = ["6602", "6601", "100201", "1001", "6603", "1122", "6001"]


def post_receivable(worker: Worker, draws: Draws) -> None:
    source = {"system": "scm", "document": f"XSCK-202601-{draws.number(1, 99999):05}"}
    customer = draws.one_of([*CUSTOMERS, 999999]) if draws.chance(20) else draws.one_of(CUSTOMERS)
    body = {
        "customer_id": customer,
        "business_date": any_day(draws),
        "source_reference": source,
        "lines": sales_lines(draws),
    }
    if draws.chance(25):
        body |= {"recognition": "on_acceptance"}
        body |= {"cost_lines": [{"product_code": draws.one_of(PRODUCTS), "amount": "12.34", "quantity": "1"}]}
    elif draws.chance(15):
        body |= {"invoiced": False}
    worker.call("POST", "/receivables", body)


def answer_delivery(worker: Worker, draws: Draws) -> None:
    """The customer accepts or rejects what came, mostly where it has a say in it."""
    found = worker.pages("/receivables")
    waits = [bill for bill in found if bill["state"] == "pending"]
    bill = draws.one_of(waits if draws.chance(80) else found) or {"id": 999999}
    body: Json = {"acceptance_date": any_day(draws), "invoiced": draws.chance(60)}
    what = "accept" if draws.chance(70) else "reject"
    worker.call("POST", f"/receivables/{bill['id']}/{what}", body if what == "accept" else {"reason": "破损"})


def invoice_later(worker: Worker, draws: Draws) -> None:
    found = worker.pages("/receivables")
    waits = [bill for bill in found if not bill["invoiced"] and bill["recognised_on"] and bill["red_of_id"] is None]
    bill = draws.one_of(waits if draws.chance(85) else found) or {"id": 999999}
    worker.call(
        "POST", f"/receivables/{bill['id']}/invoice", {"invoice_date": draws.one_of([any_day(draws), "2026-02-05"])}
    )


def red_receivable(worker: Worker, draws: Draws) -> None:
    """Mostly one that is paid: then what is red stays open, and can be offset."""
    paid = [bill for bill in worker.pages("/receivables") if bill["state"] != "open"]
    bill = draws.one_of(paid if draws.chance(60) else []) or some(worker, draws, "/receivables")
    worker.call("POST", f"/receivables/{bill['id']}/red", {"reason": "开错"})


def offset_red(worker: Worker, draws: Draws) -> None:
    bills = worker.pages("/receivables")
    reds = [bill for bill in bills if Decimal(bill["open_amount"]) < 0]
    red, blue = pair(draws, reds, not_settled(bills, "open_amount"), "customer_id")
    least = min(abs(Decimal(red["open_amount"])), abs(Decimal(blue["open_amount"])))
    part = {"receivable_id": blue["id"], "amount": part_of(draws, str(least))}
    worker.call("POST", f"/receivables/{red['id']}/offset", {"allocations": [part]})


def post_receipt(worker: Worker, draws: Draws) -> None:
    body: Json = {
        "customer_id": draws.one_of(CUSTOMERS),
        "business_date": any_day(draws),
        "amount": money(draws.number(1, 300000)),
    }
    worker.call("POST", "/receipts", body)


def receipt_to_advance(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/receipts/{some(worker, draws, '/receipts')['id']}/advance")


def reverse_receipt(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/receipts/{some(worker, draws, '/receipts')['id']}/reverse", {"reason": "录错"})


def settle(worker: Worker, draws: Draws) -> None:
    """A receipt against one or two receivables."""
    bills = not_settled(worker.pages("/receivables"), "open_amount")
    receipt, bill = pair(draws, not_settled(worker.pages("/receipts"), "unapplied_amount"), bills, "customer_id")
    more = [one for one in bills if one["customer_id"] == bill.get("customer_id") and one["id"] != bill["id"]]
    chosen = [bill, *([draws.one_of(more)] if more and draws.chance(40) else [])]
    parts = [
        {
            "receivable_id": one["id"],
            "amount": part_of(
                draws, str(min(Decimal(one["open_amount"]), Decimal(receipt["unapplied_amount"]) / len(chosen)))
            ),
        }
        for one in chosen
    ]
    body: Json = {"receipt_id": receipt["id"], "allocations": parts}
    if draws.chance(20):
        body["business_date"] = any_day(draws)
    worker.call("POST", "/settlements", body)


def reverse_settlement(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/settlements/{some(worker, draws, '/settlements')['id']}/reverse", {"reason": "核销有误"})


def write_off(worker: Worker, draws: Draws) -> None:
    bill = some(worker, draws, "/receivables")
    amount = part_of(draws, bill["open_amount"].lstrip("-"))
    body = {
        "customer_id": bill["customer_id"],
        "reason": "客户注销",
        "allocations": [{"receivable_id": bill["id"], "amount": amount}],
    }
    worker.call("POST", "/write-offs", body)


def recover(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST",
        f"/write-offs/{some(worker, draws, '/write-offs')['id']}/recover",
        {"amount": money(draws.number(1, 20000))},
    )


def reverse_write_off(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/write-offs/{some(worker, draws, '/write-offs')['id']}/reverse", {"reason": "录错"})


def sell_for_cash(worker: Worker, draws: Draws) -> None:
    lines = sales_lines(draws)
    gross = sum(Decimal(line["net_amount"]) + Decimal(line["tax_amount"]) for line in lines)
    payments = [{"method": "cash", "amount": str(gross + draws.number(0, 1))}]
    worker.call(
        "POST",
        "/cash-sales",
        {"store_code": "MD001", "business_date": any_day(draws), "payments": payments, "lines": lines},
    )


def reverse_cash_sale(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/cash-sales/{some(worker, draws, '/cash-sales')['id']}/reverse", {"reason": "录错"})


def book_cost(worker: Worker, draws: Draws) -> None:
    body = {
        "kind": draws.one_of(["sales_cost", "count_gain", "count_loss", "cost_adjustment"]),
        "business_date": any_day(draws),
        "source_reference": {"system": "scm", "document": f"XSCK-202601-{draws.number(1, 99999):05}"},
        "lines": [{"product_code": draws.one_of(PRODUCTS), "amount": money(draws.number(1, 5000)), "quantity": "1"}],
    }
    worker.call("POST", "/inventory-documents", body)


def reverse_cost(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST", f"/inventory-documents/{some(worker, draws, '/inventory-documents')['id']}/reverse", {"reason": "重复"}
    )


def enter_voucher(worker: Worker, draws: Draws) -> None:
    debit = draws.number(1, 99999)
    credit = debit + (1 if draws.chance(15) else 0)
    lines = [
        {"summary": "费用", "account_code": draws.one_of(ACCOUNTS), "debit": money(debit)},
        {"summary": "费用", "account_code": draws.one_of(ACCOUNTS[:4]), "credit": money(credit)},
    ]
    worker.call("POST", "/vouchers", {"date": any_day(draws), "lines": lines})


def reverse_voucher(worker: Worker, draws: Draws) -> None:
    """Mostly one that somebody wrote, for those of documents are taken back with their document."""
    found = worker.pages("/vouchers")
    manual = [one for one in found if one["source"]["kind"] == "manual"]
    voucher = draws.one_of(manual if draws.chance(75) else found) or {"id": 999999}
    worker.call("POST", f"/vouchers/{voucher['id']}/reverse", {})


def draft_voucher(worker: Worker, draws: Draws) -> None:
    amount = money(draws.number(1, 99999))
    lines = [
        {"summary": "费用", "account_code": "6602", "debit": amount},
        {"summary": "费用", "account_code": draws.one_of(["1001", "100201"]), "credit": amount},
    ]
    body = {"date": any_day(draws), "word": draws.one_of(["记", "付", "转"]), "maker": "王芳", "lines": lines}
    worker.call("POST", "/voucher-drafts", body)


def act_on_draft(worker: Worker, draws: Draws) -> None:
    draft = some(worker, draws, "/voucher-drafts")
    if draws.chance(80):
        worker.call("POST", f"/voucher-drafts/{draft['id']}/post", {"checker": draws.one_of(["李静", "李静", "王芳"])})
    else:
        worker.call("POST", f"/voucher-drafts/{draft['id']}/discard")


def set_allowance_rates(worker: Worker, draws: Draws) -> None:
    first = draws.number(1, 9)
    rates = [f"0.0{first}", "0.1", "0.3", "0.5", "0.8", "1" if draws.chance(80) else "0.7"]
    buckets = ["years_0_1", "years_1_2", "years_2_3", "years_3_4", "years_4_5", "years_5_up"]
    body = {"rates": [{"bucket": key, "rate": rate} for key, rate in zip(buckets, rates, strict=True)]}
    worker.call("PUT", "/allowance-rates", body)


def _note(draws: Draws, percent: int) -> Json:
    """With a word on what a step finds missing, or without."""
    return {"note": "已核对"} if draws.chance(percent) else {}


def refund_customer(worker: Worker, draws: Draws) -> None:
    """Of a receipt, of its advance, or for a red receivable."""
    reds = [r for r in worker.pages("/receivables") if Decimal(r["open_amount"]) < 0]
    red = draws.one_of(reds)
    if red and draws.chance(40):
        body = {"receivable_id": red["id"], "amount": part_of(draws, red["open_amount"].lstrip("-"))}
    else:
        advance = draws.chance(50)
        left = "advance_amount" if advance else "unapplied_amount"
        receipt = some_open(worker, draws, "/receipts", left)
        body = {"receipt_id": receipt["id"], "from_advance": advance, "amount": part_of(draws, receipt[left])}
    worker.call("POST", "/refunds", {**body, "reason": "退款"})


def reverse_refund(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/refunds/{some(worker, draws, '/refunds')['id']}/reverse", {"reason": "账号有误"})


def run_step(worker: Worker, draws: Draws) -> None:
    """A step of the close, often with all that come before it."""
    period = draws.one_of(["2026-01", "2026-01", "2026-02"])
    names = [step["step"] for step in worker.get(f"/periods/{period}/checklist")["steps"]]
    last = draws.number(0, len(names) - 1)
    for name in names[: last + 1] if draws.chance(50) else [names[last]]:
        worker.call("POST", f"/periods/{period}/steps/{name}", _note(draws, 70))


def close_period(worker: Worker, draws: Draws) -> None:
    period = draws.one_of(["2026-01", "2026-01", "2026-02"])
    if draws.chance(12):  # or most runs would go on behind closed doors
        for step in worker.get(f"/periods/{period}/checklist")["steps"]:
            worker.call("POST", f"/periods/{period}/steps/{step['step']}", _note(draws, 90))
    worker.call("POST", f"/periods/{period}/close")


def reopen_period(worker: Worker, draws: Draws) -> None:
    """Mostly the last that was closed, if any was."""
    closed = [one["period"] for one in worker.pages("/periods") if one["state"] == "locked"]
    last = max([*closed, "2026-01"]) if draws.chance(80) else draws.one_of(["2025-12", "2026-01", "2026-02"])
    worker.call("POST", f"/periods/{last}/reopen", {"reason": "漏记"})


def set_closing_schedule(worker: Worker, draws: Draws) -> None:
    """The close by itself, mostly off: else most runs would go on behind closed doors."""
    body = {"enabled": draws.chance(20), "day": draws.number(1, 28), "time": "09:00", "close_period": draws.chance(50)}
    worker.call("PUT", "/closing-schedule", body)


def prepare(worker: Worker) -> None:
    """A store, two suppliers, and something to settle with each of the customers and suppliers."""

    def made(path: str, **body: Any) -> int:
        answer = worker.call("POST", path, body)
        assert answer.status_code == 201, answer.text
        return int(answer.json().get("id", 0))

    made("/stores", code="MD001", name="一店")
    for number, customer in enumerate(CUSTOMERS):
        line = {"description": "商品", "net_amount": "1000.00", "tax_rate": "0.13", "tax_amount": "130.00"}
        source = {"system": "scm", "document": f"XSCK-202601-{number + 1:05}"}
        made("/receivables", customer_id=customer, business_date="2026-01-10", source_reference=source, lines=[line])
        made("/receipts", customer_id=customer, business_date="2026-01-12", amount="600.00")
    # One that is paid and then taken back, so that its red letter can be offset against another.
    first, second = (
        {**line, "net_amount": net, "tax_amount": tax} for net, tax in (("500.00", "65.00"), ("90.00", "11.70"))
    )
    paid, _ = (
        made("/receivables", customer_id=CUSTOMERS[0], business_date="2026-01-11", source_reference=source, lines=[one])
        for one in (first, second)
    )
    receipt = made("/receipts", customer_id=CUSTOMERS[0], business_date="2026-01-12", amount="565.00")
    made("/settlements", receipt_id=receipt, allocations=[{"receivable_id": paid, "amount": "565.00"}])
    made(f"/receivables/{paid}/red", reason="退货")
    for number in range(2):
        supplier = made("/suppliers", short_name=f"恒丰五金{number}")
        source = {"system": "scm", "document": f"CGRK-202601-{number + 1:05}"}
        goods = {"product_code": PRODUCTS[0], "quantity": "20", "unit_price": "12.5", "tax_rate": "0.13"}
        made(
            "/goods-receipts", supplier_id=supplier, business_date="2026-01-10", source_reference=source, lines=[goods]
        )
        made("/payments", supplier_id=supplier, business_date="2026-01-12", amount="100.00")


ACTIONS = (
    *purchasing.ACTIONS,
    *(
        answer_delivery,
        invoice_later,
        reverse_write_off,
        reverse_cash_sale,
    ),
    *(draft_voucher, act_on_draft, set_allowance_rates),
    *(
        post_receivable,
        post_receivable,
        red_receivable,
        offset_red,
        post_receipt,
        post_receipt,
        receipt_to_advance,
        reverse_receipt,
    ),
    *(settle, settle, reverse_settlement, write_off, recover, sell_for_cash, refund_customer, reverse_refund),
    *(book_cost, reverse_cost, enter_voucher, reverse_voucher, run_step, close_period, reopen_period),
    set_closing_schedule,
)


ROOM = Room(SYSTEM, ACTIONS, check, prepare, now="2026-02-05T10:00:00+08:00")
