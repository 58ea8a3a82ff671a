"""Scenarios to start from, one file each; they run as they are."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from shapan.scenario.faults import ScenarioError

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACEHOLDER = "my-scenario"


def names() -> list[str]:
    """What there is to start from."""
    suffix = ".arazzo.yaml"
    files = (file.name for file in resources.files("shapan.scenario.templates").iterdir())
    return sorted(name.removesuffix(suffix) for name in files if name.endswith(suffix))


def text_of(template: str) -> str:
    """A template as it stands. Raises ScenarioError for an unknown one."""
    if template not in names():
        listed = ", ".join(names())
        raise ScenarioError(
            f"There is no template {template!r}; there are {listed}.", f"没有模板 {template!r}；可用的有 {listed}。"
        )
    return resources.files("shapan.scenario.templates").joinpath(f"{template}.arazzo.yaml").read_text(encoding="utf-8")


def start(name: str, template: str, folder: Path) -> Path:
    """Write `<folder>/<name>.arazzo.yaml` from a template. Raises ScenarioError, and never overwrites a file."""
    name = name.removesuffix(".arazzo.yaml")
    text = text_of(template)
    if _NAME.fullmatch(name) is None:
        raise ScenarioError(
            f"{name!r} is no name for a scenario: small letters, digits and single hyphens, as in rush-order.",
            f"{name!r} 不能作为场景名：只能用小写字母、数字和单个连字符，例如 rush-order。",
        )
    file = folder / f"{name}.arazzo.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text.replace(_PLACEHOLDER, name))
    except FileExistsError as error:
        raise ScenarioError(
            f"{file} is there already; choose another name.", f"{file} 已存在，请换一个名称。"
        ) from error
    except OSError as error:
        raise ScenarioError(
            f"{file} cannot be written: {error.strerror}.", f"无法写入 {file}：{error.strerror}。"
        ) from error
    return file
