"""Inventory documents (存货核算单): which kinds there are, and what makes one right. Amounts are fen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapan.kernel.errors import Fault
from shapan.kernel.money import text_from_fen

POSTS_AS = {
    "sales_cost": ("sales_cost", 1, "结转销售成本"),
    "sales_return_cost": ("sales_cost", -1, "销售退货成本"),
    "goods_dispatched": ("inventory_dispatched", 1, "发出商品"),
    "dispatched_cost": ("inventory_dispatched_cost", 1, "结转发出商品成本"),
    "material_issue": ("material_issue", 1, "生产领料"),
    "material_return": ("material_issue", -1, "生产退料"),
    "conversion_cost": ("conversion_cost", 1, "结转制造费用"),
    "finished_goods": ("finished_goods", 1, "完工入库"),
    "store_consumption": ("store_consumption", 1, "门店耗用"),
    "store_consumption_return": ("store_consumption", -1, "门店耗用冲回"),
    "count_gain": ("count_gain", 1, "存货盘盈"),
    "count_loss": ("count_loss", 1, "存货盘亏"),
    "cost_adjustment": ("cost_adjustment", 1, "入库成本调整"),
}
"""Kind -> (the posting rule that it follows, +1 or -1 for a red entry by that rule, its text when none is given)."""


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """A line of an inventory document."""

    product_code: str
    stock_class: str
    quantity: int | None
    amount: int


def inventory_faults(
    kind: str, lines: Sequence[InventoryLine], store_code: str | None, vat_out: int, deducts_input_tax: bool
) -> list[Fault]:
    """What is wrong with an inventory document beyond the products that it names."""
    found = []
    if kind != "cost_adjustment":
        found += [
            Fault(
                f"/lines/{index}/amount",
                f"{text_from_fen(line.amount)} is negative; use the returning kind, or reverse the document.",
                f"金额 {text_from_fen(line.amount)} 为负，请使用退回类单据或红冲原单。",
            )
            for index, line in enumerate(lines)
            if line.amount < 0
        ]
    if not sum(line.amount for line in lines):
        found.append(Fault("/lines", "The amounts add up to zero.", "各行金额合计为零。"))
    if kind.startswith("store_consumption") and store_code is None:
        found.append(Fault("/store_code", "Consumption of a store names the store.", "门店耗用必须填写门店。"))
    if vat_out and kind != "count_loss":
        found.append(
            Fault(
                "/vat_transferred_out_amount",
                f"Input tax is transferred out by a count_loss, not by a {kind}.",
                "只有盘亏（count_loss）可以填写进项税额转出。",
            )
        )
    elif vat_out and not deducts_input_tax:
        found.append(
            Fault(
                "/vat_transferred_out_amount",
                "A small-scale taxpayer has deducted no input tax that could be transferred out.",
                "小规模纳税人没有抵扣进项税额，不需要转出。",
            )
        )
    return found
