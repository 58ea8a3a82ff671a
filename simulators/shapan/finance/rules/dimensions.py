"""Auxiliary dimensions (辅助核算): what a voucher line can name besides its account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from shapan.kernel.errors import Fault


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Customer, supplier, product (inventory item) and store of a voucher line (往来单位, 供应商, 存货, 门店)."""

    customer_id: int | None = None
    supplier_id: int | None = None
    product_code: str | None = None
    store_code: str | None = None

    def only(self, names: Collection[str]) -> Dimensions:
        """Those of them that `names` lists ("customer", "supplier", "product", "store")."""
        return Dimensions(**{member: getattr(self, member) for name, member in MEMBERS.items() if name in names})

    def within(self, other: Dimensions) -> Dimensions:
        """These, and where one is missing that of `other`."""
        mine = {field.name: getattr(self, field.name) for field in fields(self)}
        return Dimensions(**{name: getattr(other, name) if value is None else value for name, value in mine.items()})


NO_DIMENSIONS = Dimensions()

MEMBERS = {
    "customer": "customer_id",
    "supplier": "supplier_id",
    "product": "product_code",
    "store": "store_code",
}
"""Dimension -> member of a voucher line."""

_WORDS = {
    "customer": ("a customer", "no customer", "往来单位"),
    "supplier": ("a supplier", "no supplier", "供应商"),
    "product": ("a product", "no product", "存货"),
    "store": ("a store", "no store", "门店"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """The customers, suppliers, products and stores that exist, of those that were named."""

    customers: Collection[int] = ()
    suppliers: Collection[int] = ()
    products: Collection[str] = ()
    stores: Collection[str] = ()

    def has(self, name: str, key: object) -> bool:
        """Whether the thing that a dimension names exists."""
        found: Collection[object] = getattr(self, f"{name}s")
        return key in found


def unknown(pointer: str, name: str, key: object) -> Fault:
    """A dimension that names nothing that exists."""
    return Fault(pointer, f"There is no {name} {key}.", f"没有{_WORDS[name][2]} {key}。")


def dimension_faults(
    pointer: str,
    title: str,
    required: Collection[str],
    optional: Collection[str],
    given: Dimensions,
    known: Known,
) -> list[Fault]:
    """What is wrong with the dimensions of a line on account `title`: missing, not taken by it, or unknown."""
    found = []
    for name, member in MEMBERS.items():
        key = getattr(given, member)
        needs, without, zh = _WORDS[name]
        place = f"{pointer}/{member}"
        if key is None and name in required:
            found.append(Fault(place, f"Account {title} needs {needs}.", f"科目 {title} 必须填写{zh}。"))
        if key is not None and name not in required and name not in optional:
            found.append(Fault(place, f"Account {title} takes {without}.", f"科目 {title} 没有{zh}辅助核算。"))
    return found + stranger_faults(pointer, given, known)


def stranger_faults(pointer: str, given: Dimensions, known: Known) -> list[Fault]:
    """The dimensions of a line that name nothing that exists."""
    return [
        unknown(f"{pointer}/{member}", name, getattr(given, member))
        for name, member in MEMBERS.items()
        if getattr(given, member) is not None and not known.has(name, getattr(given, member))
    ]
