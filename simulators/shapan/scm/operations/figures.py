"""Stock ledger (收发存), key figures (关键指标) and monthly summaries (月度汇总)."""

from __future__ import annotations

from datetime import date, timedelta

from shapan.kernel.errors import not_found, refused
from shapan.kernel.system import Answer, Context, ok
from shapan.scm import rules, views
from shapan.scm.figures import kpis
from shapan.scm.store import ledger, masters


def get_stock_ledger(
    ctx: Context, product_code: str, from_: str, to: str, warehouse_code: str | None, page: int, page_size: int
) -> Answer:
    """A product's ledger over a period, of one warehouse or the whole company. 404, 422."""
    product = masters.product(ctx.db, product_code)
    if product is None:
        raise not_found("product", "物料", product_code)
    if warehouse_code is not None and masters.warehouse(ctx.db, warehouse_code) is None:
        raise not_found("warehouse", "仓库", warehouse_code)
    first, last = _period(from_, to)
    sums = ledger.sums(ctx.db, product_code, warehouse_code, first, last)
    rows, total = ledger.lines(ctx.db, product_code, warehouse_code, first, last, page, page_size)
    valued = warehouse_code is None
    return ok(
        {
            "product_code": product_code,
            "product_name": product["name"],
            "unit": product["base_unit"],
            "warehouse_code": warehouse_code,
            "from": from_,
            "to": to,
            **views.figures.ledger_sums(sums, valued),
            "lines": [views.figures.ledger_line(row, sums, valued) for row in rows],
            "page": page,
            "page_size": page_size,
            "total": total,
        }
    )


def get_kpis(ctx: Context, from_: str, to: str) -> Answer:
    """Key figures of stock over a period. 422."""
    first, last = _period(from_, to)
    return ok({"from": from_, "to": to, "items": kpis(ctx.db, first, last)})


def list_monthly_summaries(ctx: Context, month: str, page: int, page_size: int) -> Answer:
    """A page of products' months."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    found, total = ledger.months(ctx.db, first, last, rules.figures.SHIPPED, page, page_size)
    items = [views.figures.monthly_summary(month, row, sums) for row, sums in found]
    return ok(views.page(items, page, page_size, total))


def _period(first: str, last: str) -> tuple[date, date]:
    """The days of a period. 422 when it ends before it begins."""
    days = date.fromisoformat(first), date.fromisoformat(last)
    faults = rules.figures.period_fault(*days)
    if faults:
        raise refused(faults)
    return days
