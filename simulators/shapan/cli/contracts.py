"""`shapan contracts`: show and lint the contracts."""

from __future__ import annotations

import json
import sys

import click

from shapan.cli.common import fail, json_option

NAMES = ("crm", "scm", "finance", "control", "operator")


@click.group("contracts")
def command() -> None:
    """Show or lint the contracts (OpenAPI 3.1).

    Example: shapan contracts show crm
    """


@command.command("show")
@click.argument("name", type=click.Choice(NAMES))
def show(name: str) -> None:
    """Print a contract as one JSON document, all references resolved into it.

    Example: shapan contracts show crm > crm.json
    """
    from shapan.kernel.contract import load_contract
    from shapan.kernel.resources import data_folder

    click.echo(load_contract(data_folder("contracts") / f"{name}.yaml").text())


@command.command("lint")
@json_option
def lint(as_json: bool) -> None:
    """Check all contracts: valid OpenAPI 3.1, compilable, and as the house wants them. Needs the extra `contract`.

    Example: shapan contracts lint
    """
    try:
        from openapi_spec_validator import OpenAPIV31SpecValidator
    except ImportError:
        fail(
            "Linting needs openapi-spec-validator: pip install 'shapan[contract]'.",
            "契约检查需要 openapi-spec-validator：pip install 'shapan[contract]'。",
        )
    from shapan.kernel.bundle import ContractError
    from shapan.kernel.contract import load_contract
    from shapan.kernel.contract_lint import house_rules
    from shapan.kernel.resources import data_folder

    complaints: list[str] = []
    for name in NAMES:
        try:
            contract = load_contract(data_folder("contracts") / f"{name}.yaml")
        except ContractError as error:
            complaints.append(f"{name}: {error}")
            continue
        for wrong in OpenAPIV31SpecValidator(contract.document).iter_errors():
            complaints.append(f"{name}: /{'/'.join(map(str, wrong.path))}: {wrong.message.splitlines()[0]}")
        complaints += [f"{name}: {complaint}" for complaint in house_rules(contract)]
    if as_json:
        click.echo(json.dumps({"ok": not complaints, "complaints": complaints}, ensure_ascii=False, indent=1))
    else:
        for complaint in complaints:
            click.echo(complaint)
        click.echo(f"{len(NAMES)} contracts, {len(complaints)} complaints.")
    sys.exit(1 if complaints else 0)
