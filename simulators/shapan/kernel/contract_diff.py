"""What a contract has changed for clients of an earlier one (契约变更检查). Pure; changes come back as values.

A request schema may only grow wider and an answer only narrower. Clients are taken to ignore members of an answer that they do not
know, as they should (tolerant reader), and to be surprised by values that an enumeration did not have: such a change is "risky", all
others that are named here are "breaking". What only adds (operations, optional members, problems, events) is not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shapan.kernel.bundle import resolve
from shapan.kernel.contract import METHODS

Json = Mapping[str, Any]
Level = Literal["breaking", "risky"]
# In a request these keywords bind more the larger (smaller) they are.
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a client can notice: `place` says where (operation and member), `what` says it in a sentence."""

    level: Level
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.level}: {self.place}: {self.what}"


def compare(old: Json, new: Json) -> list[Change]:
    """Every change from `old` to `new` (bundled OpenAPI documents) that can break a client; each once."""
    return list(dict.fromkeys(_Comparison(old, new).run()))


def _operations(document: Json) -> dict[tuple[str, str], tuple[Json, Json]]:
    return {
        (method, path): (item, item[method])
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self._running: set[tuple[int, int, str]] = set()

    def run(self) -> Iterator[Change]:
        theirs = _operations(self.new)
        for key, (item, operation) in _operations(self.old).items():
            name = operation["operationId"]
            if key not in theirs:
                yield Change("breaking", name, f"{key[0].upper()} {key[1]} is gone")
            else:
                yield from self._operation(name, item, operation, *theirs[key])
        yield from self._events()

    # --- operations ----------------------------------------------------------------------------------------------------

    def _operation(self, name: str, item: Json, old: Json, new_item: Json, new: Json) -> Iterator[Change]:
        if old["operationId"] != new["operationId"]:
            yield Change("breaking", name, f"its operationId is {new['operationId']} now")
        before = _scopes(self.old, old)
        for scope in sorted(_scopes(self.new, new) - before):
            yield Change("breaking", name, f"it needs the scope {scope} now")
        yield from self._parameters(
            name, self._parameters_of(item, old, self.old), self._parameters_of(new_item, new, self.new)
        )
        yield from self._request(name, old, new)
        yield from self._answers(name, old, new)

    def _parameters_of(self, item: Json, operation: Json, document: Json) -> dict[tuple[str, str], Json]:
        entries = [
            _follow(document, entry) for entry in (*item.get("parameters", []), *operation.get("parameters", []))
        ]
        return {(entry["in"], entry["name"]): entry for entry in entries}

    def _parameters(
        self, name: str, old: Mapping[tuple[str, str], Json], new: Mapping[tuple[str, str], Json]
    ) -> Iterator[Change]:
        for key, parameter in old.items():
            place = f"{name}/{key[0]}.{key[1]}"
            if key not in new:
                yield Change("breaking", place, "the parameter is gone")
                continue
            if new[key].get("required") and not parameter.get("required"):
                yield Change("breaking", place, "the parameter is required now")
            yield from self._schema(place, parameter["schema"], new[key]["schema"], "request")
            was, is_ = (
                _follow(document, entry["schema"]).get("default")
                for document, entry in ((self.old, parameter), (self.new, new[key]))
            )
            if was != is_:
                yield Change("risky", place, f"its default was {was} and is {is_}")
        for key, parameter in new.items():
            if key not in old and parameter.get("required"):
                yield Change("breaking", f"{name}/{key[0]}.{key[1]}", "the parameter is new and required")

    def _request(self, name: str, old: Json, new: Json) -> Iterator[Change]:
        before = _follow(self.old, old.get("requestBody", {}))
        after = _follow(self.new, new.get("requestBody", {}))
        if before and not after:
            yield Change("breaking", name, "it takes no body any more")
            return
        if after.get("required") and not before.get("required"):
            yield Change("breaking", name, "a body is required now")
        for media, content in before.get("content", {}).items():
            if media not in after["content"]:
                yield Change("breaking", name, f"it takes no {media} any more")
            else:
                yield from self._schema(f"{name}/body", content["schema"], after["content"][media]["schema"], "request")

    def _answers(self, name: str, old: Json, new: Json) -> Iterator[Change]:
        for status, entry in old["responses"].items():
            if str(status)[0] != "2":
                continue
            answer = _follow(self.old, entry)
            place = f"{name}/{status}"
            if status not in new["responses"]:
                yield Change("breaking", place, "the answer is gone")
                continue
            theirs = _follow(self.new, new["responses"][status])
            for header in sorted(set(answer.get("headers", {})) - set(theirs.get("headers", {}))):
                yield Change("breaking", place, f"the header {header} is gone")
            for media, content in answer.get("content", {}).items():
                if media not in theirs.get("content", {}):
                    yield Change("breaking", place, f"it is no {media} any more")
                elif "schema" in content:
                    yield from self._schema(place, content["schema"], theirs["content"][media]["schema"], "answer")
        for status in sorted(set(new["responses"]) - set(old["responses"])):
            if str(status)[0] == "2":
                yield Change("risky", f"{name}/{status}", "the answer is new")

    def _events(self) -> Iterator[Change]:
        for name, item in self.old.get("webhooks", {}).items():
            if name not in self.new.get("webhooks", {}):
                yield Change("breaking", name, "the event is gone")
                continue
            before, after = (
                i["post"]["requestBody"]["content"]["application/json"]["schema"]
                for i in (item, self.new["webhooks"][name])
            )
            yield from self._schema(name, before, after, "answer")

    # --- schemas -------------------------------------------------------------------------------------------------------

    def _schema(self, place: str, old: Any, new: Any, way: Literal["request", "answer"]) -> Iterator[Change]:
        """`way` "request": the new schema must let in whatever the old one did; "answer": it must give nothing that the old one could not."""
        before, after = _flat(self.old, old), _flat(self.new, new)
        key = (id(old), id(new), way)
        if key in self._running:  # a schema that refers to itself
            return
        self._running.add(key)
        try:
            yield from self._types(place, before, after, way)
            yield from self._values(place, before, after, way)
            yield from self._members(place, before, after, way)
            if "items" in before and "items" in after:
                yield from self._schema(f"{place}/*", before["items"], after["items"], way)
            for keyword in ("oneOf", "anyOf"):
                yield from self._choices(place, keyword, before.get(keyword, []), after.get(keyword, []), way)
        finally:
            self._running.discard(key)

    def _types(self, place: str, old: Json, new: Json, way: str) -> Iterator[Change]:
        before, after = _types(old), _types(new)
        if way == "request":
            for gone in sorted(before - after if after else ()):
                yield Change("breaking", place, f"{gone} is not taken any more")
        elif before:
            for more in sorted(after - before) or (["any type"] if not after else []):
                yield Change("breaking", place, f"it can be {more} now")

    def _values(self, place: str, old: Json, new: Json, way: str) -> Iterator[Change]:
        before, after = _enumeration(old), _enumeration(new)
        if way == "request" and after is not None:
            if before is None:
                yield Change("breaking", place, f"only {_list(after)} is taken now")
            else:
                for gone in [value for value in before if value not in after]:
                    yield Change("breaking", place, f"the value {gone} is not taken any more")
        if way == "answer" and before is not None:
            if after is None:
                yield Change("risky", place, "it can be any value now")
            else:
                for more in [value for value in after if value not in before]:
                    yield Change("risky", place, f"it can be {more} now")
        if way == "request":
            yield from _bounds(place, old, new)

    def _members(self, place: str, old: Json, new: Json, way: Literal["request", "answer"]) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required, required_now = set(old.get("required", [])), set(new.get("required", []))
        if way == "request":
            for name in sorted(required_now - required):
                yield Change("breaking", f"{place}/{name}", "the member is required now")
        else:
            for name in sorted((required - required_now) & set(after)):
                yield Change("breaking", f"{place}/{name}", "the member may be absent now")
        for name, schema in before.items():
            if name in after:
                yield from self._schema(f"{place}/{name}", schema, after[name], way)
            elif way == "answer" or new.get("additionalProperties") is False:
                yield Change("breaking", f"{place}/{name}", "the member is gone")

    def _choices(
        self, place: str, keyword: str, old: list[Any], new: list[Any], way: Literal["request", "answer"]
    ) -> Iterator[Change]:
        # By position: which choice became which other one, no machine can know.
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from self._schema(f"{place}/{keyword}/{index}", before, after, way)
        if (len(old) > len(new)) if way == "request" else (len(new) > len(old) > 0):
            yield Change("breaking", place, f"{keyword} had {len(old)} choices and has {len(new)}")


def _bounds(place: str, old: Json, new: Json) -> Iterator[Change]:
    for keyword in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
        before, after = old.get(keyword), new.get(keyword)
        tighter = after is not None and (
            before is None or (after > before if keyword in _LOWER_BOUNDS else after < before)
        )
        if tighter:
            yield Change("breaking", place, f"{keyword} was {before} and is {after}")
    for keyword in ("pattern", "format", "multipleOf"):
        before, after = old.get(keyword), new.get(keyword)
        if after is not None and after != before:
            yield Change("breaking", place, f"{keyword} was {before} and is {after}")
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield Change("breaking", place, "items must differ from each other now")


def _scopes(document: Json, operation: Json) -> set[str]:
    security = operation.get("security", document.get("security", []))
    return {scope for requirement in security for scopes in requirement.values() for scope in scopes}


def _follow(document: Json, node: Any) -> Json:
    """The node, or what its `$ref`s lead to; what stands beside a `$ref` counts as well."""
    seen: dict[str, Any] = {}
    while isinstance(node, Mapping) and "$ref" in node:
        seen = {**{key: value for key, value in node.items() if key != "$ref"}, **seen}
        node = resolve(document, node["$ref"][1:])
    return {**node, **seen} if isinstance(node, Mapping) else {}


def _flat(document: Json, node: Any) -> Json:
    """A schema with its `$ref` followed and its `allOf` put together: members and required ones of all parts."""
    schema = dict(_follow(document, node))
    for part in schema.pop("allOf", []):
        flat = _flat(document, part)
        merged = {**flat, **schema}
        merged["properties"] = {**flat.get("properties", {}), **schema.get("properties", {})}
        merged["required"] = [*flat.get("required", []), *schema.get("required", [])]
        schema = merged
    return schema


def _types(schema: Json) -> set[str]:
    types = schema.get("type", [])
    found = {types} if isinstance(types, str) else set(types)
    return found | {"integer"} if "number" in found else found


def _enumeration(schema: Json) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _list(values: list[Any]) -> str:
    return ", ".join(map(str, values))
