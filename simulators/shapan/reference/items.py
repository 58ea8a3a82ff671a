"""Which inventory item of finance (存货档案) a product of the SCM is (存货对照).

Finance's codes were typed by hand: CAB-3X25-YJV22 may stand there as CAB-3X25YJV22, cab-3x2s-yjv22 or CAB-YJV22-3X25. What looks the same once
letters and digits that are mistaken for each other count as one is the same item, if only one is and the SCM has no other product of that very code;
else it is entered anew.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shapan.reference.client import SystemClient
from shapan.reference.errors import Refused
from shapan.reference.state import State

log = logging.getLogger("shapan.reference")

_MISTAKEN = str.maketrans("OILZSB", "011258")


@dataclass(frozen=True, slots=True)
class Item:
    """An inventory item: its code in finance, and its class of stock (存货类别): goods 1405, materials 1403."""

    code: str
    stock_class: str


class Items:
    """The crosswalk of products, looked up once each. Thread-safe."""

    def __init__(self, scm: SystemClient, finance: SystemClient, state: State) -> None:
        self._scm = scm
        self._finance = finance
        self._state = state
        self._known: dict[str, Item] = {}
        self._lock = threading.Lock()

    def item_of(self, product_code: str) -> Item:
        """The inventory item of a product of the SCM, entered in finance when there is none."""
        with self._lock:
            known = self._known.get(product_code)
            if known is None:
                product = self._scm.get(f"/products/{product_code}")
                code = self._state.linked("product", "scm", product_code, "finance")
                if code is None:
                    code = self._find(product_code) or self._enter(product)
                    self._state.link("product", "scm", product_code, "finance", code)
                known = Item(code, "materials" if product["kind"] == "material" else "goods")
                self._known[product_code] = known
        return known

    def _find(self, product_code: str) -> str | None:
        """The code in finance: the same, else the only one that looks the same and belongs to no other product."""
        if any(self._finance.by_watermark("/inventory-items", code=product_code)):
            return product_code
        looks = {skeleton(code) for code in (product_code, swapped(product_code))}
        listed = self._finance.by_watermark("/inventory-items", limit=500)
        alike = [one["code"] for one in listed if skeleton(one["code"]) in looks]
        return alike[0] if len(alike) == 1 and not self._is_product(alike[0]) else None

    def _is_product(self, code: str) -> bool:
        """Whether the SCM has a product of this very code. A code of finance that no code of the SCM can be is none."""
        try:
            self._scm.get(f"/products/{quote(code, safe='')}")
        except Refused as refusal:
            if refusal.status not in (400, 404, 422):
                raise
            return False
        return True

    def _enter(self, product: Mapping[str, Any]) -> str:
        code = str(product["product_code"])
        body = {"code": code, "name": product["name"], "unit": product["base_unit"], "category": product["category"]}
        try:
            self._finance.post("/inventory-items", body, key=f"inventory-item/scm/{code}")
        except Refused as refusal:
            # Somebody entered it at this moment: that is what was wanted.
            if refusal.name != "code-exists":
                raise
        else:
            log.info("scm product %s -> finance inventory item, entered", code)
        return code


def swapped(code: str) -> str:
    """A code of three parts with the last two, specification and model, the other way round; others as they are."""
    parts = code.split("-")
    return "-".join((parts[0], parts[2], parts[1])) if len(parts) == 3 else code


def skeleton(code: str) -> str:
    """A code as it looks: without dashes and blanks, O as 0, I and L as 1, Z as 2, S as 5, B as 8."""
    plain = re.sub(r"[\s_.-]", "", unicodedata.normalize("NFKC", code)).upper()
    return plain.translate(_MISTAKEN)
