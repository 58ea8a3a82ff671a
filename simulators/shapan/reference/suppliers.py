"""Which supplier of finance a supplier of the SCM is (供应商对照).

In this order: the record was made for it; the tax number is the same; the legal name is the same. One whose tax number is another is another
company, whatever its name. Only when there is none, it is entered in finance.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from shapan.reference.client import SystemClient
from shapan.reference.matching import plain_tax_number
from shapan.reference.names import plain_name, short_name
from shapan.reference.state import State

log = logging.getLogger("shapan.reference")

Json = Mapping[str, Any]
_TERMS = {"PREPAID": 0, "COD": 0, "NET30": 30, "NET60": 60, "NET90": 90}


class Suppliers:
    """Finds or creates suppliers in finance. Thread-safe."""

    def __init__(self, scm: SystemClient, finance: SystemClient, state: State) -> None:
        self._scm = scm
        self._finance = finance
        self._state = state
        self._lock = threading.Lock()

    def supplier_of(self, supplier_code: str) -> int:
        """The finance supplier id of a supplier of the SCM."""
        # One lock for all: suppliers are few, and two records of one company must not be entered at the same time.
        with self._lock:
            known = self._state.linked("supplier", "scm", supplier_code, "finance")
            if known is None:
                supplier = self._scm.get(f"/suppliers/{supplier_code}")
                found = next(self._found(supplier), None) or self._enter(supplier)
                known = str(found["id"])
                self._state.link("supplier", "scm", supplier_code, "finance", known)
        return int(known)

    def _found(self, supplier: Json) -> Iterator[Json]:
        """Records of finance that are the supplier, the surest first."""
        code, tax = supplier["supplier_code"], plain_tax_number(supplier["tax_number"])
        there = sorted(self._finance.by_watermark("/suppliers", limit=500), key=lambda one: int(one["id"]))
        yield from (one for one in there if _made_for(one, code))
        if tax:
            yield from (one for one in there if plain_tax_number(one["tax_number"]) == tax)
        name = plain_name(supplier["name"])
        for one in there:
            named = plain_name(one["full_name"] or one["short_name"])
            if named == name and not (tax and plain_tax_number(one["tax_number"])):
                yield one

    def _enter(self, supplier: Json) -> Json:
        code = supplier["supplier_code"]
        body = {
            "short_name": short_name(supplier["name"]),
            "full_name": supplier["name"],
            "supplier_class": supplier["supplier_class"],
            "payment_terms_days": _TERMS[supplier["payment_terms"]],
            "source_reference": {"system": "scm", "document": code},
        }
        if supplier["tax_number"]:
            body["tax_number"] = plain_tax_number(supplier["tax_number"])
        entered: Json = self._finance.post("/suppliers", body, key=f"supplier/scm/{code}")
        log.info("scm supplier %s -> finance supplier %s, entered", code, entered["id"])
        return entered


def _made_for(record: Json, supplier_code: str) -> bool:
    reference = record["source_reference"] or {}
    return reference.get("system") == "scm" and reference.get("document") == supplier_code
