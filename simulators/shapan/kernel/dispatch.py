"""One request's way, without Flask: faults → gate → authenticate → read → transaction → operation → answer → faults.

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
from dataclasses import replace
from functools import partial
from typing import Any

from shapan.kernel.database import DatabaseGone
from shapan.kernel.errors import Problem, simple, unauthorized
from shapan.kernel.idempotency import fingerprint, recall, remember
from shapan.kernel.jwe import open_body, sealed, wants_encryption
from shapan.kernel.outbox import write_events
from shapan.kernel.reading import read
from shapan.kernel.runtime import Runtime, Workspace, WorkspaceGone
from shapan.kernel.strict import check_events, checked
from shapan.kernel.system import Answer, Context
from shapan.kernel.waiting import Pause, Wait
from shapan.kernel.wire import Reply, Request, Upload, problem_reply

log = logging.getLogger(__name__)

_NO_BODY_STATUS = {204, 304}
GIVEN_UP = 499
"""What the journal says of a request that nobody was left to answer; it is no status of HTTP, and no client gets it."""
_POSTS_THAT_READ = {"issueToken", "introspectToken"}


def handle(runtime: Runtime, request: Request) -> Reply | Pause:
    """Serve one request, or say what it has to wait for before it is handled again (with the pause's name in `passed`). Never raises."""
    started = time.perf_counter()
    operation = request.operation
    try:
        workspace = runtime.workspace(request.workspace)
        # Whoever mends the sandbox must get through whatever is broken in it.
        served = _attempt if operation.is_operators else _exposed
        reply = served(runtime, workspace, request)
    except (DatabaseGone, WorkspaceGone):
        # Not the operation's answer but the address's, like an unknown path: no contract documents it.
        return _problem(_no_workspace(request.workspace), request)
    if isinstance(reply, Pause):
        return reply if operation.is_operators else replace(reply, given_up=partial(_given_up, workspace, request))
    duration = time.perf_counter() - started
    runtime.requests.labels(operation.operation_id, str(reply.status)).inc()
    runtime.duration.labels(operation.operation_id).observe(duration)
    if not operation.is_operators:
        took = time.time() - request.passed.came + reply.delay_seconds
        workspace.journal.request(request, reply, workspace.clock.now(), seconds=took)
    return _as_wished(runtime, request, reply)


def _given_up(workspace: Workspace, request: Request) -> None:
    """For the journal: the client hung up, or we went down, before there was an answer."""
    reply = Reply(GIVEN_UP, (), b"", sent="nothing")
    workspace.journal.request(request, reply, workspace.clock.now(), seconds=time.time() - request.passed.came)


def _as_wished(runtime: Runtime, request: Request, reply: Reply) -> Reply:
    """The reply encrypted, for a client that is known by its token and asks for it."""
    client = runtime.authority.client(request.client_id)
    return sealed(client, reply) if client is not None and wants_encryption(request.headers) else reply


def _exposed(runtime: Runtime, workspace: Workspace, request: Request) -> Reply | Pause:
    """Serve a client's request: through the faults that are set, and the gate of the workspace."""
    faults = workspace.faults
    if faults.active:
        try:
            if (met := faults.meet(request)) is not None:
                return met
        except Problem as problem:
            return faults.answer(request, _problem(problem, request))
    elif request.passed.met is not None:
        # The last rule has gone while it waited: only what it waited for has acted.
        request.faults[:] = [wait.rule.id for wait in request.passed.met.waits]
    # After the faults: a request that hangs is not yet inside.
    if (pause := workspace.gate.enter()) is not None:
        return pause
    try:
        reply = _attempt(runtime, workspace, request)
    finally:
        workspace.gate.leave()
    return faults.answer(request, reply) if faults.active and isinstance(reply, Reply) else reply


def _attempt(runtime: Runtime, workspace: Workspace, request: Request) -> Reply | Pause:
    try:
        reply = _reply(_serve(runtime, workspace, request), request.request_id)
    except Problem as problem:
        reply = _problem(problem, request)
    except Wait as wait:
        return wait.pause
    except (DatabaseGone, WorkspaceGone):
        raise
    except Exception:
        log.exception("%s %s failed (request %s)", request.operation.method, request.path, request.request_id)
        reply = _problem(internal_error(request.request_id), request)
    return checked(reply, request) if runtime.settings.strict else reply


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
    request.client_id, request.scopes = _authorize(runtime, workspace, request)
    if (client := runtime.authority.client(request.client_id)) is not None:
        open_body(client, request)
    arguments = read(request)
    function: Callable[..., Answer] = runtime.functions[operation.operation_id]
    if operation.access == "operator":
        # These open what transactions they need themselves.
        return function(_context(runtime, workspace, request, None), **arguments)
    if operation.writes and operation.operation_id not in _POSTS_THAT_READ:
        return _write(runtime, workspace, request, arguments)
    # A fault may have this client read what was true some time ago.
    older = workspace.faults.older(request) if workspace.faults.active else None
    with (older or workspace.database).read() as db:
        return function(_context(runtime, workspace, request, db), **arguments)


def _context(runtime: Runtime, workspace: Workspace, request: Request, db: sqlite3.Connection | None) -> Context:
    return Context(
        db,  # type: ignore[arg-type]  # only the operations of `operator` get none, and they know it
        # For a write this is asked under its lock, so that later numbers never bear earlier times.
        workspace.clock.now(),
        request.workspace,
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
        passed=request.passed,
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
        request.events = tuple(ctx.written)
        if key is not None and 200 <= answer.status < 300:
            remember(db, client, key, print_, answer, ctx.now)
    if in_line:
        runtime.courier.nudge(workspace)
    runtime.schedule.touched(workspace.name)
    for call in ctx.afterwards:
        call()
    return answer


def _authorize(runtime: Runtime, workspace: Workspace, request: Request) -> tuple[str, frozenset[str]]:
    """The client's id and the scopes of its token, or why not."""
    operation = request.operation
    if operation.access == "oauth":
        grant = runtime.authority.check(
            request.headers.get("authorization"),
            operation.scopes,
            workspace.name,
            workspace.clock.now(),
            workspace.revocations.holds,
        )
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
