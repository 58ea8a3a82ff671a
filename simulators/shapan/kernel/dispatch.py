"""One request's way, without Flask: authenticate → read → transaction → operation → answer.

Everything that a room raises becomes a problem document here and nowhere else.
"""

from __future__ import annotations

import hmac
import json
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from shapan.kernel.clock import rfc3339
from shapan.kernel.database import DatabaseGone
from shapan.kernel.errors import Problem, simple, unauthorized
from shapan.kernel.idempotency import fingerprint, recall, remember
from shapan.kernel.journal import Entry, request_text, response_text
from shapan.kernel.outbox import write_events
from shapan.kernel.reading import read
from shapan.kernel.runtime import Runtime, Workspace, WorkspaceGone
from shapan.kernel.strict import check_events, checked
from shapan.kernel.system import Answer, Context
from shapan.kernel.wire import Reply, Request, Upload, problem_reply

log = logging.getLogger(__name__)

_NO_BODY_STATUS = {204, 304}


def handle(runtime: Runtime, request: Request) -> Reply:
    """Serve one request. Never raises."""
    started = time.perf_counter()
    operation = request.operation
    try:
        workspace = runtime.workspace(request.workspace)
        reply = _attempt(runtime, workspace, request)
    except (DatabaseGone, WorkspaceGone):
        # Not the operation's answer but the address's, like an unknown path: no contract documents it.
        return _problem(_no_workspace(request.workspace), request)
    if runtime.settings.strict:
        reply = checked(reply, request)
    duration = time.perf_counter() - started
    runtime.requests.labels(operation.operation_id, str(reply.status)).inc()
    runtime.duration.labels(operation.operation_id).observe(duration)
    if not operation.path.startswith("/_shapan/"):
        _note(workspace, request, reply, duration)
    return reply


def _attempt(runtime: Runtime, workspace: Workspace, request: Request) -> Reply:
    try:
        return _reply(_serve(runtime, workspace, request), request.request_id)
    except Problem as problem:
        return _problem(problem, request)
    except (DatabaseGone, WorkspaceGone):
        raise
    except Exception:
        log.exception("%s %s failed (request %s)", request.operation.method, request.path, request.request_id)
        return _problem(internal_error(request.request_id), request)


def _problem(problem: Problem, request: Request) -> Reply:
    return problem_reply(problem, request.language, request.path, request.request_id)


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


def _reply(answer: Answer, request_id: str) -> Reply:
    headers = (*answer.headers, ("X-Request-Id", request_id))
    if answer.status in _NO_BODY_STATUS:
        return Reply(answer.status, headers, b"")
    if isinstance(answer.body, str | bytes):
        return Reply(answer.status, headers, answer.body if isinstance(answer.body, bytes) else answer.body.encode())
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(answer.status, (("Content-Type", "application/json; charset=utf-8"), *headers), body)


def _serve(runtime: Runtime, workspace: Workspace, request: Request) -> Answer:
    operation = request.operation
    request.client_id, request.scopes = _authorize(runtime, request, workspace.clock.now())
    arguments = read(request)
    function: Callable[..., Answer] = runtime.functions[operation.operation_id]
    if operation.access == "operator":
        # These open what transactions they need themselves.
        return function(_context(runtime, workspace, request, None), **arguments)
    if operation.writes and operation.operation_id != "issueToken":
        return _write(runtime, workspace, request, arguments)
    with workspace.database.read() as db:
        return function(_context(runtime, workspace, request, db), **arguments)


def _context(runtime: Runtime, workspace: Workspace, request: Request, db: sqlite3.Connection | None) -> Context:
    return Context(
        db,  # type: ignore[arg-type]  # only the operations of `operator` get none, and they know it
        # For a write this is asked under its lock, so that later numbers never bear earlier times.
        workspace.clock.now(),
        workspace.name,
        request.client_id,
        request.base_url,
        request.path,
        request.query_string,
        request.request_id,
        request.traceparent,
        request.headers.get("authorization"),
        runtime.services,
        language=request.language,
        scopes=request.scopes,
    )


def _write(runtime: Runtime, workspace: Workspace, request: Request, arguments: dict[str, Any]) -> Answer:
    operation, client = request.operation, request.client_id
    key = request.headers.get("idempotency-key") if operation.idempotent_by_key else None
    with ExitStack() as stack:
        if key is not None:
            stack.enter_context(workspace.in_flight.hold(client, key))
            body = arguments.get("body")
            body = body.fingerprint() if isinstance(body, Upload) else body
            print_ = fingerprint(operation.operation_id, request.path_parameters, request.query_string, body)
        db = stack.enter_context(workspace.database.write())
        ctx = _context(runtime, workspace, request, db)
        if key is not None and (stored := recall(db, client, key, print_, ctx.now)) is not None:
            return stored
        answer: Answer = runtime.functions[operation.operation_id](ctx, **arguments)
        if runtime.settings.strict:
            check_events(runtime.contract, ctx)
        in_line = write_events(ctx, ctx.events)
        if key is not None and 200 <= answer.status < 300:
            remember(db, client, key, print_, answer, ctx.now)
    if in_line:
        runtime.courier.nudge()
    for call in ctx.afterwards:
        call()
    return answer


def _authorize(runtime: Runtime, request: Request, now: datetime) -> tuple[str, frozenset[str]]:
    """The client's id and the scopes of its token, or why not."""
    operation = request.operation
    if operation.access == "oauth":
        grant = runtime.authority.check(request.headers.get("authorization"), operation.scopes, request.workspace, now)
        return grant.client_id, grant.scopes
    token = runtime.settings.operator_token
    if operation.access == "operator" and token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise unauthorized(
                "" if not given else "invalid_token",
                "The operator interface asks for the operator token as Bearer token here (SHAPAN_OPERATOR_TOKEN).",
                "此处的运维接口需要在 Bearer 中提供运维令牌（SHAPAN_OPERATOR_TOKEN）。",
            )
    return "", frozenset()


def _note(workspace: Workspace, request: Request, reply: Reply, duration: float) -> None:
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
            request.client_id or None,
            reply.status,
            round(duration * 1000, 3),
            request.request_id,
            request.traceparent,
            request.headers.get("idempotency-key"),
            request_text(operation_id, request.body),
            response_text(reply.body),
        )
    )
