"""One self-contained OpenAPI document out of several files (打包契约): `$ref`s into other files become local.

Swagger UI, Schemathesis and the validators then all work from the same document.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from shapan.kernel.yaml_file import load_yaml


class ContractError(Exception):
    """A contract cannot be used; the message says where and why. It stops the start."""


def bundle(path: Path) -> dict[str, Any]:
    """The document at `path` with every reference to another file adopted into its own components.

    Path items are written in place; everything else keeps its section and name. ContractError for a file or target that is missing,
    and for two different components of one name.
    """
    return _Bundler(path).run()


def resolve(document: Any, pointer: str) -> Any:
    """The value at a JSON Pointer (RFC 6901). KeyError when there is none."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def escape(part: str) -> str:
    """A member name as a part of a JSON Pointer."""
    return part.replace("~", "~0").replace("/", "~1")


class _Bundler:
    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.root_file = path.name
        self.files: dict[str, Any] = {}
        self.adopted: dict[tuple[str, str], str] = {}

    def run(self) -> dict[str, Any]:
        root = self._file(self.root_file)
        self.components: dict[str, dict[str, Any]] = {
            section: dict(entries) for section, entries in root.get("components", {}).items()
        }
        for section, entries in root.get("components", {}).items():
            for name in entries:
                self.adopted[section, name] = self.root_file
        result = {key: self._convert(value, self.root_file) for key, value in root.items() if key != "components"}
        for section, entries in root.get("components", {}).items():
            for name, value in entries.items():
                self.components[section][name] = self._convert(value, self.root_file)
        result["components"] = self.components
        return result

    def _file(self, name: str) -> Any:
        if name not in self.files:
            try:
                self.files[name] = load_yaml(self.folder / name)
            except OSError as error:
                raise ContractError(f"The contract {self.folder / name} cannot be read: {error.strerror}.") from error
            except Exception as error:
                raise ContractError(f"The contract {self.folder / name} is no valid YAML: {error}") from error
        return self.files[name]

    def _convert(self, node: Any, file: str) -> Any:
        if isinstance(node, list):
            return [self._convert(item, file) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if isinstance(reference, str):
            return self._reference(node, reference, file)
        return {key: self._convert(value, file) for key, value in node.items()}

    def _reference(self, node: dict[str, Any], reference: str, file: str) -> Any:
        target, _, pointer = reference.partition("#")
        # A reference is relative to the file in which it stands (RFC 3986), as every other tool reads it.
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file), target)) if target else file
        parts = pointer.split("/")
        try:
            value = resolve(self._file(target), pointer)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ContractError(f"{file}: the reference {reference} leads nowhere.") from error
        if len(parts) != 4 or parts[1] != "components":
            raise ContractError(f"{file}: the reference {reference} must lead to /components/<section>/<name>.")
        section, name = parts[2], parts[3]
        if section == "pathItems":
            return self._convert(value, target)
        if self.adopted.setdefault((section, name), target) != target:
            raise ContractError(
                f"{file}: {target} and {self.adopted[section, name]} both have a {section} named {name}."
            )
        entries = self.components.setdefault(section, {})
        if target != self.root_file and name not in entries:
            entries[name] = None  # before the descent, so that a schema which refers to itself ends
            entries[name] = self._convert(value, target)
        siblings = {key: self._convert(item, file) for key, item in node.items() if key != "$ref"}
        return {"$ref": f"#/components/{section}/{name}", **siblings}
