"""Warehouses and stores (仓库与门店)."""

from __future__ import annotations

from shapan.kernel.errors import Problem, conflict


def taken_refusal(code: str) -> Problem:
    """409: a warehouse has this code already."""
    return conflict(
        "warehouse-exists",
        f"There is a warehouse {code} already. Choose another code, or change that one with PUT.",
        f"仓库编码 {code} 已被使用。请更换编码，或用 PUT 修改该仓库。",
    )
