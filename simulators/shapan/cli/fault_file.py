"""Files of fault rules (故障规则文件): YAML, read and checked whole, every fault of them named with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shapan.kernel.bundle import escape
from shapan.kernel.contract import load_contract
from shapan.kernel.errors import Fault
from shapan.kernel.resources import data_folder
from shapan.kernel.validation import faults
from shapan.kernel.yaml_file import load_yaml

_MOST_BYTES = 1024 * 1024
_MOST_RULES = 200
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong with a file: the line (from 1, 0 for the whole file), where in it (JSON Pointer), and what."""

    line: int
    pointer: str
    en: str
    zh: str


class FileUnusable(Exception):
    """A file that cannot be used, with all that is wrong with it."""

    def __init__(self, found: list[FileFault]) -> None:
        super().__init__("; ".join(f"line {fault.line}: {fault.en}" for fault in found))
        self.faults = found


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of a file, in their order. `line` tells where a place in it stands."""

    rules: tuple[dict[str, Any], ...]
    lines: dict[str, int]
    root: str

    def line(self, number: int, pointer: str) -> int:
        """The line of a place in the rule `number` (from 0), or of the nearest place around it that is written there."""
        place = f"{self.root}/{number}{pointer}"
        while place and place not in self.lines:
            place = place.rpartition("/")[0]
        return self.lines.get(place, 1)


def read_rules(path: Path) -> RuleFile:
    """The rules in a file: a list, or a mapping whose `faults` are one. FileUnusable with every fault that the contract finds."""
    data, lines = _load(path)
    root = "/faults" if isinstance(data, dict) and set(data) == {"faults"} else ""
    rules = data["faults"] if root else data
    if not isinstance(rules, list) or not rules:
        raise _whole("A list of faults is wanted.", "应为故障规则的列表。")
    if len(rules) > _MOST_RULES:
        raise _whole(f"There are more than {_MOST_RULES} faults.", f"故障规则超过 {_MOST_RULES} 条。")
    validator = (
        load_contract(data_folder("contracts") / "control.yaml").operations["addFault"].bodies["application/json"]
    )
    file = RuleFile(tuple(rules), lines, root)
    found = [
        FileFault(file.line(number, fault.pointer), f"{root}/{number}{fault.pointer}", fault.en, fault.zh)
        for number, rule in enumerate(rules)
        for fault in [*faults(validator, rule, "body"), *_same_id(rules, number)]
    ]
    if found:
        raise FileUnusable(sorted(found, key=lambda fault: fault.line))
    return file


def _same_id(rules: list[Any], number: int) -> Iterator[Fault]:
    given = rules[number].get("id") if isinstance(rules[number], dict) else None
    if given is not None and any(isinstance(rule, dict) and rule.get("id") == given for rule in rules[:number]):
        yield Fault("/id", "Another fault of this file has the same id.", "文件中另有相同编号的故障规则。")


def _load(path: Path) -> tuple[Any, dict[str, int]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _whole("The file is larger than 1 MiB.", "文件超过 1 MiB。")
        lines = dict(_places(_compose(path), "", _DEEPEST))
        # As JSON has it: what YAML knows besides (sets, bytes, numbers as names) is no rule.
        return json.loads(json.dumps(load_yaml(path), allow_nan=False)), lines
    except OSError as error:
        raise _whole(f"It cannot be read: {error.strerror}.", f"无法读取：{error.strerror}。") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise FileUnusable(
            [FileFault(mark.line + 1 if mark else 0, "", f"This is no YAML: {reason}.", f"不是有效的 YAML：{reason}。")]
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _whole(
            f"What it holds cannot be written as JSON ({error}).", f"内容无法表示为 JSON（{error}）。"
        ) from error


def _compose(path: Path) -> Any:
    with path.open("rb") as stream:
        return yaml.compose(stream, Loader=yaml.SafeLoader)


def _places(node: Any, pointer: str, depth: int) -> Iterator[tuple[str, int]]:
    """The line of every value, by its JSON Pointer; that of a member is where its name stands."""
    if depth == 0:
        raise ValueError("it is nested too deep")
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            place = f"{pointer}/{escape(str(name.value))}"
            yield from _places(value, place, depth - 1)
            yield place, name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            place = f"{pointer}/{number}"
            yield place, value.start_mark.line + 1
            yield from _places(value, place, depth - 1)


def _whole(en: str, zh: str) -> FileUnusable:
    return FileUnusable([FileFault(0, "", en, zh)])
