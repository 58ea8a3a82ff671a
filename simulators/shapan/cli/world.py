"""`shapan world`: which worlds there are and what is in them."""

from __future__ import annotations

import json
from datetime import datetime

import click

from shapan.cli.common import WorldWish, json_option, opening_option, world_options
from shapan.cli.world_export import export


@click.group("world")
def command() -> None:
    """List, show and export worlds.

    Example: shapan world show --size tiny
    """


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The profiles that come with Shapan, with their sizes.

    Example: shapan world list
    """
    from shapan.world import list_profiles, load_profile

    found = [(name, load_profile(name)) for name in list_profiles()]
    if as_json:
        answer = [
            {
                "name": name,
                "title": profile.title,
                "sizes": list(profile.sizes),
                "customers": {size: much.customers for size, much in profile.sizes.items()},
            }
            for name, profile in found
        ]
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    for name, profile in found:
        click.echo(f"{name}: {', '.join(profile.sizes)}")
        click.echo(f"    {profile.title['en']} {profile.title['zh']}")
        much = ", ".join(f"{size.customers:,}" for size in profile.sizes.values())
        click.echo(f"    customers 客户数 {much}")


@command.command("mess")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@json_option
def mess(name: str | None, as_json: bool) -> None:
    """The messes that come with Shapan; of one of them, or of a file of yours, every rate by the path that --rate takes.

    Example: shapan world mess article
    """
    from shapan.world.mess import list_presets, load_mess, preset_title

    if name is not None:
        rates = dict(load_mess(name).rates)
        click.echo(json.dumps(rates, indent=1) if as_json else "\n".join(f"{path}={n:g}" for path, n in rates.items()))
        return
    titles = {preset: preset_title(preset) for preset in list_presets()}
    if as_json:
        answer = [{"name": preset, "title": title} for preset, title in titles.items()]
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
        return
    for preset, title in titles.items():
        click.echo(f"{preset}: {title['en']} {title['zh']}")


@command.command("show")
@world_options
@opening_option
@json_option
def show(world: WorldWish, opening: datetime | None, as_json: bool) -> None:
    """The true companies and products of a world, and what each system calls them.

    Example: shapan world show --world trading --size tiny --seed 42
    """
    from shapan.sandbox.options import this_month
    from shapan.world import build_world

    made = build_world(world.spec(opening.date() if opening else this_month()))
    scm = {p.entity: p.short_name for p in made.scm.partners}
    finance = {c.entity: c.short_name for c in made.finance.customers}
    rows = [
        {"crm": c.name, "scm": scm.get(c.entity), "finance": finance.get(c.entity), "uscc": c.uscc, "code": c.code}
        for c in made.crm.customers
    ]
    if as_json:
        products = [{"code": p.code, "name": p.name, "unit": p.sales_unit} for p in made.crm.products]
        click.echo(json.dumps({"customers": rows, "products": products}, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(f"{row['code']}  {row['uscc']}  {row['crm']} | {row['scm']} | {row['finance']}")
    for product in made.crm.products:
        click.echo(f"{product.code}  {product.name}  {product.spec}  {product.sales_unit}")


command.add_command(export)
