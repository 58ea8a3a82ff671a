"""What `x-shapan` says, where it contradicts itself; the schema has the shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapan.scenario.faults import Text
from shapan.scenario.shapes import as_map, maps

_Place = tuple[str | int, ...]


def extension_faults(document: Mapping[str, Any]) -> Iterator[tuple[_Place, Text]]:
    """What a scenario does to the integration concerns every scenario beside it."""
    extension = as_map(document.get("x-shapan"))
    for number, workflow in enumerate(maps(document.get("workflows"))):
        for index, step in enumerate(maps(workflow.get("steps"))):
            if as_map(step.get("x-shapan")).get("integration") != "restart":
                continue
            place = ("workflows", number, "steps", index, "x-shapan", "integration")
            if extension.get("integration") == "none":
                yield place, Text("The scenario says that it needs no integration (x-shapan.integration: none), and restarts it here.",
                                  "场景声明不需要集成程序（x-shapan.integration: none），此处却要重启它。")  # fmt: skip
            elif extension.get("isolation") != "own":
                yield place, Text("Restarting the integration would disturb other scenarios; say isolation: own in x-shapan of the document.",
                                  "重启集成程序会影响其他场景；请在文档的 x-shapan 中写明 isolation: own。")  # fmt: skip
    if extension.get("environment") and extension.get("isolation") != "own":
        yield ("x-shapan", "environment"), Text("An integration with an environment of its own cannot be shared; say isolation: own.",
                                                "带专用环境变量的集成程序不能与其他场景共用；请写明 isolation: own。")  # fmt: skip


def step_extension_faults(extension: Mapping[str, Any], calls_workflow: bool) -> Iterator[tuple[_Place, Text]]:
    """`times` and `at_once` are about workflows that a step calls."""
    for word in ("times", "at_once"):
        if word in extension and not calls_workflow:
            yield (word,), Text(f"`{word}` belongs to a step that calls a workflow (workflowId).",
                                f"{word} 只用于调用工作流（workflowId）的步骤。")  # fmt: skip
    if "at_once" in extension and "times" not in extension:
        yield ("at_once",), Text("`at_once` needs `times`: how many runs.", "at_once 须与 times（运行次数）同用。")
