"""What must hold in finance whatever was done there: ledger, sub-ledgers, taxes, allowance, accruals, numbers, closed periods."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.machines.harness import Json, Worker, gaps

PERIODS = ("2026-01", "2026-02")
LAST_DAYS = {"2026-01": "2026-01-31", "2026-02": "2026-02-28"}
SURCHARGES = {
    "222111": ("urban_construction", "0.07"),
    "222112": ("education", "0.03"),
    "222113": ("local_education", "0.02"),
}
"""Account of a surcharge -> its kind and the rate that the books open with."""
FEN = Decimal("0.01")
Sums = defaultdict[Any, Decimal]


def check(worker: Worker, facts: Json, memory: Json) -> None:
    """All invariants. Of the two periods one is looked at after the other."""
    turn = memory["turn"] = memory.get("turn", -1) + 1
    assert facts["vouchers"]["unbalanced"] == []
    assert facts["vouchers"]["gaps"] == []
    assert facts["trial_balance"]["balanced"] is True
    for row in facts["control_account"]:
        assert row["ledger_1122_fen"] == row["subledger_fen"], row
    last = facts["trial_balance"]["period"]
    balance = _trial_balance(worker, last)
    assert worker.get("/statements/balance-sheet", period=last)["balanced"] is True
    _payables(worker, memory, last)
    _advances(worker, memory, last)
    _value_added_tax(worker, memory, balance)
    period = PERIODS[turn % len(PERIODS)]
    _accruals(worker, memory, period)
    _steps(worker, period)
    _vouchers(worker, memory)
    _closed_periods(worker, memory)


def _read_on(worker: Worker, memory: Json, path: str) -> list[Json]:
    """All documents of a list as they are now. Only what changed since the step before is read: a change that the watermark hides breaks a sum."""
    known: dict[int, Json] = memory.setdefault(path, {})
    page: Json = {"has_more": True, "watermark": memory.get(f"{path} watermark", 0)}
    while page["has_more"]:
        page = worker.get(path, changed_since=page["watermark"])
        known.update((document["id"], document) for document in page["items"])
    memory[f"{path} watermark"] = page["watermark"]
    return list(known.values())


def _trial_balance(worker: Worker, period: str) -> Json:
    """Account -> (movement, closing) of a period, credits less debits."""
    answer = worker.get("/trial-balance", period=period)
    assert answer["balanced"] is True, answer["totals"]
    return {
        row["account_code"]: tuple(
            Decimal(row[f"{part}_credit"]) - Decimal(row[f"{part}_debit"]) for part in ("movement", "closing")
        )
        for row in answer["rows"]
    }


def _closing(balance: Json, account: str) -> Decimal:
    return Decimal(balance.get(account, (0, 0))[1])


def _by_key(worker: Worker, account: str, dimension: str, period: str) -> dict[int, Decimal]:
    """What an account holds of each customer or supplier at the end of a period, credits less debits; nothing is left out."""
    rows = worker.get("/dimension-balances", account_code=account, dimension=dimension, period=period)["rows"]
    found = {int(row["key"]): Decimal(row["closing_credit"]) - Decimal(row["closing_debit"]) for row in rows}
    return {key: amount for key, amount in found.items() if amount}


def _not_zero(sums: Sums) -> dict[int, Decimal]:
    return {key: amount for key, amount in sums.items() if amount}


def _payables(worker: Worker, memory: Json, period: str) -> None:
    """220201 by supplier = open payables less payments that are not applied."""
    owed: Sums = defaultdict(Decimal)
    for payable in _read_on(worker, memory, "/payables"):
        owed[payable["supplier_id"]] += Decimal(payable["open_amount"])
    for payment in _read_on(worker, memory, "/payments"):
        if payment["kind"] == "payment":
            owed[payment["supplier_id"]] -= Decimal(payment["unapplied_amount"])
    assert _not_zero(owed) == _by_key(worker, "220201", "supplier", period)


def _advances(worker: Worker, memory: Json, period: str) -> None:
    """2204 by customer = what of the receipts is an advance; 1123 by supplier = what of the prepayments is left."""
    received: Sums = defaultdict(Decimal)
    for receipt in _read_on(worker, memory, "/receipts"):
        received[receipt["customer_id"]] += Decimal(receipt["advance_amount"])
    assert _not_zero(received) == _by_key(worker, "2204", "customer", period)
    paid: Sums = defaultdict(Decimal)
    for payment in _read_on(worker, memory, "/payments"):
        if payment["kind"] == "prepayment":
            paid[payment["supplier_id"]] -= Decimal(payment["unapplied_amount"])
    assert _not_zero(paid) == _by_key(worker, "1123", "supplier", period)


def _value_added_tax(worker: Worker, memory: Json, balance: Json) -> None:
    """Output tax is that of receivables and cash sales, input tax that of supplier invoices; what is not invoiced yet waits in 222106."""
    output = pending = Decimal(0)
    for bill in _read_on(worker, memory, "/receivables"):
        if bill["opening"] or not bill["recognised_on"]:
            continue
        if bill["invoiced"]:
            output += Decimal(bill["tax_amount"])
        else:
            pending += Decimal(bill["tax_amount"])
    for sale in _read_on(worker, memory, "/cash-sales"):
        if sale["reversed_on"] is None:
            output += Decimal(sale["tax_amount"])
    assert (_closing(balance, "22210107"), _closing(balance, "222106")) == (output, pending)
    posted = [one for one in _read_on(worker, memory, "/supplier-invoices") if one["voucher_id"] is not None]
    assert -_closing(balance, "22210101") == sum(Decimal(one["tax_amount"]) for one in posted)
    invoiced: Sums = defaultdict(Decimal)
    for one in posted:
        for line in one["lines"]:
            invoiced[line["goods_receipt_id"], line["goods_receipt_line_no"]] += Decimal(line["quantity"])
    for receipt in _read_on(worker, memory, "/goods-receipts"):
        for line in receipt["lines"]:
            assert Decimal(line["invoiced_quantity"]) == invoiced[receipt["id"], line["line_no"]], receipt
    # What was transferred out of the columns is owed; only the closing step moves either.
    assert -_closing(balance, "22210104") == _closing(balance, "222102")


def _accruals(worker: Worker, memory: Json, period: str) -> None:
    """220202 by supplier at the end of a period = what was accrued then, for all from before is taken back."""
    accrued: Sums = defaultdict(Decimal)
    for one in _read_on(worker, memory, "/accruals"):
        assert Decimal(one["amount"]) == sum(Decimal(line["amount"]) for line in one["lines"]), one
        if one["period"] == period:
            accrued[one["supplier_id"]] += Decimal(one["amount"])
    assert _not_zero(accrued) == _by_key(worker, "220202", "supplier", period)


def _steps(worker: Worker, period: str) -> None:
    """A step that says that it is done has done what it is for; a period that is locked has nothing left to do."""
    checklist = worker.get(f"/periods/{period}/checklist")
    done = {step["step"] for step in checklist["steps"] if step["state"] == "done"}
    if checklist["state"] == "locked":
        assert done == {step["step"] for step in checklist["steps"]}, checklist
    balance = _trial_balance(worker, period)
    if "surcharges" in done:
        base = max(Decimal(balance.get("222102", (0, 0))[0]), Decimal(0))
        for account, (kind, rate) in SURCHARGES.items():
            due = (base * Decimal(rate)).quantize(FEN, ROUND_HALF_UP)
            assert Decimal(balance.get(account, (0, 0))[0]) == due, (period, kind, base)
    if "profit_and_loss" in done:
        left = {code: sums[1] for code, sums in balance.items() if code >= "6" and sums[1]}
        assert not left, (period, left)
    # Rates that are set after the close do not say that the allowance was wrong then.
    if checklist["state"] != "locked" and "allowance" in done and LAST_DAYS[period] <= worker.today().isoformat():
        assert _closing(balance, "1231") == _allowance(worker, LAST_DAYS[period]), period


def _allowance(worker: Worker, day: str) -> Decimal:
    """What may be lost, by age and rate: what a customer has in credit takes from its oldest receivables first."""
    rates = {one["bucket"]: Decimal(one["rate"]) for one in worker.get("/allowance-rates")["rates"]}
    ages: Sums = defaultdict(Decimal)
    for row in worker.get("/reports/ageing", basis="posting_date", as_of=day)["rows"]:
        credit = Decimal(row["unapplied_amount"])
        for bucket in reversed(row["buckets"]):
            # A bucket with red ones in it shows both together; the red take from the oldest, in whatever bucket they stand.
            credit -= min(Decimal(bucket["amount"]), Decimal(0))
        for bucket in reversed(row["buckets"]):
            amount = max(Decimal(bucket["amount"]), Decimal(0))
            taken = min(credit, amount)
            credit -= taken
            ages[bucket["key"]] += amount - taken
    return sum(
        ((amount * rates[key]).quantize(FEN, ROUND_HALF_UP) for key, amount in ages.items()),
        Decimal(0),
    )


def _vouchers(worker: Worker, memory: Json) -> None:
    """What was posted is as it was, but for the note of what reverses it; numbers have no gaps within word and period."""
    first: dict[int, Json] = memory.setdefault("vouchers", {})
    found = _read_on(worker, memory, "/vouchers")
    for voucher in found:
        posted = {key: value for key, value in voucher.items() if not key.startswith("reversed_by")}
        assert first.setdefault(voucher["id"], posted) == posted, "what was posted has changed"
    assert gaps([f"{one['period']}-{one['word']}-{one['number']}" for one in found]) == []


def _closed_periods(worker: Worker, memory: Json) -> None:
    """Closed periods stand one after the other, and nothing changes in them while they are closed."""
    states = {period["period"]: period["state"] for period in worker.pages("/periods")}
    closed = sorted(name for name, state in states.items() if state == "locked")
    assert closed == sorted(states)[: len(closed)], states
    then: dict[str, str] = memory.setdefault("closed", {})
    for name in set(then) - set(closed):
        del then[name]  # opened again
    for name in closed:
        if name < PERIODS[0]:
            continue  # before the books were opened
        vouchers = [one for _, one in sorted(memory["vouchers"].items()) if one["period"] == name]
        digest = json.dumps([vouchers, worker.get("/trial-balance", period=name)["rows"]], ensure_ascii=False)
        assert then.setdefault(name, digest) == digest, f"something has changed in {name}, which is closed"
