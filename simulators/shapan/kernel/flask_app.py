"""The WSGI edge: a running system in, a Flask app out. Routing and HTTP live here; everything else is in `dispatch`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from shapan.kernel.contract import Operation
from shapan.kernel.dispatch import handle, internal_error
from shapan.kernel.errors import Problem, simple
from shapan.kernel.runtime import DEFAULT, Runtime
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
    app.register_error_handler(HTTPException, _http_error)
    return app


_models: dict[tuple[str, int, int], Flask] = {}
"""The first app of each contract: to compile some hundred routes takes longer than most tests, and they are the same for every app of it."""


def _language() -> str:
    return "zh" if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" else "en"


def _view(runtime: Runtime, operation: Operation) -> Callable[..., Response]:
    def view(workspace: str = DEFAULT, **path_parameters: str) -> Response:
        if (refusal := _foreign(runtime, operation)) is not None:
            return _respond(problem_reply(refusal, _language(), request.path, request_id_of(_given_id())))
        prefix = "" if workspace == DEFAULT and not request.path.startswith("/ws/") else f"/ws/{workspace}"
        reply = handle(
            runtime,
            Request(
                operation,
                workspace,
                request.host_url.rstrip("/") + prefix,
                request.path.removeprefix(prefix),
                path_parameters,
                # Lone surrogates stand for bytes that are no UTF-8; dispatch then says so.
                request.query_string.decode("utf-8", "surrogateescape"),
                {name.lower(): value for name, value in request.headers},
                _read_body(operation.body_limit),
                _language(),
                request_id_of(_given_id()),
            ),
        )
        return _respond(reply)

    return view


def _read_body(limit: int) -> bytes:
    """The body, or just enough of it to know that it is too large."""
    if (request.content_length or 0) > limit:
        return bytes(limit + 1)
    return request.stream.read(limit + 1)


_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


def _foreign(runtime: Runtime, operation: Operation) -> Problem | None:
    """Why this request must not be answered: its Host is none, or a page from elsewhere is behind it.

    Without an operator token the operator interface rests on being asked from this machine. A web page that is open in somebody's
    browser can ask from there too: through a name of its own that leads to loopback (DNS rebinding; the Host tells), or by a plain
    POST across sites (Origin and Sec-Fetch-Site tell).
    """
    host = _HOST.fullmatch(request.headers.get("Host", ""))
    if host is None:
        return simple(400, "bad-request", "Bad Request", "The Host header is not a host.", "Host 请求头无效。")
    if operation.access != "operator" or runtime.settings.operator_token is not None:
        return None
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and origin.partition("://")[2] != request.headers["Host"]
    if host[1] in _LOOPBACK and not elsewhere and request.headers.get("Sec-Fetch-Site") != "cross-site":
        return None
    return simple(
        403,
        "foreign-origin",
        "The operator interface is for this machine",
        "The operator interface answers only what is asked of a loopback address and not by a page from elsewhere. Call it at "
        "127.0.0.1, or set SHAPAN_OPERATOR_TOKEN.",
        "运维接口只接受对本机回环地址的请求，不接受其他来源网页的请求。请通过 127.0.0.1 调用，或设置 SHAPAN_OPERATOR_TOKEN。",
    )


def _given_id() -> str | None:
    return request.headers.get("X-Request-Id")


def _respond(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.headers.clear()
    for name, value in reply.headers:
        response.headers.add(name, value)
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


def _http_error(error: HTTPException) -> WerkzeugResponse:
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
    return _respond(problem_reply(problem, _language(), request.path, request_id))
