"""`shapan score`: what a crosswalk is worth, by the answer key of an export, of a running sandbox or of a world made anew."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from shapan.cli.common import WorldWish, fail, json_option, world_options

if TYPE_CHECKING:
    from shapan.world.scoring import Crosswalk

_RULES_SHOWN = 12
_PAIRS_SHOWN = 10


@click.command("score")
@click.argument("crosswalk", metavar="CROSSWALK", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of an export, or its folder answer-key.",
)
@click.option("--url", metavar="URL", help="Control of a running sandbox, which has the key.")
@world_options
@click.option(
    "--kind",
    type=click.Choice(["customer", "supplier", "product"]),
    default="customer",
    show_default=True,
    help="What is judged.",
)
@click.option(
    "--min-accuracy",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    help="Exit with 1 when the record accuracy is lower, as in 0.98.",
)
@click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="Write an HTML report.")
@json_option
def command(
    crosswalk: Path,
    key: Path | None,
    url: str | None,
    world: WorldWish,
    kind: str,
    min_accuracy: float | None,
    html: str | None,
    as_json: bool,
) -> None:
    """Say how well CROSSWALK, a CSV or JSON file, found out which records are the same thing in truth.

    The key is that of an export (--key), of a running sandbox (--url), or of the world that the options name. CSV has the header
    system,record_id,cluster. Exit code 1 when the accuracy is below --min-accuracy, 2 when the crosswalk or the key cannot be used.

    Example: shapan score crosswalk.csv --key messy --min-accuracy 0.95 --html score.html
    """
    chosen = [
        name for name, given in (("--key", key), ("--url", url), ("world options", world != WorldWish())) if given
    ]
    if len(chosen) > 1:
        fail(
            f"The answer key comes from one place only, not from {' and '.join(chosen)}. Leave all but one away.",
            f"答案只能有一个来源，不能同时使用 {'、'.join(chosen)}。请只保留一个。",
        )
    report = _report(crosswalk, key, url, world, kind)
    if html:
        from shapan.world.scoring.rendering import as_html

        try:
            Path(html).write_text(as_html(report, crosswalk.name), "utf-8", "replace")
        except OSError as error:
            fail(
                f"The report {html} cannot be written ({error.strerror}).", f"无法写入报告 {html}（{error.strerror}）。"
            )
    passed = min_accuracy is None or report["accuracy"] >= min_accuracy
    if as_json:
        click.echo(json.dumps({"ok": passed, **report}, ensure_ascii=False, indent=1))
    else:
        _print(report, min_accuracy, passed)
    sys.exit(0 if passed else 1)


def _report(path: Path, folder: Path | None, url: str | None, world: WorldWish, kind: str) -> dict[str, Any]:
    """The report as data. Faults of the crosswalk are listed one a line."""
    from shapan.world.scoring import CrosswalkError, grade, key_of_world, read_crosswalk, read_key

    try:
        content = path.read_bytes()
    except OSError as error:
        fail(
            f"The crosswalk {path} cannot be read ({error.strerror}). Check the path.",
            f"无法读取对照表 {path}（{error.strerror}）。请检查路径。",
        )
    try:
        if url:
            return _asked(url.rstrip("/"), read_crosswalk(content, None, path.name), path.name, kind)
        if folder:
            key = read_key(folder)
        else:
            from shapan.sandbox.options import this_month

            key = key_of_world(world.spec(this_month()))
        return grade(key, read_crosswalk(content, key, path.name), kind).as_json()
    except CrosswalkError as error:
        _refuse(path.name, [(fault.where, fault.ort, fault.en, fault.zh) for fault in error.faults])


def _asked(base: str, crosswalk: Crosswalk, name: str, kind: str) -> dict[str, Any]:
    """The report of a control. Its faults are JSON Pointers into what was sent; people know the lines of their file."""
    from shapan.sandbox.running import ControlRefusal, control_score

    rows = [
        {"system": row.record[0], "kind": row.record[1], "record_id": row.record[2], "cluster": row.cluster}
        for row in crosswalk.rows
    ]
    try:
        return control_score(base, kind, rows)
    except ControlRefusal as error:
        if not error.faults:
            raise
        found = []
        for pointer, en, zh in error.faults:
            place = pointer.split("/")[1] if pointer.startswith("/") else ""
            row = crosswalk.rows[int(place)] if place.isdigit() and int(place) < len(rows) else None
            found.append((row.where, row.ort, en, zh) if row else (pointer, pointer, en, zh))
        _refuse(name, found)


def _refuse(name: str, faults: list[tuple[str, str, str, str]]) -> NoReturn:
    """Every fault on a line of its own, in both languages, then how many they are."""
    for where, ort, en, zh in faults:
        click.echo(f"{f'{where}: ' if where else ''}{en}\n    {f'{ort}：' if ort else ''}{zh}", err=True)
    number = len(faults)
    fail(
        f"The crosswalk {name} has {number} fault{'s' if number != 1 else ''}. Mend them all and score it again.",
        f"对照表 {name} 有 {number} 处错误。请全部改正后重新评分。",
    )


def _print(report: dict[str, Any], least: float | None, passed: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    from shapan.world.scoring.rendering import TITLES, figure, percent

    console = Console(highlight=False)
    colour = "green" if passed else "red"
    for path, (en, zh) in TITLES.items():
        share = percent(figure(report, path))
        if path == "accuracy":
            wanted = "" if least is None else f", {'at least' if passed else 'below'} {least:g}"
            count = f"{report['right']} / {report['judged']}"
            console.print(f"[bold {colour}]{share:>9}[/]  {en} {zh}  {count}{wanted}", soft_wrap=True)
            for system in report["systems"]:
                console.print(f"[dim]{percent(system['accuracy']):>9}    {system['system']}[/]", soft_wrap=True)
        else:
            console.print(f"{share:>9}  {en} {zh}", soft_wrap=True)
    counts = report["counts"]
    console.print(
        f"{counts['records']} records of {counts['entities']} in {counts['clusters']} clusters, {counts['unmentioned']} not mentioned; "
        f"{counts['mixed_clusters']} clusters hold more than one, {counts['split_entities']} are split.",
        soft_wrap=True,
    )
    console.print(
        f"{counts['entities']} 个实体的 {counts['records']} 条记录分为 {counts['clusters']} 组，{counts['unmentioned']} 条未提及；"
        f"{counts['mixed_clusters']} 组混有多个实体，{counts['split_entities']} 个实体被分散。",
        soft_wrap=True,
    )
    relations = [row for row in report["false_merges"]["relations"] if row["merged"]]
    for row in relations:
        console.print(
            f"[red]{row['merged']} of {row['pairs']}[/] merged wrongly: {escape(row['relation'])}, {escape(row['en'])} {escape(row['zh'])}",
            soft_wrap=True,
        )
    if not relations:
        console.print("No lookalikes were merged. 没有误并相似项。", soft_wrap=True)
    worst = sorted(
        (row for row in report["rules"] if row["found"] < row["pairs"]),
        key=lambda row: (row["recall"], row["found"] - row["pairs"], row["rule"]),
    )
    if worst:
        console.print("Recall by noise rule, the lowest first 各噪声规则的查全率（由低到高）:", soft_wrap=True)
    for row in worst[:_RULES_SHOWN]:
        found = f"{row['found']} / {row['pairs']}"
        console.print(
            f"{percent(row['recall']):>9}  {found:>13}  {escape(row['rule'])}  [dim]{escape(row['en'])} {escape(row['zh'])}[/]",
            soft_wrap=True,
        )
    for pair in report["wrong_pairs"][:_PAIRS_SHOWN]:
        mark = "merged 误并" if pair["wrong"] == "merged" else "missed 漏配"
        names = " | ".join(_plain(pair[side]["name"]) for side in ("first", "second"))
        console.print(f"[yellow]{mark}[/]  {escape(names)} [dim]× {pair['alike']}[/]", soft_wrap=True)
        console.print(f"    {escape(_plain(pair['en']))}\n    {escape(_plain(pair['zh']))}", soft_wrap=True)
    if len(report["wrong_pairs"]) > _PAIRS_SHOWN:
        console.print(
            f"{len(report['wrong_pairs'])} wrong pairs are in the reports of --html and --json. 其余错例见 --html 与 --json 报告。",
            soft_wrap=True,
        )


def _plain(text: str) -> str:
    """Dirty names may hold what a terminal would act upon, or what nobody sees: control and format characters."""
    return "".join("\ufffd" if unicodedata.category(character)[0] == "C" else character for character in text)
