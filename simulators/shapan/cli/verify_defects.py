"""The table of `shapan verify --defects` as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape


def print_defects(table: Mapping[str, Any], console: Console | None = None) -> None:
    """Each defect with its scenario and the reason, then the scenarios that fail without any, then the counts."""
    console = console or Console(highlight=False)
    for row in table["defects"]:
        mark = "[green]✓ caught[/]" if row["caught"] else "[red]✗ missed[/]"
        console.print(f"{mark}  [bold]{escape(row['defect'])}[/] in {escape(row['scenario'])}", soft_wrap=True)
        console.print(f"          {escape(row['mistake']['en'])} {escape(row['mistake']['zh'])}", soft_wrap=True)
        step = f"at step {escape(row['step'])}: " if row["step"] else ""
        console.print(f"          {step}{escape(row['reason']['en'])}", soft_wrap=True)
        console.print(f"          {escape(row['reason']['zh'])}", soft_wrap=True)
        beyond = {name: verdict for name, verdict in row["scenarios"].items() if name != row["scenario"]}
        if beyond:
            failing = ", ".join(name for name, verdict in beyond.items() if verdict == "failed") or "–"
            console.print(f"          also fails 同时未通过: {escape(failing)} ({len(beyond)})", soft_wrap=True)
    for one in table["clean"]:
        if one["verdict"] == "failed":
            console.print(
                f"[red]✗ {escape(one['name'])} fails without any defect: {escape(one['reason']['en'])}[/]",
                soft_wrap=True,
            )
    total, caught = len(table["defects"]), table["caught"]
    console.print(
        f"{caught} of {total} defects caught, {table['seconds']:.1f} s. 共 {total} 个缺陷，发现 {caught} 个。",
        soft_wrap=True,
    )
