"""`shapan scenario`: help for those who write scenarios."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group("scenario")
def command() -> None:
    """Check scenario scripts.

    Example: shapan scenario lint my-flow.arazzo.yaml
    """


@command.command("lint")
@click.argument("file", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def lint(file: tuple[Path, ...]) -> None:
    """Check Arazzo files against the standard and the contracts: every fault with file, line and pointer.

    Exit code 0 when there is none, 1 otherwise.

    Example: shapan scenario lint my-flow.arazzo.yaml
    """
    from shapan.scenario import check

    number = 0
    for path in file:
        _, faults = check(path)
        number += len(faults)
        for fault in faults:
            click.echo(f"{fault}\n    {fault.zh}")
    click.echo(f"{len(file)} file(s), {number} fault(s). 共 {len(file)} 个文件，{number} 处错误。")
    sys.exit(1 if number else 0)
