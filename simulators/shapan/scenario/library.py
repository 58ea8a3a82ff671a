"""Finds scenario scripts by name, file or folder, and reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from shapan.kernel.resources import ResourceMissing, data_folder
from shapan.scenario.contracts import ContractReader
from shapan.scenario.faults import ScenarioError, ScriptFault
from shapan.scenario.model import Scenario
from shapan.scenario.reading import Reading

SUFFIXES = (".arazzo.yaml", ".arazzo.yml", ".arazzo.json")


def load_scenarios(paths_or_names: Sequence[str | Path] = ()) -> list[Scenario]:
    """The scenarios asked for, in that order, each file once; all that come with Shapan when none is asked for.

    A name ("order-to-receivable") is looked up among the installed ones; a file is taken as it is; a folder gives every
    *.arazzo.yaml in it and in its folders. Raises ScenarioError: for an unknown name with the known ones, for faulty scripts with every fault of all.
    """
    files = list(dict.fromkeys(file for wanted in paths_or_names for file in scripts_at(wanted))) or _installed()
    scenarios: list[Scenario] = []
    faults: list[ScriptFault] = []
    reader = ContractReader()
    for file in files:
        found, wrong = check(file, reader)
        faults += wrong
        if found is not None:
            scenarios.append(found)
    if faults:
        bad = sorted({str(fault.file) for fault in faults})
        raise ScenarioError(
            f"{len(faults)} fault{'s' if len(faults) != 1 else ''} in {', '.join(bad)}; mend what is listed.",
            f"{'、'.join(bad)} 中有 {len(faults)} 处错误，请按所列逐条改正。",
            faults,
        )
    return scenarios


def check(file: Path, reader: ContractReader | None = None) -> tuple[Scenario | None, list[ScriptFault]]:
    """One script: the scenario, or None with every fault that it has. A `reader` keeps contracts that scripts share."""
    reading = Reading(file, reader or ContractReader())
    if reading.faults:
        return None, reading.faults
    return reading.scenario(scenario_name(file), file), []


def scenario_name(file: Path) -> str:
    """`scenarios/order-to-receivable.arazzo.yaml` -> "order-to-receivable"."""
    suffix = next((suffix for suffix in SUFFIXES if file.name.endswith(suffix)), file.suffix)
    return file.name[: len(file.name) - len(suffix)] if suffix else file.name


def scripts_at(wanted: str | Path) -> Iterator[Path]:
    """The scripts that a name, file or folder stands for. Raises ScenarioError."""
    path = Path(wanted)
    if path.is_dir():
        found = _scripts(path)
        if not found:
            raise ScenarioError(
                f"The folder {path} holds no scenario (*.arazzo.yaml).",
                f"文件夹 {path} 中没有场景脚本（*.arazzo.yaml）。",
            )
        yield from found
    elif path.is_file():
        yield path
    else:
        known = {scenario_name(file): file for file in _installed()}
        if str(wanted) not in known:
            raise ScenarioError(
                f"There is no scenario, file or folder called {wanted}. Scenarios: {', '.join(known)}.",
                f"没有名为 {wanted} 的场景、文件或文件夹。可用的场景：{'、'.join(known)}。",
            )
        yield known[str(wanted)]


def _installed() -> list[Path]:
    try:
        folder = data_folder("scenarios")
    except ResourceMissing as error:
        raise ScenarioError(
            str(error), "找不到 Shapan 自带的场景；请重新安装，或用 SHAPAN_SCENARIOS 指明其文件夹。"
        ) from error
    return _scripts(folder)


def _scripts(folder: Path) -> list[Path]:
    found = (file for file in folder.rglob("*.arazzo.*") if file.is_file() and file.name.endswith(SUFFIXES))
    # Not what tools keep in hidden folders.
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts))
