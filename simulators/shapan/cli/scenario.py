"""`shapan scenario`: help for those who write scenarios."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from shapan.cli.common import fail, json_option


@click.group("scenario")
def command() -> None:
    """Start scenario scripts, and check them.

    Example: shapan scenario new my-flow
    """


@command.command("lint")
@click.argument("path", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--house",
    is_flag=True,
    help="Ask for what the scenarios that come with Shapan have, too: both languages, reasons, the oracle.",
)
@json_option
def lint(path: tuple[Path, ...], house: bool, as_json: bool) -> None:
    """Check Arazzo files, or folders of them, against the standard and the contracts: every fault with file, line, column and pointer.

    Exit code 0 when there is none, 1 otherwise.

    Example: shapan scenario lint my-flow.arazzo.yaml
    """
    from shapan.scenario import ScenarioError, scripts_at
    from shapan.scenario.contracts import ContractReader
    from shapan.scenario.house import house_faults
    from shapan.scenario.library import check

    try:
        files = list(dict.fromkeys(file for one in path for file in scripts_at(one)))
    except ScenarioError as error:
        fail(error.en, error.zh)
    reader = ContractReader()
    faults = [fault for file in files for fault in check(file, reader)[1] or (house_faults(file) if house else [])]
    if as_json:
        members = ("file", "line", "column", "pointer", "en", "zh")
        listed = [{name: getattr(fault, name) for name in members} for fault in faults]
        answer = {"ok": not faults, "files": len(files), "faults": listed}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1, default=str))
    else:
        for fault in faults:
            click.echo(f"{fault}\n    {fault.zh}")
        click.echo(f"{len(files)} file(s), {len(faults)} fault(s). 共 {len(files)} 个文件，{len(faults)} 处错误。")
    sys.exit(1 if faults else 0)


@command.command("new")
@click.argument("name")
@click.option("--template", default="order", show_default=True, help="What to start from: order, master-data or fault.")
@click.option(
    "--folder", default=".", type=click.Path(file_okay=False, path_type=Path), help="Where to write it (default: here)."
)
def new(name: str, template: str, folder: Path) -> None:
    """Start a scenario: write NAME.arazzo.yaml, which runs as it is and is meant to be changed.

    The contracts need not be beside it: what comes with Shapan is found by its name.

    Example: shapan scenario new rush-order --template order
    """
    from shapan.scenario import ScenarioError
    from shapan.scenario.templates import start

    try:
        file = start(name, template, folder)
    except ScenarioError as error:
        fail(error.en, error.zh)
    click.echo(f"{file}: change it, then `shapan scenario lint {file}` and `shapan verify {file} --reference`.")
    click.echo(f"{file}：修改后运行 shapan scenario lint {file} 与 shapan verify {file} --reference。")
