"""What a refund from a supplier (供应商退款) does to that which it gives back: a payment nothing was applied to, or a red payable."""

from __future__ import annotations

from shapan.finance.store import payables as payable_store
from shapan.finance.store import payments as payment_store
from shapan.kernel.system import Context


def give_back(ctx: Context, payment_id: int | None, payable_id: int | None, amount: int) -> None:
    """Note that `amount` fen of a payment, or of a red payable, came back; less than zero when the refund is taken back."""
    if payment_id is not None:
        payment_store.apply(ctx.db, payment_id, amount)
    if payable_id is not None:
        payable_store.settle(ctx.db, payable_id, -amount)
