"""The contracts of earlier releases (已发布契约): bundled documents in contracts/released/<version>/, and the changes since that were decided on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from shapan.kernel.bundle import ContractError, bundle
from shapan.kernel.resources import data_folder
from shapan.kernel.yaml_file import load_yaml


class ReleaseMissing(Exception):
    """There is no such release, or no such file; `en` and `zh` say what there is."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def _folder() -> Path:
    return data_folder("contracts") / "released"


def releases() -> list[str]:
    """The versions whose contracts are kept, oldest first."""
    versions = [path.name for path in _folder().glob("*") if path.is_dir()]
    return sorted(versions, key=lambda version: [int(part) for part in re.findall("[0-9]+", version)])


def release(name: str, against: str | None = None) -> dict[str, Any]:
    """The contract `name` of a release (the last one by default), or the one in the file that `against` names. ReleaseMissing."""
    known = releases()
    version = against or known[-1]
    if version in known:
        document: dict[str, Any] = load_yaml(_folder() / version / f"{name}.json")
        return document
    path = Path(version)
    if not path.is_file():
        raise ReleaseMissing(
            f"{version} is neither a release ({', '.join(known)}) nor a file. Name one of them with --against.",
            f"{version} 既不是已发布的版本（{'、'.join(known)}），也不是文件。请用 --against 指定其一。",
        )
    try:
        return bundle(path)
    except (ContractError, yaml.YAMLError, AttributeError) as error:
        raise ReleaseMissing(
            f"{path} is no contract that can be read: {error}", f"无法读取契约文件 {path}：{error}"
        ) from error


def accepted(name: str) -> dict[str, str]:
    """Changes of a contract since the last release that were decided on: the change as text -> the reason."""
    listed = load_yaml(_folder() / "accepted.yaml") or {}
    return {entry["change"]: entry["reason"] for entry in listed.get(name, [])}
