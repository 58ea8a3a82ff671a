"""What the actions of finance are made of: days, amounts, lines, and documents that fit each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.machines.harness import WORLD, Draws, Json, Worker

CUSTOMERS = [customer.id for customer in WORLD.finance.customers][:4]
PRODUCTS = [product.code for product in WORLD.scm.products][:3]


def money(fen: int) -> str:
    return f"{fen / 100:.2f}"


def any_day(draws: Draws) -> str:
    """In the month that is being closed, in the one that runs, and at times before the books were opened, or tomorrow."""
    days = ["2026-01-15", "2026-01-15", "2026-01-31", "2026-02-03", "2026-02-03", "2026-02-05"]
    return str(draws.one_of(days if draws.chance(94) else ["2025-12-31", "2026-02-06"]))


def some(worker: Worker, draws: Draws, path: str, **params: Any) -> Json:
    """One document of a list, any; where there is none, one that does not exist."""
    return draws.one_of(worker.pages(path, **params)) or {
        "id": 999999,
        "open_amount": "1.00",
        "customer_id": CUSTOMERS[0],
    }


def some_open(worker: Worker, draws: Draws, path: str, amount: str, **params: Any) -> Json:
    """Mostly one of which something is left."""
    found = worker.pages(path, **params)
    left = [document for document in found if Decimal(document[amount]) > 0]
    return draws.one_of(left if draws.chance(90) else found) or {
        "id": 999999,
        amount: "1.00",
        "customer_id": CUSTOMERS[0],
    }


def pair(draws: Draws, ones: list[Json], others: list[Json], party: str) -> tuple[Json, Json]:
    """Mostly two documents of one customer or supplier; sometimes any two, or those that do not exist."""
    fitting = [(one, other) for one in ones for other in others if one[party] == other[party]]
    if fitting and draws.chance(85):
        found: tuple[Json, Json] = draws.one_of(fitting)
        return found
    none = {"id": 999999, "open_amount": "1.00", "unapplied_amount": "1.00"}
    return draws.one_of(ones) or none, draws.one_of(others) or none


def not_settled(documents: list[Json], amount: str) -> list[Json]:
    return [document for document in documents if Decimal(document[amount]) > 0]


def part_of(draws: Draws, text: str) -> str:
    """An amount of up to a fifth more than this one."""
    return (
        money(draws.number(1, max(1, int(Decimal(text) * 100))))
        if draws.chance(85)
        else money(int(Decimal(text) * 120))
    )


def sales_lines(draws: Draws) -> list[Json]:
    lines = []
    for _ in range(draws.number(1, 3)):
        net = draws.number(1, 100000)
        tax = (net * 13 + 50) // 100 + (5 if draws.chance(8) else 0)
        lines.append({"description": "商品", "net_amount": money(net), "tax_rate": "0.13", "tax_amount": money(tax)})
    return lines
