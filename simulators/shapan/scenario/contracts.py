"""What a scenario needs to know of an OpenAPI 3 contract: where its operations are, what they take, who may call them.

`$ref` is followed within the contract and into files beside it, never over the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import jsonschema_rs
import yaml

from shapan.kernel.yaml_file import load_yaml
from shapan.scenario.documents import Unreadable
from shapan.scenario.expressions import MISSING, descend, unescape
from shapan.scenario.faults import Text
from shapan.scenario.shapes import as_map

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """A declared parameter; `location` is path, query, header or cookie. `style` and `explode` say how lists and objects are written."""

    name: str
    location: str
    required: bool
    style: str = "form"
    explode: bool = True


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a contract, with the file that its relative references start from."""

    file: Path
    data: Any


@dataclass(frozen=True)
class Operation:
    """One operation: how it is called, and what its request and its answers may hold.

    `scopes` are what a token needs for it, None when it takes no OAuth token at all. `requests` are the schemas of its body by media
    type, `media_type` is the first of them. `modern` when the contract's schemas are JSON Schema 2020-12 (OpenAPI 3.1 and later).
    """

    id: str
    method: str
    path: str
    parameters: tuple[ParameterRule, ...]
    scopes: frozenset[str] | None
    media_type: str | None
    modern: bool = True
    requests: Mapping[str, Node] = field(repr=False, default_factory=dict)
    answers: tuple[Node, ...] = field(repr=False, default=())

    def request(self, media_type: str | None = None) -> Node | None:
        """The schema of a body of that media type, of the first one when none is said or the contract does not have it."""
        essence = (media_type or "").partition(";")[0].strip().lower()
        return self.requests.get(essence) or (self.requests.get(self.media_type) if self.media_type else None)

    def rule(self, name: str, location: str) -> ParameterRule | None:
        """The declared parameter of this name; names of headers have no case."""
        return next((r for r in self.parameters if r.location == location and _same(r.name, name, location)), None)


@dataclass(frozen=True)
class Contract:
    """The operations of one contract by operationId.

    `token_url` is its client-credentials endpoint, as it stands there; `server` its first server, where that is a whole URL.
    """

    file: Path
    operations: Mapping[str, Operation]
    token_url: str | None
    server: str | None = None

    def at(self, pointer: str) -> Operation | None:
        """The operation that a JSON Pointer such as /paths/~1orders/post names."""
        tokens = unescape(pointer)
        if len(tokens) != 3 or tokens[0] != "paths":
            return None
        found = (o for o in self.operations.values() if (o.path, o.method.lower()) == (tokens[1], tokens[2]))
        return next(found, None)


class ContractReader:
    """Reads contracts and keeps what it has read."""

    def __init__(self) -> None:
        self._files: dict[Path, Any] = {}
        self._contracts: dict[Path, Contract] = {}
        self._validators: dict[tuple[Path, int], jsonschema_rs.Draft202012Validator | None] = {}

    def read(self, path: Path) -> Contract:
        """The contract in a file. Raises Unreadable, also for a `$ref` that leads nowhere."""
        file = path.resolve()
        if file not in self._contracts:
            try:
                self._contracts[file] = self._read(file)
            except (KeyError, AttributeError, TypeError) as error:
                # A contract is somebody else's file; only its lint can say all that is wrong with it.
                raise Unreadable(
                    Text(f"{path} is no well-formed OpenAPI 3 document.", f"{path} 不是格式正确的 OpenAPI 3 文档。")
                ) from error
        return self._contracts[file]

    def _read(self, path: Path) -> Contract:
        root = Node(path, self.load(path))
        if not isinstance(root.data, Mapping) or not str(root.data.get("openapi", "")).startswith("3."):
            raise Unreadable(Text(f"{path} is no OpenAPI 3 document.", f"{path} 不是 OpenAPI 3 文档。"))
        flows = {
            name: (self.follow(Node(root.file, scheme)).data.get("flows") or {}).get("clientCredentials")
            for name, scheme in as_map(as_map(root.data.get("components")).get("securitySchemes")).items()
        }
        oauth = {name: flow for name, flow in flows.items() if isinstance(flow, Mapping)}
        token_url = next((str(flow["tokenUrl"]) for flow in oauth.values() if "tokenUrl" in flow), None)
        operations = {o.id: o for o in self._operations(root, frozenset(oauth))}
        servers = [as_map(server).get("url") for server in root.data.get("servers") or []]
        server = next((url for url in servers if isinstance(url, str) and re.match(r"https?://[^{}]*$", url)), None)
        return Contract(root.file, operations, token_url, server)

    def _operations(self, root: Node, oauth: frozenset[str]) -> Iterator[Operation]:
        for path, raw_item in as_map(root.data.get("paths")).items():
            item = self.follow(Node(root.file, raw_item))
            for method in _METHODS:
                raw = as_map(item.data).get(method)
                if not isinstance(raw, Mapping):
                    continue
                security = raw.get("security", root.data.get("security"))
                requests = dict(self._requests(Node(item.file, raw)))
                yield Operation(
                    id=str(raw.get("operationId", f"{method} {path}")),
                    method=method.upper(),
                    path=str(path),
                    parameters=self._parameters(item, raw),
                    scopes=_scopes(security, oauth),
                    media_type=next(iter(requests), None),
                    modern=not str(root.data["openapi"]).startswith("3.0"),
                    requests=requests,
                    answers=tuple(self._answers(Node(item.file, raw))),
                )

    def _parameters(self, item: Node, operation: Mapping[str, Any]) -> tuple[ParameterRule, ...]:
        rules = {}
        for raw in [*(item.data.get("parameters") or []), *(operation.get("parameters") or [])]:
            found = self.follow(Node(item.file, raw)).data
            location = str(found["in"])
            style = str(found.get("style", "form" if location in ("query", "cookie") else "simple"))
            explode = bool(found.get("explode", style == "form"))
            rule = ParameterRule(str(found["name"]), location, bool(found.get("required", False)), style, explode)
            rules[rule.name, rule.location] = rule
        return tuple(rules.values())

    def _requests(self, operation: Node) -> Iterator[tuple[str, Node]]:
        if "requestBody" not in operation.data:
            return
        body = self.follow(Node(operation.file, operation.data["requestBody"]))
        for media_type, raw in as_map(body.data.get("content")).items():
            content = self.follow(Node(body.file, raw))
            yield str(media_type).lower(), Node(content.file, as_map(content.data).get("schema", True))

    def _answers(self, operation: Node) -> Iterator[Node]:
        for raw in as_map(operation.data.get("responses")).values():
            response = self.follow(Node(operation.file, raw))
            for content in as_map(as_map(response.data).get("content")).values():
                media = self.follow(Node(response.file, content))
                yield Node(media.file, as_map(media.data).get("schema", True))

    def follow(self, node: Node) -> Node:
        """What a Reference Object leads to; anything else is itself. Raises Unreadable."""
        for _ in range(_DEEPEST):
            reference = node.data.get("$ref") if isinstance(node.data, Mapping) else None
            if not isinstance(reference, str):
                return node
            name, _, pointer = reference.partition("#")
            file = (node.file.parent / name).resolve() if name else node.file
            data = descend(self.load(file), unescape(pointer))
            if data is MISSING:
                break
            node = Node(file, data)
        raise Unreadable(
            Text(
                f"In {node.file} the $ref {node.data.get('$ref')!r} leads nowhere.",
                f"{node.file} 中的 $ref {node.data.get('$ref')!r} 无法解析。",
            )
        )

    def load(self, file: Path) -> Any:
        """The data of a file. Raises Unreadable."""
        if file not in self._files:
            try:
                self._files[file] = load_yaml(file)
            except OSError as error:
                raise Unreadable(
                    Text(f"{file} cannot be read: {error.strerror}.", f"无法读取 {file}：{error.strerror}。")
                ) from error
            except yaml.YAMLError as error:
                raise Unreadable(Text(f"{file} is no valid YAML.", f"{file} 不是合法的 YAML。")) from error
        return self._files[file]

    def validator(self, schema: Node) -> jsonschema_rs.Draft202012Validator | None:
        """What checks data against a schema; None where the schema itself cannot be used, which is the contract's own fault."""
        key = (schema.file, id(schema.data))
        if key not in self._validators:
            try:
                self._validators[key] = jsonschema_rs.Draft202012Validator(
                    _absolute(schema.data, schema.file), retriever=self._retrieve
                )
            except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
                self._validators[key] = None
        return self._validators[key]

    def _retrieve(self, uri: str) -> Any:
        try:
            return self.load(Path(url2pathname(urlsplit(uri).path)))
        except Unreadable as error:
            raise ValueError(str(error)) from error

    def has_member(self, schema: Node, tokens: tuple[str, ...], depth: int = 0) -> bool:
        """Whether data of this schema can have the member that the tokens name.

        True in doubt; an object that lists `properties` is taken to have no others unless it says so, because a name that the
        contract does not give is nearly always misspelt.
        """
        if not tokens or depth > _DEEPEST:
            return True
        data = schema.data
        if not isinstance(data, Mapping):
            return data is True
        branches = [Node(schema.file, part) for word in ("allOf", "anyOf", "oneOf") for part in data.get(word) or []]
        if "$ref" in data:
            branches.append(self.follow(schema))
        if any(self.has_member(branch, tokens, depth + 1) for branch in branches):
            return True
        head, rest = tokens[0], tokens[1:]
        properties = as_map(data.get("properties"))
        if head in properties:
            return self.has_member(Node(schema.file, properties[head]), rest, depth + 1)
        if head.isdigit() and "items" in data:
            return self.has_member(Node(schema.file, data["items"]), rest, depth + 1)
        described = bool(properties) or "items" in data or bool(branches)
        others = data.get("additionalProperties", not described and _may_hold_members(data))
        return others is not False and self.has_member(Node(schema.file, others), rest, depth + 1)


def _absolute(data: Any, file: Path) -> Any:
    """The schema with every `$ref` as a whole file URI, so that it can stand alone."""
    if isinstance(data, list):
        return [_absolute(member, file) for member in data]
    if not isinstance(data, Mapping):
        return data
    changed = {name: _absolute(member, file) for name, member in data.items()}
    if isinstance(data.get("$ref"), str):
        name, mark, pointer = data["$ref"].partition("#")
        changed["$ref"] = ((file.parent / name).resolve() if name else file).as_uri() + mark + pointer
    return changed


def _same(first: str, second: str, location: str) -> bool:
    return first.lower() == second.lower() if location == "header" else first == second


def _may_hold_members(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", ["object"])
    return bool({"object", "array"} & set([kinds] if isinstance(kinds, str) else kinds))


def _scopes(security: Any, oauth: frozenset[str]) -> frozenset[str] | None:
    for requirement in security or []:
        for scheme, scopes in as_map(requirement).items():
            if scheme in oauth:
                return frozenset(map(str, scopes or []))
    return None
