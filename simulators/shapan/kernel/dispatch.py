"""One request's way, without Flask: authenticate → validate → transaction → operation → answer.

Everything that a room raises becomes a problem document here and nowhere else.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from shapan.kernel.bundle import escape
from shapan.kernel.clock import rfc3339
from shapan.kernel.contract import KERNEL_HEADERS, Contract, Operation, response_faults
from shapan.kernel.database import DatabaseGone
from shapan.kernel.errors import Fault, Problem, invalid, malformed, precondition_required, simple, unauthorized
from shapan.kernel.idempotency import fingerprint, recall, remember
from shapan.kernel.ids import new_uuid
from shapan.kernel.journal import Entry, request_text, response_text
from shapan.kernel.outbox import write_events
from shapan.kernel.runtime import Runtime, Workspace, WorkspaceGone
from shapan.kernel.system import Answer, Context
from shapan.kernel.validation import faults

log = logging.getLogger(__name__)

BODY_LIMIT = 1024 * 1024
_NO_BODY_STATUS = {204, 304}


@dataclass(slots=True)
class Request:
    """A request as it came, after routing. `headers` has lower-case names; `base_url` includes the workspace prefix.

    `body` may be cut off: more than BODY_LIMIT bytes of it say only that it is too large.
    """

    operation: Operation
    workspace: str
    base_url: str
    path: str
    path_parameters: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    language: str

    @property
    def request_id(self) -> str:
        """The caller's X-Request-Id when it is printable and short, else one of ours."""
        return request_id_of(self.headers.get("x-request-id"))

    @property
    def traceparent(self) -> str | None:
        """The caller's W3C trace context, or None where it is malformed: it must then be ignored."""
        given = self.headers.get("traceparent", "")
        return given if _TRACEPARENT.fullmatch(given) else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready for the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_TRACEPARENT = re.compile(r"[0-9a-e][0-9a-f]-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def request_id_of(given: str | None) -> str:
    """The caller's X-Request-Id when it is printable and short, else one of ours."""
    return given if given and len(given) <= 200 and given.isascii() and given.isprintable() else new_uuid()


def handle(runtime: Runtime, request: Request) -> Reply:
    """Serve one request. Never raises."""
    started = time.perf_counter()
    operation = request.operation
    request_id = request.request_id
    client_id: list[str] = []
    if not runtime.has_workspace(request.workspace):
        # Not the operation's answer but the address's, like an unknown path: no contract documents it.
        return problem_reply(_no_workspace(request.workspace), request.language, request.path, request_id)
    try:
        answer = _serve(runtime, request, request_id, client_id)
        reply = _reply(answer, request_id)
    except Problem as problem:
        reply = problem_reply(problem, request.language, request.path, request_id)
    except (DatabaseGone, WorkspaceGone):
        # Deleted since we looked.
        return problem_reply(_no_workspace(request.workspace), request.language, request.path, request_id)
    except Exception:
        log.exception("%s %s failed (request %s)", operation.method, request.path, request_id)
        reply = problem_reply(internal_error(request_id), request.language, request.path, request_id)
    if runtime.settings.strict and reply.status != 500:
        reply = _strict(operation, reply, request, request_id)
    duration = time.perf_counter() - started
    runtime.requests.labels(operation.operation_id, str(reply.status)).inc()
    runtime.duration.labels(operation.operation_id).observe(duration)
    if not operation.path.startswith("/_shapan/"):
        _note(runtime, request, reply, request_id, client_id[0] if client_id else None, duration)
    return reply


def _no_workspace(name: str) -> Problem:
    return simple(
        404,
        "no-such-workspace",
        "There is no such workspace",
        f"There is no workspace {name} here. Create it with PUT /_shapan/workspaces/{name}, or leave /ws/{name} away for the default one.",
        f"没有工作区 {name}。请用 PUT /_shapan/workspaces/{name} 创建，或去掉 /ws/{name} 使用默认工作区。",
    )


def internal_error(request_id: str) -> Problem:
    """500, without a word about the inside; the log has the rest."""
    return simple(
        500,
        "internal",
        "The simulator failed",
        f"The simulator failed; its log has the reason under request {request_id}. Nothing was changed. Please report it.",
        f"模拟器内部出错，原因见日志中的请求 {request_id}；数据没有任何改变，请反馈该问题。",
    )


def problem_reply(problem: Problem, language: str, instance: str, request_id: str) -> Reply:
    """A problem as application/problem+json."""
    body = json.dumps(problem.body(language, instance, request_id), ensure_ascii=False).encode()
    headers = (
        ("Content-Type", "application/problem+json; charset=utf-8"),
        ("Content-Language", "zh-CN" if language == "zh" else "en"),
        ("X-Request-Id", request_id),
        *problem.headers,
    )
    return Reply(problem.status, headers, body)


def _reply(answer: Answer, request_id: str) -> Reply:
    headers = (*answer.headers, ("X-Request-Id", request_id))
    if answer.status in _NO_BODY_STATUS:
        return Reply(answer.status, headers, b"")
    if isinstance(answer.body, str):
        return Reply(answer.status, headers, answer.body.encode())
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(answer.status, (("Content-Type", "application/json; charset=utf-8"), *headers), body)


def _serve(runtime: Runtime, request: Request, request_id: str, client_id: list[str]) -> Answer:
    operation = request.operation
    workspace = runtime.workspace(request.workspace)
    client = _authorize(runtime, request, workspace.clock.now())
    client_id.append(client)
    if len(request.body) > BODY_LIMIT:
        raise _too_large()
    arguments, found = _parameters(operation, request)
    body = _body(operation, request, arguments, found)
    function = runtime.functions[operation.operation_id]
    services = {
        **runtime.settings.services,
        "kernel.runtime": runtime,
        "kernel.authority": runtime.authority,
        "kernel.system": runtime.system.name,
        "kernel.authorization": request.headers.get("authorization"),
    }
    key = request.headers.get("idempotency-key") if operation.idempotent_by_key else None

    def context(db: Any) -> Context:
        return Context(
            db,
            # Under the write lock when it writes, so that later numbers never bear earlier times.
            workspace.clock.now(),
            workspace.name,
            client,
            request.base_url,
            request.path,
            request.query_string,
            request_id,
            request.traceparent,
            services,
        )

    if operation.access == "operator" or not operation.writes or operation.operation_id == "issueToken":
        # Operator operations and tokens open what transactions they need themselves; the rest here only reads.
        with workspace.database.read() as db:
            if operation.access != "operator":
                return _call(function, context(db), arguments)
        return _call(function, context(None), arguments)
    return _write(runtime, workspace, request, function, arguments, context, client, key, body)


def _call(function: Callable[..., Answer], ctx: Context, arguments: dict[str, Any]) -> Answer:
    return function(ctx, **arguments)


def _write(
    runtime: Runtime,
    workspace: Workspace,
    request: Request,
    function: Callable[..., Answer],
    arguments: dict[str, Any],
    context: Callable[[Any], Context],
    client: str,
    key: str | None,
    body: Any,
) -> Answer:
    operation = request.operation
    with ExitStack() as stack:
        if key is not None:
            stack.enter_context(workspace.in_flight.hold(client, key))
            print_ = fingerprint(operation.operation_id, request.path_parameters, request.query_string, body)
        db = stack.enter_context(workspace.database.write())
        ctx = context(db)
        if key is not None and (stored := recall(db, client, key, print_, ctx.now)) is not None:
            return stored
        answer = _call(function, ctx, arguments)
        if runtime.settings.strict:
            _check_events(runtime.contract, ctx)
        in_line = write_events(ctx, ctx.events)
        if key is not None and 200 <= answer.status < 300:
            remember(db, client, key, print_, answer, ctx.now)
    if in_line:
        runtime.courier.nudge()
    return answer


def _authorize(runtime: Runtime, request: Request, now: Any) -> str:
    """The client's id, or why not."""
    operation = request.operation
    if operation.access == "oauth":
        return runtime.authority.check(
            request.headers.get("authorization"), operation.scopes, request.workspace, now
        ).client_id
    token = runtime.settings.operator_token
    if operation.access == "operator" and token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise unauthorized(
                "" if not given else "invalid_token",
                "The operator interface asks for the operator token as Bearer token here (SHAPAN_OPERATOR_TOKEN).",
                "此处的运维接口需要在 Bearer 中提供运维令牌（SHAPAN_OPERATOR_TOKEN）。",
            )
    return ""


def _parameters(operation: Operation, request: Request) -> tuple[dict[str, Any], list[Fault]]:
    """The arguments that come from path, query and headers, and every fault in them."""
    arguments: dict[str, Any] = {}
    found: list[Fault] = []
    query: dict[str, str] = {}
    known = {p.name for p in operation.parameters if p.location == "query"}
    for name, value in _query(request.query_string):
        if name not in known:
            found.append(
                Fault(f"/{escape(name)}", "The contract knows no such parameter.", "接口契约中没有该参数。", "query")
            )
        elif name in query:
            found.append(Fault(f"/{escape(name)}", "Give it once only.", "该参数只能出现一次。", "query"))
        query[name] = value
    for parameter in operation.parameters:
        if parameter.location == "path":
            text = request.path_parameters.get(parameter.name)
        elif parameter.location == "query":
            text = query.get(parameter.name)
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
            value = parameter.parse(text)
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


def _body(operation: Operation, request: Request, arguments: dict[str, Any], found: list[Fault]) -> Any:
    """Parse and validate the body, put it into `arguments`, and raise when anything was found wrong so far."""
    body: Any = None
    if operation.bodies:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not request.body and not media and not operation.body_required:
            arguments["body"] = None
        elif media not in operation.bodies:
            if request.body or media:
                raise _unsupported(media, operation)
            found.append(Fault("", "A body is required.", "缺少请求体。"))
        else:
            body = (
                parse_form(request.body) if media == "application/x-www-form-urlencoded" else parse_json(request.body)
            )
            found += faults(operation.bodies[media], body, "body")
            arguments["body"] = body
    if found:
        raise invalid(found)
    return body


def parse_json(body: bytes) -> Any:
    """The JSON value in a body. 400 when it is none: no NaN, no numbers beyond a double, no lone surrogates."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, parse_float=_number, object_pairs_hook=_members
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
        raise malformed("The body is nested too deeply.", "请求体嵌套过深。") from error
    except ValueError as error:
        raise malformed(f"The body is not JSON that can be used: {error}", f"请求体不是可用的 JSON：{error}") from error
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
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


def _too_large() -> Problem:
    return simple(
        413,
        "body-too-large",
        "The body is too large",
        "The body is larger than 1 MiB. Send it in parts.",
        "请求体超过 1 MiB，请分批提交。",
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


def _check_events(contract: Contract, ctx: Context) -> None:
    for event in ctx.events:
        validator = contract.events.get(event.type)
        if validator is None:
            raise AssertionError(f"event {event.type} is not in the contract's webhooks")
        sample = {
            "specversion": "1.0",
            "id": new_uuid(),
            "source": "urn:shapan:check",
            "type": event.type,
            "subject": event.subject,
            "time": rfc3339(ctx.now),
            "datacontenttype": "application/json",
            "sequence": "1",
            "data": event.data,
        }
        wrong = faults(validator, sample, "body")
        if wrong:
            raise AssertionError(f"event {event.type} breaks its contract: {[(f.pointer, f.en) for f in wrong]}")


def _strict(operation: Operation, reply: Reply, request: Request, request_id: str) -> Reply:
    headers = {name.lower(): value for name, value in reply.headers}
    content_type = headers.get("content-type", "")
    body = json.loads(reply.body) if "json" in content_type else reply.body.decode() or None
    wrong = response_faults(operation, reply.status, content_type, body)
    if not wrong:
        return reply
    listing = "; ".join(f"{fault.pointer or '/'}: {fault.en}" for fault in wrong)
    log.error(
        "%s answered %s against its contract: %s (%s)", operation.operation_id, reply.status, listing, reply.body[:2000]
    )
    broken = Problem(
        500,
        "contract-broken",
        "The answer breaks the contract",
        f"{operation.operation_id} answered {reply.status} against its contract. This is a fault of the simulator; please report it. The change stands.",
        f"{operation.operation_id} 的响应 {reply.status} 不符合契约，这是模拟器的缺陷，请反馈；数据改变已生效。",
        tuple(wrong),
    )
    return problem_reply(broken, request.language, request.path, request_id)


def _note(
    runtime: Runtime, request: Request, reply: Reply, request_id: str, client_id: str | None, duration: float
) -> None:
    try:
        workspace = runtime.workspace(request.workspace)
    except WorkspaceGone:
        return  # deleted meanwhile, and its journal with it
    operation_id = request.operation.operation_id
    # Credentials belong into the form, but where somebody puts them into the query they must not stay in the journal either.
    shown = request.query_string and operation_id != "issueToken"
    path = (request.path + (f"?{request.query_string}" if shown else "")).encode(errors="replace").decode()
    workspace.journal.append(
        Entry(
            rfc3339(workspace.clock.now()),
            request.operation.method,
            path,
            operation_id,
            client_id or None,
            reply.status,
            round(duration * 1000, 3),
            request_id,
            request.traceparent,
            request.headers.get("idempotency-key"),
            request_text(operation_id, request.body),
            response_text(reply.body),
        )
    )
