"""Which world: its profile (a YAML file of ours or the user's), size, seed and opening day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from shapan.kernel.yaml_file import load_yaml
from shapan.world.checks import profile_faults
from shapan.world.errors import WorldError

HERE = Path(__file__).parent
_PROFILES = HERE / "profiles"


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """Everything that a world depends on. `opening` is the first day of its first accounting period."""

    profile: str
    size: str
    seed: int
    opening: date


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    customers: int
    products: int
    warehouses: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of company and its business; `catalogue` and `warehouses` are as the profile's schema says."""

    name: str
    title: dict[str, str]
    sizes: dict[str, Size]
    catalogue: tuple[dict[str, Any], ...]
    warehouses: tuple[dict[str, str], ...]
    opening: dict[str, Any]


def list_profiles() -> list[str]:
    """The names of the profiles that come with Shapan."""
    return sorted(path.stem for path in _PROFILES.glob("*.yaml"))


def load_profile(name: str) -> Profile:
    """A profile by name, or from a file (anything with a suffix). WorldError naming every fault."""
    if Path(name).suffix:
        return _read(Path(name))
    if name not in list_profiles():
        known = ", ".join(list_profiles())
        raise WorldError(
            f"There is no world {name}; known are {known}. Name one of them, or a YAML file.",
            f"没有名为 {name} 的世界，已有的是 {known}。请选择其一，或指定一个 YAML 文件。",
        )
    return _read(_PROFILES / f"{name}.yaml")


def _read(path: Path) -> Profile:
    try:
        data = load_yaml(path)
    except OSError as error:
        raise WorldError(
            f"The world file {path} cannot be read ({error.strerror}). Check the path given with --world.",
            f"无法读取世界文件 {path}（{error.strerror}）。请检查 --world 给出的路径。",
        ) from error
    # YAML's own errors, and what Python raises for wrong encodings, endless nesting and numbers of thousands of digits.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        at = f" at line {where.line + 1}, column {where.column + 1}" if where else ""
        place = f"（第 {where.line + 1} 行第 {where.column + 1} 列）" if where else ""
        raise WorldError(
            f"The world file {path} is no valid YAML{at}. Mend it there.",
            f"世界文件 {path} 不是有效的 YAML{place}，请修正。",
        ) from error
    found = profile_faults(data)
    if found:
        raise WorldError(
            f"The world file {path} has {len(found)} fault{'s' if len(found) > 1 else ''}; mend "
            + "; ".join(f"{fault.pointer}: {fault.en.rstrip('.')}" for fault in found)
            + ".",
            f"世界文件 {path} 有 {len(found)} 处错误，请修正："
            + "；".join(f"{fault.pointer}：{fault.zh.rstrip('。')}" for fault in found)
            + "。",
        )
    sizes = {key: Size(**value) for key, value in data["sizes"].items()}
    return Profile(
        data["name"], data["title"], sizes, tuple(data["catalogue"]), tuple(data["warehouses"]), data["opening"]
    )


def size_of(profile: Profile, size: str) -> Size:
    """The size by name. WorldError that lists the known ones."""
    if size not in profile.sizes:
        known = ", ".join(profile.sizes)
        raise WorldError(
            f"The world {profile.name} has no size {size}; known are {known}. Choose one with --size.",
            f"世界 {profile.name} 没有规模 {size}，已有的是 {known}，请用 --size 选择。",
        )
    return profile.sizes[size]
