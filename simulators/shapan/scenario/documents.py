"""Reading YAML and JSON files as JSON data, with the line of every member.

The YAML 1.2 core schema applies, as the OpenAPI and Arazzo specifications recommend: `on` and `2026-11-01` are texts. A member
that is given twice is a fault, where PyYAML by itself would silently keep the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shapan.kernel.resources import ResourceMissing, data_folder
from shapan.scenario.faults import ScriptFault, Text, pointer_of

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLoader(_Base):  # type: ignore[misc]
    """A safe loader that knows only what JSON knows."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  PyYAML's own class member


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$", list("-+0123456789.")),
):
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _float(loader: Any, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


_JsonLoader.add_constructor("tag:yaml.org,2002:float", _float)


class Unreadable(Exception):
    """A file that cannot be read or is no YAML; `text` says why in one sentence, `line` where, counted from 1."""

    def __init__(self, text: Text, line: int | None = None) -> None:
        super().__init__(text.en)
        self.text = text
        self.line = line


@dataclass(frozen=True)
class SourceFile:
    """A file's data, and where each member stands, by JSON Pointer; `repeated` are the pointers that are given twice.

    `places` has line and column, both counted from 1.
    """

    path: Path
    data: Any
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()

    def place(self, pointer: str) -> tuple[int | None, int | None]:
        """Line and column of a member, or of its nearest parent that has one."""
        while pointer not in self.places and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.places.get(pointer, (None, None))

    def fault(self, pointer: str, en: str, zh: str) -> ScriptFault:
        """A fault of this file."""
        line, column = self.place(pointer)
        return ScriptFault(self.path, pointer, line, en, zh, column)


def read_file(path: Path) -> SourceFile:
    """The file as JSON data with lines. Raises Unreadable."""
    loader = _JsonLoader(_text_of(path))
    try:
        node = loader.get_single_node()
        places: dict[str, tuple[int, int]] = {}
        repeated: list[str] = []
        _walk(node, (), places, repeated)
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = None if mark is None else mark.line + 1
        raise Unreadable(Text(f"This is no valid YAML: {problem}.", f"不是合法的 YAML：{problem}。"), line) from error
    finally:
        loader.dispose()
    return SourceFile(path, data, places, tuple(repeated))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(Text(f"The file cannot be read: {reason}.", f"无法读取该文件：{reason}。")) from error
    except UnicodeDecodeError as error:
        text = Text("The file is not UTF-8; save it in that encoding.", "该文件不是 UTF-8 编码，请另存为 UTF-8。")
        raise Unreadable(text) from error


def _walk(node: Any, place: tuple[str | int, ...], places: dict[str, tuple[int, int]], repeated: list[str]) -> None:
    if node is None:
        return
    places.setdefault(pointer_of(*place), _at(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(getattr(key, "value", ""))
            member = (*place, name)
            if name in seen:
                repeated.append(pointer_of(*member))
            seen.add(name)
            places[pointer_of(*member)] = _at(key)
            _walk(value, member, places, repeated)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), places, repeated)


def _at(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def find_source(script: Path, url: str) -> Path:
    """Where a script's `sourceDescriptions` url lies: relative to the script, else by its name among what comes with Shapan.

    So a script that a user keeps in a folder of their own may say `crm.yaml` or `../contracts/crm.yaml`. Raises Unreadable; nothing
    is ever fetched from the network.
    """
    if re.match(r"^[A-Za-z][A-Za-z0-9+.-]*:", url):
        raise Unreadable(
            Text(
                f"{url} is not a relative path; contracts are read from files only, so save it beside the script.",
                f"{url} 不是相对路径；接口契约只从本地文件读取，请将其保存在脚本旁。",
            )
        )
    beside = (script.parent / url).resolve()
    if beside.is_file():
        return beside
    name = Path(url).name
    for kind in ("contracts", "scenarios"):
        try:
            installed = data_folder(kind) / name
        except ResourceMissing:
            continue
        if installed.is_file():
            return installed
    raise Unreadable(
        Text(
            f"There is no file at {beside}, and none of the installed contracts is called {name}.",
            f"{beside} 处没有该文件，已安装的契约中也没有 {name}。",
        )
    )
