"""`shapan quality`: the data standard, and how well records keep to it."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import fail, json_option, quiet_logs, target_options


@click.group("quality")
def command() -> None:
    """Show the data standard; check records against it.

    Example: shapan quality check ./messy --html quality.html
    """


@command.command("standard")
@click.argument("element", required=False)
@json_option
def standard(element: str | None, as_json: bool) -> None:
    """Show the data elements of the standard and the kinds of record they stand in, or all about one ELEMENT.

    With --json the whole standard, a JSON Schema.

    Example: shapan quality standard credit-code
    """
    from shapan.quality import load_standard, standard_document

    found = load_standard()
    if element is not None and element not in found.elements:
        known = ", ".join(found.elements)
        fail(f"There is no element {element}; known are {known}.", f"没有数据元 {element}；已有的是 {known}。")
    if as_json:
        document = standard_document()
        click.echo(json.dumps(document["$defs"][element] if element else document, ensure_ascii=False, indent=1))
    elif element:
        _print_element(found, element)
    else:
        _print_standard(found)


@command.command("check")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@target_options
@click.option(
    "--before",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Say what changed since the report in FILE, one that --json wrote.",
)
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write an HTML report.")
@click.option(
    "--min-score", type=click.FloatRange(0, 1), metavar="N", help="Exit 1 when the score is lower, as in 0.98."
)
@json_option
def check(
    folder: Path | None,
    url: str | None,
    client_id: str,
    client_secret: str | None,
    before: Path | None,
    html: Path | None,
    min_score: float | None,
    as_json: bool,
) -> None:
    """Check the CSV files in DIR, those of `shapan world export` or cleansed ones, or with --url the master data of a running sandbox.

    Completeness, validity, uniqueness and consistency, each rule with its share and examples. Exit code 0, or 1 when the score is under
    --min-score.

    Example: shapan quality check ./cleansed --before before.json --html quality.html
    """
    from shapan.quality import compared, read_report
    from shapan.quality.rendering import as_html

    quiet_logs()
    if (folder is None) == (url is None):
        fail(
            "Say what to check: a folder of CSV files, or a running sandbox with --url; one of them.",
            "请指定检查对象：CSV 文件夹，或用 --url 指定正在运行的沙盘，二者选一。",
        )
    earlier = read_report(before) if before else None
    report = _report(folder, url, client_id, client_secret)
    if earlier is not None:
        report = compared(report, earlier)
    if html:
        try:
            html.parent.mkdir(parents=True, exist_ok=True)
            html.write_text(as_html(report), "utf-8", errors="replace")
        except OSError as error:
            fail(
                f"The report {html} cannot be written ({error.strerror}).",
                f"无法写入报告 {html}（{error.strerror}）。",
            )
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print_report(report)
    sys.exit(1 if min_score is not None and (report["score"] or 0) < min_score else 0)


def _report(folder: Path | None, url: str | None, client_id: str, client_secret: str | None) -> dict[str, Any]:
    """The report on a folder or on a running sandbox; a terminal sees on standard error what is being read."""
    from rich.console import Console

    from shapan.quality import FolderRecords, SystemRecords, check_quality, load_standard

    standard = load_standard()
    with ExitStack() as stack:
        status = stack.enter_context(Console(stderr=True).status("Reading 正在读取"))

        def advance(kind: str, rows: int) -> None:
            status.update(f"{kind}: {rows:,} records 条记录")

        if folder is not None:
            return check_quality(standard, FolderRecords(folder, standard), advance)
        from shapan.sandbox.running import running_sandbox

        assert url is not None
        urls, client = running_sandbox(url, client_id, client_secret)
        systems = SystemRecords(urls, client, url.rstrip("/"))
        stack.callback(systems.close)
        return check_quality(standard, systems, advance)


def _print_standard(found: Any) -> None:
    """A line for each element, then one for each kind of record."""
    click.echo(f"{found.title.en} {found.version}\n{found.title.zh}\n")
    for name, element in found.elements.items():
        click.echo(f"{name:<18}{element.title.en} · {element.title.zh}")
        click.echo(f"{'':<18}{element.format.en} · {element.format.zh}")
    click.echo("")
    for name, kind in found.kinds.items():
        click.echo(f"{name:<26}{kind.title.en} · {kind.title.zh}")
        columns = ", ".join(f"{column}{'*' if column in kind.required else ''}" for column in kind.columns)
        click.echo(f"{'':<26}{columns}")
    click.echo("\n* must be there 必填")


def _print_element(found: Any, name: str) -> None:
    """All that the standard says of an element."""
    element = found.elements[name]
    lines = (
        ("Definition", "定义", element.definition),
        ("Format", "格式", element.format),
        ("Coding rule", "编码规则", element.coding_rule),
        ("Owner", "责任部门", element.owner),
    )
    click.echo(f"{name}: {element.title.en} {element.title.zh}")
    for en, zh, said in lines:
        click.echo(f"  {en}: {said.en}\n  {zh}：{said.zh}")
    for kind in found.kinds.values():
        if places := [column for column, one in kind.columns.items() if one.name == name]:
            click.echo(f"  {kind.name}: {', '.join(places)}")


def _print_report(report: dict[str, Any]) -> None:
    """The dimensions, then every rule that something broke, with its first example."""
    from rich.console import Console
    from rich.markup import escape

    from shapan.quality.rendering import change, percent

    console = Console(highlight=False, soft_wrap=True)
    before = report.get("before")

    def scored(figures: dict[str, Any]) -> str:
        then = figures.get("before")
        return percent(figures["score"]) + (f" [dim]{change(figures['score'], then['score'])}[/]" if then else "")

    console.print(
        f"[bold]{scored(report)}[/]  {report['checked']:,} checks 项检查, {report['failed']:,} failed 项未通过"
    )
    if before:
        console.print(f"[dim]Before 之前: {percent(before['score'])}, {escape(before['source'].get('name', ''))}[/]")
    for one in report["dimensions"]:
        console.print(f"  {one['en']} {one['zh']}  {scored(one)}")
    for kind in report["records"]:
        whole = percent(kind["faultless"] / kind["records"] if kind["records"] else None)
        console.print(
            f"\n[bold]{escape(kind['record'])}[/] {escape(kind['en'])} · {escape(kind['zh'])}  {kind['records']:,} records 条, "
            f"{whole} without fault 无错误, score 得分 {scored(kind)}"
        )
        for rule in kind["rules"]:
            then = (rule.get("before") or {}).get("share")
            if not rule["failed"] and not then:
                continue
            colour = "red" if rule["failed"] else "green"
            points = f" [dim]{change(rule['share'], then)}[/]" if then is not None else ""
            console.print(
                f"  [{colour}]{percent(rule['share']):>9}[/]{points}  {rule['failed']:,}/{rule['checked']:,}  {escape(rule['en'])} · {escape(rule['zh'])}"
            )
            if rule["examples"]:
                first = rule["examples"][0]
                values = ", ".join(
                    f"{column} = {value!r}" for column, value in first["values"].items() if value is not None
                )
                console.print(f"             [dim]{escape(first['record'])}{': ' if values else ''}{escape(values)}[/]")
    if report["absent"]:
        console.print(f"\nNot there 未提供: {', '.join(report['absent'])}")
