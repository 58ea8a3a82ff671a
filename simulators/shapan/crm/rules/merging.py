"""What becomes of two customers that are one (合并客户), and how changes of a customer are written down (变更历史)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from shapan.kernel.money import number_from_fen

ADDRESS = ("province", "city", "district", "street", "postcode")
"""The columns of an address; it is there when its province is."""

MEMBERS: Mapping[str, str] = {
    "uscc": "unifiedSocialCreditCode",
    "payment_terms": "paymentTerms",
    "price_list_id": "priceListId",
    **{part: f"address.{part}" for part in ADDRESS},
}
"""Column of a customer -> the member that it is on the wire, where that is not simply its name in camelCase."""


HOLDS = ("none", "overdue", "always")
"""What holds back the orders of a customer (信用控制), from lenient to strict."""


class Balance(NamedTuple):
    """What finance reported of a customer: sums in fen, and the time to which they refer; all None when it never did."""

    open_fen: int | None
    overdue_fen: int | None
    as_of: str | None


def latest(survivor: Balance, merged: Balance) -> Balance:
    """The later of the two reports; the survivor's when they are of one time, or the other's never came.

    They are not added up: finance reports to every record of a company what the whole company owes.
    """
    return merged if (merged.as_of or "") > (survivor.as_of or "") else survivor


def given_up(balance: Balance) -> list[dict[str, Any]]:
    """The balance that a merged customer does not keep, as the history shows it; nothing when there was none."""
    if balance.as_of is None:
        return []
    shown = (number_from_fen(balance.open_fen or 0), number_from_fen(balance.overdue_fen or 0), balance.as_of)
    members = ("balance.openAmount", "balance.overdueAmount", "balance.asOf")
    return [{"member": member, "before": value, "after": None} for member, value in zip(members, shown, strict=True)]


def filled(survivor: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the survivor that change: empty ones that the merged customer has, an address as a whole, and the stricter credit."""
    found = {
        column: merged[column]
        for column in ("uscc", "phone", "email", "price_list_id")
        if survivor[column] is None and merged[column] is not None
    }
    # Of two agreements on credit the stricter one holds, for it was made with the same company.
    limits = [one["credit_limit_fen"] for one in (survivor, merged) if one["credit_limit_fen"] is not None]
    if limits and min(limits) != survivor["credit_limit_fen"]:
        found["credit_limit_fen"] = min(limits)
    if HOLDS.index(merged["credit_hold"]) > HOLDS.index(survivor["credit_hold"]):
        found["credit_hold"] = merged["credit_hold"]
    if survivor["province"] is None and merged["province"] is not None:
        found |= {part: merged[part] for part in ADDRESS}
    return found


def former_names(survivor: Mapping[str, Any], merged: Mapping[str, Any], now: str) -> str:
    """The former names (曾用名) of the survivor: its own, those of the merged customer, and the merged one's name until `now`.

    A name that the survivor bears, or has borne already, is left out: it says nothing new.
    """
    found = json.loads(survivor["former_names"])
    known = {survivor["name"], *(one["name"] for one in found)}
    for one in [*json.loads(merged["former_names"]), {"name": merged["name"], "until": now}]:
        if one["name"] not in known:
            known.add(one["name"])
            found.append(one)
    return json.dumps(found, ensure_ascii=False)


def changes(before: Mapping[str, Any], after: Mapping[str, Any], columns: Iterable[str]) -> list[dict[str, Any]]:
    """What differs in `columns`, as the history shows it: `member`, `before`, `after`, sums in yuan."""
    return [
        {"member": member(column), "before": _shown(column, before[column]), "after": _shown(column, after[column])}
        for column in columns
        if before[column] != after[column]
    ]


def member(column: str) -> str:
    """The member of the contract that shows a column of a customer: credit_limit_fen -> creditLimit."""
    if column in MEMBERS:
        return MEMBERS[column]
    first, *others = column.removesuffix("_fen").split("_")
    return first + "".join(part.capitalize() for part in others)


def _shown(column: str, value: Any) -> Any:
    return number_from_fen(value) if column.endswith("_fen") and value is not None else value


def with_former_name(former_names: str, name: str, now: str) -> str:
    """The former names (曾用名, JSON as the tables keep it) once `name` is replaced."""
    return json.dumps([*json.loads(former_names), {"name": name, "until": now}], ensure_ascii=False)
