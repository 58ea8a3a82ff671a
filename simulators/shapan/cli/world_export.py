"""`shapan world export`: a whole world as files, for teams that load and clean data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import WorldWish, json_option, opening_option, world_options

FORMATS = ("csv", "csv-gb18030", "xlsx", "sqlite")
_TELL_SECONDS = 0.1


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@world_options
@opening_option
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    default=("csv",),
    help="csv in UTF-8 (default), csv-gb18030 for a Chinese Excel, xlsx, or sqlite, one database.",
)
@click.option("--only", metavar="TABLE", multiple=True, help="One table, as crm/customers, or all of a system, as crm.")
@click.option("--answers/--no-answers", default=True, help="With the folder answer-key, or without (default with).")
@click.option("--force", is_flag=True, help="Replace an earlier export in DIR; other files there stay.")
@json_option
def export(
    folder: Path,
    world: WorldWish,
    opening: datetime | None,
    formats: tuple[str, ...],
    only: tuple[str, ...],
    answers: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write all tables of a world into DIR, as wrong as its mess makes them, with the key to every fault.

    Nothing is served. DIR is new or empty, and appears when it is whole; manifest.json in it says what is there.

    Example: shapan world export ./messy --size medium --format csv --format xlsx
    """
    from shapan.sandbox.options import this_month
    from shapan.world.export import Wish, export_world
    from shapan.world.tables import WorldTables

    spec = world.spec(opening.date() if opening else this_month())
    source = WorldTables(spec)
    started = time.monotonic()
    with _bar(source.customers) as advance:
        manifest = export_world(source, spec, folder, Wish(formats, only, answers, force), advance)
    seconds = time.monotonic() - started
    if as_json:
        click.echo(json.dumps(manifest, ensure_ascii=False, indent=1))
    else:
        _print(manifest, folder, seconds)


@contextmanager
def _bar(customers: int) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of the customers, with rows, on standard error when that is a terminal; what is given takes what was done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("Customers 客户"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rows]:,} rows 行"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=customers, rows=0)
        done = rows = 0
        told = time.monotonic()

        def advance(more_customers: int, more_rows: int) -> None:
            nonlocal done, rows, told
            done += more_customers
            rows += more_rows
            # A customer takes less time than telling of it does.
            if (now := time.monotonic()) - told > _TELL_SECONDS:
                told = now
                progress.update(task, completed=done, rows=rows)

        yield advance
        progress.update(task, completed=done, rows=rows)


def _print(manifest: dict[str, Any], folder: Path, seconds: float) -> None:
    """A line for each table, and where they are."""
    for table in manifest["tables"]:
        click.echo(f"{table['rows']:>10,}  {table['system']}/{table['name']}")
    rows = sum(table["rows"] for table in manifest["tables"])
    files = len(manifest["files"])
    click.echo(f"{rows:>10,}  rows in {files} files, {seconds:.1f} s: {folder}")
    click.echo(f"            共 {rows:,} 行、{files} 个文件，用时 {seconds:.1f} 秒：{folder}")
