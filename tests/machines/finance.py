"""What accountants and an integration do in finance, and what must hold whatever they did."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from shapan.finance import SYSTEM
from tests.machines.harness import WORLD, Draws, Json, Room, Worker

CUSTOMERS = [customer.id for customer in WORLD.finance.customers][:4]
PRODUCTS = [product.code for product in WORLD.scm.products][:3]
ACCOUNTS = ["6602", "6601", "100201", "1001", "6603", "1122", "6001"]


def _money(fen: int) -> str:
    return f"{fen / 100:.2f}"


def _day(draws: Draws) -> str:
    return draws.one_of(["2026-01-15", "2026-01-31", "2026-02-03", "2025-12-31"]) if draws.chance(30) else "2026-01-15"


def _some(worker: Worker, draws: Draws, path: str, **params: Any) -> Json:
    """One document of a list, any; where there is none, one that does not exist."""
    return draws.one_of(worker.pages(path, **params)) or {
        "id": 999999,
        "open_amount": "1.00",
        "customer_id": CUSTOMERS[0],
    }


def _open(worker: Worker, draws: Draws, path: str, amount: str, **params: Any) -> Json:
    """Mostly one of which something is left."""
    found = worker.pages(path, **params)
    left = [document for document in found if Decimal(document[amount]) > 0]
    return draws.one_of(left if draws.chance(90) else found) or {
        "id": 999999,
        amount: "1.00",
        "customer_id": CUSTOMERS[0],
    }


def _supplier(worker: Worker, draws: Draws) -> int:
    found = worker.pages("/suppliers")
    if len(found) < 2:
        made = worker.call("POST", "/suppliers", {"short_name": f"恒丰五金{len(found)}"})
        return int(made.json()["id"])
    return int(draws.one_of(found)["id"])


def _part(draws: Draws, text: str) -> str:
    """An amount of up to a fifth more than this one."""
    return (
        _money(draws.number(1, max(1, int(Decimal(text) * 100))))
        if draws.chance(85)
        else _money(int(Decimal(text) * 120))
    )


def _lines(draws: Draws) -> list[Json]:
    lines = []
    for _ in range(draws.number(1, 3)):
        net = draws.number(1, 100000)
        tax = (net * 13 + 50) // 100 + (5 if draws.chance(8) else 0)
        lines.append({"description": "商品", "net_amount": _money(net), "tax_rate": "0.13", "tax_amount": _money(tax)})
    return lines


def post_receivable(worker: Worker, draws: Draws) -> None:
    source = {"system": "scm", "document": f"XSCK-202601-{draws.number(1, 99999):05}"}
    customer = draws.one_of([*CUSTOMERS, 999999]) if draws.chance(20) else draws.one_of(CUSTOMERS)
    body = {"customer_id": customer, "business_date": _day(draws), "source_reference": source, "lines": _lines(draws)}
    worker.call("POST", "/receivables", body)


def red_receivable(worker: Worker, draws: Draws) -> None:
    """Mostly one that is paid: then what is red stays open, and can be offset."""
    paid = [bill for bill in worker.pages("/receivables") if bill["state"] != "open"]
    bill = draws.one_of(paid if draws.chance(60) else []) or _some(worker, draws, "/receivables")
    worker.call("POST", f"/receivables/{bill['id']}/red", {"reason": "开错"})


def offset_red(worker: Worker, draws: Draws) -> None:
    reds = [r for r in worker.pages("/receivables") if Decimal(r["gross_amount"]) < 0]
    left = [red for red in reds if Decimal(red["open_amount"]) < 0]
    red = draws.one_of(left if draws.chance(90) else reds) or {"id": 999999, "open_amount": "-1"}
    blue = _open(worker, draws, "/receivables", "open_amount", customer_id=red.get("customer_id", CUSTOMERS[0]))
    least = min(Decimal(red["open_amount"].lstrip("-")), abs(Decimal(blue["open_amount"])))
    part = {"receivable_id": blue["id"], "amount": _part(draws, str(least))}
    worker.call("POST", f"/receivables/{red['id']}/offset", {"allocations": [part]})


def post_receipt(worker: Worker, draws: Draws) -> None:
    body: Json = {
        "customer_id": draws.one_of(CUSTOMERS),
        "business_date": _day(draws),
        "amount": _money(draws.number(1, 300000)),
    }
    worker.call("POST", "/receipts", body)


def receipt_to_advance(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/receipts/{_some(worker, draws, '/receipts')['id']}/advance")


def reverse_receipt(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/receipts/{_some(worker, draws, '/receipts')['id']}/reverse", {"reason": "录错"})


def settle(worker: Worker, draws: Draws) -> None:
    receipt = _open(worker, draws, "/receipts", "unapplied_amount")
    mine = {"customer_id": receipt["customer_id"]} if draws.chance(95) else {}
    bills = [_open(worker, draws, "/receivables", "open_amount", **mine) for _ in range(draws.number(1, 2))]
    least = [
        min(abs(Decimal(bill["open_amount"])), Decimal(receipt["unapplied_amount"]) / len(bills)) for bill in bills
    ]
    parts = [
        {"receivable_id": bill["id"], "amount": _part(draws, str(most))}
        for bill, most in zip(bills, least, strict=True)
    ]
    body: Json = {"receipt_id": receipt["id"], "allocations": parts}
    if draws.chance(20):
        body["business_date"] = _day(draws)
    worker.call("POST", "/settlements", body)


def reverse_settlement(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/settlements/{_some(worker, draws, '/settlements')['id']}/reverse", {"reason": "核销有误"})


def write_off(worker: Worker, draws: Draws) -> None:
    bill = _some(worker, draws, "/receivables")
    amount = _part(draws, bill["open_amount"].lstrip("-"))
    body = {
        "customer_id": bill["customer_id"],
        "reason": "客户注销",
        "allocations": [{"receivable_id": bill["id"], "amount": amount}],
    }
    worker.call("POST", "/write-offs", body)


def recover(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST",
        f"/write-offs/{_some(worker, draws, '/write-offs')['id']}/recover",
        {"amount": _money(draws.number(1, 20000))},
    )


def sell_for_cash(worker: Worker, draws: Draws) -> None:
    lines = _lines(draws)
    gross = sum(Decimal(line["net_amount"]) + Decimal(line["tax_amount"]) for line in lines)
    if not worker.pages("/stores"):
        worker.call("POST", "/stores", {"code": "MD001", "name": "一店"})
    payments = [{"method": "cash", "amount": str(gross + draws.number(0, 1))}]
    worker.call(
        "POST",
        "/cash-sales",
        {"store_code": "MD001", "business_date": _day(draws), "payments": payments, "lines": lines},
    )


def register_goods(worker: Worker, draws: Draws) -> None:
    line = {
        "product_code": draws.one_of(PRODUCTS),
        "quantity": str(draws.number(1, 50)),
        "unit_price": f"{draws.number(1, 20)}",
        "tax_rate": "0.13",
    }
    source = {"system": "scm", "document": f"CGRK-202601-{draws.number(1, 99999):05}"}
    body = {
        "supplier_id": _supplier(worker, draws),
        "business_date": _day(draws),
        "source_reference": source,
        "lines": [line],
    }
    worker.call("POST", "/goods-receipts", body)


def enter_invoice(worker: Worker, draws: Draws) -> None:
    receipt = draws.one_of(worker.pages("/goods-receipts"))
    if receipt is None:
        return
    [line] = receipt["lines"]
    quantity = draws.number(1, int(line["quantity"]))
    net = round(Decimal(line["unit_price"]) * quantity * (100 if draws.chance(75) else 120)) / Decimal(100)
    part = {
        "goods_receipt_id": receipt["id"],
        "goods_receipt_line_no": 1,
        "quantity": str(quantity),
        "net_amount": f"{net:.2f}",
        "tax_rate": "0.13",
        "tax_amount": f"{round(net * 13) / Decimal(100):.2f}",
    }
    body = {
        "supplier_id": receipt["supplier_id"],
        "invoice_number": f"243120000000000{draws.number(0, 99999):05}",
        "invoice_date": receipt["business_date"],
        "lines": [part],
    }
    worker.call("POST", "/supplier-invoices", body)


def release_invoice(worker: Worker, draws: Draws) -> None:
    invoice = _some(worker, draws, "/supplier-invoices", state="mismatched")
    worker.call(
        "POST", f"/supplier-invoices/{invoice['id']}/release", {"reason": "已与供应商确认", "released_by": "李总"}
    )


def pay(worker: Worker, draws: Draws) -> None:
    body = {
        "supplier_id": _supplier(worker, draws),
        "business_date": _day(draws),
        "amount": _money(draws.number(1, 60000)),
    }
    worker.call("POST", "/payments", {**body, **({"kind": "prepayment"} if draws.chance(25) else {})})


def settle_payable(worker: Worker, draws: Draws) -> None:
    payment = _open(worker, draws, "/payments", "unapplied_amount")
    mine = {"supplier_id": payment["supplier_id"]} if "supplier_id" in payment and draws.chance(95) else {}
    payable = _open(worker, draws, "/payables", "open_amount", **mine)
    parts = [{"payable_id": payable["id"], "amount": _part(draws, payable["open_amount"].lstrip("-"))}]
    worker.call("POST", "/payable-settlements", {"payment_id": payment["id"], "allocations": parts})


def reverse_payable_settlement(worker: Worker, draws: Draws) -> None:
    settled = _some(worker, draws, "/payable-settlements")
    worker.call("POST", f"/payable-settlements/{settled['id']}/reverse", {"reason": "核销有误"})


def reverse_payment(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/payments/{_some(worker, draws, '/payments')['id']}/reverse", {"reason": "付错"})


def book_cost(worker: Worker, draws: Draws) -> None:
    body = {
        "kind": draws.one_of(["sales_cost", "count_gain", "count_loss", "cost_adjustment"]),
        "business_date": _day(draws),
        "source_reference": {"system": "scm", "document": f"XSCK-202601-{draws.number(1, 99999):05}"},
        "lines": [{"product_code": draws.one_of(PRODUCTS), "amount": _money(draws.number(1, 5000)), "quantity": "1"}],
    }
    worker.call("POST", "/inventory-documents", body)


def reverse_cost(worker: Worker, draws: Draws) -> None:
    worker.call(
        "POST", f"/inventory-documents/{_some(worker, draws, '/inventory-documents')['id']}/reverse", {"reason": "重复"}
    )


def enter_voucher(worker: Worker, draws: Draws) -> None:
    debit = draws.number(1, 99999)
    credit = debit + (1 if draws.chance(15) else 0)
    lines = [
        {"summary": "费用", "account_code": draws.one_of(ACCOUNTS), "debit": _money(debit)},
        {"summary": "费用", "account_code": draws.one_of(ACCOUNTS[:4]), "credit": _money(credit)},
    ]
    worker.call("POST", "/vouchers", {"date": _day(draws), "lines": lines})


def reverse_voucher(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/vouchers/{_some(worker, draws, '/vouchers')['id']}/reverse", {})


def _note(draws: Draws, percent: int) -> Json:
    """With a word on what a step finds missing, or without."""
    return {"note": "已核对"} if draws.chance(percent) else {}


def refund_payment(worker: Worker, draws: Draws) -> None:
    payment = _open(worker, draws, "/payments", "unapplied_amount")
    body = {"amount": _part(draws, payment["unapplied_amount"]), "reason": "供应商退款"}
    worker.call("POST", f"/payments/{payment['id']}/refund", body)


def run_step(worker: Worker, draws: Draws) -> None:
    period = draws.one_of(["2026-01", "2026-01", "2026-02"])
    steps = worker.get(f"/periods/{period}/checklist")["steps"]
    worker.call("POST", f"/periods/{period}/steps/{draws.one_of(steps)['step']}", _note(draws, 50))


def close_period(worker: Worker, draws: Draws) -> None:
    period = draws.one_of(["2026-01", "2026-01", "2026-02"])
    if draws.chance(12):  # or most runs would go on behind closed doors
        for step in worker.get(f"/periods/{period}/checklist")["steps"]:
            worker.call("POST", f"/periods/{period}/steps/{step['step']}", _note(draws, 90))
    worker.call("POST", f"/periods/{period}/close")


def reopen_period(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/periods/{draws.one_of(['2026-01', '2026-02'])}/reopen", {"reason": "漏记"})


ACTIONS = (
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
    *(settle, settle, reverse_settlement, write_off, recover, sell_for_cash),
    *(
        register_goods,
        enter_invoice,
        enter_invoice,
        release_invoice,
        pay,
        settle_payable,
        reverse_payable_settlement,
        reverse_payment,
        refund_payment,
    ),
    *(book_cost, reverse_cost, enter_voucher, reverse_voucher, run_step, close_period, reopen_period),
)


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """Trial balance, sub-ledgers, numbering; what was posted is as it was; closed periods stand one after the other."""
    assert facts["vouchers"]["unbalanced"] == []
    assert facts["vouchers"]["gaps"] == []
    assert facts["trial_balance"]["balanced"] is True
    for row in facts["control_account"]:
        assert row["ledger_1122_fen"] == row["subledger_fen"], row
    period = facts["trial_balance"]["period"]
    assert worker.get("/trial-balance", period=period)["balanced"] is True
    assert worker.get("/statements/balance-sheet", period=period)["balanced"] is True
    _payables(worker, period)
    _advances(worker, period)
    known = memory.setdefault("vouchers", {})
    for voucher in worker.pages("/vouchers", changed_since=memory.get("watermark", 0)):
        posted = {key: value for key, value in voucher.items() if not key.startswith("reversed_by")}
        assert known.setdefault(voucher["id"], posted) == posted, "what was posted has changed"
    states = {p["period"]: p["state"] for p in worker.pages("/periods")}
    closed = sorted(name for name, state in states.items() if state == "locked")
    assert closed == sorted(states)[: len(closed)], states


def _payables(worker: Worker, period: str) -> None:
    """2202 by supplier = open payables less payments that are not applied."""
    owed: defaultdict[int, Decimal] = defaultdict(Decimal)
    for payable in worker.pages("/payables"):
        owed[payable["supplier_id"]] += Decimal(payable["open_amount"])
    for payment in worker.pages("/payments"):
        if payment["kind"] == "payment":
            owed[payment["supplier_id"]] -= Decimal(payment["unapplied_amount"])
    rows = worker.get("/dimension-balances", account_code="220201", dimension="supplier", period=period)["rows"]
    booked = {int(row["key"]): Decimal(row["closing_credit"]) - Decimal(row["closing_debit"]) for row in rows}
    for supplier in {*owed, *booked}:
        assert owed[supplier] == booked.get(supplier, Decimal(0)), supplier


def _advances(worker: Worker, period: str) -> None:
    """The account of advances by customer = what of the receipts is an advance; that of prepayments by supplier = what of them is left."""
    received: defaultdict[int, Decimal] = defaultdict(Decimal)
    for receipt in worker.pages("/receipts"):
        received[receipt["customer_id"]] += Decimal(receipt["advance_amount"])
    paid: defaultdict[int, Decimal] = defaultdict(Decimal)
    for payment in worker.pages("/payments"):
        if payment["kind"] == "prepayment":
            paid[payment["supplier_id"]] += Decimal(payment["unapplied_amount"])
    for account, dimension, left, side in (("2204", "customer", received, 1), ("1123", "supplier", paid, -1)):
        rows = worker.get("/dimension-balances", account_code=account, dimension=dimension, period=period)["rows"]
        booked = {
            int(row["key"]): side * (Decimal(row["closing_credit"]) - Decimal(row["closing_debit"])) for row in rows
        }
        assert {key: amount for key, amount in left.items() if amount} == {k: v for k, v in booked.items() if v}, (
            account
        )


ROOM = Room(SYSTEM, ACTIONS, check)
