"""`shapan fault`: trouble on demand, in a sandbox that runs."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import click

from shapan.cli.common import fail, json_option
from shapan.cli.journal_options import at_option
from shapan.sandbox.running import ControlRefusal, control_call

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@click.group("fault")
def command() -> None:
    """List, add and remove faults, and show what can go wrong.

    Example: shapan fault add drop --param at=after --operation createOrder --times 1
    """


@command.command("list")
@at_option
@json_option
def list_(at: str, as_json: bool) -> None:
    """Show the faults of all systems with how often they matched and acted.

    Example: shapan fault list
    """
    items = control_call(at, "GET", "/faults", members=("items",))["items"]
    if as_json:
        click.echo(json.dumps(items, ensure_ascii=False, indent=1))
        return
    for rule in items:
        _tell(rule)
    if not items:
        click.echo("No faults. 没有故障。")


def _tell(rule: dict[str, Any]) -> None:
    shown = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in rule["parameters"].items()]
    match = [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in rule["match"].items()]
    click.echo("  ".join([rule["id"], rule["fault"], *shown]))
    if match:
        click.echo(f"    of {', '.join(match)}")
    for here in rule["systems"]:
        end = (
            "  healed 已恢复" if here["healed"] else f"  heals 恢复 {here['heals_at'][:19]}" if here["heals_at"] else ""
        )
        click.echo(f"    {here['system']}: seen 匹配 {here['seen']}, applied 生效 {here['applied']}{end}")


@command.command("types")
@click.argument("name", required=False)
@at_option
@json_option
def types(name: str | None, at: str, as_json: bool) -> None:
    """Show what can go wrong; of one NAME, what it can be told.

    Example: shapan fault types latency
    """
    items = control_call(at, "GET", "/_shapan/fault-types", members=("items",))["items"]
    chosen = [one for one in items if name in (None, one["name"])]
    if not chosen:
        known = ", ".join(one["name"] for one in items)
        fail(f"There is no fault {name}; there are {known}.", f"没有故障 {name}；已有 {known}。")
    if as_json:
        click.echo(json.dumps(chosen if name is None else chosen[0], ensure_ascii=False, indent=1))
        return
    for one in chosen:
        click.echo(f"{one['name']:<24}{one['en']} {one['zh']}")
        if name is not None:
            click.echo(one["parameters"]["description"])
            required = one["parameters"].get("required", [])
            for parameter, schema in one["parameters"]["properties"].items():
                words = [json.dumps(schema["default"])] if "default" in schema else []
                words += ["required"] if parameter in required else []
                words += [" | ".join(map(str, schema["enum"]))] if "enum" in schema else []
                click.echo(f"    {parameter:<20}{schema.get('description', '')} {'; '.join(words)}".rstrip())


def _finite(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    """A number that JSON can say."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number. {value} 不是有限的数值。")
    return value


@command.command("add")
@click.argument("fault", required=False)
@at_option
@click.option(
    "-f", "--file", "file", type=click.Path(path_type=Path), metavar="FILE", help="Add the faults of a YAML file."
)
@click.option(
    "--system", "systems", multiple=True, metavar="NAME", help="Only in this system (default: all concerned)."
)
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="What the fault is told, as in ms=800."
)
@click.option("--operation", "operations", multiple=True, metavar="ID", help="Only this operation, as in createOrder.")
@click.option("--path", metavar="GLOB", help="Only these paths, as in /orders/*.")
@click.option("--method", type=click.Choice(_METHODS), help="Only this method.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Only with this header.")
@click.option("--header-pattern", "patterns", multiple=True, metavar="NAME=REGEX", help="Only with a header like this.")
@click.option("--client", metavar="ID", help="Only what this client asks.")
@click.option("--type", "types_", multiple=True, metavar="GLOB", help="Only these events, as in crm.order.*.")
@click.option("--subject", metavar="NUMBER", help="Only events about this document.")
@click.option("--webhook", metavar="ID", help="Only deliveries of this subscription; `broker` for the broker.")
@click.option("--nth", type=click.IntRange(1), help="Only the n-th of those that match.")
@click.option("--every", type=click.IntRange(1), help="Each n-th of those that match.")
@click.option(
    "--probability",
    type=click.FloatRange(0, 1),
    callback=_finite,
    help="Each with this chance, drawn from the seed.",
)
@click.option("--times", type=click.IntRange(1), help="It heals when it has acted so often.")
@click.option(
    "--heal-after",
    "heal_after_seconds",
    type=float,
    callback=_finite,
    metavar="SECONDS",
    help="It heals after so much simulated time.",
)
@click.option("--feed", is_flag=True, help="The pull feed is affected too (event-lost, event-delayed).")
@click.option("--id", "id_", metavar="ID", help="Its id (default: fault-1, fault-2 …).")
@click.option("--note", metavar="TEXT", help="Why it is there.")
@json_option
def add(fault: str | None, at: str, file: Path | None, as_json: bool, **given: Any) -> None:
    """Add a FAULT, or those of a file, to the systems that it concerns. It acts at once.

    Example: shapan fault add latency --system crm --operation createOrder --param ms=800 --times 3
    """
    if (fault is None) == (file is None):
        fail(
            "Name a fault, or give a file with -f; `shapan fault types` lists what there is.",
            "请指定一个故障，或用 -f 给出文件；可用的故障见 shapan fault types。",
        )
    made = [_add_one(at, _rule(fault, given))] if file is None else _add_file(at, file)
    if as_json:
        click.echo(json.dumps(made if file is not None else made[0], ensure_ascii=False, indent=1))
        return
    for rule in made:
        systems = ", ".join(here["system"] for here in rule["systems"])
        click.echo(
            f"{rule['id']}  {rule['fault']} in {systems}. Remove it with `shapan fault remove {rule['id']}`. 已添加。"
        )


def _rule(fault: str | None, given: dict[str, Any]) -> dict[str, Any]:
    headers: dict[str, Any] = dict(_pairs("--header", given["headers"]))
    headers |= {name: {"pattern": value} for name, value in _pairs("--header-pattern", given["patterns"])}
    match = {
        "operations": list(given["operations"]),
        "path": given["path"],
        "method": given["method"],
        "headers": headers,
        "client": given["client"],
        "types": list(given["types_"]),
        "subject": given["subject"],
        "webhook": given["webhook"],
        "nth": given["nth"],
        "every": given["every"],
        "probability": given["probability"],
    }
    rule = {
        "fault": fault,
        "id": given["id_"],
        "systems": list(given["systems"]),
        "parameters": {name: _value(text) for name, text in _pairs("--param", given["parameters"])},
        "match": {name: value for name, value in match.items() if value not in (None, [], {})},
        "times": given["times"],
        "heal_after_seconds": given["heal_after_seconds"],
        "feed": given["feed"] or None,
        "note": given["note"],
    }
    return {name: value for name, value in rule.items() if value not in (None, [], {})}


def _pairs(option: str, given: tuple[str, ...]) -> list[tuple[str, str]]:
    wrong = [text for text in given if "=" not in text or text.startswith("=")]
    if wrong:
        fail(
            f"{option} takes NAME=VALUE, and not {', '.join(wrong)}.",
            f"{option} 应为“名称=值”，而不是 {'、'.join(wrong)}。",
        )
    return [(name, value) for name, _, value in (text.partition("=") for text in given)]


def _value(text: str) -> Any:
    """A number, true, false, a list; everything else is text."""
    try:
        value = json.loads(text, parse_constant=str)
        json.dumps(value, allow_nan=False)  # 1e999 is read as infinite, which JSON cannot say
    except (ValueError, RecursionError):
        return text
    return value


def _add_one(at: str, rule: dict[str, Any]) -> dict[str, Any]:
    return dict(control_call(at, "POST", "/faults", body=rule, members=("id", "systems")))


def _add_file(at: str, path: Path) -> list[dict[str, Any]]:
    """Add all rules of a file, or none."""
    from shapan.cli.fault_file import FileUnusable, read_rules

    try:
        file = read_rules(path)
    except FileUnusable as error:
        for fault in error.faults:
            click.echo(f"{path}:{fault.line}: {fault.pointer or '/'} {fault.en} {fault.zh}", err=True)
        sys.exit(2)
    made: list[dict[str, Any]] = []
    for number, rule in enumerate(file.rules):
        try:
            made.append(_add_one(at, rule))
        except ControlRefusal as error:
            for done in made:
                control_call(at, "DELETE", f"/faults/{done['id']}")
            listed = error.faults or (("", error.en, error.zh),)
            for pointer, en, zh in listed:
                click.echo(f"{path}:{file.line(number, pointer)}: {pointer or '/'} {en} {zh}", err=True)
            click.echo("No fault of the file was added. 文件中的故障规则均未添加。", err=True)
            sys.exit(2)
    return made


@command.command("remove")
@click.argument("fault_id", nargs=-1)
@at_option
@click.option("--all", "everything", is_flag=True, help="All faults of all systems.")
def remove(fault_id: tuple[str, ...], at: str, everything: bool) -> None:
    """Remove faults by their ids, or all of them; what hangs by them goes on.

    Example: shapan fault remove --all
    """
    if bool(fault_id) == everything:
        fail("Give ids of faults, or --all.", "请给出故障编号，或使用 --all。")
    for path in ["/faults"] if everything else [f"/faults/{one}" for one in fault_id]:
        control_call(at, "DELETE", path)
    click.echo("Removed. 已移除。")
