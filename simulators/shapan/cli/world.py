"""`shapan world`: which worlds there are and what is in them."""

from __future__ import annotations

import json

import click

from shapan.cli.common import json_option, world_options


@click.group("world")
def command() -> None:
    """List and show worlds.

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
        click.echo(
            json.dumps([{"name": name, "sizes": list(profile.sizes)} for name, profile in found], ensure_ascii=False)
        )
    else:
        for name, profile in found:
            click.echo(f"{name}: {', '.join(profile.sizes)}")


@command.command("show")
@world_options
@json_option
def show(world: str | None, size: str | None, seed: int | None, as_json: bool) -> None:
    """The true companies and products of a world, and what each system calls them.

    Example: shapan world show --world trading --size tiny --seed 42
    """
    from shapan.sandbox.options import this_month
    from shapan.world import WorldSpec, build_world

    made = build_world(WorldSpec(world or "trading", size or "small", 42 if seed is None else seed, this_month()))
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
