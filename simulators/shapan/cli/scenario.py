"""`shapan scenario`: help for those who write scenarios."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from shapan.cli.common import json_option


@click.group("scenario")
def command() -> None:
    """Check scenario scripts.

    Example: shapan scenario lint my-flow.arazzo.yaml
    """


@command.command("lint")
@click.argument("file", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def lint(file: tuple[Path, ...], as_json: bool) -> None:
    """Check Arazzo files against the standard and the contracts: every fault with file, line and pointer.

    Exit code 0 when there is none, 1 otherwise.

    Example: shapan scenario lint my-flow.arazzo.yaml
    """
    from shapan.scenario import check

    faults = [fault for path in file for fault in check(path)[1]]
    if as_json:
        members = ("file", "line", "pointer", "en", "zh")
        listed = [{name: getattr(fault, name) for name in members} for fault in faults]
        answer = {"ok": not faults, "files": len(file), "faults": listed}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1, default=str))
    else:
        for fault in faults:
            click.echo(f"{fault}\n    {fault.zh}")
        click.echo(f"{len(file)} file(s), {len(faults)} fault(s). 共 {len(file)} 个文件，{len(faults)} 处错误。")
    sys.exit(1 if faults else 0)
