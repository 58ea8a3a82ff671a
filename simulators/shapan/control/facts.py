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

from shapan.control.oracle import model
from shapan.control.oracle.books import Books
from shapan.kernel.resources import data_folder
from shapan.kernel.yaml_file import load_yaml

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
    for system in SCHEMAS:
        _check(system, facts[system])
    return Books(_crm(facts["crm"]), _scm(facts["scm"]), _finance(facts["finance"]), entity_of)


@cache
def _validator(system: str) -> Any:
    document = load_yaml(data_folder("contracts") / "control.yaml")
    schemas = document["components"]["schemas"]
    needed = {name: schemas[name] for name in (*SCHEMAS.values(), "Fen", "Milli", "Moment", "TaxNumber", "Sides")}
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{SCHEMAS[system]}", "components": {"schemas": needed}}, validate_formats=True
    )


def _check(system: str, facts: Any) -> None:
    found = tuple(
        ("/" + "/".join(map(str, error.instance_path)), error.message)
        for error in _validator(system).iter_errors(facts)
    )
    if found:
        raise FactsError(system, found)


def _record(kind: Callable[..., T], data: Mapping[str, Any], **nested: Any) -> T:
    """`kind` (a dataclass) from the members of `data` that it has; `nested` are those already made."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass, called only with those below
    return kind(**{name: value for name, value in data.items() if name in names and name not in nested}, **nested)


def _records(kind: Callable[..., T], rows: list[dict[str, Any]]) -> tuple[T, ...]:
    return tuple(_record(kind, row) for row in rows)


def _with_lines(kind: Callable[..., T], line: Callable[..., Any], rows: list[dict[str, Any]]) -> tuple[T, ...]:
    return tuple(_record(kind, row, lines=_records(line, row["lines"])) for row in rows)


def _crm(facts: Mapping[str, Any]) -> model.CrmFacts:
    return model.CrmFacts(
        _records(model.CrmCustomer, facts["customers"]),
        _with_lines(model.CrmOrder, model.CrmLine, facts["orders"]),
    )


def _scm(facts: Mapping[str, Any]) -> model.ScmFacts:
    return model.ScmFacts(
        _records(model.ScmPartner, facts["partners"]),
        _records(model.ScmProduct, facts["products"]),
        _with_lines(model.SalesOrder, model.ScmLine, facts["sales_orders"]),
        _with_lines(model.Delivery, model.DeliveryLine, facts["deliveries"]),
        _records(model.Stock, facts["stock"]),
    )


def _finance(facts: Mapping[str, Any]) -> model.FinanceFacts:
    balance = facts["trial_balance"]
    sides = {part: _record(model.Sides, balance[part]) for part in ("opening", "movement", "closing")}
    return model.FinanceFacts(
        _records(model.FinanceCustomer, facts["customers"]),
        _records(model.Receivable, facts["receivables"]),
        _records(model.Receipt, facts["receipts"]),
        tuple(
            _record(model.Settlement, row, allocations=_records(model.Allocation, row["allocations"]))
            for row in facts["settlements"]
        ),
        facts["vouchers"]["count"],
        tuple(facts["vouchers"]["unbalanced"]),
        tuple(facts["vouchers"]["gaps"]),
        _record(model.TrialBalance, balance, **sides),
        _records(model.ControlAccount, facts["control_account"]),
        _records(model.Clearing, facts.get("clearings", [])),
    )
