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
    """Everything that a world depends on. `opening` is the first day of its first accounting period.

    `mess` is the preset (or file) that says how wrong the records are, `rates` overrides of it as (dotted path, number), e.g.
    ("surface.homophone", 0.05). `history` False leaves out the documents of the past year; what is open at the opening stays the same.
    """

    profile: str
    size: str
    seed: int
    opening: date
    mess: str = "article"
    rates: tuple[tuple[str, float], ...] = ()
    history: bool = True


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. `orders_per_customer` is on average, in the year before the opening."""

    customers: int
    products: int
    warehouses: int
    suppliers: int
    orders_per_customer: int


@dataclass(frozen=True, slots=True)
class History:
    """How business went in the year before the opening; ranges are (from, to), both included, shares whole percents.

    `months` are twelve whole-number weights, January to December.
    """

    orders_per_customer: int = 3
    lines: tuple[int, int] = (1, 4)
    sales_units: tuple[int, int] = (1, 12)
    discounted_percent: int = 25
    discount_percent: int = 8
    delivery_days: tuple[int, int] = (1, 7)
    late_percent: int = 20
    late_days: tuple[int, int] = (3, 60)
    parts_percent: int = 10
    months: tuple[int, ...] = (90, 60, 105, 100, 100, 100, 95, 95, 110, 105, 120, 120)


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of company and its business; `catalogue`, `warehouses` and `opening` are as the profile's schema says.

    Every warehouse has a `kind`, `opening` every member, and `staff` the number of people in sales, buyers, keepers and accountants.
    """

    name: str
    title: dict[str, str]
    description: dict[str, str]
    sizes: dict[str, Size]
    catalogue: tuple[dict[str, Any], ...]
    warehouses: tuple[dict[str, str], ...]
    opening: dict[str, int]
    staff: dict[str, int]
    history: History


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
    return _profile(data)


def _profile(data: dict[str, Any]) -> Profile:
    """What the schema calls optional gets the values that the schema names."""
    told: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.get("history", {}).items()
    }
    history = History(**told)
    usual = {"suppliers": 4, "orders_per_customer": history.orders_per_customer}
    return Profile(
        name=data["name"],
        title=data["title"],
        description=data.get("description", data["title"]),
        sizes={key: Size(**{**usual, **value}) for key, value in data["sizes"].items()},
        catalogue=tuple(data["catalogue"]),
        warehouses=tuple({"kind": "warehouse", **warehouse} for warehouse in data["warehouses"]),
        opening=dict(data["opening"]),
        staff={**dict.fromkeys(("sales", "buyers", "keepers", "accountants"), 1), **data.get("staff", {})},
        history=history,
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
