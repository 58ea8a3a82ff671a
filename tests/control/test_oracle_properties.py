"""Whatever single amount, quantity or reference of a correct flow is changed, and by whatever amount, the oracle finds it.

Not looked at are only the members listed in `WITHOUT_FOLLOWER`, each with its reason: no other fact depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shapan.control.facts import read_books
from shapan.control.oracle import reconcile

from .flow import BOLT, CABLE, HUAXIN, JINCHENG, correct_flow, entity_of

Path = tuple[str | int, ...]

REFERENCES: dict[str, tuple[Any, ...]] = {
    "partner_code": ("KH00001", "KH00002", "KH00003", "KH09999"),
    "product_code": (CABLE, BOLT, "LED-018W-T801"),
    "sales_order": ("XSDD-202611-00001", "XSDD-202611-00002", "XSDD-202611-00003", "XSDD-202611-00099"),
    "receivable_id": (1, 2, 3, 8, 9, 77),
    "receipt_id": (1, 2, 77),
    "source_document": (
        "ORD-202611-00001",
        "ORD-202611-00002",
        "ORD-202611-00003",
        "ORD-202611-00005",
        "ORD-202611-00099",
        "XSCK-202611-00001",
        "XSCK-202611-00002",
        "XSCK-202611-00003",
        "XSCK-202611-00004",
    ),
}
CRM_CUSTOMERS, FINANCE_CUSTOMERS = (HUAXIN, JINCHENG, "0d3e5a3e-1111-4111-8111-000000000099"), (1, 2, 3, 99)

WITHOUT_FOLLOWER: tuple[tuple[Path, str], ...] = (
    (("crm", "orders", "*", "lines", "*", "unit_price_fen"), "the line's amounts are compared instead"),
    (("crm", "orders", 3), "cancelled: what it once said binds nobody"),
    (("crm", "orders", 4), "draft: nothing follows it"),
    (("scm", "sales_orders", 3, "partner_code"), "cancelled"),
    (("scm", "sales_orders", 3, "source_document"), "cancelled"),
    (("scm", "sales_orders", 3, "lines", "*", "quantity_milli"), "cancelled"),
    (("scm", "sales_orders", 3, "lines", "*", "product_code"), "cancelled"),
    (("scm", "sales_orders", 3, "lines", "*", "net_fen"), "cancelled"),
    (("scm", "sales_orders", 3, "lines", "*", "tax_fen"), "cancelled"),
    (("scm", "sales_orders", 3, "lines", "*", "gross_fen"), "cancelled"),
    (("scm", "deliveries", 3), "not shipped"),
    (("scm", "deliveries", 4), "cancelled"),
    (("scm", "deliveries", "*", "source_document"), "a copy of what its sales order says"),
    (("scm", "stock", "*", "product_code"), "names the row itself"),
    (("finance", "customers", 1, "overdue_fen"), "not a customer of the CRM"),
    (("finance", "receivables", 3, "net_fen"), "opening item: only what is open of it counts"),
    (("finance", "receivables", 3, "tax_fen"), "opening item"),
    (("finance", "receivables", 3, "source_document"), "opening item"),
    (("finance", "receivables", 4, "net_fen"), "opening item"),
    (("finance", "receivables", 4, "tax_fen"), "opening item"),
    (("finance", "receivables", 4, "source_document"), "opening item"),
    (("finance", "control_account", "*", "customer_id"), "names the row itself"),
)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every single value."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def is_excluded(path: Path) -> bool:
    return any(
        len(path) >= len(pattern) and all(want in ("*", got) for want, got in zip(pattern, path, strict=False))
        for pattern, _ in WITHOUT_FOLLOWER
    )


def alternatives(path: Path) -> tuple[Any, ...]:
    """What a reference may be changed into; empty for an amount."""
    if path[-1] == "customer_id":
        return CRM_CUSTOMERS if path[0] == "crm" else FINANCE_CUSTOMERS
    return REFERENCES.get(str(path[-1]), ())


def is_number(path: Path) -> bool:
    return str(path[-1]).endswith(("_fen", "_milli")) or path[-1] in ("quantity", "箱")


PATHS = [path for path in leaves(correct_flow()) if (is_number(path) or alternatives(path)) and not is_excluded(path)]


def at(facts: Any, path: Path) -> Any:
    for step in path:
        facts = facts[step]
    return facts


@st.composite
def mutations(draw: st.DrawFn) -> tuple[Path, Any]:
    """A path and the wrong value to put there."""
    path = draw(st.sampled_from(PATHS))
    right = at(correct_flow(), path)
    choices = [value for value in alternatives(path) if value != right]
    if choices:
        return path, draw(st.sampled_from(choices))
    return path, right + draw(st.integers(-(10**9), 10**9).filter(bool))


def differences_after(path: Path, value: Any) -> int:
    facts = correct_flow()
    at(facts, path[:-1])[path[-1]] = value
    return len(reconcile(read_books(facts, entity_of)).differences)


@settings(max_examples=400, deadline=None)
@given(mutations())
def test_any_single_change_is_found(mutation: tuple[Path, Any]) -> None:
    assert differences_after(*mutation), mutation


def test_every_single_member_is_looked_at() -> None:
    """The smallest change of each member, one by one: random choice above may miss one."""
    unseen = []
    for path in PATHS:
        right = at(correct_flow(), path)
        wrong = [value for value in alternatives(path) if value != right] or [right + 1, right - 1]
        unseen += [(path, value) for value in wrong if not differences_after(path, value)]
    assert not unseen
    assert len(PATHS) > 150


def test_every_exclusion_is_needed() -> None:
    """No member is left out without need: at least one change of those that a pattern leaves out goes unseen."""
    everything = [p for p in leaves(correct_flow()) if is_number(p) or alternatives(p)]
    for pattern, reason in WITHOUT_FOLLOWER:
        covered = [
            path
            for path in everything
            if len(path) >= len(pattern) and all(want in ("*", got) for want, got in zip(pattern, path, strict=False))
        ]
        assert covered, pattern
        seen = []
        for path in covered:
            right = at(correct_flow(), path)
            wrong = [value for value in alternatives(path) if value != right] or [right + 1]
            seen += [differences_after(path, value) > 0 for value in wrong]
        assert not all(seen), f"{pattern} need not be left out ({reason})"
