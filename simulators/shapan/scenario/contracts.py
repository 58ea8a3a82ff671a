"""What a scenario needs to know of an OpenAPI 3.1 contract: where its operations are, what they take, who may call them.

`$ref` is followed within the contract and into files beside it, never over the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    """A declared parameter; `location` is path, query, header or cookie."""

    name: str
    location: str
    required: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a contract, with the file that its relative references start from."""

    file: Path
    data: Any


@dataclass(frozen=True)
class Operation:
    """One operation: how it is called, and what its request and its answers may hold.

    `scopes` are what a token needs for it, None when it takes no OAuth token at all.
    """

    id: str
    method: str
    path: str
    parameters: tuple[ParameterRule, ...]
    scopes: frozenset[str] | None
    media_type: str | None
    request: Node | None = field(repr=False, default=None)
    answers: tuple[Node, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class Contract:
    """The operations of one contract by operationId; `token_url` is its client-credentials endpoint, as it stands there."""

    file: Path
    operations: Mapping[str, Operation]
    token_url: str | None

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

    def read(self, path: Path) -> Contract:
        """The contract in a file. Raises Unreadable, also for a `$ref` that leads nowhere."""
        file = path.resolve()
        if file not in self._contracts:
            try:
                self._contracts[file] = self._read(file)
            except (KeyError, AttributeError, TypeError) as error:
                # A contract is somebody else's file; only its lint can say all that is wrong with it.
                raise Unreadable(
                    Text(f"{path} is no well-formed OpenAPI 3.1 document.", f"{path} 不是格式正确的 OpenAPI 3.1 文档。")
                ) from error
        return self._contracts[file]

    def _read(self, path: Path) -> Contract:
        root = Node(path, self._load(path))
        if not isinstance(root.data, Mapping) or not str(root.data.get("openapi", "")).startswith("3.1"):
            raise Unreadable(Text(f"{path} is no OpenAPI 3.1 document.", f"{path} 不是 OpenAPI 3.1 文档。"))
        flows = {
            name: (self.follow(Node(root.file, scheme)).data.get("flows") or {}).get("clientCredentials")
            for name, scheme in as_map(as_map(root.data.get("components")).get("securitySchemes")).items()
        }
        oauth = {name: flow for name, flow in flows.items() if isinstance(flow, Mapping)}
        token_url = next((str(flow["tokenUrl"]) for flow in oauth.values() if "tokenUrl" in flow), None)
        operations = {o.id: o for o in self._operations(root, frozenset(oauth))}
        return Contract(root.file, operations, token_url)

    def _operations(self, root: Node, oauth: frozenset[str]) -> Iterator[Operation]:
        for path, raw_item in as_map(root.data.get("paths")).items():
            item = self.follow(Node(root.file, raw_item))
            for method in _METHODS:
                raw = as_map(item.data).get(method)
                if not isinstance(raw, Mapping):
                    continue
                security = raw.get("security", root.data.get("security"))
                request = self._request(Node(item.file, raw))
                yield Operation(
                    id=str(raw.get("operationId", f"{method} {path}")),
                    method=method.upper(),
                    path=str(path),
                    parameters=self._parameters(item, raw),
                    scopes=_scopes(security, oauth),
                    media_type=request[0],
                    request=request[1],
                    answers=tuple(self._answers(Node(item.file, raw))),
                )

    def _parameters(self, item: Node, operation: Mapping[str, Any]) -> tuple[ParameterRule, ...]:
        rules = {}
        for raw in [*(item.data.get("parameters") or []), *(operation.get("parameters") or [])]:
            found = self.follow(Node(item.file, raw)).data
            rule = ParameterRule(str(found["name"]), str(found["in"]), bool(found.get("required", False)))
            rules[rule.name, rule.location] = rule
        return tuple(rules.values())

    def _request(self, operation: Node) -> tuple[str | None, Node | None]:
        if "requestBody" not in operation.data:
            return None, None
        body = self.follow(Node(operation.file, operation.data["requestBody"]))
        for media_type, raw in as_map(body.data.get("content")).items():
            content = self.follow(Node(body.file, raw))
            return str(media_type), Node(content.file, as_map(content.data).get("schema", True))
        return None, None

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
            data = descend(self._load(file), unescape(pointer))
            if data is MISSING:
                break
            node = Node(file, data)
        raise Unreadable(
            Text(
                f"In {node.file} the $ref {node.data.get('$ref')!r} leads nowhere.",
                f"{node.file} 中的 $ref {node.data.get('$ref')!r} 无法解析。",
            )
        )

    def _load(self, file: Path) -> Any:
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


def _may_hold_members(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type", ["object"])
    return bool({"object", "array"} & set([kinds] if isinstance(kinds, str) else kinds))


def _scopes(security: Any, oauth: frozenset[str]) -> frozenset[str] | None:
    for requirement in security or []:
        for scheme, scopes in as_map(requirement).items():
            if scheme in oauth:
                return frozenset(map(str, scopes or []))
    return None
