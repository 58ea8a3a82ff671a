"""What can be imported and exported (可导入与可导出的资源), found in the contract.

- A creating operation is POST with 201 and a JSON body whose operationId begins with `create`: its records can be imported.
- A list operation is GET whose operationId begins with `list` and whose answer has `items`: its records can be exported.
- The resource is called like the last part of the path. A list that hangs on a document has the whole path as its name, `orders-revisions`,
  unless its records stand by themselves (`/contacts/{contactId}`) and nothing else is called so. Path parameters are columns of a row, or filters.
- A record is changed by PATCH or PUT at its own path.
- Its natural key is the member that its path carries, where the caller gives it: `code` for `/products/{productCode}`.

What is not found so, a room says in `System.bulk` (`declaration`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shapan.kernel.bulk.declaration import Bulk
from shapan.kernel.bulk.shape import Shape, shape_of
from shapan.kernel.bundle import ContractError, resolve
from shapan.kernel.contract import Contract, Operation, snake_case

JSON = "application/json"
# The kernel's own lists and creations.
OWN: Mapping[str, str] = {
    "createWebhook": "A subscription holds a secret and is made by the receiver itself.",
    "listWebhooks": "Subscriptions belong to the technical set-up, not to the business.",
    "listEvents": "The event feed has a cursor of its own and is pulled.",
    "listImports": "Jobs are about records and are none.",
    "createImport": "Jobs are about records and are none.",
    "listImportRows": "Results of an import have a download of their own.",
    "listExports": "Jobs are about records and are none.",
    "createExport": "Jobs are about records and are none.",
}


@dataclass(frozen=True)
class Resource:
    """A kind of record: `create` None means that it cannot be imported, `list` None that it cannot be exported."""

    name: str
    create: Operation | None = None
    update: Operation | None = None
    read: Operation | None = None
    listing: Operation | None = None
    key: tuple[str, ...] = ()
    own: str | None = None
    """The member with which a record shows its own id or number, where nobody can enter it."""
    wanted: Shape = field(default_factory=Shape)
    """The body of `create`."""
    changes: Shape = field(default_factory=Shape)
    """The body of `update`."""
    shown: Shape = field(default_factory=Shape)
    """A record as `listing` shows it, or else as `create` answers."""

    def scopes(self) -> tuple[str, ...]:
        """What an import needs besides its own scope."""
        operations = [operation for operation in (self.create, self.update) if operation is not None]
        return tuple(dict.fromkeys(scope for operation in operations for scope in operation.scopes))


def resources_of(contract: Contract, declared: Bulk | None) -> dict[str, Resource]:
    """All resources of a contract by name. ContractError for a declaration that fits nothing, and for two of one name."""
    declared = declared or Bulk()
    operations = contract.operations
    _check(declared, operations)
    excluded = {**OWN, **declared.excluded}
    creates = {
        _name(o, operations): o for o in operations.values() if is_creating(o) and o.operation_id not in excluded
    }
    lists = {
        _name(o, operations): o for o in operations.values() if is_list(o, contract) and o.operation_id not in excluded
    }
    found = {
        name: _resource(name, contract, declared, creates.get(name), lists.get(name))
        for name in sorted(creates.keys() | lists.keys())
    }
    covered = sum((r.create is not None) + (r.listing is not None) for r in found.values())
    wanted = [o.operation_id for o in operations.values() if is_creating(o) or is_list(o, contract)]
    if covered != len([name for name in wanted if name not in excluded]):
        raise ContractError(
            f"{contract.name}: two operations would be imported or exported under one name: {', '.join(wanted)}."
        )
    unknown = (declared.keys.keys() | declared.updates.keys()) - found.keys()
    if unknown:
        raise ContractError(
            f"{contract.name}: bulk speaks of resources that there are not: {', '.join(sorted(unknown))}."
        )
    return found


def _check(declared: Bulk, operations: Mapping[str, Operation]) -> None:
    unknown = {*declared.excluded, *declared.updates.values()} - operations.keys()
    if unknown:
        raise ContractError(f"bulk speaks of operations that there are not: {', '.join(sorted(unknown))}.")


def is_creating(operation: Operation) -> bool:
    """Whether it enters a record. A POST with 201 of another name is an action on a document."""
    return (
        operation.method == "POST"
        and "201" in operation.responses
        and JSON in operation.bodies
        and operation.operation_id.startswith("create")
    )


def is_list(operation: Operation, contract: Contract) -> bool:
    """Whether it lists records."""
    if operation.method != "GET" or not operation.operation_id.startswith("list"):
        return False
    return shape_of(contract.document, _answer(contract, operation, "200")).members.keys() >= {"items"}


def _answer(contract: Contract, operation: Operation, status: str) -> Any:
    raw = contract.document["paths"][operation.path][operation.method.lower()]["responses"].get(status, {})
    return _follow(contract, raw).get("content", {}).get(JSON, {}).get("schema", {})


def _body(contract: Contract, operation: Operation) -> Any:
    raw = contract.document["paths"][operation.path][operation.method.lower()].get("requestBody", {})
    return _follow(contract, raw).get("content", {}).get(JSON, {}).get("schema", {})


def _follow(contract: Contract, node: Any) -> Any:
    return resolve(contract.document, node["$ref"][1:]) if "$ref" in node else node


def _name(operation: Operation, operations: Mapping[str, Operation]) -> str:
    parts = [part for part in operation.path.split("/")[1:] if not part.startswith("{")]
    last = parts[-1]
    nested = operation.path.count("{") > 0
    paths = {other.path for other in operations.values()}
    # Its records stand by themselves, and no other collection is called so.
    itself = any(re.fullmatch(rf"/{re.escape(last)}/\{{\w+\}}", path) for path in paths) and f"/{last}" not in paths
    return "-".join(parts) if nested and not itself else last


def _resource(
    name: str, contract: Contract, declared: Bulk, create: Operation | None, lists: Operation | None
) -> Resource:
    wanted = shape_of(contract.document, _body(contract, create)) if create else Shape()
    listed = shape_of(contract.document, _answer(contract, lists, "200")).members["items"].items if lists else None
    shown = listed or (shape_of(contract.document, _answer(contract, create, "201")) if create else Shape())
    there = _own_path(name, create or lists, contract.operations.values())
    read = there.get("GET")
    update = there.get("PATCH") or there.get("PUT")
    if name in declared.updates:
        update = contract.operations[declared.updates[name]]
    if update is not None and JSON not in update.bodies:
        update = None
    key = declared.keys.get(name) or (_natural_key(wanted, read) if read else ())
    own = next(iter(_natural_key(shown, read)), None) if read else None
    changes = shape_of(contract.document, _body(contract, update)) if update else Shape()
    return Resource(
        name,
        create,
        update if create else None,
        read,
        lists,
        key,
        None if own in wanted.members else own,
        wanted,
        changes,
        shown,
    )


def _own_path(name: str, operation: Operation | None, operations: Iterable[Operation]) -> dict[str, Operation]:
    """The operations at the path of one record, by method."""
    assert operation is not None
    last = operation.path.rpartition("/")[2]
    forms = (rf"{re.escape(operation.path)}/\{{\w+\}}", rf"/{re.escape(last)}/\{{\w+\}}")
    for form in forms:
        found = {other.method: other for other in operations if re.fullmatch(form, other.path)}
        if found:
            return found
    return {}


@dataclass(frozen=True)
class Parent:
    """The records on which those of a list hang: `listing` lists them all, their `member` is the `parameter` in the path of the list."""

    listing: Operation
    member: str
    parameter: str

    def told(self, shown: Shape) -> Shape:
        """A record of the list that says itself on which one it hangs."""
        if self.parameter in shown.members:
            return shown
        return replace(shown, members={self.parameter: Shape(frozenset({"string"})), **shown.members})


def parent_of(resource: Resource, resources: Mapping[str, Resource]) -> Parent | None:
    """What one walks for all records of a list such as `/customers/{customerId}/contacts`; None where nothing lists those."""
    path = resource.listing.path if resource.listing else ""
    if path.count("{") != 1:
        return None
    own = path[: path.index("}") + 1]
    for each in resources.values():
        if each.listing is None or each.read is None or each.read.path != own:
            continue
        member = next(iter(_natural_key(each.shown, each.read)), None)
        if member is not None and not any(parameter.required for parameter in each.listing.parameters):
            return Parent(each.listing, member, own.rpartition("{")[2].rstrip("}"))
    return None


def _natural_key(record: Shape, read: Operation) -> tuple[str, ...]:
    """The member of a record that its path carries."""
    carried = snake_case(read.path.rpartition("/")[2].strip("{}"))
    for member in record.members:
        plain = snake_case(member)
        if carried == plain or carried.endswith(f"_{plain}"):
            return (member,)
    return ()
