"""`shapan journal verify`: was asked what should have been asked?"""

from __future__ import annotations

import json
import sys
from typing import IO, Any

import click

from shapan.cli.common import fail, json_option
from shapan.cli.journal_options import at_option, filter_options
from shapan.sandbox.running import control_call


def _values(given: tuple[str, ...], option: str) -> dict[str, Any]:
    """{name: value} of NAME=VALUE words; a value that is JSON is that value, any other a text."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            fail(
                f"{option} takes a name and a value, as in {option} /amount=100, and not {text}.",
                f"{option} 应为“名称=值”，例如 {option} /amount=100，而不是 {text}。",
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _texts(given: tuple[str, ...], option: str) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in _values(given, option).items()
    }


def _from_file(file: IO[str]) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(file)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        fail(f"{file.name} is neither JSON nor YAML: {error}", f"{file.name} 既不是 JSON 也不是 YAML：{error}")
    if not isinstance(read, dict):
        fail(
            f"{file.name} holds no verification; see docs/journal.md.",
            f"{file.name} 不是核对条件，见 docs/journal.md。",
        )
    return read


@click.command("verify")
@at_option
@filter_options
@click.option("--method", metavar="NAME", help="With this method.")
@click.option("--path", metavar="PATTERN", help="With a path of this pattern.")
@click.option("--problem", metavar="NAME", help="Answered with this problem.")
@click.option("--header", multiple=True, metavar="NAME=VALUE", help="With this header.")
@click.option("--query", multiple=True, metavar="NAME=VALUE", help="With this parameter.")
@click.option(
    "--body", multiple=True, metavar="POINTER=VALUE", help="With this in the JSON sent; * stands for every item."
)
@click.option("--response", multiple=True, metavar="POINTER=VALUE", help="With this in the JSON answered.")
@click.option("--event", metavar="TYPE", help="A delivery of this type of event, as in crm.order.*.")
@click.option("--state", metavar="STATE", help="With --event: delivered, waiting, given-up.")
@click.option("--times", type=click.IntRange(0), metavar="N", help="Exactly so many.")
@click.option("--at-least", type=click.IntRange(0), metavar="N", help="At least so many (1, when nothing is said).")
@click.option("--at-most", type=click.IntRange(0), metavar="N", help="At most so many.")
@click.option("--file", type=click.File(encoding="utf-8"), metavar="FILE", help="All of it from a JSON or YAML file instead, a sequence for instance; - for standard input.")  # fmt: skip
@json_option
def verify(
    at: str,
    filters: dict[str, Any],
    header: tuple[str, ...],
    query: tuple[str, ...],
    body: tuple[str, ...],
    response: tuple[str, ...],
    event: str | None,
    state: str | None,
    file: IO[str] | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Count the entries that are as you say; exit 0 when there are as many as expected, 1 with the nearest misses when not.

    Example: shapan journal verify --system finance --operation createReceivable --status 201 --times 1
    """
    counts = {name: given.pop(name) for name in ("times", "at_least", "at_most")}
    names = {"operation_id": "operation"}
    matcher = {names.get(name, name): value for name, value in {**filters, **given}.items() if value is not None}
    if "method" in matcher:
        matcher["method"] = matcher["method"].upper()
    if "status" in matcher and matcher["status"].isdigit():
        matcher["status"] = int(matcher["status"])
    if state is not None and event is None:
        fail("--state needs --event.", "--state 需要与 --event 一起使用。")
    parts = {
        "headers": _texts(header, "--header"),
        "query": _texts(query, "--query"),
        "body": _values(body, "--body"),
        "response": _values(response, "--response"),
        "event": {name: value for name, value in (("type", event), ("state", state)) if value is not None},
    }
    matcher |= {name: value for name, value in parts.items() if value}
    wanted: dict[str, Any] = {"match": matcher} if matcher else {}
    wanted |= {name: value for name, value in counts.items() if value is not None}
    if file is not None:
        if wanted:
            fail("--file says all; leave the other options away.", "--file 已包含全部条件，请去掉其他选项。")
        wanted = _from_file(file)
    elif not matcher:
        fail("Say what to look for, with --operation for instance.", "请指定要核对的内容，例如 --operation。")
    verdict = control_call(at, "POST", "/journal/verify", body=wanted, members=("ok", "items", "nearest"))
    if as_json:
        click.echo(json.dumps(verdict, ensure_ascii=False, indent=1))
    else:
        _print(verdict)
    sys.exit(0 if verdict["ok"] else 1)


def _print(verdict: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from shapan.cli import journal_lines

    console = Console(highlight=False)
    mark = "[green]✓[/]" if verdict["ok"] else "[red]✗[/]"
    console.print(f"{mark} {escape(verdict['en'])}", soft_wrap=True)
    console.print(f"  {escape(verdict['zh'])}", soft_wrap=True)
    for entry in verdict["items"]:
        console.print(f"  {journal_lines.line(entry)}", soft_wrap=True)
    for text in journal_lines.misses(verdict["nearest"]):
        console.print(text, soft_wrap=True)
