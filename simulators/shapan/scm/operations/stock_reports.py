"""What waits, what is reserved, what lies and what expires (缺货、预留、呆滞、效期)."""

from __future__ import annotations

from shapan.kernel.system import Answer, Context, ok
from shapan.scm import views
from shapan.scm.store import stock_reports as store


def list_back_orders(
    ctx: Context,
    page: int,
    page_size: int,
    product_code: str | None,
    warehouse_code: str | None,
    sales_order_no: str | None,
) -> Answer:
    """A page of order lines that wait for stock."""
    return _open_lines(ctx, True, page, page_size, product_code, warehouse_code, sales_order_no)


def list_reservations(
    ctx: Context,
    page: int,
    page_size: int,
    product_code: str | None,
    warehouse_code: str | None,
    sales_order_no: str | None,
) -> Answer:
    """A page of order lines for which stock is reserved."""
    return _open_lines(ctx, False, page, page_size, product_code, warehouse_code, sales_order_no)


def list_stale_stock(
    ctx: Context, page: int, page_size: int, days: int, product_code: str | None, warehouse_code: str | None
) -> Answer:
    """A page of balances that nothing has moved for `days` days."""
    rows, total = store.stale(ctx.db, days, product_code, warehouse_code, ctx.today, page, page_size)
    return ok(views.page([views.stock_reports.stale(row, ctx.today) for row in rows], page, page_size, total))


def list_expiring_batches(
    ctx: Context, page: int, page_size: int, days: int, product_code: str | None, warehouse_code: str | None
) -> Answer:
    """A page of batches on hand that expire within `days` days or have expired."""
    rows, total = store.expiring(ctx.db, days, product_code, warehouse_code, ctx.today, page, page_size)
    return ok(views.page([views.stock_reports.expiring(row, ctx.today) for row in rows], page, page_size, total))


def _open_lines(
    ctx: Context,
    waiting: bool,
    page: int,
    page_size: int,
    product_code: str | None,
    warehouse_code: str | None,
    sales_order_no: str | None,
) -> Answer:
    rows, total = store.open_lines(
        ctx.db, waiting, product_code, warehouse_code, sales_order_no, ctx.today, page, page_size
    )
    return ok(views.page([views.stock_reports.open_line(row) for row in rows], page, page_size, total))
