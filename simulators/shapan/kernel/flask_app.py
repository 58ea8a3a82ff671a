"""The WSGI edge: a running system in, a Flask app out. Routing and HTTP live here; everything else is in `dispatch`."""

from __future__ import annotations

import functools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Flask, Response, request
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from shapan.kernel.admission import refusal
from shapan.kernel.connection import cut, hung_up
from shapan.kernel.contract import Operation
from shapan.kernel.dispatch import handle, internal_error
from shapan.kernel.edge import AT_EDGE, OUTCOME, PASSED
from shapan.kernel.errors import Problem, simple
from shapan.kernel.journal.unserved import note_unserved
from shapan.kernel.runtime import DEFAULT, Runtime
from shapan.kernel.waiting import Passed, Pause
from shapan.kernel.wire import Reply, Request, problem_reply, request_id_of

PREFIX = "/ws/<workspace>"


def create_app(runtime: Runtime) -> Flask:
    """The app of one system: its contract and the operator interface, each also under /ws/<name>; `/openapi.json` and `/docs`."""
    app = Flask(f"shapan.{runtime.system.name}", static_folder=None)
    views = {operation.operation_id: _view(runtime, operation) for _, operation in runtime.operations()}
    # Contracts are loaded once a process, so they stay and can be told by their identity.
    key = runtime.system.title, id(runtime.contract), id(runtime.operator_contract)
    model = _models.get(key)
    if model is None:
        app.url_map.strict_slashes = False
        for _, operation in runtime.operations():
            rule = operation.path.replace("{", "<").replace("}", ">")
            options: dict[str, Any] = {"methods": [operation.method], "provide_automatic_options": False}
            for path in (rule, PREFIX + rule):
                app.add_url_rule(path, operation.operation_id, views[operation.operation_id], **options)
        _documentation(app, runtime)
        _models[key] = app
    else:
        app.url_map, app.blueprints = model.url_map, model.blueprints
        app.view_functions = {**model.view_functions, **views}
    app.register_error_handler(HTTPException, functools.partial(_http_error, runtime))
    return app


_models: dict[tuple[str, int, int], Flask] = {}
"""The first app of each contract: to compile some hundred routes takes longer than most tests, and they are the same for every app of it."""


def _language() -> str:
    return "zh" if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" else "en"


def _view(runtime: Runtime, operation: Operation) -> Callable[..., Response]:
    def view(workspace: str = DEFAULT, **path_parameters: str) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        if (problem := _refused(runtime, operation, headers)) is not None:
            request_id = request_id_of(_given_id())
            reply = problem_reply(problem, _language(), request.path, request_id)
            note_unserved(runtime, request, reply, request_id, operation.operation_id)
            return _respond(reply)
        prefix = "" if workspace == DEFAULT and not request.path.startswith("/ws/") else f"/ws/{workspace}"
        given = Request(
            operation,
            workspace,
            request.host_url.rstrip("/") + prefix,
            request.path.removeprefix(prefix),
            path_parameters,
            # Lone surrogates stand for bytes that are no UTF-8; dispatch then says so.
            request.query_string.decode("utf-8", "surrogateescape"),
            headers,
            _read_body(operation.body_limit),
            _language(),
            request_id_of(_given_id()),
            passed=request.environ.get(PASSED, Passed()),
        )
        outcome = handle(runtime, given)
        if AT_EDGE in request.environ:
            # It waits outside of this thread, and sends no more than it should.
            request.environ[OUTCOME] = outcome
            return Response() if isinstance(outcome, Pause) else _respond(outcome)
        return _respond_here(runtime, given, outcome)

    return view


def _respond_here(runtime: Runtime, given: Request, outcome: Reply | Pause) -> Response:
    """What the edge would do, in a thread that serves this connection only."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    while isinstance(outcome, Pause):
        outcome.wait()
        if outcome.abandon and connection is not None and hung_up(connection):
            outcome.give_up()
            return Response(_cut_off(b"", connection), direct_passthrough=True)
        given.passed.add(outcome.name)
        outcome = handle(runtime, given)
    if outcome.delay_seconds:
        threading.Event().wait(outcome.delay_seconds)
    response = _respond(outcome)
    if outcome.sent != "whole":
        whole = b"" if request.method == "HEAD" else outcome.body
        part = whole[: max(1, len(whole) // 2)] if outcome.sent == "half" and whole else b""
        if not part and connection is not None:
            # Now: of an answer without a body the server would send the headers and not ask for what breaks off.
            cut(connection)
        response.response = _cut_off(part, connection)
        response.direct_passthrough = True
    return response


def _cut_off(part: bytes, connection: socket.socket | None) -> Iterator[bytes]:
    """A body that breaks off after `part`, with the connection under it."""
    if part:
        yield part
    if connection is not None:
        cut(connection)
    raise ConnectionResetError("cut off by a fault")


def _read_body(limit: int) -> bytes:
    """The body, or just enough of it to know that it is too large."""
    if (request.content_length or 0) > limit:
        return bytes(limit + 1)
    return request.stream.read(limit + 1)


def _refused(runtime: Runtime, operation: Operation, headers: Mapping[str, str]) -> Problem | None:
    guarded = operation.access == "operator" and runtime.settings.operator_token is None
    address = request.path + request.query_string.decode("latin-1")
    return refusal(address, headers, guarded=guarded)


def _given_id() -> str | None:
    return request.headers.get("X-Request-Id")


def _respond(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.headers.clear()
    for name, value in reply.headers:
        response.headers.add(name, value)
    # What somebody wrote into a record must not be run because it looks like a page.
    response.headers["X-Content-Type-Options"] = "nosniff"
    if reply.body or reply.status not in (204, 304):
        response.headers["Content-Length"] = str(len(reply.body))
    return response


def _documentation(app: Flask, runtime: Runtime) -> None:
    own, operator = runtime.contract.text(), runtime.operator_contract.text()

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(own, mimetype="application/json")

    @app.get("/_shapan/openapi.json")
    def operator_openapi() -> Response:
        return Response(operator, mimetype="application/json")

    # Swagger UI comes with an installed package and asks nothing of the network.
    config = {
        "app_name": runtime.system.title,
        "validatorUrl": None,
        "displayRequestDuration": True,
        "persistAuthorization": True,
    }
    app.register_blueprint(get_swaggerui_blueprint("/docs", "/openapi.json", config=config))
    app.register_blueprint(
        get_swaggerui_blueprint(
            "/_shapan/docs",
            "/_shapan/openapi.json",
            config={**config, "app_name": "operator"},
            blueprint_name="operator_docs",
        )
    )

    @app.get("/")
    def index() -> Response:
        base = request.host_url.rstrip("/")
        body = {
            "system": runtime.system.name,
            "title": runtime.system.title,
            "docs": base + "/docs/",
            "openapi": base + "/openapi.json",
            "operator_docs": base + "/_shapan/docs/",
            "health": base + "/_shapan/health",
        }
        return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _http_error(runtime: Runtime, error: HTTPException) -> WerkzeugResponse:
    """What Flask itself refuses, in the same shape as everything else."""
    request_id = request_id_of(_given_id())
    if 300 <= (error.code or 500) < 400:
        return error.get_response()
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"}))
        problem = simple(
            405,
            "method-not-allowed",
            "The method is not served here",
            f"{request.method} is not served at {request.path}; use {allowed}.",
            f"{request.path} 不支持 {request.method}，请使用 {allowed}。",
            {"Allow": allowed},
        )
    elif error.code == 404:
        problem = simple(
            404,
            "no-such-path",
            "There is nothing at this path",
            f"There is nothing at {request.path}. /docs/ lists what there is.",
            f"{request.path} 不存在；可用的接口见 /docs/。",
        )
    elif error.code is not None and error.code < 500:
        detail = error.description or error.name
        problem = Problem(error.code, "bad-request", error.name, detail, f"请求有误：{detail}")
    else:
        problem = internal_error(request_id)
    reply = problem_reply(problem, _language(), request.path, request_id)
    note_unserved(runtime, request, reply, request_id)
    return _respond(reply)
