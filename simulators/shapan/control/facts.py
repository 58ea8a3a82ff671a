"""Facts as they come over HTTP -> the oracle's `Books`.

Their shapes stand in contracts/control.yaml (`CrmFacts`, `ScmFacts`, `FinanceFacts`) and are checked before anything
is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import jsonschema_rs

from shapan.control.oracle import model, model_purchasing, model_stores
from shapan.control.oracle.books import Books
from shapan.kernel.bundle import bundle
from shapan.kernel.resources import data_folder

T = TypeVar("T")

SCHEMAS = {"crm": "CrmFacts", "scm": "ScmFacts", "finance": "FinanceFacts"}


class FactsError(ValueError):
    """The facts of a system do not have the shape of the contract; `faults` lists where (JSON Pointer) and what."""

    def __init__(self, system: str, faults: tuple[tuple[str, str], ...]) -> None:
        self.system = system
        self.faults = faults
        listed = "; ".join(f"{pointer or '/'} {what}" for pointer, what in faults[:5])
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        super().__init__(
            f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in the facts of {system}: {listed}{more}"
        )


def read_books(facts: Mapping[str, Any], entity_of: model.EntityOf = model.knows_nothing) -> Books:
    """The books of {"crm": …, "scm": …, "finance": …}, each the `facts` member of the operator interface.
    Raises FactsError.
    """
    kept = {system: SystemFacts(system) for system in SCHEMAS}
    for system, one in kept.items():
        one.replace(facts[system])
    return books_of(kept, entity_of)


def books_of(kept: Mapping[str, SystemFacts], entity_of: model.EntityOf = model.knows_nothing) -> Books:
    """The books of what is kept of the three systems."""
    return Books(kept["crm"].crm(), kept["scm"].scm(), kept["finance"].finance(), entity_of)


class SystemFacts:
    """The facts of one system, kept from look to look: only what changed is checked and made anew."""

    def __init__(self, system: str) -> None:
        self.system = system
        self._lists: dict[str, list[Any]] = {}
        self._others: dict[str, Any] = {}

    @property
    def records(self) -> int:
        """How many there are, for whoever has to keep them within bounds."""
        return sum(map(len, self._lists.values()))

    def replace(self, facts: Any) -> None:
        """Take all facts anew. Raises FactsError, and is as it was then."""
        _check(self.system, facts)
        makers = _MAKERS[self.system]
        self._lists = {name: [make(row) for row in facts.get(name, ())] for name, make in makers.items()}
        self._others = {name: value for name, value in facts.items() if name not in makers and name in _OTHERS}

    def change(self, changes: Mapping[str, Any]) -> None:
        """Take what changed (contracts/operator/facts.yaml). Raises FactsError; what is kept is of no use then."""
        for name, change in changes.items():
            try:
                self._change(name, change)
            except FactsError:
                raise
            except (TypeError, LookupError, AttributeError, ValueError):
                raise FactsError(self.system, ((f"/{name}", "is no change of these facts"),)) from None

    def _change(self, name: str, change: Mapping[str, Any]) -> None:
        make = _MAKERS[self.system].get(name)
        if make is None:
            if name in _OTHERS:
                _check_value(self.system, name, change["value"])
                self._others[name] = change["value"]
            return
        kept = self._lists[name]
        del kept[change["length"] :]
        kept += [None] * (change["length"] - len(kept))
        for place, row in change["rows"].items():
            _check_row(self.system, name, int(place), row)
            kept[int(place)] = make(row)
        if None in kept:
            raise FactsError(self.system, ((f"/{name}", "rows are missing among the changes"),))

    def crm(self) -> model.CrmFacts:
        """As the oracle takes them; each list is a field of this name."""
        return model.CrmFacts(**self._tuples())

    def scm(self) -> model.ScmFacts:
        """The same for the SCM."""
        return model.ScmFacts(**self._tuples())

    def finance(self) -> model.FinanceFacts:
        """The same for finance, whose vouchers and trial balance are no lists."""
        balance, vouchers = self._others["trial_balance"], self._others["vouchers"]
        sides = {part: _record(model.Sides, balance[part]) for part in ("opening", "movement", "closing")}
        return model.FinanceFacts(
            **self._tuples(),
            voucher_count=vouchers["count"],
            unbalanced=tuple(vouchers["unbalanced"]),
            gaps=tuple(vouchers["gaps"]),
            trial_balance=_record(model.TrialBalance, balance, **sides),
            opening_period=self._others.get("opening_period"),
            taxpayer_kind=self._others.get("taxpayer_kind"),
        )

    def _tuples(self) -> dict[str, Any]:
        return {name: tuple(rows) for name, rows in self._lists.items()}


_OTHERS = ("vouchers", "trial_balance", "opening_period", "taxpayer_kind")


@cache
def _schemas() -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = bundle(data_folder("contracts") / "control.yaml")["components"]["schemas"]
    return schemas


@cache
def _validator(system: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{SCHEMAS[system]}", "components": {"schemas": _schemas()}},
        validate_formats=True,
    )


@cache
def _part_validator(system: str, member: str, items: bool) -> Any:
    place = f"#/components/schemas/{SCHEMAS[system]}/properties/{member}" + ("/items" if items else "")
    return jsonschema_rs.Draft202012Validator(
        {"$ref": place, "components": {"schemas": _schemas()}}, validate_formats=True
    )


def _check_row(system: str, member: str, place: int, row: Any) -> None:
    _complain(system, _part_validator(system, member, True), row, f"/{member}/{place}")


def _check_value(system: str, member: str, value: Any) -> None:
    _complain(system, _part_validator(system, member, False), value, f"/{member}")


def _check(system: str, facts: Any) -> None:
    _complain(system, _validator(system), facts, "")


def _complain(system: str, validator: Any, value: Any, where: str) -> None:
    if validator.is_valid(value):
        return
    found = tuple(
        (where + "/" + "/".join(map(str, error.instance_path)), error.message) for error in validator.iter_errors(value)
    )
    raise FactsError(system, found)


@cache
def _names(kind: Callable[..., Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind))  # type: ignore[arg-type]  # a dataclass, called only with those below


def _record(kind: Callable[..., T], data: Mapping[str, Any], **nested: Any) -> T:
    """`kind` (a dataclass) from the members of `data` that it has; `nested` are those already made."""
    names = _names(kind)
    return kind(**{name: value for name, value in data.items() if name in names and name not in nested}, **nested)


def _maker(kind: Callable[..., Any], **nested: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
    """Makes a record of `kind`; `nested` are the kinds of the records in its lists."""

    def make(row: Mapping[str, Any]) -> Any:
        lists = {name: tuple(_record(inner, one) for one in row[name]) for name, inner in nested.items()}
        return _record(kind, row, **lists)

    return make


_MAKERS: Mapping[str, Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "crm": {
        "customers": _maker(model.CrmCustomer),
        "orders": _maker(model.CrmOrder, lines=model.CrmLine),
        "returns": _maker(model_stores.CrmReturn, lines=model_stores.CrmReturnLine),
        "store_sales": _maker(model_stores.CrmStoreSale, lines=model_stores.StoreSaleLine),
    },
    "scm": {
        "partners": _maker(model.ScmPartner),
        "products": _maker(model.ScmProduct),
        "sales_orders": _maker(model.SalesOrder, lines=model.ScmLine),
        "deliveries": _maker(model.Delivery, lines=model.DeliveryLine),
        "stock": _maker(model.Stock),
        "stock_values": _maker(model_stores.StockValue),
        "suppliers": _maker(model_purchasing.ScmSupplier),
        "purchase_orders": _maker(model_purchasing.PurchaseOrder, lines=model_purchasing.GoodsLine),
        "goods_receipts": _maker(model_purchasing.GoodsReceipt, lines=model_purchasing.GoodsLine),
        "purchase_returns": _maker(model_purchasing.PurchaseReturn, lines=model_purchasing.GoodsLine),
        "sales_returns": _maker(model_stores.SalesReturn, lines=model_stores.SalesReturnLine),
        "store_sales": _maker(model_stores.ScmStoreSale, lines=model_stores.ScmSaleLine),
        "production_orders": _maker(model_stores.ProductionOrder),
        "production_postings": _maker(model_stores.ProductionPosting),
        "value_changes": _maker(model_stores.ValueChange),
        "untold_values": _maker(model_stores.UntoldValue),
        "transfers": _maker(model_stores.Transfer),
        "stock_counts": _maker(model_stores.StockCount),
        "cost_adjustments": _maker(model_stores.CostAdjustment),
    },
    "finance": {
        "customers": _maker(model.FinanceCustomer),
        "receivables": _maker(model.Receivable),
        "receipts": _maker(model.Receipt),
        "settlements": _maker(model.Settlement, allocations=model.Allocation),
        "control_account": _maker(model.ControlAccount),
        "clearings": _maker(model.Clearing),
        "periods": _maker(model_stores.Period),
        "suppliers": _maker(model_purchasing.Supplier),
        "purchase_orders": _maker(model_purchasing.Registered, lines=model_purchasing.RegisteredLine),
        "goods_receipts": _maker(model_purchasing.Registered, lines=model_purchasing.RegisteredLine),
        "purchase_returns": _maker(model_purchasing.RegisteredReturn, lines=model_purchasing.RegisteredReturnLine),
        "supplier_invoices": _maker(model_purchasing.SupplierInvoice, lines=model_purchasing.InvoiceLine),
        "payables": _maker(model_purchasing.Payable),
        "payable_settlements": _maker(model_purchasing.PayableSettlement),
        "accruals": _maker(model_purchasing.Accrual),
        "payable_accounts": _maker(model_purchasing.PayableAccount),
        "cash_sales": _maker(model_stores.CashSale),
        "inventory_documents": _maker(model_stores.InventoryDocument),
        "inventory_accounts": _maker(model_stores.InventoryAccount),
    },
}
"""The lists of each system's facts with what makes a record of a row; the fields of the facts in `model` have the same names."""
