"""`shapan contracts`: show and lint the contracts, and compare them with those of a release."""

from __future__ import annotations

import json
import sys

import click

from shapan.cli.common import fail, json_option

NAMES = ("crm", "scm", "finance", "control", "operator")


@click.group("contracts")
def command() -> None:
    """Show, lint or compare the contracts (OpenAPI 3.1).

    Example: shapan contracts show crm
    """


@command.command("show")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--pretty", is_flag=True, help="With line breaks, for eyes and for tools that name lines.")
def show(name: str, pretty: bool) -> None:
    """Print a contract as one JSON document, all references resolved into it.

    Example: shapan contracts show crm > crm.json
    """
    from shapan.kernel.contract import load_contract
    from shapan.kernel.resources import data_folder

    contract = load_contract(data_folder("contracts") / f"{name}.yaml")
    click.echo(json.dumps(contract.document, ensure_ascii=False, indent=1) if pretty else contract.text())


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


@command.command("diff")
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--against", metavar="RELEASE|FILE", help="A release, or a contract as JSON or YAML. Default: the last release."
)
@json_option
def diff(names: tuple[str, ...], against: str | None, as_json: bool) -> None:
    """Say what in the contracts has changed that can break clients of a release. Exit 1 when something breaks them.

    "breaking" is what makes a right client fail; "risky" is what only a strict one notices, such as a new value of an enumeration.
    Changes that were decided on, with their reasons, are listed apart and do not count.

    Example: shapan contracts diff crm --against 0.1.0
    """
    from shapan.kernel.bundle import ContractError
    from shapan.kernel.contract import load_contract
    from shapan.kernel.contract_diff import compare
    from shapan.kernel.released import ReleaseMissing, accepted, release, releases
    from shapan.kernel.resources import data_folder

    found: list[dict[str, str]] = []
    for name in names or NAMES:
        try:
            old = release(name, against)
            new = load_contract(data_folder("contracts") / f"{name}.yaml").document
        except ReleaseMissing as error:
            fail(error.en, error.zh)
        except ContractError as error:
            fail(str(error), f"契约 {name} 无法使用：{error}")
        decided = accepted(name) if against in (None, releases()[-1]) else {}
        for change in compare(old, new):
            reason = decided.get(str(change))
            found.append(
                {
                    "contract": name,
                    "level": change.level,
                    "place": change.place,
                    "what": change.what,
                    **({"reason": reason} if reason else {}),
                }
            )
    open_ = [entry for entry in found if "reason" not in entry]
    breaking = [entry for entry in open_ if entry["level"] == "breaking"]
    if as_json:
        click.echo(json.dumps({"ok": not breaking, "changes": found}, ensure_ascii=False, indent=1))
    else:
        for entry in found:
            reason = f" (decided: {entry['reason']})" if "reason" in entry else ""
            click.echo(f"{entry['contract']}: {entry['level']}: {entry['place']}: {entry['what']}{reason}")
        click.echo(
            f"{len(open_)} changes to decide on, {len(breaking)} of them breaking; {len(found) - len(open_)} decided."
        )
    sys.exit(1 if breaking else 0)
