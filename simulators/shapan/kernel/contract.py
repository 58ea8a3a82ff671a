"""A contract made ready for serving (接口契约): OpenAPI 3.1 → operations with compiled validators, once, at start-up. Pure.

Nothing about the wire is written a second time in Python: paths, parameters, bounds, scopes and answers all come from here.
"""

from __future__ import annotations

import functools
import inspect
import json
import keyword
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import jsonschema_rs

from shapan.kernel.bundle import ContractError, bundle, resolve
from shapan.kernel.errors import Fault
from shapan.kernel.validation import Schemas, faults

Validator = jsonschema_rs.Draft202012Validator
METHODS = ("get", "put", "post", "delete", "patch")
BODY_LIMIT = 1024 * 1024
"""Bytes of a request body, where the contract gives no other bound in `x-shapan-max-bytes`."""
# Headers that the kernel serves itself; an operation never sees them.
KERNEL_HEADERS = {"idempotency-key"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One path, query or header parameter. `python_name` is how the operation gets it."""

    name: str
    python_name: str
    location: Literal["path", "query", "header"]
    required: bool
    types: tuple[str, ...]
    default: Any
    validator: Validator

    @property
    def repeated(self) -> bool:
        """Whether it may stand several times (style form, exploded): its value is a list."""
        return "array" in self.types

    def parse(self, text: str) -> Any:
        """The value that `text` stands for by the schema's type; the text itself when it fits none (the validator then says so)."""
        if "integer" in self.types and re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        if "number" in self.types and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            return float(text)
        if "boolean" in self.types and text in ("true", "false"):
            return text == "true"
        return text


@dataclass(frozen=True, slots=True)
class Response:
    """One documented answer: its validators by media type (a missing validator accepts any body) and its headers."""

    media: Mapping[str, Validator | None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the contract. `access` is "public", "operator" or "oauth" with `scopes`."""

    operation_id: str
    method: str
    path: str
    access: Literal["public", "operator", "oauth"]
    scopes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Validator]
    body_required: bool
    responses: Mapping[str, Response]
    body_limit: int = BODY_LIMIT

    @property
    def function_name(self) -> str:
        """createOrder -> create_order."""
        return snake_case(self.operation_id)

    @property
    def writes(self) -> bool:
        """Whether it runs in a write transaction."""
        return self.method != "GET"

    @property
    def is_operators(self) -> bool:
        """Whether it belongs to whoever runs the sandbox and not to its clients."""
        return self.access == "operator" or self.path.startswith("/_shapan/")

    @property
    def idempotent_by_key(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return any(p.location == "header" and p.name.lower() == "idempotency-key" for p in self.parameters)


@dataclass(frozen=True)
class Contract:
    """A whole contract: the bundled `document`, its operations by id, validators of event data by event type, and scopes."""

    name: str
    document: Mapping[str, Any]
    operations: Mapping[str, Operation]
    events: Mapping[str, Validator]
    scopes: tuple[str, ...]

    def text(self) -> str:
        """The bundled document as JSON, as served at /openapi.json."""
        return json.dumps(self.document, ensure_ascii=False)


def is_json(media: str) -> bool:
    """Whether a media type stands for one JSON value; application/x-ndjson holds many and does not."""
    return media == "application/json" or media.endswith("+json")


def snake_case(name: str) -> str:
    """camelCase, kebab-case or Header-Case -> snake_case; a word that Python keeps for itself gets a `_` behind it (from -> from_)."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


@functools.cache
def load_contract(path: Path) -> Contract:
    """Read, bundle and compile a contract, once a process. ContractError says what is wrong with it."""
    document = bundle(path)
    schemas = Schemas(document)
    operations: dict[str, Operation] = {}
    for template, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                operation = _operation(document, schemas, template, method, item)
                if operation.operation_id in operations:
                    raise ContractError(f"{path.name}: two operations are called {operation.operation_id}.")
                operations[operation.operation_id] = operation
    events = {
        name: schemas.at("webhooks", name, "post", "requestBody", "content", "application/json", "schema")
        for name in document.get("webhooks", {})
    }
    oauth = document.get("components", {}).get("securitySchemes", {}).get("oauth", {})
    scopes = tuple(oauth.get("flows", {}).get("clientCredentials", {}).get("scopes", {}))
    for operation in operations.values():
        unknown = set(operation.scopes) - set(scopes)
        if unknown:
            raise ContractError(
                f"{path.name}: {operation.operation_id} needs unknown scopes {', '.join(sorted(unknown))}."
            )
    return Contract(path.stem, document, operations, events, scopes)


def _operation(
    document: dict[str, Any], schemas: Schemas, template: str, method: str, item: dict[str, Any]
) -> Operation:
    raw = item[method]
    place = ("paths", template, method)
    try:
        operation_id = raw["operationId"]
    except KeyError:
        raise ContractError(f"{method.upper()} {template} has no operationId.") from None
    parameters = [
        _parameter(document, schemas, entry, (*base, "parameters", str(index)))
        for base, entries in ((("paths", template), item.get("parameters", [])), (place, raw.get("parameters", [])))
        for index, entry in enumerate(entries)
    ]
    request, request_place = _follow(document, raw.get("requestBody", {}), (*place, "requestBody"))
    bodies = {media: schemas.at(*request_place, "content", media, "schema") for media in request.get("content", {})}
    responses = {}
    for status, entry in raw["responses"].items():
        response, response_place = _follow(document, entry, (*place, "responses", str(status)))
        responses[str(status)] = Response(
            {
                media: schemas.at(*response_place, "content", media, "schema") if "schema" in content else None
                for media, content in response.get("content", {}).items()
            }
        )
    access, scopes = _access(raw.get("security", document.get("security", [])))
    return Operation(
        operation_id,
        method.upper(),
        template,
        access,
        scopes,
        tuple(parameters),
        bodies,
        bool(request.get("required")),
        responses,
        int(request.get("x-shapan-max-bytes", BODY_LIMIT)),
    )


def _access(security: list[dict[str, list[str]]]) -> tuple[Literal["public", "operator", "oauth"], tuple[str, ...]]:
    schemes = {name for requirement in security for name in requirement}
    if "oauth" in schemes:
        return "oauth", tuple(next(requirement["oauth"] for requirement in security if "oauth" in requirement))
    return ("operator", ()) if "operatorToken" in schemes else ("public", ())


def _follow(document: Any, node: dict[str, Any], place: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The node, or what its local `$ref` leads to, with the place where it stands."""
    reference = node.get("$ref")
    if reference is None:
        return node, place
    return resolve(document, reference[1:]), tuple(reference.split("/")[1:])


def _parameter(document: Any, schemas: Schemas, entry: dict[str, Any], place: tuple[str, ...]) -> Parameter:
    node, place = _follow(document, entry, place)
    schema, _ = _follow(document, node["schema"], ())
    types = schema.get("type", ())
    return Parameter(
        node["name"],
        snake_case(node["name"]),
        node["in"],
        bool(node.get("required")),
        (types,) if isinstance(types, str) else tuple(types),
        schema.get("default"),
        schemas.at(*place, "schema"),
    )


def functions_of(modules: Iterable[ModuleType]) -> dict[str, Callable[..., Any]]:
    """The public functions that are defined in these modules, by name. ContractError when two share a name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.__name__:
                continue
            if name in found:
                raise ContractError(f"{found[name].__module__} and {module.__name__} both define {name}.")
            found[name] = function
    return found


def match_functions(contract: Contract, modules: Iterable[ModuleType]) -> dict[str, Callable[..., Any]]:
    """The function of each operation. ContractError names every operation without a function, every function without an operation,
    and every function whose parameters are not those of the contract."""
    functions = functions_of(modules)
    wanted = {operation.function_name: operation for operation in contract.operations.values()}
    complaints = [
        f"operation {operation.operation_id} has no function {name}"
        for name, operation in wanted.items()
        if name not in functions
    ]
    complaints += [
        f"function {function.__module__}.{name} serves no operation of the contract"
        for name, function in functions.items()
        if name not in wanted
    ]
    for name in wanted.keys() & functions.keys():
        expected = {"ctx"} | {p.python_name for p in wanted[name].parameters if p.name.lower() not in KERNEL_HEADERS}
        expected |= {"body"} if wanted[name].bodies else set()
        got = set(inspect.signature(functions[name]).parameters)
        if expected != got:
            complaints.append(
                f"function {functions[name].__module__}.{name} takes ({', '.join(sorted(got))}), "
                f"the contract gives ({', '.join(sorted(expected))})"
            )
    if complaints:
        raise ContractError(f"Contract {contract.name} and code do not match: " + "; ".join(sorted(complaints)) + ".")
    return {operation.operation_id: functions[name] for name, operation in wanted.items()}


def response_faults(operation: Operation, status: int, content_type: str, body: Any) -> list[Fault]:
    """What an answer breaks of its contract: status, media type, body. For strict mode and tests."""
    response = operation.responses.get(str(status)) or operation.responses.get("default")
    if response is None:
        documented = ", ".join(operation.responses)
        return [
            Fault("/status", f"{status} is not documented (only {documented}).", f"状态码 {status} 未在契约中声明。")
        ]
    if not response.media:
        return [] if body is None else [Fault("", "The contract documents no body.", "契约中没有声明响应体。")]
    media = content_type.partition(";")[0]
    if media not in response.media:
        return [Fault("/content-type", f"{media} is not documented.", f"媒体类型 {media} 未在契约中声明。")]
    validator = response.media[media]
    return faults(validator, body, "body") if validator is not None else []
