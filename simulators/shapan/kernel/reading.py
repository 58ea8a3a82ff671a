"""Reading a request by its contract (读取请求): parameters and body, with every fault of all of them in one answer."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header

from shapan.kernel.bundle import escape
from shapan.kernel.contract import KERNEL_HEADERS, Operation, is_json
from shapan.kernel.errors import Fault, Problem, invalid, malformed, precondition_required, simple
from shapan.kernel.validation import faults
from shapan.kernel.wire import Request, Upload

MOST_LEVELS = 64
"""How deep lists and objects of a JSON body may stand in each other; no contract needs more than a handful."""


def read(request: Request) -> dict[str, Any]:
    """The arguments of the operation by name, validated and typed; `body` among them where the contract has one.

    Raises 413, 415, 428, or 400 with every fault that was found.
    """
    if len(request.body) > request.operation.body_limit:
        raise _too_large(request.operation.body_limit)
    arguments, found = _parameters(request.operation, request)
    if request.operation.bodies:
        arguments["body"], wrong = _body(request.operation, request)
        found += wrong
    if found:
        raise invalid(found)
    return arguments


def _parameters(operation: Operation, request: Request) -> tuple[dict[str, Any], list[Fault]]:
    """The arguments that come from path, query and headers, and every fault in them."""
    arguments: dict[str, Any] = {}
    found: list[Fault] = []
    query: dict[str, list[str]] = {}
    known = {p.name: p for p in operation.parameters if p.location == "query"}
    for name, given in _query(request.query_string):
        if name not in known:
            found.append(
                Fault(f"/{escape(name)}", "The contract knows no such parameter.", "接口契约中没有该参数。", "query")
            )
        elif name in query and not known[name].repeated:
            found.append(Fault(f"/{escape(name)}", "Give it once only.", "该参数只能出现一次。", "query"))
        query.setdefault(name, []).append(given)
    for parameter in operation.parameters:
        if parameter.location == "path":
            text = request.path_parameters.get(parameter.name)
        elif parameter.location == "query":
            texts = query.get(parameter.name)
            text = texts[-1] if texts else None
        else:
            text = request.headers.get(parameter.name.lower())
        if text is None:
            if parameter.required:
                if parameter.name.lower() == "if-match":
                    raise precondition_required()
                found.append(
                    Fault(f"/{parameter.name}", "This parameter is required.", "缺少必填参数。", parameter.location)
                )
            value = parameter.default
        else:
            value = query[parameter.name] if parameter.repeated else parameter.parse(text)
            found += faults(parameter.validator, value, parameter.location, f"/{parameter.name}")
        if parameter.name.lower() not in KERNEL_HEADERS:
            arguments[parameter.python_name] = value
    return arguments, found


def _query(text: str) -> list[tuple[str, str]]:
    try:
        text.encode()
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise invalid([Fault("", "The query is not UTF-8.", "查询参数不是 UTF-8 编码。", "query")]) from error


def _body(operation: Operation, request: Request) -> tuple[Any, list[Fault]]:
    """The body as data, None where there is none, and every fault in it. What is neither JSON nor a form is an `Upload`."""
    media, options = parse_options_header(request.headers.get("content-type", ""))
    media = media.strip().lower()
    if not request.body and not media:
        return None, [Fault("", "A body is required.", "缺少请求体。")] if operation.body_required else []
    if media not in operation.bodies:
        raise _unsupported(media, operation)
    if media != "application/x-www-form-urlencoded" and not is_json(media):
        return Upload(media, options.get("charset", "").lower() or None, request.body), []
    body = parse_form(request.body) if media == "application/x-www-form-urlencoded" else parse_json(request.body)
    return body, faults(operation.bodies[media], body, "body")


def parse_json(body: bytes) -> Any:
    """The JSON value in a body. 400 when it is none: no NaN, no numbers beyond a double, no lone surrogates."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, parse_float=_number, object_pairs_hook=members
        )
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be stored
    except UnicodeEncodeError as error:
        raise malformed("The text holds half of a surrogate pair.", "文本含有不完整的代理对字符。") from error
    except UnicodeDecodeError as error:
        raise malformed(
            f"The body is not UTF-8 (byte {error.start}). Send JSON as UTF-8.",
            f"请求体不是 UTF-8 编码（第 {error.start} 字节）。",
        ) from error
    except json.JSONDecodeError as error:
        raise malformed(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            f"请求体不是有效的 JSON：第 {error.lineno} 行第 {error.colno} 列。",
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise malformed(f"The body is not JSON that can be used: {error}", f"请求体不是可用的 JSON：{error}") from error
    if body.count(b"[") + body.count(b"{") > MOST_LEVELS and _is_deeper(value, MOST_LEVELS):
        raise _too_deep()
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in each other more than so many levels deep."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep() -> Problem:
    return malformed(f"The body is nested more than {MOST_LEVELS} levels deep.", f"请求体嵌套超过 {MOST_LEVELS} 层。")


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object of its members. ValueError when one stands twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        # In one pass: a body may hold a hundred thousand names, and only the last of them twice.
        counted = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counted.items() if count > 1)
        raise ValueError(f"the member {twice} stands more than once.")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number.")


def _number(text: str) -> float | int:
    # 440.0 is an integer in JSON Schema; operations then get a Python int, as for 440.
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("A number is too large.")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def parse_form(body: bytes) -> dict[str, str]:
    """A form body. 400 when it is no UTF-8, or a name stands more than once (RFC 6749 section 3.2)."""
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise malformed("The form is not UTF-8.", "表单不是 UTF-8 编码。") from error
    form = dict(pairs)
    if len(form) < len(pairs):
        raise malformed("A name stands more than once in the form.", "表单中有重复的参数。")
    return form


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024**2} MiB" if limit >= 1024**2 else f"{limit} bytes"
    return simple(
        413,
        "body-too-large",
        "The body is too large",
        f"The body is larger than {size}. Send it in parts.",
        f"请求体超过 {size}，请分批提交。",
    )


def _unsupported(media: str, operation: Operation) -> Problem:
    wanted = ", ".join(operation.bodies)
    return simple(
        415,
        "unsupported-media-type",
        "The media type is not served",
        f"Send Content-Type: {wanted} (got {media or 'none'}).",
        f"请使用 Content-Type: {wanted}（收到的是 {media or '空'}）。",
    )
