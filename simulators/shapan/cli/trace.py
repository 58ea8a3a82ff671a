"""`shapan trace`: the way of a document through all systems, with the requests that made each part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from shapan.cli.common import json_option
from shapan.sandbox.options import PORT
from shapan.sandbox.running import control_call

_NAMES = {
    ("crm", "order"): "CRM order 订单",
    ("crm", "return"): "CRM return 退货申请",
    ("crm", "store_sale"): "CRM store sale 门店销售",
    ("scm", "sales_order"): "SCM sales order 销售订单",
    ("scm", "delivery"): "SCM delivery 出库单",
    ("scm", "sales_return"): "SCM sales return 销售退货",
    ("scm", "purchase_order"): "SCM purchase order 采购订单",
    ("scm", "goods_receipt"): "SCM goods receipt 采购入库",
    ("scm", "purchase_return"): "SCM purchase return 采购退货",
    ("scm", "store_sale"): "SCM store sale 门店出库",
    ("scm", "production_order"): "SCM production order 生产订单",
    ("scm", "production_issue"): "SCM material issue 领料",
    ("scm", "production_return"): "SCM material return 退料",
    ("scm", "production_receipt"): "SCM finished goods 完工入库",
    ("scm", "transfer"): "SCM transfer 调拨",
    ("scm", "stock_count"): "SCM stock count 盘点",
    ("scm", "cost_adjustment"): "SCM cost adjustment 成本调整",
    ("finance", "receivable"): "finance receivable 应收单",
    ("finance", "receipt"): "finance receipt 收款单",
    ("finance", "settlement"): "finance settlement 核销单",
    ("finance", "purchase_order"): "finance register, order 采购订单登记",
    ("finance", "goods_receipt"): "finance register, receipt 入库登记",
    ("finance", "purchase_return"): "finance register, return 退货登记",
    ("finance", "supplier_invoice"): "finance supplier invoice 采购发票",
    ("finance", "payable"): "finance payable 应付单",
    ("finance", "payable_settlement"): "finance payment settled 付款核销",
    ("finance", "cash_sale"): "finance cash sale 现销单",
    ("finance", "inventory_document"): "finance inventory document 存货核算单",
}
_OUTCOMES = {
    "made": ("green", "made it 创建"),
    "changed": ("green", "changed it 变更"),
    "replayed": ("cyan", "answered again, nothing new 幂等重放"),
    "refused": ("yellow", "refused 被拒"),
    "failed": ("red", "failed 失败"),
    "lost": ("red", "done, but the answer was lost 已完成但应答丢失"),
}
_STATES = {"delivered": "green", "waiting": "yellow", "held": "yellow"}


@click.command("trace")
@click.argument("document")
@click.option("--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Control of a running sandbox.")
@json_option
def command(document: str, url: str, as_json: bool) -> None:
    """Show the way of a document through all systems: an order, a delivery, a purchase order, a receipt, a store sale and others.

    Below each document stand the requests that made and changed it, refused and repeated ones too, and the deliveries of its events.

    Example: shapan trace ORD-202611-00001
    """
    path = f"/trace/{quote(document, safe='')}"
    trace = control_call(url.rstrip("/"), "GET", path, members=("document_number", "journal", "steps"))
    if as_json:
        click.echo(json.dumps(trace, ensure_ascii=False, indent=1))
        return
    from rich.console import Console

    console = Console(highlight=False)
    for line in lines(trace):
        console.print(line, soft_wrap=True)
    zone = datetime.now().astimezone().strftime("UTC%z")
    note = f"Documents: simulated time, UTC+0800. Requests and deliveries: real time, {zone}. 单据为模拟时间（UTC+0800），请求为真实时间（{zone}）。"
    console.print(f"[dim]{note}[/]", soft_wrap=True)


def lines(trace: Mapping[str, Any]) -> Iterator[str]:
    """The trace as lines of rich markup: each document below the one that it follows."""
    from rich.markup import escape

    depths: dict[str, int] = {}
    for step in trace["steps"]:
        depth = depths.get(step["follows"], -1) + 1 if step["follows"] else 0
        depths[step["number"]] = depth
        pad = "   " * depth
        name = _NAMES.get((step["system"], step["type"]), f"{step['system']} {step['type'].replace('_', ' ')}")
        mark = "[bold]" if step["number"] == trace["document_number"] else ""
        said = [part for part in (step["state"], step["party"]) if part]
        if step["gross_amount"] is not None:
            said.append(f"{step['gross_amount']} 元")
        end = "[/]" if mark else ""
        yield f"{pad}[dim]{'└─' if depth else '●'}[/] {mark}{escape(name)} {escape(step['number'])}{end}  {escape(', '.join(said))}"
        yield f"{pad}     [dim]{escape(_when(step))}[/]"
        for request in step["requests"]:
            yield f"{pad}     {_request(request)}"
        for delivery in step["deliveries"]:
            yield f"{pad}     {_delivery(delivery)}"
    if not trace["journal"]:
        yield "[yellow]The systems keep no journal (--no-journal): requests and deliveries are not known. 未记录请求日志。[/]"


def _when(step: Mapping[str, Any]) -> str:
    if step["at"] is None:
        return "not yet 尚未发生"
    after = step["seconds_after"]
    delay = "" if after is None else f", {_duration(after)} after {step['follows']} 之后"
    return f"{step['at'][:19].replace('T', ' ')}{delay}"


def _duration(seconds: float) -> str:
    """3.2 s, 4 min 10 s, 3 h 5 min, 2 d 4 h: the two largest parts."""
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    if rest < 60:
        return f"{sign}{rest:.1f} s"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(int(rest), size)
        if count:
            parts.append(f"{count} {unit}")
    return sign + " ".join(parts[:2])


def _clock(text: str) -> str:
    """The real time at which something was asked, in the time zone of this computer."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def _request(request: Mapping[str, Any]) -> str:
    from rich.markup import escape

    colour, words = _OUTCOMES[request["outcome"]]
    problem = f" {request['problem']}" if request["problem"] else ""
    who = request["client_id"] or "-"
    tail = f"{who}, request {request['request_id']}" + (f", trace {request['trace_id']}" if request["trace_id"] else "")
    return (
        f"[dim]{_clock(request['started_at'])}[/] {escape(request['system'])} {escape(request['method'])} {escape(request['path'])} "
        f"[{colour}]{request['status']}{escape(problem)} {words}[/] [dim]{escape(tail)}[/]"
    )


def _delivery(delivery: Mapping[str, Any]) -> str:
    from rich.markup import escape

    colour = _STATES.get(delivery["state"], "red")
    attempts = f", {delivery['attempts']} attempts 次" if delivery["attempts"] > 1 else ""
    return (
        f"[dim]{_clock(delivery['ended_at'])}[/] {escape(delivery['system'])} → {escape(str(delivery['event_type']))} to {escape(delivery['url'])} "
        f"[{colour}]{escape(delivery['state'])}[/] [dim]{escape(delivery['reason'])}{attempts}[/]"
    )
