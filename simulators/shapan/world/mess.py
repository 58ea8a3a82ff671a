"""How wrong the records of a world are (脏数据): presets, users' files over them, and single rates over both.

A mess is a tree of numbers; `base.yaml` of all of them is `article`, which names every rate that there is. A file of the user's and
`rates` may change a rate and add none.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from shapan.kernel.yaml_file import load_yaml
from shapan.world.errors import WorldError
from shapan.world.spec import HERE, WorldSpec

_PRESETS = HERE / "presets"
_COMPLETE = "article"
SYSTEMS = ("crm", "scm", "finance")
_WORDS = ("name", "title", "base")
# What is no share: from 0 to so much.
_LIMITS = {"duplicates.surface_factor": 20.0}


@dataclass(frozen=True)
class Mess:
    """The rates by dotted path ("style.scm.short"), every one that there is; `demo` says whether the demo set is kept clean."""

    name: str
    rates: Mapping[str, float]

    @functools.cached_property
    def styles(self) -> Mapping[str, tuple[tuple[str, float], ...]]:
        """By system: how it writes names, with shares; what is left of 1 is the legal name."""
        return {system: tuple(self.group(f"style.{system}").items()) for system in SYSTEMS}

    @functools.cached_property
    def surface(self) -> tuple[tuple[str, float], ...]:
        """What happens to names, with shares, in the order in which it happens."""
        return tuple(self.group("surface").items())

    @functools.cached_property
    def coverage(self) -> Mapping[str, float]:
        """By system: the share of the customers that it has."""
        return self.group("coverage")

    def group(self, path: str) -> Mapping[str, float]:
        """The rates under a path by their last word, in the order of the preset `article`."""
        prefix = path + "."
        return {key.removeprefix(prefix): rate for key, rate in self.rates.items() if key.startswith(prefix)}

    @property
    def demo(self) -> bool:
        """Whether the first thirty customers are the demo set."""
        return self.rates["demo_set"] > 0


def list_presets() -> list[str]:
    """The names of the presets that come with Shapan."""
    return sorted(path.stem for path in _PRESETS.glob("*.yaml"))


def preset_title(name: str) -> dict[str, str]:
    """What a preset stands for, in English and Chinese."""
    return dict(load_yaml(_PRESETS / f"{name}.yaml")["title"])


def load_mess(name: str, rates: tuple[tuple[str, float], ...] = ()) -> Mess:
    """A preset by name or a file (anything with a suffix), with single rates changed. WorldError that names every fault."""
    if Path(name).suffix:
        title, found = _file(Path(name))
    else:
        title, found = name, _preset(name)
    faults = list(_wrong_rates(dict(rates), found, "--rate ", "--rate "))
    if faults:
        raise _refusal("The rates cannot be used", "这些比率无法使用", faults)
    found = {**found, **dict(rates)}
    if faults := list(_contradictions(found)):
        raise _refusal(f"The mess {title} contradicts itself", f"脏数据方案 {title} 自相矛盾", faults)
    return Mess(title, found)


def mess_of(spec: WorldSpec) -> Mess:
    """The mess of a world."""
    return load_mess(spec.mess, spec.rates)


@functools.cache
def _preset(name: str) -> dict[str, float]:
    if name not in list_presets():
        known = ", ".join(list_presets())
        raise WorldError(
            f"There is no mess {name}; known are {known}. Name one of them with --mess, or a YAML file.",
            f"没有名为 {name} 的脏数据方案，已有的是 {known}。请用 --mess 选择其一，或指定一个 YAML 文件。",
        )
    data = load_yaml(_PRESETS / f"{name}.yaml")
    own = _flat(data)
    if name == _COMPLETE:
        return own
    # A preset without a base leaves nothing in: what it does not name is 0.
    base = _preset(data["base"]) if "base" in data else dict.fromkeys(_preset(_COMPLETE), 0.0)
    return {**base, **own}


def _file(path: Path) -> tuple[str, dict[str, float]]:
    try:
        data = load_yaml(path)
    except OSError as error:
        raise WorldError(
            f"The mess file {path} cannot be read ({error.strerror}). Check the path given with --mess.",
            f"无法读取脏数据方案文件 {path}（{error.strerror}）。请检查 --mess 给出的路径。",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise WorldError(
            f"The mess file {path} is no valid YAML. Mend it there.", f"脏数据方案文件 {path} 不是有效的 YAML，请修正。"
        ) from error
    faults: list[tuple[str, str]] = []
    if not isinstance(data, dict):
        raise _refusal(
            f"The mess file {path} cannot be used",
            f"脏数据方案文件 {path} 无法使用",
            [("it must be a mapping that begins with `base: article`", "必须是以 base: article 开头的映射")],
        )
    base = data.get("base", _COMPLETE)
    if not isinstance(base, str) or base not in list_presets():
        known = ", ".join(list_presets())
        faults.append(
            (f"base: there is no preset {base!r}; known are {known}", f"base：没有方案 {base!r}，已有 {known}")
        )
        base = _COMPLETE
    known_rates = _preset(base)
    own: dict[str, Any] = _flat({key: value for key, value in data.items() if key not in _WORDS}, loose=True)
    faults += _wrong_rates(own, known_rates, "", "")
    if faults:
        raise _refusal(f"The mess file {path} cannot be used", f"脏数据方案文件 {path} 无法使用", faults)
    return path.stem, {**known_rates, **own}


def _flat(data: Mapping[Any, Any], *, loose: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, member in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), member)
        else:
            found[prefix] = value if loose else float(value)

    walk("", {key: value for key, value in data.items() if key not in _WORDS})
    return found


def _wrong_rates(rates: Mapping[str, Any], known: Mapping[str, float], en: str, zh: str) -> Iterator[tuple[str, str]]:
    for path, value in rates.items():
        most = _LIMITS.get(path, 1.0)
        if path not in known:
            near = get_close_matches(path, known, 1, 0.5)
            hint, rat = (f"; did you mean {near[0]}?", f"；是否指 {near[0]}？") if near else ("", "")
            yield f"{en}{path}: there is no such rate{hint}", f"{zh}{path}：没有这个比率{rat}"
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"{en}{path}: {value!r} is no number", f"{zh}{path}：{value!r} 不是数字"
        elif not 0 <= value <= most:
            yield (
                f"{en}{path}: {value:g} is not between 0 and {most:g}",
                f"{zh}{path}：{value:g} 不在 0 到 {most:g} 之间",
            )


def _contradictions(rates: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Shares of one whole that come to more than it."""
    for system in SYSTEMS:
        wholes = {
            f"style.{system}": [key for key in rates if key.startswith(f"style.{system}.")],
            f"fields.{system}.uscc": [f"fields.{system}.uscc_missing", f"fields.{system}.uscc_bad"],
            f"fields.{system}.phone": [f"fields.{system}.phone_{word}" for word in ("missing", "other", "invalid")],
        }
        for whole, parts in wholes.items():
            total = sum(rates[part] for part in parts)
            if total > 1 + 1e-9:
                yield f"{whole}: its shares come to {total:g}, more than 1", f"{whole}：各项合计 {total:g}，超过 1"


def _refusal(en: str, zh: str, faults: list[tuple[str, str]]) -> WorldError:
    return WorldError(
        f"{en}: {'; '.join(fault for fault, _ in faults)}.", f"{zh}：{'；'.join(fault for _, fault in faults)}。"
    )
