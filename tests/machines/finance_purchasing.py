"""What accountants do on the purchasing side of finance: goods, invoices, payments, and how they are taken back."""

from __future__ import annotations

from decimal import Decimal

from tests.machines.finance_tools import (
    PRODUCTS,
    any_day,
    money,
    not_settled,
    pair,
    part_of,
    some,
    some_open,
)
from tests.machines.harness import Draws, Json, Worker


def _supplier(worker: Worker, draws: Draws) -> int:
    return int(some(worker, draws, "/suppliers")["id"])


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
        "business_date": any_day(draws),
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
    invoice = some(worker, draws, "/supplier-invoices", state="mismatched")
    worker.call(
        "POST", f"/supplier-invoices/{invoice['id']}/release", {"reason": "已与供应商确认", "released_by": "李总"}
    )


def end_invoice(worker: Worker, draws: Draws) -> None:
    """Set aside one that does not match, or take back one that was posted."""
    what = draws.one_of(["cancel", "red", "red", "match"])
    state = draws.one_of(
        ["mismatched", "matched"] if what == "match" else ["mismatched" if what == "cancel" else "matched"]
    )
    invoice = some(worker, draws, "/supplier-invoices", **({"state": state} if draws.chance(80) else {}))
    bodies: Json = {"cancel": {"reason": "重复"}, "match": None}
    red = {
        "reason": "退货",
        "invoice_date": any_day(draws),
        "invoice_number": f"243129999999999{draws.number(0, 99999):05}",
    }
    worker.call("POST", f"/supplier-invoices/{invoice['id']}/{what}", bodies.get(what, red))


def pay(worker: Worker, draws: Draws) -> None:
    body = {
        "supplier_id": _supplier(worker, draws),
        "business_date": any_day(draws),
        "amount": money(draws.number(1, 60000)),
    }
    worker.call("POST", "/payments", {**body, **({"kind": "prepayment"} if draws.chance(25) else {})})


def settle_payable(worker: Worker, draws: Draws) -> None:
    payments = not_settled(worker.pages("/payments"), "unapplied_amount")
    payment, payable = pair(draws, payments, not_settled(worker.pages("/payables"), "open_amount"), "supplier_id")
    most = min(Decimal(payment["unapplied_amount"]), Decimal(payable["open_amount"]))
    parts = [{"payable_id": payable["id"], "amount": part_of(draws, str(most))}]
    worker.call("POST", "/payable-settlements", {"payment_id": payment["id"], "allocations": parts})


def reverse_payable_settlement(worker: Worker, draws: Draws) -> None:
    settled = some(worker, draws, "/payable-settlements")
    worker.call("POST", f"/payable-settlements/{settled['id']}/reverse", {"reason": "核销有误"})


def reverse_payment(worker: Worker, draws: Draws) -> None:
    worker.call("POST", f"/payments/{some(worker, draws, '/payments')['id']}/reverse", {"reason": "付错"})


def refund_payment(worker: Worker, draws: Draws) -> None:
    payment = some_open(worker, draws, "/payments", "unapplied_amount")
    body = {"amount": part_of(draws, payment["unapplied_amount"]), "reason": "供应商退款"}
    worker.call("POST", f"/payments/{payment['id']}/refund", body)


ACTIONS = (
    *(register_goods, enter_invoice, enter_invoice, release_invoice, end_invoice),
    *(pay, settle_payable, reverse_payable_settlement, reverse_payment, refund_payment),
)
