"""Options that the verbs of `shapan journal` share: which sandbox, and which entries."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from shapan.cli.common import quiet_logs
from shapan.sandbox.options import PORT

F = TypeVar("F", bound=Callable[..., Any])


def url_option(function: F) -> F:
    """--url: for what is not about one workspace; the command gets the base URL of the control as `url`."""

    @functools.wraps(function)
    def asking(*args: Any, url: str, **others: Any) -> Any:
        quiet_logs()
        return function(*args, url=url.rstrip("/"), **others)

    option = click.option(
        "--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Control of a running sandbox."
    )
    return cast(F, option(asking))


def at_option(function: F) -> F:
    """--url and --workspace; the command gets the base URL of the control in that workspace as `at`."""

    @functools.wraps(function)
    def asking(*args: Any, url: str, workspace: str | None, **others: Any) -> Any:
        quiet_logs()
        return function(*args, at=url.rstrip("/") + (f"/ws/{workspace}" if workspace else ""), **others)

    command: Any = asking
    for option in (
        click.option("--workspace", metavar="NAME", help="Another workspace than the default one."),
        click.option(
            "--url", default=f"http://127.0.0.1:{PORT}", show_default=True, help="Control of a running sandbox."
        ),
    ):
        command = option(command)
    return cast(F, command)


_FILTERS = (
    click.option("--system", metavar="NAME", help="Only crm, scm or finance."),
    click.option("--operation", metavar="ID", help="Only this operation of a contract, such as createOrder."),
    click.option("--status", metavar="CODE", help="Only this status, or a class of them, such as 4xx."),
    click.option("--client", metavar="ID", help="Only requests of this client."),
    click.option("--trace", metavar="ID", help="Only this trace, the second part of traceparent."),
    click.option("--document", metavar="NUMBER", help="Only what is about this document or names it."),
)


def filter_options(function: F) -> F:
    """--system, --operation, --status, --client, --trace and --document; the command gets them as `filters`, parameters of control."""

    @functools.wraps(function)
    def filtering(*args: Any, **given: Any) -> Any:
        names = {"system": "system", "operation": "operation_id", "status": "status", "client": "client", "trace": "trace_id", "document": "document"}  # fmt: skip
        filters = {name: given.pop(option) for option, name in names.items()}
        return function(*args, filters=filters, **given)

    command: Any = filtering
    for option in reversed(_FILTERS):
        command = option(command)
    return cast(F, command)
