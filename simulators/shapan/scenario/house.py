"""What the scenarios that come with Shapan have besides being right: both languages, reasons for people, the oracle at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shapan.scenario.documents import read_file
from shapan.scenario.faults import ScriptFault, Text, pointer_of
from shapan.scenario.raw import called_workflows, dereference, source_and_name
from shapan.scenario.shapes import as_list, as_map, maps

LONGEST_SECONDS: Final = 60
_WANTED: Final = ("title", "requirements", "world", "deadline_seconds", "pace")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_Place = tuple[str | int, ...]


def house_faults(path: Path) -> list[ScriptFault]:
    """Where a faultless script does not keep the rules of the house. Raises Unreadable."""
    file = read_file(path)
    found = list(_faults(file.data))
    if not path.read_text(encoding="utf-8-sig").lstrip().startswith("#"):
        found.append(((), Text("Say in a comment at the top whom the script plays, and what is left to the integration.",
                               "请在文件开头用注释说明脚本扮演谁、哪些工作留给集成程序。")))  # fmt: skip
    return [file.fault(pointer_of(*place), *text) for place, text in found]


def _faults(data: Mapping[str, Any]) -> Iterator[tuple[_Place, Text]]:
    extension, components = as_map(data.get("x-shapan")), as_map(data.get("components"))
    for word in _WANTED:
        if word not in extension:
            yield ("x-shapan",), Text(f"x-shapan does not say `{word}`.", f"x-shapan 缺少 {word}。")
    if extension.get("deadline_seconds", 0) > LONGEST_SECONDS:
        yield (("x-shapan", "deadline_seconds"),
               Text(f"A scenario ends within {LONGEST_SECONDS} s.", f"场景须在 {LONGEST_SECONDS} 秒内结束。"))  # fmt: skip
    yield from _title(("x-shapan", "title"), extension.get("title"))
    workflows = maps(data.get("workflows"))
    called = set[str]().union(*(called_workflows(one, components) - {one["workflowId"]} for one in workflows))
    for number, workflow in enumerate(workflows):
        for index, step in enumerate(maps(workflow.get("steps"))):
            yield from _step(("workflows", number, "steps", index), step, components)
        if workflow["workflowId"] not in called and not _ends_with_the_oracle(workflow, workflows):
            yield (("workflows", number, "steps", len(workflow["steps"]) - 1),
                   Text("A scenario ends with the oracle: control's getReconciliation, and $response.body#/ok == true.",
                        "场景须以对账结束：调用 control 的 getReconciliation，并要求 $response.body#/ok == true。"))  # fmt: skip


def _ends_with_the_oracle(workflow: Mapping[str, Any], workflows: list[Mapping[str, Any]]) -> bool:
    """Whether its last step asks, or calls a workflow that does in its last step."""
    step = workflow["steps"][-1]
    called = next(
        (one for one in workflows if one is not workflow and one["workflowId"] == step.get("workflowId")), None
    )
    if called is not None:
        return _ends_with_the_oracle(called, [one for one in workflows if one is not workflow])
    conditions = [str(item.get("condition")) for item in maps(step.get("successCriteria"))]
    name = source_and_name(str(step.get("operationId", "")))[1]
    return name == "getReconciliation" and "$response.body#/ok == true" in conditions


def _step(place: _Place, step: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[tuple[_Place, Text]]:
    extension = as_map(step.get("x-shapan"))
    yield from _title((*place, "x-shapan", "title"), extension.get("title"))
    if "workflowId" not in step and not as_list(step.get("successCriteria")):
        yield place, Text("The step has no successCriteria.", "该步骤没有 successCriteria。")
    failure = extension.get("failure")
    texts = [failure] if isinstance(failure, Mapping) else maps(failure)
    kinds = {dereference(action, components).get("type") for action in maps(step.get("onFailure"))}
    # Where the script goes on elsewhere, nothing is missing.
    if "retry" in kinds and "goto" not in kinds and not texts:
        yield (
            place,
            Text(
                "A step that waits says in x-shapan.failure what is missing.",
                "等待的步骤须在 x-shapan.failure 中说明缺少什么。",
            ),
        )
    for index, text in enumerate(texts):
        here = (
            (*place, "x-shapan", "failure") if isinstance(failure, Mapping) else (*place, "x-shapan", "failure", index)
        )
        if not _CHINESE.search(str(text.get("zh"))):
            yield (*here, "zh"), Text("The Chinese sentence is not Chinese.", "zh 不是中文。")


def _title(place: _Place, title: Any) -> Iterator[tuple[_Place, Text]]:
    if not _CHINESE.search(str(as_map(title).get("zh", ""))):
        yield place, Text("Give a title {en, zh} for people.", "请给出 title {en, zh}。")
