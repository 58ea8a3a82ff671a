"""The WSGI edge: a running system in, a Flask app out. Routing and HTTP live here; everything else is in `dispatch`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from shapan.kernel.contract import Operation
from shapan.kernel.dispatch import Reply, Request, handle, internal_error, problem_reply
from shapan.kernel.errors import Problem, simple
from shapan.kernel.ids import new_uuid
from shapan.kernel.runtime import DEFAULT, Runtime

PREFIX = "/ws/<workspace>"


def create_app(runtime: Runtime) -> Flask:
    """The app of one system: its contract, the operator interface, `/openapi.json` and `/docs`; each also under /ws/<name>."""
    app = Flask(f"shapan.{runtime.system.name}", static_folder=None)
    app.url_map.strict_slashes = False
    for _, operation in runtime.operations():
        view = _view(runtime, operation)
        rule = operation.path.replace("{", "<").replace("}", ">")
        options: dict[str, Any] = {"methods": [operation.method], "provide_automatic_options": False}
        app.add_url_rule(rule, operation.operation_id, view, **options)
        app.add_url_rule(PREFIX + rule, operation.operation_id, view, **options)
    _documentation(app, runtime)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _language() -> str:
    return "zh" if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" else "en"


def _view(runtime: Runtime, operation: Operation) -> Callable[..., Response]:
    def view(workspace: str = DEFAULT, **path_parameters: str) -> Response:
        prefix = "" if workspace == DEFAULT and not request.path.startswith("/ws/") else f"/ws/{workspace}"
        reply = handle(
            runtime,
            Request(
                operation,
                workspace,
                request.host_url.rstrip("/") + prefix,
                request.path.removeprefix(prefix),
                path_parameters,
                request.query_string.decode("latin-1"),
                {name.lower(): value for name, value in request.headers},
                request.get_data(cache=False),
                _language(),
            ),
        )
        return _respond(reply)

    return view


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
    request_id = request.headers.get("X-Request-Id") or new_uuid()
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
