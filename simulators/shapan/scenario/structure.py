"""The shape of an Arazzo document: checked by a JSON Schema written from the specification's tables of fixed fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

from shapan.scenario.documents import SourceFile
from shapan.scenario.faults import ScriptFault, pointer_of

_TYPES = {
    "object": "对象", "array": "数组", "string": "字符串", "number": "数值", "integer": "整数", "boolean": "布尔值", "null": "空值",
}  # fmt: skip


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    text = resources.files("shapan.scenario").joinpath("arazzo.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text))


def structural_faults(file: SourceFile) -> Iterator[ScriptFault]:
    """Every place where the document does not have the shape that Arazzo 1.0.1 gives it."""
    for pointer in file.repeated:
        yield file.fault(pointer, "This member is given twice.", "该成员重复出现。")
    for error in _validator().iter_errors(file.data):
        kind = error.kind
        pointer = pointer_of(*error.instance_path)
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
            for name in kind.unexpected:
                yield file.fault(
                    pointer + pointer_of(name),
                    "Arazzo 1.0.1 has no such field here.",
                    "Arazzo 1.0.1 在此处没有该字段。",
                )
        else:
            yield file.fault(pointer, error.message + ".", chinese(error))


def chinese(error: jsonschema_rs.ValidationError) -> str:
    """What a validation error says, in Chinese."""
    kind: Any = error.kind
    value = getattr(kind, "value", None)
    match kind.name:
        case "required":
            return f"缺少必填字段 {value}。"
        case "type":
            types = [value] if isinstance(value, str) else list(value or [])
            return f"类型应为{'或'.join(_TYPES.get(t, t) for t in types)}。"
        case "enum":
            return f"只能取以下值之一：{'、'.join(map(str, value or []))}。"
        case "pattern":
            return f"必须匹配 {value}。"
        case "minItems":
            return f"至少需要 {value} 项。"
        case "minLength":
            return f"至少需要 {value} 个字符。"
        case "minimum":
            return f"必须不小于 {value}。"
        case "exclusiveMinimum":
            return f"必须大于 {value}。"
        case "uniqueItems":
            return "各项不得重复。"
        case "propertyNames":
            return "字段名含有不允许的字符。"
    return f"不符合 {kind.name} 的要求（{error.message}）。"
