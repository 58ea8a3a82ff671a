"""Compiled JSON Schema validators and their errors as faults in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema_rs

from shapan.kernel.bundle import ContractError, escape
from shapan.kernel.errors import Fault

BASE = "urn:shapan:contract"
_MOST_FAULTS = 100


class Schemas:
    """Validators over one bundled document, compiled once. Formats are on (jsonschema-rs has them off by default)."""

    def __init__(self, document: dict[str, Any]) -> None:
        try:
            self._registry = jsonschema_rs.Registry([(BASE, document)], draft=jsonschema_rs.Draft202012)
        except Exception as error:
            raise ContractError(f"The contract holds a schema that cannot be used: {error}") from error

    def at(self, *parts: str) -> jsonschema_rs.Draft202012Validator:
        """The validator of the schema at a place in the document, given as member names."""
        pointer = "".join("/" + escape(part) for part in parts)
        try:
            return jsonschema_rs.Draft202012Validator(
                {"$ref": f"{BASE}#{_uri(pointer)}"}, registry=self._registry, validate_formats=True
            )
        except Exception as error:
            raise ContractError(f"The schema at {pointer} cannot be compiled: {error}") from error


def _uri(pointer: str) -> str:
    # A pointer in a URI fragment: braces of path templates and % must be percent-encoded.
    return pointer.replace("%", "%25").replace("{", "%7B").replace("}", "%7D").replace(" ", "%20")


def faults(validator: jsonschema_rs.Draft202012Validator, value: Any, where: str, prefix: str = "") -> list[Fault]:
    """Every way in which `value` breaks its schema, at most 100, in the order of the schema; empty when it holds."""
    if validator.is_valid(value):
        return []
    found: list[Fault] = []
    for error in validator.iter_errors(value):
        found += list(_of(error, where, prefix))
        if len(found) >= _MOST_FAULTS:
            break
    return _by_place(found)


def _by_place(found: list[Fault]) -> list[Fault]:
    """One fault for each place: what is wrong there in several ways is said in one entry."""
    merged: dict[str, Fault] = {}
    for fault in found:
        before = merged.get(fault.pointer)
        if before is not None:
            fault = Fault(fault.pointer, f"{before.en} {fault.en}", before.zh + fault.zh, fault.where)
        merged[fault.pointer] = fault
    return list(merged.values())


def _pointer(prefix: str, path: Iterable[str | int]) -> str:
    return prefix + "".join("/" + escape(str(part)) for part in path)


def _of(error: jsonschema_rs.ValidationError, where: str, prefix: str) -> Iterator[Fault]:
    pointer = _pointer(prefix, error.instance_path)
    kind: Any = error.kind
    name = _name(kind)
    if name == "Required":
        yield Fault(f"{pointer}/{escape(kind.property)}", "This member is required.", "缺少必填字段。", where)
    elif name in ("AdditionalProperties", "UnevaluatedProperties"):
        for member in kind.unexpected:
            yield Fault(
                f"{pointer}/{escape(member)}", "The contract knows no such member.", "接口契约中没有该字段。", where
            )
    elif name in ("AnyOf", "OneOfNotValid") and (branch := _meant(kind, error)) is not None:
        for inner in branch:
            yield from _of(inner, where, prefix)
    else:
        en, zh = _sentence(name, kind, error.message)
        yield Fault(pointer, en, zh, where)


def _name(kind: Any) -> str:
    """What a kind of error is called: Required, Type …"""
    return type(kind).__name__.rpartition("_")[2]


def _meant(kind: Any, error: jsonschema_rs.ValidationError) -> list[jsonschema_rs.ValidationError] | None:
    """The errors of the one alternative whose type fits (an object where null was possible too); None when that is not one alone."""
    here = list(error.instance_path)
    fitting = [
        branch
        for branch in kind.context
        if not any(_name(e.kind) == "Type" and list(e.instance_path) == here for e in branch)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _sentence(name: str, kind: Any, message: str) -> tuple[str, str]:
    """One sentence in both languages; what has no translation of its own keeps the validator's English."""
    match name:
        case "Type":
            types = " or ".join(kind.types)
            return f"Must be {types}.", f"类型必须是 {types}。"
        case "Enum":
            options = ", ".join(map(str, kind.options))
            return f"Must be one of: {options}.", f"必须是以下之一：{options}。"
        case "Constant":
            return f"Must be {kind.expected_value}.", f"必须是 {kind.expected_value}。"
        case "Format":
            return f"Must be a valid {kind.format}.", f"格式必须是有效的 {kind.format}。"
        case "Pattern":
            return f"Must match {kind.pattern}", f"必须匹配 {kind.pattern}"
        case "Minimum":
            return f"Must be at least {kind.limit}.", f"不能小于 {kind.limit}。"
        case "Maximum":
            return f"Must be at most {kind.limit}.", f"不能大于 {kind.limit}。"
        case "ExclusiveMinimum":
            return f"Must be greater than {kind.limit}.", f"必须大于 {kind.limit}。"
        case "ExclusiveMaximum":
            return f"Must be less than {kind.limit}.", f"必须小于 {kind.limit}。"
        case "MultipleOf":
            return f"Must be a multiple of {kind.multiple_of}.", f"必须是 {kind.multiple_of} 的整数倍。"
        case "MinLength":
            return f"Must have at least {kind.limit} characters.", f"至少 {kind.limit} 个字符。"
        case "MaxLength":
            return f"Must have at most {kind.limit} characters.", f"最多 {kind.limit} 个字符。"
        case "MinItems":
            return f"Must have at least {kind.limit} items.", f"至少 {kind.limit} 项。"
        case "MaxItems":
            return f"Must have at most {kind.limit} items.", f"最多 {kind.limit} 项。"
        case "UniqueItems":
            return "The items must differ from each other.", "各项不能重复。"
        case "MinProperties":
            return f"Must have at least {kind.limit} members.", f"至少 {kind.limit} 个字段。"
        case "FalseSchema":
            return "The contract knows no such member.", "接口契约中没有该字段。"
        case "MaxProperties":
            return f"Must have at most {kind.limit} members.", f"最多 {kind.limit} 个字段。"
        case "AnyOf" | "OneOfNotValid" | "OneOfMultipleValid":
            return "Must fit exactly one of the forms that the contract gives.", "必须符合契约给出的形式之一。"
    return message, f"不符合接口契约：{message}"
